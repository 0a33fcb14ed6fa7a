//! Git trees with some paths changed: what is not changed is shared, so a snapshot costs what differs.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid, Repository, Tree};

/// A path as git writes it, relative to the working tree.
pub(super) type Path = Vec<u8>;
/// What is at a path: its content and its mode in git's words.
pub(super) type Entry = (Oid, i32);
/// What paths become; `None` is gone.
pub(super) type Changes = BTreeMap<Path, Option<Entry>>;

/// A file.
pub(super) const FILE: i32 = 0o100_644;
/// A file that may be run.
pub(super) const PROGRAM: i32 = 0o100_755;
/// A symbolic link; its content is where it leads.
pub(super) const LINK: i32 = 0o120_000;
/// A commit of another repository.
pub(super) const SUBMODULE: i32 = 0o160_000;
const DIRECTORY: i32 = 0o040_000;

/// Writes `base` with `changes`.
pub(super) fn edit(repo: &Repository, base: Option<Oid>, changes: &Changes) -> Result<Oid, git2::Error> {
    let changes = changes.iter().map(|(path, change)| (path.as_slice(), *change)).collect();
    edited(repo, base, changes)
}

type Part<'c> = (&'c [u8], Option<Entry>);

/// What changes at one name of a directory: itself, and what is below it.
#[derive(Default)]
struct Here<'c> {
    put: Option<Entry>,
    gone: bool,
    below: Vec<Part<'c>>,
}

fn edited(repo: &Repository, base: Option<Oid>, changes: Vec<Part<'_>>) -> Result<Oid, git2::Error> {
    let base: Option<Tree<'_>> = base.map(|base| repo.find_tree(base)).transpose()?;
    let mut names: BTreeMap<&[u8], Here<'_>> = BTreeMap::new();
    for (path, change) in changes {
        let (name, rest) = split(path);
        let here = names.entry(name).or_default();
        if let Some(rest) = rest {
            here.below.push((rest, change));
        } else {
            (here.put, here.gone) = (change, change.is_none());
        }
    }
    let mut builder = repo.treebuilder(base.as_ref())?;
    for (name, here) in names {
        let old = builder.get(name)?.map(|old| (old.id(), old.kind()));
        let subtree = old.filter(|(_, kind)| *kind == Some(ObjectType::Tree)).map(|(id, _)| id);
        match become_of(repo, subtree, &here)? {
            Become::Is((id, mode)) => drop(builder.insert(name, id, mode)?),
            Become::Nothing if old.is_some() => builder.remove(name)?,
            Become::Nothing | Become::Same => {}
        }
    }
    builder.write()
}

enum Become {
    Is(Entry),
    Nothing,
    Same,
}

/// A file in the place of a directory, or the other way round, wins over what goes away there.
fn become_of(repo: &Repository, subtree: Option<Oid>, here: &Here<'_>) -> Result<Become, git2::Error> {
    let puts_below = here.below.iter().any(|(_, change)| change.is_some());
    match here.put {
        Some(entry) => return Ok(Become::Is(entry)),
        // A directory that is there now is not the file that went away.
        None if here.gone && !puts_below && subtree.is_none() => return Ok(Become::Nothing),
        _ if !puts_below && subtree.is_none() => return Ok(Become::Same),
        _ => {}
    }
    let id = edited(repo, subtree, here.below.clone())?;
    Ok(if repo.find_tree(id)?.is_empty() { Become::Nothing } else { Become::Is((id, DIRECTORY)) })
}

fn split(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    match path.iter().position(|byte| *byte == b'/') {
        Some(at) => {
            let (name, rest) = path.split_at(at);
            (name, rest.get(1..))
        }
        None => (path, None),
    }
}

/// What turns the tree `from` into `to`, path by path, without submodules.
pub(super) fn differences(
    repo: &Repository,
    from: Option<Oid>,
    to: Option<Oid>,
) -> Result<Vec<Difference>, git2::Error> {
    let find = |tree: Option<Oid>| tree.map(|tree| repo.find_tree(tree)).transpose();
    let mut options = git2::DiffOptions::new();
    options.include_typechange(true).skip_binary_check(true).ignore_submodules(true);
    let diff = repo.diff_tree_to_tree(find(from)?.as_ref(), find(to)?.as_ref(), Some(&mut options))?;
    let mut found: BTreeMap<Path, Difference> = BTreeMap::new();
    for delta in diff.deltas() {
        for (file, is_new) in [(delta.old_file(), false), (delta.new_file(), true)] {
            let mode = i32::from(file.mode());
            if file.id().is_zero() || mode == SUBMODULE {
                continue;
            }
            let Some(path) = file.path_bytes() else { continue };
            let difference = found.entry(path.to_vec()).or_insert_with(|| Difference {
                path: path.to_vec(),
                old: None,
                new: None,
            });
            *(if is_new { &mut difference.new } else { &mut difference.old }) = Some((file.id(), mode));
        }
    }
    Ok(found.into_values().collect())
}

/// One path that two trees do not have in common.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    pub(super) path: Path,
    pub(super) old: Option<Entry>,
    pub(super) new: Option<Entry>,
}

/// The file that `tree` holds at `path`.
pub(super) fn entry(repo: &Repository, tree: Oid, path: &[u8]) -> Option<Entry> {
    let found = repo.find_tree(tree).ok()?.get_path(&crate::git::path(path)).ok()?;
    (found.kind() != Some(ObjectType::Tree)).then(|| (found.id(), found.filemode()))
}

/// Whether `tree` holds a file or a directory at `path`.
pub(super) fn holds(repo: &Repository, tree: Oid, path: &[u8]) -> bool {
    path.is_empty() || repo.find_tree(tree).is_ok_and(|tree| tree.get_path(&crate::git::path(path)).is_ok())
}

/// The tree called `name` in `tree`.
pub(super) fn subtree(repo: &Repository, tree: &Tree<'_>, name: &str) -> Result<Oid, git2::Error> {
    match tree.get_name(name) {
        Some(entry) => Ok(entry.id()),
        None => repo.treebuilder(None)?.write(),
    }
}
