//! Warns when commits are rewritten that are on a remote already, or while another agent works in the same tree.
//!
//! Nothing is lost by it, so nothing is refused; what others have built on goes out of step with it.

use super::git::Line;
use super::{NOTHING, Rule, found};
use crate::guard::loss::upstream::{self, Rewritten};
use crate::guard::{Call, Decision};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "rewrite-pushed",
    reason: "it rewrites commits that others may have",
    instead: "Make a new commit on top; rewrite only what is not pushed.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    let line = Line::of(call);
    let Some(rewritten) = rewritten(line) else { return NOTHING };
    if call.context.peers > 0 {
        return found(Decision::Allow, "another agent works in this tree");
    }
    let Some(dir) = &line.dir else { return NOTHING };
    if call.context.assume_dirty || upstream::has(rewritten, dir) {
        return found(Decision::Allow, "they are on a remote");
    }
    NOTHING
}

/// The commits that a command takes off the branch.
fn rewritten(line: &Line) -> Option<Rewritten> {
    match line.verb.as_str() {
        "commit" => {
            let parsed = line.parse(
                "mFCct",
                &["message", "file", "author", "date", "template", "fixup", "squash", "trailer"],
            );
            (parsed.has(&["amend"]) && !parsed.has(&["dry-run"])).then_some(Rewritten::Last)
        }
        "reset" => reset(line),
        "rebase" => rebase(line),
        _ => None,
    }
}

/// `--hard` is the business of `discard-work`; without a commit, or with paths, no commit moves.
fn reset(line: &Line) -> Option<Rewritten> {
    let parsed = line.parse("U", &["pathspec-from-file", "unified", "inter-hunk-context"]);
    let other = parsed.has(&["hard", "merge", "keep", "p", "patch", "pathspec-from-file", "help", "h"]);
    let target = parsed.operands.first().filter(|_| parsed.dashes != Some(0))?;
    let alone = parsed.operands.len() == 1 && !target.dynamic && target.text != "HEAD";
    (!other && alone).then(|| Rewritten::Since(target.text.clone()))
}

/// Going on with a rebase or leaving it begins nothing new.
fn rebase(line: &Line) -> Option<Rewritten> {
    let parsed = line.parse("xsXC", &["onto", "exec", "strategy", "strategy-option", "empty", "whitespace"]);
    let goes_on = ["continue", "abort", "skip", "quit", "edit-todo", "show-current-patch", "help", "h"];
    if parsed.has(&goes_on) {
        return None;
    }
    if parsed.has(&["root"]) {
        return Some(Rewritten::All);
    }
    match parsed.operands.first() {
        Some(base) => (!base.dynamic).then(|| Rewritten::Since(base.text.clone())),
        None => Some(Rewritten::Since("@{upstream}".to_owned())),
    }
}
