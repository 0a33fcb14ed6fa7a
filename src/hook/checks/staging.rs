//! `staging`: in an open session its agents leave git to the session itself, and nobody sweeps up what others are at.

use std::path::Path;

use super::{Check, OnFailure, reading, session};
use crate::guard::{Decision, Git, real};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::presence::Presence;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "staging",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Closed,
    about: "keeps git to the session itself, and warns before all changes are staged beside others",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    let Some(verdict) = reading::shell(event, world) else { return Outcome::default() };
    let is_agent = event.agent.is_some();
    let matters = |git: &&Git| if is_agent { writes(git) } else { sweeps(git) };
    let mut commands = verdict.ran.iter().filter_map(|ran| ran.git.as_ref()).filter(matters).peekable();
    if commands.peek().is_none() || !is_watched(event, world) {
        return Outcome::default();
    }
    let project = reading::project(event, world);
    let root = real(&project, false).unwrap_or(project);
    let Some(git) = commands.find(|git| is_here(git.dir.as_deref(), &root)) else {
        return Outcome::default();
    };
    if is_agent {
        let text = format!(
            "staging: `git {}` is the session's. Leave the changes in the working tree and name them in your report.",
            git.verb
        );
        return Outcome::verdict(Decision::Deny, text);
    }
    let peers = world.store(&event.cwd).map_or(0, |store| Presence::peers(&store, &event.session, None));
    if peers == 0 {
        return Outcome::default();
    }
    Outcome::context(format!(
        "so warns: staging: {peers} more at work in this working tree: `git {}` takes their unfinished changes too. \
         Name the files instead.",
        git.verb
    ))
}

/// A session is open, or a wave is; a scope that cannot be read is that of an open wave all the same.
fn is_watched(event: &Event, world: &World) -> bool {
    session::project(event, world).is_some() || !matches!(*reading::wave(event, world), Ok(None))
}

/// A working tree elsewhere, such as one that a test has made, is nobody's business.
fn is_here(dir: Option<&Path>, root: &Path) -> bool {
    let Some(dir) = dir else { return true };
    let dir = real(dir, false).unwrap_or_else(|| dir.to_path_buf());
    let top = dir.ancestors().find(|dir| dir.join(".git").symlink_metadata().is_ok());
    top.map_or_else(|| dir.starts_with(root), |top| top == root)
}

/// `git add -A`, `git add .`, `git add -u`, `git commit -a`: everything, whoever changed it.
fn sweeps(git: &Git) -> bool {
    let short = |letter: char| {
        git.args.iter().any(|arg| {
            arg.strip_prefix('-').is_some_and(|rest| {
                !rest.starts_with('-')
                    && rest.split(['m', 'F', 'C', 'c']).next().is_some_and(|flags| flags.contains(letter))
            })
        })
    };
    let has = |names: &[&str]| git.args.iter().any(|arg| names.contains(&arg.as_str()));
    match git.verb.as_str() {
        "add" | "stage" => short('A') || short('u') || has(&["--all", "--update", ".", "./", "*", ":/", ":"]),
        "commit" => short('a') || has(&["--all"]),
        _ => false,
    }
}

/// Whether it changes what the repository or its index holds, or takes the working tree elsewhere.
fn writes(git: &Git) -> bool {
    const ALWAYS: &[&str] = &[
        "add",
        "am",
        "bisect",
        "checkout",
        "cherry-pick",
        "clean",
        "commit",
        "commit-tree",
        "fast-import",
        "filter-branch",
        "filter-repo",
        "gc",
        "merge",
        "mv",
        "prune",
        "pull",
        "push",
        "read-tree",
        "rebase",
        "replace",
        "reset",
        "restore",
        "revert",
        "rm",
        "stage",
        "switch",
        "symbolic-ref",
        "update-index",
        "update-ref",
    ];
    let first = git.args.first().map_or("", String::as_str);
    let named = git.args.iter().any(|arg| !arg.starts_with('-'));
    let has = |names: &[&str]| git.args.iter().any(|arg| names.contains(&arg.as_str()));
    match git.verb.as_str() {
        "stash" => !matches!(first, "list" | "show"),
        "tag" => {
            named && !has(&["-l", "--list", "-n", "--contains", "--points-at", "--merged", "-v", "--verify"])
        }
        "branch" => {
            named
                && !has(&[
                    "-l",
                    "--list",
                    "--contains",
                    "--no-contains",
                    "--merged",
                    "--no-merged",
                    "--points-at",
                ])
        }
        "worktree" => first != "list",
        "notes" | "submodule" => {
            matches!(first, "add" | "append" | "copy" | "remove" | "deinit" | "set-branch" | "set-url")
        }
        "reflog" => matches!(first, "expire" | "delete"),
        "apply" => has(&["--index", "--cached"]),
        verb => ALWAYS.contains(&verb),
    }
}
