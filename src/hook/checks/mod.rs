//! What is done on an event: one file each, one slice of all.

mod banner;
mod guard;

use super::{Event, EventKind, Outcome};

/// What happens when a check itself fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The call is refused.
    Deny,
    /// Nothing is said.
    Silent,
}

/// One check.
#[derive(Debug)]
pub struct Check {
    /// Stable name.
    pub name: &'static str,
    /// The events it listens to.
    pub events: &'static [EventKind],
    /// What its own failure means.
    pub on_failure: OnFailure,
    /// What it says to an event.
    pub run: fn(&Event) -> anyhow::Result<Outcome>,
}

/// All checks, in the order in which their reasons are shown.
pub const ALL: &[&Check] = &[&guard::CHECK, &banner::CHECK];

/// Everything that listens to `event`, joined.
pub fn run(event: &Event) -> Outcome {
    let listening = ALL.iter().filter(|check| check.events.contains(&event.kind));
    listening.fold(Outcome::default(), |sum, check| {
        sum.join(match ((check.run)(event), check.on_failure) {
            (Ok(outcome), _) => outcome,
            (Err(error), OnFailure::Deny) => Outcome::deny(format!("the check `{}` failed: {error:#}", check.name)),
            (Err(_), OnFailure::Silent) => Outcome::default(),
        })
    })
}
