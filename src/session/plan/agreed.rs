//! The plan on disk: the text as it was set, and beside it what follows from it and who agreed.
//!
//! The text may be edited by anybody; the record knows the hash of what was set and of what was approved, so that a
//! changed plan is told from an agreed one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Layout, Mode, Parsed, Plan, Wave, World, parse, source};
use crate::diagnostic::{Findings, line_column};
use crate::session::open::{self, Head};
use crate::{fs, guard};

/// The plan as it was set, below the project.
pub const FILE: &str = ".orchestrator/plan.yaml";
/// What follows from it, and who agreed.
pub const RECORD: &str = ".orchestrator/runtime/plan.json";

const LOCK: &str = ".orchestrator/runtime/plan.lock";
const IGNORE: &str = include_str!("../../../templates/orchestrator.gitignore");

/// The person's yes to one text of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Of the text.
    pub hash: String,
    /// Who gave it: `person` at a terminal or with no client at work, `go` by the prompt.
    pub by: String,
    /// When, in UTC.
    pub at: String,
}

/// A plan that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The plan as its text is now.
    pub plan: Plan,
    /// The waves of the text that was set; on the express path one.
    pub waves: Vec<Wave>,
    /// No waves, no subagents, no review round.
    pub express: bool,
    /// Of the text as it is now.
    pub hash: String,
    /// Of the text that was set.
    pub set: String,
    /// The person's yes, if it was ever given.
    pub approval: Option<Approval>,
}

impl Agreed {
    /// Whether the person said yes to exactly this text.
    pub fn is_approved(&self) -> bool {
        !self.is_changed() && self.approval.as_ref().is_some_and(|approval| approval.hash == self.hash)
    }

    /// Whether the text is another one than that which was set: its waves are no longer those of the record.
    pub fn is_changed(&self) -> bool {
        self.hash != self.set
    }

    /// The wave called `number`.
    pub fn wave(&self, number: u32) -> Option<&Wave> {
        self.waves.iter().find(|wave| wave.number == number)
    }
}

/// The record as it stands on disk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Record {
    schema: u32,
    hash: String,
    #[serde(flatten)]
    layout: Layout,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approved: Option<Approval>,
    /// The session that it was set for is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ended: bool,
}

/// The plan of a working tree; `None` when none was ever set. While a session is open that is its own plan only: what an
/// earlier one agreed to is not agreed any more.
///
/// # Errors
/// One of the files cannot be read; with the line and what to do.
pub fn read(project: &Path) -> anyhow::Result<Option<Agreed>> {
    let Some(bytes) = fs::read_optional(&project.join(FILE))? else { return Ok(None) };
    let record = record(project)?.unwrap_or_default();
    if record.ended && open::is_open(project) {
        return Ok(None);
    }
    let hash = hash(&bytes);
    let text = source::text(FILE, bytes).map_err(|finding| anyhow!("`{FILE}`: {}", finding.message))?;
    let Parsed { plan, findings, .. } = parse(FILE, &text, World::unknown(usual_mode(project)));
    let plan = plan.ok_or_else(|| broken(&text, &findings))?;
    let Layout { waves, express } = record.layout;
    Ok(Some(Agreed { plan, waves, express, hash, set: record.hash, approval: record.approved }))
}

fn broken(text: &str, findings: &Findings) -> anyhow::Error {
    let first = findings.sorted().first().map_or_else(String::new, |finding| {
        format!("line {}: {}", line_column(text, finding.span.start).0, finding.message)
    });
    anyhow!("`{FILE}` was changed and is no plan any more: {first} (`so plan check` shows all)")
}

fn record(project: &Path) -> anyhow::Result<Option<Record>> {
    let Some(bytes) = fs::read_optional(&project.join(RECORD))? else { return Ok(None) };
    let record = serde_json::from_slice(&bytes)
        .with_context(|| format!("`{RECORD}` cannot be read: run `so plan set {FILE}` again"))?;
    Ok(Some(record))
}

/// Replaces the plan of a working tree. The approval stays where the text stays.
///
/// # Errors
/// It cannot be written; the plan is as before then, or is told as changed.
pub fn set(project: &Path, text: &str, layout: &Layout) -> anyhow::Result<Agreed> {
    let _lock = lock(project)?;
    let hash = hash(text.as_bytes());
    let old = record(project).ok().flatten().filter(|old| !old.ended).unwrap_or_default();
    let approved = old.approved.filter(|approval| approval.hash == hash);
    fs::atomic_write(&project.join(FILE), text.as_bytes(), false)?;
    write(project, &Record { schema: 1, hash, layout: layout.clone(), approved, ended: false })?;
    read(project)?.ok_or_else(|| anyhow!("`{FILE}` went away while it was written"))
}

/// Notes the person's yes to the text that was set.
///
/// # Errors
/// There is no plan, its text was changed since it was set, or the record cannot be written.
pub fn approve(project: &Path, by: &str, at: &str) -> anyhow::Result<Agreed> {
    let _lock = lock(project)?;
    let agreed = read(project)?.ok_or_else(|| anyhow!("there is no plan to approve"))?;
    let mut record = record(project)?.unwrap_or_default();
    if agreed.is_changed() {
        return Err(anyhow!(
            "`{FILE}` was changed since it was set: run `so plan set {FILE}` and look again"
        ));
    }
    record.approved = Some(Approval { hash: agreed.hash.clone(), by: by.to_owned(), at: at.to_owned() });
    write(project, &record)?;
    Ok(Agreed { approval: record.approved, ..agreed })
}

/// Notes that the session of the plan is over: the next one agrees anew. Without a plan there is nothing to note.
///
/// # Errors
/// The record cannot be read or written.
pub fn end(project: &Path) -> anyhow::Result<()> {
    if !project.join(RECORD).exists() {
        return Ok(());
    }
    let _lock = lock(project)?;
    let Some(record) = record(project)? else { return Ok(()) };
    write(project, &Record { ended: true, ..record })
}

fn write(project: &Path, record: &Record) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(record)?;
    text.push('\n');
    fs::atomic_write(&project.join(RECORD), text.as_bytes(), false)
}

fn lock(project: &Path) -> anyhow::Result<std::fs::File> {
    let path = project.join(LOCK);
    let locked = || -> anyhow::Result<std::fs::File> {
        std::fs::create_dir_all(path.parent().unwrap_or(project))?;
        let ignore = project.join(".orchestrator/.gitignore");
        if !ignore.exists() {
            fs::atomic_write(&ignore, IGNORE.as_bytes(), false)?;
        }
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    locked().with_context(|| format!("failed to lock `{}`", path.display()))
}

/// The hash that stands for a text.
pub fn hash(text: &[u8]) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The mode of a plan that names none: that of the session, if one is open.
pub fn usual_mode(project: &Path) -> Mode {
    let head = open::head(project).filter(Head::is_open);
    head.and_then(|head| head.get("session-type")?.parse().ok()).unwrap_or_default()
}

/// Where a directory of `project` leads, if links lead out of it.
pub fn escapes(project: &Path) -> impl Fn(&str) -> Option<String> {
    let root = guard::real(project, false).unwrap_or_else(|| project.to_path_buf());
    move |dir| {
        let real: PathBuf = guard::real(&root.join(dir), false)?;
        (!real.starts_with(&root)).then(|| real.display().to_string())
    }
}
