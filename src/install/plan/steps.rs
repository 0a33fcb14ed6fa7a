//! What a plan is made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::compile::artifact::Place;
use crate::install::journal::Paths;
use crate::install::lock::sha256;
use crate::install::merge::{Fate, Note};

/// What happens at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A new file.
    Create,
    /// Our file, not edited, gets new bytes.
    Update,
    /// Our keys, elements or blocks in a file of others change.
    Merge,
    /// Our file, edited by the person, gets what the new version changed elsewhere in it.
    MergeText,
    /// The wanted bytes stand there already; they are recorded.
    Adopt,
    /// The person edited it: the live file stays.
    Keep,
    /// Something foreign stands there, or both sides changed: theirs stays, the person decides.
    Conflict,
    /// Our file goes.
    Remove,
    /// It would go, but the person edited it: it stays and is no longer ours.
    Leave,
    /// The person deleted it: it is not put back.
    Gone,
    /// Nothing to do.
    Unchanged,
}

/// One place of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Where, by root.
    #[serde(serialize_with = "as_text")]
    pub place: Place,
    /// Where on this machine, links followed.
    pub path: PathBuf,
    /// What happens.
    pub kind: Kind,
    /// The bytes on disk; `None` when nothing is there. Shown to programs as their hash.
    #[serde(serialize_with = "as_hash")]
    pub before: Option<Vec<u8>>,
    /// The bytes that will be there; equal to `before` when nothing changes. Shown to programs as their hash.
    #[serde(serialize_with = "as_hash")]
    pub after: Option<Vec<u8>>,
    /// Whether a new file may be run.
    pub executable: bool,
    /// Who needs it, sorted.
    pub platforms: Vec<String>,
    /// Why, for a person.
    pub reason: String,
    /// Each edit, when the file is only edited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// A file of our own records that changes: a lock, a base, the text of a conflict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileChange {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes now.
    #[serde(skip)]
    pub before: Option<Vec<u8>>,
    /// Its bytes then; `None` when nothing needs it any more.
    #[serde(skip)]
    pub after: Option<Vec<u8>>,
}

/// All that will happen.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// By place.
    pub steps: Vec<Step>,
    /// Bases of later merges and texts of conflicts.
    pub records: Vec<FileChange>,
    /// Written last.
    pub locks: Vec<FileChange>,
    /// Directories of ours that end up empty, deepest first.
    pub rmdirs: Vec<PathBuf>,
    /// Where the way back is written down; without it a process that is killed takes nothing back.
    #[serde(skip)]
    pub journal: Option<Paths>,
    /// Directories below which nothing is written through a link.
    #[serde(skip)]
    pub confined: Vec<PathBuf>,
    /// Modes of what is made again and had one of its own: files and directories.
    #[serde(skip)]
    pub modes: BTreeMap<PathBuf, u32>,
}

impl Step {
    /// Whether bytes on the disk change.
    pub fn changes(&self) -> bool {
        self.before != self.after
    }

    /// Whether something here is left for the person to decide.
    pub fn conflicts(&self) -> bool {
        self.kind == Kind::Conflict || self.notes.iter().any(|note| note.fate == Fate::Conflict)
    }
}

impl Plan {
    /// Whether applying it would change nothing on the disk, lock files included.
    pub fn is_empty(&self) -> bool {
        let kept = self.records.is_empty() && self.locks.is_empty() && self.rmdirs.is_empty();
        kept && !self.steps.iter().any(Step::changes)
    }

    /// Every file and directory that changes.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let steps = self.steps.iter().filter(|step| step.changes()).map(|step| step.path.as_path());
        let kept = self.records.iter().chain(&self.locks).map(|change| change.path.as_path());
        steps.chain(kept).chain(self.rmdirs.iter().map(PathBuf::as_path))
    }

    /// The steps that leave something for the person to decide (exit code 3).
    pub fn conflicts(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.conflicts())
    }
}

fn as_text<S: serde::Serializer>(place: &Place, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(place)
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference")]
fn as_hash<S: serde::Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => serializer.serialize_some(&sha256(bytes)),
        None => serializer.serialize_none(),
    }
}
