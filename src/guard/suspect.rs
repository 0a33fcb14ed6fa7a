//! What cannot be known before it runs, and what may be no command at all: judged by what it could be.

use super::arg::{Arg, Call, UNKNOWN};
use super::frame::Frame;
use super::walk::{MAX_CALLS, MAX_DEPTH, Walk};
use super::{Decision, rules, see_through};

impl Walk<'_> {
    /// What may be no command at all: that it cannot be read says nothing.
    pub(super) fn guessed(&mut self, judge: impl FnOnce(&mut Self)) {
        let known = std::mem::take(&mut self.verdict.findings);
        let noted = (self.verdict.ran.len(), self.verdict.writes.len());
        let outer = std::mem::replace(&mut self.guessing, true);
        judge(self);
        self.guessing = outer;
        self.verdict.ran.truncate(noted.0);
        self.verdict.writes.truncate(noted.1);
        let found = std::mem::replace(&mut self.verdict.findings, known);
        for finding in found.into_iter().filter(|finding| finding.rule.name != rules::UNREADABLE.name) {
            self.add(finding.rule, finding.decision, finding.detail, finding.command);
        }
    }

    pub(super) fn opaque(&mut self, call: &Call<'_>) {
        self.add(&rules::UNREADABLE, Decision::Ask, "what it runs cannot be known".to_owned(), call.shown());
    }

    /// A program whose name cannot be known is judged as those that could do harm with these arguments.
    pub(super) fn unknown_program(&mut self, frame: &Frame<'_>, program: &Arg, call: &Call<'_>) {
        let named = program.text.contains(UNKNOWN) && !call.name.contains(UNKNOWN);
        if !program.dynamic || named || self.calls > MAX_CALLS {
            return;
        }
        let mut suspects = Vec::new();
        for name in see_through::could_be(call) {
            let guess = Call { name, ..call.clone() };
            let refuses = |(decision, _): &(Decision, String)| *decision > Decision::Allow;
            if rules::ALL.iter().any(|rule| (rule.judge)(&guess).iter().any(refuses)) {
                suspects.push(name);
            }
        }
        // As `sudo` or `env` it would run the rest.
        if call.first().starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
            && frame.depth < MAX_DEPTH
        {
            let known = std::mem::take(&mut self.verdict);
            let earlier = self.earlier.clone();
            self.call(&frame.deeper(), call.args, call.cwd.as_deref(), call.input, call.assigned);
            self.earlier = earlier;
            let inner = std::mem::replace(&mut self.verdict, known);
            self.verdict.work += inner.work;
            if inner.decision() > Decision::Allow {
                suspects.push("sudo");
            }
        }
        for name in suspects {
            let detail = format!("its program cannot be known; as `{name}` it would be refused");
            self.add(&rules::UNREADABLE, Decision::Ask, detail, call.shown());
        }
    }
}
