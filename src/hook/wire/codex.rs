//! Codex CLI 0.169.0. A reply with one unknown key is void and the call runs; `ask` lets it run too.

use serde_json::Value;

use super::tools::Tool;
use super::{Reply, Wire, claude};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

pub(super) struct Codex;

impl Wire for Codex {
    fn kind(&self, native: &str) -> Option<EventKind> {
        EventKind::named(native)
    }

    fn decode(&self, kind: EventKind, _native: &str, payload: &Value) -> Result<Event, String> {
        claude::event(kind, payload, TOOLS)
    }

    fn asks(&self, _event: &Event, _world: &World) -> bool {
        false
    }

    fn encode(&self, kind: EventKind, _native: &str, outcome: &Outcome) -> Reply {
        claude::decision(kind, outcome)
    }
}

const TOOLS: &[(&str, Tool)] =
    &[("Bash", Tool::Shell), ("apply_patch", Tool::Patch), ("spawn_agent", Tool::Agent)];
