//! Claude Code 2.1.197. Unknown keys of a reply are ignored; exit 1, bad JSON and timeouts let the call through.

use serde_json::{Value, json};

use super::{Reply, Wire, cwd, path, required, text};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

pub(super) struct Claude;

/// Modes in which the terminal of 2.1.197 was seen to put our `ask` to the person; `bypassPermissions` was reported to
/// approve by itself.
const ASKING_MODES: &[&str] = &["default", "acceptEdits", "plan"];

impl Wire for Claude {
    fn kind(&self, native: &str) -> Option<EventKind> {
        EventKind::named(native)
    }

    fn decode(&self, kind: EventKind, _native: &str, payload: &Value) -> Result<Event, String> {
        event(kind, payload, tool)
    }

    /// Headless runs (`CLAUDE_CODE_ENTRYPOINT` other than `cli`) have nobody to ask.
    fn asks(&self, event: &Event, world: &World) -> bool {
        world.entrypoint == "cli"
            && event.agent.is_none()
            && ASKING_MODES.contains(&event.permission_mode.as_str())
    }

    fn encode(&self, kind: EventKind, _native: &str, outcome: &Outcome) -> Reply {
        decision(kind, outcome)
    }
}

/// The payload that Claude Code and Codex share; the names of tools are each one's own.
pub(super) fn event(
    kind: EventKind,
    payload: &Value,
    tool: fn(&Value) -> Result<ToolCall, String>,
) -> Result<Event, String> {
    let about_a_tool = payload.get("tool_name").is_some() || kind.is_guard();
    Ok(Event {
        session: text(payload, "session_id"),
        cwd: cwd(payload, kind)?,
        agent: payload.get("agent_id").and_then(Value::as_str).map(str::to_owned),
        permission_mode: text(payload, "permission_mode"),
        has_person: true,
        tool: if about_a_tool { Some(tool(payload)?) } else { None },
    })
}

/// The reply that Claude Code and Codex share; it holds the keys that Codex knows and not one more.
pub(super) fn decision(kind: EventKind, outcome: &Outcome) -> Reply {
    let word = match outcome.decision() {
        Decision::Allow if outcome.text().is_empty() => return Reply::silence(),
        Decision::Allow => {
            let output = json!({"hookEventName": kind.name(), "additionalContext": outcome.text()});
            return Reply::json(&json!({"hookSpecificOutput": output}));
        }
        Decision::Ask => "ask",
        Decision::Deny => "deny",
    };
    if kind != EventKind::PreToolUse {
        return Reply::silence();
    }
    Reply::json(&json!({"hookSpecificOutput": {
        "hookEventName": kind.name(),
        "permissionDecision": word,
        "permissionDecisionReason": outcome.reason(),
    }}))
}

fn tool(payload: &Value) -> Result<ToolCall, String> {
    let name = required(payload, "tool_name")?;
    let input = payload.get("tool_input").unwrap_or(&Value::Null);
    Ok(match name.as_str() {
        // Cursor calls it `Shell` when it runs hooks that are wired for Claude Code.
        "Bash" | "Shell" => ToolCall::Shell { command: required(input, "command")?, cwd: None },
        "Edit" | "Write" | "MultiEdit" | "NotebookEdit" => {
            let file = path(input, "file_path").or_else(|| path(input, "notebook_path"));
            ToolCall::Edit { paths: file.into_iter().collect(), text: super::texts(input) }
        }
        _ if name.starts_with("mcp__") => ToolCall::Mcp { name },
        _ => ToolCall::Other { name },
    })
}
