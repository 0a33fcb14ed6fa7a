//! `git push --force` in all its spellings. `--force-with-lease` is safe: it refuses what was not seen.

use super::git::{Line, is_off};
use super::{NOTHING, Rule, found};
use crate::guard::{Call, Decision};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "force-push",
    reason: "it can erase commits of others on the remote",
    instead: "Push with --force-with-lease, or push to a new branch.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    let line = Line::of(call);
    if line.verb == "send-pack" || line.verb == "push" {
        let parsed = line.parse("o", &["repo", "receive-pack", "exec", "push-option"]);
        if parsed.has(&["n", "dry-run", "help", "h"]) {
            return NOTHING;
        }
        if parsed.options.iter().any(|option| {
            option.name == "mirror" || (option.name.len() > 2 && "mirror".starts_with(&option.name))
        }) {
            return found(Decision::Deny, "--mirror also deletes every branch that is not here");
        }
        let forced = parsed.options.iter().any(|option| option.is(&["f", "force"]));
        let plus = parsed.operands.iter().find(|arg| arg.text.starts_with('+'));
        if forced || plus.is_some() || configured(line) {
            return found(
                Decision::Deny,
                plus.map(|arg| format!("`{}` forces", arg.shown())).unwrap_or_default(),
            );
        }
    }
    NOTHING
}

/// `remote.x.mirror` or a refspec of `remote.x.push` that forces, set for this call.
fn configured(line: &Line) -> bool {
    let of_remote = line.config.iter().filter(|(key, _)| key.starts_with("remote."));
    of_remote.into_iter().any(|(key, value)| {
        key.ends_with(".mirror") && !is_off(value) || key.ends_with(".push") && value.starts_with('+')
    })
}
