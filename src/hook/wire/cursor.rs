//! Cursor (documentation of September 2026; nothing here was seen in the client itself).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{cwd, mcp, mentions_cursor_hook, text, tool_call, word};
use crate::hook::{Event, EventKind, Outcome, ToolCall, World};

pub(super) fn decode(mut event: Event, payload: &Value, world: &World<'_>) -> Event {
    event.session = text(payload, "session_id").or_else(|| text(payload, "conversation_id"));
    event.cwd = cwd(payload, world);
    event.agent = text(payload, "subagent_id");
    // Documented, but never seen to ask.
    event.asks = false;
    if event.kind == EventKind::PreToolUse {
        event.tool = Some(tool(&event.native, payload));
        if let Some(dir) = payload.get("tool_input").and_then(|input| text(input, "working_directory")) {
            event.cwd = Some(PathBuf::from(dir)).filter(|dir| dir.is_absolute()).unwrap_or(event.cwd);
        }
    }
    event
}

fn tool(native: &str, payload: &Value) -> ToolCall {
    let name = text(payload, "tool_name").unwrap_or_default();
    let input = payload.get("tool_input").unwrap_or(&Value::Null);
    // MCP arguments come as a text that holds JSON.
    let parsed = input.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let input = parsed.as_ref().unwrap_or(input);
    match native {
        "beforeShellExecution" => tool_call("Shell", payload),
        "beforeMCPExecution" => mcp(&name, input),
        _ => tool_call(&name, input),
    }
}

pub(super) fn encode(event: &Event, outcome: &Outcome) -> Option<Value> {
    match event.kind {
        EventKind::PreToolUse => {
            let word = word(&outcome.decision)?;
            let reason = outcome.decision.text();
            Some(json!({ "permission": word, "user_message": reason, "agent_message": reason }))
        }
        EventKind::SessionStart => Some(json!({ "additional_context": outcome.context.as_deref()? })),
        _ => None,
    }
}

/// Whether one of our entries stands in the person's or the project's Cursor hooks.
pub(crate) fn is_wired(project: Option<&Path>) -> bool {
    let home = crate::env::home();
    let dirs = home.iter().map(PathBuf::as_path).chain(project);
    dirs.map(|dir| dir.join(".cursor/hooks.json")).any(|file| mentions_cursor_hook(&file))
}
