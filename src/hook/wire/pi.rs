//! Pi 0.73.1, through our extension (`templates/pi-extension.ts`), which sends what counts of the client's event with
//! `cwd`, `hasUI` and `session_id`, and turns the answer into the client's own.

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
            turn: payload.get("turnIndex").map(Value::to_string).unwrap_or_default(),
            has_person: has_person(payload),
            tool,
            call: text(payload, "toolCallId"),
            result: (kind == EventKind::PostToolUse).then(|| ToolResult {
                failed: payload.get("isError").and_then(Value::as_bool),
                text: payload.get("content").map(super::shown).unwrap_or_default(),
            }),
            prompt: text(payload, "text"),
            said: payload.get("messages").map(said).unwrap_or_default(),
            reason: text(payload, "reason"),
            is_again: payload.get("again").and_then(Value::as_bool).unwrap_or(false),
            ..Event::default()
        })
    }

    /// The extension shows the client's own confirmation.
    fn asks(&self, event: &Event, _world: &World) -> bool {
        event.has_person
    }

    fn carries(&self, _kind: EventKind, native: &str) -> bool {
        matches!(native, "session_start" | "input" | "tool_call" | "tool_result")
    }

    fn emulated(&self) -> &'static [EventKind] {
        &[EventKind::PostToolUseFailure, EventKind::CwdChanged]
    }

    fn encode(&self, kind: EventKind, native: &str, outcome: &Outcome) -> Reply {
        let mut reply = Map::new();
        let mut put = |key: &str, text: String| {
            if !text.is_empty() {
                reply.insert(key.to_owned(), json!(text));
            }
        };
        match outcome.decision() {
            Decision::Ask if kind.is_guard() => put("ask", outcome.reason()),
            Decision::Deny if kind.is_guard() => put("reason", outcome.reason()),
            _ => {}
        }
        if self.carries(kind, native) {
            put("context", outcome.text());
        }
        if kind == EventKind::Stop {
            put("again", outcome.unfinished());
        }
        put("notify", outcome.notes());
        put("handled", outcome.kept_back());
        if reply.contains_key("reason") {
            reply.insert("block".to_owned(), json!(true));
        }
        if reply.is_empty() { Reply::silence() } else { Reply::json(&Value::Object(reply)) }
    }
}

/// The text of the model's last message.
fn said(messages: &Value) -> String {
    let mut messages = messages.as_array().into_iter().flatten().rev();
    let last = messages.find(|message| text(message, "role") == "assistant");
    last.and_then(|message| message.get("content")).map(super::shown).unwrap_or_default()
}

/// There is a screen, and what was sent came from its keyboard: extensions and programs can send prompts too.
fn has_person(payload: &Value) -> bool {
    let typed = payload.get("source").is_none_or(|source| source == "interactive");
    typed && payload.get("hasUI").and_then(Value::as_bool).unwrap_or(false)
}

const TOOLS: &[(&str, Tool)] = &[("bash", Tool::Shell), ("write", Tool::Write), ("edit", Tool::Edit)];
