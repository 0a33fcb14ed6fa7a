//! What the checks say together.

use std::fmt::Write as _;

use crate::guard::Decision;
use crate::guard::consent::Thing;

/// At most so many reasons are shown: the first ones are the gravest.
const REASONS_SHOWN: usize = 3;

/// The joined answer of all checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    decision: Decision,
    reasons: Vec<(Decision, String)>,
    context: Vec<String>,
    notes: Vec<String>,
    again: Vec<String>,
    kept: Vec<String>,
    /// The rules behind the verdicts, `None` for a verdict that nobody lifts.
    rules: Vec<Option<String>>,
    /// What the verdicts are about, however the call is spelled.
    things: Vec<Thing>,
}

impl Outcome {
    /// A verdict with its reason.
    pub fn verdict(decision: Decision, reason: impl Into<String>) -> Self {
        Self { decision, reasons: vec![(decision, reason.into())], rules: vec![None], ..Self::default() }
    }

    /// Text for the model.
    pub fn context(text: impl Into<String>) -> Self {
        Self { context: vec![text.into()], ..Self::default() }
    }

    /// Text for the person only: the model never gets it.
    pub fn note(text: impl Into<String>) -> Self {
        Self { notes: vec![text.into()], ..Self::default() }
    }

    /// What still has to be done by the one who is about to end (`Stop`, `SubagentStop`): the client sends it back.
    pub fn again(text: impl Into<String>) -> Self {
        Self { again: vec![text.into()], ..Self::default() }
    }

    /// The prompt goes no further (`UserPromptSubmit`); the text says why to the person, and the model gets neither.
    pub fn kept(text: impl Into<String>) -> Self {
        Self { kept: vec![text.into()], ..Self::default() }
    }

    /// This verdict is of a rule from which the person can make an exception.
    #[must_use]
    pub fn of_rule(mut self, rule: &str) -> Self {
        self.rules = vec![Some(rule.to_owned())];
        self
    }

    /// This verdict is about these.
    #[must_use]
    pub fn about(mut self, things: impl IntoIterator<Item = Thing>) -> Self {
        self.things.extend(things);
        self
    }

    /// What it is about; where no check says so, what the agent is told up to what it quotes.
    pub fn things(&self) -> Vec<Thing> {
        if !self.things.is_empty() {
            return self.things.clone();
        }
        let reason = self.reason();
        let about = reason.split(". ").next().unwrap_or(&reason);
        vec![Thing::Other(about.split(" (`").next().unwrap_or(about).to_owned())]
    }

    /// A guard that cannot judge refuses.
    pub fn broken(why: &str) -> Self {
        Self::verdict(Decision::Deny, format!("{why}; what cannot be read is not run"))
    }

    /// Joins another answer: the strictest decision counts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        if other == Self::default() {
            return self;
        }
        self.decision = self.decision.max(other.decision);
        self.reasons.extend(other.reasons);
        self.context.extend(other.context);
        self.notes.extend(other.notes);
        self.again.extend(other.again);
        self.kept.extend(other.kept);
        self.rules.extend(other.rules);
        self.things.extend(other.things);
        self
    }

    /// For clients that let an asked call through, or have nobody to ask.
    #[must_use]
    pub fn ask_is_deny(mut self) -> Self {
        let harden = |decision: &mut Decision| {
            if *decision == Decision::Ask {
                *decision = Decision::Deny;
            }
        };
        harden(&mut self.decision);
        self.reasons.iter_mut().for_each(|(decision, _)| harden(decision));
        self
    }

    /// The rule to name when the person is offered an exception; `None` when a verdict knows none.
    pub fn rule(&self) -> Option<&str> {
        let rules: Option<Vec<_>> = self.rules.iter().map(Option::as_deref).collect();
        rules?.first().copied()
    }

    /// Without its verdicts: the person has made an exception.
    #[must_use]
    pub fn lifted(self) -> Self {
        Self { decision: Decision::Allow, reasons: Vec::new(), rules: Vec::new(), things: Vec::new(), ..self }
    }

    /// The strictest of all verdicts.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// Why, in the same words for every client; empty when nothing is refused.
    pub fn reason(&self) -> String {
        let mut reasons: Vec<&str> = Vec::new();
        for (_, reason) in self.reasons.iter().filter(|(decision, _)| *decision == self.decision) {
            if !reasons.contains(&reason.as_str()) {
                reasons.push(reason);
            }
        }
        let more = reasons.len().saturating_sub(REASONS_SHOWN);
        reasons.truncate(REASONS_SHOWN);
        let mut text = reasons.join("\n");
        if more > 0 {
            let _ = write!(text, "\nand {more} more");
        }
        match self.decision {
            Decision::Allow => String::new(),
            Decision::Ask => format!("so asks: {text}"),
            Decision::Deny => format!("refused by so: {text}"),
        }
    }

    /// Text for the model; empty when there is none.
    pub fn text(&self) -> String {
        self.context.join("\n")
    }

    /// Text for the person only; empty when there is none.
    pub fn notes(&self) -> String {
        self.notes.join("\n")
    }

    /// Why the prompt goes no further; empty when it does.
    pub fn kept_back(&self) -> String {
        self.kept.join("\n")
    }

    /// What the one who is about to end still has to do; empty when there is nothing.
    pub fn unfinished(&self) -> String {
        self.again.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_counts_and_three_reasons_are_shown() {
        let outcome = (0..5).fold(Outcome::default(), |sum, at| {
            sum.and(Outcome::verdict(Decision::Deny, format!("reason {at}")))
        });
        let outcome = outcome.and(Outcome::verdict(Decision::Ask, "a question"));
        assert_eq!(outcome.decision(), Decision::Deny);
        assert_eq!(outcome.reason(), "refused by so: reason 0\nreason 1\nreason 2\nand 2 more");
    }

    #[test]
    fn ask_can_become_deny_and_allow_stays() {
        let asked = Outcome::verdict(Decision::Ask, "x").ask_is_deny();
        assert_eq!((asked.decision(), asked.reason().as_str()), (Decision::Deny, "refused by so: x"));
        assert_eq!(Outcome::default().ask_is_deny().decision(), Decision::Allow);
    }
}
