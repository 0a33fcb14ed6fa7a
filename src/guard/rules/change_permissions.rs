//! Recursive `chmod`, `chown` and `chgrp` of system trees.

use super::{NOTHING, Rule, found};
use crate::guard::place::{Place, absolute, place};
use crate::guard::{Call, Container, Decision, Grammar};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "change-permissions",
    reason: "it changes the permissions of a whole system tree",
    instead: "Name the files inside the project that need it.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if !matches!(call.name, "chmod" | "chown" | "chgrp" | "setfacl" | "chattr") {
        return NOTHING;
    }
    let parsed = Grammar { short: "", long: &["from"], stop_at_operand: false }.parse(call.args);
    // `find / -exec chmod … {} +` names all that is below.
    let adds = parsed.operands.first().is_some_and(|mode| only_adds(&mode.text));
    let listed = |arg: &crate::guard::Arg| arg.named.is_some() && !adds;
    if !parsed.has(&["R", "recursive"]) && !parsed.operands.iter().any(listed) {
        return NOTHING;
    }
    let skip = usize::from(!parsed.has(&["reference"]));
    let paths = parsed.operands.get(skip..).unwrap_or_default();
    // No byte is lost by it, and what is below the first directories of a container is hardly a system tree of ours.
    let running = call.container.is_some_and(Container::is_running);
    let hit = paths.iter().find_map(|arg| match place(arg, call) {
        Place::Protected(_) if running && arg.text.trim_end_matches('/').matches('/').count() > 1 => None,
        Place::Protected(_) if is_made(arg, call) => None,
        Place::Protected(what) if what != "the project itself" => {
            Some(format!("`{}` is or holds {what}", arg.shown()))
        }
        _ => None,
    });
    hit.map_or(NOTHING, |detail| found(Decision::Deny, detail))
}

/// `mkdir /etc/x && chown -R x /etc/x`: the text itself has made it.
fn is_made(arg: &crate::guard::Arg, call: &Call<'_>) -> bool {
    let path = absolute(&arg.text, call.cwd.as_deref());
    !arg.glob
        && path.is_some_and(|path| call.earlier.makes(&path) && call.earlier.moved_to(&path).next().is_none())
}

/// `a+rX`: a mode that lets more be read.
fn only_adds(mode: &str) -> bool {
    mode.contains('+') && mode.chars().all(|letter| "ugoa+rxX,".contains(letter))
}
