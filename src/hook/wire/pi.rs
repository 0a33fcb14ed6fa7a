//! Pi 0.73.1, through our extension (`templates/pi-extension.ts`), which sends the client's event with `cwd`, `hasUI`
//! and `session_id`, and turns the answer into the client's own.

use serde_json::{Value, json};

use super::{Reply, Wire, cwd, path, required, text};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

pub(super) struct Pi;

impl Wire for Pi {
    fn kind(&self, native: &str) -> Option<EventKind> {
        Some(match native {
            "session_start" => EventKind::SessionStart,
            "session_shutdown" => EventKind::SessionEnd,
            "tool_call" => EventKind::PreToolUse,
            "tool_result" => EventKind::PostToolUse,
            "turn_end" => EventKind::PostToolBatch,
            "agent_end" => EventKind::Stop,
            "input" => EventKind::UserPromptSubmit,
            _ => return None,
        })
    }

    fn decode(&self, kind: EventKind, _native: &str, payload: &Value) -> Result<Event, String> {
        Ok(Event {
            session: text(payload, "session_id"),
            cwd: cwd(payload, kind)?,
            agent: None,
            permission_mode: String::new(),
            has_person: payload.get("hasUI").and_then(Value::as_bool).unwrap_or(false),
            tool: if kind.is_guard() { Some(tool(payload)?) } else { None },
        })
    }

    /// The extension shows the client's own confirmation.
    fn asks(&self, event: &Event, _world: &World) -> bool {
        event.has_person
    }

    fn encode(&self, _kind: EventKind, _native: &str, outcome: &Outcome) -> Reply {
        match outcome.decision() {
            Decision::Deny => Reply::json(&json!({"block": true, "reason": outcome.reason()})),
            Decision::Ask => Reply::json(&json!({"ask": outcome.reason()})),
            Decision::Allow if outcome.text().is_empty() => Reply::silence(),
            Decision::Allow => Reply::json(&json!({"context": outcome.text()})),
        }
    }
}

fn tool(payload: &Value) -> Result<ToolCall, String> {
    let name = required(payload, "toolName")?;
    let input = payload.get("input").unwrap_or(&Value::Null);
    Ok(match name.as_str() {
        "bash" => ToolCall::Shell { command: required(input, "command")?, cwd: None },
        "write" | "edit" => {
            ToolCall::Edit { paths: path(input, "path").into_iter().collect(), text: super::texts(input) }
        }
        _ => ToolCall::Other { name },
    })
}
