//! From the commands of a text, in order, to rules: follows directories and variables, and enters wrappers.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::arg::{Arg, Call, Memo, show};
use super::container::Container;
use super::descriptor::Redirected;
use super::earlier::{self, Earlier};
use super::files::Files;
use super::flow::{self, Flow};
use super::frame::{Frame, Start};
use super::functions::{self, Left};
use super::rules;
use super::see_through;
use super::shell::{self, RedirectKind, SimpleCommand};
use super::vars::{Noted, Vars, weight};
use super::{Context, Decision, Origin, Step, Verdict};

/// How many wrappers and nested texts are entered, all together.
pub(super) const MAX_DEPTH: u32 = 24;
/// How many calls are judged for one text, wrappers included.
pub(super) const MAX_CALLS: usize = 2 * shell::MAX_COMMANDS;
/// How many combinations of possible values are judged.
const MAX_WORLDS: usize = 64;

/// How much may be made of one text, in bytes (see [`Verdict::work`]): variables and functions multiply.
const MAX_WORK: usize = 16 * shell::MAX_TEXT;
/// How long judging may take, in all: a client must have its answer within two seconds. The disk may be slow; what
/// is computed is bounded by the limits above, which are the same on every machine.
const TIME: Duration = Duration::from_secs(1);

/// Judges a whole text.
pub(super) fn judge(text: &str, context: &Context) -> Verdict {
    let mut walk = Walk {
        context,
        verdict: Verdict::default(),
        calls: 0,
        started: Instant::now(),
        earlier: Rc::default(),
        elsewhere: false,
        container: None,
        open: Vec::new(),
        guessing: false,
        noted: Rc::default(),
        left: None,
    };
    let place = Start {
        cwd: Some(context.cwd.clone()),
        vars: Vars::default(),
        input: Flow::default(),
        depth: 0,
        around: Rc::default(),
        files: Files::default(),
    };
    walk.text(text, place);
    walk.verdict
}

/// Programs whose assignments stay.
const DECLARING: &[&str] = &["export", "declare", "typeset", "local", "readonly"];

pub(super) struct Walk<'c> {
    pub(super) context: &'c Context,
    pub(super) verdict: Verdict,
    pub(super) calls: usize,
    pub(super) started: Instant,
    pub(super) earlier: Rc<Earlier>,
    /// What is judged runs on another machine or in a container.
    pub(super) elsewhere: bool,
    /// The container that it runs in, where something is known of it.
    pub(super) container: Option<Rc<Container>>,
    /// The texts inside of which the walk stands.
    pub(super) open: Vec<String>,
    /// What is judged may be no command at all.
    pub(super) guessing: bool,
    /// What the variables of a text with commands for later have got so far.
    pub(super) noted: Rc<RefCell<Noted>>,
    /// What the text that was read last has set.
    pub(super) left: Option<Left>,
}

impl Walk<'_> {
    /// A text, unless it runs itself for the second time: what it then does has been judged.
    pub(super) fn text(&mut self, text: &str, start: Start) -> Flow {
        if self.open.iter().filter(|open| *open == text).count() > 1 {
            return Flow::default();
        }
        self.open.push(text.to_owned());
        let printed = self.text_once(text, start);
        self.open.pop();
        printed
    }

    /// Gives what it prints, where anybody wants to know.
    fn text_once(&mut self, text: &str, start: Start) -> Flow {
        if start.depth > MAX_DEPTH {
            self.unreadable(text, "it is nested too deep");
            return Flow::default();
        }
        if text.contains('\r') {
            // What turns line ends into those of the system reads another text than bash.
            self.text(&text.replace('\r', ""), start.clone());
        }
        let script = shell::read(text);
        self.verdict.work += script.steps;
        let mut frame = Frame::new(&script, start);
        let bodies = functions::bodies(&script);
        for (index, command) in script.commands.iter().enumerate() {
            if bodies.get(index) == Some(&true) {
                continue;
            }
            self.command(&mut frame, index, command);
            if self.exhausted() {
                self.unreadable(text, "it is too long to be read");
                break;
            }
        }
        if !frame.traps.is_empty() {
            self.sprung(&mut frame);
        }
        if let Some(function) = rules::fork_bomb::find(&script) {
            self.add(&rules::fork_bomb::RULE, Decision::Deny, String::new(), function);
        }
        // A text that a shell gets from another command and that never closes: it was read to its end all the same.
        let open = Some(shell::Limit::Unterminated(shell::OPEN));
        if let Some(limit) = script.limit.filter(|_| frame.depth == 0 || script.limit != open) {
            self.unreadable(text, &limit.to_string());
        }
        if frame.depth == 0 {
            return Flow::default();
        }
        let printed = frame.expander(self.context, None, 0).flow(&(0..script.commands.len()));
        self.left = Some(Left::of(frame));
        printed
    }

    /// Whether enough has been judged: past this, the answer is a question to a person.
    pub(super) fn exhausted(&self) -> bool {
        self.calls > MAX_CALLS || self.verdict.work > MAX_WORK || self.started.elapsed() > TIME
    }

    /// Holds one command to all rules.
    fn judge(&mut self, call: &Call<'_>) {
        for rule in rules::ALL {
            for (decision, detail) in (rule.judge)(call) {
                self.add(*rule, decision, detail, call.shown());
            }
        }
        for (rule, level) in self.context.policy.judge(call) {
            let detail = match &rule.origin {
                Origin::Program => String::new(),
                origin => origin.to_string(),
            };
            self.add(rule, level.decision(), detail, call.shown());
        }
    }

    pub(super) fn command(&mut self, frame: &mut Frame<'_>, index: usize, command: &SimpleCommand) {
        let cwd = frame.cwd(command.scope);
        let others = frame.dirs.others(&frame.script.scopes, command.scope);
        self.worlds(frame, (index, command), cwd.as_deref());
        if !others.is_empty() {
            let mut ends = vec![frame.cwd(command.scope)];
            for cwd in others {
                self.worlds(frame, (index, command), cwd.as_deref());
                ends.push(frame.cwd(command.scope));
            }
            frame.arrive(command, ends);
        }
    }

    /// Judges one command in one directory.
    fn worlds(&mut self, frame: &mut Frame<'_>, at: (usize, &SimpleCommand), cwd: Option<&Path>) {
        let mut worlds = 1;
        let mut world = 0;
        while world < worlds && !self.exhausted() {
            worlds = self.world(frame, at, cwd, world).min(MAX_WORLDS);
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
        let assigned = expander.values(command);
        let redirects = expander.redirects(&command.redirects);
        let given = frame.given_file(&words, cwd);
        let input = given.unwrap_or_else(|| frame.input_of(&expander, command, &redirects));
        let around = expander.flow(&command.around);
        let choices = expander.worlds.get();
        self.verdict.work += weight(&words) + input.weight() + around.weight();
        let defaults = expander.defaults(command);
        frame.vars.may_be(defaults);
        let only_here = !words.is_empty()
            && !assigned.is_empty()
            && !DECLARING.contains(&words.first().map_or("", |word| word.text.as_str()));
        let inside = only_here.then(|| frame.vars.inside());
        let kept = inside.map(|inside| std::mem::replace(&mut frame.vars, inside));
        let set = frame.environment(&assigned);
        self.verdict.work += 32 * set.len() * usize::from(!assigned.is_empty());
        for (assignment, value) in assigned {
            frame.assign((command, assignment), value, world);
        }
        let mut output = self.call(frame, &words, cwd, &input, &set);
        self.trapped(frame, &words, cwd);
        self.stays(frame, &words);
        if words.is_empty() && functions::reads(command) {
            output = input.clone();
        }
        if let Some(printed) = self.functions(frame, (command.scope, &words), &input) {
            output = printed;
        }
        if let Some(vars) = kept {
            frame.vars = vars;
        }
        self.redirects(&redirects, cwd);
        let written = if command.around.is_empty() { &output } else { &around };
        if written.fetched {
            for redirect in redirects.iter().filter(|redirect| redirect.writes()) {
                earlier::fetched(&mut self.earlier, &redirect.target, cwd);
            }
        }
        frame.remember_written(
            &words,
            &redirects,
            (&input, written),
            (cwd, command.conditional || world > 0),
        );
        self.readers(frame, command, (&words, &redirects), (&input, written));
        self.verdict.work += output.weight();
        match frame.flows.get_mut(index) {
            Some(slot) if world > 0 => slot.join(&output),
            Some(slot) => *slot = output,
            None => {}
        }
        let stays = words.first().is_some_and(|word| matches!(word.text.as_str(), "cd" | "pushd" | "chdir"))
            && self.leads_nowhere(&words, cwd);
        if !stays {
            frame.builtin(self.context, command, &words, (cwd, &input), &set);
        }
        choices
    }

    /// Whoever reads what a command writes, or what its redirects put together behind it.
    fn readers(
        &mut self,
        frame: &mut Frame<'_>,
        command: &SimpleCommand,
        (words, redirects): (&[Arg], &[Redirected<'_>]),
        flows: (&Flow, &Flow),
    ) {
        if redirects.iter().any(Redirected::reads_pipe) {
            self.again(frame, command.around.clone());
        }
        for (commands, text) in frame.written_into(command, words, redirects, flows) {
            frame.fed(&commands, text, |frame| self.again(frame, commands.clone()));
        }
    }

    /// A `cd` to what is not there, in a text that has made nothing so far: it fails, and what follows runs here.
    fn leads_nowhere(&self, words: &[Arg], cwd: Option<&Path>) -> bool {
        let to = || super::place::changed_dir(words.get(1..).unwrap_or_default(), cwd, self.context);
        !self.context.assume_dirty && !self.earlier.acts && to().is_some_and(|to| !to.is_dir())
    }

    /// For `so guard explain`.
    fn step(&mut self, depth: u32, words: &[Arg]) {
        if self.verdict.steps.len() < 200 {
            let command = show(words.iter().map(|word| word.text.as_str()));
            self.verdict.steps.push(Step { depth, command });
        }
    }

    /// Judges one command line and everything inside it; gives what it prints.
    pub(super) fn call(
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
        self.verdict.work += weight(words);
        let depth = frame.depth;
        self.step(depth, words);
        if let Some(body) = frame.aliases.get(&program.text).filter(|_| depth < MAX_DEPTH) {
            let rest = see_through::quoted(args);
            self.text(&format!("{body} {rest}"), frame.inside(cwd, input, &[]));
        }
        if let Some(text) = frame.by_git_alias(words).filter(|_| depth < MAX_DEPTH) {
            self.text(&text, frame.inside(cwd, input, &[]));
        }
        if program.glob && depth < MAX_DEPTH {
            for name in see_through::matching(&program.text) {
                let words: Vec<Arg> =
                    std::iter::once(Arg::literal(name)).chain(args.iter().cloned()).collect();
                self.call(&frame.deeper(), &words, cwd, input, set);
            }
        }
        let (earlier, container) = (self.earlier.clone(), self.container.clone());
        let call = Call {
            container: container.as_deref(),
            name: see_through::program_name(&program.text),
            args,
            cwd: cwd.map(Path::to_path_buf),
            input,
            assigned: set,
            earlier: &earlier,
            context: self.context,
            memo: Memo::default(),
        };
        self.judge(&call);
        self.note(&call);
        self.unknown_program(frame, program, &call);
        self.vanishing(frame, program, &call);
        self.downloaded(program, &call);
        self.written(frame, program, &call);
        // What a function of the same text does with its arguments is read, not guessed.
        let own = frame.calls_function(words);
        let output = frame.read_back(&call, flow::of(&call));
        let wraps = output.listed.is_empty() && !output.complete;
        let mut printed: Option<Flow> = None;
        for inner in
            see_through::inside(program, &call).into_iter().filter(|inner| !(own && inner.is_guess()))
        {
            let is_guess = inner.is_guess();
            let flow = self.enter(frame, inner, &call);
            match &mut printed {
                _ if !wraps || is_guess => {}
                Some(printed) => printed.join(&flow),
                None => printed = Some(flow),
            }
        }
        self.function_around(frame, words, &call, &mut printed);
        frame.refill(&call);
        earlier::disturb(&mut self.earlier, &call);
        printed.filter(|printed| *printed != Flow::default()).unwrap_or(output)
    }

    fn redirects(&mut self, redirects: &[Redirected<'_>], cwd: Option<&Path>) {
        let (earlier, container) = (self.earlier.clone(), self.container.clone());
        for Redirected { kind, target, .. } in redirects.iter().filter(|redirect| redirect.writes()) {
            // `<>` writes over what is there from its beginning.
            let name = if *kind == RedirectKind::Append { ">>" } else { ">" };
            let args = std::slice::from_ref(target);
            let input = Flow::default();
            let call = Call {
                container: container.as_deref(),
                name,
                args,
                cwd: cwd.map(Path::to_path_buf),
                input: &input,
                assigned: &[],
                earlier: &earlier,
                context: self.context,
                memo: Memo::default(),
            };
            self.judge(&call);
            self.note(&call);
            earlier::written(&mut self.earlier, target, cwd);
        }
    }
}
