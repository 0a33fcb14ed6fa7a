//! What is found on the way: each finding once, as strict as the policy wants it, and what is run and written.

use super::arg::{Call, show};
use super::walk::Walk;
use super::writes::{self, Ran};
use super::{About, Decision, Finding, rules};

/// How many commands and writes are noted.
const MAX_NOTES: usize = 1_000;

impl Walk<'_> {
    pub(super) fn unreadable(&mut self, text: &str, why: &str) {
        let shown = show(std::iter::once(text));
        self.add(&rules::UNREADABLE, Decision::Ask, why.to_owned(), shown);
    }

    pub(super) fn add(
        &mut self,
        rule: impl Into<About>,
        decision: Decision,
        detail: String,
        command: String,
    ) {
        let new = self.hardened(Finding { rule: rule.into(), decision, detail, command });
        if new.decision == Decision::Allow {
            return self.warn(new);
        }
        let same = |old: &Finding| {
            old.rule.name == new.rule.name && old.decision == new.decision && old.detail == new.detail
        };
        if self.verdict.findings.len() < 200 && !self.verdict.findings.iter().any(same) {
            self.verdict.findings.push(new);
        }
    }

    fn warn(&mut self, new: Finding) {
        let same = |old: &Finding| old.rule.name == new.rule.name;
        if self.verdict.warnings.len() < 10 && !self.verdict.warnings.iter().any(same) {
            self.verdict.warnings.push(new);
        }
    }

    /// What a policy makes stricter, and what nobody can be asked about while others work in the same tree.
    fn hardened(&self, mut finding: Finding) -> Finding {
        let mut harden = |to: Decision, why: String| {
            if to > finding.decision {
                finding.decision = to;
                finding.detail =
                    if finding.detail.is_empty() { why } else { format!("{}; {why}", finding.detail) };
            }
        };
        if let Some((to, at)) = self.context.policy.tightened(&finding.rule.name) {
            harden(to, format!("made stricter by {at}"));
        }
        if self.context.peers > 0 && rules::OF_LOSS.contains(&finding.rule.name.as_ref()) {
            harden(Decision::Deny, "another agent works in this tree".to_owned());
        }
        finding
    }

    /// Notes what runs and what it writes here.
    pub(super) fn note(&mut self, call: &Call<'_>) {
        if !self.context.notes || self.elsewhere || self.verdict.ran.len() >= MAX_NOTES {
            return;
        }
        if !call.name.starts_with('>') {
            self.verdict.ran.push(Ran::of(call));
        }
        for write in writes::of(call) {
            if self.verdict.writes.len() < MAX_NOTES && !self.verdict.writes.contains(&write) {
                self.verdict.writes.push(write);
            }
        }
    }
}
