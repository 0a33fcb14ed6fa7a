//! `guard`: would this shell command lose something that nothing can give back?

use super::{Check, OnFailure};
use crate::guard::{self, Context, Decision};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::presence::Presence;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "guard",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Closed,
    about: "refuses shell commands that would lose what nothing can give back",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    let Some(ToolCall::Shell { command, cwd }) = &event.tool else { return Outcome::default() };
    let cwd = cwd.as_ref().map_or_else(|| event.cwd.clone(), |cwd| event.cwd.join(cwd));
    let context = Context::at(&cwd).with_policy(world.config.as_deref());
    let peers = || {
        let store = world.store(&event.cwd);
        let count = store.map_or(0, |store| Presence::peers(&store, &event.session, event.agent.as_deref()));
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let verdict = guard::check_among(command, context, peers);
    let against = verdict.findings.iter().filter(|finding| finding.decision != Decision::Allow);
    let warned = verdict.warnings.iter().fold(Outcome::default(), |sum, warning| {
        sum.and(Outcome::context(format!("so warns: {}", warning.message())))
    });
    against.fold(warned, |sum, finding| sum.and(Outcome::verdict(finding.decision, finding.message())))
}
