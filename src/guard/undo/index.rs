//! What was staged, brought back. The index is written once, at the end, through its own lock.
//!
//! Staged means: differs from HEAD. Where HEAD is another commit by now, what was staged then is staged again on top
//! of it, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::Path;

use anyhow::Context as _;
use git2::{Index, IndexEntry, IndexTime, Oid, Repository};

use super::record::{Parts, Snapshot};
use super::scan::INTENT_TO_ADD;
use super::tree::{self, Changes, Entry};
use crate::git;

const EXTENDED: u16 = 1 << 14;
/// The blob without bytes.
const EMPTY: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

/// What the index is to hold.
pub(super) struct Wanted {
    /// Without conflicts.
    pub(super) tree: Oid,
    /// Where it differs from the present one.
    pub(super) paths: BTreeSet<tree::Path>,
}

/// Compares what is staged with what was.
pub(super) fn wanted(
    repo: &Repository,
    snapshot: &Snapshot,
    then: &Parts,
    now: &Parts,
) -> Result<Wanted, git2::Error> {
    let old = snapshot.about.head.as_ref().and_then(|head| Oid::from_str(head).ok());
    let head = repo.head().ok().and_then(|head| head.target());
    let tree = if old == head {
        then.index
    } else {
        let tree_of =
            |id: Option<Oid>| id.and_then(|id| repo.find_commit(id).ok()).map(|commit| commit.tree_id());
        let staged = tree::differences(repo, tree_of(old), Some(then.index))?;
        let staged: Changes = staged.into_iter().map(|change| (change.path, change.new)).collect();
        tree::edit(repo, tree_of(head), &staged)?
    };
    let mut paths: BTreeSet<tree::Path> =
        tree::differences(repo, Some(now.index), Some(tree))?.into_iter().map(|change| change.path).collect();
    let (then, now) = (&then.notes, &now.notes);
    paths.extend(then.intended.symmetric_difference(&now.intended).cloned());
    let conflicts = [&then.conflicts, &now.conflicts];
    paths.extend(conflicts.iter().flat_map(|sides| sides.keys()).map(|(path, _)| path.clone()));
    if then.conflicts == now.conflicts {
        paths.retain(|path| !then.conflicts.keys().any(|(conflict, _)| conflict == path));
    }
    Ok(Wanted { tree, paths })
}

/// Writes the index: what was staged at `wanted.paths`, and what is known of the files in `written`.
pub(super) fn restore(
    repo: &Repository,
    root: &Path,
    then: &Parts,
    wanted: &Wanted,
    written: &BTreeMap<tree::Path, Metadata>,
) -> anyhow::Result<()> {
    if wanted.paths.is_empty() && written.is_empty() {
        return Ok(());
    }
    let mut index = repo.index().context("failed to read the index")?;
    index.read(true).context("failed to read the index")?;
    for path in &wanted.paths {
        let file = git::path(path);
        let old = index.get_path(&file, 0);
        let _ = index.conflict_remove(&file);
        let _ = index.remove(&file, 0);
        for entry in entries(repo, then, wanted.tree, path, old.as_ref())? {
            index.add(&entry).with_context(|| format!("failed to stage `{}`", file.display()))?;
        }
    }
    for (path, meta) in written {
        refresh(repo, root, then, &mut index, (path, meta));
    }
    index.write().context("the files are back, but the index could not be written: run this again")
}

fn entries(
    repo: &Repository,
    then: &Parts,
    tree: Oid,
    path: &[u8],
    old: Option<&IndexEntry>,
) -> Result<Vec<IndexEntry>, git2::Error> {
    let conflicts = then.notes.conflicts.range((path.to_vec(), 0)..=(path.to_vec(), 3));
    let mut found = Vec::new();
    for ((_, stage), (name, mode)) in conflicts {
        if let Some((id, _)) = tree::entry(repo, then.conflicts, name.as_bytes()) {
            let flags = u16::try_from(*stage).unwrap_or(0) << 12;
            found.push(IndexEntry { flags, ..bare(path, (id, *mode)) });
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    if then.notes.intended.contains(path) {
        let mode = tree::entry(repo, then.worktree, path).map_or(tree::FILE, |(_, mode)| mode);
        let entry = bare(path, (Oid::from_str(EMPTY)?, mode));
        found.push(IndexEntry { flags: EXTENDED, flags_extended: INTENT_TO_ADD, ..entry });
    } else if let Some(entry) = tree::entry(repo, tree, path) {
        let flags = |of: fn(&IndexEntry) -> u16| old.map_or(0, of);
        let (flags, extended) =
            (flags(|old| old.flags & 0xC000), flags(|old| old.flags_extended & !INTENT_TO_ADD));
        found.push(IndexEntry { flags, flags_extended: extended, ..bare(path, entry) });
    }
    Ok(found)
}

fn bare(path: &[u8], (id, mode): Entry) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: mode.unsigned_abs(),
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.to_vec(),
    }
}

/// A file that was written as the index has it, and not touched since, need not be read again by `git status`.
fn refresh(
    repo: &Repository,
    root: &Path,
    then: &Parts,
    index: &mut Index,
    written: (&tree::Path, &Metadata),
) {
    let (path, staged) = written;
    let file = git::path(path);
    let (Some(mut entry), Some((id, mode))) =
        (index.get_path(&file, 0), tree::entry(repo, then.worktree, path))
    else {
        return;
    };
    let same = entry.id == id && entry.mode == mode.unsigned_abs() && !then.notes.filtered.contains(path);
    let meta = root.join(file).symlink_metadata().ok();
    let untouched = |meta: &Metadata| {
        meta.len() == staged.len()
            && meta.modified().ok().is_some_and(|time| staged.modified().is_ok_and(|staged| staged == time))
    };
    if same && let Some(meta) = meta.filter(untouched) {
        stat(&mut entry, &meta);
        let _ = index.add(&entry);
    }
}

#[cfg(unix)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the index keeps the low 32 bits"
)]
fn stat(entry: &mut IndexEntry, meta: &Metadata) {
    use std::os::unix::fs::MetadataExt as _;
    entry.ctime = IndexTime::new(meta.ctime() as i32, meta.ctime_nsec() as u32);
    entry.mtime = IndexTime::new(meta.mtime() as i32, meta.mtime_nsec() as u32);
    entry.dev = meta.dev() as u32;
    entry.ino = meta.ino() as u32;
    entry.uid = meta.uid();
    entry.gid = meta.gid();
    entry.file_size = meta.size() as u32;
}

#[cfg(not(unix))]
fn stat(_entry: &mut IndexEntry, _meta: &Metadata) {}
