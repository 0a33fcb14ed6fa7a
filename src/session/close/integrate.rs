//! How the commits of a session come to the others: a branch of its own, a push, or nothing.

use std::path::Path;

use super::commit::said;
use crate::git;
use crate::session::lease::Session;

/// What the project wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrate {
    /// A branch of its own, pushed, for a pull request.
    Pr,
    /// The branch that is checked out, pushed.
    Branch,
    /// The default branch itself, pushed; the person trusts it.
    Direct,
    /// Nothing leaves this machine.
    Local,
}

/// Branches that are never pushed by a close, whatever a forge calls its default.
const PROTECTED: &[&str] = &["main", "master", "trunk", "develop", "production", "release"];

impl Integrate {
    /// The word of the setting; a pull request without one.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("branch") => Self::Branch,
            Some("direct") => Self::Direct,
            Some("local") => Self::Local,
            _ => Self::Pr,
        }
    }

    /// The branch that the commits of `session` go to.
    pub fn branch(self, project: &Path, session: &Session) -> String {
        let now = current(project);
        let moves = self == Self::Pr && has_remote(project) && is_protected(project, &now);
        if moves { format!("so/{}", session.label) } else { now }
    }

    /// Makes and checks out `branch`, if it is not. Files stay as they are.
    pub(super) fn checkout(project: &Path, branch: &str) -> anyhow::Result<()> {
        if branch.is_empty() || current(project) == branch {
            return Ok(());
        }
        let exists = git2::Repository::open(project)
            .is_ok_and(|repository| repository.find_branch(branch, git2::BranchType::Local).is_ok());
        let args: &[&str] =
            if exists { &["switch", "--quiet", branch] } else { &["switch", "--quiet", "-c", branch] };
        let output = git::command(project).args(args).output()?;
        anyhow::ensure!(output.status.success(), "failed to switch to `{branch}`: {}", said(&output));
        Ok(())
    }

    /// Pushes the branch where the project wants it; what came of it, as a sentence.
    pub(super) fn bring(self, project: &Path, branch: &str, has_commits: bool) -> String {
        if !has_commits {
            return "nothing was committed".to_owned();
        }
        if self == Self::Local || !has_remote(project) {
            return format!("committed on `{branch}`; nothing was pushed");
        }
        if branch.is_empty() || self != Self::Direct && is_protected(project, branch) {
            return format!("committed; `{branch}` is protected and was not pushed");
        }
        let target = format!("HEAD:refs/heads/{branch}");
        let output =
            git::command(project).args(["push", "--quiet", "--set-upstream", "origin", &target]).output();
        match output {
            Ok(output) if output.status.success() => format!("pushed `{branch}` to origin"),
            Ok(output) => format!("committed on `{branch}`; it could not be pushed: {}", said(&output)),
            Err(error) => format!("committed on `{branch}`; git cannot push: {error}"),
        }
    }
}

fn current(project: &Path) -> String {
    let Ok(repository) = git2::Repository::open(project) else { return String::new() };
    let Ok(head) = repository.find_reference("HEAD") else { return String::new() };
    let target = head.symbolic_target().ok().flatten().unwrap_or_default();
    target.strip_prefix("refs/heads/").unwrap_or_default().to_owned()
}

fn has_remote(project: &Path) -> bool {
    git2::Repository::open(project).is_ok_and(|repository| repository.find_remote("origin").is_ok())
}

/// Whether a branch is the remote's default one, or is called like those that everybody shares.
fn is_protected(project: &Path, branch: &str) -> bool {
    let default = git2::Repository::open(project).ok().and_then(|repository| {
        let head = repository.find_reference("refs/remotes/origin/HEAD").ok()?;
        let target = head.symbolic_target().ok().flatten()?.to_owned();
        Some(target.trim_start_matches("refs/remotes/origin/").to_owned())
    });
    default.as_deref() == Some(branch) || PROTECTED.contains(&branch)
}
