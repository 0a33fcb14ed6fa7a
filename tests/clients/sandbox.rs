//! A home and a project for one test, below `target/clients/NAME/`, wiped at the start and left behind for
//! a person to look into. Nothing of the caller's environment reaches a client.
//!
//! Not in the system's temporary directory: Codex declines to put its helpers there. The clients read
//! instructions from every directory above a project, this repository's own included.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Ran, run};
use crate::forge::stand_in::StandIn;

pub(crate) struct Sandbox {
    pub(crate) root: PathBuf,
    pub(crate) home: PathBuf,
    /// A git working tree with one commit that holds `notes.txt`.
    pub(crate) project: PathBuf,
}

/// What `notes.txt` holds in the first commit.
pub(crate) const COMMITTED: &str = "committed\n";

impl Sandbox {
    pub(crate) fn new(name: &str) -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let root = target.join("clients").join(name);
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        let sandbox = Self { home: root.join("home"), project: root.join("project"), root };
        for directory in [&sandbox.home, &sandbox.project, &sandbox.bin(), &sandbox.root.join("tmp")] {
            fs::create_dir_all(directory).unwrap();
        }
        // A file of its own, not a link: hooks hold the path of the program, and a test may delete it.
        fs::hard_link(env!("CARGO_BIN_EXE_so"), sandbox.program()).unwrap();
        sandbox.commit_notes();
        sandbox
    }

    fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// The `so` of this sandbox.
    pub(crate) fn program(&self) -> PathBuf {
        self.bin().join("so")
    }

    /// A program that sees only this sandbox: its home, its `so`, the clients, git and the system.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.project)
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", self.path())
            .env("TMPDIR", self.root.join("tmp"))
            .env("LANG", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        let authority = self.home.join("authority.pem");
        if authority.exists() {
            command.env("SSL_CERT_FILE", authority);
        }
        command
    }

    /// Puts the project at a GitHub of this machine, where the person is logged in with `gh`. The commits go to a
    /// directory.
    pub(crate) fn at_github(&self, forge: &StandIn) {
        write(&self.home.join("authority.pem"), &forge.authority);
        let login =
            format!("{}:\n    user: person\n    oauth_token: none\n    git_protocol: https\n", forge.host);
        write(&self.home.join(".config/gh/hosts.yml"), &login);
        let remote = self.root.join("remote.git");
        self.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
        self.git(&["remote", "add", "origin", &format!("https://{}/o/r.git", forge.host)]);
        self.git(&["remote", "set-url", "--push", "origin", remote.to_str().unwrap()]);
        self.git(&["push", "-q", "origin", "main"]);
    }

    /// `so` first, so that no other one is found. Two of the clients are Node programs.
    fn path(&self) -> std::ffi::OsString {
        let mut directories = vec![self.bin(), super::clients()];
        directories.extend(["node", "git"].into_iter().filter_map(directory_of));
        directories.extend(["/usr/bin", "/bin"].map(PathBuf::from));
        std::env::join_paths(directories).unwrap()
    }

    /// Runs the binary under test in the project.
    pub(crate) fn so(&self, arguments: &[&str]) -> Ran {
        run(self.command("so").args(arguments))
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        run(self.command("git").args(arguments)).success().stdout
    }

    /// Writes a file below the project, with the directories it needs.
    pub(crate) fn write(&self, file: &str, text: &str) {
        write(&self.project.join(file), text);
    }

    /// The text of a file below the project; empty if there is none.
    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.project.join(file)).unwrap_or_default()
    }

    fn commit_notes(&self) {
        write(
            &self.home.join(".gitconfig"),
            "[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n",
        );
        self.write("notes.txt", COMMITTED);
        self.git(&["init", "-q"]);
        self.git(&["add", "."]);
        self.git(&["commit", "-qm", "first"]);
    }
}

/// Writes `text` with the directories it needs.
pub(crate) fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn directory_of(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|directory| directory.join(program).is_file())
}
