//! What a call of a client's tool does. Each client names its tools in a table; what they are given is alike enough
//! to be read in one place. A tool of an MCP server is known by its verb, whatever server it belongs to.

use serde_json::Value;

use super::{path, required, text};
use crate::hook::event::{Change, ChangeKind, ToolCall};
use crate::patch::{self, Part, Stretch};
use crate::plain;

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

/// Verbs of MCP servers that touch files or run commands, without `_` and `-`. From the reference servers of the
/// protocol and what widely used ones call the same.
const MCP: &[(&str, Tool)] = &[
    ("bash", Tool::Shell),
    ("createfile", Tool::Write),
    ("createtextfile", Tool::Write),
    ("deletefile", Tool::Delete),
    ("editfile", Tool::Edit),
    ("execute", Tool::Shell),
    ("executecommand", Tool::Shell),
    ("executeshellcommand", Tool::Shell),
    ("movefile", Tool::Delete),
    ("replaceinfile", Tool::Edit),
    ("runcommand", Tool::Shell),
    ("runshellcommand", Tool::Shell),
    ("runinterminal", Tool::Shell),
    ("shell", Tool::Shell),
    ("startprocess", Tool::Shell),
    ("strreplace", Tool::Edit),
    ("terminal", Tool::Shell),
    ("writefile", Tool::Write),
    ("writetofile", Tool::Write),
];

/// The call of the tool `name`, by the client's table.
pub(super) fn call(table: &[(&str, Tool)], name: &str, input: &Value) -> Result<ToolCall, String> {
    if let Some((_, tool)) = table.iter().find(|(known, _)| *known == name) {
        return of(*tool, input);
    }
    match name.strip_prefix("mcp__") {
        Some(name) => Ok(mcp(name, input)),
        None => Ok(ToolCall::Other { name: name.to_owned() }),
    }
}

/// The call of an MCP server's tool, `SERVER__TOOL` or only `TOOL`; what does not look like its verb is left alone.
pub(super) fn mcp(name: &str, input: &Value) -> ToolCall {
    let verb = name.rsplit("__").next().unwrap_or(name);
    let verb: String =
        verb.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let known = MCP.iter().find(|(known, _)| *known == verb);
    let call = known.and_then(|(_, tool)| of(*tool, input).ok());
    call.filter(|call| !matches!(call, ToolCall::Edit(changes) if changes.is_empty()))
        .unwrap_or_else(|| ToolCall::Mcp { name: name.to_owned() })
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
        Tool::Write => edit(input, ChangeKind::Whole),
        Tool::Edit => edit(input, ChangeKind::Part),
        Tool::Delete => edit(input, ChangeKind::Removed),
        Tool::Patch => {
            let changes = patch::of_codex(&required(input, "command")?);
            ToolCall::Edit(changes.ok_or("it is no patch that can be read")?)
        }
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

/// One file, and for a move the place it goes to.
fn edit(input: &Value, kind: ChangeKind) -> ToolCall {
    const FILES: [&str; 6] = ["file_path", "notebook_path", "path", "filePath", "relative_path", "source"];
    let file = FILES.iter().find_map(|key| path(input, key));
    let to = path(input, "destination").map(|path| Change { path, ..Change::default() });
    let (old, mut new) = (gathered(input, OLD), gathered(input, NEW));
    if old.is_empty() && new.is_empty() {
        new = everything(input); // a tool that names its texts in words of its own
    }
    let is_moved = kind == ChangeKind::Removed && to.is_some();
    let kind = if is_moved { ChangeKind::Moved } else { kind };
    let parts = if kind == ChangeKind::Part { parts(input) } else { Vec::new() };
    let change = file.map(|path| Change { path, old, new, kind, parts });
    ToolCall::Edit(change.into_iter().chain(to).collect())
}

/// Every replacement that `input` names, in its order.
fn parts(input: &Value) -> Vec<Part> {
    let said = |keys: &[&str]| keys.iter().find_map(|key| input.get(key)?.as_str()).map(str::to_owned);
    let is_all = ["replace_all", "replaceAll"].iter().any(|key| input.get(key) == Some(&Value::Bool(true)));
    let stretch = if is_all { Stretch::All } else { Stretch::First };
    let own = match (said(OLD), said(NEW)) {
        (None, None) => None,
        (old, new) => {
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            Some(Part { old, new, stretch, behind: None })
        }
    };
    let inner: &mut dyn Iterator<Item = &Value> = match input {
        Value::Array(list) => &mut list.iter(),
        Value::Object(fields) => &mut fields.values(),
        _ => &mut std::iter::empty(),
    };
    own.into_iter().chain(inner.flat_map(parts).collect::<Vec<_>>()).collect()
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
