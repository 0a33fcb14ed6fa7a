//! Leaves a receipt for each shell call that names `so`. One that cannot be written is left out: the `so` that looks
//! for it says then that it found none.

use super::event::{Event, EventKind, ToolCall};
use super::outcome::Outcome;
use super::world::World;
use crate::guard::{self, Context, Decision};
use crate::session::profile::Level;
use crate::session::receipt::{self, Receipt};

/// Leaves what the event gives occasion to.
pub(super) fn leave(event: &Event, outcome: &Outcome, world: &World) {
    if world.profile.level == Level::Off
        || !matches!(event.kind, EventKind::PreToolUse | EventKind::SessionStart)
    {
        return;
    }
    let Some(store) = world.store(&event.cwd) else { return };
    receipt::answered(&store, &event.platform, event.kind == EventKind::SessionStart);
    let Some(ToolCall::Shell { command, .. }) = &event.tool else { return };
    let calls = calls(command, event);
    if outcome.decision() != Decision::Deny && !calls.is_empty() {
        let receipt = Receipt {
            client: event.platform.clone(),
            session: event.session.clone(),
            sha256: receipt::hash(command),
            calls,
            at: world.now,
            claim: None,
        };
        let _ = receipt::leave(&store, receipt);
    }
}

/// The words of each `so` that the command runs. Most texts do not hold the word at all and are not read again.
fn calls(command: &str, event: &Event) -> Vec<String> {
    if !receipt::mentions(command) {
        return Vec::new();
    }
    let context = Context { assume_dirty: true, ..Context::at(&event.cwd) }; // what would be lost is not asked here
    let verdict = guard::check(command, &context);
    let words = verdict.steps.iter().filter_map(|step| {
        let (program, words) = step.command.split_once(' ').unwrap_or((&step.command, ""));
        (guard::program(program) == "so").then(|| receipt::words(words))
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_that_run_so_leave_one() {
        let event = Event { cwd: "/home/dev/project".into(), ..Event::default() };
        for (command, expected) in [
            ("so status", true),
            ("cd src && /opt/so check --json | head", true),
            ("bash -c 'so status'", true),
            ("timeout 5 so status", true),
            ("echo so", false),
            ("also something", false),
            ("grep -rn so src", false),
            ("cat so.toml; libso", false),
        ] {
            assert_eq!(!calls(command, &event).is_empty(), expected, "{command}");
        }
    }
}
