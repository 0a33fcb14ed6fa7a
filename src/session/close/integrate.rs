//! How the commits of a session come to the others: a branch of its own, a push, or nothing.

use std::path::Path;

use super::commit::said;
use crate::git;
use crate::session::forge;
use crate::session::lease::Session;

/// Where commits are pushed to.
pub(super) const REMOTE: &str = "origin";

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
        let moves = self == Self::Pr && has_remote(project) && forge::is_shared(project, REMOTE, &now);
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
}

fn current(project: &Path) -> String {
    let Ok(repository) = git2::Repository::open(project) else { return String::new() };
    let Ok(head) = repository.find_reference("HEAD") else { return String::new() };
    let target = head.symbolic_target().ok().flatten().unwrap_or_default();
    target.strip_prefix("refs/heads/").unwrap_or_default().to_owned()
}

pub(super) fn has_remote(project: &Path) -> bool {
    git2::Repository::open(project).is_ok_and(|repository| repository.find_remote(REMOTE).is_ok())
}
