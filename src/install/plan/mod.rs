//! One planner behind install, upgrade, uninstall and every preview.
//!
//! Responsible for: comparing base (what we wrote last), mine (what is on disk) and new (what is wanted), and saying
//! for each place what happens and why. Uninstalling is planning with platforms to remove.
//! Must not: write, or read anything but the disk it is given.

mod dirs;
mod edits;
mod file;
mod moves;
mod overlay;
mod records;
mod request;
mod steps;
mod uses;

pub use request::{Answer, Request, Source};
pub use steps::{FileChange, Kind, Plan, Step};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::disk::{Disk, Entry, Once};
use super::journal::Paths;
use super::lock::{Lock, Locks, SourceLock};
use super::target::{Roots, Target};
use crate::compile::artifact::{Content, Place, Root};

/// Plans `request` against what the locks and the disk say.
///
/// # Errors
/// A file that cannot be read or parsed, a link that leads out of its root, a place without its root. Nothing is
/// ever written here.
pub fn plan(request: &Request<'_>, locks: &Locks, roots: &Roots, disk: &dyn Disk) -> anyhow::Result<Plan> {
    roots.check_own(disk)?;
    let disk = Once::new(disk);
    let mut planner = Planner::new(request, locks, roots, &disk)?;
    let settled = uses::settle(&mut planner)?;
    let moves = moves::find(&planner, &settled)?;
    let places = planner.places();
    for place in &places {
        match moves.get(place) {
            Some(to) => moves::carry(&mut planner, place, to)?,
            None if moves.values().any(|to| to == place) => {}
            None => planner.place(place, &settled)?,
        }
    }
    planner.tidy_conflicts();
    planner.stamp();
    planner.settle_bases();
    let records = planner.record_changes()?;
    let rmdirs = dirs::settle(&mut planner)?;
    let locks = planner.lock_changes()?;
    let confined = roots.project.iter().cloned().collect();
    let after = planner.after;
    let steps = planner.steps;
    let mut plan = Plan { steps, records, locks, rmdirs, confined, ..Plan::default() };
    let in_home =
        plan.paths().any(|path| roots.project.as_ref().is_none_or(|project| !path.starts_with(project)));
    let lock = if in_home { Some(&after.user.1) } else { after.project.as_ref().map(|(_, lock)| lock) };
    plan.journal = Some(Paths::new(roots, in_home, lock.is_some_and(|lock| !lock.is_empty())));
    Ok(plan)
}

/// Platforms whose entries this request decides, on each side.
struct Settled {
    project: BTreeSet<String>,
    user: BTreeSet<String>,
}

struct Planner<'a> {
    request: &'a Request<'a>,
    roots: &'a Roots,
    disk: &'a dyn Disk,
    /// The locks as they will be.
    after: Locks,
    steps: Vec<Step>,
    /// What the steps so far put on the disk: two places can be one file, through a link.
    written: BTreeMap<PathBuf, Option<Vec<u8>>>,
    /// What stands beside the locks.
    shelves: records::Shelves,
    /// Bytes that a later merge may need, by hash.
    offered: BTreeMap<String, Vec<u8>>,
    /// What will stand beside the locks.
    records: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl<'a> Planner<'a> {
    fn new(
        request: &'a Request<'a>,
        locks: &Locks,
        roots: &'a Roots,
        disk: &'a dyn Disk,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            request,
            roots,
            disk,
            after: locks.clone(),
            steps: Vec::new(),
            written: BTreeMap::new(),
            shelves: records::Shelves::load(roots, disk)?,
            offered: BTreeMap::new(),
            records: BTreeMap::new(),
        })
    }
}

impl Planner<'_> {
    /// What the locks say of the source, the project's first.
    fn recorded(&self) -> Vec<&SourceLock> {
        let name = &self.request.source.name;
        let project = self.after.project.as_ref().and_then(|(_, lock)| lock.sources.get(name));
        project.into_iter().chain(self.after.user.1.sources.get(name)).collect()
    }

    /// Every place that is wanted or recorded, of those that are asked for.
    fn places(&self) -> BTreeSet<Place> {
        let recorded = self.recorded().into_iter();
        let recorded = recorded.flat_map(|source| source.files.keys().chain(source.edits.keys()));
        let all = self.request.want.iter().map(|(place, _)| place).chain(recorded);
        let asked = |place: &&Place| self.request.only.as_ref().is_none_or(|only| only.contains(*place));
        all.filter(asked).cloned().collect()
    }

    fn place(&mut self, place: &Place, settled: &Settled) -> anyhow::Result<()> {
        let settled = if place.root == Root::Project { &settled.project } else { &settled.user };
        let target = self.roots.resolve(place, &self.request.source.name, self.disk)?;
        let skipped = self.request.skip.contains(place);
        let Some(source) = self.source_mut(place.root) else {
            anyhow::bail!("`{place}` needs a project");
        };
        if skipped {
            return self.leave_alone(place, target);
        }
        let old_file = source.files.remove(place);
        let old_edits = source.edits.remove(place);
        let others: BTreeSet<String> = old_file
            .iter()
            .flat_map(|old| &old.platforms)
            .chain(old_edits.iter().flat_map(|old| &old.platforms))
            .filter(|platform| !settled.contains(*platform) && !self.speaks_for(place, platform))
            .cloned()
            .collect();
        let spot = Spot { place, target, others };
        match (
            self.request.want.get(place).map(|artifact| (&artifact.content, &artifact.platforms)),
            old_file,
            old_edits,
        ) {
            (Some((Content::File { bytes, executable }, platforms)), old, None) => {
                let new = file::New { bytes, executable: *executable, platforms };
                file::want(self, &spot, old.as_ref(), &new)
            }
            (Some((Content::Edits { format, edits }, platforms)), None, old) => {
                edits::want(self, &spot, old, *format, edits, platforms)
            }
            (None, Some(old), None) => file::drop(self, &spot, old),
            (None, None, Some(old)) => edits::drop(self, &spot, old),
            (_, old_file, old_edits) => self.changed_nature(&spot, old_file, old_edits),
        }
    }

    /// A request for single places decides for every platform that these artifacts were made for.
    fn speaks_for(&self, place: &Place, platform: &String) -> bool {
        let wanted = self.request.want.get(place);
        self.request.only.is_some() && wanted.is_some_and(|artifact| artifact.platforms.contains(platform))
    }

    /// The person does not want it this time: the disk and the record of it stay as they are.
    fn leave_alone(&mut self, place: &Place, target: Target) -> anyhow::Result<()> {
        let before = self.read(&target.path)?;
        let spot = Spot { place, target, others: BTreeSet::new() };
        self.push(&spot, Kind::Keep, (before.clone(), before), Vec::new(), "left alone, as you chose");
        Ok(())
    }

    /// A file of ours became one that we only edit, or the other way round: not guessed, left to the person.
    fn changed_nature(
        &mut self,
        spot: &Spot<'_>,
        file: Option<super::lock::FileEntry>,
        edits: Option<super::lock::EditsEntry>,
    ) -> anyhow::Result<()> {
        let before = self.read(&spot.target.path)?;
        let platforms =
            file.iter().flat_map(|old| &old.platforms).chain(edits.iter().flat_map(|old| &old.platforms));
        let platforms = platforms.cloned().collect();
        if let Some(source) = self.source_mut(spot.place.root) {
            source.files.extend(file.map(|file| (spot.place.clone(), file)));
            source.edits.extend(edits.map(|edits| (spot.place.clone(), edits)));
        }
        let reason = "an older version wrote it in another way: uninstall, then install again";
        self.push(spot, Kind::Conflict, (before.clone(), before), platforms, reason);
        Ok(())
    }

    /// The bytes at `path`, after the steps so far.
    fn read(&self, path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
        match self.written.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.disk.read(path),
        }
    }

    /// Why no file can be at `path`, if so.
    fn blocked(&self, path: &Path) -> anyhow::Result<Option<&'static str>> {
        if self.written.contains_key(path) {
            return Ok(None);
        }
        if matches!(self.disk.entry(path)?, Entry::Directory | Entry::Other) {
            return Ok(Some("something that is not a file stands there"));
        }
        for dir in path.ancestors().skip(1) {
            match self.disk.entry(dir)? {
                Entry::Missing => {}
                Entry::File | Entry::Other => return Ok(Some("a file stands where its directory should be")),
                Entry::Directory | Entry::Link => break,
            }
        }
        Ok(None)
    }

    fn push(
        &mut self,
        spot: &Spot<'_>,
        kind: Kind,
        (before, after): (Option<Vec<u8>>, Option<Vec<u8>>),
        platforms: Vec<String>,
        reason: impl Into<String>,
    ) {
        if before != after {
            self.written.insert(spot.target.path.clone(), after.clone());
        }
        self.steps.push(Step {
            place: spot.place.clone(),
            path: spot.target.path.clone(),
            kind,
            before,
            after,
            executable: false,
            platforms,
            reason: reason.into(),
            notes: Vec::new(),
        });
    }

    /// The section of the source in the lock that holds places of `root`; made when missing.
    fn source_mut(&mut self, root: Root) -> Option<&mut SourceLock> {
        let name = self.request.source.name.clone();
        Some(self.lock_mut(root)?.sources.entry(name).or_default())
    }

    fn lock_mut(&mut self, root: Root) -> Option<&mut Lock> {
        match root {
            Root::Project => self.after.project.as_mut().map(|(_, lock)| lock),
            Root::Package | Root::Home => Some(&mut self.after.user.1),
        }
    }

    /// Names the version that wrote, and drops sections that hold nothing.
    fn stamp(&mut self) {
        let Source { name, version, origin } = &self.request.source;
        // What is committed names no directory of this machine, when it can name one of the project.
        let project =
            self.roots.project.as_ref().and_then(|project| Path::new(origin).strip_prefix(project).ok());
        let below = project.map_or_else(|| origin.clone(), |below| format!("./{}", below.display()));
        let locks = self.after.project.iter_mut().map(|(_, lock)| (lock, &below));
        for (lock, origin) in locks.chain([(&mut self.after.user.1, origin)]) {
            if let Some(source) = lock.sources.get_mut(name)
                && self.request.platforms.keys().any(|platform| source.platforms.contains_key(platform))
            {
                source.version.clone_from(version);
                source.origin.clone_from(origin);
            }
            lock.sources.retain(|_, source| {
                !(source.platforms.is_empty() && source.files.is_empty() && source.edits.is_empty())
            });
        }
    }

    fn lock_changes(&self) -> anyhow::Result<Vec<FileChange>> {
        let project = self.after.project.iter().map(|(path, lock)| (path, lock));
        let mut changes = Vec::new();
        for (path, lock) in project.chain([(&self.after.user.0, &self.after.user.1)]) {
            let before = self.disk.read(path)?;
            let after = if lock.is_empty() { None } else { Some(lock.to_bytes()?) };
            if before != after {
                changes.push(FileChange { path: path.clone(), before, after });
            }
        }
        Ok(changes)
    }
}

/// One place, resolved.
struct Spot<'a> {
    place: &'a Place,
    target: Target,
    /// Platforms that need what stands there and that this request does not speak for.
    others: BTreeSet<String>,
}
