//! The clients' own forms: one file each, decode and encode.

mod claude;
mod codex;
mod cursor;
mod patch;
mod pi;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Decision, Event, EventKind, Outcome, Platform, Reply, ToolCall, World};

pub(super) use cursor::is_wired as cursor_is_wired;

/// The event in a client's payload.
pub fn decode(platform: Platform, kind: EventKind, native: &str, payload: &Value, world: &World<'_>) -> Event {
    let event = Event::bare(platform, kind, native);
    match platform {
        Platform::Claude => claude::decode(event, payload, world),
        Platform::Codex => codex::decode(event, payload, world),
        Platform::Cursor => cursor::decode(event, payload, world),
        Platform::Pi => pi::decode(event, payload, world),
    }
}

/// An outcome in the form that the client of `event` obeys. Allowing is silence.
pub fn encode(event: &Event, outcome: &Outcome) -> Reply {
    let mut outcome = outcome.clone();
    if !event.asks {
        outcome.decision = outcome.decision.without_asking();
    }
    let stdout = match event.platform {
        Platform::Claude | Platform::Codex => claude::encode(event, &outcome),
        Platform::Cursor => cursor::encode(event, &outcome),
        Platform::Pi => pi::encode(event, &outcome),
    };
    Reply { stdout: stdout.map(|value| format!("{value}\n")).unwrap_or_default(), ..Reply::silence() }
}

/// A text of a payload; empty ones count as missing.
fn text(payload: &Value, key: &str) -> Option<String> {
    payload.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn cwd(payload: &Value, world: &World<'_>) -> PathBuf {
    let given = text(payload, "cwd").map(PathBuf::from);
    let root = || payload.get("workspace_roots")?.get(0)?.as_str().map(PathBuf::from);
    given.or_else(root).filter(|path| path.is_absolute()).unwrap_or_else(|| world.cwd.clone())
}

/// A command: a text, or the words of a command line.
fn command(input: &Value, key: &str) -> Option<String> {
    match input.get(key)? {
        Value::String(command) => Some(command.clone()),
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            Some(words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    }
}

/// What a tool call does, by the names that clients give their tools (Claude Code 2.1.197, Codex CLI 0.169.0,
/// Cursor 3, Pi 0.73.1; a client that imports another's hooks may use either's names).
fn tool_call(name: &str, input: &Value) -> ToolCall {
    let other = || ToolCall::Other { tool: name.to_owned() };
    let path = |keys: &[&str]| keys.iter().find_map(|key| text(input, key)).map(PathBuf::from);
    match name {
        "Bash" | "Shell" | "bash" | "shell" | "exec_command" | "local_shell" | "run_terminal_cmd" => {
            let found = command(input, "command").or_else(|| command(input, "cmd"));
            // A shell call without a command cannot be judged; the guard refuses an unreadable text.
            ToolCall::Shell { command: found.unwrap_or_else(|| "\"".to_owned()) }
        }
        "Edit" | "Write" | "MultiEdit" | "NotebookEdit" | "edit" | "write" => {
            match path(&["file_path", "notebook_path", "path", "target_file"]) {
                Some(path) => ToolCall::Edit { paths: vec![path] },
                None => other(),
            }
        }
        "Delete" | "delete_file" => match path(&["file_path", "path", "target_file"]) {
            Some(path) => ToolCall::Delete { path },
            None => other(),
        },
        "apply_patch" => {
            let patch = command(input, "command").or_else(|| text(input, "input")).unwrap_or_default();
            ToolCall::ApplyPatch { paths: patch::paths(&patch) }
        }
        "Agent" | "Task" | "spawn_agent" => {
            let agent = ["subagent_type", "agent_type", "type"].iter().find_map(|key| text(input, key));
            ToolCall::Agent { agent: agent.unwrap_or_default() }
        }
        "Skill" => ToolCall::Skill { skill: text(input, "skill").unwrap_or_default() },
        _ if name.starts_with("mcp__") || name.starts_with("MCP:") => mcp(name, input),
        _ => other(),
    }
}

/// A tool of an MCP server, with its command if it takes one under a usual name.
fn mcp(name: &str, input: &Value) -> ToolCall {
    let found = ["command", "cmd", "script", "shell_command"].iter().find_map(|key| command(input, key));
    ToolCall::Mcp { tool: name.to_owned(), command: found }
}

/// A decision in the nested form that Claude Code and Codex share.
fn nested(native: &str, fields: Value) -> Value {
    let mut inner = json!({ "hookEventName": native });
    if let (Some(inner), Value::Object(fields)) = (inner.as_object_mut(), fields) {
        inner.extend(fields);
    }
    json!({ "hookSpecificOutput": inner })
}

/// Whether `path` holds one of our Cursor entries.
fn mentions_cursor_hook(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains(" hook cursor "))
}

/// The word of a decision; none for allow.
fn word(decision: &Decision) -> Option<&'static str> {
    match decision {
        Decision::Allow => None,
        Decision::Ask(_) => Some("ask"),
        Decision::Deny(_) => Some("deny"),
    }
}
