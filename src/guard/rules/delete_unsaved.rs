//! Removing or overwriting files of the project that nothing can give back.

use super::{NOTHING, Rule, found};
use crate::guard::deletion::{self, Kind};
use crate::guard::loss::{self, Target};
use crate::guard::place::Place;
use crate::guard::{Call, Decision};

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
        if let Place::Project { path, children } = deletion.place(call) {
            let here =
                call.earlier.moved.iter().filter(|(_, to)| to.starts_with(&path) || path.starts_with(to));
            targets.extend(here.map(|(from, _)| Target::tree(from)));
            targets.push(deletion.target(&path, children));
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
