//! `steer`: a note that the person leaves in `.orchestrator/STEER.md` while a session works reaches the model, once.
//!
//! It is looked for after every call, because on Codex and Cursor a batch of calls is only seen to have ended when the
//! next turn begins, and a note is meant for this one.

use std::io::Read as _;

use super::{Check, OnFailure, session};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "steer",
    events: &[EventKind::PostToolBatch, EventKind::PostToolUse],
    on_failure: OnFailure::Open,
    about: "gives the model the person's note in .orchestrator/STEER.md, once",
    run,
};

/// Where the note stands in a working tree. The control plane lets only the person write it.
const NOTE: &str = ".orchestrator/STEER.md";
/// As many bytes of it are given.
const LONGEST: u64 = 2000;
/// What was given last.
const GIVEN: &str = "steer";

fn run(event: &Event, world: &World) -> Outcome {
    if event.agent.is_some() {
        return Outcome::default(); // it is for the one who coordinates
    }
    note(event, world).map_or_else(Outcome::default, |text| Outcome::context(fenced(&text)))
}

/// The note, if it is there and was not given yet.
fn note(event: &Event, world: &World) -> Option<String> {
    let file = world.project(&event.cwd)?.join(NOTE);
    if !file.symlink_metadata().ok()?.is_file() {
        return None; // a link could lead anywhere
    }
    let store = session::store(event, world)?;
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).trim().trim_end_matches('\u{fffd}').to_owned();
    let mut is_new = false;
    let given = store.update(GIVEN, |before| {
        is_new = before != text;
        is_new.then(|| text.clone())
    });
    (given.is_ok() && is_new && !text.is_empty()).then_some(text)
}

/// The fence is longer than any in the note.
fn fenced(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(runs.max(2) + 1);
    format!("The person left this note for you in {NOTE}, while you work:\n{fence}\n{text}\n{fence}")
}
