//! `heartbeat`: a session that works is seen to be alive.

use super::{Check, OnFailure};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
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
    Outcome::default()
}
