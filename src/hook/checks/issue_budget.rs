//! `issue-budget`: an agent that opens many issues is told, because somebody has to read them.

use super::{Check, OnFailure, creation, session};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::templates::Purpose;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "issue-budget",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Open,
    about: "tells when a session opens more than twelve issues",
    run,
};

/// More issues than that in one session are told.
const BUDGET: usize = 12;

fn run(event: &Event, world: &World) -> Outcome {
    let created = creation::of(event).iter().filter(|kind| **kind == Purpose::Issue).count();
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
    if sum <= BUDGET {
        return Outcome::default();
    }
    Outcome::context(format!(
        "so: issue {sum} of this session; more than {BUDGET} are rarely read. Gather what belongs together in one."
    ))
}
