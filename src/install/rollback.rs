//! The last apply, backwards, as a plan like any other.
//!
//! Responsible for: which journal is the last, and what of it can still be taken back.
//! Must not: write, or touch what changed since.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::disk::{Disk, Entry as There};
use super::journal::{self, Bytes, Entry, Journal, Paths};
use super::lock::{Lock, place, sha256};
use super::plan::{FileChange, Kind, Plan, Step};
use super::target::Roots;
use crate::compile::artifact::Root;

/// Plans to take back the last apply; or says why nothing can be.
///
/// # Errors
/// A journal that cannot be used, a file that cannot be read.
pub fn plan(roots: &Roots, disk: &dyn Disk) -> anyhow::Result<Result<Plan, String>> {
    let mut journals = Vec::new();
    for (root, inside) in [(Root::Home, None), (Root::Project, roots.project.as_deref())] {
        if let Some(path) = journal::kept(roots, root)
            && let Some(journal) = Journal::load(&path, inside)?
        {
            journals.push(journal);
        }
    }
    journals.sort_by_key(|journal| std::cmp::Reverse(journal.at));
    if journals.is_empty() {
        return Ok(Err("there is nothing to take back: no install is on record here".to_owned()));
    }
    for journal in &journals {
        if fits(journal, roots, disk)? {
            return backwards(journal, roots, disk).map(Ok);
        }
    }
    Ok(Err("nothing was taken back: what is recorded as installed has changed since".to_owned()))
}

/// Whether the locks are as this apply left them.
fn fits(journal: &Journal, roots: &Roots, disk: &dyn Disk) -> anyhow::Result<bool> {
    for entry in journal.files.iter().filter(|entry| is_lock(entry, roots)) {
        if !is_as_left(entry, disk)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_lock(entry: &Entry, roots: &Roots) -> bool {
    let (project, user) = roots.lock_paths();
    entry.path == user || Some(&entry.path) == project.as_ref()
}

fn is_as_left(entry: &Entry, disk: &dyn Disk) -> anyhow::Result<bool> {
    Ok(disk.read(&entry.path)?.as_deref().map(sha256) == entry.after)
}

fn backwards(journal: &Journal, roots: &Roots, disk: &dyn Disk) -> anyhow::Result<Plan> {
    let mut plan = Plan { confined: roots.project.iter().cloned().collect(), ..Plan::default() };
    for entry in &journal.files {
        let now = disk.read(&entry.path)?;
        let before = entry.before.as_ref().map(Bytes::to_vec).transpose()?;
        let same = now.as_deref().map(sha256) == entry.after;
        match &entry.place {
            Some(text) => plan.steps.push(step(entry, place(text)?, now, before.as_ref(), same)),
            None if is_lock(entry, roots) => {
                plan.locks.push(FileChange { path: entry.path.clone(), before: now, after: before });
            }
            None if same => {
                plan.records.push(FileChange { path: entry.path.clone(), before: now, after: before });
            }
            None => {}
        }
    }
    for (root, lock) in [(Root::Project, roots.lock_paths().0), (Root::Home, Some(roots.lock_paths().1))] {
        let goes =
            plan.locks.iter().any(|change| Some(&change.path) == lock.as_ref() && change.after.is_none());
        if let Some(path) = journal::kept(roots, root).filter(|_| goes)
            && let Some(before) = disk.read(&path)?
        {
            plan.records.push(FileChange { path, before: Some(before), after: None });
        }
    }
    plan.rmdirs = emptied(&plan, &journal.made, disk)?;
    let files = journal.files.iter().filter_map(|entry| Some((entry.path.clone(), entry.mode?)));
    plan.modes = files.chain(journal.removed.iter().cloned()).collect();
    let in_home = roots
        .project
        .as_ref()
        .is_none_or(|project| journal.files.iter().any(|entry| !entry.path.starts_with(project)));
    plan.journal = Some(Paths::new(roots, in_home, keeps(&plan, roots, in_home, disk)?));
    Ok(plan)
}

/// Whether anything is installed afterwards where the journal stands.
fn keeps(plan: &Plan, roots: &Roots, in_home: bool, disk: &dyn Disk) -> anyhow::Result<bool> {
    let (project, user) = roots.lock_paths();
    let Some(path) = (if in_home { Some(user) } else { project }) else { return Ok(false) };
    match plan.locks.iter().find(|change| change.path == path) {
        Some(change) => Ok(change.after.is_some()),
        None => Ok(!Lock::load(&path, !in_home, disk)?.is_empty()),
    }
}

fn step(
    entry: &Entry,
    place: crate::compile::artifact::Place,
    now: Option<Vec<u8>>,
    before: Option<&Vec<u8>>,
    same: bool,
) -> Step {
    let (kind, after, reason) = match (&now, before) {
        _ if !same => (Kind::Leave, now.clone(), "you changed it since: it stays"),
        (_, None) => (Kind::Remove, None, "it was not there"),
        (None, Some(_)) => (Kind::Create, before.cloned(), "it was there"),
        (Some(_), Some(_)) => (Kind::Update, before.cloned(), "as it was"),
    };
    Step {
        place,
        path: entry.path.clone(),
        kind,
        before: now,
        after,
        executable: entry.mode.is_some_and(|mode| mode & 0o100 != 0),
        platforms: Vec::new(),
        reason: reason.to_owned(),
        notes: Vec::new(),
    }
}

/// Directories of that apply in which nothing is left.
fn emptied(plan: &Plan, made: &[PathBuf], disk: &dyn Disk) -> anyhow::Result<Vec<PathBuf>> {
    let steps = plan.steps.iter().map(|step| (&step.path, step.before.is_some() && step.after.is_none()));
    let kept = plan.records.iter().chain(&plan.locks).map(|change| (&change.path, change.after.is_none()));
    let mut gone: BTreeSet<&Path> =
        steps.chain(kept).filter(|(_, gone)| *gone).map(|(path, _)| path.as_path()).collect();
    let mut dirs = Vec::new();
    for dir in made {
        let inside = disk.list(dir)?;
        if disk.entry(dir)? == There::Directory && inside.iter().all(|path| gone.contains(path.as_path())) {
            gone.insert(dir);
            dirs.push(dir.clone());
        }
    }
    Ok(dirs)
}
