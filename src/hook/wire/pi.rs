//! Pi 0.73.1, through our extension (`templates/pi-extension.ts`), which sends the client's event with `cwd`, `hasUI`
//! and `session_id`, and turns the answer into the client's own.

use serde_json::{Map, Value, json};

use super::tools::{self, Tool};
use super::{Reply, Wire, cwd, required, text};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind, ToolResult};
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
        let input = payload.get("input").unwrap_or(&Value::Null);
        let tool = match payload.get("toolName") {
            None if !kind.is_guard() => None,
            _ => Some(tools::call(TOOLS, &required(payload, "toolName")?, input)?),
        };
        Ok(Event {
            kind,
            session: text(payload, "session_id"),
            cwd: cwd(payload, kind)?,
            has_person: has_person(payload),
            tool,
            call: text(payload, "toolCallId"),
            result: (kind == EventKind::PostToolUse).then(|| ToolResult {
                failed: payload.get("isError").and_then(Value::as_bool),
                text: payload.get("content").map(super::shown).unwrap_or_default(),
            }),
            prompt: text(payload, "text"),
            reason: text(payload, "reason"),
            ..Event::default()
        })
    }

    /// The extension shows the client's own confirmation.
    fn asks(&self, event: &Event, _world: &World) -> bool {
        event.has_person
    }

    fn encode(&self, _kind: EventKind, _native: &str, outcome: &Outcome) -> Reply {
        let mut reply = Map::new();
        match outcome.decision() {
            Decision::Deny => {
                reply.insert("block".into(), json!(true));
                reply.insert("reason".into(), json!(outcome.reason()));
            }
            Decision::Ask => drop(reply.insert("ask".into(), json!(outcome.reason()))),
            Decision::Allow => {}
        }
        for (key, text) in [
            ("context", outcome.text()),
            ("notify", outcome.notes()),
            ("again", outcome.unfinished()),
            ("handled", outcome.kept_back()),
        ] {
            if !text.is_empty() {
                reply.insert(key.into(), json!(text));
            }
        }
        if reply.is_empty() { Reply::silence() } else { Reply::json(&Value::Object(reply)) }
    }
}

/// There is a screen, and what was sent came from its keyboard: extensions and programs can send prompts too.
fn has_person(payload: &Value) -> bool {
    let typed = payload.get("source").is_none_or(|source| source == "interactive");
    typed && payload.get("hasUI").and_then(Value::as_bool).unwrap_or(false)
}

const TOOLS: &[(&str, Tool)] = &[("bash", Tool::Shell), ("write", Tool::Write), ("edit", Tool::Edit)];
