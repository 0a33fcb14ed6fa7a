//! `issue-budget`: an agent that opens many issues is told, because somebody has to read them.

use super::{Check, OnFailure, creation, session};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::templates::Purpose;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "issue-budget",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Open,
    about: "tells when a session opens many issues",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    let created = creation::of(event, world).iter().filter(|kind| **kind == Purpose::Issue).count();
    if created == 0 {
        return Outcome::default();
    }
    let Some(store) = session::store(event, world) else { return Outcome::default() };
    let mut sum = 0;
    let _ = store.update("issues-created", |text| {
        let before = text.split_once(' ').filter(|(session, _)| *session == event.session);
        sum = before.and_then(|(_, count)| count.parse().ok()).unwrap_or(0) + created;
        Some(format!("{} {sum}", event.session))
    });
    let config = session::config(event, world);
    let most = config.int("issue-budget.max-per-session", "").and_then(|most| usize::try_from(most).ok());
    match most {
        Some(most) if sum > most => {
            let text = format!(
                "issue {sum} of this session; more than {most} are rarely read. Gather what belongs together in one."
            );
            session::tell_or(Decision::Deny, "issue-budget.mode", text, &config)
        }
        _ => Outcome::default(),
    }
}
