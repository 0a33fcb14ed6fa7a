//! What runs later than it stands, with the variables of then: `trap 'rm -rf "$tmp"' EXIT`, the bodies of functions.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::arg::Arg;
use super::flow::Flow;
use super::frame::Frame;
use super::vars::Vars;
use super::walk::{MAX_DEPTH, Walk};

/// Most texts that wait for the end; those past it are judged where they stand.
const MAX_TRAPS: usize = 16;

/// A text of `trap`, with what was known where it was set.
pub(super) struct Trap {
    text: String,
    cwd: Option<PathBuf>,
    vars: Vars,
}

impl Walk<'_> {
    /// `trap TEXT SIGNAL…`: whatever the signal, it may run at any later point.
    pub(super) fn trapped(&mut self, frame: &mut Frame<'_>, words: &[Arg], cwd: Option<&Path>) {
        let Some(at) = words.iter().take(2).position(|word| word.text == "trap") else { return };
        let Some(text) = words.iter().skip(at + 1).find(|arg| !arg.text.starts_with('-')) else { return };
        frame.vars.note_all(&self.noted);
        let trap =
            Trap { text: text.text.clone(), cwd: cwd.map(Path::to_path_buf), vars: frame.vars.clone() };
        frame.traps.push(trap);
        if frame.traps.len() > MAX_TRAPS {
            self.sprung(frame);
        }
    }

    /// Judges what waited, with every value that its variables may have had since, and where the text ends too.
    pub(super) fn sprung(&mut self, frame: &mut Frame<'_>) {
        let noted = self.noted.borrow().clone();
        let end = frame.cwd(0);
        for trap in std::mem::take(&mut frame.traps) {
            let vars = std::mem::replace(&mut frame.vars, trap.vars.at_any_time(&noted));
            for body in frame.functions_in(&trap.text) {
                self.again(frame, body);
            }
            self.text(&trap.text, frame.inside(trap.cwd.as_deref(), &Flow::default(), &[]));
            if end.is_some() && end != trap.cwd {
                self.text(&trap.text, frame.inside(end.as_deref(), &Flow::default(), &[]));
            }
            frame.vars = vars;
        }
    }

    /// A function of the same text, with the arguments and the input of this call; gives what it prints.
    pub(super) fn function(&mut self, frame: &mut Frame<'_>, words: &[Arg], input: &Flow) -> Option<Flow> {
        let body = frame.function(words)?;
        if frame.call_matters(words, input, self.later.is_some()) && frame.depth < MAX_DEPTH {
            frame.called(words, &body, |frame| {
                frame.fed(&body, input.clone(), |frame| self.again(frame, body.clone()));
            });
        }
        Some(frame.expander(self.context, None, 0).flow(&body))
    }

    /// Commands that were judged before, now that more is known of their surroundings.
    pub(super) fn again(&mut self, frame: &mut Frame<'_>, commands: Range<usize>) {
        let script = frame.script;
        for index in commands {
            if let Some(command) = script.commands.get(index).filter(|_| !self.exhausted()) {
                self.command(frame, index, command);
            }
        }
    }
}

impl Frame<'_> {
    /// Whether the body of a function that nobody has called yet holds this command.
    pub(super) fn defines(&self, index: usize) -> bool {
        self.called.is_none() && self.script.functions.iter().any(|function| function.body.contains(&index))
    }

    /// The bodies of the functions that `text` names.
    pub(super) fn functions_in(&self, text: &str) -> Vec<Range<usize>> {
        let letter = |letter: char| letter.is_alphanumeric() || "_-.:".contains(letter);
        let words = text.split(|other| !letter(other));
        words.filter_map(|word| self.functions.get(word)).map(|(body, _)| body.clone()).collect()
    }
}
