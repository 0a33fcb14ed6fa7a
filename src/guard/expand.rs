//! From words as written to words as the program gets them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::Context;
use super::arg::{Arg, UNKNOWN};
use super::flow::Flow;
use super::shell::{Op, Part, Script, Word};

/// A value of a variable: one element, or those of an array.
pub(in crate::guard) type Value = Vec<Arg>;

/// Variables with every value that each could have.
#[derive(Debug, Clone, Default)]
pub(in crate::guard) struct Vars {
    values: BTreeMap<String, Vec<Value>>,
}

/// Most values of one variable that are followed; past it, it counts as unknown.
const MAX_VALUES: usize = 64;

impl Vars {
    /// Sets a variable; with `also` the old values remain possible.
    pub(in crate::guard) fn set(&mut self, name: &str, value: Value, also: bool) {
        let values = self.values.entry(name.to_owned()).or_default();
        if !also {
            values.clear();
        }
        if values.len() < MAX_VALUES {
            values.push(value);
        } else {
            *values = vec![vec![Arg::unknown()]];
        }
    }

    /// Adds an element to an array, or text to a scalar: both readings are kept.
    pub(in crate::guard) fn append(&mut self, name: &str, value: &Value) {
        let mut longer = self.values.get(name).and_then(|values| values.last()).cloned().unwrap_or_default();
        if longer.len() <= MAX_VALUES {
            longer.extend(value.iter().cloned());
        }
        self.set(name, longer, true);
    }

    /// From here on nothing is known of it.
    pub(in crate::guard) fn forget(&mut self, name: &str) {
        self.values.insert(name.to_owned(), vec![vec![Arg::unknown()]]);
    }

    fn get(&self, name: &str) -> Option<&[Value]> {
        self.values.get(name).map(Vec::as_slice)
    }
}

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
        words.iter().flat_map(|word| self.fields(word)).collect()
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
            all.flow.join(&field.flow);
            all.pipe = all.pipe.or(field.pipe);
        }
        all
    }

    /// Variables that `${name:=word}` in `word` sets, with their values.
    pub(in crate::guard) fn assigned(&self, word: &Word) -> Vec<(String, Arg)> {
        let set = word.parts.iter().filter_map(|part| match part {
            Part::Param { name, op: Op::Assign(value), .. } => Some((name.clone(), self.single(value))),
            _ => None,
        });
        set.collect()
    }

    fn fields(&self, word: &Word) -> Vec<Arg> {
        self.expand(word, true)
    }

    fn expand(&self, word: &Word, splits: bool) -> Vec<Arg> {
        let mut fields = Fields::default();
        let separators = if splits { self.separators() } else { String::new() };
        for (at, part) in word.parts.iter().enumerate() {
            match part {
                Part::Text { text, quoted: true } => fields.open().text.push_str(text),
                Part::Text { text, quoted: false } => {
                    let text = if at == 0 { self.tilde(text, word.parts.len() == 1) } else { text.clone() };
                    let open = fields.open();
                    open.glob |= text.contains(['*', '?', '[']);
                    open.text.push_str(&text);
                }
                Part::Param { name, op, quoted } => {
                    let values = self.param(name, op);
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
                    if *quoted { fields.push(&value) } else { fields.split(&value, &separators) }
                }
                Part::Pipe { commands } => {
                    let open = fields.open();
                    open.text.push_str("/dev/fd/63");
                    open.pipe = Some(commands.clone());
                    open.flow.join(&self.flow(commands));
                }
                Part::Number => fields.open().text.push('0'),
            }
        }
        fields.close();
        fields.done
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
            Op::Plain => value.unwrap_or_else(|| vec![Arg::unknown()]),
            Op::Default(word) | Op::Assign(word) if uncertain || !known => {
                let mut default = self.single(word);
                default.dynamic |= uncertain;
                vec![default]
            }
            Op::Default(_) | Op::Assign(_) => value.unwrap_or_default(),
            Op::Alternative(word) if uncertain || known => vec![self.single(word)],
            Op::Alternative(_) => Vec::new(),
            Op::Transform => vec![Arg::unknown()],
        }
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
            "TMPDIR" | "TMP" | "TEMP" => {
                path(self.context.tmpdir.as_deref()).unwrap_or_else(|| "/tmp".to_owned())
            }
            "IFS" => " \t\n".to_owned(),
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

    /// What the commands of a substitution print.
    fn output(&self, commands: &Range<usize>) -> Arg {
        let flow = self.flow(commands);
        match flow.whole() {
            Some(text) => Arg {
                dynamic: text.contains(UNKNOWN),
                text: text.trim_end_matches('\n').to_owned(),
                flow,
                printed: true,
                ..Arg::default()
            },
            None => Arg { flow, printed: true, ..Arg::unknown() },
        }
    }

    /// What comes out of `commands`, those inside them and those that feed a pipe apart.
    pub(in crate::guard) fn flow(&self, commands: &Range<usize>) -> Flow {
        let all = self.script.commands.get(commands.clone()).unwrap_or_default();
        let flows = self.flows.get(commands.clone()).unwrap_or_default();
        let outer = all.last().map_or(0, |command| command.scope);
        let piped = all.last().map_or(0..0, |command| command.upstream.clone());
        let mut sum = Flow { complete: true, ..Flow::default() };
        for (index, (command, flow)) in commands.clone().zip(all.iter().zip(flows)) {
            if command.scope == outer && !piped.contains(&index) {
                sum.join(flow);
            } else {
                sum.taint(flow);
            }
        }
        sum
    }
}
