//! One text on its way through the walk: its directories, variables, files and what its commands print.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::Context;
use super::arg::Arg;
use super::descriptor::{Reading, Redirected};
use super::dirs::Dirs;
use super::expand::Expander;
use super::files::{Files, Filling};
use super::flow::Flow;
use super::functions::{self, Body, Sources};
use super::later::Trap;
use super::shell::{Assignment, Part, RedirectKind, Script, SimpleCommand, Word};
use super::vars::{Value, Vars};

/// Where a text begins.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) cwd: Option<PathBuf>,
    pub(super) vars: Vars,
    pub(super) input: Flow,
    pub(super) depth: u32,
    /// Functions of the texts around, with their bodies.
    pub(super) around: Rc<Sources>,
    /// Files that were filled before.
    pub(super) files: Files,
}

/// One text on its way through.
pub(super) struct Frame<'s> {
    pub(super) script: &'s Script,
    pub(super) dirs: Dirs,
    pub(super) vars: Vars,
    pub(super) aliases: Rc<BTreeMap<String, String>>,
    pub(super) flows: Vec<Flow>,
    pub(super) exported: Rc<Vec<(String, String)>>,
    /// What the commands before put into files and descriptors.
    pub(super) files: Files,
    pub(super) input: Flow,
    pub(super) depth: u32,
    /// The functions of this text, by name.
    pub(super) functions: BTreeMap<&'s str, Body>,
    /// The functions of this text and of those around it, for the texts inside.
    pub(super) sources: Rc<Sources>,
    pub(super) readers: Vec<Reading>,
    /// The commands that get [`Frame::input`], whatever pipe they stood in before.
    fed: Option<Range<usize>>,
    /// The scope of the function that is being called: what is local there has no older value.
    pub(super) called: Option<usize>,
    /// Calls that were followed, with all that they depend on.
    pub(super) followed: BTreeSet<(usize, usize, String)>,
    /// What runs later: texts of `trap`.
    pub(super) traps: Vec<Trap>,
    /// Where `popd` leads, and in which scope it was left by `pushd`.
    pub(super) pushed: Vec<(usize, Option<PathBuf>)>,
}

impl<'s> Frame<'s> {
    pub(super) fn new(script: &'s Script, start: Start) -> Self {
        Self {
            script,
            dirs: Dirs::begin(start.cwd),
            vars: start.vars,
            aliases: Rc::default(),
            flows: vec![Flow::default(); script.commands.len()],
            exported: Rc::default(),
            files: start.files,
            input: start.input,
            depth: start.depth,
            functions: functions::of(script),
            sources: functions::sources(script, start.around),
            readers: Vec::new(),
            fed: None,
            called: None,
            followed: BTreeSet::new(),
            traps: Vec::new(),
            pushed: Vec::new(),
        }
    }

    pub(super) fn expander<'a>(
        &'a self,
        context: &'a Context,
        cwd: Option<&'a Path>,
        world: usize,
    ) -> Expander<'a> {
        Expander {
            context,
            cwd,
            vars: &self.vars,
            script: self.script,
            flows: &self.flows,
            world,
            worlds: Cell::new(1),
        }
    }

    /// The directory of a scope, or one of them.
    pub(super) fn cwd(&self, scope: usize) -> Option<PathBuf> {
        self.dirs.of(&self.script.scopes, scope)
    }

    /// After a command that was judged in more than one directory: it may have left each of them.
    pub(super) fn arrive(&mut self, command: &SimpleCommand, ends: Vec<Option<PathBuf>>) {
        let moves = ["cd", "chdir", "pushd", "popd"];
        let names = |word: &Word| word.bare().is_some_and(|name| moves.contains(&name));
        if command.words.first().is_some_and(names) {
            self.dirs.arrive(&self.script.scopes, command.scope, ends);
        }
    }

    /// `cd`; where it is `doubtful`, the scope may as well be `from` where it started.
    pub(super) fn change_dir(
        &mut self,
        scope: usize,
        to: Option<PathBuf>,
        from: Option<&Path>,
        doubtful: bool,
    ) {
        let mut dirs = vec![to];
        if doubtful {
            dirs.push(from.map(Path::to_path_buf));
        }
        self.dirs.arrive(&self.script.scopes, scope, dirs);
    }

    /// The same text one wrapper deeper.
    pub(super) fn deeper(&self) -> Frame<'s> {
        Frame {
            script: self.script,
            dirs: Dirs::default(),
            vars: Vars::default(),
            aliases: Rc::default(),
            flows: Vec::new(),
            exported: Rc::default(),
            files: self.files.clone(),
            input: Flow::default(),
            depth: self.depth + 1,
            functions: BTreeMap::new(),
            sources: self.sources.clone(),
            readers: Vec::new(),
            fed: None,
            called: None,
            followed: BTreeSet::new(),
            traps: Vec::new(),
            pushed: Vec::new(),
        }
    }

    /// Where a nested text begins.
    pub(super) fn inside(&self, cwd: Option<&Path>, input: &Flow, positional: &[Arg]) -> Start {
        let mut vars = self.vars.inside();
        if !positional.is_empty() {
            vars.set_positional(positional);
        }
        let around = self.sources.clone();
        Start {
            cwd: cwd.map(Path::to_path_buf),
            vars,
            input: input.clone(),
            depth: self.depth + 1,
            around,
            files: self.files.clone(),
        }
    }

    pub(super) fn input_of(
        &self,
        expander: &Expander<'_>,
        command: &SimpleCommand,
        redirects: &[Redirected<'_>],
    ) -> Flow {
        if let Some(flow) = self.redirected(redirects, expander.cwd) {
            return flow;
        }
        if self.fed.as_ref().is_some_and(|fed| !fed.contains(&command.upstream.start)) {
            return self.input.clone();
        }
        let owner = command.inherited.and_then(|owner| self.script.commands.get(owner));
        let inner_pipe = owner.is_some_and(|owner| owner.around.contains(&command.upstream.start));
        if !command.upstream.is_empty() && (owner.is_none() || inner_pipe) {
            return expander.flow(&command.upstream);
        }
        let inherited =
            owner.and_then(|owner| self.redirected(&expander.redirects(&owner.redirects), expander.cwd));
        match inherited {
            Some(flow) => flow,
            None if !command.upstream.is_empty() => expander.flow(&command.upstream),
            None => self.input.clone(),
        }
    }

    /// The input that redirects give; `None` if they give none.
    fn redirected(&self, redirects: &[Redirected<'_>], cwd: Option<&Path>) -> Option<Flow> {
        redirects.iter().rev().find_map(|redirect| match redirect.kind {
            RedirectKind::Here => {
                let mut flow = Flow::text(redirect.target.text.clone());
                flow.taint(&redirect.target.flow);
                Some(flow)
            }
            RedirectKind::Read if redirect.target.pipe.is_some() => Some(redirect.target.flow.clone()),
            RedirectKind::Read if is_network(&redirect.target.text) => {
                Some(Flow { fetched: true, ..Flow::default() })
            }
            RedirectKind::Read => Some(self.filled(&redirect.target, cwd).unwrap_or_default()),
            RedirectKind::DuplicateInput => {
                self.files.content("/dev/fd/", None).filter(|_| redirect.target.text != "0")
            }
            _ => None,
        })
    }

    /// What the commands before are known to have put into a file; others may have put more.
    pub(super) fn filled(&self, file: &Arg, cwd: Option<&Path>) -> Option<Flow> {
        self.files.content(&file.text, cwd)
    }

    /// Runs `inner` over some commands with another input and without open descriptors, which could lead back to where it stands.
    pub(super) fn fed<T>(
        &mut self,
        commands: &Range<usize>,
        input: Flow,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let input = std::mem::replace(&mut self.input, input);
        let fed = self.fed.replace(commands.clone());
        let readers = std::mem::take(&mut self.readers);
        let result = inner(self);
        self.input = input;
        self.fed = fed;
        self.readers = readers;
        result
    }

    /// What this command and those before it put into the environment.
    pub(super) fn environment(&self, assigned: &[(&Assignment, Value)]) -> Rc<Vec<(String, String)>> {
        if assigned.is_empty() {
            return self.exported.clone();
        }
        let own = assigned.iter().flat_map(|(assignment, value)| {
            value.iter().map(|value| (assignment.name.clone(), value.text.clone()))
        });
        Rc::new(self.exported.iter().cloned().chain(own).collect())
    }

    /// One assignment of a command, with its value in one of the worlds.
    pub(super) fn assign(
        &mut self,
        (command, assignment): (&SimpleCommand, &Assignment),
        value: Value,
        world: usize,
    ) {
        let name = assignment.name.as_str();
        if let [Arg { pipe: Some(_), flow, .. }] = value.as_slice() {
            self.files.fill("/dev/fd/", None, flow, Filling::Doubtful);
        }
        if assignment.each {
            return value.into_iter().for_each(|value| self.vars.set(name, vec![value], true));
        }
        if assignment.append {
            return self.vars.append(name, &value, assignment.list);
        }
        let declares = !command.words.is_empty();
        let given = |letter: char| declares && declared(command, letter);
        if given('n')
            && let [target] = value.as_slice()
        {
            return self.vars.refer(name, &target.text);
        }
        let value = if given('l') { lower(value) } else { value };
        let replaces =
            declares && self.called == Some(command.scope) || !command.conditional && command.scope == 0;
        // `x=$x.old` has been carried out in the first world.
        let of_itself = |word: &Word| {
            word.parts.iter().any(|part| matches!(part, Part::Param { name: other, .. } if other == name))
        };
        if world == 0 || !replaces || !assignment.values.iter().any(of_itself) {
            self.vars.set(name, value, !replaces || world > 0);
        }
    }

    /// Keeps what went into a file or a descriptor, in case the file is run later.
    pub(super) fn remember_written(
        &self,
        words: &[Arg],
        redirects: &[Redirected<'_>],
        (input, output): (&Flow, &Flow),
        (cwd, doubtful): (Option<&Path>, bool),
    ) {
        let how = |how| if doubtful { Filling::Doubtful } else { how };
        if words.first().is_some_and(|word| word.text == "exec") {
            self.files.fill("/dev/fd/0", cwd, input, how(Filling::Anew));
        }
        for redirect in redirects {
            let filling = match redirect.kind {
                RedirectKind::Write => Filling::Anew,
                RedirectKind::Append => Filling::Behind,
                _ => continue,
            };
            self.files.fill(&redirect.target.text, cwd, output, how(filling));
        }
    }
}

/// `/dev/tcp/host/port`: bash connects.
fn is_network(name: &str) -> bool {
    ["/dev/tcp/", "/dev/udp/"].iter().any(|prefix| name.starts_with(prefix))
}

/// Whether `declare` and its like have this option.
fn declared(command: &SimpleCommand, letter: char) -> bool {
    let options = command.words.iter().skip(1).filter_map(Word::bare);
    options.filter(|word| word.starts_with('-')).any(|word| word.contains(letter))
}

fn lower(value: Value) -> Value {
    value.into_iter().map(|arg| Arg { text: arg.text.to_lowercase(), ..arg }).collect()
}
