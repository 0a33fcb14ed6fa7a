//! `git push --delete`, `git push origin :branch`, `--prune`.

use super::git::Line;
use super::{NOTHING, Rule, found};
use crate::guard::{Call, Decision};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "delete-remote-branch",
    reason: "it deletes a branch or tag that others may use",
    instead: "Leave it; a branch is deleted where its merge request is closed.",
    judge,
};

/// Branches that nobody deletes by accident twice.
const DEFAULTS: &[&str] = &["main", "master", "develop", "trunk", "release", "production"];

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    let line = Line::of(call);
    if line.verb != "push" {
        return NOTHING;
    }
    let parsed = line.parse("o", &["repo", "receive-pack", "exec", "push-option"]);
    if parsed.has(&["n", "dry-run"]) {
        return NOTHING;
    }
    let refs = parsed.operands.get(1..).unwrap_or_default();
    let deleted: Vec<&str> = if parsed.has(&["d", "delete"]) {
        refs.iter().map(|arg| arg.text.as_str()).collect()
    } else {
        refs.iter().filter_map(|arg| arg.text.strip_prefix(':')).filter(|name| !name.is_empty()).collect()
    };
    if deleted.is_empty() {
        return if parsed.has(&["prune"]) { found(Decision::Ask, "--prune") } else { NOTHING };
    }
    let shown = |name: &&str| match name.strip_prefix("refs/tags/") {
        Some(tag) => format!("the tag {tag}"),
        None => (*name).to_owned(),
    };
    let default = deleted.iter().any(|name| DEFAULTS.contains(&name.trim_start_matches("refs/heads/")));
    found(
        if default { Decision::Deny } else { Decision::Ask },
        deleted.iter().map(shown).collect::<Vec<_>>().join(", "),
    )
}
