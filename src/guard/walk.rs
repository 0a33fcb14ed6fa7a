//! From the commands of a text, in order, to rules: follows directories and variables, and enters wrappers.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::arg::{Arg, Call, Earlier, UNKNOWN, show};
use super::expand::{Expander, Vars};
use super::flow::{self, Flow};
use super::rules::{self, Rule};
use super::see_through::{self, Inner};
use super::shell::{self, RedirectKind, Script, SimpleCommand};
use super::{Context, Decision, Finding, Step, Verdict};

/// How many wrappers and nested texts are entered, all together.
const MAX_DEPTH: u32 = 24;
/// How many calls are judged for one text, wrappers included.
const MAX_CALLS: usize = 2 * shell::MAX_COMMANDS;
/// How many combinations of possible values are judged.
const MAX_WORLDS: usize = 64;

/// How long judging may take, in all: a client must have its answer within two seconds.
const TIME: Duration = Duration::from_secs(1);

/// Judges a whole text.
pub(super) fn judge(text: &str, context: &Context) -> Verdict {
    let mut walk = Walk {
        context,
        verdict: Verdict::default(),
        calls: 0,
        started: Instant::now(),
        earlier: Rc::default(),
    };
    let place =
        Start { cwd: Some(context.cwd.clone()), vars: Vars::default(), input: Flow::default(), depth: 0 };
    walk.text(text, place);
    walk.verdict
}

/// Programs whose assignments stay.
const DECLARING: &[&str] = &["export", "declare", "typeset", "local", "readonly"];

/// What a written file is remembered by: every descriptor is the same to it.
fn file_key(name: &str) -> &str {
    if name.starts_with("/dev/fd/") { "/dev/fd/" } else { name.strip_prefix("./").unwrap_or(name) }
}

/// Where a text begins.
struct Start {
    cwd: Option<PathBuf>,
    vars: Vars,
    input: Flow,
    depth: u32,
}

struct Walk<'c> {
    context: &'c Context,
    verdict: Verdict,
    calls: usize,
    started: Instant,
    earlier: Rc<Earlier>,
}

/// One text on its way through.
struct Frame<'s> {
    script: &'s Script,
    cwds: BTreeMap<usize, Option<PathBuf>>,
    vars: Vars,
    aliases: BTreeMap<String, String>,
    flows: Vec<Flow>,
    exported: Vec<(String, String)>,
    /// Texts that the commands before put into files, by name as written, and into descriptors (`/dev/fd/`).
    written: BTreeMap<String, Vec<String>>,
    input: Flow,
    depth: u32,
}

impl Walk<'_> {
    fn text(&mut self, text: &str, start: Start) {
        if start.depth > MAX_DEPTH {
            return self.unreadable(text, "it is nested too deep");
        }
        let script = shell::read(text);
        let mut frame = Frame {
            script: &script,
            cwds: BTreeMap::from([(0, start.cwd)]),
            vars: start.vars,
            aliases: BTreeMap::new(),
            flows: vec![Flow::default(); script.commands.len()],
            exported: Vec::new(),
            written: BTreeMap::new(),
            input: start.input,
            depth: start.depth,
        };
        for (index, command) in script.commands.iter().enumerate() {
            self.command(&mut frame, index, command);
            if self.exhausted() {
                self.unreadable(text, "it is too long to be read");
                break;
            }
        }
        if let Some(function) = rules::fork_bomb::find(&script) {
            self.add(&rules::fork_bomb::RULE, Decision::Deny, String::new(), function);
        }
        if let Some(limit) = script.limit {
            self.unreadable(text, &limit.to_string());
        }
    }

    /// Whether enough has been judged: past this, the answer is a question to a person.
    fn exhausted(&self) -> bool {
        self.calls > MAX_CALLS || self.started.elapsed() > TIME
    }

    fn unreadable(&mut self, text: &str, why: &str) {
        let shown = show(std::iter::once(text.chars().take(121).collect()));
        self.add(&rules::UNREADABLE, Decision::Ask, why.to_owned(), shown);
    }

    fn add(&mut self, rule: &'static Rule, decision: Decision, detail: String, command: String) {
        let new = Finding { rule, decision, detail, command };
        let same = |old: &Finding| {
            old.rule.name == new.rule.name && old.decision == new.decision && old.detail == new.detail
        };
        if self.verdict.findings.len() < 200 && !self.verdict.findings.iter().any(same) {
            self.verdict.findings.push(new);
        }
    }

    fn command(&mut self, frame: &mut Frame<'_>, index: usize, command: &SimpleCommand) {
        let cwd = frame.cwd(command.scope);
        let mut worlds = 1;
        let mut world = 0;
        while world < worlds && !self.exhausted() {
            worlds = self.world(frame, (index, command), cwd.as_deref(), world).min(MAX_WORLDS);
            world += 1;
        }
    }

    /// Judges one command with one choice of values; gives how many choices there are.
    fn world(
        &mut self,
        frame: &mut Frame<'_>,
        at: (usize, &SimpleCommand),
        cwd: Option<&Path>,
        world: usize,
    ) -> usize {
        let (index, command) = at;
        let expander = frame.expander(self.context, cwd, world);
        let words = expander.words(&command.words);
        let assigned: Vec<_> = command
            .assignments
            .iter()
            .map(|assignment| {
                (assignment, assignment.values.iter().map(|value| expander.single(value)).collect::<Vec<_>>())
            })
            .collect();
        let redirects: Vec<_> = command
            .redirects
            .iter()
            .map(|redirect| (redirect.kind, expander.single(&redirect.target)))
            .collect();
        let input = frame.input_of(&expander, command, &redirects);
        let choices = expander.worlds.get();
        let defaults =
            command.words.iter().chain(command.assignments.iter().flat_map(|assignment| &assignment.values));
        let defaults: Vec<_> = defaults.flat_map(|word| expander.assigned(word)).collect();
        for (name, value) in defaults {
            frame.vars.set(&name, vec![value], true);
        }
        let only_here = !words.is_empty()
            && !assigned.is_empty()
            && !DECLARING.contains(&words.first().map_or("", |word| word.text.as_str()));
        let kept = only_here.then(|| frame.vars.clone());
        let mut set = frame.exported.clone();
        for (assignment, value) in &assigned {
            set.extend(value.iter().map(|value| (assignment.name.clone(), value.text.clone())));
            if assignment.append {
                frame.vars.append(&assignment.name, value);
            } else if world == 0 || command.conditional || command.scope != 0 {
                frame.vars.set(
                    &assignment.name,
                    value.clone(),
                    command.conditional || command.scope != 0 || world > 0,
                );
            }
        }
        let output = self.call(frame, &words, cwd, &input, &set);
        if let Some(vars) = kept {
            frame.vars = vars;
        }
        self.redirects(&redirects, cwd);
        frame.remember_written(&words, &redirects, &input, &output);
        if let Some(slot) = frame.flows.get_mut(index) {
            *slot = output;
        }
        frame.builtin(self.context, command, &words, cwd, &set);
        choices
    }

    /// Judges one command line and everything inside it; gives what it prints.
    fn call(
        &mut self,
        frame: &Frame<'_>,
        words: &[Arg],
        cwd: Option<&Path>,
        input: &Flow,
        set: &[(String, String)],
    ) -> Flow {
        let Some((program, args)) = words.split_first() else {
            return Flow { complete: true, ..Flow::default() };
        };
        self.calls += 1;
        let depth = frame.depth;
        if self.verdict.steps.len() < 200 {
            self.verdict.steps.push(Step { depth, command: show(words.iter().map(Arg::shown)) });
        }
        if let Some(body) = frame.aliases.get(&program.text).filter(|_| depth < MAX_DEPTH) {
            let rest = see_through::quoted(args);
            self.text(&format!("{body} {rest}"), frame.inside(cwd, input, &[]));
        }
        let name = see_through::program_name(&program.text);
        let earlier = self.earlier.clone();
        let call = Call {
            name,
            args,
            cwd: cwd.map(Path::to_path_buf),
            input,
            assigned: set,
            earlier: &earlier,
            context: self.context,
        };
        for rule in rules::ALL {
            for (decision, detail) in (rule.judge)(&call) {
                self.add(rule, decision, detail, call.shown());
            }
        }
        self.unknown_program(program, &call);
        self.written(frame, program, &call);
        for inner in see_through::inside(program, &call) {
            self.enter(frame, inner, &call);
        }
        rules::disturb(&mut self.earlier, &call);
        flow::of(&call)
    }

    /// What a wrapper would run.
    fn enter(&mut self, frame: &Frame<'_>, inner: Inner, call: &Call<'_>) {
        if frame.depth >= MAX_DEPTH || self.exhausted() {
            return self.unreadable(&call.shown(), "it is nested too deep");
        }
        let cwd = inner.cwd(call);
        match inner {
            Inner::Words { words, set, input, .. } => {
                let mut all = call.assigned.to_vec();
                all.extend(set);
                let input = input.unwrap_or_else(|| call.input.clone());
                let mut deeper = frame.deeper();
                deeper.aliases.clone_from(&frame.aliases);
                deeper.written.clone_from(&frame.written);
                deeper.vars = frame.vars.clone();
                self.call(&deeper, &words, cwd.as_deref(), &input, &all);
            }
            Inner::Text { text, positional, .. } => {
                if text.contains(UNKNOWN)
                    && text.chars().all(|character| character == UNKNOWN || character.is_whitespace())
                {
                    return self.opaque(call);
                }
                self.text(&text, frame.inside(cwd.as_deref(), call.input, &positional));
            }
            Inner::Opaque => self.opaque(call),
        }
    }

    /// A file that the same text has written before, now run.
    fn written(&mut self, frame: &Frame<'_>, program: &Arg, call: &Call<'_>) {
        if frame.written.is_empty() || frame.depth >= MAX_DEPTH {
            return;
        }
        let runs = see_through::runs_files(call.name);
        let files = call
            .args
            .iter()
            .filter(|arg| runs && !arg.text.starts_with('-'))
            .take(1)
            .chain(std::iter::once(program));
        let texts: Vec<String> =
            files.filter_map(|file| frame.written.get(file_key(&file.text))).flatten().cloned().collect();
        for text in texts {
            self.text(&text, frame.inside(call.cwd.as_deref(), &Flow::default(), &[]));
        }
    }

    fn opaque(&mut self, call: &Call<'_>) {
        self.add(&rules::UNREADABLE, Decision::Ask, "what it runs cannot be known".to_owned(), call.shown());
    }

    /// A program whose name cannot be known is judged as those that could do harm with these arguments.
    fn unknown_program(&mut self, program: &Arg, call: &Call<'_>) {
        if !program.dynamic || self.calls > MAX_CALLS {
            return;
        }
        for name in see_through::could_be(call) {
            let guess = Call { name, ..call.clone() };
            let hit = rules::ALL.iter().any(|rule| !(rule.judge)(&guess).is_empty());
            if hit {
                let detail = format!("its program cannot be known; as `{name}` it would be refused");
                self.add(&rules::UNREADABLE, Decision::Ask, detail, call.shown());
            }
        }
    }

    fn redirects(&mut self, redirects: &[(RedirectKind, Arg)], cwd: Option<&Path>) {
        let earlier = self.earlier.clone();
        for (kind, target) in redirects {
            if !matches!(kind, RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite) {
                continue;
            }
            let name = if *kind == RedirectKind::Write { ">" } else { ">>" };
            let args = std::slice::from_ref(target);
            let input = Flow::default();
            let call = Call {
                name,
                args,
                cwd: cwd.map(Path::to_path_buf),
                input: &input,
                assigned: &[],
                earlier: &earlier,
                context: self.context,
            };
            for rule in rules::ALL {
                for (decision, detail) in (rule.judge)(&call) {
                    self.add(rule, decision, detail, call.shown());
                }
            }
        }
    }
}

impl<'s> Frame<'s> {
    fn expander<'a>(&'a self, context: &'a Context, cwd: Option<&'a Path>, world: usize) -> Expander<'a> {
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

    /// The directory of a scope: its own once it has changed it, else its parent's.
    fn cwd(&self, scope: usize) -> Option<PathBuf> {
        let mut scope = scope;
        loop {
            if let Some(cwd) = self.cwds.get(&scope) {
                return cwd.clone();
            }
            match self.script.scopes.get(scope) {
                Some(found) if found.parent != scope => scope = found.parent,
                _ => return None,
            }
        }
    }

    /// `cd`: a branch leaves its parents in doubt, a subshell does not touch them.
    fn change_dir(&mut self, scope: usize, to: Option<PathBuf>, doubtful: bool) {
        let mut at = scope;
        while let Some(found) = self.script.scopes.get(at).filter(|found| found.branch && found.parent != at)
        {
            at = found.parent;
            self.cwds.insert(at, None);
        }
        self.cwds.insert(scope, if doubtful { None } else { to });
    }

    /// The same text one wrapper deeper.
    fn deeper(&self) -> Frame<'s> {
        Frame {
            script: self.script,
            cwds: BTreeMap::new(),
            vars: Vars::default(),
            aliases: BTreeMap::new(),
            flows: Vec::new(),
            exported: Vec::new(),
            written: BTreeMap::new(),
            input: Flow::default(),
            depth: self.depth + 1,
        }
    }

    /// Where a nested text begins.
    fn inside(&self, cwd: Option<&Path>, input: &Flow, positional: &[Arg]) -> Start {
        let mut vars = self.vars.clone();
        if !positional.is_empty() {
            for (at, arg) in positional.iter().enumerate().take(32) {
                vars.set(&at.to_string(), vec![arg.clone()], false);
            }
            for name in ["@", "*"] {
                vars.set(name, positional.iter().skip(1).cloned().collect(), false);
            }
        }
        Start { cwd: cwd.map(Path::to_path_buf), vars, input: input.clone(), depth: self.depth + 1 }
    }

    fn input_of(
        &self,
        expander: &Expander<'_>,
        command: &SimpleCommand,
        redirects: &[(RedirectKind, Arg)],
    ) -> Flow {
        let here = |target: &Arg| Flow {
            decoded: target.flow.decoded,
            fetched: target.flow.fetched,
            ..Flow::text(target.text.clone())
        };
        for (kind, target) in redirects.iter().rev() {
            match kind {
                RedirectKind::Here => return here(target),
                RedirectKind::Read if target.pipe.is_some() => return target.flow.clone(),
                RedirectKind::Read => return Flow::default(),
                _ => {}
            }
        }
        if !command.upstream.is_empty() {
            return expander.flow(&command.upstream);
        }
        if let Some(owner) = command.inherited.and_then(|owner| self.script.commands.get(owner)) {
            let text = owner.redirects.iter().rfind(|redirect| redirect.kind == RedirectKind::Here);
            return text.map(|redirect| here(&expander.single(&redirect.target))).unwrap_or_default();
        }
        self.input.clone()
    }

    /// Keeps what went into a file or a descriptor, in case the file is run later.
    fn remember_written(
        &mut self,
        words: &[Arg],
        redirects: &[(RedirectKind, Arg)],
        input: &Flow,
        output: &Flow,
    ) {
        let name = words.first().map_or("", |word| word.text.as_str());
        let mut keep = |file: &str, texts: &[String]| {
            if !texts.is_empty() {
                self.written
                    .entry(file_key(file).to_owned())
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
        for (kind, target) in redirects {
            if matches!(kind, RedirectKind::Write | RedirectKind::Append) {
                keep(&target.text, &output.texts);
            }
        }
    }

    /// Builtins that change what later commands see.
    fn builtin(
        &mut self,
        context: &Context,
        command: &SimpleCommand,
        words: &[Arg],
        cwd: Option<&Path>,
        set: &[(String, String)],
    ) {
        let Some((name, args)) = words.split_first() else { return };
        let names = || args.iter().filter(|arg| !arg.text.starts_with('-'));
        match name.text.as_str() {
            "cd" | "pushd" | "chdir" => {
                let to = super::place::changed_dir(args, cwd, context);
                self.change_dir(command.scope, to, command.conditional && !self.in_branch(command));
            }
            "popd" => self.change_dir(command.scope, None, true),
            "export" | "declare" | "readonly" | "typeset" => self.exported = set.to_vec(),
            "unset" => names().for_each(|arg| self.vars.set(&arg.text, Vec::new(), false)),
            "read" | "mapfile" | "readarray" | "getopts" => {
                names().for_each(|arg| self.vars.forget(&arg.text));
            }
            "set" => {
                let values: Vec<Arg> = args
                    .iter()
                    .skip_while(|arg| arg.text.starts_with('-') && arg.text != "--")
                    .filter(|arg| arg.text != "--")
                    .cloned()
                    .collect();
                for (at, value) in values.iter().enumerate().take(32) {
                    self.vars.set(&(at + 1).to_string(), vec![value.clone()], false);
                }
                self.vars.set("@", values, false);
            }
            "alias" => {
                for arg in args {
                    if let Some((name, body)) = arg.text.split_once('=') {
                        self.aliases.insert(name.to_owned(), body.to_owned());
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether the command is conditional because of the branch it stands in, not because of `||`.
    fn in_branch(&self, command: &SimpleCommand) -> bool {
        self.script.scopes.get(command.scope).is_some_and(|scope| scope.branch)
    }
}
