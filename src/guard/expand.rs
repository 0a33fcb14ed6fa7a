//! From words as written to words as the program gets them.

use std::cell::Cell;
use std::path::Path;

use super::Context;
use super::arg::{Arg, UNKNOWN};
use super::descriptor::Redirected;
use super::flow::Flow;
use super::shell::{Assignment, MAX_TEXT, Op, Part, Redirect, Script, SimpleCommand, Word};
use super::vars::{Value, Vars, keyed, weight};

/// Most bytes that the words of one command become; past it, they count as unknown. `x=$x$x` doubles.
pub(in crate::guard) const MAX_EXPANDED: usize = 2 * MAX_TEXT;

/// Expands the words of one command.
pub(in crate::guard) struct Expander<'a> {
    pub(in crate::guard) context: &'a Context,
    pub(in crate::guard) cwd: Option<&'a Path>,
    pub(in crate::guard) vars: &'a Vars,
    pub(in crate::guard) script: &'a Script,
    pub(in crate::guard) flows: &'a [Flow],
    /// Which of several possible values is taken.
    pub(in crate::guard) world: usize,
    /// How many worlds there are, as seen so far.
    pub(in crate::guard) worlds: Cell<usize>,
}

/// Words under construction.
#[derive(Default)]
struct Fields {
    done: Vec<Arg>,
    open: Option<Arg>,
}

impl Fields {
    fn open(&mut self) -> &mut Arg {
        self.open.get_or_insert_default()
    }

    fn close(&mut self) {
        self.done.extend(self.open.take());
    }

    fn push(&mut self, arg: &Arg) {
        if self.list(arg) {
            return;
        }
        // A path that stands for many (what `find` lists, `{}` of its commands) stays one in quotes.
        let many = arg.named.is_some() || arg.glob;
        let open = self.open();
        if many && open.text.is_empty() {
            open.named.clone_from(&arg.named);
        }
        if arg.pipe.is_some() && open.text.is_empty() {
            open.pipe.clone_from(&arg.pipe);
        }
        open.glob |= many;
        open.text.push_str(&arg.text);
        open.dynamic |= arg.dynamic;
        open.printed |= arg.printed;
        open.flow.join(&arg.flow);
    }

    /// Paths that `find` prints, each a word of its own; false where the value is something else or more.
    fn list(&mut self, arg: &Arg) -> bool {
        let only = self.open.is_none() && arg.flow.complete && arg.text.chars().eq([UNKNOWN]);
        if !only || arg.flow.listed.is_empty() {
            return false;
        }
        self.done.extend(arg.flow.listed.iter().map(|path| Arg { dynamic: true, ..path.clone() }));
        true
    }

    /// An unquoted value: split at `separators`, patterns alive.
    fn split(&mut self, arg: &Arg, separators: &str) {
        if self.list(arg) {
            return;
        }
        for (at, piece) in arg.text.split(|character| separators.contains(character)).enumerate() {
            if at > 0 {
                self.close();
            }
            if !piece.is_empty() {
                let open = self.open();
                open.text.push_str(piece);
                open.glob |= piece.contains(['*', '?', '[']);
                open.dynamic |= arg.dynamic;
                open.printed |= arg.printed;
                open.flow.join(&arg.flow);
            }
        }
    }
}

impl Expander<'_> {
    /// All words of a command.
    pub(in crate::guard) fn words(&self, words: &[Word]) -> Vec<Arg> {
        let mut all = Vec::new();
        let mut size = 0;
        for word in words {
            let fields = self.expand(word, true);
            size += weight(&fields);
            if size > MAX_EXPANDED {
                all.push(Arg::unknown());
                break;
            }
            all.extend(fields);
        }
        all
    }

    /// One word where no splitting happens: an assignment, a redirect, a here-document.
    pub(in crate::guard) fn single(&self, word: &Word) -> Arg {
        if let [Part::Output { commands, .. }] = word.parts.as_slice() {
            return self.output(commands);
        }
        let mut all = Arg::default();
        for (at, field) in self.expand(word, false).into_iter().enumerate() {
            if at > 0 {
                all.text.push(' ');
            }
            all.text.push_str(&field.text);
            all.dynamic |= field.dynamic;
            all.glob |= field.glob;
            all.printed |= field.printed;
            if at == 0 {
                all.flow = field.flow;
            } else {
                all.flow.join(&field.flow);
            }
            all.pipe = all.pipe.or(field.pipe);
        }
        all
    }

    /// The redirects of a command.
    pub(in crate::guard) fn redirects<'s>(&self, redirects: &'s [Redirect]) -> Vec<Redirected<'s>> {
        let one = |redirect: &'s Redirect| Redirected {
            kind: redirect.kind,
            descriptor: &redirect.descriptor,
            target: self.single(&redirect.target),
        };
        redirects.iter().map(one).collect()
    }

    /// The assignments of a command with their values.
    pub(in crate::guard) fn values<'c>(&self, command: &'c SimpleCommand) -> Vec<(&'c Assignment, Value)> {
        let value = |assignment: &'c Assignment| {
            let values = if assignment.list || assignment.each {
                self.words(&assignment.values)
            } else {
                assignment.values.iter().map(|value| self.single(value)).collect()
            };
            (assignment, values.into_iter().map(keyed).collect())
        };
        command.assignments.iter().map(value).collect()
    }

    /// Variables that `${name:=word}` in the words and values of a command sets.
    pub(in crate::guard) fn defaults(&self, command: &SimpleCommand) -> Vec<(String, Arg)> {
        let values = command.assignments.iter().flat_map(|assignment| &assignment.values);
        let parts = command.words.iter().chain(values).flat_map(|word| &word.parts);
        let set = parts.filter_map(|part| match part {
            Part::Param { name, op: Op::Assign(value), .. } => Some((name.clone(), self.single(value))),
            _ => None,
        });
        set.collect()
    }

    fn expand(&self, word: &Word, splits: bool) -> Vec<Arg> {
        let mut fields = Fields::default();
        let separators = if splits { self.separators() } else { String::new() };
        let mut size = 0;
        for (at, part) in word.parts.iter().enumerate() {
            match part {
                Part::Text { text, quoted: true } => fields.open().text.push_str(text),
                Part::Text { text, quoted: false } => {
                    let text = if at == 0 { self.tilde(text, word.parts.len() == 1) } else { text.clone() };
                    let open = fields.open();
                    open.glob |= text.contains(['*', '?', '[']);
                    open.text.push_str(&text);
                }
                // `$IFS$9`: what nobody has set, so that the name before it ends.
                Part::Param { name, op: Op::Plain, .. }
                    if at > 0 && is_spacer(name, word.parts.get(at - 1)) => {}
                Part::Param { name, op, quoted } => {
                    let mut values = self.param(name, op);
                    if *quoted && (name == "*" || *op == Op::Joined) && values.len() > 1 {
                        values = vec![self.joined(&values)];
                    }
                    size += weight(&values);
                    if size > MAX_EXPANDED {
                        return vec![Arg::unknown()];
                    }
                    for (at, value) in values.iter().enumerate() {
                        if at > 0 {
                            fields.close();
                        }
                        if *quoted { fields.push(value) } else { fields.split(value, &separators) }
                    }
                    if *quoted && !matches!(name.as_str(), "@" | "*") {
                        fields.open();
                    }
                }
                Part::Output { commands, quoted } => {
                    let value = self.output(commands);
                    size += value.text.len();
                    if size > MAX_EXPANDED {
                        return vec![Arg::unknown()];
                    }
                    if *quoted { fields.push(&value) } else { fields.split(&value, &separators) }
                }
                Part::Pipe { commands } => {
                    let open = fields.open();
                    open.text.push_str("/dev/fd/63");
                    open.pipe = Some(commands.clone());
                    open.flow = self.flow(commands);
                }
                Part::Number => fields.open().text.push('0'),
            }
        }
        fields.close();
        fields.done
    }

    /// `"$*"`: one word of all, with the first separator between them.
    fn joined(&self, values: &[Arg]) -> Arg {
        let between = self.separators().chars().next().map(String::from).unwrap_or_default();
        let mut all = Arg::default();
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                all.text.push_str(&between);
            }
            all.text.push_str(&value.text);
            all.dynamic |= value.dynamic;
            all.printed |= value.printed;
            all.flow.join(&value.flow);
        }
        all
    }

    fn separators(&self) -> String {
        match self.vars.get("IFS").and_then(|values| values.last()).and_then(|value| value.first()) {
            Some(value) if !value.text.contains(UNKNOWN) => value.text.clone(),
            _ => " \t\n".to_owned(),
        }
    }

    fn tilde(&self, text: &str, whole: bool) -> String {
        let Some(rest) = text.strip_prefix('~') else { return text.to_owned() };
        let (user, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let home = self.context.home.as_deref().and_then(Path::to_str).unwrap_or("/home/user");
        match user {
            "" => format!("{home}{path}"),
            "+" => format!(
                "{}{path}",
                self.cwd.and_then(Path::to_str).map_or(UNKNOWN.to_string(), str::to_owned)
            ),
            "-" => format!("{UNKNOWN}{path}"),
            _ if whole && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                format!("/home/{user}{path}")
            }
            _ => text.to_owned(),
        }
    }

    fn param(&self, name: &str, op: &Op) -> Value {
        let value = self.lookup(name);
        let known = value.as_ref().is_some_and(|value| value.iter().any(|arg| !arg.text.is_empty()));
        let uncertain = value.as_ref().is_none_or(|value| value.iter().any(|arg| arg.dynamic));
        match op {
            Op::Plain if value.as_ref().is_none_or(|value| value.len() < 2) || matches!(name, "@" | "*") => {
                value.unwrap_or_else(|| vec![Arg::unknown()])
            }
            // The first element to bash, all of them to zsh.
            Op::Plain => self.element(name, value.unwrap_or_default(), 0),
            Op::Any => self.any(name, value),
            Op::Indirect if name == "#" => {
                let last = self.lookup("@").and_then(|all| all.last().cloned());
                vec![last.unwrap_or_else(Arg::unknown)]
            }
            Op::All | Op::Joined => value.unwrap_or_else(|| vec![Arg::unknown()]),
            Op::Element(at) => self.element(name, value.unwrap_or_else(|| vec![Arg::unknown()]), *at),
            Op::Default(word) | Op::Assign(word) if uncertain || !known => {
                let mut default = self.single(word);
                default.dynamic |= uncertain;
                vec![default]
            }
            Op::Default(_) | Op::Assign(_) => value.unwrap_or_default(),
            Op::Alternative(_) if value.is_none() && self.either() => Vec::new(),
            Op::Alternative(word) if uncertain || known => vec![self.single(word)],
            Op::Alternative(_) => Vec::new(),
            Op::Transform(how) => {
                let made = how.as_literal().zip(value);
                let made = made.and_then(|(how, value)| super::transform::apply(&how, name, &value));
                made.unwrap_or_else(|| vec![Arg::unknown()])
            }
            Op::Indirect => {
                let name = value.as_ref().and_then(|value| value.first()).map_or("", |arg| arg.text.as_str());
                self.lookup(name).unwrap_or_else(|| vec![Arg::unknown()])
            }
        }
    }

    /// Whether this is a world in which a variable of which nothing is known has no value.
    fn either(&self) -> bool {
        self.worlds.set(self.worlds.get().max(2));
        !self.world.is_multiple_of(2)
    }

    /// Each element of an array in worlds of its own.
    fn any(&self, name: &str, value: Option<Value>) -> Value {
        let elements = value.unwrap_or_else(|| vec![Arg::unknown()]);
        let before = self.vars.get(name).map_or(1, <[Value]>::len).max(1);
        self.worlds.set(self.worlds.get().max(before * elements.len().max(1)));
        let at = (self.world / before) % elements.len().max(1);
        elements.get(at).cloned().into_iter().collect()
    }

    /// One element of an array in half of the worlds, all of it in the others: keys need not count from zero.
    fn element(&self, name: &str, value: Value, at: i64) -> Value {
        let from_end = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        let at = if at < 0 { value.len().checked_sub(from_end) } else { Some(from_end) };
        let one = at.and_then(|at| value.get(at)).cloned();
        let (true, Some(one)) = (value.len() > 1, one) else { return value };
        let worlds = self.vars.get(name).map_or(1, <[Value]>::len).max(1);
        self.worlds.set(self.worlds.get().max(2 * worlds));
        if (self.world / worlds).is_multiple_of(2) { vec![one] } else { value }
    }

    /// The value of a variable in this world; `None` when nothing is known.
    fn lookup(&self, name: &str) -> Option<Value> {
        if let Some(values) = self.vars.get(name) {
            self.worlds.set(self.worlds.get().max(values.len()));
            return values.get(self.world % values.len().max(1)).cloned();
        }
        let path = |path: Option<&Path>| path.and_then(Path::to_str).map(str::to_owned);
        let text = match name {
            "HOME" => path(self.context.home.as_deref())?,
            "PWD" => path(self.cwd)?,
            // Unset, it means the system's own.
            "TMPDIR" | "TMP" | "TEMP" | "RUNNER_TEMP" => {
                path(self.context.tmpdir.as_deref()).unwrap_or("/tmp".into())
            }
            "IFS" => " \t\n".to_owned(),
            "SHELL" | "BASH" => "/bin/bash".to_owned(),
            "$" | "!" | "#" | "?" | "UID" | "EUID" | "PPID" | "RANDOM" | "SECONDS" | "LINENO" => {
                "0".to_owned()
            }
            "CLAUDE_PROJECT_DIR" | "CURSOR_PROJECT_DIR" | "GITHUB_WORKSPACE" => {
                path(self.context.project.as_deref())?
            }
            _ => return None,
        };
        Some(vec![Arg::literal(text)])
    }
}

/// Whether `name` is an argument that stands directly behind `$IFS`.
fn is_spacer(name: &str, before: Option<&Part>) -> bool {
    let argument = matches!(name, "@" | "*") || name.bytes().all(|byte| byte.is_ascii_digit());
    argument && matches!(before, Some(Part::Param { name, .. }) if name == "IFS")
}
