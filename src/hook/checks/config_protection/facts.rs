//! What a file asks of the work, as weights: more is stricter. An edit loosens where one of them becomes less.

use std::collections::BTreeMap;

/// What one text asks.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// By name, with what it means when it becomes less; what does not stand there weighs nothing.
    holds: BTreeMap<String, (f64, &'static str)>,
    /// Limits that are looser the higher they are; one that is new says nothing.
    limits: BTreeMap<String, f64>,
}

impl Facts {
    /// Adds to the weight of `name`.
    pub(super) fn add(&mut self, name: impl Into<String>, weight: f64, meaning: &'static str) {
        self.holds.entry(name.into()).or_insert((0.0, meaning)).0 += weight;
    }

    /// The weight of `name` is at least this; the first one counts whatever it is.
    pub(super) fn at_least(&mut self, name: impl Into<String>, weight: f64, meaning: &'static str) {
        let slot = self.holds.entry(name.into()).or_insert((weight, meaning));
        slot.0 = slot.0.max(weight);
    }

    /// A limit that may be lowered.
    pub(super) fn limit(&mut self, name: impl Into<String>, value: f64) {
        self.limits.insert(name.into(), value);
    }

    /// What became less in `after`, as a clause about the edit.
    pub(super) fn loosened_by(&self, after: &Self) -> Option<&'static str> {
        let weight = |facts: &Self, name: &String| facts.holds.get(name).map_or(0.0, |(weight, _)| *weight);
        let names = self.holds.iter().chain(&after.holds);
        let less = names.into_iter().find(|(name, _)| weight(after, name) < weight(self, name));
        let higher = || {
            let both = self.limits.iter().filter_map(|(name, old)| Some((old, after.limits.get(name)?)));
            both.into_iter().find(|(old, new)| new > old).map(|_| "raises a limit of a check")
        };
        less.map(|(_, (_, meaning))| *meaning).or_else(higher)
    }
}
