//! Claude Code (payloads recorded from 2.1.197).

use serde_json::{Value, json};

use super::{cwd, nested, text, tool_call, word};
use crate::hook::{Event, EventKind, Outcome, World};

/// Modes in which an `ask` was seen to stop and ask. Under `bypassPermissions` the client approves it by itself.
const ASKING_MODES: &[&str] = &["default", "acceptEdits", "plan"];

pub(super) fn decode(event: Event, payload: &Value, world: &World<'_>) -> Event {
    let mut event = common(event, payload, world);
    let mode = text(payload, "permission_mode");
    let interactive = world.entrypoint.as_deref().is_none_or(|entrypoint| entrypoint == "cli");
    event.asks = interactive && mode.is_some_and(|mode| ASKING_MODES.contains(&mode.as_str()));
    if payload.get("cursor_version").is_some() {
        // Cursor runs the hooks of Claude's settings too; `ask` was never seen to work there.
        event.asks = false;
        let project = crate::guard::project_of(&event.cwd, None);
        event.answered_elsewhere = (world.cursor_wired)(project.as_deref());
    }
    event
}

/// What Claude Code and Codex send alike.
pub(super) fn common(mut event: Event, payload: &Value, world: &World<'_>) -> Event {
    event.session = text(payload, "session_id");
    event.cwd = cwd(payload, world);
    event.agent = text(payload, "agent_id");
    event.source = text(payload, "source");
    if event.kind == EventKind::PreToolUse {
        let name = text(payload, "tool_name").unwrap_or_default();
        event.tool = Some(tool_call(&name, payload.get("tool_input").unwrap_or(&Value::Null)));
    }
    event
}

/// Exactly the keys that both clients know: Codex runs the command when it meets another one.
pub(super) fn encode(event: &Event, outcome: &Outcome) -> Option<Value> {
    match event.kind {
        EventKind::PreToolUse => {
            let word = word(&outcome.decision)?;
            let reason = outcome.decision.text();
            Some(nested("PreToolUse", json!({ "permissionDecision": word, "permissionDecisionReason": reason })))
        }
        EventKind::SessionStart => {
            let context = outcome.context.as_deref()?;
            Some(nested("SessionStart", json!({ "additionalContext": context })))
        }
        _ => None,
    }
}
