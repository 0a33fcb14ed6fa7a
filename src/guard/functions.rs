//! Functions that a text defines: run where they are called, with what the call gives, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use super::arg::{Arg, Call, UNKNOWN, show};
use super::flow::Flow;
use super::frame::Frame;
use super::names::matches;
use super::shell::{Part, RedirectKind, Script, SimpleCommand, Word};
use super::vars::Vars;
use super::walk::{MAX_DEPTH, Walk};

/// Bodies of functions as texts, by name.
pub(super) type Sources = BTreeMap<String, Rc<str>>;

/// The body of a function.
#[derive(Debug, Clone)]
pub(super) struct Body {
    commands: Range<usize>,
    /// It looks at its arguments.
    looks: bool,
}

/// Arguments that a call without them leaves empty.
const POSITIONAL: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// The functions of a text; of two with one name the last.
pub(super) fn of(script: &Script) -> BTreeMap<&str, Body> {
    let functions = script.functions.iter().map(|function| {
        let commands = script.commands.get(function.body.clone()).unwrap_or_default();
        let looks = commands.iter().any(looks) || commands.iter().any(shifts);
        (function.name.as_str(), Body { commands: function.body.clone(), looks })
    });
    functions.collect()
}

/// The functions of a text as texts, with those `around` it.
pub(super) fn sources(script: &Script, mut around: Rc<Sources>) -> Rc<Sources> {
    if !script.functions.is_empty() {
        let own =
            script.functions.iter().map(|function| (function.name.clone(), function.source.as_str().into()));
        Rc::make_mut(&mut around).extend(own);
    }
    around
}

/// Which commands stand in the body of a function; empty where there is none.
pub(super) fn bodies(script: &Script) -> Vec<bool> {
    let mut inside = Vec::new();
    for function in script.functions.iter().filter(|function| !runs_by_itself(&function.name)) {
        inside.resize(script.commands.len(), false);
        inside.get_mut(function.body.clone()).unwrap_or_default().fill(true);
    }
    inside
}

/// Functions that shells call themselves.
fn runs_by_itself(name: &str) -> bool {
    name.starts_with("TRAP")
        || ["command_not_found_handle", "command_not_found_handler", "precmd", "preexec", "chpwd"]
            .contains(&name)
}

/// `$(< file)`.
pub(super) fn reads(command: &SimpleCommand) -> bool {
    command.redirects.iter().any(|redirect| redirect.kind == RedirectKind::Read)
}

/// Whether a command looks at the arguments of the function that it stands in.
fn looks(command: &SimpleCommand) -> bool {
    let positional = |word: &Word| {
        word.parts.iter().any(|part| match part {
            Part::Param { name, .. } => {
                matches!(name.as_str(), "@" | "*") || name.bytes().all(|byte| byte.is_ascii_digit())
            }
            _ => false,
        })
    };
    let assigned = command.assignments.iter().flat_map(|assignment| &assignment.values);
    let targets = command.redirects.iter().map(|redirect| &redirect.target);
    command.words.iter().chain(assigned).chain(targets).any(positional)
}

fn shifts(command: &SimpleCommand) -> bool {
    command.words.first().and_then(Word::bare) == Some("shift")
}

/// What a text leaves to the shell that has read it.
pub(super) struct Left {
    vars: Vars,
    sources: Rc<Sources>,
}

impl Left {
    /// What `frame` has in the end.
    pub(super) fn of(frame: Frame<'_>) -> Self {
        Self { vars: frame.vars, sources: frame.sources }
    }
}

impl Walk<'_> {
    /// `eval`, `source`: variables and functions of that text stay.
    pub(super) fn stays(&mut self, frame: &mut Frame<'_>, words: &[Arg]) {
        let left = self.left.take();
        let same = words.first().is_some_and(|word| {
            matches!(word.text.as_str(), "eval" | "source" | "." | "builtin" | "command")
        });
        let Some(left) = left.filter(|_| same) else { return };
        frame.vars.keep(&left.vars);
        let own: Vec<_> =
            left.sources.iter().filter(|(name, _)| !frame.sources.contains_key(*name)).collect();
        if !own.is_empty() {
            let own: Vec<_> = own.into_iter().map(|(name, body)| (name.clone(), body.clone())).collect();
            Rc::make_mut(&mut frame.sources).extend(own);
        }
    }

    /// The functions of the same text that `words` call; gives what they print.
    pub(super) fn functions(
        &mut self,
        frame: &mut Frame<'_>,
        (scope, words): (usize, &[Arg]),
        input: &Flow,
    ) -> Option<Flow> {
        let program = words.first().filter(|_| !frame.functions.is_empty())?;
        if frame.functions.contains_key(program.text.as_str()) {
            return self.function(frame, (scope, words), input);
        }
        let mut all = words.to_vec();
        let mut printed: Option<Flow> = None;
        for name in could_be(program, frame.functions.keys().copied()) {
            if let Some(first) = all.first_mut() {
                *first = Arg::literal(name);
            }
            let flow = self.function(frame, (scope, &all), input).unwrap_or_default();
            printed.get_or_insert_default().join(&flow);
        }
        printed
    }

    /// A function of the same text, with the arguments and the input of this call; gives what it prints.
    fn function(
        &mut self,
        frame: &mut Frame<'_>,
        (scope, words): (usize, &[Arg]),
        input: &Flow,
    ) -> Option<Flow> {
        let Body { commands, looks } = frame.functions.get(words.first()?.text.as_str())?.clone();
        if frame.is_new(&commands, looks, words, input) {
            if frame.depth >= MAX_DEPTH {
                self.unreadable(&show(words.iter().map(|word| word.text.as_str())), "it is nested too deep");
                return None;
            }
            frame.called((scope, words), &commands, |frame| {
                frame.fed(&commands, input.clone(), |frame| self.again(frame, commands.clone()));
            });
        }
        Some(frame.expander(self.context, None, 0).flow(&commands))
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

    /// A function of a text around this one: `bash -c f`, `trap f EXIT`, `eval f`. Adds what it prints.
    pub(super) fn function_around(
        &mut self,
        frame: &Frame<'_>,
        words: &[Arg],
        call: &Call<'_>,
        printed: &mut Option<Flow>,
    ) {
        let program = words.first().filter(|_| !frame.sources.is_empty());
        let Some(program) = program.filter(|program| !frame.functions.contains_key(program.text.as_str()))
        else {
            return;
        };
        let mut called = could_be(program, frame.sources.keys().map(String::as_str));
        called.extend(frame.sources.contains_key(&program.text).then_some(program.text.as_str()));
        for source in called.into_iter().filter_map(|name| frame.sources.get(name)) {
            let flow = self.text(source, frame.inside(call.cwd.as_deref(), call.input, words));
            printed.get_or_insert_default().join(&flow);
        }
    }
}

/// The functions that a program may be whose name is not known in full.
fn could_be<'n>(program: &Arg, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let pattern = program.text.contains(UNKNOWN).then(|| program.text.replace(UNKNOWN, "*"));
    match pattern {
        Some(pattern) => names.filter(|name| matches(&pattern, name)).collect(),
        None => Vec::new(),
    }
}

impl Frame<'_> {
    /// Whether `words` call a function of this text or of one around it.
    pub(super) fn calls_function(&self, words: &[Arg]) -> bool {
        let known = |word: &Arg| {
            self.functions.contains_key(word.text.as_str()) || self.sources.contains_key(&word.text)
        };
        !self.sources.is_empty() && words.first().is_some_and(known)
    }

    /// Whether this call has not been followed yet with all that it depends on.
    fn is_new(&mut self, body: &Range<usize>, looks: bool, words: &[Arg], input: &Flow) -> bool {
        let words = words.iter().filter(|_| looks).map(|word| word.text.as_str());
        let given = words.chain(input.texts.iter().map(String::as_str)).collect::<Vec<_>>().join("\0");
        self.followed.insert((body.start, self.vars.version(), given))
    }

    /// Runs `inner` as the body of a function: its own arguments, and it does not enter itself. What it sets stays as
    /// a possible value, where it goes the caller goes.
    fn called(
        &mut self,
        (scope, words): (usize, &[Arg]),
        body: &Range<usize>,
        inner: impl FnOnce(&mut Self),
    ) {
        let name = words.first().map_or("", |word| word.text.as_str());
        let commands = self.script.commands.get(body.clone()).unwrap_or_default();
        let scopes: BTreeSet<usize> = commands.iter().map(|command| command.scope).collect();
        let outermost = scopes.first().copied();
        let from = self.cwd(scope);
        let inside = self.dirs.inside(&scopes, outermost, from.clone());
        let dirs = std::mem::replace(&mut self.dirs, inside);
        let inside = self.vars.inside();
        let vars = std::mem::replace(&mut self.vars, inside);
        self.vars.set_positional(words);
        if !words.iter().any(|word| word.text.contains(UNKNOWN)) {
            POSITIONAL
                .iter()
                .skip(words.len().saturating_sub(1))
                .for_each(|at| self.vars.set(at, Vec::new(), false));
        }
        if commands.iter().any(|command| command.conditional && shifts(command)) {
            self.vars.shifted(words);
        }
        let entry = self.functions.remove_entry(name);
        let outer = std::mem::replace(&mut self.called, outermost);
        self.depth += 1;
        inner(self);
        self.depth -= 1;
        self.called = outer;
        self.functions.extend(entry);
        let inside = std::mem::replace(&mut self.vars, vars);
        self.vars.keep(&inside);
        let to = outermost.map(|scope| self.dirs.all(&self.script.scopes, scope)).unwrap_or_default();
        self.dirs = dirs;
        if !to.is_empty() && to != [from] {
            self.dirs.arrive(&self.script.scopes, scope, to);
        }
    }
}
