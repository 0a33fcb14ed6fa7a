//! From the files of a client in a project to a canonical tree.
//!
//! Responsible for: what each file becomes, what does not come back and why, and that the tree has no errors.
//! Must not: write, follow links, or know a client by name: `[[import]]` of `platforms/` says what its files hold.

mod arguments;
mod compare;
mod draft;
mod hooks;
mod item;
mod read;
mod settle;

use std::collections::BTreeMap;

use serde::Serialize;

pub use read::{Found, read};
pub use settle::{Compiler, settle};

use super::platform::{Holds, Incoming, Platform};
use super::source::tree::TreeFile;
use crate::rel_path::RelPath;
use draft::Draft;

/// Something that does not come back as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Note {
    /// The file of the client.
    pub path: String,
    /// What about it: a key, a handler, or `not taken` for all of it.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A canonical tree made of a client's files.
#[derive(Debug, Default)]
pub struct Imported {
    /// By path.
    pub files: BTreeMap<RelPath, TreeFile>,
    /// Where each came from, by path in the tree.
    pub origins: BTreeMap<RelPath, String>,
    /// What does not come back, sorted.
    pub notes: Vec<Note>,
    /// What is still wrong with the tree: then it is not to be used.
    pub errors: Vec<String>,
}

/// What the files may become, before anything has looked at the whole.
#[derive(Debug, Default)]
pub struct Sketch {
    drafts: Vec<Draft>,
    hooks: BTreeMap<String, Vec<toml_edit::Value>>,
    servers: serde_json::Map<String, serde_json::Value>,
    notes: Vec<Note>,
    found: BTreeMap<RelPath, TreeFile>,
}

/// What `found` may become. Pure.
pub fn sketch(found: Found, platform: &Platform) -> Sketch {
    let mut sketch = Sketch { notes: found.notes, found: found.files, ..Sketch::default() };
    for (path, file) in &sketch.found.clone() {
        let Some(row) = row_for(path, &platform.import) else { continue };
        match row.holds {
            Holds::Item(_) => item::read(path, file, row, platform, &mut sketch),
            Holds::Hooks => hooks::read(path, file, row, platform, &mut sketch),
            Holds::Mcp => hooks::servers(path, file, row, &mut sketch),
            Holds::Nothing => sketch.note(path.as_str(), "not taken", &row.why),
        }
    }
    sketch
}

/// The first row that speaks of the file; a directory's row wants its ending, but takes all that is beside a skill.
fn row_for<'a>(path: &RelPath, rows: &'a [Incoming]) -> Option<&'a Incoming> {
    let fits = |row: &&Incoming| {
        path.as_str() == row.from
            || path.as_str().strip_prefix(row.from.as_str()).is_some_and(|rest| {
                rest.starts_with('/') && (row.ext.is_empty() || rest.ends_with(row.ext.as_str()))
            })
    };
    rows.iter().find(fits)
}

impl Sketch {
    fn note(&mut self, path: &str, what: impl Into<String>, why: impl Into<String>) {
        self.notes.push(Note { path: path.to_owned(), what: what.into(), why: why.into() });
    }
}
