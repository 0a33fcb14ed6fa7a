//! Files that the same text has filled before, now run.

use super::arg::{Arg, Call};
use super::flow::Flow;
use super::frame::Frame;
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
        if let Some(names) = recipes(call.name) {
            return self.recipes(frame, program, call, names);
        }
        let files = call
            .args
            .iter()
            .filter(|arg| (runs || interprets) && !arg.text.starts_with('-'))
            .take(1)
            .chain(std::iter::once(program));
        let texts: Vec<String> = files
            .filter_map(|file| frame.filled(file, call.cwd.as_deref()))
            .flat_map(|flow| flow.texts)
            .collect();
        for text in texts {
            if runs || !interprets {
                self.text(&text, frame.inside(call.cwd.as_deref(), &Flow::default(), &[]));
            } else {
                let program = std::slice::from_ref(program);
                self.call(&frame.deeper(), program, call.cwd.as_deref(), &Flow::text(text), call.assigned);
            }
        }
    }

    /// `make`, with a file of recipes that it was given or finds.
    fn recipes(&mut self, frame: &Frame<'_>, program: &Arg, call: &Call<'_>, names: &[&str]) {
        let found = names.iter().map(|name| Arg::literal(*name));
        let stuck =
            call.args.iter().filter_map(|arg| arg.text.split_once('=')).map(|(_, file)| Arg::literal(file));
        for file in call.args.iter().cloned().chain(stuck).chain(found) {
            let Some(flow) = frame.filled(&file, call.cwd.as_deref()) else { continue };
            let words = [program.clone(), Arg::literal("-f"), Arg::literal("-")];
            self.call(&frame.deeper(), &words, call.cwd.as_deref(), &flow, call.assigned);
        }
    }
}

/// The files in which a program looks for recipes.
fn recipes(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "make" | "gmake" => Some(&["Makefile", "makefile", "GNUmakefile"]),
        "just" => Some(&["justfile", "Justfile", ".justfile"]),
        "ninja" => Some(&["build.ninja"]),
        "task" | "go-task" => Some(&["Taskfile.yml", "Taskfile.yaml"]),
        _ => None,
    }
}

/// Programs that print what is in files.
const READERS: &[&str] =
    &["awk", "cat", "cut", "envsubst", "grep", "head", "nl", "sed", "sort", "tac", "tail", "tr", "uniq"];

impl Frame<'_> {
    /// What `call` prints, with what the same text has put into the files that it reads.
    pub(super) fn read_back(&self, call: &Call<'_>, mut printed: Flow) -> Flow {
        if self.written.is_empty() || !READERS.contains(&call.name) {
            return printed;
        }
        let files = call.args.iter().filter(|arg| !arg.text.starts_with('-'));
        let known = files.filter_map(|file| self.filled(file, call.cwd.as_deref()));
        printed.texts.extend(known.flat_map(|flow| flow.texts).take(64));
        printed
    }
}
