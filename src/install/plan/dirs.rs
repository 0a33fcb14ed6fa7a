//! Directories: which ones a plan creates, and which of ours end up empty.
//!
//! Responsible for: the `dirs` of both locks. A directory that was there before us is never removed.
//! Must not: touch the disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Planner;
use crate::compile::artifact::Root;
use crate::install::disk::Entry;
use crate::install::lock::Lock;

/// Records the directories that will be created, and returns those to remove, deepest first.
pub(super) fn settle(planner: &mut Planner<'_>) -> anyhow::Result<Vec<PathBuf>> {
    let mut appearing = BTreeSet::new();
    let mut vanishing = BTreeSet::new();
    for (path, bytes) in planner.written.iter().chain(&planner.records) {
        if bytes.is_some() {
            appearing.insert(path.clone())
        } else {
            vanishing.insert(path.clone())
        };
    }
    let project = planner.after.project.as_ref().map(|(path, lock)| (path.clone(), lock.is_empty()));
    let user = Some((planner.after.user.0.clone(), planner.after.user.1.is_empty()));
    for (path, empty) in project.into_iter().chain(user) {
        if empty {
            vanishing.insert(path)
        } else {
            appearing.insert(path)
        };
    }
    record(planner, &appearing)?;
    let mut gone = scratch_dirs(planner, &appearing, &mut vanishing)?;
    gone.extend(empty_dirs(planner, Root::Project, &appearing, &mut vanishing)?);
    gone.extend(empty_dirs(planner, Root::Home, &appearing, &mut vanishing)?);
    gone.sort_by_key(|dir| std::cmp::Reverse((dir.components().count(), dir.clone())));
    Ok(gone)
}

/// Enters every missing directory above a new file into the lock that owns it.
fn record(planner: &mut Planner<'_>, appearing: &BTreeSet<PathBuf>) -> anyhow::Result<()> {
    for path in appearing {
        for dir in path.ancestors().skip(1) {
            if dir.as_os_str().is_empty() || planner.disk.entry(dir)? != Entry::Missing {
                break;
            }
            if is_scratch(planner, dir) {
                continue;
            }
            let project = planner.roots.project.as_deref().and_then(|project| relative(dir, project));
            match (project, &mut planner.after.project) {
                (Some(text), Some((_, lock))) => drop(lock.dirs.insert(text)),
                _ => drop(planner.after.user.1.dirs.insert(dir.to_string_lossy().into_owned())),
            }
        }
    }
    Ok(())
}

/// Directories that only this machine has: they stand in no lock, and go with the last file in them.
fn is_scratch(planner: &Planner<'_>, dir: &Path) -> bool {
    scratch(planner).iter().any(|scratch| scratch == dir)
}

fn scratch(planner: &Planner<'_>) -> Vec<PathBuf> {
    let own = [Root::Project, Root::Home].into_iter().filter_map(|root| planner.roots.own_dir(root));
    own.flat_map(|dir| [dir.join("conflicts"), dir.join("runtime")]).collect()
}

fn scratch_dirs(
    planner: &Planner<'_>,
    appearing: &BTreeSet<PathBuf>,
    vanishing: &mut BTreeSet<PathBuf>,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut gone = Vec::new();
    for dir in scratch(planner) {
        if appearing.iter().any(|path| path.starts_with(&dir)) {
            continue;
        }
        let inside = planner.disk.list(&dir)?;
        if !inside.is_empty() && inside.iter().all(|path| vanishing.contains(path)) {
            vanishing.insert(dir.clone());
            gone.push(dir);
        }
    }
    Ok(gone)
}

fn relative(dir: &Path, project: &Path) -> Option<String> {
    let below = dir.strip_prefix(project).ok()?;
    let parts: Vec<_> =
        below.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn empty_dirs(
    planner: &mut Planner<'_>,
    root: Root,
    appearing: &BTreeSet<PathBuf>,
    vanishing: &mut BTreeSet<PathBuf>,
) -> anyhow::Result<Vec<PathBuf>> {
    let base = if root == Root::Project { planner.roots.project.clone() } else { None };
    let disk = planner.disk;
    let Some(lock) = planner.lock_mut(root) else { return Ok(Vec::new()) };
    let mut gone = Vec::new();
    for text in by_depth(lock) {
        let dir = base.as_ref().map_or_else(|| PathBuf::from(&text), |base| base.join(&text));
        if appearing.iter().any(|path| path.starts_with(&dir)) {
            continue;
        }
        if disk.entry(&dir)? != Entry::Directory {
            lock.dirs.remove(&text);
            continue;
        }
        if !lock.is_empty() && !vanishing.iter().any(|path| path.parent() == Some(&dir)) {
            continue; // nothing goes out of it
        }
        let inside = disk.list(&dir)?;
        let emptied = !inside.is_empty() || lock.is_empty();
        if emptied && inside.iter().all(|path| vanishing.contains(path)) {
            lock.dirs.remove(&text);
            vanishing.insert(dir.clone());
            gone.push(dir);
        }
    }
    Ok(gone)
}

/// The recorded directories, deepest first.
fn by_depth(lock: &Lock) -> Vec<String> {
    let mut dirs: Vec<String> = lock.dirs.iter().cloned().collect();
    dirs.sort_by_cached_key(|dir| std::cmp::Reverse((dir.matches(['/', '\\']).count(), dir.clone())));
    dirs
}
