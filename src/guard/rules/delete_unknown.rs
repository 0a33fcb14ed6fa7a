//! Removing what cannot be named before the command runs: `rm -rf "$DIR"`.

use super::{NOTHING, Rule};
use crate::guard::deletion::{self, Kind};
use crate::guard::loss::regenerable;
use crate::guard::place::Place;
use crate::guard::{Arg, Call, Decision, UNKNOWN};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    name: "delete-unknown",
    reason: "what it deletes cannot be known before it runs",
    instead: "Write the path out.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    // Where everything is known no place has to be looked at.
    if call.cwd.is_some() && !call.args.iter().any(|arg| arg.text.contains(UNKNOWN)) {
        return NOTHING;
    }
    let unknown = deletion::of(call).iter().find(|deletion| {
        deletion.kind == Kind::Removed
            && !deletion.arg.text.is_empty()
            && !is_worthless(&deletion.arg)
            && *deletion.place(call) == Place::Unknown
    });
    unknown.map(|deletion| (Decision::Ask, format!("`{}`", deletion.arg.shown()))).into_iter().collect()
}

/// `$DIR/*.o`, `$FILE~`: made again or worth nothing, wherever it lies.
fn is_worthless(arg: &Arg) -> bool {
    let last = arg.text.rsplit_once('/').map(|(_, last)| last);
    last.is_some_and(|last| !last.contains(UNKNOWN) && regenerable::file_name(last))
}
