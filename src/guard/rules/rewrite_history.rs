//! Commands that remove what git itself would use to give lost work back.

use super::git::Line;
use super::{NOTHING, Rule, found};
use crate::guard::{Call, Decision, Flow};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "rewrite-history",
    reason: "it removes the history that lost work is found in",
    instead: "Keep the history; make a new commit or a new branch.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    let line = Line::of(call);
    let first = line.args.first().map_or("", |arg| arg.text.as_str());
    let parsed = line.parse("", &["expire", "expire-unreachable", "prune"]);
    let what = match line.verb.as_str() {
        "reflog"
            if matches!(first, "expire" | "delete" | "drop")
                && !parsed.has(&["n", "dry-run", "help", "h"]) =>
        {
            "the reflog"
        }
        "gc" if prunes_now(line) => "unreachable commits",
        "prune" if !parsed.has(&["n", "dry-run"]) => "unreachable commits",
        "filter-branch" | "filter-repo" if !parsed.has(&["help", "h", "dry-run", "analyze"]) => {
            "every commit"
        }
        "update-ref" | "symbolic-ref" if parsed.has(&["d", "delete"]) => "a reference",
        "update-ref" if parsed.has(&["stdin"]) && deletes(call.input) => "a reference",
        "" if matches!(call.name, "git-filter-repo" | "bfg") => "every commit",
        _ => return NOTHING,
    };
    found(Decision::Deny, what)
}

/// Lines for `update-ref --stdin`: also those that another program makes up.
fn deletes(input: &Flow) -> bool {
    input.texts.iter().any(|text| text.contains("delete")) || !input.complete
}

/// `--prune=now`, `--prune now`, `--prune=all`, or a date that is just past.
fn prunes_now(line: &Line) -> bool {
    const KEYS: &[&str] = &["gc.pruneexpire", "gc.reflogexpire", "gc.reflogexpireunreachable"];
    let configured = line.config.iter().any(|(key, value)| KEYS.contains(&key.as_str()) && is_now(value));
    configured || line.args.iter().any(|arg| arg.text.strip_prefix("--prune=").is_some_and(is_now))
}

fn is_now(text: &str) -> bool {
    matches!(text, "now" | "all" | "0" | "today") || text.starts_with("0.") || text.contains("second")
}
