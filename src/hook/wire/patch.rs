//! The files that a patch in the form of Codex's `apply_patch` touches (0.169.0).

use std::path::PathBuf;

/// Heads of a file's part of the patch.
const HEADS: &[&str] = &["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];

/// Every file that it adds, updates, moves or deletes.
pub(super) fn paths(patch: &str) -> Vec<PathBuf> {
    let named = |line: &str| HEADS.iter().find_map(|head| line.trim_end().strip_prefix(head)).map(PathBuf::from);
    patch.lines().filter_map(named).collect()
}
