//! What waits for the person: learnings to keep, and what agents have seen of those that are kept.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::ledger::{self, SCHEMA};
use super::{Change, INSIGHT, SUBJECT, Said, id, kind};
use crate::lines;
use crate::session::records;

/// Proposals that one can be made of.
const FROM: usize = 20;

/// Below `.orchestrator/metrics/`.
const FILE: &str = "proposals.jsonl";

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// To keep this.
    Keep(Said),
    /// That a learning that is kept has held, or has not.
    Seen {
        /// It.
        learning: String,
        /// Which of the two.
        change: Change,
        /// What showed it.
        evidence: String,
    },
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Its id; of a learning to keep it becomes the learning's.
    pub id: String,
    /// What is proposed.
    pub what: What,
    /// Proposals that it was made of: it waits in their place.
    pub from: Vec<String>,
    /// The session that it comes from.
    pub session: String,
    /// When, as `YYYY-MM-DDTHH:MM:SSZ`.
    pub at: String,
}

impl Proposal {
    /// A new one.
    pub fn new(what: What, session: &str, at: &str) -> Self {
        let id = match &what {
            What::Keep(said) => said.id(),
            // Once a session, or without one once a day.
            What::Seen { learning, change, .. } => {
                let day = at.get(..10).filter(|_| session.is_empty()).unwrap_or_default();
                id(&[learning, change.word(), session, day])
            }
        };
        Self { id, what, from: Vec::new(), session: session.to_owned(), at: at.to_owned() }
    }

    /// In the place of others.
    #[must_use]
    pub fn made_of(mut self, from: Vec<String>) -> Self {
        self.from = from.into_iter().filter(|id| *id != self.id).take(FROM).collect();
        self
    }

    /// One line for people.
    pub fn line(&self, most: usize) -> String {
        match &self.what {
            What::Keep(said) => {
                crate::plain::line(&format!("{}: {}", said.kind, said.line(usize::MAX - 1)), most)
            }
            What::Seen { learning, change, evidence } => {
                let why = if evidence.is_empty() { String::new() } else { format!(": {evidence}") };
                crate::plain::line(&format!("{learning} was {}{why}", change.word()), most)
            }
        }
    }

    pub(super) fn to_line(&self) -> Value {
        let mut line = json!({"schema_version": SCHEMA, "id": self.id, "event": "proposed",
            "source_session": self.session, "at": self.at});
        let more = match &self.what {
            What::Keep(said) => serde_json::to_value(said).unwrap_or_default(),
            What::Seen { learning, change, evidence } => {
                json!({"learning": learning, "change": change.word(), "evidence": evidence})
            }
        };
        if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
            line.extend(more);
            if !self.from.is_empty() {
                line.insert("from".into(), json!(self.from));
            }
        }
        line
    }

    fn of(line: &Value) -> Option<Self> {
        let text = |key: &str, most: usize| -> String {
            line.get(key).and_then(Value::as_str).unwrap_or_default().chars().take(most).collect()
        };
        let change = [Change::Confirmed, Change::Contradicted]
            .into_iter()
            .find(|change| text("change", 20) == change.word());
        let what = match change {
            Some(change) => {
                What::Seen { learning: text("learning", 80), change, evidence: text("evidence", INSIGHT) }
            }
            None => What::Keep(said(line)?),
        };
        let id = Some(text("id", 80)).filter(|id| !id.is_empty())?;
        let from = line.get("from").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let from = from.take(FROM).map(str::to_owned).collect();
        Some(Self { id, what, from, session: text("source_session", 200), at: text("at", 20) })
    }
}

fn said(line: &Value) -> Option<Said> {
    let text = |key: &str, most: usize| -> String {
        line.get(key).and_then(Value::as_str).unwrap_or_default().chars().take(most).collect()
    };
    let files = line.get("file_paths").and_then(Value::as_array).into_iter().flatten();
    let files = files.filter_map(Value::as_str).filter(|path| ledger::is_path(path)).map(str::to_owned);
    let said = Said {
        kind: kind::named(&text("type", 40)).to_owned(),
        subject: text("subject", SUBJECT),
        insight: text("insight", INSIGHT),
        evidence: text("evidence", INSIGHT),
        files: files.take(super::FILES).collect(),
    };
    (!said.insight.is_empty()).then_some(said)
}

/// Where they stand.
pub fn path(project: &Path) -> PathBuf {
    records::dir(project).join(FILE)
}

/// What waits, oldest first.
pub fn waiting(project: &Path) -> Vec<Proposal> {
    read(project).waiting
}

/// All that the file says.
#[derive(Debug, Default)]
pub(super) struct Proposals {
    /// What waits.
    pub(super) waiting: Vec<Proposal>,
    /// The ids that the person wanted.
    pub(super) approved: Vec<String>,
    /// The ids that the person did not want.
    pub(super) rejected: Vec<String>,
}

pub(super) fn read(project: &Path) -> Proposals {
    let mut all = Proposals::default();
    for line in lines::read(&path(project)) {
        let id = line.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        match line.get("event").and_then(Value::as_str) {
            Some("proposed") => {
                let new = Proposal::of(&line).filter(|_| all.waiting.iter().all(|one| one.id != id));
                let Some(new) = new else { continue };
                // One line says both: what it was made of waits no longer, because it waits now.
                let is_part =
                    |one: &Proposal| matches!(one.what, What::Keep(_)) && new.from.contains(&one.id);
                all.waiting.retain(|one| !is_part(one));
                all.waiting.push(new);
            }
            Some(decided @ ("approved" | "rejected")) => {
                all.waiting.retain(|one| one.id != id);
                let of = if decided == "approved" { &mut all.approved } else { &mut all.rejected };
                of.push(id);
            }
            _ => {}
        }
    }
    all
}

/// How many wait and what to do about it, in a clause; `None` when none does.
pub fn words(project: &Path) -> Option<String> {
    let count = waiting(project).len();
    let verb = if count == 1 { "waits" } else { "wait" };
    let word = crate::plain::count(count, "proposal", "proposals");
    let how = "so learn list --pending shows them, the person keeps them by typing so learn approve";
    (count > 0).then(|| format!("{word} {verb}: {how}"))
}
