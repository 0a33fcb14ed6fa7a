//! What each client sends and what it understands, one file a client.

mod claude;
mod codex;
mod cursor;
mod mcp;
mod mcp_words;
mod pi;
mod tools;

use std::path::PathBuf;

use serde_json::Value;

use super::event::{Event, EventKind};
use super::outcome::Outcome;
use super::world::World;

/// Bytes for the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// For the client to parse.
    pub stdout: String,
    /// For the client to show.
    pub stderr: String,
    /// The exit code.
    pub code: u8,
}

impl Reply {
    /// Nothing to say: the client goes on as if there were no hook. No client ever gets a consent from us, because
    /// that would skip its own permission prompt.
    pub fn silence() -> Self {
        Self::default()
    }

    /// One JSON object on stdout.
    fn json(value: &Value) -> Self {
        Self { stdout: format!("{value}\n"), ..Self::default() }
    }

    /// Whether the client is told not to run the call.
    pub(super) fn refuses(&self) -> bool {
        self.code != 0 || self.stdout.contains("\"deny\"") || self.stdout.contains("\"block\"")
    }
}

/// One client's protocol.
pub trait Wire: Sync {
    /// The canonical event that the client calls `native`.
    fn kind(&self, native: &str) -> Option<EventKind>;

    /// Reads one payload.
    ///
    /// # Errors
    /// What is missing, as a clause.
    fn decode(&self, kind: EventKind, native: &str, payload: &Value) -> Result<Event, String>;

    /// Whether the client was seen to ask a person when told `ask`, in this session.
    fn asks(&self, event: &Event, world: &World) -> bool;

    /// Whether a person can answer in the chat of this session.
    fn has_chat(&self, event: &Event, _world: &World) -> bool {
        event.has_person
    }

    /// Whether the answer to an event has room for text that the model gets.
    fn carries(&self, kind: EventKind, native: &str) -> bool;

    /// The events that the client has no event for, and that are seen in its others.
    fn emulated(&self) -> &'static [EventKind];

    /// Writes the answer, with no key that the client would not accept; what has no form there is left out.
    fn encode(&self, kind: EventKind, native: &str, outcome: &Outcome) -> Reply;
}

/// The wire of a platform.
pub fn of(platform: &str) -> Option<&'static dyn Wire> {
    match platform {
        "claude" => Some(&claude::Claude),
        "codex" => Some(&codex::Codex),
        "cursor" => Some(&cursor::Cursor),
        "pi" => Some(&pi::Pi),
        _ => None,
    }
}

/// A string of the payload, empty when it is not there.
fn text(payload: &Value, key: &str) -> String {
    payload.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A path of the payload.
fn path(payload: &Value, key: &str) -> Option<PathBuf> {
    payload.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(PathBuf::from)
}

/// A string that must be there.
fn required(payload: &Value, key: &str) -> Result<String, String> {
    payload
        .get(key)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("the payload has no text `{key}`"))
}

/// The working directory, which every judgement needs.
fn cwd(payload: &Value, kind: EventKind) -> Result<PathBuf, String> {
    match path(payload, "cwd") {
        Some(cwd) if cwd.is_absolute() => Ok(cwd),
        _ if kind.is_guard() => Err("the payload has no absolute `cwd`".to_owned()),
        other => Ok(other.unwrap_or_default()),
    }
}

/// What a tool answered, as one text: the parts of its content, or its fields as JSON.
fn shown(response: &Value) -> String {
    match response {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().map(|part| text(part, "text")).filter(|text| !text.is_empty());
            texts.collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

/// Fields of a tool's input that explain the call to people and differ between two calls that do the same.
const EXPLAINS: &[&str] = &["description", "explanation", "title", "justification", "reason", "timeout"];

/// What a tool was given, in a form in which two calls that do the same are equal; empty before a call.
pub(super) fn input(kind: EventKind, payload: &Value) -> String {
    let input = ["tool_input", "input"].iter().find_map(|key| payload.get(key)).filter(|_| !kind.is_guard());
    match input {
        Some(Value::Object(fields)) => {
            let telling = fields.iter().filter(|(key, _)| !EXPLAINS.contains(&key.as_str()));
            Value::Object(telling.map(|(key, value)| (key.clone(), value.clone())).collect()).to_string()
        }
        Some(other) => other.to_string(),
        // Cursor's afterFileEdit is its own input.
        None => {
            ["file_path", "edits"].iter().filter_map(|key| payload.get(key)).map(Value::to_string).collect()
        }
    }
}
