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
    events: &[EventKind::PreToolUse, EventKind::PostToolUse],
    on_failure: OnFailure::Open,
    about: "tells when a session opens many issues",
    run,
};

/// Which session made how many; what was refused or failed made none.
const CREATED: &str = "issues-created";

fn run(event: &Event, world: &World) -> Outcome {
    let created = creation::of(event, world).iter().filter(|kind| **kind == Purpose::Issue).count();
    if created == 0 {
        return Outcome::default();
    }
    let Some(store) = session::store(event, world) else { return Outcome::default() };
    let sum = made(&store.read(CREATED), event) + created;
    if event.kind == EventKind::PostToolUse {
        if event.result.as_ref().is_none_or(|result| result.failed != Some(true)) {
            let _ = store
                .update(CREATED, |text| Some(format!("{} {}", event.session, made(&text, event) + created)));
        }
        return Outcome::default();
    }
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

/// How many issues this session has made, by what is remembered of the last one that made some.
fn made(text: &str, event: &Event) -> usize {
    let of_this = text.split_once(' ').filter(|(session, _)| *session == event.session);
    of_this.and_then(|(_, count)| count.trim().parse().ok()).unwrap_or(0)
}
