//! Claude Code 2.1.197. Unknown keys of a reply are ignored; exit 1, bad JSON and timeouts let the call through.

use serde_json::{Map, Value, json};

use super::tools::{self, Tool};
use super::{Reply, Wire, cwd, required, text};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind, ToolResult};
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
        event(kind, payload, TOOLS)
    }

    /// Headless runs (`CLAUDE_CODE_ENTRYPOINT` other than `cli`) have nobody to ask.
    fn asks(&self, event: &Event, world: &World) -> bool {
        world.entrypoint == "cli"
            && event.agent.is_none()
            && ASKING_MODES.contains(&event.permission_mode.as_str())
    }

    fn has_chat(&self, _event: &Event, world: &World) -> bool {
        world.entrypoint == "cli"
    }

    fn carries(&self, kind: EventKind, _native: &str) -> bool {
        CARRIES.contains(&kind)
    }

    fn emulated(&self) -> &'static [EventKind] {
        &[EventKind::CwdChanged]
    }

    fn encode(&self, kind: EventKind, native: &str, outcome: &Outcome) -> Reply {
        reply(kind, outcome, self.carries(kind, native))
    }
}

/// Cursor calls the shell `Shell` when it runs hooks that are wired for Claude Code.
const TOOLS: &[(&str, Tool)] = &[
    ("Bash", Tool::Shell),
    ("Shell", Tool::Shell),
    ("PowerShell", Tool::PowerShell),
    ("Edit", Tool::Edit),
    ("MultiEdit", Tool::Edit),
    ("NotebookEdit", Tool::Edit),
    ("Write", Tool::Write),
    ("Agent", Tool::Agent),
    ("Task", Tool::Agent),
    ("Skill", Tool::Skill),
];

/// The payload that Claude Code and Codex share; the names of tools are each one's own.
pub(super) fn event(kind: EventKind, payload: &Value, table: &[(&str, Tool)]) -> Result<Event, String> {
    let about_a_tool = payload.get("tool_name").is_some() || kind.is_guard();
    let tool = || {
        let input = payload.get("tool_input").unwrap_or(&Value::Null);
        tools::call(table, &required(payload, "tool_name")?, input)
    };
    let reason = if kind == EventKind::SessionEnd { "reason" } else { "source" };
    Ok(Event {
        kind,
        session: text(payload, "session_id"),
        cwd: cwd(payload, kind)?,
        agent: payload.get("agent_id").and_then(Value::as_str).map(str::to_owned),
        agent_type: text(payload, "agent_type"),
        turn: [text(payload, "turn_id"), text(payload, "prompt_id")].concat(),
        permission_mode: text(payload, "permission_mode"),
        has_person: true,
        tool: if about_a_tool { Some(tool()?) } else { None },
        input: String::new(),
        call: text(payload, "tool_use_id"),
        result: result(kind, payload),
        prompt: text(payload, "prompt"),
        said: text(payload, "last_assistant_message"),
        reason: text(payload, reason),
        is_again: payload.get("stop_hook_active").and_then(Value::as_bool).unwrap_or(false),
        ..Event::default()
    })
}

fn result(kind: EventKind, payload: &Value) -> Option<ToolResult> {
    match kind {
        // A call that failed has an event of its own.
        EventKind::PostToolUse => Some(ToolResult {
            failed: Some(false),
            text: payload.get("tool_response").map(super::shown).unwrap_or_default(),
        }),
        EventKind::PostToolUseFailure => {
            Some(ToolResult { failed: Some(true), text: text(payload, "error") })
        }
        _ => None,
    }
}

/// The reply that Claude Code and Codex share; it holds the keys that Codex knows and not one more.
pub(super) fn reply(kind: EventKind, outcome: &Outcome, carries: bool) -> Reply {
    let mut reply = Map::new();
    let mut output = Map::new();
    if kind.is_guard() && outcome.decision() != Decision::Allow {
        let word = if outcome.decision() == Decision::Ask { "ask" } else { "deny" };
        output.insert("permissionDecision".into(), json!(word));
        output.insert("permissionDecisionReason".into(), json!(outcome.reason()));
    }
    if carries && !outcome.text().is_empty() {
        output.insert("additionalContext".into(), json!(outcome.text()));
    }
    if kind.is_end_of_turn() && !outcome.unfinished().is_empty() {
        reply.insert("decision".into(), json!("block"));
        reply.insert("reason".into(), json!(outcome.unfinished()));
    }
    if kind == EventKind::UserPromptSubmit && !outcome.kept_back().is_empty() {
        reply.insert("decision".into(), json!("block"));
        reply.insert("reason".into(), json!(outcome.kept_back()));
    }
    if kind != EventKind::SessionEnd && !outcome.notes().is_empty() {
        reply.insert("systemMessage".into(), json!(outcome.notes()));
    }
    if !output.is_empty() {
        output.insert("hookEventName".into(), json!(kind.name()));
        reply.insert("hookSpecificOutput".into(), Value::Object(output));
    }
    if reply.is_empty() { Reply::silence() } else { Reply::json(&Value::Object(reply)) }
}

/// Events whose answer was seen to reach the next request to the model.
const CARRIES: &[EventKind] = &[
    EventKind::SessionStart,
    EventKind::SubagentStart,
    EventKind::UserPromptSubmit,
    EventKind::PreToolUse,
    EventKind::PostToolUse,
    EventKind::PostToolUseFailure,
    EventKind::PostToolBatch,
];
