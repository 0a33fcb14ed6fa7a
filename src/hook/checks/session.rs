//! Where checks that act only in an open session find it.

use std::path::PathBuf;

use crate::guard::project_of;
use crate::hook::event::Event;
use crate::hook::world::World;
use crate::session::open::is_open;
use crate::store::Store;

/// The working tree, if a session is open there.
pub(super) fn project(event: &Event, world: &World) -> Option<PathBuf> {
    project_of(&event.cwd, world.home.as_deref()).filter(|project| is_open(project))
}

/// What is remembered of the working tree, if a session is open there.
pub(super) fn store(event: &Event, world: &World) -> Option<Store> {
    project(event, world).and_then(|_| world.store(&event.cwd))
}
