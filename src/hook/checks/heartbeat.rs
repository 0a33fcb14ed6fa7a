//! `heartbeat`: a session that works is seen to be alive.

use super::{Check, OnFailure, session};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::lease::Session;
use crate::session::presence::Presence;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "heartbeat",
    events: &[EventKind::PostToolBatch],
    on_failure: OnFailure::Open,
    about: "keeps the sign of life of a session fresh",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    if let Some(store) = world.store(&event.cwd) {
        Presence::beat(&store, &event.platform, &event.session);
    }
    if let Some(project) = session::project(event, world)
        && Session::read(&project).ok().flatten().is_some_and(|session| session.is_held_by(&event.session))
    {
        Session::beat(&project);
    }
    Outcome::default()
}
