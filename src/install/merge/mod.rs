//! Edits inside files that somebody else owns, and taking them back.
//!
//! Responsible for: which edits are new, changed, already there, edited by the person or gone, and for the record
//! that makes each edit reversible to the byte. The notations splice text at ranges that a parser gave; nothing is
//! ever reprinted, so order, comments, line ends, indentation and a missing final newline stay.
//! Must not: touch a disk, replace a value that is not ours, or know what an edit is for.

mod json;
mod list;
mod markdown;
mod pairs;
mod run;
mod section;
mod style;
mod toml;

pub use run::{apply, holds, merge, revert};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compile::artifact::Edit;

/// What we did in one file: enough to take exactly that back.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The file was not there before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub created: bool,
    /// The edits, in the order they were made.
    pub done: Vec<Done>,
    /// Surroundings that we made for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Made>,
}

/// One edit that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The edit.
    #[serde(flatten)]
    pub edit: Edit,
    /// It held before we came: it is not ours and is never removed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub held: bool,
    /// The empty line that was put before it, when it is a section of its own at the end of the file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lead: String,
}

/// Something around an edit that was not there before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "made", rename_all = "kebab-case")]
pub enum Made {
    /// The object, table or array at `at`. It goes when it is empty again.
    Container {
        /// Keys from the root.
        at: Vec<String>,
        /// The empty line before its header (TOML).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        lead: String,
    },
    /// The container at `at` was there and empty. It gets `before` back when it is empty again.
    Filled {
        /// Keys from the root.
        at: Vec<String>,
        /// What stood between its brackets.
        before: String,
        /// What stands between the opening bracket and its first element now.
        lead: String,
        /// What stands between its last element and the closing bracket now.
        tail: String,
    },
    /// The file held no value at all, only `before`.
    Root {
        /// The whole text.
        before: String,
    },
    /// The last line had no line end and got one.
    FinalNewline {
        /// The SHA-256 of that line: its line end goes when it is the last one again.
        line: String,
    },
}

/// What became of one edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Written now.
    Added,
    /// Was ours, as it should be.
    Kept,
    /// Was there before we came.
    Held,
    /// Our old value replaced by the new one.
    Updated,
    /// The person's changes of our lines and the new version's, both.
    Merged,
    /// Taken back.
    Removed,
    /// The person removed or rewrote it; it is not put back.
    Gone,
    /// The person changed our value: left as it is.
    Edited,
    /// Something else stands there, or the way to it is blocked: theirs stays.
    Conflict,
}

/// How a merge treats what the person did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Manner {
    /// Puts back what they removed.
    pub force: bool,
    /// Settles what is in conflict, as they decided.
    pub settle: Option<Side>,
}

/// A side of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The person's.
    Mine,
    /// The new version's.
    New,
}

impl From<bool> for Manner {
    fn from(force: bool) -> Self {
        Self { force, settle: None }
    }
}

/// What became of one edit, for a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// The key, element or block.
    pub what: String,
    /// What became of it.
    pub fate: Fate,
    /// Why, when it is not what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The result of a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The text; `None` when the file is to go (or was not there and stays so).
    pub text: Option<String>,
    /// What we did, all told.
    pub record: Record,
    /// What became of each edit.
    pub notes: Vec<Note>,
}

/// How a place in a text looks to one edit.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Look {
    /// Nothing there, and the way is free.
    Missing,
    /// The edit holds.
    Same,
    /// Another value stands there; null for a block of text.
    Other(Value),
    /// Something on the way cannot hold it.
    Blocked(String),
}

/// Why a file cannot be edited. Nothing was changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// Not readable in its notation.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// A key that stands twice on the way to an edit.
    #[error("line {line}: the key `{key}` stands there twice")]
    Duplicate {
        /// The key.
        key: String,
        /// The line of the second one.
        line: usize,
    },
    /// The top of the file is not an object.
    #[error("the top of the file is not an object")]
    NotAnObject,
    /// Markers that do not come in pairs.
    #[error("line {line}: {message}")]
    Markers {
        /// From 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// An edit that the notation cannot hold.
    #[error("{0}")]
    Unfit(String),
    /// The spliced text does not hold what it should: a defect of ours, found before any write.
    #[error("the edit `{0}` would not hold after it was made; nothing was changed")]
    NotHeld(String),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// Forgets, and returns what stood in, a list that was empty before its only element came.
fn take_filled(text: &str, list: &list::List<'_>, at: &[String], made: &mut Vec<Made>) -> Option<String> {
    let item = list.items.first()?;
    let (now_lead, now_tail) = (text.get(list.inner.start..item.start)?, text.get(item.end..list.inner.end)?);
    let found = made.iter().position(|made| {
        matches!(made, Made::Filled { at: other, lead, tail, .. } if other == at && lead == now_lead && tail == now_tail)
    })?;
    match made.remove(found) {
        Made::Filled { before, .. } => Some(before),
        Made::Container { .. } | Made::Root { .. } | Made::FinalNewline { .. } => None,
    }
}
