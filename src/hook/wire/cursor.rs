//! Cursor, from its documentation of September 2026; never seen working here. `ask` is enforced for shell and MCP
//! calls only.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Reply, Wire, path, required, text};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind, ToolCall};
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
        let roots = payload.get("workspace_roots").and_then(Value::as_array);
        let root = roots.and_then(|roots| roots.first()).and_then(Value::as_str).map(PathBuf::from);
        let cwd = path(payload, "cwd").filter(|cwd| cwd.is_absolute()).or(root);
        Ok(Event {
            session: text(payload, "conversation_id"),
            cwd: match cwd {
                Some(cwd) => cwd,
                None if kind.is_guard() => {
                    return Err("the payload has neither `cwd` nor `workspace_roots`".into());
                }
                None => PathBuf::new(),
            },
            agent: None,
            permission_mode: String::new(),
            has_person: true,
            tool: if kind.is_guard() { Some(tool(native, payload)?) } else { None },
        })
    }

    fn asks(&self, _event: &Event, _world: &World) -> bool {
        false
    }

    fn encode(&self, kind: EventKind, _native: &str, outcome: &Outcome) -> Reply {
        let reason = outcome.reason();
        match (kind, outcome.decision()) {
            (EventKind::PreToolUse, Decision::Deny | Decision::Ask) => {
                Reply::json(&json!({"permission": "deny", "user_message": reason, "agent_message": reason}))
            }
            (EventKind::SessionStart, Decision::Allow) if !outcome.text().is_empty() => {
                Reply::json(&json!({"additional_context": outcome.text()}))
            }
            _ => Reply::silence(),
        }
    }
}

fn tool(native: &str, payload: &Value) -> Result<ToolCall, String> {
    if native == "beforeShellExecution" {
        return Ok(ToolCall::Shell { command: required(payload, "command")?, cwd: None });
    }
    let name = required(payload, "tool_name")?;
    let input = payload.get("tool_input").unwrap_or(&Value::Null);
    Ok(match name.as_str() {
        _ if native == "beforeMCPExecution" => ToolCall::Mcp { name },
        "Shell" => {
            ToolCall::Shell { command: required(input, "command")?, cwd: path(input, "working_directory") }
        }
        "Write" | "Delete" => {
            let file = path(input, "file_path").or_else(|| path(input, "path"));
            ToolCall::Edit { paths: file.into_iter().collect(), text: super::texts(input) }
        }
        _ => ToolCall::Other { name },
    })
}
