//! What of a working tree belongs to one task, so that it alone can be taken back.

use std::collections::BTreeSet;
use std::path::Path;

use super::Waves;
use crate::glob::{Case, Glob};
use crate::session::{plan, start};

/// Where the files of a task were saved, and which they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    /// The snapshot before its wave.
    pub snapshot: u64,
    /// Its files that are changed or were when the session began, below the project.
    pub files: Vec<String>,
}

/// How the task `id` of the plan is taken back; `None` when no wave saved anything before it.
///
/// # Errors
/// A file is there and cannot be read or understood.
pub fn back(project: &Path, id: &str) -> anyhow::Result<Option<Back>> {
    // A number names a snapshot.
    let agreed = if id.parse::<u64>().is_ok() { None } else { plan::read(project)? };
    let Some(agreed) = agreed else { return Ok(None) };
    let (Some(task), Some(snapshot)) = (agreed.plan.task(id), Waves::read(project)?.before(id)) else {
        return Ok(None);
    };
    let globs: Vec<Glob> =
        task.files.iter().filter_map(|glob| Glob::new(glob, Case::Sensitive).ok()).collect();
    let before = start::open(project)?.map(|session| session.dirty).unwrap_or_default();
    let changed: BTreeSet<String> = start::dirty(project)?.into_keys().chain(before.into_keys()).collect();
    let files = changed.into_iter().filter(|path| globs.iter().any(|glob| glob.matches(path))).collect();
    Ok(Some(Back { snapshot, files }))
}
