//! What stands beside a lock: the bases of later merges, and the new texts of open conflicts.
//!
//! Responsible for: which of them are written, and which nothing needs any more.
//! Must not: remove a file that it did not write: what is not named as ours are stays.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{FileChange, Planner, Spot};
use crate::compile::artifact::{Place, Root};
use crate::install::base::{self, Store};
use crate::install::disk::Disk;
use crate::install::journal;
use crate::install::target::{Aside, Roots};

/// One side of the records, as it is on disk.
#[derive(Default)]
pub(super) struct Shelf {
    store: Store,
    conflicts: BTreeSet<PathBuf>,
    overlays: bool,
}

/// Both sides.
pub(super) struct Shelves {
    project: Shelf,
    user: Shelf,
}

impl Shelves {
    pub(super) fn load(roots: &Roots, disk: &dyn Disk) -> anyhow::Result<Self> {
        Ok(Self {
            project: Shelf::load(roots, Root::Project, disk)?,
            user: Shelf::load(roots, Root::Home, disk)?,
        })
    }

    fn of(&self, root: Root) -> &Shelf {
        if root == Root::Project { &self.project } else { &self.user }
    }
}

impl Shelf {
    fn load(roots: &Roots, root: Root, disk: &dyn Disk) -> anyhow::Result<Self> {
        let Some(dir) = roots.own_dir(root) else { return Ok(Self::default()) };
        let names = disk.list(&dir)?;
        let has = |name: &str| names.contains(&dir.join(name));
        Ok(Self {
            store: if has(base::DIR) {
                Store::open(dir.join(base::DIR), disk)?
            } else {
                Store::empty(dir.join(base::DIR))
            },
            conflicts: if has("conflicts") {
                disk.list(&dir.join("conflicts"))?.into_iter().collect()
            } else {
                BTreeSet::new()
            },
            overlays: has("overlays"),
        })
    }
}

impl Planner<'_> {
    /// The bytes with the hash `sha256`, when a later merge may need them.
    pub(super) fn offer(&mut self, root: Root, sha256: &str, bytes: &[u8]) {
        if !self.shelves.of(root).store.has(sha256) && !self.offered.contains_key(sha256) {
            self.offered.insert(sha256.to_owned(), bytes.to_vec());
        }
    }

    /// What we wrote last, if it is known for certain.
    pub(super) fn base(&self, root: Root, sha256: &str) -> anyhow::Result<Option<Vec<u8>>> {
        self.shelves.of(root).store.read(sha256, self.disk)
    }

    pub(super) fn has_overlays(&self, root: Root) -> bool {
        self.shelves.of(root).overlays
    }

    /// Keeps the new text of a conflict for the person, where no client looks.
    pub(super) fn put_aside(&mut self, spot: &Spot<'_>, new: &[u8]) {
        if let Some(path) = self.roots.aside(Aside::Conflict, &self.request.source.name, spot.place) {
            self.records.insert(path, Some(new.to_vec()));
        }
    }

    /// The texts of conflicts that are none any more go; those of other sources stay.
    pub(super) fn tidy_conflicts(&mut self) {
        let source = &self.request.source.name;
        let aside = |place: &Place| self.roots.aside(Aside::Conflict, source, place);
        let asked: Option<BTreeSet<PathBuf>> =
            self.request.only.as_ref().map(|only| only.iter().filter_map(aside).collect());
        let is_ours = |path: &&PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let named = name.starts_with(&format!("{source}.")) && name.ends_with(".new");
            named && asked.as_ref().is_none_or(|asked| asked.contains(*path))
        };
        let shelves = [Root::Project, Root::Home].map(|root| self.shelves.of(root));
        let stale: Vec<PathBuf> =
            shelves.iter().flat_map(|shelf| &shelf.conflicts).filter(is_ours).cloned().collect();
        for path in stale {
            self.records.entry(path).or_insert(None);
        }
    }

    /// Writes the bases that the locks name and lack, and removes those that no lock names.
    pub(super) fn settle_bases(&mut self) {
        let project = self.after.project.as_ref().map(|(_, lock)| (Root::Project, lock));
        let mut changes = BTreeMap::new();
        for (root, lock) in project.into_iter().chain([(Root::Home, &self.after.user.1)]) {
            let store = &self.shelves.of(root).store;
            let files = lock.sources.values().flat_map(|source| source.files.values());
            let named: BTreeSet<&str> =
                files.filter(|entry| !entry.adopted).map(|entry| entry.sha256.as_str()).collect();
            for sha256 in named.iter().filter(|sha256| !store.has(sha256)) {
                if let Some(bytes) = self.offered.get(*sha256) {
                    changes.insert(store.path(sha256), Some(bytes.clone()));
                }
            }
            for sha256 in store.names().filter(|sha256| !named.contains(sha256)) {
                changes.insert(store.path(sha256), None);
            }
        }
        self.records.extend(changes);
        self.settle_kept();
    }

    /// Where nothing is installed any more, nothing is kept for a rollback.
    fn settle_kept(&mut self) {
        let project = self.after.project.as_ref().map(|(_, lock)| (Root::Project, lock.is_empty()));
        for (root, empty) in project.into_iter().chain([(Root::Home, self.after.user.1.is_empty())]) {
            if let Some(path) = journal::kept(self.roots, root).filter(|_| empty) {
                self.records.insert(path, None);
            }
        }
    }

    /// The records as changes of files.
    pub(super) fn record_changes(&self) -> anyhow::Result<Vec<FileChange>> {
        let mut changes = Vec::new();
        for (path, after) in &self.records {
            let before = self.disk.read(path)?;
            if before != *after {
                changes.push(FileChange { path: path.clone(), before, after: after.clone() });
            }
        }
        Ok(changes)
    }
}
