//! Files that the same text has filled before, now run.

use std::path::Path;

use super::arg::{Arg, Call, UNKNOWN};
use super::files::{Filling, key};
use super::flow::Flow;
use super::frame::Frame;
use super::options::Grammar;
use super::rules::git::Line;
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
        if call.name == "set" {
            self.traced(frame, call);
        }
        if frame.files.is_empty() || frame.depth >= MAX_DEPTH || see_through::only_parses(call) {
            return;
        }
        if call.name == "git" {
            self.by_git(frame, program, call);
        }
        for text in frame.at_start(call) {
            self.text(&text, frame.inside(call.cwd.as_deref(), &Flow::default(), &[]));
        }
        let runs = see_through::runs_files(call.name);
        let interprets = see_through::interprets(call.name) || call.name == "cargo";
        if let Some(names) = recipes(call.name) {
            return self.recipes(frame, program, call, names);
        }
        let by_verb = usize::from(matches!(call.first(), "run" | "script" | "test" | "x"));
        let file = call
            .args
            .iter()
            .enumerate()
            .filter(|(_, arg)| (runs || interprets) && !arg.text.starts_with('-'));
        let given =
            file.take(1 + by_verb).map(|(at, file)| (file, call.args.get(at..).unwrap_or_default().to_vec()));
        let own = std::iter::once(program).chain(call.args).cloned().collect();
        for (file, positional) in given.chain(std::iter::once((program, own))) {
            for text in frame.run_as(file, call) {
                let by = if std::ptr::eq(file, program) {
                    of_its_own(&text)
                } else {
                    interprets.then_some(call.name)
                };
                match by {
                    Some(name) => {
                        let program = [Arg::literal(if name == "cargo" { "rust-script" } else { name })];
                        self.call(
                            &frame.deeper(),
                            &program,
                            call.cwd.as_deref(),
                            &Flow::text(text),
                            call.assigned,
                        );
                    }
                    None => {
                        self.text(&text, frame.inside(call.cwd.as_deref(), call.input, &positional));
                    }
                }
            }
        }
    }

    /// `PS4='$(…)'; set -x`: run before every command.
    fn traced(&mut self, frame: &Frame<'_>, call: &Call<'_>) {
        let traces = |arg: &Arg| arg.text == "xtrace" || arg.text.starts_with('-') && arg.text.contains('x');
        if frame.depth >= MAX_DEPTH || !call.args.iter().any(traces) {
            return;
        }
        let values = frame.vars.get("PS4").unwrap_or_default().iter().flatten();
        let prompts: Vec<String> = values.map(|value| format!(": \"{}\"", value.text)).collect();
        for prompt in prompts {
            self.text(&prompt, frame.inside(call.cwd.as_deref(), &Flow::default(), &[]));
        }
    }

    /// Hooks and settings of git that the same text has written into their files.
    fn by_git(&mut self, frame: &Frame<'_>, program: &Arg, call: &Call<'_>) {
        let verb = &Line::of(call).verb;
        if !QUIET.contains(&verb.as_str()) {
            for text in frame.files.those(|path| path.contains("/.git/hooks/") || path.contains("/.husky/")) {
                self.text(&text, frame.inside(call.cwd.as_deref(), &Flow::default(), &[]));
            }
        }
        let named = |path: &str| {
            let by_variable = call.assigned.iter().filter(|(name, _)| name.starts_with("GIT_CONFIG"));
            by_variable.into_iter().any(|(_, file)| key(file, call.cwd.as_deref()) == path)
        };
        let ends = [".git/config", ".gitconfig", "/git/config", "config.worktree"];
        let texts = frame.files.those(|path| ends.iter().any(|end| path.ends_with(end)) || named(path));
        let settings: Vec<Arg> = texts.iter().flat_map(|text| settings(text)).take(32).collect();
        if !settings.is_empty() {
            let options = settings.into_iter().flat_map(|setting| [Arg::literal("-c"), setting]);
            let words: Vec<Arg> =
                std::iter::once(program.clone()).chain(options).chain(call.args.iter().cloned()).collect();
            let mut deeper = frame.deeper();
            deeper.files = super::files::Files::default();
            self.call(&deeper, &words, call.cwd.as_deref(), call.input, call.assigned);
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
            let mut deeper = frame.deeper();
            deeper.files = super::files::Files::default();
            self.call(&deeper, &words, call.cwd.as_deref(), &flow, call.assigned);
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

/// The interpreter that the first line of a file names, where it is no shell.
fn of_its_own(text: &str) -> Option<&str> {
    let words = text.lines().next()?.strip_prefix("#!")?.split_whitespace();
    words.map(see_through::program_name).find(|name| see_through::interprets(name))
}

/// Verbs of git that run no hooks.
const QUIET: &[&str] =
    &["add", "branch", "config", "diff", "log", "ls-files", "remote", "rev-parse", "show", "status"];

/// `[section "name"] key = value` as `section.name.key=value`.
fn settings(text: &str) -> Vec<Arg> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(head) = line.strip_prefix('[') {
            let head = head.split(']').next().unwrap_or_default();
            section =
                head.split_whitespace().map(|part| part.trim_matches('"')).collect::<Vec<_>>().join(".");
        } else if let Some((name, value)) = line.split_once('=') {
            let value = value.trim().trim_matches('"').replace("\\\"", "\"");
            found.push(Arg::literal(format!("{section}.{}={value}", name.trim())));
        }
    }
    found
}

/// What shells run before anything else, in the home.
const AT_START: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".kshrc",
    ".config/fish/config.fish",
];

impl Frame<'_> {
    /// Texts that a shell runs before its own: `BASH_ENV=FILE bash x`, `bash -i`, `bash -l`.
    fn at_start(&self, call: &Call<'_>) -> Vec<String> {
        if !see_through::runs_files(call.name) {
            return Vec::new();
        }
        let by_variable =
            call.assigned.iter().filter(|(name, _)| matches!(name.as_str(), "BASH_ENV" | "ENV"));
        let mut files: Vec<String> = by_variable.map(|(_, file)| key(file, call.cwd.as_deref())).collect();
        let asks = |arg: &Arg| {
            let letters = arg.text.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
            letters.is_some_and(|letters| letters.contains(['i', 'l'])) || arg.text == "--login"
        };
        if let Some(home) =
            call.context.home.as_deref().and_then(Path::to_str).filter(|_| call.args.iter().any(asks))
        {
            files.extend(AT_START.iter().map(|name| format!("{home}/{name}")));
        }
        if files.is_empty() { files } else { self.files.those(|path| files.iter().any(|file| file == path)) }
    }

    /// What was put into `file`, if it is run; by its name alone where the text changes where programs are found.
    fn run_as(&self, file: &Arg, call: &Call<'_>) -> Vec<String> {
        if let Some(flow) = self.filled(file, call.cwd.as_deref()) {
            return flow.texts;
        }
        // `find -name x -exec sh {}`, `ls | xargs sh`: any that its name may be.
        if file.named.is_some() || file.text.contains([UNKNOWN, '*']) {
            let name = file.text.rsplit('/').next().unwrap_or_default().replace(UNKNOWN, "*");
            let meant = |path: &str| match &file.named {
                Some(names) => names.matches(&format!("/{}", path.rsplit('/').next().unwrap_or_default())),
                None => super::names::matches(&name, path.rsplit('/').next().unwrap_or_default()),
            };
            return self.files.those(|path| path != "/dev/fd/" && meant(path));
        }
        let led = || call.assigned.iter().any(|(name, _)| name == "PATH") || self.vars.get("PATH").is_some();
        if file.text.contains('/') || file.text != call.name || !led() {
            return Vec::new();
        }
        self.files.those(|path| path.rsplit('/').next() == Some(file.text.as_str()))
    }

    /// What `call` prints, with what the same text has put into the files that it reads.
    pub(super) fn read_back(&self, call: &Call<'_>, mut printed: Flow) -> Flow {
        if self.files.is_empty() || !READERS.contains(&call.name) {
            return printed;
        }
        let mut files = call.args.iter().filter(|arg| !arg.text.starts_with('-')).peekable();
        let mut whole = call.name == "cat" && files.peek().is_some();
        let mut texts = Vec::new();
        for file in files {
            let content = self.filled(file, call.cwd.as_deref());
            whole &= content.as_ref().is_some_and(|content| content.complete);
            texts.extend(content.into_iter().flat_map(|content| content.texts));
        }
        let content = Flow { texts, ..Flow::default() };
        if let Some(edited) =
            call.args.split_last().and_then(|(_, rest)| super::edited::edited(call.name, rest, &content))
        {
            return edited;
        }
        printed.texts.extend(content.texts.into_iter().take(64));
        printed.complete |= whole;
        printed
    }

    /// What `call` does to files that the same text has filled.
    pub(super) fn refill(&self, call: &Call<'_>) {
        let cwd = call.cwd.as_deref();
        match call.name {
            "tee" | "sponge" => {
                let behind = call.has("-a") || call.has("--append");
                let how = if behind { Filling::Behind } else { Filling::Anew };
                let files = call.args.iter().filter(|arg| !arg.text.starts_with('-'));
                files.for_each(|file| self.files.fill(&file.text, cwd, call.input, how));
            }
            "cp" | "install" | "dd" if !call.input.texts.is_empty() => {
                let to = call.args.last().map_or("", |arg| arg.text.as_str());
                let to = call.args.iter().find_map(|arg| arg.text.strip_prefix("of=")).unwrap_or(to);
                if call.name == "dd" || call.has("/dev/stdin") || call.has("-") {
                    self.files.fill(to, cwd, call.input, Filling::Anew);
                }
            }
            name if see_through::interprets(name) => {
                for file in see_through::written_by_interpreter(call) {
                    let texts = see_through::strings(call);
                    self.files.fill(&file, cwd, &Flow { texts, ..Flow::default() }, Filling::Doubtful);
                }
                self.files.touched(call.args, cwd);
            }
            _ if self.files.is_empty() => {}
            "cp" | "mv" | "ln" | "install" => {
                let parsed =
                    Grammar { short: "mogStT", long: &["mode", "owner", "group"], stop_at_operand: false }
                        .parse(call.args);
                if let [from, to] = parsed.operands.as_slice() {
                    self.files.copied(&from.text, &to.text, cwd);
                }
            }
            name if READERS.contains(&name) && !call.args.iter().any(|arg| arg.text.starts_with("-i")) => {}
            name if super::earlier::is_harmless(name) || see_through::runs_files(name) || name == "chmod" => {
            }
            _ => self.files.touched(call.args, cwd),
        }
    }

    /// `xargs -a FILE`: what it reads instead of its input.
    pub(super) fn given_file(&self, words: &[Arg], cwd: Option<&Path>) -> Option<Flow> {
        let (program, args) = words.split_first().filter(|_| !self.files.is_empty())?;
        if !matches!(see_through::program_name(&program.text), "xargs" | "gxargs" | "parallel") {
            return None;
        }
        let named = |arg: &Arg| {
            arg.text.strip_prefix("--arg-file=").or(arg.text.strip_prefix("-a")).map(str::to_owned)
        };
        let at = args.iter().position(|arg| named(arg).is_some() || arg.text == "--arg-file")?;
        let stuck = args.get(at).and_then(named).filter(|name| !name.is_empty());
        let name = stuck.or_else(|| args.get(at + 1).map(|arg| arg.text.clone()))?;
        self.files.content(&name, cwd)
    }
}
