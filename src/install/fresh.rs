//! Plans for files that become the person's own: written once, where nothing stands, and not recorded.

use std::path::Path;

use super::disk::{Disk, Entry};
use super::plan::{Kind, Plan, Step};
use super::target::Roots;
use crate::compile::artifact::{Place, Root};
use crate::rel_path::RelPath;

/// A file to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// Below the project.
    pub path: RelPath,
    /// Its text where nothing stands.
    pub text: String,
    /// What is put behind the text that stands there; without it that text stays as it is.
    pub append: Option<String>,
}

/// Plans `files` for the project of `roots`. What stands there already stays.
///
/// # Errors
/// A link that leads out of the project, a file that cannot be read, a project that is the home directory.
pub fn plan(files: Vec<Fresh>, roots: &Roots, disk: &dyn Disk) -> anyhow::Result<Plan> {
    let mut plan = Plan::default();
    for file in files {
        plan.steps.push(step(file, roots, disk)?);
    }
    plan.steps.sort_by(|one, other| one.place.cmp(&other.place));
    Ok(plan)
}

fn step(file: Fresh, roots: &Roots, disk: &dyn Disk) -> anyhow::Result<Step> {
    let place = Place { root: Root::Project, platform: None, path: file.path };
    let path = roots.resolve(&place, "project", disk)?.path;
    let before = match disk.entry(&path)? {
        Entry::File | Entry::Link => disk.read(&path)?,
        Entry::Missing | Entry::Directory | Entry::Other => None,
    };
    let (kind, after, reason) = match (&before, file.append) {
        (Some(text), Some(append)) => {
            (Kind::Merge, Some(appended(text, &append)), "a block is put behind what stands there")
        }
        (Some(_), None) => (Kind::Keep, before.clone(), "it is there already"),
        (None, _) if is_taken(&path, disk)? => (Kind::Keep, None, "something of that name is there already"),
        (None, _) => (Kind::Create, Some(file.text.into_bytes()), "new"),
    };
    Ok(Step {
        place,
        path,
        kind,
        before,
        after,
        executable: false,
        platforms: Vec::new(),
        reason: reason.to_owned(),
        notes: Vec::new(),
    })
}

/// One empty line stands between the two.
fn appended(text: &[u8], append: &str) -> Vec<u8> {
    let mut text = text.to_vec();
    let newline: &[u8] = if text.windows(2).any(|two| two == b"\r\n") { b"\r\n" } else { b"\n" };
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.extend(newline);
    }
    if !text.is_empty() && !text.ends_with(&[newline, newline].concat()) {
        text.extend(newline);
    }
    for line in append.lines() {
        text.extend(line.as_bytes());
        text.extend(newline);
    }
    text
}

/// Whether a directory or a name that only case tells apart stands there, or a README of another kind.
fn is_taken(path: &Path, disk: &dyn Disk) -> anyhow::Result<bool> {
    if disk.entry(path)? != Entry::Missing {
        return Ok(true);
    }
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
    let name = name.to_string_lossy().to_lowercase();
    let stem = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name().to_string_lossy().to_lowercase());
    Ok(names.any(|other| other == name || stem(&name) == "readme" && stem(&other) == "readme"))
}
