//! `guard`: would this shell command, or a file that a tool deletes, lose something that nothing can give back?

use super::{Check, OnFailure, reading};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "guard",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Closed,
    about: "refuses shell commands that would lose what nothing can give back",
    run,
};

/// No code lifts these: what guards the session is changed from a terminal, and a yes to what cannot be read is a yes
/// to anything.
const UNLIFTED: &[&str] = &["change-hooks", "unreadable"];

fn run(event: &Event, world: &World) -> Outcome {
    let read = reading::shell(event, world).or_else(|| reading::deletion(event, world));
    let Some(verdict) = read else { return Outcome::default() };
    let against = verdict.findings.iter().filter(|finding| finding.decision != Decision::Allow);
    let warned = verdict.warnings.iter().fold(Outcome::default(), |sum, warning| {
        sum.and(Outcome::context(format!("so warns: {}", warning.message())))
    });
    against.fold(warned, |sum, finding| {
        let verdict = Outcome::verdict(finding.decision, finding.message());
        let stays = UNLIFTED.contains(&&*finding.rule.name);
        sum.and(if stays { verdict } else { verdict.of_rule(&finding.rule.name) })
    })
}
