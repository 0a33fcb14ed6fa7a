//! What is fuzzed, and what must hold for any input. The tests replay the kept corpus through the same functions.

use std::path::{Path, PathBuf};

use so::guard::{Context, Decision, check, shell::read};
use so::hook::event::EventKind;
use so::hook::wire::{self, Reply};
use so::hook::world::World;
use so::hook::{Call, answer};

/// Any text for the guard: the reader stays within its budget, and what it could not read is never allowed.
pub(super) fn shell(text: &str) {
    let script = read(text);
    assert!(script.steps <= text.len() * 65 + 70_000, "{} steps for {} bytes", script.steps, text.len());
    let verdict = check(text, &context());
    assert!(script.limit.is_none() || verdict.decision() > Decision::Allow, "{:?} was allowed", script.limit);
}

/// Any payload for any client: the first byte chooses client and event, the rest is the payload.
pub(super) fn wire(data: &[u8]) {
    let Some((first, payload)) = data.split_first() else { return };
    let Some((platform, event)) = EVENTS.get(usize::from(*first) % EVENTS.len()) else { return };
    let call = Call { platform: (*platform).into(), event: (*event).into(), from_project: false };
    let reply = answer(&call, payload, &World::default());
    let guard = wire::of(platform).and_then(|wire| wire.kind(event)).is_none_or(EventKind::is_guard);
    assert!(reply.code == 0 || guard && reply.code == 2 && !reply.stderr.is_empty(), "{reply:?}");
    assert!(reply.stdout.is_empty() || is_object(reply.stdout.as_bytes()), "{reply:?}");
    assert!(guard || !refuses(&reply), "an observer refused: {reply:?}");
    assert!(!guard || is_object(payload) || refuses(&reply), "what cannot be read went through: {reply:?}");
}

/// Clients and their own names of events; the last is one that no version knows.
const EVENTS: &[(&str, &str)] = &[
    ("claude", "PreToolUse"),
    ("codex", "PreToolUse"),
    ("cursor", "beforeShellExecution"),
    ("cursor", "preToolUse"),
    ("cursor", "beforeMCPExecution"),
    ("pi", "tool_call"),
    ("claude", "SessionStart"),
    ("codex", "SessionStart"),
    ("cursor", "sessionStart"),
    ("pi", "session_start"),
    ("claude", "SessionEnd"),
    ("codex", "SessionEnd"),
    ("cursor", "sessionEnd"),
    ("pi", "session_shutdown"),
    ("claude", "PostToolUse"),
    ("codex", "PostToolUse"),
    ("cursor", "postToolUse"),
    ("cursor", "afterFileEdit"),
    ("pi", "tool_result"),
    ("claude", "PostToolUseFailure"),
    ("cursor", "postToolUseFailure"),
    ("claude", "PostToolBatch"),
    ("pi", "turn_end"),
    ("claude", "Stop"),
    ("codex", "Stop"),
    ("cursor", "stop"),
    ("pi", "agent_end"),
    ("claude", "SubagentStart"),
    ("codex", "SubagentStart"),
    ("cursor", "subagentStart"),
    ("claude", "SubagentStop"),
    ("codex", "SubagentStop"),
    ("cursor", "subagentStop"),
    ("claude", "UserPromptSubmit"),
    ("codex", "UserPromptSubmit"),
    ("cursor", "beforeSubmitPrompt"),
    ("pi", "input"),
    ("claude", "NoSuchEvent"),
];

fn is_object(text: &[u8]) -> bool {
    matches!(
        serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)),
        Ok(serde_json::Value::Object(_))
    )
}

fn refuses(reply: &Reply) -> bool {
    reply.code == 2 || reply.stdout.contains("\"deny\"") || reply.stdout.contains("\"block\"")
}

/// A project in which everything counts as unsaved.
fn context() -> Context {
    let project = PathBuf::from("/srv/work/project");
    Context {
        cwd: project.clone(),
        project: Some(project),
        home: Some(PathBuf::from("/home/user")),
        tmpdir: None,
        temp: vec![PathBuf::from("/tmp")],
        assume_dirty: true,
        notes: true,
        ..Context::at(Path::new("/srv/work/project"))
    }
}
