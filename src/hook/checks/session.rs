//! Where checks that act only in an open session find it.

use std::path::PathBuf;

use crate::guard::Decision;
use crate::guard::consent::Trust;
use crate::hook::event::Event;
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::config::Config;
use crate::session::open::is_open;
use crate::store::Store;

/// The working tree, if a session is open there.
pub(super) fn project(event: &Event, world: &World) -> Option<PathBuf> {
    world.project(&event.cwd).filter(|project| is_open(project))
}

/// What the project of an open session says about itself. Reads files: only for who has something to say.
pub(super) fn config(event: &Event, world: &World) -> Config {
    let Some(project) = project(event, world) else { return Config::default() };
    // Read only when a setting loosens protection, which is rare.
    let approves =
        |key: &str, value: &str| Trust::load(world.config.as_deref()).approves(&project, key, value);
    Config::load(&project, &approves)
}

/// Tells the model, or refuses where the project is strict about it.
pub(super) fn tell_or(strict: Decision, mode: &str, text: String, config: &Config) -> Outcome {
    match config.text(mode).as_deref() {
        Some("strict") => Outcome::verdict(strict, text),
        Some("off") => Outcome::default(),
        _ => Outcome::context(format!("so: {text}")),
    }
}

/// What is remembered of the working tree, if a session is open there.
pub(super) fn store(event: &Event, world: &World) -> Option<Store> {
    project(event, world).and_then(|_| world.store(&event.cwd))
}
