//! The checks: one file each, bound to events, each with a declared direction in which it fails.

mod banner;
mod control_plane;
mod guard;

use super::event::{Event, EventKind};
use super::outcome::Outcome;
use super::world::World;

/// What becomes of a call that a check cannot judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It is refused.
    Closed,
    /// It goes on.
    Open,
}

/// One check.
pub struct Check {
    /// Its name in `so.toml` and in the documents.
    pub name: &'static str,
    /// The events it answers.
    pub events: &'static [EventKind],
    /// What becomes of a call that it cannot judge.
    pub on_failure: OnFailure,
    /// What it does, in one clause.
    pub about: &'static str,
    run: fn(&Event, &World) -> Outcome,
}

/// All checks, in the order in which they run.
pub const ALL: &[&Check] = &[&guard::CHECK, &control_plane::CHECK, &banner::CHECK];

/// The names of all checks.
pub const NAMES: &[&str] = &["guard", "control-plane", "banner"];

/// Runs every check bound to the event and joins their answers.
pub(super) fn run(event: &Event, world: &World) -> Outcome {
    let bound = ALL.iter().filter(|check| check.events.contains(&event.kind));
    bound.fold(Outcome::default(), |sum, check| sum.and((check.run)(event, world)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_checks() {
        assert_eq!(ALL.iter().map(|check| check.name).collect::<Vec<_>>(), NAMES);
    }

    #[test]
    fn what_can_refuse_fails_closed() {
        for check in ALL.iter().filter(|check| check.events.iter().any(|kind| kind.is_guard())) {
            assert_eq!(check.on_failure, OnFailure::Closed, "{}", check.name);
        }
    }
}
