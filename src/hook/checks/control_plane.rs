//! `control-plane`: an edit by a tool does not change what guards this session. For shell commands the guard's rule
//! `change-hooks` says the same.

use super::{Check, OnFailure};
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
    let Some(ToolCall::Edit { paths, text }) = &event.tool else { return Outcome::default() };
    let context = Context::at(&event.cwd);
    let forbidden = paths.iter().find(|path| {
        let path = event.cwd.join(path);
        Control::of_file(&path, &context).forbids(text)
    });
    forbidden.map_or_else(Outcome::default, |path| {
        let rule = rules::CHANGE_HOOKS;
        let detail = path.display();
        Outcome::verdict(
            Decision::Deny,
            format!("{}: {} ({detail}). {}", rule.name, rule.reason, rule.instead),
        )
    })
}
