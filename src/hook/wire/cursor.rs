//! Cursor, from its documentation of September 2026; never seen working here. `ask` is enforced for shell and MCP
//! calls only.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::tools::{self, Tool};
use super::{Reply, Wire, path, required, text};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind, ToolCall, ToolResult};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

pub(super) struct Cursor;

impl Wire for Cursor {
    fn kind(&self, native: &str) -> Option<EventKind> {
        Some(match native {
            "sessionStart" => EventKind::SessionStart,
            "sessionEnd" => EventKind::SessionEnd,
            "preToolUse" | "beforeShellExecution" | "beforeMCPExecution" => EventKind::PreToolUse,
            "postToolUse" | "afterFileEdit" => EventKind::PostToolUse,
            "postToolUseFailure" => EventKind::PostToolUseFailure,
            "stop" => EventKind::Stop,
            "subagentStart" => EventKind::SubagentStart,
            "subagentStop" => EventKind::SubagentStop,
            "beforeSubmitPrompt" => EventKind::UserPromptSubmit,
            _ => return None,
        })
    }

    fn decode(&self, kind: EventKind, native: &str, payload: &Value) -> Result<Event, String> {
        let roots = payload.get("workspace_roots").and_then(Value::as_array).into_iter().flatten();
        let roots: Vec<PathBuf> = roots.filter_map(Value::as_str).map(PathBuf::from).collect();
        let cwd = path(payload, "cwd").filter(|cwd| cwd.is_absolute()).or_else(|| roots.first().cloned());
        let cwd = match cwd {
            Some(cwd) => cwd,
            None if kind.is_guard() => {
                return Err("the payload has neither `cwd` nor `workspace_roots`".into());
            }
            None => PathBuf::new(),
        };
        Ok(Event {
            kind,
            session: text(payload, "conversation_id"),
            cwd,
            agent: payload.get("subagent_id").and_then(Value::as_str).map(str::to_owned),
            agent_type: text(payload, "subagent_type"),
            turn: text(payload, "generation_id"),
            has_person: true,
            roots,
            tool: tool(kind, native, payload)?,
            call: text(payload, "tool_use_id"),
            result: result(kind, payload),
            prompt: text(payload, "prompt"),
            said: text(payload, "summary"),
            reason: text(payload, "reason"),
            is_again: payload.get("loop_count").and_then(Value::as_u64).is_some_and(|count| count > 0),
            ..Event::default()
        })
    }

    fn asks(&self, _event: &Event, _world: &World) -> bool {
        false
    }

    fn encode(&self, kind: EventKind, _native: &str, outcome: &Outcome) -> Reply {
        let mut reply = Map::new();
        let mut put = |key: &str, text: String| {
            if !text.is_empty() {
                reply.insert(key.to_owned(), json!(text));
            }
        };
        if kind.is_guard() && outcome.decision() != Decision::Allow {
            put("permission", "deny".to_owned());
            let for_person = [outcome.reason(), outcome.notes()].join("\n");
            put("user_message", for_person.trim_end().to_owned());
            put("agent_message", outcome.reason());
        } else if matches!(kind, EventKind::Stop | EventKind::SubagentStop) {
            put("followup_message", outcome.unfinished());
        } else if kind == EventKind::UserPromptSubmit {
            let for_person = [outcome.kept_back(), outcome.notes()].join("\n");
            put("user_message", for_person.trim().to_owned());
        } else if !kind.is_guard() {
            put("additional_context", outcome.text());
        }
        if !outcome.kept_back().is_empty() {
            reply.insert("continue".to_owned(), json!(false));
        }
        if reply.is_empty() { Reply::silence() } else { Reply::json(&Value::Object(reply)) }
    }
}

const TOOLS: &[(&str, Tool)] = &[
    ("Shell", Tool::Shell),
    ("Write", Tool::Write),
    ("Edit", Tool::Edit),
    ("Delete", Tool::Delete),
    ("Task", Tool::Agent),
];

fn tool(kind: EventKind, native: &str, payload: &Value) -> Result<Option<ToolCall>, String> {
    let input = payload.get("tool_input").unwrap_or(&Value::Null);
    Ok(Some(match native {
        "beforeShellExecution" => ToolCall::Shell { command: required(payload, "command")?, cwd: None },
        "beforeMCPExecution" => {
            // Its input is a text that holds JSON.
            let parsed = input.as_str().and_then(|text| serde_json::from_str(text).ok());
            tools::mcp(&required(payload, "tool_name")?, parsed.as_ref().unwrap_or(input))
        }
        "afterFileEdit" => tools::call(TOOLS, "Edit", payload)?,
        _ if kind.is_guard() || payload.get("tool_name").is_some() => {
            tools::call(TOOLS, &required(payload, "tool_name")?, input)?
        }
        _ => return Ok(None),
    }))
}

fn result(kind: EventKind, payload: &Value) -> Option<ToolResult> {
    match kind {
        EventKind::PostToolUse => Some(ToolResult { failed: None, text: text(payload, "tool_output") }),
        EventKind::PostToolUseFailure => {
            Some(ToolResult { failed: Some(true), text: text(payload, "error_message") })
        }
        _ => None,
    }
}
