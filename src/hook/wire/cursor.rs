//! Cursor, from its documentation of September 2026; never seen working here. `ask` is enforced for shell and MCP
//! calls only.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::tools::{self, Tool};
use super::{Reply, Wire, mcp, path, required, text};
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
        let roots = roots.filter_map(Value::as_str).map(PathBuf::from).filter(|root| root.is_absolute());
        let roots: Vec<PathBuf> = roots.collect();
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
            reason: [text(payload, "reason"), text(payload, "status")].concat(),
            is_again: is_again(payload),
            ..Event::default()
        })
    }

    fn asks(&self, _event: &Event, _world: &World) -> bool {
        false
    }

    fn carries(&self, _kind: EventKind, native: &str) -> bool {
        matches!(native, "sessionStart" | "postToolUse" | "postToolUseFailure")
    }

    fn emulated(&self) -> &'static [EventKind] {
        &[EventKind::PostToolUseFailure, EventKind::PostToolBatch, EventKind::CwdChanged]
    }

    fn encode(&self, kind: EventKind, native: &str, outcome: &Outcome) -> Reply {
        let mut reply = Map::new();
        let mut put = |key: &str, value: Value| {
            if value != json!("") {
                reply.insert(key.to_owned(), value);
            }
        };
        if kind.is_guard() && outcome.decision() != Decision::Allow {
            let outcome = outcome.clone().ask_is_deny();
            put("permission", json!("deny"));
            let for_person = [outcome.reason(), outcome.notes()].join("\n");
            put("user_message", json!(for_person.trim_end()));
            put("agent_message", json!(outcome.reason()));
        } else if kind.is_end_of_turn() {
            put("followup_message", json!(outcome.unfinished()));
        } else if kind == EventKind::UserPromptSubmit {
            let for_person = [outcome.kept_back(), outcome.notes()].join("\n");
            if !for_person.trim().is_empty() {
                // Not a consent: a prompt has no permission to give.
                put("continue", json!(outcome.kept_back().is_empty()));
                put("user_message", json!(for_person.trim()));
            }
        } else if self.carries(kind, native) {
            put("additional_context", json!(outcome.text()));
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
            mcp::call(&required(payload, "tool_name")?, parsed.as_ref().unwrap_or(input))?
        }
        "afterFileEdit" => tools::call(TOOLS, "Edit", payload)?,
        _ if kind.is_guard() || payload.get("tool_name").is_some() => {
            tools::call(TOOLS, &required(payload, "tool_name")?, input)?
        }
        _ => return Ok(None),
    }))
}

/// Who was stopped is not sent back either.
fn is_again(payload: &Value) -> bool {
    let stopped = ["aborted", "error"].contains(&text(payload, "status").as_str());
    stopped || payload.get("loop_count").and_then(Value::as_u64).is_some_and(|count| count > 0)
}

fn result(kind: EventKind, payload: &Value) -> Option<ToolResult> {
    match kind {
        EventKind::PostToolUse => Some(output(&text(payload, "tool_output"))),
        EventKind::PostToolUseFailure => {
            Some(ToolResult { failed: Some(true), text: text(payload, "error_message") })
        }
        _ => None,
    }
}

/// The output of a tool is a text that holds JSON; that of the shell has an exit code.
fn output(given: &str) -> ToolResult {
    let parsed: Value = serde_json::from_str(given).unwrap_or_default();
    let code = parsed.get("exitCode").and_then(Value::as_i64);
    let text = parsed.get("output").and_then(Value::as_str).unwrap_or(given).to_owned();
    ToolResult { failed: code.map(|code| code != 0), text }
}
