//! The session engine by its command line, in real repositories.

mod approvals;
mod circles;
mod closes;
mod crashes;
mod ended;
mod gates;
mod learn;
mod overview;
mod pages;
mod sessions;
mod waves;
mod writers;

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use crate::support::{so, stderr, stdout};

/// The numbers below `most` at which something is ended: every fourth, or with `SO_KILLS=all` each.
pub(crate) fn kills(most: u32) -> impl Iterator<Item = u32> {
    let is_all = std::env::var_os("SO_KILLS").is_some_and(|kills| kills == "all");
    (0..most).step_by(if is_all { 1 } else { 4 })
}

/// A repository with one commit, and a home of its own.
pub(crate) struct Project {
    _dir: tempfile::TempDir,
    pub(crate) root: PathBuf,
    pub(crate) home: PathBuf,
}

impl Project {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (root, home) = (dir.path().join("project"), dir.path().join("home"));
        std::fs::create_dir_all(&root).unwrap();
        std::fs::create_dir_all(&home).unwrap();
        let project = Self { _dir: dir, root, home };
        project.git(&["init", "-q", "-b", "main"]);
        project.git(&["config", "user.name", "Dev"]);
        project.git(&["config", "user.email", "dev@example.invalid"]);
        project.write("README.md", "# Project\n");
        project.commit("first");
        project
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut command = so::git::command(&self.root);
        let output = command.args(args).env("HOME", &self.home).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", stderr(&output));
        stdout(&output)
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).unwrap_or_default()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        so(&self.home).current_dir(&self.root).args(args).output().unwrap()
    }

    /// What a command that must succeed prints.
    pub(crate) fn so(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "so {args:?}: {}{}", stdout(&output), stderr(&output));
        stdout(&output)
    }

    /// What a command that must not succeed says, and its exit code.
    pub(crate) fn refused(&self, args: &[&str]) -> (i32, String) {
        let output = self.run(args);
        assert!(!output.status.success(), "so {args:?}: {}", stdout(&output));
        (output.status.code().unwrap_or(-1), stdout(&output) + &stderr(&output))
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&stdout(&self.run(&args))).unwrap()
    }
}
