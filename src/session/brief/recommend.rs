//! The one thing to do next, with its command.

use serde::Serialize;

use super::Brief;
use super::sessions::{Open, Whose};
use crate::plain;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// The command.
    pub command: String,
    /// Why, as one sentence.
    pub why: String,
}

/// What follows from everything that is known.
pub fn recommend(brief: &Brief) -> Recommendation {
    let made = |command: &str, why: String| Recommendation { command: command.to_owned(), why };
    if let Some(why) = brief.here.why() {
        return made("so state", format!("the session cannot be read: {}", plain::line(&why, 200)));
    }
    let git = brief.git.told().and_then(Option::as_ref);
    if let Some(what) = git.and_then(|git| git.unfinished) {
        return made("git status", format!("{what} was begun and is not finished"));
    }
    let Some(here) = brief.here.told() else {
        return made("so session status", "nothing is known".to_owned());
    };
    match &here.open {
        Some(open) if open.whose == Whose::Mine => made(&here.next.command, here.next.why.clone()),
        Some(open) => taken(open),
        None => made(&format!("so session start --mode {}", brief.mode.mode), fresh(brief)),
    }
}

fn taken(open: &Open) -> Recommendation {
    let Open { label, life, .. } = open;
    let (command, why) = match open.whose {
        Whose::Free => ("so session resume", format!("{label} is open and nobody is at work on it")),
        _ if life.starts_with("silent") => {
            ("so session resume", format!("{label} is open; who holds it is {life}"))
        }
        _ => ("so worktree add NAME", format!("{label} is open, and another client is at work on it")),
    };
    Recommendation { command: command.to_owned(), why }
}

/// Why a session of this mode begins.
fn fresh(brief: &Brief) -> String {
    let mut why = vec![format!("no session is open; {} because {}", brief.mode.mode, brief.mode.why)];
    let carried = brief.here.told().map_or(0, |here| here.notes.carried.len());
    if carried > 0 {
        why.push(format!("{} carried over", plain::count(carried, "task was", "tasks were")));
    }
    let changed = brief.tree.told().and_then(Option::as_ref).map_or(0, super::git::Tree::all);
    if changed > 0 {
        why.push(format!(
            "{} the person's",
            plain::count(
                changed,
                "file was changed before it and stays",
                "files were changed before it and stay"
            )
        ));
    }
    why.join("; ")
}
