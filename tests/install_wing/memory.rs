//! A disk in memory, so that thousands of installs take seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use so::compile::artifact::ArtifactSet;
use so::install::disk::{Disk, Entry};
use so::install::lock::{Locks, Scope};
use so::install::plan::{FileChange, Plan, Request, Source, plan};
use so::install::target::Roots;

/// Files and directories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) files: BTreeMap<PathBuf, Vec<u8>>,
    pub(super) dirs: BTreeSet<PathBuf>,
}

impl Disk for Memory {
    fn entry(&self, path: &Path) -> anyhow::Result<Entry> {
        Ok(match (self.files.contains_key(path), self.dirs.contains(path)) {
            (true, _) => Entry::File,
            (_, true) => Entry::Directory,
            _ => Entry::Missing,
        })
    }

    fn read(&self, path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.files.get(path).cloned())
    }

    fn executable(&self, _path: &Path) -> bool {
        false
    }

    fn list(&self, path: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let all = self.files.keys().chain(&self.dirs);
        Ok(all.filter(|inside| inside.parent() == Some(path)).cloned().collect())
    }

    fn real(&self, path: &Path) -> anyhow::Result<PathBuf> {
        Ok(path.to_owned())
    }
}

impl Memory {
    /// A home and a project with nothing in them.
    pub(super) fn new() -> Self {
        let mut memory = Self::default();
        memory.dirs.extend(["/", "/h", "/p"].map(PathBuf::from));
        memory
    }

    pub(super) fn roots() -> Roots {
        let packages = PathBuf::from("/h/.local/share/so");
        Roots { project: Some("/p".into()), home: "/h".into(), packages, moved: Vec::new() }
    }

    pub(super) fn write(&mut self, path: &Path, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => {
                self.dirs.extend(path.ancestors().skip(1).map(Path::to_path_buf));
                self.files.insert(path.to_owned(), bytes.to_vec())
            }
            None => self.files.remove(path),
        };
    }

    pub(super) fn plan(&self, request: &Request<'_>) -> Plan {
        let roots = Self::roots();
        plan(request, &Locks::load(&roots, self).unwrap(), &roots, self).unwrap()
    }

    /// What [`so::install::apply`] does to a disk.
    pub(super) fn apply(&mut self, plan: &Plan) {
        for step in &plan.steps {
            if step.changes() {
                assert_eq!(self.files.get(&step.path), step.before.as_ref(), "{}", step.place);
                self.write(&step.path, step.after.as_deref());
            }
        }
        for FileChange { path, before, after } in plan.records.iter().chain(&plan.locks) {
            assert_eq!(self.files.get(path), before.as_ref(), "{}", path.display());
            self.write(path, after.as_deref());
        }
        for dir in &plan.rmdirs {
            if self.list(dir).unwrap().is_empty() {
                self.dirs.remove(dir);
            }
        }
    }

    /// Plans, applies, and plans again: the second plan has to be empty.
    pub(super) fn run(&mut self, request: &Request<'_>) -> Plan {
        let plan = self.plan(request);
        self.apply(&plan);
        let again =
            self.plan(&Request { answers: BTreeMap::new(), overlays: BTreeMap::new(), ..request.clone() });
        assert!(again.is_empty(), "a second run has nothing to do: {again:#?}");
        plan
    }
}

/// A request of the source `so` for one platform.
pub(super) fn request<'a>(want: &'a ArtifactSet, version: &str) -> Request<'a> {
    let source = Source { name: "so".to_owned(), version: version.to_owned(), origin: "built in".to_owned() };
    Request { platforms: [("cursor".to_owned(), Scope::Default)].into(), ..Request::new(source, want) }
}

/// The same taken back.
pub(super) fn uninstall(want: &ArtifactSet) -> Request<'_> {
    Request {
        platforms: BTreeMap::new(),
        remove: [("cursor".to_owned(), None)].into(),
        ..request(want, "1.0.0")
    }
}
