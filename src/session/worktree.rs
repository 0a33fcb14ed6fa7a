//! Working trees beside the main one, so that two sessions can work at once.
//!
//! One is removed only when nothing is lost by it: no change that is not committed, no commit that no branch holds, no
//! session at work. What git ignores there and no build makes again is saved before. Its branch stays.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail, ensure};
use git2::Repository;
use serde::Serialize;

use super::presence::Presence;
use super::{records, start};
use crate::guard::undo::{self, Request, Saved};
use crate::store::Store;
use crate::{git, plain};

/// A working tree of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// Its name; empty for the main one.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// The branch that is checked out; empty on none.
    pub branch: String,
    /// How many files differ from the last commit; `None` where that cannot be told.
    pub changed: Option<usize>,
    /// The session that is open there; empty without one.
    pub session: String,
    /// It is the one that was asked in.
    pub here: bool,
}

/// All working trees of the repository around `project`, the main one first.
///
/// # Errors
/// There is no repository, or it cannot be read.
pub fn list(project: &Path) -> anyhow::Result<Vec<Tree>> {
    let repository = open(project)?;
    let mut trees = vec![look(String::new(), &records::main_tree(project), project)];
    for name in repository.worktrees()?.iter().flatten().flatten() {
        if let Ok(tree) = repository.find_worktree(name) {
            trees.push(look(name.to_owned(), tree.path(), project));
        }
    }
    Ok(trees)
}

fn open(project: &Path) -> anyhow::Result<Repository> {
    Repository::open(project).map_err(|_| anyhow!("`{}` is no git repository", project.display()))
}

fn look(name: String, path: &Path, project: &Path) -> Tree {
    let session =
        start::open(path).ok().flatten().map(|session| plain::line(&session.label, 80)).unwrap_or_default();
    let head = Repository::open(path).ok().and_then(|repository| {
        let head = repository.find_reference("HEAD").ok()?;
        Some(head.symbolic_target().ok()??.trim_start_matches("refs/heads/").to_owned())
    });
    Tree {
        name,
        path: path.to_path_buf(),
        branch: head.unwrap_or_default(),
        changed: start::dirty(path).ok().map(|changed| changed.len()),
        session,
        here: real(path) == real(project),
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Makes a working tree called `name` beside the main one, on the branch of that name: the one that is there, or a new
/// one from `from` (the commit that is checked out, without it).
///
/// # Errors
/// The name is no name, something is in the way, or git refuses.
pub fn add(project: &Path, name: &str, from: Option<&str>) -> anyhow::Result<Tree> {
    let repository = open(project)?;
    ensure!(
        is_name(name),
        "`{}` is no name: letters, digits, `-`, `_` and `.`, at most 60",
        plain::line(name, 60)
    );
    let path = beside(project, name);
    ensure!(!path.exists(), "`{}` is there already", path.display());
    let exists = repository.find_branch(name, git2::BranchType::Local).is_ok();
    ensure!(!exists || from.is_none(), "the branch `{name}` is there already; leave --from out to use it");
    let mut command = git::command(project);
    command.args(["worktree", "add", "--quiet"]);
    if exists {
        command.arg(&path).arg(name);
    } else {
        let from =
            repository.revparse_single(from.unwrap_or("HEAD")).and_then(|found| found.peel_to_commit());
        let from = from.with_context(|| format!("there is no commit that `{name}` could begin at"))?;
        command.args(["-b", name]).arg(&path).arg(from.id().to_string());
    }
    run(&mut command)?;
    Ok(look(name.to_owned(), &path, project))
}

/// Where the working tree `name` stands: beside the main one, as `PROJECT-NAME`.
fn beside(project: &Path, name: &str) -> PathBuf {
    let main = records::main_tree(project);
    let stem = main.file_name().unwrap_or_default().to_string_lossy().into_owned();
    main.with_file_name(format!("{stem}-{name}"))
}

/// A name that is safe as a directory, a branch and a word of a command.
fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(is_plain)
        && !name.contains("..")
        && !name.ends_with(['.', '-'])
        && !name.ends_with(".lock")
}

/// Whether the working tree `name` can be removed, and nothing is lost by it.
///
/// # Errors
/// There is none, or what speaks against it.
pub fn removable(project: &Path, state: Option<&Path>, name: &str) -> anyhow::Result<Tree> {
    let mut trees = list(project)?.into_iter().filter(|tree| !tree.name.is_empty());
    let beside = beside(project, name);
    let wanted = |tree: &Tree| {
        tree.name == name
            || tree.branch == name
            || tree.path == Path::new(name)
            || real(&tree.path) == real(&beside)
    };
    let tree = trees
        .find(wanted)
        .with_context(|| format!("there is no working tree `{}`", plain::line(name, 60)))?;
    let at = tree.path.display();
    ensure!(!tree.here, "`{at}` is where this command runs");
    ensure!(tree.path.exists(), "`{at}` is gone already: git worktree prune");
    ensure!(tree.session.is_empty(), "the session {} is open in `{at}`", tree.session);
    let live = state.map_or(0, |state| Presence::live(&Store::of(state, &tree.path)).len());
    ensure!(live == 0, "{} at work in `{at}`", plain::count(live, "client is", "clients are"));
    if let Ok(git2::WorktreeLockStatus::Locked(why)) =
        open(project)?.find_worktree(&tree.name).and_then(|tree| tree.is_locked())
    {
        bail!("`{at}` is locked: {}", plain::line(&why.unwrap_or_default(), 80));
    }
    clean(&tree.path)?;
    held(&tree.path)?;
    Ok(tree)
}

/// Nothing differs from the last commit.
fn clean(path: &Path) -> anyhow::Result<()> {
    let changed: Vec<String> = start::dirty(path)?.into_keys().map(|path| plain::line(&path, 60)).collect();
    ensure!(
        changed.is_empty(),
        "in `{}` these are not committed: {}",
        path.display(),
        plain::list(&changed, 5)
    );
    Ok(())
}

/// The commit that is checked out is held by a branch, a tag or a remote.
fn held(path: &Path) -> anyhow::Result<()> {
    let repository = Repository::open(path)?;
    if !repository.head_detached()? {
        return Ok(());
    }
    let mut walk = repository.revwalk()?;
    walk.push_head()?;
    for glob in ["refs/heads/*", "refs/remotes/*", "refs/tags/*"] {
        walk.hide_glob(glob)?;
    }
    ensure!(walk.next().is_none(), "`{}` has commits that no branch holds: make one first", path.display());
    Ok(())
}

/// Removes it; what git ignores there is saved before. The number of the snapshot, if anything had to be saved.
///
/// # Errors
/// It cannot be saved, or git refuses; nothing is removed then.
pub fn remove(
    project: &Path,
    state: Option<&Path>,
    name: &str,
    when: i64,
) -> anyhow::Result<(Tree, Option<u64>)> {
    let tree = removable(project, state, name)?;
    let request = Request {
        project: &tree.path,
        why: "before its working tree was removed",
        label: None,
        when,
        limit: None,
    };
    let saved = match undo::save(&request)? {
        Saved::Nothing(why) => bail!("`{}` cannot be saved: {why}", tree.path.display()),
        Saved::Snapshot { snapshot, left_out, .. } => {
            let lost: Vec<String> = left_out
                .iter()
                .filter(|left| left.why.is_loss())
                .map(|left| plain::line(&left.path, 60))
                .collect();
            ensure!(
                lost.is_empty(),
                "in `{}` these cannot be saved: {}",
                tree.path.display(),
                plain::list(&lost, 5)
            );
            (snapshot.about.files > 0).then_some(snapshot.number)
        }
    };
    // Without --force: git looks once more.
    run(git::command(project).args(["worktree", "remove"]).arg(&tree.path))?;
    Ok((tree, saved))
}

fn run(command: &mut std::process::Command) -> anyhow::Result<()> {
    let output = command.output().context("git cannot be run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "git refuses: {}", plain::line(&said, 200));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_is_a_name_everywhere() {
        for name in ["a", "fix-login", "v1.2_x", "7"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-f", ".git", "a/b", "a..b", "a b", "a.lock", "x-", "é", "a;b", "../x"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
