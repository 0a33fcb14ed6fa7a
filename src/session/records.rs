//! What happened, as JSON lines in the main working tree: sessions and events in `.orchestrator/metrics/`.
//!
//! One writer for all of them. Texts are masked before they are written; command texts do not belong here. What cannot
//! be written is the caller's to judge: the work goes on without a record, never without a state.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::lease::Session;
use crate::guard::consent::masked;
use crate::lines::{self, Keeping};

/// Finished and abandoned sessions, one line each.
pub const SESSIONS: &str = "sessions.jsonl";
/// What happened in them.
pub const EVENTS: &str = "events.jsonl";

const DIR: &str = ".orchestrator/metrics";
/// The version of a line.
const SCHEMA: u32 = 1;
/// The version of a session's line: its names are those of the original.
const SESSION_SCHEMA: u32 = 2;
/// Other names that the fields of a session have had, here and in the original, and the ones that count.
const NAMES: &[(&str, &str)] = &[
    ("each-wave", "waves"),
    ("ended_at", "completed_at"),
    ("completed-at", "completed_at"),
    ("files", "total_files_changed"),
    ("files_changed", "total_files_changed"),
    ("head_ref", "branch"),
    ("id", "session_id"),
    ("mode", "session_type"),
    ("narrative", "notes"),
    ("proposed-learnings", "proposed_learnings"),
    ("seconds", "duration_seconds"),
    ("started-at", "started_at"),
    ("type", "session_type"),
    ("waves_total", "total_waves"),
];
/// Bytes at which a file moves on.
const KEEPING: Keeping = Keeping { private: false, rotate_at: 10 << 20 };

/// Notes an event such as `orchestrator.wave.started`; `fields` is an object.
///
/// # Errors
/// It cannot be written.
pub fn event(project: &Path, now: &str, name: &str, fields: &Value) -> anyhow::Result<()> {
    let mut line = json!({"schema": SCHEMA, "at": now, "event": name});
    join(&mut line, fields);
    append(project, EVENTS, line)
}

/// Notes a finished session; `fields` is an object with its `session_id`.
///
/// # Errors
/// It cannot be written.
pub fn session(project: &Path, fields: &Value) -> anyhow::Result<()> {
    let mut line = json!({"schema_version": SESSION_SCHEMA});
    join(&mut line, fields);
    append(project, SESSIONS, line)
}

/// Notes a session that was given up, once.
///
/// # Errors
/// It cannot be written.
pub fn abandoned(project: &Path, session: &Session, reason: &str, now: &str) -> anyhow::Result<()> {
    if is_noted(project, &session.id) {
        return Ok(());
    }
    self::session(
        project,
        &json!({"session_id": session.id, "label": session.label, "session_type": session.mode,
        "status": "abandoned", "started_at": session.started_at, "completed_at": now, "branch": session.branch,
        "platform": session.holder.platform, "reason": reason}),
    )?;
    sync(project)
}

/// Whether the end of a session stands there.
pub fn is_noted(project: &Path, id: &str) -> bool {
    sessions(project).iter().any(|line| line.get("session_id").is_some_and(|noted| noted == id))
}

/// The sessions that ended, oldest first, whoever wrote their lines: under the names that [`session`] writes.
pub fn sessions(project: &Path) -> Vec<Value> {
    read(project, SESSIONS).into_iter().map(named).collect()
}

/// The last `count` of [`sessions`]; old files that have moved on are not read.
pub fn last_sessions(project: &Path, count: usize) -> Vec<Value> {
    last(project, SESSIONS, count).into_iter().map(named).collect()
}

/// A line with the names that count; a name that is there already stays.
fn named(mut line: Value) -> Value {
    let Some(fields) = line.as_object_mut() else { return line };
    // A number of waves was called as the waves are now.
    if let Some(count) = fields.get("waves").filter(|waves| waves.is_number()).cloned() {
        fields.remove("waves");
        fields.entry("total_waves").or_insert(count);
    }
    for (old, new) in NAMES {
        if let Some(value) = fields.get(*old).filter(|_| !fields.contains_key(*new)).cloned() {
            fields.remove(*old);
            fields.insert((*new).to_owned(), value);
        }
    }
    let tasks = fields.get("effectiveness").map(|all| {
        let number = |name: &str| all.get(name).cloned().unwrap_or_default();
        json!({"planned": number("planned_issues"), "done": number("completed")})
    });
    if let Some(tasks) = tasks {
        fields.entry("tasks").or_insert(tasks);
    }
    line
}

/// Sees to it that all records outlive the machine: a session has ended.
///
/// # Errors
/// The disk does not take them.
pub fn sync(project: &Path) -> anyhow::Result<()> {
    for name in [SESSIONS, EVENTS] {
        let path = dir(project).join(name);
        lines::sync(&path).with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}

/// The lines of one of the files, oldest first.
pub fn read(project: &Path, name: &str) -> Vec<Value> {
    lines::read(&dir(project).join(name))
}

/// The last `count` lines of one of the files, oldest first; old files that have moved on are not read.
pub fn last(project: &Path, name: &str, count: usize) -> Vec<Value> {
    lines::last(&dir(project).join(name), count)
}

/// Where the records of `project` stand: in the main working tree, whichever tree they speak of.
pub fn dir(project: &Path) -> PathBuf {
    main_tree(project).join(DIR)
}

/// The main working tree of the repository that `project` belongs to; itself without one.
pub fn main_tree(project: &Path) -> PathBuf {
    let main = git2::Repository::open(project).ok().filter(git2::Repository::is_worktree);
    let main = main.and_then(|repository| repository.commondir().parent().map(Path::to_path_buf));
    main.unwrap_or_else(|| project.to_path_buf())
}

fn append(project: &Path, name: &str, mut line: Value) -> anyhow::Result<()> {
    mask(&mut line);
    let path = dir(project).join(name);
    lines::append(&path, &line, KEEPING).with_context(|| format!("failed to write `{}`", path.display()))
}

fn join(line: &mut Value, fields: &Value) {
    if let (Some(line), Some(fields)) = (line.as_object_mut(), fields.as_object()) {
        line.extend(fields.clone());
    }
}

/// Hides what looks secret in every text of a value.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => fields.values_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_have_one_set_of_names_whoever_wrote_them() {
        let ours = json!({"id": "a", "mode": "deep", "started-at": "x", "waves": 2, "each-wave": [{"wave": 1}], "label": "l"});
        let expected = json!({"session_id": "a", "session_type": "deep", "started_at": "x", "total_waves": 2,
            "waves": [{"wave": 1}], "label": "l"});
        assert_eq!(named(ours), expected);
        assert_eq!(named(expected.clone()), expected);
        let theirs = named(json!({"session_id": "b", "type": "feature", "ended_at": "y",
            "effectiveness": {"planned_issues": 3, "completed": 1}}));
        assert_eq!((&theirs["session_type"], &theirs["completed_at"]), (&json!("feature"), &json!("y")));
        assert_eq!(theirs["tasks"], json!({"planned": 3, "done": 1}));
        assert_eq!(named(json!([1])), json!([1]));
    }

    #[test]
    fn secrets_are_hidden_and_writers_do_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..64 {
                let project = dir.path();
                scope.spawn(move || {
                    let fields = json!({"writer": writer, "text": "PASSWORD=hunter2secret"});
                    event(project, "2026-01-01T00:00:00Z", "orchestrator.test.ran", &fields).unwrap();
                });
            }
        });
        let lines = read(dir.path(), EVENTS);
        assert_eq!(lines.len(), 64);
        assert!(!lines[0].to_string().contains("hunter2secret"), "{}", lines[0]);
    }
}
