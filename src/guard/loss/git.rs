//! What git commands would throw away, asked of the repository.

use std::path::Path;

use git2::{BranchType, Delta, ObjectType, Oid, Repository, Status, StatusOptions, StatusShow};

use super::{Discard, regenerable, stamps};

/// Names of what would be lost; `None` when it cannot be told.
pub(super) fn lost(discard: &Discard, dir: &Path) -> Option<Vec<String>> {
    let Ok(mut repository) = Repository::discover(dir) else { return Some(Vec::new()) };
    match discard {
        Discard::Changes { paths, staged } => changes(&repository, &specs(&repository, dir, paths), *staged),
        Discard::Untracked { new, ignored, paths } => {
            untracked(&repository, (*new, *ignored), &specs(&repository, dir, paths))
        }
        Discard::Branches(names) => branches(&repository, names),
        Discard::Stash => Some(stashes(&mut repository)),
        Discard::Everything { stash } => {
            let mut lost = changes(&repository, &[], true)?;
            lost.extend(untracked(&repository, (true, false), &[])?);
            if *stash {
                lost.extend(stashes(&mut repository));
            }
            Some(lost)
        }
        Discard::Worktree(path) => {
            let mut lost = worktree(&dir.join(path))?;
            lost.extend(loose(&dir.join(path)));
            Some(lost)
        }
        Discard::CleanWorktree(path) => Some(loose(&dir.join(path)).into_iter().collect()),
        Discard::Tags(names) => {
            let lost = names.iter().filter(|name| {
                let name = format!("refs/tags/{name}");
                let tip = repository.find_reference(&name).and_then(|tag| tag.peel_to_commit());
                tip.is_ok_and(|tip| !is_reached(&repository, tip.id(), &name))
            });
            Some(lost.map(|name| format!("the commits of {name}")).collect())
        }
        Discard::Expendable(revisions) => Some(expendable(&repository, revisions)),
    }
}

fn stashes(repository: &mut Repository) -> Vec<String> {
    let mut found = Vec::new();
    let all = repository.stash_foreach(|_, message, _| {
        found.push(message.to_owned());
        found.len() <= super::NAMED
    });
    all.map_or_else(|_| vec!["stashed changes".to_owned()], |()| found)
}

fn statuses(repository: &Repository, options: &mut StatusOptions, wanted: Status) -> Option<Vec<String>> {
    let statuses = repository.statuses(Some(options)).ok()?;
    let hit = statuses.iter().filter(|entry| entry.status().intersects(wanted));
    Some(hit.map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned()).collect())
}

/// Changed tracked files. A deleted file holds no bytes any more, so bringing it back loses none.
fn changes(repository: &Repository, paths: &[String], staged: bool) -> Option<Vec<String>> {
    let touched = touched(repository);
    if touched.as_ref().is_some_and(Vec::is_empty) && !(staged && is_staged(repository)) {
        return Some(Vec::new());
    }
    let mut options = StatusOptions::new();
    let show = if staged { StatusShow::IndexAndWorkdir } else { StatusShow::Workdir };
    options.show(show).include_untracked(false).include_ignored(false).exclude_submodules(true);
    match touched.filter(|touched| !staged && paths.is_empty() && touched.len() <= MAX_TOUCHED) {
        Some(touched) => {
            options.disable_pathspec_match(true);
            for path in touched {
                options.pathspec(path);
            }
        }
        None => {
            for path in paths {
                options.pathspec(path);
            }
        }
    }
    let mut wanted = Status::WT_MODIFIED | Status::WT_TYPECHANGE | Status::CONFLICTED;
    if staged {
        wanted |= Status::INDEX_MODIFIED | Status::INDEX_NEW | Status::INDEX_TYPECHANGE;
    }
    statuses(repository, &mut options, wanted)
}

/// Most paths that git is asked about one by one.
const MAX_TOUCHED: usize = 1_000;

/// Tracked files that are there and may hold other bytes than the index: a look at each costs a small part of what git's
/// own comparison does. `None`: it has to be asked.
fn touched(repository: &Repository) -> Option<Vec<Vec<u8>>> {
    let root = repository.workdir()?;
    let index = repository.index().ok()?;
    if index.has_conflicts() {
        return None;
    }
    let written = stamps::written(repository);
    let mut touched = Vec::new();
    for entry in index.iter().filter(|entry| entry.mode & 0o170_000 != SUBMODULE) {
        let path = root.join(std::str::from_utf8(&entry.path).ok()?);
        match path.symlink_metadata() {
            Ok(meta) if !stamps::untouched(&entry, &meta, written) => touched.push(entry.path),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => touched.push(entry.path),
        }
    }
    Some(touched)
}

/// The mode of an entry that is another repository.
const SUBMODULE: u32 = 0o160_000;

/// Whether the index holds what the last commit does not.
fn is_staged(repository: &Repository) -> bool {
    let head = repository.head().and_then(|head| head.peel_to_tree()).ok();
    let diff = repository.diff_tree_to_index(head.as_ref(), None, None);
    diff.map_or(true, |diff| diff.deltas().len() > 0)
}

/// Files that git does not track: new ones, ignored ones, or both.
fn untracked(repository: &Repository, (new, ignored): (bool, bool), paths: &[String]) -> Option<Vec<String>> {
    let mut options = StatusOptions::new();
    options
        .show(StatusShow::Workdir)
        .include_untracked(true)
        .include_ignored(ignored)
        .recurse_untracked_dirs(!new)
        .exclude_submodules(true);
    for path in paths {
        options.pathspec(path);
    }
    let mut wanted = Status::empty();
    wanted.set(Status::WT_NEW, new);
    wanted.set(Status::IGNORED, ignored);
    let root = repository.workdir()?.to_path_buf();
    let found = statuses(repository, &mut options, wanted)?;
    let is_ignored = |path: &Path| repository.is_path_ignored(path).unwrap_or(false);
    let lost = found.into_iter().filter(|path| {
        let path = root.join(path);
        let empty = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() == 0);
        !empty && !regenerable::is(&path, root.as_path(), is_ignored)
    });
    Some(lost.collect())
}

/// Pathspecs relative to the working tree; none, which means everything, where that cannot be told.
fn specs(repository: &Repository, dir: &Path, paths: &[String]) -> Vec<String> {
    let root = repository.workdir().and_then(|root| root.canonicalize().ok());
    let dir = dir.canonicalize().ok();
    let prefix = root.zip(dir).and_then(|(root, dir)| dir.strip_prefix(root).map(Path::to_path_buf).ok());
    let Some(prefix) = prefix else { return Vec::new() };
    let vague = |path: &str| {
        path.contains("..") || path.contains(crate::guard::UNKNOWN) || path.starts_with([':', '/'])
    };
    if paths.iter().any(|path| vague(path)) {
        return Vec::new();
    }
    let parts = |path: &String| {
        let path = prefix.join(path);
        let parts = path.components().filter(|part| *part != std::path::Component::CurDir);
        parts.collect::<std::path::PathBuf>()
    };
    let joined = paths.iter().map(parts);
    let specs: Vec<String> = joined.filter_map(|path| path.to_str().map(str::to_owned)).collect();
    if specs.iter().any(|spec| spec.is_empty() || spec == ".") { Vec::new() } else { specs }
}

/// Commits that no other branch, remote branch or tag reaches.
fn branches(repository: &Repository, names: &[String]) -> Option<Vec<String>> {
    let mut lost = Vec::new();
    for name in names {
        let Ok(branch) = repository.find_branch(name, BranchType::Local) else { continue };
        let tip = branch.get().target()?;
        let own = branch.get().name().ok()?.to_owned();
        if !is_reached(repository, tip, &own) {
            lost.push(format!("the commits of {name}"));
        }
    }
    Some(lost)
}

/// Whether a branch, remote branch or tag other than `own` reaches the commit.
fn is_reached(repository: &Repository, tip: Oid, own: &str) -> bool {
    let Ok(references) = repository.references() else { return false };
    references.flatten().any(|reference| {
        let counts = reference.name().is_ok_and(|name| {
            name != own
                && (name.starts_with("refs/heads/")
                    || name.starts_with("refs/remotes/")
                    || name.starts_with("refs/tags/"))
        });
        counts
            && reference.peel_to_commit().is_ok_and(|commit| {
                commit.id() == tip || repository.graph_descendant_of(commit.id(), tip).unwrap_or(false)
            })
    })
}

/// The commits that only the detached head of the working tree at `path` stands on.
fn loose(path: &Path) -> Option<String> {
    let repository = Repository::open(path).ok()?;
    let detached = repository.head_detached().unwrap_or(false);
    let tip = repository.head().ok()?.target().filter(|_| detached)?;
    (!is_reached(&repository, tip, "")).then(|| "commits that no branch holds".to_owned())
}

/// Ignored files that git would write over to bring in `revisions`.
fn expendable(repository: &Repository, revisions: &[String]) -> Vec<String> {
    let head = repository.head().and_then(|head| head.peel_to_tree()).ok();
    let Some(root) = repository.workdir() else { return Vec::new() };
    let mut lost = Vec::new();
    for revision in revisions {
        let object = repository.revparse_single(revision).and_then(|object| object.peel_to_tree());
        let Ok(diff) = object.and_then(|tree| repository.diff_tree_to_tree(head.as_ref(), Some(&tree), None))
        else {
            continue;
        };
        let added = diff.deltas().filter(|delta| delta.status() == Delta::Added);
        for file in added.map(|delta| delta.new_file()) {
            let Some(relative) = file.path() else { continue };
            let path = root.join(relative);
            let differs = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() > 0)
                && Oid::hash_file(ObjectType::Blob, &path).is_ok_and(|hash| hash != file.id());
            let ignored = |path: &Path| repository.is_path_ignored(path).unwrap_or(false);
            if differs && ignored(&path) && !regenerable::is(&path, root, ignored) {
                lost.push(relative.display().to_string());
            }
        }
    }
    lost
}

fn worktree(path: &Path) -> Option<Vec<String>> {
    let Ok(repository) = Repository::open(path) else { return Some(Vec::new()) };
    let mut lost = changes(&repository, &[], true)?;
    lost.extend(untracked(&repository, (true, true), &[])?);
    Some(lost)
}
