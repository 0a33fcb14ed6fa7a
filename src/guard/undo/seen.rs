//! Large files that were saved before and have not changed since: a local database is not read again and again while
//! a hook waits. What is remembered can be lost; it is never taken for true when anything about the file differs.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository};

use super::tree;

/// Smaller files are read: that is as fast.
const LARGE: u64 = 1 << 20;
/// A file changed less than this many seconds before it was looked at may change again and look the same.
const SETTLED: i64 = 2;

/// What is remembered of a working tree.
#[derive(Debug, Default)]
pub(super) struct Seen {
    file: PathBuf,
    known: BTreeMap<tree::Path, (String, Oid)>,
    fresh: BTreeMap<tree::Path, (String, Oid)>,
}

impl Seen {
    /// From the repository's directory of this working tree; nothing where that cannot be read.
    pub(super) fn load(repo: &Repository) -> Self {
        let file = repo.path().join("so").join("seen");
        let bytes = std::fs::read(&file).unwrap_or_default();
        let known = bytes.split(|byte| *byte == 0).filter_map(|line| {
            let mut parts = line.splitn(3, |byte| *byte == b' ');
            let id = Oid::from_str(std::str::from_utf8(parts.next()?).ok()?).ok()?;
            let stamp = String::from_utf8(parts.next()?.to_vec()).ok()?;
            Some((parts.next()?.to_vec(), (stamp, id)))
        });
        Self { known: known.collect(), fresh: BTreeMap::new(), file }
    }

    /// The content of an unchanged large file that the repository still holds.
    pub(super) fn content(&mut self, repo: &Repository, path: &[u8], meta: &Metadata) -> Option<Oid> {
        let (stamp, id) = self.known.get(path)?;
        let same = stamp_of(meta).is_some_and(|now| now == *stamp);
        let id = Some(*id).filter(|id| same && repo.odb().is_ok_and(|odb| odb.exists(*id)))?;
        self.fresh.insert(path.to_vec(), (stamp.clone(), id));
        Some(id)
    }

    /// Remembers what a file held that was `before` when its reading began, unless it changed a moment ago.
    pub(super) fn remember(&mut self, path: &[u8], before: &Metadata, id: Oid, now: i64) {
        let settled = changed(before).is_some_and(|changed| changed + SETTLED < now);
        if let Some(stamp) = stamp_of(before).filter(|_| settled && before.len() >= LARGE) {
            self.fresh.insert(path.to_vec(), (stamp, id));
        }
    }

    /// Keeps what was met this time. Not kept is no failure.
    pub(super) fn keep(&self) {
        let same = self.fresh.len() == self.known.len() && self.fresh == self.known;
        if same {
            return;
        }
        let mut bytes = Vec::new();
        for (path, (stamp, id)) in &self.fresh {
            bytes.extend(format!("{id} {stamp} ").bytes());
            bytes.extend(path);
            bytes.push(0);
        }
        let dir = self.file.parent().unwrap_or(Path::new("."));
        let _ = std::fs::create_dir_all(dir);
        let _ = crate::fs::replace(&self.file, &bytes, false);
    }
}

/// Everything that changes when a file does; nobody but the system sets the second time.
#[cfg(unix)]
fn stamp_of(meta: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let times = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
    Some(format!(
        "{}:{}.{}:{}.{}:{}:{}",
        meta.size(),
        times.0,
        times.1,
        times.2,
        times.3,
        meta.ino(),
        meta.dev()
    ))
}

#[cfg(not(unix))]
fn stamp_of(_meta: &Metadata) -> Option<String> {
    None
}

#[cfg(unix)]
fn changed(meta: &Metadata) -> Option<i64> {
    use std::os::unix::fs::MetadataExt as _;
    Some(meta.ctime().max(meta.mtime()))
}

#[cfg(not(unix))]
fn changed(_meta: &Metadata) -> Option<i64> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn only_a_settled_unchanged_large_file_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let repo = Repository::init(dir.path()).unwrap();
        let file = dir.path().join("db");
        crate::fs::replace(&file, &vec![1; 2 << 20], false).unwrap();
        let id = repo.blob(&std::fs::read(&file).unwrap()).unwrap();
        let meta = file.symlink_metadata().unwrap();
        let known = |at: i64| {
            let mut seen = Seen::load(&repo);
            seen.remember(b"d\nb", &meta, id, at);
            seen.keep();
            Seen::load(&repo).content(&repo, b"d\nb", &file.symlink_metadata().unwrap())
        };
        let changed = changed(&meta).unwrap();
        assert_eq!(known(changed + 1), None, "it may change within the same tick");
        assert_eq!(known(changed + 10), Some(id));
        let other = repo.blob(b"gone").unwrap();
        std::fs::remove_file(
            repo.path().join("objects").join(&other.to_string()[..2]).join(&other.to_string()[2..]),
        )
        .unwrap();
        let mut seen = Seen::load(&repo);
        seen.remember(b"d\nb", &meta, other, changed + 10);
        seen.keep();
        assert_eq!(Seen::load(&repo).content(&repo, b"d\nb", &meta), None, "git has swept it up");
        crate::fs::replace(&file, &vec![2; 2 << 20], false).unwrap();
        assert_eq!(known(changed + 10), None, "changed since");
    }
}
