//! What cannot be known before it runs, and what may be no command at all: judged by what it could be.

use super::arg::{Arg, Call, UNKNOWN};
use super::frame::Frame;
use super::walk::{MAX_CALLS, MAX_DEPTH, Walk};
use super::{Decision, Verdict, rules, see_through};

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
        let begins = call.first().starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
        if begins
            && frame.depth < MAX_DEPTH
            && self.as_if(frame, call.args, call).decision() > Decision::Allow
        {
            suspects.push("sudo");
        }
        for name in suspects {
            let detail = format!("its program cannot be known; as `{name}` it would be refused");
            self.add(&rules::UNREADABLE, Decision::Ask, detail, call.shown());
        }
    }

    /// What would be found if `words` were run in the place of `call`. Nothing of it stays but the work.
    fn as_if(&mut self, frame: &Frame<'_>, words: &[Arg], call: &Call<'_>) -> Verdict {
        let known = std::mem::take(&mut self.verdict);
        let earlier = self.earlier.clone();
        self.call(&frame.deeper(), words, call.cwd.as_deref(), call.input, call.assigned);
        self.earlier = earlier;
        let inner = std::mem::replace(&mut self.verdict, known);
        self.verdict.work += inner.work;
        inner
    }

    /// A variable without a value leaves nothing: `g${x}it reset`, `git $x reset`.
    pub(super) fn vanishing(&mut self, frame: &Frame<'_>, program: &Arg, call: &Call<'_>) {
        let unknown = |word: &Arg| word.text.contains(UNKNOWN);
        if self.guessing || !(unknown(program) || call.args.iter().any(unknown)) {
            return;
        }
        if self.calls > MAX_CALLS || frame.depth >= MAX_DEPTH || self.verdict.decision() > Decision::Allow {
            return;
        }
        let mut is_other = false;
        let mut words = Vec::new();
        for (at, word) in std::iter::once(program).chain(call.args).enumerate() {
            let goes = at > 0 && call.name == "git" && word.text.chars().all(|letter| letter == UNKNOWN);
            let left = emptied(word);
            is_other |= goes || left.is_some();
            words.extend(left.or_else(|| (!goes).then(|| word.clone())));
        }
        if !is_other {
            return;
        }
        let inner = self.as_if(frame, &words, call);
        // What it deletes may be unknown all the same: that says nothing about the empty variable.
        let known = |name: &str| name != rules::UNREADABLE.name && name != rules::delete_unknown::RULE.name;
        if inner.findings.iter().any(|finding| known(&finding.rule.name)) {
            let detail = "where a variable in it is empty, it would be refused".to_owned();
            self.add(&rules::UNREADABLE, Decision::Ask, detail, call.shown());
        }
    }
}

/// A verb or an option without what is unknown in it; `None` for paths, values, and where nothing would be left.
fn emptied(word: &Arg) -> Option<Arg> {
    if !word.text.contains(UNKNOWN) {
        return None;
    }
    let text = word.text.replace(UNKNOWN, "");
    let option = text.starts_with("--")
        || text.strip_prefix('-').is_some_and(|rest| rest.chars().all(|letter| "rRfdxDq".contains(letter)));
    let plain = text.chars().all(|letter| {
        letter.is_ascii_alphanumeric() || "-_.".contains(letter) || letter == '=' && text.starts_with("--")
    });
    let plain = plain || is_cut(&word.text);
    let begins = !word.text.starts_with(UNKNOWN)
        || option
        || text.starts_with(|first: char| first.is_ascii_alphabetic());
    (plain && begins && !text.is_empty()).then(|| Arg { dynamic: false, ..Arg::literal(text) })
}

/// `s${x}rc`, `o${x}f=file`: letters on both sides, where nobody would put a value.
fn is_cut(text: &str) -> bool {
    let sides = text.match_indices(UNKNOWN).map(|(at, mark)| text.split_at(at + mark.len()));
    sides.into_iter().any(|(before, behind)| {
        let before = before.trim_end_matches(UNKNOWN);
        before.ends_with(|letter: char| letter.is_ascii_alphanumeric())
            && behind.starts_with(|letter: char| letter.is_ascii_alphanumeric())
    })
}
