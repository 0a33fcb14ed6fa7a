//! `turn`: at the end of a turn, work that is said to be done while a wave is open is asked about, once a wave.

use serde_json::Value;

use super::{Check, OnFailure, session};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "turn",
    events: &[EventKind::Stop],
    on_failure: OnFailure::Open,
    about: "asks once when all is said to be done while a wave is open",
    run,
};

/// What the open wave may touch: it stands as long as the wave is open.
const SCOPE: &str = ".orchestrator/runtime/scope.json";
/// The wave that was asked about last.
const ASKED: &str = "wave-asked";

const QUESTION: &str = "\
so: a wave of this session is still open. Go through its tasks: say of each whether it is finished and what shows it, \
and finish the wave before you call the work done.";

/// Ends of turns in which everything is said to be done.
const CLAIMS: &[&str] = &[
    "all done",
    "all tasks are complete",
    "all tasks are done",
    "all tasks are finished",
    "all tasks complete",
    "all tasks done",
    "all work is complete",
    "all work is done",
    "everything is complete",
    "everything is done",
    "everything is finished",
    "everything is implemented",
    "everything works",
    "fully implemented",
    "implementation is complete",
    "the task is complete",
    "the task is done",
    "the work is complete",
    "the work is done",
    "the work is finished",
];

/// Words before a claim that make it none.
const UNTIL: &[&str] = &["before", "if", "not", "once", "unless", "until", "when", "whether"];

fn run(event: &Event, world: &World) -> Outcome {
    if event.is_again || event.agent.is_some() || !claims_done(&event.said) {
        return Outcome::default();
    }
    let Some(wave) = open_wave(event, world) else { return Outcome::default() };
    let Some(store) = session::store(event, world) else { return Outcome::default() };
    let mut is_new = false;
    let asked = store.update(ASKED, |before| {
        is_new = before != wave;
        is_new.then(|| wave.clone())
    });
    if asked.is_ok() && is_new { Outcome::again(QUESTION) } else { Outcome::default() }
}

/// A name for the wave that is open.
fn open_wave(event: &Event, world: &World) -> Option<String> {
    let project = session::project(event, world)?;
    let scope: Value = serde_json::from_str(&std::fs::read_to_string(project.join(SCOPE)).ok()?).ok()?;
    Some(format!("{} {}", event.session, scope.get("wave").unwrap_or(&Value::Null)))
}

fn claims_done(said: &str) -> bool {
    let said = said.to_lowercase();
    CLAIMS.iter().any(|claim| {
        said.match_indices(claim).any(|(at, _)| {
            let before = said.get(..at).unwrap_or_default();
            let words = before.rsplit(['.', '!', '?', '\n']).next().unwrap_or_default();
            !words.split_whitespace().any(|word| UNTIL.contains(&word) || word.ends_with("n't"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_known_from_a_plan() {
        for (said, claims) in [
            ("All done! The tests pass.", true),
            ("I mended the parser.\n\nEverything is implemented and committed.", true),
            ("The implementation is complete.", true),
            ("Not all tasks are done: two are left.", false),
            ("I will stop once all tasks are complete.", false),
            ("It isn't fully implemented yet.", false),
            ("Wave 2 is running.", false),
            ("", false),
        ] {
            assert_eq!(claims_done(said), claims, "{said}");
        }
    }
}
