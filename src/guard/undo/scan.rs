//! What a working tree holds that its index does not: found by git's own comparison, without writing anything.
//!
//! Directories that a toolchain makes again are passed over, by the same judgement as when the guard asks what a
//! command would lose.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use git2::{Index, IndexEntry, Repository, Status, StatusOptions, StatusShow};

use super::record::Why;
use super::tree;
use crate::git;
use crate::guard::loss::regenerable;

/// How many directory entries are looked at below directories that git ignores.
const MAX_ENTRIES: usize = 100_000;
/// What files have by the two common umasks.
const USUAL: [u32; 4] = [0o644, 0o755, 0o664, 0o775];
const SKIP_WORKTREE: u16 = 1 << 14;
const ASSUME_UNCHANGED: u16 = 1 << 15;
/// `git add -N`.
pub(super) const INTENT_TO_ADD: u16 = 1 << 13;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Files to save; what git tracks comes first when there is little time.
    pub(super) files: BTreeMap<tree::Path, Found>,
    /// Tracked files that are not there.
    pub(super) gone: BTreeSet<tree::Path>,
    /// What is not looked into.
    pub(super) left_out: BTreeMap<tree::Path, (Why, u64)>,
}

/// A file to save.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) tracked: bool,
    pub(super) bytes: u64,
}

/// Compares the working tree at `root` with `index`. `Err(None)` is: there was no time.
pub(super) fn scan(
    repo: &Repository,
    root: &Path,
    index: &Index,
    until: Option<Instant>,
) -> Result<Scan, Option<git2::Error>> {
    let mut look = Look { repo, root, until, left: MAX_ENTRIES, scan: Scan::default() };
    let mut options = StatusOptions::new();
    options
        .show(StatusShow::Workdir)
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .include_ignored(true)
        .recurse_ignored_dirs(false)
        .include_unreadable(true)
        .exclude_submodules(true)
        .update_index(false);
    let statuses = repo.statuses(Some(&mut options)).map_err(Some)?;
    for entry in statuses.iter() {
        if look.is_late() {
            return Err(None);
        }
        look.status(entry.path_bytes(), entry.status());
    }
    look.hidden(index);
    Ok(look.scan)
}

struct Look<'r> {
    repo: &'r Repository,
    root: &'r Path,
    until: Option<Instant>,
    left: usize,
    scan: Scan,
}

impl Look<'_> {
    fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    fn status(&mut self, path: &[u8], status: Status) {
        let tracked = Status::WT_MODIFIED | Status::WT_TYPECHANGE | Status::WT_DELETED | Status::CONFLICTED;
        if status.intersects(tracked) {
            self.tracked(path);
        } else if status.contains(Status::WT_UNREADABLE) {
            self.leave(path, Why::Unreadable);
        } else if status.intersects(Status::WT_NEW | Status::IGNORED) {
            match path.strip_suffix(b"/") {
                Some(dir) => self.below(dir),
                None => self.untracked(path),
            }
        }
    }

    /// Entries that status does not compare: kept out of the working tree, assumed unchanged, announced, of submodules.
    fn hidden(&mut self, index: &Index) {
        for entry in index.iter() {
            if entry.mode == tree::SUBMODULE.unsigned_abs() {
                self.leave(&entry.path, Why::Submodule);
            } else if is_hidden(&entry) {
                self.tracked(&entry.path);
            }
        }
    }

    fn tracked(&mut self, path: &[u8]) {
        match self.root.join(git::path(path)).symlink_metadata() {
            Ok(meta) if meta.is_file() || meta.file_type().is_symlink() => {
                self.scan.files.insert(path.to_vec(), Found { tracked: true, bytes: meta.len() });
            }
            _ => drop(self.scan.gone.insert(path.to_vec())),
        }
    }

    fn untracked(&mut self, path: &[u8]) {
        let file = self.root.join(git::path(path));
        match file.symlink_metadata() {
            Ok(meta) if meta.is_dir() => self.below(path),
            Ok(meta) if (meta.is_file() || meta.file_type().is_symlink()) && !self.is_regenerable(&file) => {
                self.scan.files.insert(path.to_vec(), Found { tracked: false, bytes: meta.len() });
            }
            _ => {} // made again, gone meanwhile, a socket, a device
        }
    }

    fn is_regenerable(&self, path: &Path) -> bool {
        regenerable::is(path, self.root, |path| self.repo.is_path_ignored(path).unwrap_or(false))
    }

    /// A directory that git does not look into: ignored, or a repository inside this one.
    fn below(&mut self, dir: &[u8]) {
        let full = self.root.join(git::path(dir));
        if self.is_regenerable(&full) {
            return;
        }
        match full.join(".git").symlink_metadata() {
            Ok(meta) if meta.is_dir() => self.leave(&joined(dir, b".git"), Why::Repository),
            Ok(_) => return self.leave(dir, Why::Worktree),
            Err(_) => {}
        }
        let Ok(entries) = std::fs::read_dir(&full) else { return self.leave(dir, Why::Unreadable) };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name == ".git" {
                continue;
            }
            if self.left == 0 || self.is_late() {
                let why = if self.left == 0 { Why::Many } else { Why::Late };
                return self.leave(dir, why);
            }
            self.left -= 1;
            self.untracked(&joined(dir, &git::bytes(Path::new(&name))));
        }
    }

    fn leave(&mut self, path: &[u8], why: Why) {
        self.scan.left_out.insert(path.to_vec(), (why, 0));
    }
}

fn joined(dir: &[u8], name: &[u8]) -> tree::Path {
    [dir, b"/", name].concat()
}

fn is_hidden(entry: &IndexEntry) -> bool {
    entry.flags & ASSUME_UNCHANGED != 0 || entry.flags_extended & (SKIP_WORKTREE | INTENT_TO_ADD) != 0
}

/// The stage of an index entry; 0 is no conflict.
pub(super) fn stage(entry: &IndexEntry) -> i32 {
    i32::from((entry.flags >> 12) & 3)
}

/// Unchanged files whose bytes on disk are not those that git keeps: line ends and large file pointers are changed on
/// the way. They differ in size.
pub(super) fn filtered(repo: &Repository, root: &Path, index: &Index, scan: &Scan) -> BTreeSet<tree::Path> {
    let mut found = BTreeSet::new();
    let Some(odb) = repo.odb().ok().filter(|_| may_filter(repo, index)) else { return found };
    for entry in index.iter() {
        let file =
            is_file(&entry) && !scan.files.contains_key(&entry.path) && !scan.gone.contains(&entry.path);
        if file && let Ok((size, _)) = odb.read_header(entry.id) {
            let kept = u32::try_from(size % (1 << 32)).unwrap_or(u32::MAX);
            let differs = kept != entry.file_size
                && root
                    .join(git::path(&entry.path))
                    .symlink_metadata()
                    .is_ok_and(|meta| meta.len() != size as u64);
            if differs {
                found.insert(entry.path);
            }
        }
    }
    found
}

/// Permission bits of unchanged files that git would not give them: a private file must not come back readable.
pub(super) fn unusual(root: &Path, index: &Index, scan: &Scan) -> BTreeMap<tree::Path, u32> {
    let unchanged = index.iter().filter(|entry| {
        is_file(entry) && !scan.files.contains_key(&entry.path) && !scan.gone.contains(&entry.path)
    });
    let bits = unchanged.filter_map(|entry| {
        let meta = root.join(git::path(&entry.path)).symlink_metadata().ok()?;
        let bits = super::write::permissions(&meta).filter(|_| meta.is_file())?;
        (!USUAL.contains(&bits)).then_some((entry.path, bits))
    });
    bits.collect()
}

fn is_file(entry: &IndexEntry) -> bool {
    stage(entry) == 0 && [tree::FILE, tree::PROGRAM].map(i32::unsigned_abs).contains(&entry.mode)
}

/// Whether anything says that files are changed on their way to the disk.
fn may_filter(repo: &Repository, index: &Index) -> bool {
    let config = repo.config().and_then(|mut config| config.snapshot());
    let set = |name: &str| {
        config.as_ref().is_ok_and(|config| config.get_str(name).is_ok_and(|value| value != "false"))
    };
    set("core.autocrlf")
        || set("core.attributesfile")
        || repo.commondir().join("info/attributes").exists()
        || index.iter().any(|entry| entry.path.ends_with(b".gitattributes"))
}
