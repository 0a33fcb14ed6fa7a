//! The checks: one file each, bound to events, each with a declared direction in which it fails.

mod agent_record;
mod banner;
mod binding;
mod breaker;
mod config_protection;
mod consent;
mod control_plane;
mod corrective;
mod creation;
mod cwd;
mod dispatch;
mod edits;
mod ended;
mod fence;
mod go;
mod guard;
mod heartbeat;
mod issue_budget;
mod learn;
mod loop_guard;
mod reading;
mod scope;
mod session;
mod staging;
mod steer;
mod templates_first;
mod tree_diff;
mod turn;
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
    &fence::CHECK,
    &binding::CHECK,
    &scope::CHECK,
    &staging::CHECK,
    &dispatch::CHECK,
    &templates_first::CHECK,
    &issue_budget::CHECK,
    &config_protection::CHECK,
    &usage::CHECK,
    &tree_diff::CHECK,
    &edits::CHECK,
    &loop_guard::CHECK,
    &breaker::CHECK,
    &corrective::CHECK,
    &agent_record::CHECK,
    &heartbeat::CHECK,
    &steer::CHECK,
    &turn::CHECK,
    &consent::CHECK,
    &go::CHECK,
    &learn::CHECK,
    &banner::CHECK,
    &ended::CHECK,
    &cwd::CHECK,
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
            // The person can answer a refusal wherever one can happen.
            Level::Guards => {
                let always = [banner::CHECK.name, consent::CHECK.name, go::CHECK.name, learn::CHECK.name];
                self.on_failure == OnFailure::Closed || always.contains(&self.name)
            }
            Level::Off => self.name == banner::CHECK.name,
        }
    }
}

/// Runs every check once, on the first of the events that it is bound to, and joins their answers.
pub(super) fn run(events: &[Event], world: &World) -> Outcome {
    let level = world.profile.level;
    let bound = ALL.iter().filter(|check| check.runs(level)).filter_map(|check| {
        let event = events.iter().find(|event| check.events.contains(&event.kind))?;
        Some((check.run)(event, world))
    });
    bound.fold(Outcome::default(), Outcome::and)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_refuse_fails_closed() {
        let closed = ["guard", "control-plane", "fence", "binding", "scope", "staging"];
        for check in ALL {
            let expected = if closed.contains(&check.name) { OnFailure::Closed } else { OnFailure::Open };
            assert_eq!(check.on_failure, expected, "{}", check.name);
        }
    }
}
