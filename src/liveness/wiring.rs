//! What was installed for one client, and what became of it.

use std::path::{Path, PathBuf};

use super::Machine;
use crate::compile::artifact::{Edit, Format, Place};
use crate::compile::platform::{Platform, Scope};
use crate::install::disk::{Disk as _, RealDisk};
use crate::install::lock::{EditsEntry, FileEntry, Lock, SourceLock, sha256};
use crate::install::merge;

/// One installation for one client.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// The name of what was installed.
    pub source: String,
    /// Its version.
    pub version: String,
    /// How far it reaches.
    pub scope: Scope,
    /// Whole files of ours.
    pub files: Vec<Piece<FileEntry>>,
    /// Files of others with edits of ours.
    pub edits: Vec<Piece<EditsEntry>>,
}

/// One entry of a lock.
#[derive(Debug, Clone)]
pub struct Piece<T> {
    /// As the lock names it.
    pub place: Place,
    /// Where it is on this machine.
    pub path: PathBuf,
    /// What the lock says.
    pub entry: T,
    /// What became of it.
    pub state: State,
}

/// What became of something that we wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// As it was written.
    Same,
    /// The person changed it, or took our part out.
    Edited,
    /// It is not there.
    Missing,
    /// It cannot be read; why.
    Broken(String),
}

/// What was installed for `platform`: in the project first, then for the person.
pub fn wirings(machine: &Machine<'_>, platform: &Platform) -> Vec<Wiring> {
    let Ok(locks) = &machine.locks else { return Vec::new() };
    let project = locks.project.iter().map(|(_, lock)| (lock, true));
    let both = project.chain([(&locks.user.1, false)]);
    both.flat_map(|(lock, in_project)| of_lock(machine, platform, lock, in_project)).collect()
}

fn of_lock(machine: &Machine<'_>, platform: &Platform, lock: &Lock, in_project: bool) -> Vec<Wiring> {
    let uses = lock.sources.iter().filter(|(_, source)| source.platforms.contains_key(&platform.id));
    let all = uses.map(|(name, source)| wiring(machine, platform, name, source, in_project));
    all.filter(|wiring| !wiring.files.is_empty() || !wiring.edits.is_empty()).collect()
}

fn wiring(
    machine: &Machine<'_>,
    platform: &Platform,
    name: &str,
    source: &SourceLock,
    in_project: bool,
) -> Wiring {
    let ours = |platforms: &std::collections::BTreeSet<String>| platforms.contains(&platform.id);
    let files = source.files.iter().filter(|(_, entry)| ours(&entry.platforms));
    let edits = source.edits.iter().filter(|(_, entry)| ours(&entry.platforms));
    let used = source.platforms.get(&platform.id).map(|used| used.scope);
    Wiring {
        source: name.to_owned(),
        version: source.version.clone(),
        scope: match used {
            Some(crate::install::lock::Scope::Project) => Scope::Project,
            _ if platform.default_scope() == Scope::Mixed && !in_project => Scope::User,
            _ => platform.default_scope(),
        },
        files: files.filter_map(|(place, entry)| piece(machine, name, place, entry, file_state)).collect(),
        edits: edits.filter_map(|(place, entry)| piece(machine, name, place, entry, edits_state)).collect(),
    }
}

fn piece<T: Clone>(
    machine: &Machine<'_>,
    source: &str,
    place: &Place,
    entry: &T,
    state: fn(&Path, &T) -> State,
) -> Option<Piece<T>> {
    let path = machine.roots.resolve(place, source, &RealDisk).ok()?.path;
    Some(Piece { place: place.clone(), state: state(&path, entry), path, entry: entry.clone() })
}

fn file_state(path: &Path, entry: &FileEntry) -> State {
    match RealDisk.read(path) {
        Ok(Some(bytes)) if sha256(&bytes) == entry.sha256 => State::Same,
        Ok(Some(_)) => State::Edited,
        Ok(None) => State::Missing,
        Err(error) => State::Broken(error.to_string()),
    }
}

fn edits_state(path: &Path, entry: &EditsEntry) -> State {
    let bytes = match RealDisk.read(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return State::Missing,
        Err(error) => return State::Broken(error.to_string()),
    };
    let text = String::from_utf8_lossy(&bytes);
    for done in &entry.record.done {
        match merge::holds(entry.format, &text, &done.edit) {
            Ok(true) => {}
            Ok(false) => return State::Edited,
            Err(error) => return State::Broken(error.to_string()),
        }
    }
    State::Same
}

impl Wiring {
    /// Whether the client calls us because of this piece: not of a rule, a skill or an MCP server.
    pub fn calls_us(platform: &Platform, piece: &Piece<FileEntry>) -> bool {
        let name = piece.place.path.file_name();
        platform.hooks.files.iter().any(|file| file == name)
    }
}

impl Piece<EditsEntry> {
    /// Whether the client calls us because of these edits.
    pub fn calls_us(&self) -> bool {
        let first = |edit: &Edit| match edit {
            Edit::Set { at, .. } | Edit::Append { at, .. } => at.first().cloned(),
            Edit::Block { .. } => None,
        };
        let is_mcp = |key: Option<String>| key.is_none_or(|key| key.to_lowercase().starts_with("mcp"));
        self.entry.format != Format::Markdown
            && !self.entry.record.done.iter().all(|done| is_mcp(first(&done.edit)))
    }
}
