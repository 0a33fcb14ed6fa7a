//! The one rule by which learnings age. Pure: times come in as values, in milliseconds since 1970.
//!
//! A learning is born at 0.5. Being confirmed adds 0.15 and begins its time anew, being contradicted takes 0.2; between
//! two such events half of it fades in 90 days. Below 0.1, or when its time is over, it is pruned.

/// At birth.
pub const BIRTH: f64 = 0.5;
/// What a confirmation adds.
pub const CONFIRMED: f64 = 0.15;
/// What a contradiction takes.
pub const CONTRADICTED: f64 = 0.2;
/// Below this it is pruned.
pub const FLOOR: f64 = 0.1;
/// Up to this it is kept and no longer shown.
pub const SHOWN: f64 = 0.3;
/// From this on it is strong enough for a rule.
pub const STRONG: f64 = 0.6;

/// A day.
pub const DAY: u64 = 24 * 60 * 60 * 1000;
const HALF_LIFE: u64 = 90 * DAY;

/// What happens to a learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It held again.
    Confirmed,
    /// It did not hold.
    Contradicted,
}

impl Change {
    /// The word of its line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
        }
    }
}

/// How far one may be relied on, as of a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Age {
    /// The confidence at `since`, from 0 to 1.
    pub confidence: f64,
    /// When something happened to it last; `None` where nobody noted it, and then it does not fade.
    pub since: Option<u64>,
    /// When its time is over.
    pub expires: u64,
}

impl Age {
    /// At birth, with the days that its type gives it.
    pub fn born(at: u64, days: u64) -> Self {
        Self { confidence: BIRTH, since: Some(at), expires: at.saturating_add(days * DAY) }
    }

    /// What is left of it. A clock that goes back makes it no stronger.
    pub fn strength(&self, now: u64) -> f64 {
        let faded = |since| faded(self.confidence, now.saturating_sub(since));
        self.since.map_or(self.confidence, faded)
    }

    /// After something happened to it.
    #[must_use]
    pub fn after(self, change: Change, at: u64, days: u64) -> Self {
        let at = at.max(self.since.unwrap_or_default());
        let left = self.strength(at);
        let (confidence, expires) = match change {
            Change::Confirmed => (left + CONFIRMED, self.expires.max(at.saturating_add(days * DAY))),
            Change::Contradicted => (left - CONTRADICTED, self.expires),
        };
        Self { confidence: confidence.clamp(0.0, 1.0), since: Some(at), expires }
    }

    /// Why it is over, as a clause; `None` while it lives.
    pub fn over(&self, now: u64) -> Option<&'static str> {
        if now >= self.expires {
            Some("its time is over")
        } else if self.strength(now) < FLOOR {
            Some("it has faded")
        } else {
            None
        }
    }

    /// Whether it is shown to an agent.
    pub fn is_shown(&self, now: u64) -> bool {
        self.over(now).is_none() && self.strength(now) > SHOWN
    }
}

fn faded(confidence: f64, ms: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries fit into 53 bits")]
    let halves = ms as f64 / HALF_LIFE as f64;
    confidence * 0.5_f64.powf(halves)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const YEAR: u64 = 365 * DAY;

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn the_numbers_are_those_of_the_contract() {
        let born = Age::born(0, 90);
        assert!(near(born.strength(0), 0.5) && near(born.strength(90 * DAY), 0.25));
        assert!(near(born.after(Change::Confirmed, 0, 90).strength(0), 0.65));
        assert!(near(born.after(Change::Contradicted, 0, 90).strength(0), 0.3));
        // Twice contradicted it is at the edge of what is pruned; faded by one day it is beyond.
        let twice = born.after(Change::Contradicted, 0, 90).after(Change::Contradicted, 0, 90);
        assert!(near(twice.strength(0), 0.1) && twice.over(DAY) == Some("it has faded"));
        assert_eq!(born.over(90 * DAY), Some("its time is over"));
        assert_eq!(born.over(90 * DAY - 1), None);
        let kept = born.after(Change::Confirmed, 80 * DAY, 90);
        assert_eq!((kept.over(90 * DAY), kept.expires), (None, 170 * DAY));
        let denied = born.after(Change::Contradicted, 80 * DAY, 90);
        assert_eq!(denied.expires, 90 * DAY, "a contradiction gives no time");
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![Just(Change::Confirmed), Just(Change::Contradicted)]
    }

    proptest! {
        #[test]
        fn it_stays_between_nothing_and_certain(
            changes in prop::collection::vec((change(), 0..YEAR), 0..40), now in 0..20 * YEAR
        ) {
            let mut age = Age::born(0, 90);
            let mut at = 0;
            for (change, later) in changes {
                at += later;
                let before = age.strength(at);
                age = age.after(change, at, 90);
                prop_assert!((0.0..=1.0).contains(&age.confidence));
                match change {
                    Change::Confirmed => prop_assert!(age.strength(at) >= before && age.expires >= at + 90 * DAY),
                    Change::Contradicted => prop_assert!(age.strength(at) <= before),
                }
            }
            prop_assert!((0.0..=1.0).contains(&age.strength(now)));
        }

        #[test]
        fn it_only_fades_and_in_one_step_as_in_many(
            confidence in 0.0..=1.0_f64, one in 0..YEAR, two in 0..YEAR
        ) {
            let whole = faded(confidence, one + two);
            prop_assert!(whole <= faded(confidence, one) && faded(confidence, one) <= confidence);
            prop_assert!((faded(faded(confidence, one), two) - whole).abs() < 1e-9);
        }

        #[test]
        fn a_clock_that_goes_back_makes_nothing_stronger(at in 0..YEAR, earlier in 0..YEAR, change in change()) {
            let age = Age::born(at, 90);
            prop_assert!(age.strength(at.saturating_sub(earlier)) <= age.strength(at) + 1e-9);
            let changed = age.after(change, at.saturating_sub(earlier), 90);
            prop_assert_eq!(changed.since, Some(at));
        }

        #[test]
        fn what_is_over_stays_over(confidence in 0.0..=1.0_f64, now in 0..YEAR, later in 0..YEAR) {
            let age = Age { confidence, since: Some(0), expires: 90 * DAY };
            prop_assert!(age.over(now).is_none() || age.over(now + later).is_some());
        }
    }
}
