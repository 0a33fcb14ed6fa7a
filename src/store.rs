//! What is remembered of one project outside it: `~/.local/state/so/<project>/`, one directory a working tree.
//!
//! Nothing here is written inside the project, and nothing here is of use to anybody but this machine's person: files
//! are mode 600, directories 700. Writers take an OS lock on a sibling file, so that many processes lose nothing; the
//! lock goes with the process that holds it.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::lines::{self, Keeping};

/// Nothing of it is anybody else's.
const PRIVATE: Keeping = Keeping { private: true, rotate_at: 0 };

/// The memory of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The memory of the project at `project` below `state` (`~/.local/state/so`). Nothing is created. By whatever
    /// links a project is reached, its memory is one.
    pub fn of(state: &Path, project: &Path) -> Self {
        let real = project.canonicalize();
        let project = real.as_deref().unwrap_or(project);
        let name = project.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let harmless = name.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
        let name: String = harmless.map(char::from).collect();
        let hash = Sha256::digest(project.as_os_str().as_encoded_bytes());
        let hash = hash.iter().take(8).fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        Self { dir: state.join(format!("{}-{hash:016x}", name.trim_start_matches('.'))) }
    }

    /// The memories of all projects below `state`.
    pub fn all(state: &Path) -> Vec<Self> {
        let entries = std::fs::read_dir(state).into_iter().flatten().flatten();
        entries.map(|entry| Self { dir: entry.path() }).filter(|store| store.dir.is_dir()).collect()
    }

    /// A file or directory of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The text of a file; empty when it is not there.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The objects of a file of JSON lines; a line that cannot be read is left out.
    pub fn lines(&self, name: &str) -> Vec<Value> {
        lines::read(&self.path(name))
    }

    /// Replaces a file; readers see the old or the new text.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path(name);
        let wrote = || -> io::Result<()> {
            let parent = path.parent().unwrap_or(&self.dir);
            lines::private_dir(parent, true)?;
            let mut temp = tempfile::Builder::new().prefix(".so-").tempfile_in(parent)?; // mode 600
            temp.write_all(text.as_bytes())?;
            temp.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        wrote().with_context(|| format!("failed to write `{}`", path.display()))
    }

    /// Appends one JSON line, in one write, after mending a line that a crash has left unfinished.
    pub fn append(&self, name: &str, line: &Value) -> anyhow::Result<()> {
        let path = self.path(name);
        lines::append(&path, line, PRIVATE).with_context(|| format!("failed to write `{}`", path.display()))
    }

    /// Changes a file while nobody else does: `change` gets the text and gives the new one, or `None` to leave it.
    pub fn update(&self, name: &str, change: impl FnOnce(String) -> Option<String>) -> anyhow::Result<()> {
        let _lock =
            self.lock(name).with_context(|| format!("failed to lock `{}`", self.path(name).display()))?;
        match change(self.read(name)) {
            Some(text) => self.write(name, &text),
            None => Ok(()),
        }
    }

    fn lock(&self, name: &str) -> io::Result<File> {
        lines::lock(&self.path(name), true)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use serde_json::json;

    use super::*;

    #[test]
    fn many_writers_lose_nothing_and_a_torn_line_is_mended() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/home/dev/.project"));
        store.append("log", &json!({"writer": "first"})).unwrap();
        let mut torn = OpenOptions::new().append(true).open(store.path("log")).unwrap();
        torn.write_all(b"{\"torn").unwrap();
        std::thread::scope(|scope| {
            for writer in 0..16 {
                let store = store.clone();
                scope.spawn(move || {
                    for line in 0..20 {
                        store.append("log", &json!({"writer": writer, "line": line})).unwrap();
                        store
                            .update("count", |text| {
                                Some((text.parse::<u32>().unwrap_or_default() + 1).to_string())
                            })
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(store.lines("log").len(), 1 + 16 * 20);
        assert_eq!(store.read("count"), "320");
    }

    #[test]
    fn two_projects_of_one_name_are_apart() {
        let of = |project: &str| Store::of(Path::new("/state"), Path::new(project));
        assert_ne!(of("/a/app"), of("/b/app"));
        assert!(of("/a/app").path("x").starts_with("/state"));
    }

    #[cfg(unix)]
    #[test]
    fn it_is_the_persons_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/p"));
        store.append("log", &json!({})).unwrap();
        store.write("text", "x").unwrap();
        for (name, mode) in [("log", 0o600), ("text", 0o600), ("", 0o700)] {
            let meta = store.path(name).metadata().unwrap();
            assert_eq!(meta.permissions().mode() & 0o777, mode, "{name}");
        }
    }
}
