//! What git says of a working tree, read with git2. No walk goes through a whole history: what cannot be told from
//! `MOST` commits is not told.

use std::collections::{BinaryHeap, HashMap};
use std::path::Path;

use git2::{Oid, Repository, RepositoryState};
use serde::Serialize;

use crate::plain;

/// More commits than that are not looked at to tell two branches apart.
const MOST: usize = 2_000;
/// Branches that are named.
const NAMED: usize = 4;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// Where a working tree stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Git {
    /// The branch; empty on none.
    pub branch: String,
    /// The commit, short; empty before the first.
    pub head: String,
    /// What its upstream has more and less.
    pub upstream: Option<Upstream>,
    /// What was begun and not finished: a merge, a rebase.
    pub unfinished: Option<&'static str>,
    /// The last commits, newest first.
    pub commits: Vec<Commit>,
    /// Seconds since something was fetched last.
    pub fetched: Option<i64>,
}

/// The upstream of a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Upstream {
    /// Its name, such as `origin/main`.
    pub name: String,
    /// It is configured and not there any more.
    pub gone: bool,
    /// Commits that only the branch has, and that only the upstream has; `None` where that takes too many commits.
    pub apart: Option<(usize, usize)>,
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its id, short.
    pub id: String,
    /// Its first line.
    pub subject: String,
    /// Seconds since it was made.
    pub age: i64,
}

/// The local branches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Branches {
    /// How many there are.
    pub count: usize,
    /// After so many days without a commit one is stale.
    pub days: i64,
    /// How many are.
    pub stale: usize,
    /// The oldest, with their days.
    pub oldest: Vec<(String, i64)>,
}

/// How much is shown.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Commits.
    pub commits: usize,
    /// Days after which a branch is stale.
    pub stale_days: i64,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// Looks at the repository of `project`; `None` without one.
///
/// # Errors
/// It is there and cannot be read.
pub fn look(project: &Path, wanted: Wanted) -> anyhow::Result<Option<Git>> {
    let Ok(repository) = Repository::open(project) else { return Ok(None) };
    let mut git = Git { unfinished: unfinished(repository.state()), ..Git::default() };
    git.fetched = fetched(&repository, wanted.now);
    if let Ok(head) = repository.find_reference("HEAD")
        && let Ok(Some(name)) = head.symbolic_target()
    {
        name.trim_start_matches("refs/heads/").clone_into(&mut git.branch);
    }
    let Some(tip) = repository.head().ok().and_then(|head| head.target()) else { return Ok(Some(git)) };
    git.head = short(tip);
    git.commits = commits(&repository, tip, wanted);
    git.upstream = upstream(&repository, &git.branch, tip);
    Ok(Some(git))
}

fn unfinished(state: RepositoryState) -> Option<&'static str> {
    Some(match state {
        RepositoryState::Clean => return None,
        RepositoryState::Merge => "a merge",
        RepositoryState::Revert | RepositoryState::RevertSequence => "a revert",
        RepositoryState::CherryPick | RepositoryState::CherryPickSequence => "a cherry-pick",
        RepositoryState::Bisect => "a bisection",
        RepositoryState::Rebase | RepositoryState::RebaseInteractive | RepositoryState::RebaseMerge => {
            "a rebase"
        }
        RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => "an application of patches",
    })
}

fn fetched(repository: &Repository, now: i64) -> Option<i64> {
    let at = repository.commondir().join("FETCH_HEAD").metadata().ok()?.modified().ok()?;
    let at = at.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    Some((now - i64::try_from(at).ok()?).max(0))
}

/// The first parents of `tip`.
fn commits(repository: &Repository, tip: Oid, wanted: Wanted) -> Vec<Commit> {
    let mut found = Vec::new();
    let mut next = repository.find_commit(tip).ok();
    while let Some(commit) = next.filter(|_| found.len() < wanted.commits) {
        let subject = String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned();
        let age = (wanted.now - commit.time().seconds()).max(0);
        found.push(Commit { id: short(commit.id()), subject: plain::line(&subject, 72), age });
        next = commit.parent(0).ok();
    }
    found
}

fn short(id: Oid) -> String {
    id.to_string().chars().take(8).collect()
}

fn upstream(repository: &Repository, branch: &str, tip: Oid) -> Option<Upstream> {
    let name = repository.branch_upstream_name(&format!("refs/heads/{branch}")).ok()?;
    let name = String::from_utf8_lossy(&name).into_owned();
    let shown = name.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/").to_owned();
    let there = repository.find_reference(&name).ok().and_then(|reference| reference.target());
    let apart = there.and_then(|there| apart(repository, tip, there));
    Some(Upstream { name: shown, gone: there.is_none(), apart })
}

/// How many commits only `left` reaches, and only `right`. Both are followed back, the youngest commit first, until
/// everything left to follow is reached by both.
fn apart(repository: &Repository, left: Oid, right: Oid) -> Option<(usize, usize)> {
    const LEFT: u8 = 1;
    const RIGHT: u8 = 2;
    if left == right {
        return Some((0, 0));
    }
    let mut sides: HashMap<Oid, u8> = HashMap::new();
    let mut waiting = BinaryHeap::new();
    for (tip, side) in [(left, LEFT), (right, RIGHT)] {
        waiting.push((repository.find_commit(tip).ok()?.time().seconds(), tip));
        sides.insert(tip, side);
    }
    let mut open = 2; // of those that wait, how many only one side reaches
    let mut seen = 0;
    while open > 0 {
        let (_, id) = waiting.pop()?;
        let side = sides.get(&id).copied()?;
        open -= usize::from(side != LEFT | RIGHT);
        seen += 1;
        if seen > MOST {
            return None;
        }
        for parent in repository.find_commit(id).ok()?.parents() {
            let old = sides.get(&parent.id()).copied();
            let new = old.unwrap_or_default() | side;
            if old == Some(new) {
                continue;
            }
            // One that is reached by the second side only now is followed again, to say so to those below it.
            let waits = waiting.iter().any(|(_, id)| *id == parent.id());
            open += usize::from(new != LEFT | RIGHT && !waits);
            open -= usize::from(new == LEFT | RIGHT && waits);
            sides.insert(parent.id(), new);
            if !waits {
                waiting.push((parent.time().seconds(), parent.id()));
            }
        }
    }
    let count = |side: u8| sides.values().filter(|one| **one == side).count();
    Some((count(LEFT), count(RIGHT)))
}

/// Looks at all local branches; `None` without a repository.
///
/// # Errors
/// It is there and cannot be read.
pub fn branches(project: &Path, wanted: Wanted) -> anyhow::Result<Option<Branches>> {
    let Ok(repository) = Repository::open(project) else { return Ok(None) };
    let odb = repository.odb()?;
    let own = repository.find_reference("HEAD").ok();
    let own = own.as_ref().and_then(|head| head.symbolic_target_bytes());
    let (mut count, mut old) = (0, Vec::new());
    for reference in repository.references_glob("refs/heads/*")?.filter_map(Result::ok) {
        count += 1;
        let Some(at) = reference.target().and_then(|tip| committed(odb.read(tip).ok()?.data())) else {
            continue;
        };
        let days = (wanted.now - at) / DAY;
        if days >= wanted.stale_days && own != Some(reference.name_bytes()) {
            let name = String::from_utf8_lossy(reference.shorthand_bytes()).into_owned();
            old.push((days, name));
        }
    }
    let stale = old.len();
    old.sort_by(|(a, one), (b, two)| b.cmp(a).then_with(|| one.cmp(two)));
    let oldest = old.into_iter().take(NAMED).map(|(days, name)| (plain::line(&name, 60), days)).collect();
    Ok(Some(Branches { count, days: wanted.stale_days, stale, oldest }))
}

/// When a commit was made, in seconds since 1970: of its text only this line is read.
fn committed(text: &[u8]) -> Option<i64> {
    let line = text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"committer "))?;
    String::from_utf8_lossy(line).rsplit(' ').nth(1)?.parse().ok()
}

/// What differs from the last commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// Staged files.
    pub staged: usize,
    /// Files that are changed and not staged.
    pub changed: usize,
    /// Files and directories that git does not know.
    pub new: usize,
    /// Files that a merge left in conflict.
    pub conflicts: usize,
    /// The first of all of them.
    pub first: Vec<String>,
}

impl Tree {
    /// How many files differ.
    pub fn all(&self) -> usize {
        self.staged + self.changed + self.new + self.conflicts
    }
}

/// Compares the working tree with the index and the last commit; `None` without a repository.
///
/// # Errors
/// It is there and cannot be read.
pub fn tree(project: &Path) -> anyhow::Result<Option<Tree>> {
    const FIRST: usize = 6;
    let Ok(repository) = Repository::open(project) else { return Ok(None) };
    let mut options = git2::StatusOptions::new();
    options.include_untracked(true).exclude_submodules(true).update_index(false);
    let mut tree = Tree::default();
    for entry in repository.statuses(Some(&mut options))?.iter() {
        let path = String::from_utf8_lossy(entry.path_bytes()).into_owned();
        if path.starts_with(".orchestrator/") {
            continue;
        }
        let status = entry.status();
        let group = match status {
            _ if status.is_conflicted() => &mut tree.conflicts,
            _ if status.is_wt_new() => &mut tree.new,
            _ if status.intersects(STAGED) => &mut tree.staged,
            _ => &mut tree.changed,
        };
        *group += 1;
        if tree.first.len() < FIRST {
            tree.first.push(plain::line(&path, 80));
        }
    }
    Ok(Some(tree))
}

const STAGED: git2::Status = git2::Status::INDEX_NEW
    .union(git2::Status::INDEX_MODIFIED)
    .union(git2::Status::INDEX_DELETED)
    .union(git2::Status::INDEX_RENAMED)
    .union(git2::Status::INDEX_TYPECHANGE);

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits by name: each with its parents and a time.
    fn repository(
        dir: &Path,
        commits: &[(&'static str, &[&'static str], i64)],
    ) -> HashMap<&'static str, Oid> {
        let repository = Repository::init(dir).unwrap();
        let tree = repository.find_tree(repository.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let mut made: HashMap<&'static str, Oid> = HashMap::new();
        for (name, parents, at) in commits {
            let who = git2::Signature::new("D", "d@example.invalid", &git2::Time::new(*at, 0)).unwrap();
            let parents: Vec<_> =
                parents.iter().map(|one| repository.find_commit(made[one]).unwrap()).collect();
            let parents: Vec<_> = parents.iter().collect();
            made.insert(name, repository.commit(None, &who, &who, name, &tree, &parents).unwrap());
        }
        made
    }

    #[test]
    fn branches_are_told_apart_as_git_does() {
        let dir = tempfile::tempdir().unwrap();
        let ids = repository(
            dir.path(),
            &[
                ("a", &[], 1),
                ("b", &["a"], 2),
                ("c", &["b"], 3),
                ("d", &["b"], 4),
                ("e", &["c", "d"], 5),
                ("f", &["d"], 6),
                ("g", &["f"], 2), // a clock that went wrong
                ("x", &[], 9),
            ],
        );
        let repository = Repository::open(dir.path()).unwrap();
        for (left, right) in
            [("a", "a"), ("c", "b"), ("b", "c"), ("c", "d"), ("e", "f"), ("g", "e"), ("e", "x"), ("a", "g")]
        {
            let expected = repository.graph_ahead_behind(ids[left], ids[right]).unwrap();
            assert_eq!(apart(&repository, ids[left], ids[right]), Some(expected), "{left} {right}");
        }
    }

    #[test]
    fn the_time_of_a_commit_stands_in_its_head() {
        let text = b"tree 1\nauthor A <a@b> 5 +0000\ncommitter Jos\xe9 \xc3\xa9 <c@d> 17 -0330\n\ncommitter x 9 +0000\n";
        assert_eq!(committed(text), Some(17));
        assert_eq!(committed(b"tree 1\n"), None);
    }
}
