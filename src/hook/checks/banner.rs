//! `banner`: the first thing an agent reads, in few words: what is enforced here and what is not.

use super::{Check, OnFailure};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "banner",
    events: &[EventKind::SessionStart],
    on_failure: OnFailure::Open,
    about: "tells the agent what is enforced here",
    run,
};

const TEXT: &str = "\
so guards this session. Every shell command is read before it runs and is refused if it would lose work that git, a \
remote or the build cannot give back, rewrite published history, or delete outside the project. A refusal names the \
files and a safe way: take that way, or ask the person; do not look for another spelling. Edits by tools are judged only where they would change these hooks.";

fn run(_event: &Event, _world: &World) -> Outcome {
    Outcome::context(TEXT)
}
