//! The one writer of both files: whatever it does, it does under one lock, and a line that stands there stays.
//!
//! [`propose`] is anybody's. Everything else here decides, so who calls it has made sure that the person speaks. Killed
//! between two lines it does the rest when it is called again: what is decided comes before the line that says so, and
//! written twice it counts once.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::ledger::{self, Learning, SCHEMA};
use super::proposal::{self, Proposal, What};
use super::{Age, Change, age, find, kind};
use crate::guard::consent::without_secrets;
use crate::lines::{self, Keeping};
use crate::session::close::secret_in;
use crate::session::{records, start};
use crate::{clock, fs};

/// So many proposals wait at most: nobody reads more of them.
const WAITING: usize = 50;
/// What was pruned goes here, below `.orchestrator/metrics/`.
const ARCHIVE: &str = "learnings-archive.jsonl";
/// How git joins the learnings of two branches.
const ATTRIBUTES: &str = "learnings.jsonl merge=union\n";
const ATTRIBUTES_FILE: &str = ".orchestrator/.gitattributes";

/// Both files are never moved on: each line counts for good.
const KEEPING: Keeping = Keeping { private: false, rotate_at: 0 };

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "about", rename_all = "kebab-case")]
pub enum Proposed {
    /// It waits for the person.
    Waits(Proposal),
    /// It is kept already, so that it was seen again waits for the person.
    Again(Proposal),
    /// The very same waits already, or was decided in this session.
    Already(String),
    /// The person did not want it.
    Rejected(String),
    /// It is not taken, and why.
    Refused(String),
}

/// What the person decided, and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// What was proposed.
    pub proposal: Proposal,
    /// What came of it, as a clause.
    pub did: String,
}

/// The one lock of both files.
fn lock(project: &Path) -> anyhow::Result<File> {
    let path = ledger::original(project);
    lines::lock(&path, false).with_context(|| format!("failed to lock `{}`", path.display()))
}

/// Puts a proposal before the person.
///
/// # Errors
/// A file cannot be written.
pub fn propose(project: &Path, what: What, session: &str, now: &str) -> anyhow::Result<Proposed> {
    propose_for(project, what, Vec::new(), session, now)
}

/// As [`propose`], in the place of proposals `from` which it was made, where they wait still.
///
/// # Errors
/// As [`propose`].
pub fn propose_for(
    project: &Path,
    what: What,
    from: Vec<String>,
    session: &str,
    now: &str,
) -> anyhow::Result<Proposed> {
    let what = match cleaned(project, what) {
        Ok(what) => what,
        Err(why) => return Ok(Proposed::Refused(why)),
    };
    let _lock = lock(project)?;
    let known = ledger::read(project);
    let (what, is_again) = match what {
        What::Keep(said) if known.iter().any(|one| one.id == said.id()) => {
            let (learning, evidence) = (said.id(), said.evidence);
            (What::Seen { learning, change: Change::Confirmed, evidence }, true)
        }
        What::Seen { learning, change, evidence } => {
            let learning = match find(&learning, known.iter().map(|one| one.id.as_str())) {
                Ok(id) => id.to_owned(),
                Err(why) => return Ok(Proposed::Refused(why.to_string())),
            };
            (What::Seen { learning, change, evidence }, false)
        }
        what @ What::Keep(_) => (what, false),
    };
    let all = proposal::read(project);
    let waits = |id: &String| all.waiting.iter().any(|one| one.id == *id);
    let from: Vec<String> = from.into_iter().filter(waits).collect();
    let proposal = Proposal::new(what, session, now).made_of(from);
    // What was seen in one session counts once; a text that was forgotten may be proposed again.
    let is_counted = matches!(proposal.what, What::Seen { .. }) && all.approved.contains(&proposal.id);
    if is_counted || all.waiting.iter().any(|one| one.id == proposal.id) {
        return Ok(Proposed::Already(proposal.id));
    }
    if all.rejected.contains(&proposal.id) {
        return Ok(Proposed::Rejected(proposal.id));
    }
    if all.waiting.len() >= WAITING && proposal.from.is_empty() {
        let why = format!("{WAITING} proposals wait already: the person decides about those first");
        return Ok(Proposed::Refused(why));
    }
    append(&proposal::path(project), &proposal.to_line())?;
    Ok(if is_again { Proposed::Again(proposal) } else { Proposed::Waits(proposal) })
}

/// Without what looks secret.
///
/// # Errors
/// Why it is none: the person should not find it in a file that is committed.
fn cleaned(project: &Path, mut what: What) -> Result<What, String> {
    if let What::Keep(said) = &mut what {
        // What a directory is must be seen from its name when it is gone.
        let is_dir = |path: &String| !path.ends_with('/') && project.join(path).is_dir();
        said.files.iter_mut().filter(|path| is_dir(path)).for_each(|path| path.push('/'));
    }
    let texts: Vec<&mut String> = match &mut what {
        What::Keep(said) => vec![&mut said.subject, &mut said.insight, &mut said.evidence],
        What::Seen { evidence, .. } => vec![evidence],
    };
    for text in texts {
        if let Some(secret) = text.lines().find_map(secret_in) {
            return Err(format!("it holds {secret}: have that revoked if it ever left this machine"));
        }
        *text = without_secrets(text.trim());
    }
    match &what {
        What::Keep(said) if said.insight.is_empty() => Err("it says nothing".to_owned()),
        _ => Ok(what),
    }
}

/// The person wants these proposals; all that wait without `ids`.
///
/// # Errors
/// An id that names none; or a file that cannot be written.
pub fn approve(project: &Path, ids: &[String], now: &str) -> anyhow::Result<Vec<Decided>> {
    decide(project, ids, now, "approved", &|proposal, known| keep(project, proposal, known, now))
}

/// The person does not want these; the same is not proposed again.
///
/// # Errors
/// As [`approve`].
pub fn reject(project: &Path, ids: &[String], now: &str) -> anyhow::Result<Vec<Decided>> {
    decide(project, ids, now, "rejected", &|_, _| Ok("rejected".to_owned()))
}

type Act<'a> = &'a dyn Fn(&Proposal, &[Learning]) -> anyhow::Result<String>;

fn decide(
    project: &Path,
    ids: &[String],
    now: &str,
    word: &str,
    act: Act<'_>,
) -> anyhow::Result<Vec<Decided>> {
    let _lock = lock(project)?;
    let proposal::Proposals { waiting, approved, rejected } = proposal::read(project);
    let waits = || waiting.iter().map(|one| one.id.as_str());
    // What was decided in the meantime is decided: nothing is left to do about it.
    let is_decided = |id: &&String| approved.contains(id) || rejected.contains(id);
    let all: BTreeSet<String> = if ids.is_empty() {
        waits().map(str::to_owned).collect()
    } else {
        let left = ids.iter().filter(|id| !is_decided(id) || waits().any(|one| one == **id));
        left.map(|id| Ok(find(id, waits())?.to_owned())).collect::<Result<_, super::Unknown>>()?
    };
    let known = ledger::read(project);
    let chosen = waiting.into_iter().filter(|one| all.contains(&one.id));
    let decided = chosen.map(|proposal| Ok(Decided { did: act(&proposal, &known)?, proposal }));
    let decided: Vec<Decided> = decided.collect::<anyhow::Result<_>>()?;
    sync(&ledger::path(project))?; // before what says that they are there
    let decisions = proposal::path(project);
    for Decided { proposal, .. } in &decided {
        append(&decisions, &json!({"schema_version": SCHEMA, "id": proposal.id, "event": word, "at": now}))?;
    }
    sync(&decisions)?;
    Ok(decided)
}

/// What a proposal asks for; the line is written once, however often this is done.
fn keep(project: &Path, proposal: &Proposal, known: &[Learning], now: &str) -> anyhow::Result<String> {
    match &proposal.what {
        What::Keep(said) => {
            let born = Age::born(clock::ms_of(now), kind::of(&said.kind).days);
            let mut line = json!({"schema_version": SCHEMA, "id": proposal.id, "confidence": age::BIRTH,
                "source_session": proposal.session, "created_at": now, "expires_at": clock::stamp_of(born.expires)});
            if let (Some(line), Value::Object(said)) =
                (line.as_object_mut(), serde_json::to_value(said).unwrap_or_default())
            {
                line.extend(said);
            }
            learning_line(project, &line)?;
            Ok("kept".to_owned())
        }
        What::Seen { learning, change, evidence } if known.iter().any(|one| one.id == *learning) => {
            let mut line = change_line(learning, change.word(), evidence, now);
            if let Some(fields) = line.as_object_mut() {
                fields.insert("source_session".into(), json!(proposal.session));
                fields.insert("proposal".into(), json!(proposal.id));
            }
            learning_line(project, &line)?;
            Ok(change.word().to_owned())
        }
        What::Seen { .. } => Ok("nothing: the learning is gone".to_owned()),
    }
}

fn change_line(id: &str, change: &str, evidence: &str, now: &str) -> Value {
    json!({"schema_version": SCHEMA, "id": id, "change": change, "evidence": evidence, "at": now})
}

/// The person has seen a learning hold, or not; gives it as it is then.
///
/// # Errors
/// An id that names none; or a file that cannot be written.
pub fn change(
    project: &Path,
    id: &str,
    change: Change,
    evidence: &str,
    now: &str,
) -> anyhow::Result<Learning> {
    let id = changed(project, id, change.word(), evidence, now)?.id;
    let all = ledger::read(project);
    all.into_iter().find(|one| one.id == id).context("the learning cannot be read any more")
}

/// The person wants a learning gone; its lines stay until they are pruned.
///
/// # Errors
/// As [`change`].
pub fn forget(project: &Path, id: &str, now: &str) -> anyhow::Result<Learning> {
    changed(project, id, "forgotten", "", now)
}

fn changed(project: &Path, id: &str, change: &str, evidence: &str, now: &str) -> anyhow::Result<Learning> {
    let _lock = lock(project)?;
    let known = ledger::read(project);
    let id = find(id, known.iter().map(|one| one.id.as_str()))?.to_owned();
    learning_line(project, &change_line(&id, change, &without_secrets(evidence), now))?;
    sync(&ledger::path(project))?;
    known.into_iter().find(|one| one.id == id).context("the learning cannot be read any more")
}

/// What pruning takes away.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pruned {
    /// What is over, and why.
    pub over: Vec<(Learning, &'static str)>,
    /// How many lines go, those of forgotten ones too.
    pub lines: usize,
}

/// What pruning would take away now.
pub fn prunable(project: &Path, now: u64) -> Pruned {
    plan(project, now).0
}

/// Moves the lines of what is over, and of what was forgotten, into the archive; those of the original's file stay, for
/// that file is not ours.
///
/// # Errors
/// A file cannot be read or written; then all is as it was, but for the archive.
pub fn prune(project: &Path, now: u64) -> anyhow::Result<Pruned> {
    let _lock = lock(project)?;
    let (pruned, goes, stays) = plan(project, now);
    let archive = records::dir(project).join(ARCHIVE);
    for text in &goes {
        let mut line: Value = serde_json::from_str(text).unwrap_or_default();
        if let Some(fields) = line.as_object_mut() {
            fields.insert("_archived_at".into(), json!(clock::stamp_of(now)));
            fields.insert("_archive_reason".into(), json!("pruned"));
        }
        append(&archive, &line)?;
    }
    lines::sync(&archive)?;
    if !goes.is_empty() {
        fs::atomic_write(&ledger::path(project), stays.as_bytes(), false)?;
    }
    Ok(pruned)
}

/// What goes, its lines, and the text that is left.
fn plan(project: &Path, now: u64) -> (Pruned, Vec<String>, String) {
    let text = std::fs::read(ledger::path(project)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let theirs: BTreeSet<String> =
        lines::read(&ledger::original(project)).iter().filter_map(ledger::id_of).collect();
    let alive: Vec<Learning> = ledger::read(project);
    let over: Vec<(Learning, &'static str)> = alive
        .iter()
        .filter(|one| !theirs.contains(&one.id))
        .filter_map(|one| Some((one.clone(), one.age.over(now)?)))
        .collect();
    let is_kept = |id: &str| {
        theirs.contains(id)
            || alive.iter().any(|one| one.id == id) && over.iter().all(|(gone, _)| gone.id != id)
    };
    // A line that cannot be understood is somebody's: it stays, and `so log verify` names it.
    let goes = |line: &&str| {
        let id = serde_json::from_str::<Value>(line).ok().and_then(|line| ledger::id_of(&line));
        id.is_some_and(|id| !is_kept(&id))
    };
    let gone: Vec<String> = text.lines().filter(goes).map(str::to_owned).collect();
    let stays = text.lines().filter(|line| !goes(line)).map(|line| format!("{line}\n")).collect();
    (Pruned { over, lines: gone.len() }, gone, stays)
}

/// A line of the learnings; with the first one, how git joins them.
fn learning_line(project: &Path, line: &Value) -> anyhow::Result<()> {
    let root = records::main_tree(project);
    let path = ledger::path(project);
    if !path.exists() {
        start::ignore(&root)?;
        let attributes = root.join(ATTRIBUTES_FILE);
        if !attributes.exists() {
            fs::atomic_write(&attributes, ATTRIBUTES.as_bytes(), false)?;
        }
    }
    append(&path, line)
}

fn append(path: &Path, line: &Value) -> anyhow::Result<()> {
    lines::append_held(path, line, KEEPING).with_context(|| format!("failed to write `{}`", path.display()))
}

fn sync(path: &Path) -> anyhow::Result<()> {
    lines::sync(path).with_context(|| format!("failed to write `{}`", path.display()))
}
