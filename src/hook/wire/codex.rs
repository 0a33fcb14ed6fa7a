//! Codex CLI 0.169.0. A reply with one unknown key is void and the call runs; `ask` lets it run too.

use std::path::PathBuf;

use serde_json::Value;

use super::{Reply, Wire, claude, required};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

pub(super) struct Codex;

impl Wire for Codex {
    fn kind(&self, native: &str) -> Option<EventKind> {
        EventKind::named(native)
    }

    fn decode(&self, kind: EventKind, _native: &str, payload: &Value) -> Result<Event, String> {
        claude::event(kind, payload, tool)
    }

    fn asks(&self, _event: &Event, _world: &World) -> bool {
        false
    }

    fn encode(&self, kind: EventKind, _native: &str, outcome: &Outcome) -> Reply {
        claude::decision(kind, outcome)
    }
}

fn tool(payload: &Value) -> Result<ToolCall, String> {
    let name = required(payload, "tool_name")?;
    let input = payload.get("tool_input").unwrap_or(&Value::Null);
    Ok(match name.as_str() {
        "Bash" => ToolCall::Shell { command: required(input, "command")?, cwd: None },
        "apply_patch" => {
            let patch = required(input, "command")?;
            ToolCall::Edit { paths: patched(&patch), text: patch }
        }
        _ if name.starts_with("mcp__") => ToolCall::Mcp { name },
        _ => ToolCall::Other { name },
    })
}

/// The files that a patch touches, by its headers.
fn patched(patch: &str) -> Vec<PathBuf> {
    const HEADERS: [&str; 4] = ["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];
    let file = |line: &str| {
        HEADERS.iter().find_map(|header| line.strip_prefix(header)).map(|file| PathBuf::from(file.trim()))
    };
    patch.lines().filter_map(file).collect()
}
