//! What has changed in a working tree since it was last looked at, by the files that differ from the last commit.
//!
//! Looking has a limit: a tree that is too large to be looked at in time is left alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::store::Store;

const FILE: &str = "tree.json";
/// Most files that are kept.
const MAX_FILES: usize = 20_000;

/// When a file was changed last, in nanoseconds since 1970, and its length; zeros where it is gone.
pub type Stamp = (u128, u64);

/// A working tree at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tree {
    /// The wave in which it was looked at.
    pub wave: u32,
    /// Changed and new files by path below the root; what git ignores is not among them.
    pub files: BTreeMap<String, Stamp>,
}

impl Tree {
    /// The working tree at `root` now; `None` when that takes longer than `limit` or it is no repository.
    pub fn look(root: &Path, wave: u32, limit: Duration) -> Option<Self> {
        let (send, receive) = mpsc::channel();
        let root = root.to_path_buf();
        // The thread is left behind when it takes too long; the process ends soon and takes it along.
        std::thread::spawn(move || send.send(changed(&root)));
        let files = receive.recv_timeout(limit).ok()??;
        Some(Self { wave, files })
    }

    /// What was kept of the wave; `None` if nothing was.
    pub fn kept(store: &Store, wave: u32) -> Option<Self> {
        serde_json::from_str(&store.read(FILE)).ok().filter(|tree: &Self| tree.wave == wave)
    }

    /// Keeps it for the next look.
    pub fn keep(&self, store: &Store) {
        if let Ok(text) = serde_json::to_string(self) {
            let _ = store.write(FILE, &text);
        }
    }

    /// The files that are not as `before` had them.
    pub fn since<'t>(&'t self, before: &'t Self) -> impl Iterator<Item = &'t str> {
        let differs = |(path, stamp): &(&String, &Stamp)| before.files.get(*path) != Some(*stamp);
        self.files.iter().filter(differs).map(|(path, _)| path.as_str())
    }

    /// The same without what was changed after `at`: how it must have been then.
    #[must_use]
    pub fn as_of(&self, at: SystemTime) -> Self {
        let at = nanoseconds(at);
        let files = self.files.iter().filter(|(_, (changed, _))| *changed <= at && *changed > 0);
        Self { wave: self.wave, files: files.map(|(path, stamp)| (path.clone(), *stamp)).collect() }
    }

    /// Takes note of a file that was changed by somebody who was asked before.
    pub fn note(&mut self, root: &Path, path: &str) {
        self.files.insert(path.to_owned(), stamp(&root.join(path)));
    }
}

fn changed(root: &Path) -> Option<BTreeMap<String, Stamp>> {
    let repository = git2::Repository::open(root).ok()?;
    let mut options = git2::StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false).update_index(false);
    let statuses = repository.statuses(Some(&mut options)).ok()?;
    let paths = statuses.iter().take(MAX_FILES).filter_map(|entry| entry.path().ok().map(str::to_owned));
    Some(
        paths
            .map(|path| {
                let stamp = stamp(&root.join(&path));
                (path, stamp)
            })
            .collect(),
    )
}

/// The stamp of a file; zeros where there is none.
pub fn stamp(path: &Path) -> Stamp {
    let Ok(meta) = path.symlink_metadata() else { return (0, 0) };
    (meta.modified().map(nanoseconds).unwrap_or_default(), meta.len())
}

fn nanoseconds(at: SystemTime) -> u128 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos()
}
