//! Pi (events recorded from 0.73.1), through our extension, which sends the event with `cwd`, `hasUI` and
//! `session_id` and takes one JSON object: `{"block": true, "reason"}`, `{"ask", "reason"}`, `{"context"}`.

use serde_json::{Value, json};

use super::{cwd, text, tool_call};
use crate::hook::{Decision, Event, EventKind, Outcome, World};

pub(super) fn decode(mut event: Event, payload: &Value, world: &World<'_>) -> Event {
    event.session = text(payload, "session_id");
    event.cwd = cwd(payload, world);
    event.source = text(payload, "reason");
    event.asks = payload.get("hasUI").and_then(Value::as_bool).unwrap_or_default();
    if event.kind == EventKind::PreToolUse {
        let name = text(payload, "toolName").unwrap_or_default();
        event.tool = Some(tool_call(&name, payload.get("input").unwrap_or(&Value::Null)));
    }
    event
}

pub(super) fn encode(event: &Event, outcome: &Outcome) -> Option<Value> {
    let reason = outcome.decision.text();
    match (event.kind, &outcome.decision) {
        (EventKind::PreToolUse, Decision::Deny(_)) => Some(json!({ "block": true, "reason": reason })),
        (EventKind::PreToolUse, Decision::Ask(_)) => Some(json!({ "ask": format!("{reason}\nRun it?"), "reason": reason })),
        (EventKind::SessionStart, _) => Some(json!({ "context": outcome.context.as_deref()? })),
        _ => None,
    }
}
