//! A session begins, is taken up again, or is given up. Everything it writes can be written twice.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::gate;
use super::lease::{FILE, Holder, Life, Session};
use super::mode::Mode;
use super::open::STATE;
use super::plan;
use super::records;
use super::state::{self, Document};
use crate::{fs, git};

const TEMPLATE: &str = include_str!("../../templates/STATE.md");
const IGNORE: &str = include_str!("../../templates/orchestrator.gitignore");
const IGNORE_FILE: &str = ".orchestrator/.gitignore";

/// Sections that a new session takes over from the last one.
const SURVIVES: [&str; 2] = ["What Not To Retry", "Open Questions"];
/// Lines of the last session's history that are kept.
const HISTORY: usize = 40;

/// Why a session does not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Another one holds the working tree.
    #[error("session {0} holds this working tree")]
    Held(String, Life),
    /// There is none that could be taken up or given up.
    #[error("no session is open in this working tree")]
    None,
}

/// How a session came to be held by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It began now.
    New,
    /// The caller holds it already.
    Again,
}

/// Begins a session in `project`. The caller that holds the open one already gets it back.
///
/// # Errors
/// [`Refused::Held`] when another holds the working tree; or a file that cannot be read or written.
pub fn begin(
    project: &Path,
    mode: Mode,
    holder: Holder,
    id: &str,
    now: &str,
) -> anyhow::Result<(Session, Begun)> {
    let _lock = lock(project)?;
    if let Some(open) = open(project)? {
        if !open.holder.is_same(&holder) {
            let life = open.life(project);
            return Err(Refused::Held(open.label, life).into());
        }
        write_state(project, &open, now)?;
        return Ok((open, Begun::Again));
    }
    let (branch, start_ref) = position(project);
    let session = Session {
        schema: 1,
        id: id.to_owned(),
        label: label(project, &branch, now, mode),
        mode,
        branch,
        start_ref,
        started_at: now.to_owned(),
        dirty: dirty(project)?,
        holder,
    };
    ignore(project)?;
    gate::forget(project);
    // Who holds the tree is written first: a crash in between is mended by the next call of the same holder.
    session.write(project)?;
    write_state(project, &session, now)?;
    note(project, now, "orchestrator.session.started", &session);
    Ok((session, Begun::New))
}

/// Keeps what stays on this machine out of the repository.
///
/// # Errors
/// The file cannot be written.
pub fn ignore(project: &Path) -> anyhow::Result<()> {
    if project.join(IGNORE_FILE).exists() {
        return Ok(());
    }
    fs::atomic_write(&project.join(IGNORE_FILE), IGNORE.as_bytes(), false)
}

/// Goes on with the session that is open, under another holder.
///
/// # Errors
/// [`Refused::None`] without one; or a file that cannot be read or written.
pub fn resume(project: &Path, holder: Holder, now: &str) -> anyhow::Result<Session> {
    let _lock = lock(project)?;
    let mut session = open(project)?.ok_or(Refused::None)?;
    if session.holder != holder {
        session.holder = holder;
        session.write(project)?;
        note(project, now, "orchestrator.session.resumed", &session);
    }
    state::update(project, |state| {
        state.set("status", "active");
        state.set("updated", now);
        Ok(())
    })?;
    Ok(session)
}

/// Lets go of the session that is open, so that another client can go on with it; whether nobody holds it now. What
/// another one holds, and may be at work on, stays with it.
///
/// # Errors
/// [`Refused::None`] without one; or a file that cannot be read or written.
pub fn release(project: &Path, caller: &Holder, now: &str) -> anyhow::Result<bool> {
    let _lock = lock(project)?;
    let mut session = open(project)?.ok_or(Refused::None)?;
    if session.holder == Holder::default() {
        return Ok(true);
    }
    if !session.holder.is_same(caller) && session.life(project) != Life::Crashed {
        return Ok(false);
    }
    session.holder = Holder::default();
    session.write(project)?;
    note(project, now, "orchestrator.session.released", &session);
    Ok(true)
}

/// Ends the session that is open: `status` is `completed` or `abandoned`. Nothing of its work is undone.
///
/// # Errors
/// [`Refused::None`] without one; or a file that cannot be written.
pub fn end(project: &Path, status: &str, reason: &str, now: &str) -> anyhow::Result<Session> {
    let _lock = lock(project)?;
    let session = open(project)?.ok_or(Refused::None)?;
    if project.join(STATE).exists() {
        state::update(project, |state| {
            state.set("status", if status == "completed" { "completed" } else { "idle" });
            state.set("updated", now);
            if !reason.is_empty() {
                state.deviate(now, &format!("{status}: {reason}"));
            }
            Ok(())
        })?;
    }
    let fields = json!({"id": session.id, "label": session.label, "mode": session.mode, "reason": reason});
    let _ = records::event(project, now, &format!("orchestrator.session.{status}"), &fields);
    plan::agreed::end(project)?;
    let runtime = project.join(FILE);
    std::fs::remove_file(&runtime).with_context(|| format!("failed to remove `{}`", runtime.display()))?;
    Ok(session)
}

/// The session that is open in `project`. A STATE.md alone, of another program or of a crash, is one too.
///
/// # Errors
/// A file is there and cannot be read or understood.
pub fn open(project: &Path) -> anyhow::Result<Option<Session>> {
    let session = Session::read(project)?;
    let Some(state) = state::read(project)? else { return Ok(session) };
    let is_open = matches!(state.get("status").as_deref(), Some("active" | "paused"));
    Ok(session.or_else(|| is_open.then(|| from_state(&state))))
}

/// The open session, for who works on it: `holder` itself, or a person at a terminal.
///
/// # Errors
/// [`Refused`] when none is open or another client holds it; or a file that cannot be read.
pub fn own(project: &Path, holder: &Holder) -> anyhow::Result<Session> {
    let session = open(project)?.ok_or(Refused::None)?;
    let is_free = session.holder == Holder::default() || holder.platform.is_empty();
    if is_free || session.holder.is_same(holder) {
        return Ok(session);
    }
    let life = session.life(project);
    Err(Refused::Held(session.label, life).into())
}

/// What can be changed only by one at a time.
fn lock(project: &Path) -> anyhow::Result<std::fs::File> {
    let path = project.join(FILE);
    crate::lines::lock(&path, false).with_context(|| format!("failed to lock `{}`", path.display()))
}

fn from_state(state: &Document) -> Session {
    let get = |key: &str| state.get(key).unwrap_or_default();
    let mode = match get("session-type").as_str() {
        "deep" => Mode::Deep,
        "housekeeping" => Mode::Housekeeping,
        _ => Mode::Feature,
    };
    Session {
        schema: 1,
        label: get("session"),
        id: get("session"),
        mode,
        branch: get("branch"),
        start_ref: get("session-start-ref"),
        started_at: get("started-at"),
        ..Session::default()
    }
}

/// The state of a session that begins, with what survives of the last one. One that is there already is left.
fn write_state(project: &Path, session: &Session, now: &str) -> anyhow::Result<()> {
    let _lock = state::lock(project)?;
    let old = state::read(project)?;
    if old.as_ref().is_some_and(|old| old.get("session").as_deref() == Some(session.id.as_str())) {
        return Ok(());
    }
    let mut state = Document::parse(TEMPLATE)?;
    for (key, value) in [
        ("session", session.id.as_str()),
        ("session-type", session.mode.word()),
        ("branch", session.branch.as_str()),
        ("started-at", session.started_at.as_str()),
        ("updated", now),
        ("session-start-ref", session.start_ref.as_str()),
    ] {
        state.set(key, value);
    }
    if let Some(old) = old {
        take_over(&mut state, &old);
    }
    fs::atomic_write(&project.join(STATE), state.text().as_bytes(), false)
}

/// What is known of the last session, its unknown keys and sections too.
fn take_over(state: &mut Document, old: &Document) {
    for name in SURVIVES {
        if let Some(body) = old.section(name).filter(|body| !body.trim().is_empty()) {
            state.set_section(name, body.trim());
        }
    }
    let history = old.section("Wave History").unwrap_or_default().trim();
    let lines: Vec<&str> = history.lines().collect();
    let kept = lines.get(lines.len().saturating_sub(HISTORY)..).unwrap_or_default().join("\n");
    let get = |key: &str| old.get(key).unwrap_or_default();
    let head = format!("{} ({}, {})", get("session"), get("session-type"), get("status"));
    // A heading in it would be a section of its own.
    let kept = kept.replace("\n## ", "\n### ");
    state.set_section("Previous Session", format!("{head}\n\n{kept}").trim());
    let own = state.keys();
    for key in old.keys().into_iter().filter(|key| !own.contains(key)) {
        if let Some(value) = old.get(&key) {
            state.set(&key, &value);
        }
    }
    let known: Vec<&str> = TEMPLATE.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for name in old.sections().into_iter().filter(|name| !known.contains(&name.as_str())) {
        if let Some(body) = old.section(&name) {
            state.set_section(&name, body.trim());
        }
    }
}

/// The branch and the commit that are checked out; empty where there are none.
fn position(project: &Path) -> (String, String) {
    let Ok(repository) = git2::Repository::open(project) else { return Default::default() };
    let Ok(head) = repository.head() else { return Default::default() };
    let commit = head.target().map(|id| id.to_string()).unwrap_or_default();
    let branch =
        if head.is_branch() { head.shorthand().unwrap_or_default().to_owned() } else { String::new() };
    (branch, commit)
}

/// What differs from the last commit, by path below the working tree, with the blob id of what stands there.
///
/// # Errors
/// The repository is there and cannot be read.
pub fn dirty(project: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let Ok(repository) = git2::Repository::open(project) else { return Ok(BTreeMap::new()) };
    let root = repository.workdir().unwrap_or(project).to_path_buf();
    let mut options = git2::StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).exclude_submodules(true);
    let statuses = repository.statuses(Some(&mut options)).context("failed to look at the working tree")?;
    let entry = |entry: git2::StatusEntry<'_>| {
        let path = git::path(entry.path_bytes());
        let blob = git2::Oid::hash_file(git2::ObjectType::Blob, root.join(&path));
        (path.to_string_lossy().into_owned(), blob.map(|id| id.to_string()).unwrap_or_default())
    };
    Ok(statuses.iter().map(entry).filter(|(path, _)| !path.starts_with(".orchestrator/")).collect())
}

fn label(project: &Path, branch: &str, now: &str, mode: Mode) -> String {
    let branch: String = branch
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .collect();
    let branch = if branch.is_empty() { "detached" } else { &branch };
    let stem = format!("{branch}-{}-{mode}-", now.get(..10).unwrap_or(now));
    let events = records::read(project, records::EVENTS);
    let is_one = |line: &&serde_json::Value| {
        line.get("event").is_some_and(|event| event == "orchestrator.session.started")
            && line
                .get("label")
                .and_then(|label| label.as_str())
                .is_some_and(|label| label.starts_with(&stem))
    };
    format!("{stem}{}", events.iter().filter(is_one).count() + 1)
}

/// A record that cannot be written is left out: the work goes on.
fn note(project: &Path, now: &str, event: &str, session: &Session) {
    let fields = json!({"id": session.id, "label": session.label, "mode": session.mode, "platform": session.holder.platform});
    let _ = records::event(project, now, event, &fields);
}
