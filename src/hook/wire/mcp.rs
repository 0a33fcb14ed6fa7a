//! What a tool of an MCP server does, by its shape: a verb in its name or in one of its arguments, and arguments that
//! name files or hold a command. No server and no tool is known by its name.
//!
//! A server is a stranger: a verb that writes says little where nobody knows what it writes to. So a tool whose name
//! says that it is about files is held to the files that it names, any other to those that are named outright or lie
//! outside.

use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use super::mcp_words::{
    COMMANDS, CWDS, FILES, GOALS, NAMED, OFTEN, ORIGINS, PARTICLES, READS, RUNS, VERBS, WRITES,
};
use super::tools;
use crate::hook::event::{Change, ChangeKind, ToolCall};
use crate::plain;

/// The call of `SERVER__TOOL` or only `TOOL`.
pub(super) fn call(name: &str, input: &Value) -> Result<ToolCall, String> {
    let words = words(name.rsplit("__").next().unwrap_or(name));
    if let Some(command) = shell(&words, input) {
        return Ok(command);
    }
    let other = || Ok(ToolCall::Mcp { name: name.to_owned() });
    let Some((verb, kind)) = verb(&words, input) else { return other() };
    let Some(fields) = input.as_object() else {
        return if is_about_files(&words) { Err(tools::unreadable("an object")) } else { other() };
    };
    let is_remote = ["owner", "repo"].iter().all(|key| fields.get(*key).is_some_and(Value::is_string));
    let about = if is_remote {
        About::Remote
    } else if is_about_files(&words) {
        About::Files
    } else {
        About::Anything
    };
    let mut found = Vec::new();
    gather(fields, about, 2, &mut found)?;
    found.retain(|(key, _)| verb != "copy" || !ORIGINS.contains(&key.as_str()));
    if found.is_empty() {
        return other();
    }
    let (old, new) = tools::texts_of(input);
    let change = |(key, path): (String, PathBuf)| {
        let kind = if kind == ChangeKind::Removed && GOALS.contains(&key.as_str()) {
            ChangeKind::Part
        } else {
            kind
        };
        Change { path, old: old.clone(), new: new.clone(), kind }
    };
    Ok(ToolCall::Edit(found.into_iter().map(change).collect()))
}

/// What a tool is taken to write to.
#[derive(Clone, Copy, PartialEq)]
enum About {
    /// Files here.
    Files,
    /// Nobody knows.
    Anything,
    /// A repository of a forge, whose paths are relative to its own root.
    Remote,
}

/// `createTextFile`, `create_text_file` and `create-text-file` are the same words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() || was_small && character.is_ascii_uppercase() {
            words.push(String::new());
        }
        was_small = !character.is_ascii_uppercase();
        if let Some(word) = words.last_mut().filter(|_| character.is_ascii_alphanumeric()) {
            word.push(character.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    let run_together = |word: String| match writing_prefix(&word) {
        Some((verb, rest)) => vec![verb.to_owned(), rest.to_owned()],
        None => vec![word],
    };
    words.into_iter().flat_map(run_together).collect()
}

/// `writefile`.
fn writing_prefix(word: &str) -> Option<(&str, &str)> {
    let (verb, rest) = WRITES
        .iter()
        .find_map(|(verb, _)| Some((*verb, word.strip_prefix(verb)?)))
        .filter(|(_, rest)| FILES.contains(rest))?;
    Some((verb, rest))
}

/// What writes, with the verb; nothing for a tool that reads.
fn verb(words: &[String], input: &Value) -> Option<(&'static str, ChangeKind)> {
    let writes = |word: &str| WRITES.iter().find(|(verb, _)| *verb == word).copied();
    let joined = words.iter().any(|word| word == "and" || word == "or");
    let first = words.iter().find(|word| READS.contains(&word.as_str()) || writes(word).is_some());
    let named =
        if joined { words.iter().find_map(|word| writes(word)) } else { first.and_then(|w| writes(w)) };
    if first.is_some() && named.is_none() {
        return None;
    }
    let given = VERBS.iter().find_map(|key| input.get(*key)?.as_str());
    let given = given.map(self::words).and_then(|words| {
        words.iter().find(|word| READS.contains(&word.as_str()) || writes(word).is_some()).cloned()
    });
    match given {
        Some(word) => writes(&word),
        None => named,
    }
}

fn is_about_files(words: &[String]) -> bool {
    let says_nothing =
        |word: &String| PARTICLES.contains(&word.as_str()) || WRITES.iter().any(|(verb, _)| verb == word);
    words.iter().any(|word| FILES.contains(&word.as_str())) || words.iter().all(says_nothing)
}

/// A command to run: a text, or the words of one.
fn shell(words: &[String], input: &Value) -> Option<ToolCall> {
    if !words.iter().any(|word| RUNS.contains(&word.as_str())) {
        return None;
    }
    let fields = input.as_object()?;
    let field = |keys: &[&str]| fields.iter().find(|(key, _)| keys.contains(&flat(key).as_str()));
    let (key, value) = field(COMMANDS)?;
    let mut command = match value {
        Value::String(text) => text.clone(),
        Value::Array(texts) if flat(key) == "commands" || texts.len() == 1 => {
            texts.iter().map(bare).collect::<Vec<_>>().join("\n")
        }
        Value::Array(words) => joined(words),
        _ => return None,
    };
    if let Some((_, Value::Array(args))) = field(&["args", "arguments", "argv"]) {
        command = format!("{command} {}", joined(args));
    }
    let cwd = field(CWDS).and_then(|(_, cwd)| cwd.as_str()).filter(|cwd| !cwd.is_empty());
    Some(ToolCall::Shell { command, cwd: cwd.map(PathBuf::from) })
}

fn joined(words: &[Value]) -> String {
    words.iter().map(|word| plain::shell_word(&bare(word))).collect::<Vec<_>>().join(" ")
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn flat(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The files that arguments name, with the argument; `deep` says how many levels are left.
fn gather(
    fields: &Map<String, Value>,
    about: About,
    deep: u32,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), String> {
    for (key, value) in fields {
        let name = flat(key);
        let (is_named, is_often) = (NAMED.contains(&name.as_str()), OFTEN.contains(&name.as_str()));
        match value {
            Value::String(text) if is_named || is_often => {
                found.extend(file(text, about, &name, is_named).map(|path| (name, path)));
            }
            Value::Array(list) => {
                for item in list {
                    match item {
                        Value::String(text) if is_named || is_often => {
                            found.extend(file(text, about, &name, is_named).map(|path| (name.clone(), path)));
                        }
                        Value::Object(fields) if deep > 0 => gather(fields, about, deep - 1, found)?,
                        _ => {}
                    }
                }
            }
            Value::Object(fields) if deep > 0 => gather(fields, about, deep - 1, found)?,
            Value::Number(_) | Value::Bool(_) if about == About::Files && (is_named || name == "path") => {
                return Err(tools::unreadable(&format!("a text `{key}`")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The file that an argument names, if the argument is one here.
fn file(text: &str, about: About, key: &str, is_named: bool) -> Option<PathBuf> {
    if let Some(rest) = text.strip_prefix("file:") {
        let rest = rest.strip_prefix("//localhost").unwrap_or(rest);
        let rest = if rest.starts_with("//") { rest.trim_start_matches('/') } else { rest };
        return Some(PathBuf::from(format!("/{}", unescaped(rest.trim_start_matches('/')))));
    }
    let is_url = ["uri", "url"].contains(&key) && about != About::Files || text.contains("://");
    if text.is_empty() || is_url {
        return None;
    }
    let path = Path::new(text);
    let is_outside = path.is_absolute()
        || text.starts_with('~')
        || path.components().any(|component| component == Component::ParentDir);
    let is_ours = match about {
        About::Files => true,
        About::Anything => is_named,
        // What guards a project stands in places like these; a tool that writes here may take more arguments.
        About::Remote => text.starts_with('.') && !text.starts_with(".github/"),
    };
    (is_outside || is_ours).then(|| path.to_path_buf())
}

/// `%2e` of a URI.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = more.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = more.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(name: &str, input: &Value) -> String {
        match call(name, input) {
            Ok(ToolCall::Shell { command, .. }) => format!("$ {command}"),
            Ok(ToolCall::Edit(changes)) => {
                changes.iter().map(|change| change.path.display().to_string()).collect::<Vec<_>>().join(" ")
            }
            Ok(_) => String::new(),
            Err(_) => "refused".to_owned(),
        }
    }

    #[test]
    fn what_writes_files_is_an_edit_of_them() {
        for (name, input, expected) in [
            ("x__write_file", json!({"path": "a", "content": "b"}), "a"),
            ("x__writeFile", json!({"filePath": "a"}), "a"),
            ("x__writefile", json!({"path": "a"}), "a"),
            ("x__str_replace_editor", json!({"command": "create", "path": "/etc/x"}), "/etc/x"),
            ("x__text_editor", json!({"command": "insert", "path": "/etc/x"}), "/etc/x"),
            ("x__filesystem", json!({"operation": "write", "path": "a"}), "a"),
            ("x__write_file", json!({"files": [{"path": "/etc/x"}, {"path": "b"}]}), "/etc/x b"),
            ("x__write_files", json!({"files": [{"path": "/etc/x"}]}), "/etc/x"),
            ("x__write_file", json!({"uri": "file:///etc/x"}), "/etc/x"),
            ("x__save", json!({"path": "/etc/x"}), "/etc/x"),
            ("x__save", json!({"uri": "file:///etc/%2e%2e/x"}), "/etc/../x"),
            ("x__create_directory", json!({"path": "/etc/x"}), "/etc/x"),
            ("serena__replace_symbol_body", json!({"relative_path": "../../x"}), "../../x"),
            ("jetbrains__replace_text_in_file", json!({"pathInProject": "../../x"}), "../../x"),
            ("x__move_file", json!({"source": "a", "destination": "b"}), "a b"),
            ("x__copy_file", json!({"source": "a", "destination": "b"}), "b"),
            ("x__delete_files", json!({"paths": ["a", "b"]}), "a b"),
            ("x__search_and_replace", json!({"file_path": "a"}), "a"),
            ("x__create_issue", json!({"path": "/etc/x"}), "/etc/x"),
            ("x__create_issue", json!({"file_path": "a"}), "a"),
            ("x__edit", json!({"arguments": {"path": "a"}}), "a"),
            ("github__create_or_update_file", json!({"owner": "o", "repo": "r", "path": "../x"}), "../x"),
            ("x__write_file", json!({"owner": "o", "repo": "r", "path": ".claude/x"}), ".claude/x"),
        ] {
            assert_eq!(told(name, &input), expected, "{name} {input}");
        }
    }

    #[test]
    fn what_runs_a_command_is_a_shell() {
        for (name, input, expected) in [
            ("x__exec", json!({"cmd": ["rm", "-rf", "/"]}), "$ 'rm' '-rf' '/'"),
            ("x__exec", json!({"cmd": ["rm -rf /"]}), "$ rm -rf /"),
            ("x__exec", json!({"cmd": ["echo", "a b"]}), "$ 'echo' 'a b'"),
            ("x__run_command", json!({"command": "ls"}), "$ ls"),
            ("x__runInTerminal", json!({"command": "ls"}), "$ ls"),
            ("x__execute_command", json!({"command": "rm", "args": ["-rf", "/"]}), "$ rm '-rf' '/'"),
            ("x__run_commands", json!({"commands": ["ls", "pwd"]}), "$ ls\npwd"),
            ("x__start_process", json!({"command": "ls"}), "$ ls"),
            ("x__shell", json!({"commandLine": "ls"}), "$ ls"),
        ] {
            assert_eq!(told(name, &input), expected, "{name} {input}");
        }
    }

    #[test]
    fn anything_else_is_left_alone() {
        for (name, input) in [
            ("github__create_issue", json!({"title": "a", "path": "src/a.rs"})),
            ("x__create_issue", json!({"target": "v1", "url": "https://x.example/a"})),
            ("x__get_file", json!({"path": "/etc/x"})),
            ("x__read_file", json!({"path": "../x"})),
            ("x__search", json!({"path": "/etc"})),
            ("x__browser_navigate", json!({"url": "file:///etc/x"})),
            ("memory__create_entities", json!({"entities": [{"name": "a", "file": "src/a.rs"}]})),
            ("x__create_entity", json!({"path": "a"})),
            ("x__query", json!({"sql": "delete from a", "path": "a.db"})),
            ("x__str_replace_editor", json!({"command": "view", "path": "/etc/x"})),
            ("x__execute_sql", json!({"query": "drop table a"})),
            ("x__run_tests", json!({"path": "tests"})),
            ("x__execute", json!({"command": {"find": "users"}})),
            ("github__create_or_update_file", json!({"owner": "o", "repo": "r", "path": "src/a.rs"})),
            ("github__create_or_update_file", json!({"owner": "o", "repo": "r", "path": ".github/x"})),
            ("github__push_files", json!({"owner": "o", "repo": "r", "files": [{"path": "a"}]})),
            ("x__update_page", json!({"target": "intro", "to": "b"})),
            ("x__create_file", json!({"title": "a"})),
            ("x__list_created_files", json!({"path": "/etc"})),
            ("x__save", json!({"url": "https://x.example/a"})),
        ] {
            assert_eq!(told(name, &input), "", "{name} {input}");
        }
    }

    #[test]
    fn a_file_tool_whose_arguments_cannot_be_read_is_refused() {
        for (name, input) in [
            ("x__write_file", json!("x")),
            ("x__write_file", json!({"path": 5})),
            ("x__edit_file", json!({"file_path": true})),
            ("x__delete_file", json!(["x"])),
        ] {
            assert_eq!(told(name, &input), "refused", "{name} {input}");
        }
        for (name, input) in [
            ("x__create_issue", json!("x")),
            ("x__create_issue", json!({"path": 5})),
            ("x__read_file", json!({"path": 5})),
            ("x__write_file", json!({"path": null})),
        ] {
            assert_eq!(told(name, &input), "", "{name} {input}");
        }
    }
}
