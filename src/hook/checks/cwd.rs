//! `cwd`: a session that goes to another working tree is at work there, and no longer where it was.

use std::path::Path;

use super::{Check, OnFailure};
use crate::guard::project_of;
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::presence::Presence;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "cwd",
    events: &[EventKind::CwdChanged],
    on_failure: OnFailure::Open,
    about: "notes in which working tree a session works now",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    let tree = |cwd: &Path| project_of(cwd, world.home.as_deref());
    let stays = event.from.as_os_str().is_empty() || tree(&event.from) == tree(&event.cwd);
    if let Some(left) = world.store(&event.from).filter(|_| !stays && event.agent.is_none()) {
        let _ = Presence::update(&left, &event.platform, &event.session, |presence| presence.is_away = true);
    }
    Outcome::default()
}
