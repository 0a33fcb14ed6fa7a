//! The present state as objects of the repository, and the reference that keeps them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use git2::{Index, ObjectType, Oid, Repository, RepositoryState, Signature, Time};

use super::record::{self, AUTHOR, About, Notes, Parts, Snapshot, Why};
use super::scan::{self, Found, INTENT_TO_ADD, Scan};
use super::seen::Seen;
use super::store::{Alone, Store};
use super::tree::{self, Changes};
use super::{MAX_BYTES, Request};
use crate::git;

/// Why nothing is saved when even looking takes too long.
pub(super) const LATE: &str = "looking for changes took too long";
/// How many bytes a second are surely hashed, compressed and written; measured: three times that.
const RATE: u64 = 25 << 20;
/// How many branches and stashes are kept alive.
const MAX_TIPS: usize = 200;

/// A state that nothing refers to yet.
pub(super) struct State {
    pub(super) parts: Parts,
    about: About,
    parents: Vec<Oid>,
    seen: Seen,
}

/// Writes the present state; `None` if there was no time.
pub(super) fn capture(store: &Store, until: Option<Instant>) -> anyhow::Result<Option<State>> {
    let repo = &store.repo;
    // An index of our own in memory: what is taken out of it is never written back.
    let path = repo.path().join("index");
    let mut index = Index::open(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let mut scan = match scan::scan(repo, &store.root, &index, until) {
        Ok(scan) => scan,
        Err(None) => return Ok(None),
        Err(Some(error)) => return Err(error).context("failed to compare the working tree with the index"),
    };
    let mut notes = Notes {
        filtered: scan::filtered(repo, &store.root, &index, &scan),
        modes: scan::unusual(&store.root, &index, &scan),
        ..Notes::default()
    };
    let conflicts = unmerged(repo, &mut index, &mut notes)?;
    let staged = index.write_tree_to(repo).context("failed to save what is staged")?;
    if until.is_some_and(|until| Instant::now() >= until) {
        return Ok(None);
    }
    limit(&mut scan, MAX_BYTES);
    let mut seen = Seen::load(repo);
    let (changes, bytes) = blobs(store, &mut scan, &mut notes, &mut seen, until)?;
    let worktree = tree::edit(repo, Some(staged), &changes).context("failed to save the files")?;
    notes.left_out = scan.left_out;
    let files = changes.values().flatten().count() as u64;
    let left_out = notes.left_out.values().filter(|(why, _)| why.is_loss()).count() as u64;
    let mut about = About { files, bytes, left_out, ..about(store) };
    let parents = parents(store, &mut about);
    Ok(Some(State { parts: Parts { worktree, index: staged, conflicts, notes }, about, parents, seen }))
}

/// Takes the sides of conflicts and announced files out of the index, which could not be a tree with them.
fn unmerged(repo: &Repository, index: &mut Index, notes: &mut Notes) -> anyhow::Result<Oid> {
    let mut sides = repo.treebuilder(None)?;
    for entry in index.iter().collect::<Vec<_>>() {
        let (stage, path) = (scan::stage(&entry), git::path(&entry.path));
        if stage > 0 {
            let name = notes.conflicts.len().to_string();
            let mode = i32::try_from(entry.mode).unwrap_or(tree::FILE);
            sides.insert(name.as_str(), entry.id, if mode == tree::SUBMODULE { mode } else { tree::FILE })?;
            notes.conflicts.insert((entry.path.clone(), stage), (name, mode));
            index.remove(&path, stage)?;
        } else if entry.flags_extended & INTENT_TO_ADD != 0 {
            notes.intended.insert(entry.path.clone());
            index.remove(&path, 0)?;
        }
    }
    Ok(sides.write()?)
}

/// Leaves out the largest files until the rest is small enough.
fn limit(scan: &mut Scan, most: u64) {
    let mut total: u64 = scan.files.values().map(|found| found.bytes).sum();
    while total > most {
        let largest = scan.files.iter().max_by_key(|(_, found)| found.bytes);
        let Some((path, found)) = largest.map(|(path, found)| (path.clone(), *found)) else { return };
        total -= found.bytes;
        scan.files.remove(&path);
        scan.left_out.insert(path, (Why::Large, found.bytes));
    }
}

/// Writes the files, what git tracks first and the smallest first.
fn blobs(
    store: &Store,
    scan: &mut Scan,
    notes: &mut Notes,
    seen: &mut Seen,
    until: Option<Instant>,
) -> anyhow::Result<(Changes, u64)> {
    let mut changes: Changes = scan.gone.iter().map(|path| (path.clone(), None)).collect();
    let mut order: Vec<(&tree::Path, &Found)> = scan.files.iter().collect();
    order.sort_by_key(|(_, found)| (!found.tracked, found.bytes));
    let (mut total, now) = (0, crate::clock::seconds());
    for (path, found) in order {
        match blob(store, seen, path, until, now)? {
            Ok(Blob { entry, permissions, bytes }) => {
                total += bytes;
                notes.modes.extend(permissions.map(|bits| (path.clone(), bits)));
                changes.insert(path.clone(), Some(entry));
            }
            Err(why) => drop(scan.left_out.insert(path.clone(), (why, found.bytes))),
        }
    }
    // Of what is missing, a snapshot has no older content either: that would look like the saved one.
    changes.extend(
        scan.left_out.iter().filter(|(_, (why, _))| why.hides()).map(|(path, _)| (path.clone(), None)),
    );
    Ok((changes, total))
}

fn there_is_time(until: Option<Instant>, bytes: u64) -> bool {
    let needed = Duration::from_millis(bytes * 1000 / RATE);
    until.is_none_or(|until| Instant::now() + needed < until)
}

/// A file's bytes as they are, without filters.
struct Blob {
    entry: tree::Entry,
    permissions: Option<u32>,
    bytes: u64,
}

fn blob(
    store: &Store,
    seen: &mut Seen,
    path: &[u8],
    until: Option<Instant>,
    now: i64,
) -> anyhow::Result<Result<Blob, Why>> {
    let (repo, file) = (&store.repo, store.root.join(git::path(path)));
    let Ok(meta) = file.symlink_metadata() else { return Ok(Err(Why::Unreadable)) };
    let link = meta.file_type().is_symlink();
    let permissions = if link { None } else { super::write::permissions(&meta) };
    let mode = match permissions {
        _ if link => tree::LINK,
        Some(bits) if bits & 0o100 != 0 => tree::PROGRAM,
        _ => tree::FILE,
    };
    if let Some(id) = seen.content(repo, path, &meta) {
        return Ok(Ok(Blob { entry: (id, mode), permissions, bytes: meta.len() }));
    }
    if !there_is_time(until, meta.len()) {
        return Ok(Err(Why::Late));
    }
    let bytes = if link { std::fs::read_link(&file).map(|to| git::bytes(&to)) } else { std::fs::read(&file) };
    let Ok(bytes) = bytes else { return Ok(Err(Why::Unreadable)) };
    let id = repo.blob(&bytes).with_context(|| format!("failed to save `{}`", file.display()))?;
    seen.remember(path, &meta, id, now);
    Ok(Ok(Blob { entry: (id, mode), permissions, bytes: bytes.len() as u64 }))
}

fn about(store: &Store) -> About {
    let head = store.repo.head().ok();
    let detached = store.repo.head_detached().unwrap_or(false);
    let branch = store.repo.find_reference("HEAD").ok().and_then(|head| {
        let target = head.symbolic_target_bytes()?;
        Some(String::from_utf8_lossy(target.strip_prefix(b"refs/heads/").unwrap_or(target)).into_owned())
    });
    About {
        worktree: store.worktree(),
        path: store.root.display().to_string(),
        head: head.and_then(|head| head.target()).map(|id| id.to_string()),
        branch: branch.filter(|_| !detached),
        during: during(store.repo.state()).map(str::to_owned),
        ..About::default()
    }
}

/// What git is in the middle of.
pub(super) fn during(state: RepositoryState) -> Option<&'static str> {
    use RepositoryState as State;
    Some(match state {
        State::Clean => return None,
        State::Merge => "a merge",
        State::Revert | State::RevertSequence => "a revert",
        State::CherryPick | State::CherryPickSequence => "a cherry-pick",
        State::Bisect => "a bisect",
        State::Rebase | State::RebaseInteractive | State::RebaseMerge => "a rebase",
        State::ApplyMailbox | State::ApplyMailboxOrRebase => "applying patches",
    })
}

/// The commits that the state leans on: HEAD first, what is being merged or picked, branches and stashes.
fn parents(store: &Store, about: &mut About) -> Vec<Oid> {
    let repo = &store.repo;
    let mut found: Vec<Oid> = about.head.iter().filter_map(|id| Oid::from_str(id).ok()).collect();
    for name in ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "ORIG_HEAD"] {
        let text = std::fs::read_to_string(repo.path().join(name)).unwrap_or_default();
        found.extend(text.lines().filter_map(|line| Oid::from_str(line).ok()));
    }
    about.tips = tips(repo);
    found.extend(about.tips.values().filter_map(|id| Oid::from_str(id).ok()));
    let mut parents = Vec::new();
    for id in found {
        if !parents.contains(&id) && repo.find_object(id, Some(ObjectType::Commit)).is_ok() {
            parents.push(id);
        }
    }
    parents
}

pub(super) fn tips(repo: &Repository) -> BTreeMap<String, String> {
    let branches = repo.branches(Some(git2::BranchType::Local)).into_iter().flatten().flatten();
    let branches = branches.filter_map(|(branch, _)| {
        let branch = branch.into_reference();
        Some((String::from_utf8_lossy(branch.name_bytes()).into_owned(), branch.target()?.to_string()))
    });
    // libgit2 would make the reflog that it does not find.
    let has_stashes = repo.commondir().join("logs/refs/stash").is_file();
    let stashes = if has_stashes { repo.reflog("refs/stash").ok() } else { None };
    let stashes = stashes.iter().flat_map(|log| log.iter()).enumerate();
    let stashes = stashes.map(|(at, entry)| (format!("stash@{{{at}}}"), entry.id_new().to_string()));
    branches.chain(stashes.collect::<Vec<_>>()).take(MAX_TIPS).collect()
}

/// Gives the state a number, unless the last snapshot of this working tree is the same.
pub(super) fn keep(
    store: &Store,
    alone: &Alone,
    state: &State,
    request: &Request<'_>,
) -> anyhow::Result<(Snapshot, bool)> {
    let repo = &store.repo;
    let root = state.parts.write(repo).context("failed to save the files")?;
    state.seen.keep();
    if let Some(last) = store.list()?.into_iter().find(|last| last.about.worktree == state.about.worktree)
        && is_same(repo, &last, state, root)
        && (request.label.is_none() || last.about.label.as_deref() == request.label)
    {
        return Ok((last, false));
    }
    let about =
        About { why: request.why.to_owned(), label: request.label.map(str::to_owned), ..state.about.clone() };
    let who = Signature::new(AUTHOR.0, AUTHOR.1, &Time::new(request.when, 0))?;
    let parents: Vec<_> = state.parents.iter().filter_map(|id| repo.find_commit(*id).ok()).collect();
    let parents: Vec<_> = parents.iter().collect();
    let commit = repo
        .commit(None, &who, &who, &record::message(&about), &repo.find_tree(root)?, &parents)
        .context("failed to write a snapshot")?;
    let number = store.publish(alone, commit)?;
    store.prune(alone, request.when)?;
    Ok((Snapshot { number, when: request.when, about, commit: commit.to_string() }, true))
}

fn is_same(repo: &Repository, last: &Snapshot, state: &State, root: Oid) -> bool {
    let tree = Oid::from_str(&last.commit).and_then(|id| repo.find_commit(id)).map(|commit| commit.tree_id());
    let (old, new) = (&last.about, &state.about);
    tree.is_ok_and(|tree| tree == root)
        && (&old.head, &old.branch, &old.during, &old.tips)
            == (&new.head, &new.branch, &new.during, &new.tips)
}
