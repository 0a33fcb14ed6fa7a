//! Policies that somebody proposes and only the person puts in force.
//!
//! A proposal waits outside the project, where no tool of an agent writes. Accepting writes the very text that was shown.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Layer, Overlay, PROJECT, disk};
use crate::fs;
use crate::store::Store;

/// An overlay that waits.
#[derive(Debug)]
pub struct Proposal {
    /// The file's name in `.orchestrator/policy/`.
    pub name: String,
    /// What it would be.
    pub overlay: Overlay,
    waits: PathBuf,
}

/// Where proposals wait, in what is remembered of a project.
const ROOM: &str = "proposals";

/// Reads `text` as the overlay `name` of a project.
pub fn read(name: &str, text: &str) -> Overlay {
    disk::overlay(&format!("{PROJECT}/{name}"), Layer::Project, text.to_owned())
}

/// Keeps `text` until the person decides; an earlier proposal of that name is replaced.
///
/// # Errors
/// It cannot be written.
pub fn keep(store: &Store, name: &str, text: &str) -> anyhow::Result<()> {
    store.write(&format!("{ROOM}/{name}"), text)
}

/// The proposals that wait, by name.
///
/// # Errors
/// They cannot be read.
pub fn waiting(store: &Store) -> anyhow::Result<Vec<Proposal>> {
    let room = store.path(ROOM);
    let entries = match std::fs::read_dir(&room) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("failed to list `{}`", room.display())),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| disk::is_overlay(name)).collect();
    names.sort_unstable();
    let one = |name: String| {
        let waits = room.join(&name);
        Ok(Proposal { overlay: read(&name, &fs::read_text(&waits)?), name, waits })
    };
    names.into_iter().map(one).collect()
}

impl Proposal {
    /// The overlay of that name that is in force; empty if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn in_force(&self, project: &Path) -> anyhow::Result<String> {
        let bytes = fs::read_optional(&project.join(PROJECT).join(&self.name))?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Puts it in force, as it was read.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn accept(&self, project: &Path) -> anyhow::Result<()> {
        fs::atomic_write(&project.join(PROJECT).join(&self.name), self.overlay.text.as_bytes(), false)?;
        std::fs::remove_file(&self.waits)
            .with_context(|| format!("failed to remove `{}`", self.waits.display()))
    }
}
