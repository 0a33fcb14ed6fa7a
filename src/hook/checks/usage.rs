//! `usage`: counts the skills that the model opens, for `so usage`.

use serde_json::json;

use super::{Check, OnFailure, session};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "usage",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Open,
    about: "counts the skills that are used",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    if let Some(ToolCall::Skill { name }) = &event.tool
        && let Some(store) = session::store(event, world)
    {
        let line = json!({"schema": 1, "at": world.now, "platform": event.platform, "skill": name});
        let _ = store.append("usage.jsonl", &line);
    }
    Outcome::default()
}
