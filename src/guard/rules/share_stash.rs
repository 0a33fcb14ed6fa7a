//! Warns about the stash while another agent works in the same tree: its stack is one for all, in every worktree.

use super::git::Line;
use super::{NOTHING, Rule, found};
use crate::guard::{Call, Decision};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "share-stash",
    reason: "it takes the changes of everybody who works in this tree, and its stack is shared",
    instead: "Commit your own files to a branch of your own.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if call.context.peers == 0 {
        return NOTHING;
    }
    let line = Line::of(call);
    let what = line.args.first().map_or("push", |arg| arg.text.as_str());
    let moves =
        line.verb == "stash" && (what.starts_with('-') || matches!(what, "push" | "save" | "pop" | "apply"));
    let help = line.args.iter().any(|arg| arg.text == "--help" || arg.text == "-h");
    if moves && !help { found(Decision::Allow, format!("git stash {what}")) } else { NOTHING }
}
