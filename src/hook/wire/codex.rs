//! Codex CLI (payloads recorded from 0.169.0). Answers have Claude's form; see [`super::claude::encode`].

use serde_json::Value;

use crate::hook::{Event, World};

pub(super) fn decode(event: Event, payload: &Value, world: &World<'_>) -> Event {
    // `ask` is an error to Codex, which then runs the command.
    Event { asks: false, ..super::claude::common(event, payload, world) }
}
