//! What a call of a client's tool does. Each client names its tools in a table; what they are given is alike enough
//! to be read in one place. What is not what its tool takes is refused: a client may make more of it than we can.

use serde_json::Value;

use super::{mcp, path, required, text};
use crate::hook::event::{Change, ChangeKind, ToolCall};
use crate::{patch, plain};

/// What a tool of a client does.
#[derive(Clone, Copy)]
pub(super) enum Tool {
    Shell,
    /// A shell whose texts are PowerShell.
    PowerShell,
    /// Writes a file as a whole.
    Write,
    /// Replaces parts of a file.
    Edit,
    Delete,
    /// A patch in Codex's own format.
    Patch,
    Agent,
    Skill,
}

/// The call of the tool `name`, by the client's table.
pub(super) fn call(table: &[(&str, Tool)], name: &str, input: &Value) -> Result<ToolCall, String> {
    if let Some((_, tool)) = table.iter().find(|(known, _)| *known == name) {
        return of(*tool, input);
    }
    match name.strip_prefix("mcp__") {
        Some(name) => mcp::call(name, input),
        None => Ok(ToolCall::Other { name: name.to_owned() }),
    }
}

/// Why a call is refused whose input is not what its tool takes.
pub(super) fn unreadable(missing: &str) -> String {
    format!("the payload of this tool has not {missing}")
}

fn of(tool: Tool, input: &Value) -> Result<ToolCall, String> {
    Ok(match tool {
        Tool::Shell => {
            let cwd = ["cwd", "working_directory", "workdir"].iter().find_map(|key| path(input, key));
            ToolCall::Shell { command: required(input, "command")?, cwd }
        }
        // Quoted for the reader, which sees through `pwsh -Command`.
        Tool::PowerShell => {
            let text = plain::shell_word(&required(input, "command")?);
            ToolCall::Shell { command: format!("pwsh -Command {text}"), cwd: None }
        }
        Tool::Write => edit(input, ChangeKind::Whole)?,
        Tool::Edit => edit(input, ChangeKind::Part)?,
        Tool::Delete => edit(input, ChangeKind::Removed)?,
        Tool::Patch => patched(&required(input, "command")?)?,
        Tool::Agent => ToolCall::Agent {
            kind: first(input, &["subagent_type", "agent_type", "agent"]),
            prompt: first(input, &["prompt", "message", "task"]),
        },
        Tool::Skill => ToolCall::Skill { name: first(input, &["skill", "command", "name"]) },
    })
}

fn first(input: &Value, keys: &[&str]) -> String {
    keys.iter().map(|key| text(input, key)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// A patch has a beginning and an end, and changes something.
fn patched(text: &str) -> Result<ToolCall, String> {
    let has = |mark: &str| text.lines().any(|line| line.trim() == mark);
    let changes = patch::of_codex(text);
    if changes.is_empty() || !has("*** Begin Patch") || !has("*** End Patch") {
        return Err("the patch cannot be read to its end".to_owned());
    }
    Ok(ToolCall::Edit(changes))
}

const FILES: [&str; 5] = ["file_path", "notebook_path", "path", "filePath", "target_file"];

/// One file.
fn edit(input: &Value, kind: ChangeKind) -> Result<ToolCall, String> {
    let texts = FILES.iter().chain(OLD).chain(NEW);
    let odd = texts.filter_map(|key| Some((key, input.get(*key)?))).find(|(_, value)| !value.is_string());
    if let Some((key, _)) = odd {
        return Err(unreadable(&format!("a text `{key}`")));
    }
    if input.get("edits").is_some_and(|edits| !are_edits(edits)) {
        return Err(unreadable("a list `edits`"));
    }
    let file = FILES.iter().find_map(|key| path(input, key));
    let path = file.ok_or_else(|| unreadable("the name of a file"))?;
    let (old, new) = texts_of(input);
    Ok(ToolCall::Edit(vec![Change { path, old, new, kind }]))
}

/// A list of edits, or (Pi) a text that holds one.
fn are_edits(value: &Value) -> bool {
    let is_edit = |edit: &Value| {
        edit.as_object().is_some_and(|fields| {
            OLD.iter().chain(NEW).filter_map(|key| fields.get(*key)).all(Value::is_string)
        })
    };
    match value {
        Value::Array(edits) => edits.iter().all(is_edit),
        Value::String(text) => {
            serde_json::from_str(text).is_ok_and(|edits: Vec<Value>| edits.iter().all(is_edit))
        }
        _ => false,
    }
}

/// What a call takes out and puts in.
pub(super) fn texts_of(input: &Value) -> (String, String) {
    let (old, mut new) = (gathered(input, OLD), gathered(input, NEW));
    if old.is_empty() && new.is_empty() {
        new = everything(input); // a tool that names its texts in words of its own
    }
    (old, new)
}

fn everything(input: &Value) -> String {
    match input {
        Value::String(text) => format!("{text}\n"),
        Value::Array(list) => list.iter().map(everything).collect(),
        Value::Object(fields) => fields.values().map(everything).collect(),
        _ => String::new(),
    }
}

const OLD: &[&str] = &["old_string", "oldText", "oldString", "old_str", "old_text"];
const NEW: &[&str] = &[
    "new_string",
    "newText",
    "newString",
    "new_str",
    "new_text",
    "new_source",
    "content",
    "contents",
    "text",
];

/// Every text below `input` that stands at one of `keys`.
fn gathered(input: &Value, keys: &[&str]) -> String {
    match input {
        Value::Array(list) => list.iter().map(|item| gathered(item, keys)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) if keys.contains(&key.as_str()) => format!("{text}\n"),
                Value::Array(_) | Value::Object(_) => gathered(value, keys),
                _ => String::new(),
            })
            .collect(),
        _ => String::new(),
    }
}
