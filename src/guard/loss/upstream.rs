//! Are commits on a remote already? Asked of the remote-tracking branches; no network.

use std::path::Path;

use git2::{Oid, Repository};

/// Commits that a command takes off the current branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::guard) enum Rewritten {
    /// The last one.
    Last,
    /// Those that this one does not have.
    Since(String),
    /// All.
    All,
}

/// How many remote branches are looked at.
const MAX_BRANCHES: usize = 500;
/// How many commits are looked at.
const MAX_COMMITS: usize = 2_000;

/// Whether one of the commits is on a remote. What cannot be told in time is not: it only warns.
pub(in crate::guard) fn has(rewritten: Rewritten, dir: &Path) -> bool {
    let dir = dir.to_path_buf();
    super::within(move || any_pushed(&rewritten, &dir)).flatten().unwrap_or(false)
}

fn any_pushed(rewritten: &Rewritten, dir: &Path) -> Option<bool> {
    let repository = Repository::discover(dir).ok()?;
    let head = repository.head().ok()?.peel_to_commit().ok()?.id();
    let kept = match rewritten {
        Rewritten::Last => repository.find_commit(head).ok()?.parent_ids().collect(),
        Rewritten::Since(base) => vec![repository.revparse_single(base).ok()?.peel_to_commit().ok()?.id()],
        Rewritten::All => Vec::new(),
    };
    let taken = count(&repository, head, &kept, &[])?;
    let remote = remotes(&repository);
    Some(count(&repository, head, &kept, &remote)? < taken)
}

/// Commits of `head` that neither `kept` nor `others` have.
fn count(repository: &Repository, head: Oid, kept: &[Oid], others: &[Oid]) -> Option<usize> {
    let mut walk = repository.revwalk().ok()?;
    walk.push(head).ok()?;
    for id in kept.iter().chain(others) {
        walk.hide(*id).ok()?;
    }
    Some(walk.take(MAX_COMMITS).count())
}

fn remotes(repository: &Repository) -> Vec<Oid> {
    let Ok(references) = repository.references_glob("refs/remotes/*") else { return Vec::new() };
    let tips = references.flatten().filter_map(|reference| Some(reference.peel_to_commit().ok()?.id()));
    tips.take(MAX_BRANCHES).collect()
}
