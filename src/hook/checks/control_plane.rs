//! `control-plane`: an edit by a tool does not change what guards this session. For shell commands the guard's rule
//! `change-hooks` says the same.

use super::{Check, OnFailure};
use crate::guard::consent::Thing;
use crate::guard::control::Control;
use crate::guard::{Context, Decision, rules};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "control-plane",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Closed,
    about: "refuses edits of hook wiring, of so's own records, and of the switches that turn hooks off",
    run,
};

fn run(event: &Event, _world: &World) -> Outcome {
    let Some(ToolCall::Edit(changes)) = &event.tool else { return Outcome::default() };
    let context = Context::at(&event.cwd);
    let forbidden = changes.iter().find(|change| {
        let path = event.cwd.join(&change.path);
        Control::is_repository(&path, &context) || Control::of_file(&path, &context).forbids(&path, change)
    });
    forbidden.map_or_else(Outcome::default, |change| {
        let rule = rules::CHANGE_HOOKS;
        let detail = change.path.display();
        Outcome::verdict(
            Decision::Deny,
            format!("{}: {} ({detail}). {}", rule.name, rule.reason, rule.instead),
        )
        .about([Thing::Other(rule.name.to_owned())])
    })
}
