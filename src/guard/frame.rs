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
use super::flow::Flow;
use super::later::Trap;
use super::place::absolute;
use super::shell::{Assignment, Part, RedirectKind, Script, SimpleCommand, Word};
use super::vars::{Value, Vars};

/// What a written file is remembered by: every descriptor is the same to it.
pub(super) fn file_key(name: &str, cwd: Option<&Path>) -> String {
    if name.starts_with("/dev/fd/") {
        return "/dev/fd/".to_owned();
    }
    let path = absolute(name, cwd).and_then(|path| path.to_str().map(str::to_owned));
    path.unwrap_or_else(|| name.strip_prefix("./").unwrap_or(name).to_owned())
}

/// Where a text begins.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) cwd: Option<PathBuf>,
    pub(super) vars: Vars,
    pub(super) input: Flow,
    pub(super) depth: u32,
}

/// One text on its way through.
pub(super) struct Frame<'s> {
    pub(super) script: &'s Script,
    pub(super) dirs: Dirs,
    pub(super) vars: Vars,
    pub(super) aliases: Rc<BTreeMap<String, String>>,
    pub(super) flows: Vec<Flow>,
    pub(super) exported: Rc<Vec<(String, String)>>,
    /// Texts that the commands before put into files, by path, and into descriptors (`/dev/fd/`).
    pub(super) written: Rc<BTreeMap<String, Vec<String>>>,
    pub(super) input: Flow,
    pub(super) depth: u32,
    /// Bodies of functions by name, and whether they look at their arguments.
    pub(super) functions: BTreeMap<&'s str, (Range<usize>, bool)>,
    pub(super) readers: Vec<Reading>,
    /// The commands that get [`Frame::input`], whatever pipe they stood in before.
    fed: Option<Range<usize>>,
    /// The scope of the function that is being called: what is local there has no older value.
    pub(super) called: Option<usize>,
    /// Calls that were followed, with all that they depend on.
    followed: BTreeSet<(usize, usize, String)>,
    /// What runs later: texts of `trap`.
    pub(super) traps: Vec<Trap>,
    /// A function that is only defined here: its body runs later.
    pub(super) defining: bool,
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
            written: Rc::default(),
            input: start.input,
            depth: start.depth,
            functions: functions(script),
            readers: Vec::new(),
            fed: None,
            called: None,
            followed: BTreeSet::new(),
            traps: Vec::new(),
            defining: false,
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
            later: None,
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
            written: Rc::default(),
            input: Flow::default(),
            depth: self.depth + 1,
            functions: BTreeMap::new(),
            readers: Vec::new(),
            fed: None,
            called: None,
            followed: BTreeSet::new(),
            traps: Vec::new(),
            defining: false,
            pushed: Vec::new(),
        }
    }

    /// Where a nested text begins.
    pub(super) fn inside(&self, cwd: Option<&Path>, input: &Flow, positional: &[Arg]) -> Start {
        let mut vars = self.vars.inside();
        if !positional.is_empty() {
            vars.set_positional(positional);
        }
        Start { cwd: cwd.map(Path::to_path_buf), vars, input: input.clone(), depth: self.depth + 1 }
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
                let texts = self.written.get("/dev/fd/").filter(|_| redirect.target.text != "0")?;
                Some(Flow { texts: texts.clone(), ..Flow::default() })
            }
            _ => None,
        })
    }

    /// What the commands before are known to have put into a file; others may have put more.
    pub(super) fn filled(&self, file: &Arg, cwd: Option<&Path>) -> Option<Flow> {
        if self.written.is_empty() {
            return None;
        }
        let texts = self.written.get(&file_key(&file.text, cwd))?;
        Some(Flow { texts: texts.clone(), ..Flow::default() })
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

    /// The body of the function that `words` call.
    pub(super) fn function(&self, words: &[Arg]) -> Option<Range<usize>> {
        self.functions.get(words.first()?.text.as_str()).map(|(body, _)| body.clone())
    }

    /// Whether the body has to be judged again for this call: alone it knew neither arguments nor input.
    pub(super) fn call_matters(&mut self, words: &[Arg], input: &Flow, always: bool) -> bool {
        let function = words.first().and_then(|name| self.functions.get(name.text.as_str()));
        let Some((body, positional)) = function else { return false };
        if !(always || *positional && words.len() > 1 || input.says_something()) {
            return false;
        }
        let given = words.iter().map(|word| word.text.as_str()).chain(input.texts.iter().map(String::as_str));
        let given = given.collect::<Vec<_>>().join("\0");
        self.followed.insert((body.start, self.vars.version(), given))
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

    /// Runs `inner` as the body of a function: its own arguments, its own directory, and it does not enter itself.
    pub(super) fn called<T>(
        &mut self,
        words: &[Arg],
        body: &Range<usize>,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let name = words.first().map_or("", |word| word.text.as_str());
        let commands = self.script.commands.get(body.clone()).unwrap_or_default();
        let scopes: BTreeSet<usize> = commands.iter().map(|command| command.scope).collect();
        let inner_dirs = self.dirs.without(&scopes);
        let dirs = std::mem::replace(&mut self.dirs, inner_dirs);
        let inside = self.vars.inside();
        let vars = std::mem::replace(&mut self.vars, inside);
        self.vars.set_positional(words);
        let entry = self.functions.remove_entry(name);
        let outer = std::mem::replace(&mut self.called, scopes.first().copied());
        let result = inner(self);
        self.called = outer;
        self.functions.extend(entry);
        self.vars = vars;
        self.dirs.restore(dirs, &scopes);
        result
    }

    /// Keeps what went into a file or a descriptor, in case the file is run later.
    pub(super) fn remember_written(
        &mut self,
        words: &[Arg],
        redirects: &[Redirected<'_>],
        (input, output): (&Flow, &Flow),
        cwd: Option<&Path>,
    ) {
        let name = words.first().map_or("", |word| word.text.as_str());
        let mut keep = |file: &str, texts: &[String]| {
            if !texts.is_empty() {
                Rc::make_mut(&mut self.written)
                    .entry(file_key(file, cwd))
                    .or_default()
                    .extend(texts.iter().take(64).cloned());
            }
        };
        if name == "exec" {
            keep("/dev/fd/0", &input.texts);
        }
        if name == "tee" {
            words.iter().skip(1).for_each(|file| keep(&file.text, &input.texts));
        }
        for redirect in redirects {
            if matches!(redirect.kind, RedirectKind::Write | RedirectKind::Append) {
                keep(&redirect.target.text, &output.texts);
            }
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

/// The functions of a text.
fn functions(script: &Script) -> BTreeMap<&str, (Range<usize>, bool)> {
    let positional = |word: &Word| {
        word.parts.iter().any(|part| match part {
            Part::Param { name, .. } => {
                matches!(name.as_str(), "@" | "*") || name.bytes().all(|byte| byte.is_ascii_digit())
            }
            _ => false,
        })
    };
    let looks = |command: &SimpleCommand| {
        let assigned = command.assignments.iter().flat_map(|assignment| &assignment.values);
        let targets = command.redirects.iter().map(|redirect| &redirect.target);
        command.words.iter().chain(assigned).chain(targets).any(positional)
    };
    let functions = script.functions.iter().map(|function| {
        let body = script.commands.get(function.body.clone()).unwrap_or_default();
        (function.name.as_str(), (function.body.clone(), body.iter().any(looks)))
    });
    functions.collect()
}
