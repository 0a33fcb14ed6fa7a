//! Files that the same text has filled before, now run.

use super::arg::{Arg, Call};
use super::flow::Flow;
use super::frame::{Frame, file_key};
use super::walk::{MAX_DEPTH, Walk};
use super::{Decision, rules, see_through};

impl Walk<'_> {
    /// A file that the same text has filled from the network, now run.
    pub(super) fn downloaded(&mut self, program: &Arg, call: &Call<'_>) {
        if call.earlier.fetched.is_empty() || self.guessing {
            return;
        }
        let takes = see_through::runs_files(call.name) || see_through::interprets(call.name);
        let file = call.args.iter().find(|arg| !arg.text.starts_with('-')).filter(|_| takes);
        let program = Some(program).filter(|program| program.text.contains('/'));
        let fetched = |file: &Arg| {
            super::place::absolute(&file.text, call.cwd.as_deref())
                .is_some_and(|path| call.earlier.fetched.contains(&path))
        };
        if file.into_iter().chain(program).any(fetched) {
            self.add(&rules::download_and_run::RULE, Decision::Ask, String::new(), call.shown());
        }
    }

    /// A file that the same text has written before, now run.
    pub(super) fn written(&mut self, frame: &Frame<'_>, program: &Arg, call: &Call<'_>) {
        if frame.written.is_empty() || frame.depth >= MAX_DEPTH {
            return;
        }
        let runs = see_through::runs_files(call.name);
        let interprets = see_through::interprets(call.name);
        let files = call
            .args
            .iter()
            .filter(|arg| (runs || interprets) && !arg.text.starts_with('-'))
            .take(1)
            .chain(std::iter::once(program));
        let texts: Vec<String> =
            files.filter_map(|file| frame.written.get(file_key(&file.text))).flatten().cloned().collect();
        for text in texts {
            if runs || !interprets {
                self.text(&text, frame.inside(call.cwd.as_deref(), &Flow::default(), &[]));
            } else {
                let program = std::slice::from_ref(program);
                self.call(&frame.deeper(), program, call.cwd.as_deref(), &Flow::text(text), call.assigned);
            }
        }
    }
}
