//! `trap 'rm -rf "$tmp"' EXIT`: a text that runs later than it stands, with the variables of then.

use std::path::{Path, PathBuf};

use super::arg::Arg;
use super::flow::Flow;
use super::frame::Frame;
use super::vars::Vars;
use super::walk::Walk;

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
        let own = match words.first().map_or("", |word| word.text.as_str()) {
            "trap" => 1,
            "builtin" | "command" if words.get(1).is_some_and(|word| word.text == "trap") => 2,
            _ => return,
        };
        let Some(text) = words.iter().skip(own).find(|arg| !arg.text.starts_with('-')) else { return };
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
            self.text(&trap.text, frame.inside(trap.cwd.as_deref(), &Flow::default(), &[]));
            if end.is_some() && end != trap.cwd {
                self.text(&trap.text, frame.inside(end.as_deref(), &Flow::default(), &[]));
            }
            frame.vars = vars;
        }
    }
}
