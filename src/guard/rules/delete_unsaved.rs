//! Removing or overwriting files of the project that nothing can give back.

use super::{NOTHING, Rule, found};
use crate::guard::deletion::{self, Kind};
use crate::guard::loss::{self, Target};
use crate::guard::place::{Place, absolute};
use crate::guard::{Call, Decision, UNKNOWN};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "delete-unsaved",
    reason: "it destroys files that no commit holds",
    instead: "Commit them first, or name only what is committed or built.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    let mut targets = Vec::new();
    for deletion in deletion::of(call) {
        if !matches!(deletion.kind, Kind::Removed | Kind::Overwritten) {
            continue;
        }
        let found = deletion.place(call);
        // What the same text moved there may be the only copy, wherever it went.
        let unknown = deletion.kind == Kind::Overwritten && deletion.arg.text.contains(UNKNOWN);
        if call.earlier.has_moved()
            && let Some(path) = absolute(&deletion.arg.text, call.cwd.as_deref())
        {
            let moved = call.earlier.moved_to(&path).take(64);
            if !unknown && matches!(found, Place::Project { .. } | Place::Temp) {
                targets.extend(moved.map(|from| Target::moved_from(from)));
            }
        }
        if let Place::Project { path, children } = found
            && !call.earlier.makes(path)
        {
            targets.push(deletion.target(path, *children));
        }
    }
    if targets.is_empty() {
        return NOTHING;
    }
    match loss::of_paths(targets, call.context).named() {
        Some(names) => found(Decision::Ask, names),
        None => NOTHING,
    }
}
