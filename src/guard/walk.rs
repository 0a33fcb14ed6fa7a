//! From the commands of a text, in order, to rules: follows directories and variables, and enters wrappers.

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::arg::{Arg, Call, UNKNOWN, show};
use super::descriptor::Redirected;
use super::earlier::{self, Earlier};
use super::flow::{self, Flow};
use super::frame::{Frame, Start, file_key};
use super::rules;
use super::see_through::{self, Inner};
use super::shell::{self, RedirectKind, SimpleCommand};
use super::vars::{Vars, weight};
use super::writes::{self, Ran};
use super::{About, Context, Decision, Finding, Origin, Step, Verdict};

/// How many wrappers and nested texts are entered, all together.
const MAX_DEPTH: u32 = 24;
/// How many calls are judged for one text, wrappers included.
const MAX_CALLS: usize = 2 * shell::MAX_COMMANDS;
/// How many combinations of possible values are judged.
const MAX_WORLDS: usize = 64;

/// How many commands and writes are noted.
const MAX_NOTES: usize = 1_000;

/// How much may be made of one text, in bytes (see [`Verdict::work`]): variables and functions multiply.
const MAX_WORK: usize = 64 * shell::MAX_TEXT;
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
        open: Vec::new(),
        guessing: false,
    };
    let place =
        Start { cwd: Some(context.cwd.clone()), vars: Vars::default(), input: Flow::default(), depth: 0 };
    walk.text(text, place);
    walk.verdict
}

/// Programs whose assignments stay.
const DECLARING: &[&str] = &["export", "declare", "typeset", "local", "readonly"];

struct Walk<'c> {
    context: &'c Context,
    verdict: Verdict,
    calls: usize,
    started: Instant,
    earlier: Rc<Earlier>,
    /// What is judged runs on another machine or in a container.
    elsewhere: bool,
    /// The texts inside of which the walk stands.
    open: Vec<String>,
    /// What is judged may be no command at all.
    guessing: bool,
}

impl Walk<'_> {
    /// A text, unless it runs itself for the second time: what it then does has been judged.
    fn text(&mut self, text: &str, start: Start) {
        if self.open.iter().filter(|open| *open == text).count() > 1 {
            return;
        }
        self.open.push(text.to_owned());
        self.text_once(text, start);
        self.open.pop();
    }

    fn text_once(&mut self, text: &str, start: Start) {
        if start.depth > MAX_DEPTH {
            return self.unreadable(text, "it is nested too deep");
        }
        if text.contains("\\\r\n") {
            // A continued line to what turns line ends into those of the system, the end of a command to bash.
            self.text(&text.replace("\r\n", "\n"), start.clone());
        }
        let script = shell::read(text);
        self.verdict.work += script.steps;
        let mut frame = Frame::new(&script, start);
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
        // A text that a shell gets from another command and that never closes: it was read to its end all the same.
        let open = Some(shell::Limit::Unterminated(shell::OPEN));
        if let Some(limit) = script.limit.filter(|_| frame.depth == 0 || script.limit != open) {
            self.unreadable(text, &limit.to_string());
        }
    }

    /// Whether enough has been judged: past this, the answer is a question to a person.
    fn exhausted(&self) -> bool {
        self.calls > MAX_CALLS || self.verdict.work > MAX_WORK || self.started.elapsed() > TIME
    }

    fn unreadable(&mut self, text: &str, why: &str) {
        let shown = show(std::iter::once(text.chars().take(121).collect()));
        self.add(&rules::UNREADABLE, Decision::Ask, why.to_owned(), shown);
    }

    fn add(&mut self, rule: impl Into<About>, decision: Decision, detail: String, command: String) {
        let new = self.hardened(Finding { rule: rule.into(), decision, detail, command });
        if new.decision == Decision::Allow {
            return self.warn(new);
        }
        let same = |old: &Finding| {
            old.rule.name == new.rule.name && old.decision == new.decision && old.detail == new.detail
        };
        if self.verdict.findings.len() < 200 && !self.verdict.findings.iter().any(same) {
            self.verdict.findings.push(new);
        }
    }

    fn warn(&mut self, new: Finding) {
        let same = |old: &Finding| old.rule.name == new.rule.name;
        if self.verdict.warnings.len() < 10 && !self.verdict.warnings.iter().any(same) {
            self.verdict.warnings.push(new);
        }
    }

    /// What a policy makes stricter, and what nobody can be asked about while others work in the same tree.
    fn hardened(&self, mut finding: Finding) -> Finding {
        let mut harden = |to: Decision, why: String| {
            if to > finding.decision {
                finding.decision = to;
                finding.detail =
                    if finding.detail.is_empty() { why } else { format!("{}; {why}", finding.detail) };
            }
        };
        if let Some((to, at)) = self.context.policy.tightened(&finding.rule.name) {
            harden(to, format!("made stricter by {at}"));
        }
        if self.context.peers > 0 && rules::OF_LOSS.contains(&finding.rule.name.as_ref()) {
            harden(Decision::Deny, "another agent works in this tree".to_owned());
        }
        finding
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
                let element = |value| keyed(expander.single(value));
                (assignment, assignment.values.iter().map(element).collect::<Vec<_>>())
            })
            .collect();
        let redirects = expander.redirects(&command.redirects);
        let input = frame.input_of(&expander, command, &redirects);
        let around = expander.flow(&command.around);
        let choices = expander.worlds.get();
        self.verdict.work += weight(&words) + input.weight() + around.weight();
        let defaults =
            command.words.iter().chain(command.assignments.iter().flat_map(|assignment| &assignment.values));
        let defaults: Vec<_> = defaults.flat_map(|word| expander.assigned(word)).collect();
        for (name, value) in defaults {
            frame.vars.set(&name, vec![value], true);
        }
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
        if let Some(printed) = self.function(frame, &words, &input) {
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
        frame.remember_written(&words, &redirects, &input, written);
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

    /// A function of the same text, with the arguments and the input of this call; gives what it prints.
    fn function(&mut self, frame: &mut Frame<'_>, words: &[Arg], input: &Flow) -> Option<Flow> {
        let body = frame.function(words)?;
        if frame.call_matters(words, input) && frame.depth < MAX_DEPTH {
            frame.called(words, &body, |frame| {
                frame.fed(&body, input.clone(), |frame| self.again(frame, body.clone()));
            });
        }
        Some(frame.expander(self.context, None, 0).flow(&body))
    }

    /// Commands that were judged before, now that more is known of their surroundings.
    fn again(&mut self, frame: &mut Frame<'_>, commands: Range<usize>) {
        let script = frame.script;
        for index in commands {
            if let Some(command) = script.commands.get(index).filter(|_| !self.exhausted()) {
                self.command(frame, index, command);
            }
        }
    }

    /// A `cd` to what is not there, in a text that has made nothing so far: it fails, and what follows runs here.
    fn leads_nowhere(&self, words: &[Arg], cwd: Option<&Path>) -> bool {
        let to = || super::place::changed_dir(words.get(1..).unwrap_or_default(), cwd, self.context);
        !self.context.assume_dirty && !self.earlier.acts && to().is_some_and(|to| !to.is_dir())
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
        self.verdict.work += weight(words);
        let depth = frame.depth;
        if self.verdict.steps.len() < 200 {
            self.verdict.steps.push(Step { depth, command: show(words.iter().map(Arg::shown)) });
        }
        if let Some(body) = frame.aliases.get(&program.text).filter(|_| depth < MAX_DEPTH) {
            let rest = see_through::quoted(args);
            self.text(&format!("{body} {rest}"), frame.inside(cwd, input, &[]));
        }
        if program.glob && depth < MAX_DEPTH {
            for name in see_through::matching(&program.text) {
                let words: Vec<Arg> =
                    std::iter::once(Arg::literal(name)).chain(args.iter().cloned()).collect();
                self.call(&frame.deeper(), &words, cwd, input, set);
            }
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
        self.judge(&call);
        self.note(&call);
        self.unknown_program(frame, program, &call);
        self.downloaded(program, &call);
        self.written(frame, program, &call);
        // What a function of the same text does with its arguments is read, not guessed.
        let own = frame.function(words).is_some();
        for inner in
            see_through::inside(program, &call).into_iter().filter(|inner| !(own && inner.is_guess()))
        {
            self.enter(frame, inner, &call);
        }
        earlier::disturb(&mut self.earlier, &call);
        flow::of(&call)
    }

    /// Notes what runs and what it writes here.
    fn note(&mut self, call: &Call<'_>) {
        if !self.context.notes || self.elsewhere || self.verdict.ran.len() >= MAX_NOTES {
            return;
        }
        if !call.name.starts_with('>') {
            self.verdict.ran.push(Ran::of(call));
        }
        for write in writes::of(call) {
            if self.verdict.writes.len() < MAX_NOTES && !self.verdict.writes.contains(&write) {
                self.verdict.writes.push(write);
            }
        }
    }

    /// What a wrapper would run.
    fn enter(&mut self, frame: &Frame<'_>, inner: Inner, call: &Call<'_>) {
        if frame.depth >= MAX_DEPTH || self.exhausted() {
            return self.unreadable(&call.shown(), "it is nested too deep");
        }
        let cwd = inner.cwd(call);
        let outside = self.elsewhere;
        self.elsewhere |= inner.is_elsewhere();
        self.enter_at(frame, inner, cwd.as_deref(), call);
        self.elsewhere = outside;
    }

    fn enter_at(&mut self, frame: &Frame<'_>, inner: Inner, cwd: Option<&Path>, call: &Call<'_>) {
        match inner {
            Inner::Words { words, set, input, .. } => {
                let mut all = call.assigned.to_vec();
                all.extend(set);
                let input = input.unwrap_or_else(|| call.input.clone());
                let mut deeper = frame.deeper();
                deeper.aliases.clone_from(&frame.aliases);
                deeper.written.clone_from(&frame.written);
                deeper.vars = frame.vars.clone();
                self.call(&deeper, &words, cwd, &input, &all);
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
                    return self.opaque(call);
                }
                // A shell that reads its text from standard input has used it up.
                let used = call.input.texts.iter().any(|known| !known.is_empty() && text.contains(known));
                let nothing = Flow::default();
                let input = if used { &nothing } else { call.input };
                self.text(&text, frame.inside(cwd, input, &positional));
            }
            Inner::Opaque => self.opaque(call),
        }
    }

    /// What may be no command at all: that it cannot be read says nothing.
    fn guessed(&mut self, judge: impl FnOnce(&mut Self)) {
        let known = std::mem::take(&mut self.verdict.findings);
        let noted = (self.verdict.ran.len(), self.verdict.writes.len());
        let outer = std::mem::replace(&mut self.guessing, true);
        judge(self);
        self.guessing = outer;
        self.verdict.ran.truncate(noted.0);
        self.verdict.writes.truncate(noted.1);
        let found = std::mem::replace(&mut self.verdict.findings, known);
        for finding in found.into_iter().filter(|finding| finding.rule.name != rules::UNREADABLE.name) {
            self.add(finding.rule, finding.decision, finding.detail, finding.command);
        }
    }

    /// A file that the same text has filled from the network, now run.
    fn downloaded(&mut self, program: &Arg, call: &Call<'_>) {
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
    fn written(&mut self, frame: &Frame<'_>, program: &Arg, call: &Call<'_>) {
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

    fn opaque(&mut self, call: &Call<'_>) {
        self.add(&rules::UNREADABLE, Decision::Ask, "what it runs cannot be known".to_owned(), call.shown());
    }

    /// A program whose name cannot be known is judged as those that could do harm with these arguments.
    fn unknown_program(&mut self, frame: &Frame<'_>, program: &Arg, call: &Call<'_>) {
        let named = program.text.contains(UNKNOWN) && !call.name.contains(UNKNOWN);
        if !program.dynamic || named || self.calls > MAX_CALLS {
            return;
        }
        let mut suspects = Vec::new();
        for name in see_through::could_be(call) {
            let guess = Call { name, ..call.clone() };
            let refuses = |(decision, _): &(Decision, String)| *decision > Decision::Allow;
            if rules::ALL.iter().any(|rule| (rule.judge)(&guess).iter().any(refuses)) {
                suspects.push(name);
            }
        }
        // As `sudo` or `env` it would run the rest.
        if call.first().starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
            && frame.depth < MAX_DEPTH
        {
            let known = std::mem::take(&mut self.verdict);
            let earlier = self.earlier.clone();
            self.call(&frame.deeper(), call.args, call.cwd.as_deref(), call.input, call.assigned);
            self.earlier = earlier;
            let inner = std::mem::replace(&mut self.verdict, known);
            self.verdict.work += inner.work;
            if inner.decision() > Decision::Allow {
                suspects.push("sudo");
            }
        }
        for name in suspects {
            let detail = format!("its program cannot be known; as `{name}` it would be refused");
            self.add(&rules::UNREADABLE, Decision::Ask, detail, call.shown());
        }
    }

    fn redirects(&mut self, redirects: &[Redirected<'_>], cwd: Option<&Path>) {
        let earlier = self.earlier.clone();
        for Redirected { kind, target, .. } in redirects.iter().filter(|redirect| redirect.writes()) {
            // `<>` writes over what is there from its beginning.
            let name = if *kind == RedirectKind::Append { ">>" } else { ">" };
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
            self.judge(&call);
            self.note(&call);
            earlier::written(&mut self.earlier, target, cwd);
        }
    }
}

/// An element of an array without its key: `[x]=value`.
fn keyed(mut value: Arg) -> Arg {
    if value.text.starts_with('[')
        && let Some((_, element)) = value.text.split_once("]=")
    {
        value.text = element.to_owned();
    }
    value
}
