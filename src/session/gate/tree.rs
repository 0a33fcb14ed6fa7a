//! A name for what stands in a working tree.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::session::start::dirty;

/// A hash of the files as they stand; ignored ones do not count. Committing them changes nothing.
///
/// # Errors
/// The repository cannot be read.
pub fn hash(project: &Path) -> anyhow::Result<String> {
    let mut files = committed(project);
    for (path, blob) in dirty(project)? {
        if blob.is_empty() {
            files.remove(&path);
        } else {
            files.insert(path, blob);
        }
    }
    let lines: Vec<String> = files.iter().map(|(path, blob)| format!("{path}\0{blob}")).collect();
    Ok(short(&lines.join("\n")))
}

/// The blob of each file of the last commit.
fn committed(project: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let Ok(repository) = git2::Repository::open(project) else { return files };
    let Ok(tree) = repository.head().and_then(|head| head.peel_to_tree()) else { return files };
    let _ = tree.walk(git2::TreeWalkMode::PreOrder, |dir, entry| {
        if entry.kind() != Some(git2::ObjectType::Tree) && !dir.starts_with(".orchestrator/") {
            let name = String::from_utf8_lossy(entry.name_bytes());
            files.insert(format!("{dir}{name}"), entry.id().to_string());
        }
        git2::TreeWalkResult::Ok
    });
    files
}

/// A name of 16 hexadecimal digits for a text.
pub(super) fn short(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
