//! Codex CLI 0.169.0. A reply with one unknown key is void and the call runs; `ask` lets it run too.

use std::path::PathBuf;

use serde_json::Value;

use super::{Reply, Wire, claude, cwd, required, text};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

pub(super) struct Codex;

impl Wire for Codex {
    fn kind(&self, native: &str) -> Option<EventKind> {
        EventKind::named(native)
    }

    fn decode(&self, kind: EventKind, _native: &str, payload: &Value) -> Result<Event, String> {
        Ok(Event {
            session: text(payload, "session_id"),
            cwd: cwd(payload, kind)?,
            agent: payload.get("agent_id").and_then(Value::as_str).map(str::to_owned),
            permission_mode: text(payload, "permission_mode"),
            has_person: true,
            tool: if payload.get("tool_name").is_some() || kind.is_guard() {
                Some(tool(payload)?)
            } else {
                None
            },
        })
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
        "apply_patch" => ToolCall::Edit { paths: patched(&required(input, "command")?) },
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
