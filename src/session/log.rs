//! The records of a project read back: their last lines, and what in them is not as it should be.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;

use super::{learn, records};
use crate::store::Store;
use crate::{lines, plain};

/// Which records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// What happened: sessions and waves that began and ended.
    Events,
    /// Sessions that ended.
    Sessions,
    /// Subagents that began and ended; kept outside the project.
    Agents,
    /// What sessions learned.
    Learnings,
    /// What of it waits for the person, and what they decided.
    Proposals,
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Events, Self::Sessions, Self::Agents, Self::Learnings, Self::Proposals];

    /// The file. Agents stand in the memory of the project below `state`; without it they stand nowhere.
    pub fn path(self, project: &Path, state: Option<&Path>) -> Option<PathBuf> {
        Some(match self {
            Self::Events => records::dir(project).join(records::EVENTS),
            Self::Sessions => records::dir(project).join(records::SESSIONS),
            Self::Agents => Store::of(state?, project).path("agents.jsonl"),
            Self::Learnings => learn::ledger::path(project),
            Self::Proposals => learn::proposal::path(project),
        })
    }
}

/// The last `count` lines, oldest first.
pub fn tail(project: &Path, state: Option<&Path>, which: Which, count: usize) -> Vec<Value> {
    which.path(project, state).map(|path| lines::last(&path, count)).unwrap_or_default()
}

/// One line for people: when, what, and the rest in short.
pub fn line(record: &Value) -> String {
    let empty = serde_json::Map::new();
    let fields = record.as_object().unwrap_or(&empty);
    let first =
        |names: &[&str]| names.iter().find_map(|name| fields.get(*name)).map(word).unwrap_or_default();
    let at = match fields.get("at").and_then(Value::as_u64) {
        Some(ms) => crate::clock::moment_of(ms),
        None => first(&[
            "at",
            "completed_at",
            "completed-at",
            "started_at",
            "started-at",
            "timestamp",
            "created_at",
        ]),
    };
    let what = first(&["event", "status", "type"]);
    let said = ["at", "event", "schema", "schema_version", "completed_at", "completed-at"];
    let rest = fields.iter().filter(|(name, value)| !said.contains(&name.as_str()) && is_plain(value));
    let rest: Vec<String> = rest.map(|(name, value)| format!("{name}={}", word(value))).collect();
    plain::line(&format!("{at:<20}  {what}  {}", rest.join(" ")), 160)
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => plain::line(text, 48),
        Value::Array(items) => items.len().to_string(),
        other => plain::line(&other.to_string(), 48),
    }
}

/// Something in the records that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, as a clause.
    pub why: String,
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Files with the number of their lines.
    pub files: Vec<(String, usize)>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// Reads every line of all records, those that have moved on too.
///
/// # Errors
/// A file is there and cannot be read.
pub fn verify(project: &Path, state: Option<&Path>) -> anyhow::Result<Verified> {
    let mut all = Verified::default();
    for which in Which::ALL {
        let Some(path) = which.path(project, state) else { continue };
        for path in lines::backups(&path).into_iter().filter(|path| path.exists()) {
            let name = path.strip_prefix(project).unwrap_or(&path).display().to_string();
            let text =
                std::fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
            let texts: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            let used = texts.iter().enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
            let faults = used.clone().filter_map(|(at, line)| {
                let why = fault(which, line)?;
                Some(Fault { path: name.clone(), line: at + 1, why })
            });
            all.faults.extend(faults);
            all.files.push((name.clone(), used.count()));
        }
    }
    Ok(all)
}

/// What is wrong with one line.
fn fault(which: Which, line: &[u8]) -> Option<String> {
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(error) => return Some(format!("no JSON: {error}")),
    };
    let Some(fields) = value.as_object() else { return Some("it is no object".to_owned()) };
    let has =
        |names: &[&str]| names.iter().any(|name| fields.get(*name).is_some_and(|value| !value.is_null()));
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    if which != Which::Learnings && !has(&["schema", "schema_version"]) {
        return Some("it has no `schema`".to_owned());
    }
    let missing = match which {
        Which::Events if !is_name(text("event")) => "`event` is no `orchestrator.<domain>.<verb>`",
        Which::Events | Which::Agents if !has(&["at", "timestamp"]) => "it has no `at`",
        Which::Agents | Which::Proposals if !has(&["event"]) => "it has no `event`",
        Which::Proposals if !has(&["id"]) => "it has no `id`",
        Which::Sessions if !has(&["id", "session_id", "session"]) => "it has no `id`",
        Which::Learnings if has(&["change"]) && !has(&["id"]) => "it has no `id`",
        Which::Learnings if !has(&["insight", "text", "change"]) => "it has no `insight`",
        _ => return None,
    };
    Some(missing.to_owned())
}

/// The form of an event's name.
fn is_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let is_word = |part: &&str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || b"_-".contains(&byte))
    };
    parts.len() >= 3 && parts.first() == Some(&"orchestrator") && parts.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_wrong_with_it() {
        for (which, line, expected) in [
            (Which::Events, r#"{"schema":1,"at":"x","event":"orchestrator.wave.started"}"#, None),
            (
                Which::Events,
                r#"{"schema_version":1,"timestamp":"x","event":"orchestrator.session.lock.acquired"}"#,
                None,
            ),
            (Which::Events, r#"{"schema":1,"at":"x","event":"stagnation"}"#, Some("`event` is no")),
            (Which::Events, r#"{"schema":1,"event":"orchestrator.wave.started"}"#, Some("no `at`")),
            (Which::Events, r#"{"at":1"#, Some("no JSON")),
            (Which::Events, "[1]", Some("no object")),
            (Which::Sessions, r#"{"schema":1,"id":"a"}"#, None),
            (Which::Sessions, r#"{"id":"a"}"#, Some("no `schema`")),
            (Which::Sessions, r#"{"schema":1}"#, Some("no `id`")),
            (Which::Agents, r#"{"schema":1,"at":5}"#, Some("no `event`")),
            (Which::Proposals, r#"{"schema_version":1,"id":"a","event":"approved"}"#, None),
            (Which::Proposals, r#"{"schema_version":1,"event":"approved"}"#, Some("no `id`")),
            (Which::Learnings, r#"{"insight":"a"}"#, None),
            (Which::Learnings, r#"{"id":"a","change":"confirmed"}"#, None),
            (Which::Learnings, r#"{"change":"confirmed"}"#, Some("no `id`")),
            (Which::Learnings, "{}", Some("no `insight`")),
        ] {
            let found = fault(which, line.as_bytes());
            match expected {
                None => assert_eq!(found, None, "{line}"),
                Some(part) => {
                    assert!(found.as_deref().is_some_and(|found| found.contains(part)), "{line}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn a_record_is_one_line() {
        let record = serde_json::json!({"schema": 1, "at": "2026-01-01T00:00:00Z", "event": "orchestrator.wave.started", "wave": 2, "tasks": ["a", "b"], "step": {"x": 1}});
        assert_eq!(line(&record), "2026-01-01T00:00:00Z orchestrator.wave.started wave=2 tasks=2");
    }
}
