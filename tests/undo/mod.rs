//! Snapshots: what is saved comes back, and saving touches nothing of the person's.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use so::guard::undo::restore::{self, Done, Plan, Wish};
use so::guard::undo::{self, LeftOut, Request, Saved, Snapshot};

mod cases;
mod hostile;
mod properties;

/// A repository of its own, with nobody's settings.
pub(crate) struct Repo {
    _dir: tempfile::TempDir,
    pub(crate) root: PathBuf,
}

impl Repo {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("project");
        std::fs::create_dir(&root).unwrap();
        let repo = Self { _dir: dir, root };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// One with a commit of these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let repo = Self::new();
        for (name, text) in files {
            repo.write(name, text);
        }
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-qm", "all"]);
        repo
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.root.join(name)).unwrap_or_else(|error| format!("<{error}>"))
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = git(&self.root).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Git, where it may fail.
    pub(crate) fn try_git(&self, args: &[&str]) -> bool {
        git(&self.root).args(args).output().unwrap().status.success()
    }

    pub(crate) fn save(&self) -> Snapshot {
        self.saved(None).0
    }

    pub(crate) fn saved(&self, label: Option<&str>) -> (Snapshot, bool, Vec<LeftOut>) {
        save_in(&self.root, label)
    }

    pub(crate) fn wish(&self, which: u64) -> Wish {
        Wish { project: self.root.clone(), which: which.to_string(), only: vec![], exact: false, here: false }
    }

    pub(crate) fn undo(&self, which: u64) -> (Plan, Done) {
        undo(&self.wish(which))
    }
}

pub(crate) fn undo(wish: &Wish) -> (Plan, Done) {
    let plan = restore::plan(wish).unwrap();
    let done = restore::apply(wish, &plan, 1_000).unwrap();
    assert!(done.failed.is_empty(), "{:?}", done.failed);
    (plan, done)
}

pub(crate) fn save_in(project: &Path, label: Option<&str>) -> (Snapshot, bool, Vec<LeftOut>) {
    let request = Request { project, why: "a test", label, when: 1_000, limit: None };
    match undo::save(&request).unwrap() {
        Saved::Snapshot { snapshot, fresh, left_out } => (*snapshot, fresh, left_out),
        Saved::Nothing(why) => panic!("{why}"),
    }
}

pub(crate) fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for kind in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{kind}_NAME"), "a")
            .env(format!("GIT_{kind}_EMAIL"), "a@example.org")
            .env(format!("GIT_{kind}_DATE"), "2026-01-01T00:00:00Z");
    }
    command.args(["-c", "protocol.file.allow=always"]);
    command
}

/// A file: what it is, its bytes, who may run it.
pub(crate) type File = (char, Vec<u8>, u32);

/// Every file of a working tree.
pub(crate) fn files(root: &Path) -> BTreeMap<PathBuf, File> {
    let mut found = BTreeMap::new();
    let walk = walkdir::WalkDir::new(root).into_iter().filter_entry(|entry| entry.file_name() != ".git");
    for entry in walk.filter_map(Result::ok) {
        let path = entry.path().strip_prefix(root).unwrap().to_path_buf();
        let meta = entry.path().symlink_metadata().unwrap();
        if meta.is_symlink() {
            let to = std::fs::read_link(entry.path()).unwrap();
            found.insert(path, ('l', to.as_os_str().as_encoded_bytes().to_vec(), 0));
        } else if meta.is_file() {
            let bits = meta.permissions().mode() & 0o777;
            found.insert(path, ('f', std::fs::read(entry.path()).unwrap(), bits));
        }
    }
    found
}

/// What is the person's in a repository: all but objects and what is ours.
pub(crate) fn persons(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = crate::support::tree(&root.join(".git"));
    found.retain(|name, _| !["objects/", "so/", "refs/so/"].iter().any(|ours| name.starts_with(ours)));
    found
}
