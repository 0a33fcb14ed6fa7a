//! The files of a client in a project, read without following, running or trusting anything.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use walkdir::WalkDir;

use super::Note;
use crate::compile::platform::Incoming;
use crate::compile::source::tree::TreeFile;
use crate::fs::is_executable;
use crate::rel_path::RelPath;

/// A larger file is no instruction.
const MAX_FILE: u64 = 1 << 20;
/// Bytes of all files together.
const MAX_ALL: u64 = 64 << 20;
/// Files below one directory of the client.
const MAX_FILES: usize = 5_000;
/// Directories inside each other.
const MAX_DEPTH: usize = 16;

/// What was found, by path, and what was not read.
#[derive(Debug, Default)]
pub struct Found {
    /// By path below the project.
    pub files: BTreeMap<RelPath, TreeFile>,
    /// What stays where it is, with the reason.
    pub notes: Vec<Note>,
    bytes: u64,
}

/// Reads what `rows` speak of below `project`.
///
/// # Errors
/// `project` is not a directory.
pub fn read(project: &Path, rows: &[Incoming]) -> anyhow::Result<Found> {
    let project =
        project.canonicalize().with_context(|| format!("failed to open `{}`", project.display()))?;
    anyhow::ensure!(project.is_dir(), "`{}` is not a directory", project.display());
    let mut found = Found::default();
    for row in rows {
        found.below(&project, &row.from);
    }
    Ok(found)
}

impl Found {
    fn below(&mut self, project: &Path, from: &str) {
        // A directory on the way that is a link leads somewhere else.
        let mut way = project.to_path_buf();
        for part in from.split('/') {
            way.push(part);
            if std::fs::symlink_metadata(&way).is_ok_and(|meta| meta.file_type().is_symlink()) {
                return self.note(from, "symbolic links are not followed");
            }
        }
        let walk = WalkDir::new(&way).follow_root_links(false).max_depth(MAX_DEPTH).sort_by_file_name();
        let entries = walk.into_iter().filter_entry(|entry| !is_litter(&entry.file_name().to_string_lossy()));
        for (count, entry) in entries.enumerate() {
            if count > MAX_FILES {
                return self.note(from, &format!("only the first {MAX_FILES} files were looked at"));
            }
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {
                    if entry.depth() == MAX_DEPTH {
                        self.note(&below(project, entry.path()), "folders are nested too deeply");
                    }
                }
                Ok(entry) => self.file(&below(project, entry.path()), entry.path(), entry.file_type()),
                Err(error) if error.io_error().is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound) => {}
                Err(error) => self.note(from, &error.to_string()),
            }
        }
    }

    fn file(&mut self, name: &str, file: &Path, kind: std::fs::FileType) {
        if kind.is_symlink() {
            return self.note(name, "symbolic links are not followed");
        }
        if !kind.is_file() {
            return self.note(name, "not a plain file");
        }
        let path = match RelPath::new(name) {
            Ok(path) => path,
            Err(error) => return self.note(name, &error.to_string()),
        };
        if self.files.contains_key(&path) {
            return;
        }
        let size = file.metadata().map_or(0, |meta| meta.len());
        if size > MAX_FILE || self.bytes + size > MAX_ALL {
            return self
                .note(name, &format!("it has {size} bytes; at most {MAX_FILE} are taken, {MAX_ALL} of all"));
        }
        match std::fs::read(file) {
            Ok(bytes) => {
                self.bytes += size;
                self.files.insert(path, TreeFile { bytes, executable: is_executable(file) });
            }
            Err(error) => self.note(name, &error.to_string()),
        }
    }

    fn note(&mut self, path: &str, why: &str) {
        let note = Note { path: path.to_owned(), what: "not taken".to_owned(), why: why.to_owned() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

fn below(project: &Path, path: &Path) -> String {
    path.strip_prefix(project).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn is_litter(name: &str) -> bool {
    matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini" | ".gitkeep" | ".git" | "node_modules")
}
