//! The checks: one file each, bound to events, each with a declared direction in which it fails.

mod banner;
mod config_protection;
mod consent;
mod control_plane;
mod corrective;
mod creation;
mod guard;
mod issue_budget;
mod loop_guard;
mod session;
mod templates_first;
mod usage;

use super::event::{Event, EventKind};
use super::outcome::Outcome;
use super::world::World;
use crate::session::profile::Level;

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
pub const ALL: &[&Check] = &[
    &guard::CHECK,
    &control_plane::CHECK,
    &templates_first::CHECK,
    &issue_budget::CHECK,
    &config_protection::CHECK,
    &usage::CHECK,
    &loop_guard::CHECK,
    &corrective::CHECK,
    &consent::CHECK,
    &banner::CHECK,
];

/// The names of all checks.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|check| check.name).collect()
}

impl Check {
    /// Whether it runs at all; what is off is announced whatever the level.
    fn runs(&self, level: Level) -> bool {
        match level {
            Level::Full => true,
            Level::Guards => self.on_failure == OnFailure::Closed || self.name == banner::CHECK.name,
            Level::Off => self.name == banner::CHECK.name,
        }
    }
}

/// Runs every check bound to the event and joins their answers.
pub(super) fn run(event: &Event, world: &World) -> Outcome {
    let level = world.profile.level;
    let bound = ALL.iter().filter(|check| check.events.contains(&event.kind) && check.runs(level));
    bound.fold(Outcome::default(), |sum, check| sum.and((check.run)(event, world)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_refuse_fails_closed() {
        let closed = ["guard", "control-plane"];
        for check in ALL {
            let expected = if closed.contains(&check.name) { OnFailure::Closed } else { OnFailure::Open };
            assert_eq!(check.on_failure, expected, "{}", check.name);
        }
    }
}
