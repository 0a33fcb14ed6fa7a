//! What bringing a state back would do: each path that differs, and what is in its way.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use git2::{ObjectType, Oid};

use super::capture::State;
use super::record::{Parts, Snapshot};
use super::restore::{Act, Kept, Plan, Refused, Step, Wish, find};
use super::store::Store;
use super::tree::{self, Difference, Entry};
use super::{apart, index};
use crate::git;
use crate::guard::Context;
use crate::guard::control::Control;

/// A plan in the making, and what it takes to carry it out.
pub(super) struct Work<'s> {
    pub(super) store: &'s Store,
    pub(super) then: Parts,
    pub(super) state: State,
    pub(super) index: index::Wanted,
    pub(super) plan: Plan,
}

impl<'s> Work<'s> {
    pub(super) fn new(store: &'s Store, wish: &Wish, state: State) -> anyhow::Result<Self> {
        let snapshot = find(store, wish)?;
        let repo = &store.repo;
        let commit =
            repo.find_commit(Oid::from_str(&snapshot.commit)?).context("failed to read the snapshot")?;
        let then = Parts::read(repo, &commit).context("failed to read the snapshot")?;
        let only: Vec<tree::Path> =
            wish.only.iter().map(|path| below(store, &snapshot, path)).collect::<Result<_, _>>()?;
        let meant = |path: &[u8]| only.is_empty() || only.iter().any(|dir| is_at_or_below(path, dir));
        let mut index = index::wanted(repo, &snapshot, &then, &state.parts)?;
        index.paths.retain(|path| meant(path));
        let mut differences = tree::differences(repo, Some(state.parts.worktree), Some(then.worktree))?;
        differences.extend(refiltered(store, &state.parts, &then)?);
        differences.retain(|difference| meant(&difference.path));
        let plan = Plan {
            present: state.parts.write(repo)?,
            left_out: then.notes.left_out(),
            staged: index.paths.iter().map(|path| shown(path)).collect(),
            notes: apart::notes(&store.repo, &snapshot),
            snapshot,
            steps: Vec::new(),
            kept: Vec::new(),
            extra: Vec::new(),
        };
        let mut work = Self { store, then, state, index, plan };
        for path in &only {
            work.held(path)?;
        }
        work.decide(&differences, wish.exact);
        work.permits(meant);
        Ok(work)
    }

    /// A path that is asked for must be in the snapshot, or be gone with `--exact`.
    fn held(&self, path: &[u8]) -> Result<(), Refused> {
        let known = [&self.then, &self.state.parts]
            .iter()
            .any(|parts| tree::holds(&self.store.repo, parts.worktree, path));
        let held = known || self.then.notes.left_out.contains_key(path);
        if held {
            return Ok(());
        }
        Err(Refused::NotHeld { number: self.plan.snapshot.number, path: shown(path) })
    }

    fn decide(&mut self, differences: &[Difference], exact: bool) {
        let context = Context::at(&self.store.root);
        let back: BTreeSet<&[u8]> = differences
            .iter()
            .filter(|change| change.new.is_some())
            .map(|change| change.path.as_slice())
            .collect();
        let mut going = BTreeSet::new();
        for change in differences.iter().filter(|change| change.new.is_none()) {
            let stays = self.was_left_out(&change.path)
                || is_ours(&change.path)
                || self.is_control(&context, &change.path);
            if (exact || is_in_the_way(&change.path, &back)) && !stays {
                going.insert(change.path.clone());
                self.step(change, Act::Delete);
            } else {
                self.plan.extra.push(shown(&change.path));
            }
        }
        for change in differences.iter().filter(|change| change.new.is_some()) {
            match self.obstacle(change, &context, &going) {
                Obstacle::None => {
                    self.step(change, if change.old.is_some() { Act::Overwrite } else { Act::Create });
                }
                Obstacle::Same => {}
                Obstacle::Because(why) => self.keep(&change.path, why),
            }
        }
    }

    fn step(&mut self, change: &Difference, act: Act) {
        let raw = change.path.clone();
        self.plan.steps.push(Step { path: shown(&raw), act, raw, entry: change.new });
    }

    fn keep(&mut self, path: &[u8], why: &str) {
        self.plan.kept.push(Kept { path: shown(path), why: why.to_owned() });
    }

    fn is_control(&self, context: &Context, path: &[u8]) -> bool {
        Control::of_file(&self.store.root.join(git::path(path)), context) != Control::Free
    }

    fn was_left_out(&self, path: &[u8]) -> bool {
        self.then.notes.left_out.keys().any(|left| is_at_or_below(path, left))
    }

    /// What keeps a file from coming back.
    fn obstacle(&self, change: &Difference, context: &Context, going: &BTreeSet<tree::Path>) -> Obstacle {
        let file = self.store.root.join(git::path(&change.path));
        let there = file.symlink_metadata().ok();
        // A record that is lost comes back: old is better than none.
        if !RECORDS.iter().any(|record| is_at_or_below(&change.path, record))
            && self.is_control(context, &change.path)
        {
            return Obstacle::Because("only the person changes it");
        }
        if there.is_some() && is_ours(&change.path) {
            return Obstacle::Because("`so` keeps it up to date itself");
        }
        if change.old.is_some() {
            return Obstacle::None;
        }
        let root = &self.store.root;
        let blocked = file.ancestors().skip(1).take_while(|dir| dir != root).any(|dir| {
            let relative = dir.strip_prefix(root).map(git::bytes).unwrap_or_default();
            dir.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) && !going.contains(&relative)
        });
        match there {
            _ if blocked => Obstacle::Because("something that is not saved stands where its directory was"),
            Some(meta) if meta.is_dir() && !self.will_be_empty(&file, going) => {
                Obstacle::Because("a directory with files that are not saved stands in its place")
            }
            Some(meta) if !meta.is_dir() && is_same(&file, change.new) => Obstacle::Same,
            Some(meta) if !meta.is_dir() => Obstacle::Because("the present one is not saved"),
            _ => Obstacle::None,
        }
    }

    fn will_be_empty(&self, dir: &Path, going: &BTreeSet<tree::Path>) -> bool {
        let files = walkdir::WalkDir::new(dir).into_iter();
        files.filter_map(Result::ok).filter(|entry| !entry.file_type().is_dir()).all(|entry| {
            let relative = entry.path().strip_prefix(&self.store.root).map(git::bytes).unwrap_or_default();
            going.contains(&relative)
        })
    }

    /// Files whose bytes are right and whose permission bits are not.
    fn permits(&mut self, meant: impl Fn(&[u8]) -> bool) {
        let stepped: BTreeSet<tree::Path> = self.plan.steps.iter().map(|step| step.raw.clone()).collect();
        let kept: BTreeSet<String> = self.plan.kept.iter().map(|kept| kept.path.clone()).collect();
        let context = Context::at(&self.store.root);
        let modes = self.then.notes.modes.clone();
        for (path, bits) in modes.iter().filter(|(path, _)| meant(path) && !stepped.contains(*path)) {
            let meta = self.store.root.join(git::path(path)).symlink_metadata().ok();
            let present =
                meta.filter(std::fs::Metadata::is_file).and_then(|meta| super::write::permissions(&meta));
            let guarded = is_ours(path) || self.is_control(&context, path);
            if present.is_some_and(|present| present != *bits) && !kept.contains(&shown(path)) && !guarded {
                let step = Step { path: shown(path), act: Act::Permit, raw: path.clone(), entry: None };
                self.plan.steps.push(step);
            }
        }
    }
}

/// A path relative to the top of the working tree.
fn below(store: &Store, snapshot: &Snapshot, path: &Path) -> Result<tree::Path, Refused> {
    let relative = path.strip_prefix(&store.root).map(git::bytes);
    relative.map_err(|_| Refused::NotHeld { number: snapshot.number, path: path.display().to_string() })
}

enum Obstacle {
    None,
    Same,
    Because(&'static str),
}

/// Files that git keeps the same and that are not the same on the disk.
fn refiltered(store: &Store, now: &Parts, then: &Parts) -> anyhow::Result<Vec<Difference>> {
    let mut found = Vec::new();
    for path in then.notes.filtered.symmetric_difference(&now.notes.filtered) {
        let old = tree::entry(&store.repo, now.worktree, path);
        let new = tree::entry(&store.repo, then.worktree, path);
        if old == new && old.is_some() {
            found.push(Difference { path: path.clone(), old, new });
        }
    }
    Ok(found)
}

/// Whether the bytes on the disk are those of the entry, for files that the present state does not hold.
fn is_same(file: &Path, entry: Option<Entry>) -> bool {
    let Some((id, mode)) = entry else { return false };
    let hash = if mode == tree::LINK {
        let to = std::fs::read_link(file).ok();
        to.and_then(|to| Oid::hash_object(ObjectType::Blob, &git::bytes(&to)).ok())
    } else {
        file.is_file().then(|| Oid::hash_file(ObjectType::Blob, file).ok()).flatten()
    };
    hash == Some(id)
}

/// Those of our own files that say what has happened, and guard nothing.
const RECORDS: &[&[u8]] =
    &[b".orchestrator/STATE.md", b".orchestrator/metrics", b".orchestrator/learnings.jsonl"];

/// Our own files: they have gone on since.
fn is_ours(path: &[u8]) -> bool {
    is_at_or_below(path, b".orchestrator")
}

fn is_at_or_below(path: &[u8], dir: &[u8]) -> bool {
    dir.is_empty()
        || path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
}

/// A file where a directory comes back, or in a directory where a file does.
fn is_in_the_way(path: &[u8], back: &BTreeSet<&[u8]>) -> bool {
    let below = [path, b"/"].concat();
    let is_parent = back.range(below.as_slice()..).next().is_some_and(|first| first.starts_with(&below));
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    is_parent || slashes.map(|(at, _)| path.split_at(at).0).any(|dir| back.contains(dir))
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
