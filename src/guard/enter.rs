//! From a wrapper to what it would run: another directory, another machine, a container, a text.

use std::path::Path;

use super::arg::{Arg, Call, UNKNOWN};
use super::flow::Flow;
use super::frame::Frame;
use super::see_through::Inner;
use super::walk::{MAX_DEPTH, Walk};

impl Walk<'_> {
    /// What a wrapper would run.
    pub(super) fn enter(&mut self, frame: &Frame<'_>, inner: Inner, call: &Call<'_>) -> Flow {
        if frame.depth >= MAX_DEPTH || self.exhausted() {
            self.unreadable(&call.shown(), "it is nested too deep");
            return Flow::default();
        }
        let cwd = inner.cwd(call);
        if !inner.is_elsewhere() {
            return self.enter_at(frame, inner, cwd.as_deref(), call);
        }
        // Of a container in a container, or on another machine, nothing is known.
        let known = inner.container().filter(|_| !self.elsewhere);
        let container = std::mem::replace(&mut self.container, known);
        let outside = std::mem::replace(&mut self.elsewhere, true);
        let printed = self.enter_at(frame, inner, cwd.as_deref(), call);
        self.elsewhere = outside;
        self.container = container;
        printed
    }

    fn enter_at(&mut self, frame: &Frame<'_>, inner: Inner, cwd: Option<&Path>, call: &Call<'_>) -> Flow {
        match inner {
            Inner::Words { words, set, input, .. } => {
                let mut all = call.assigned.to_vec();
                let input = input.unwrap_or_else(|| call.input.clone());
                let mut deeper = frame.deeper();
                deeper.aliases.clone_from(&frame.aliases);
                deeper.vars = frame.vars.clone();
                for (name, value) in &set {
                    deeper.vars.set(name, vec![Arg::literal(value.clone())], false);
                }
                all.extend(set);
                return self.call(&deeper, &words, cwd, &input, &all);
            }
            Inner::Guessed(words) => self.guessed(|walk| {
                walk.call(&frame.deeper(), &words, cwd, call.input, call.assigned);
            }),
            Inner::Text { text, positional, guessed: true, .. } => self.guessed(|walk| {
                walk.text(&text, frame.inside(cwd, call.input, &positional));
            }),
            Inner::Text { text, positional, .. } => {
                if text.contains(UNKNOWN)
                    && text.chars().all(|character| character == UNKNOWN || character.is_whitespace())
                {
                    self.opaque(call);
                    return Flow::default();
                }
                // A shell that reads its text from standard input has used it up.
                let used = call.input.texts.iter().any(|known| !known.is_empty() && text.contains(known));
                let nothing = Flow::default();
                let input = if used { &nothing } else { call.input };
                return self.text(&text, frame.inside(cwd, input, &positional));
            }
            Inner::Opaque => self.opaque(call),
        }
        Flow::default()
    }
}
