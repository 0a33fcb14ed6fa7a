//! Variables, with every value that each could have.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::arg::{Arg, UNKNOWN};
use super::expand::MAX_EXPANDED;
use super::flow::Flow;
use super::options::Grammar;

/// A value of a variable: one element, or those of an array.
pub(in crate::guard) type Value = Vec<Arg>;

/// Variables with every value that each could have.
#[derive(Debug, Clone, Default)]
pub(in crate::guard) struct Vars {
    values: Rc<BTreeMap<String, Vec<Value>>>,
    /// What is not found here is looked for there.
    outer: Option<Rc<Vars>>,
    /// Other names of variables: `declare -n`.
    names: Rc<BTreeMap<String, String>>,
    /// Grows with every change.
    version: usize,
    /// Where every value that a variable gets is noted too, once a text has commands that run later.
    noted: Option<Rc<RefCell<Noted>>>,
}

/// Every value that each variable ever gets in a text.
pub(in crate::guard) type Noted = BTreeMap<String, Vec<Value>>;

/// Most values of one variable that are followed; past it, it counts as unknown.
const MAX_VALUES: usize = 64;
impl Vars {
    /// Sets a variable; with `also` the old values remain possible.
    pub(in crate::guard) fn set(&mut self, name: &str, value: Value, also: bool) {
        self.version += 1;
        let name = self.named(name);
        let name = name.as_ref();
        self.note(name, &value);
        let outer = self.outer.as_ref().filter(|_| also && !self.values.contains_key(name));
        let older = outer.and_then(|outer| outer.get(name)).map(<[Value]>::to_vec);
        let values =
            Rc::make_mut(&mut self.values).entry(name.to_owned()).or_insert(older.unwrap_or_default());
        if !also {
            values.clear();
        }
        if values.len() < MAX_VALUES {
            values.push(value);
        } else {
            *values = vec![vec![Arg::unknown()]];
        }
    }

    /// Values that variables have where they had none.
    pub(in crate::guard) fn may_be(&mut self, values: Vec<(String, Arg)>) {
        for (name, value) in values {
            self.set(&name, vec![value], true);
        }
    }

    /// `declare -n name=target`: whatever is done to one is done to the other.
    pub(in crate::guard) fn refer(&mut self, name: &str, target: &str) {
        self.version += 1;
        Rc::make_mut(&mut self.names).insert(name.to_owned(), target.to_owned());
    }

    /// The name that a name stands for.
    fn named<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let mut name = Cow::Borrowed(name);
        for _ in 0..4 {
            match self.names.get(name.as_ref()) {
                Some(target) => name = Cow::Owned(target.clone()),
                None => break,
            }
        }
        name
    }

    /// Adds an element to an array, or text to what is no `list`.
    pub(in crate::guard) fn append(&mut self, name: &str, value: &Value, list: bool) {
        let mut longer = self.get(name).and_then(|values| values.last()).cloned().unwrap_or_default();
        if let ([first, ..], [more], false) = (longer.as_mut_slice(), value.as_slice(), list)
            && first.text.len() + more.text.len() <= MAX_EXPANDED
        {
            first.text.push_str(&more.text);
            first.dynamic |= more.dynamic;
            first.glob |= more.glob;
            first.flow.join(&more.flow);
            return self.set(name, longer, true);
        }
        if longer.len() > MAX_VALUES || weight(&longer) + weight(value) > MAX_EXPANDED {
            longer = vec![Arg::unknown()];
        } else {
            longer.extend(value.iter().cloned());
        }
        self.set(name, longer, true);
    }

    /// `$0`, `$1`, …, `$@` and `$*`.
    pub(in crate::guard) fn set_positional(&mut self, all: &[Arg]) {
        for (at, arg) in all.iter().enumerate().take(32) {
            self.set(&at.to_string(), vec![arg.clone()], false);
        }
        for name in ["@", "*"] {
            self.set(name, all.iter().skip(1).cloned().collect(), false);
        }
    }

    /// `shift [BY]`; where it may not run, the old arguments remain possible.
    pub(in crate::guard) fn shift(&mut self, args: &[Arg], doubtful: bool) {
        let by = args.first().map_or("1", |by| by.text.as_str());
        let (Ok(by), Some(lists)) = (by.parse::<usize>(), self.get("@")) else { return };
        let lists: Vec<Value> =
            lists.iter().take(8).map(|list| list.iter().skip(by).cloned().collect()).collect();
        for (world, list) in lists.into_iter().enumerate() {
            let also = doubtful || world > 0;
            for at in 0..9 {
                let value = list.get(at).cloned().into_iter().collect();
                self.set(&(at + 1).to_string(), value, also);
            }
            self.set("@", list.clone(), also);
            self.set("*", list, also);
        }
    }

    /// Any of `words` may be the first argument: a loop shifts.
    pub(in crate::guard) fn shifted(&mut self, words: &[Arg]) {
        for word in words.iter().skip(2).take(32) {
            self.set("1", vec![word.clone()], true);
        }
    }

    /// `read [options] NAME…`: every line could be the one.
    pub(in crate::guard) fn read(&mut self, args: &[Arg], input: &Flow, separators: &str) {
        const READ: Grammar = Grammar { short: "adinNptu", long: &[], stop_at_operand: false };
        let parsed = READ.parse(args);
        let array = parsed.option(&["a"]).and_then(|option| option.value.clone());
        let names: Vec<Arg> = array.iter().cloned().chain(parsed.operands).collect();
        let lines = known_lines(input);
        if lines.is_empty() {
            return names.iter().for_each(|name| self.forget(&name.text));
        }
        let fields = |line: &Arg, most: usize| -> Vec<Arg> {
            let pieces = line.text.splitn(most, |letter| separators.contains(letter));
            let pieces = pieces.map(|piece| piece.trim_start_matches(|letter| separators.contains(letter)));
            pieces.filter(|piece| !piece.is_empty()).map(|piece| with_text(line, piece)).collect()
        };
        for (at, line) in lines.iter().enumerate() {
            match (&array, names.as_slice()) {
                (Some(name), _) => self.set(&name.text, fields(line, MAX_VALUES), at > 0),
                (None, [name]) => self.set(&name.text, vec![line.clone()], at > 0),
                (None, names) => {
                    let mut fields = fields(line, names.len()).into_iter();
                    for name in names {
                        self.set(&name.text, fields.next().into_iter().collect(), at > 0);
                    }
                }
            }
        }
        for name in names.iter().filter(|_| !input.complete) {
            self.set(&name.text, vec![Arg::unknown()], true);
        }
    }

    /// `mapfile [options] NAME`: all lines are its elements.
    pub(in crate::guard) fn read_lines(&mut self, args: &[Arg], input: &Flow) {
        const MAPFILE: Grammar = Grammar { short: "dnOsuCc", long: &[], stop_at_operand: false };
        let lines = known_lines(input);
        for name in MAPFILE.parse(args).operands {
            if lines.is_empty() {
                self.forget(&name.text);
                continue;
            }
            self.set(&name.text, lines.clone(), false);
            if !input.complete {
                self.set(&name.text, vec![Arg::unknown()], true);
            }
        }
    }

    /// From here on nothing is known of it.
    pub(in crate::guard) fn forget(&mut self, name: &str) {
        self.version += 1;
        let name = self.named(name).into_owned();
        self.note(&name, &vec![Arg::unknown()]);
        Rc::make_mut(&mut self.values).insert(name, vec![vec![Arg::unknown()]]);
    }

    /// The same values for a while: what is set there ends with it. Nothing is copied.
    pub(in crate::guard) fn inside(&self) -> Self {
        let outer = Some(Rc::new(self.clone()));
        Self {
            outer,
            names: self.names.clone(),
            version: self.version,
            noted: self.noted.clone(),
            ..Self::default()
        }
    }

    /// From here on every value is noted.
    pub(in crate::guard) fn note_all(&mut self, noted: &Rc<RefCell<Noted>>) {
        self.noted.get_or_insert_with(|| noted.clone());
    }

    fn note(&self, name: &str, value: &Value) {
        // Arguments are those of one call.
        let is_argument =
            |name: &str| matches!(name, "@" | "*") || name.starts_with(|first: char| first.is_ascii_digit());
        if let Some(noted) = self.noted.as_deref().filter(|_| !is_argument(name)) {
            let mut noted = noted.borrow_mut();
            let values = noted.entry(name.to_owned()).or_default();
            if values.len() <= MAX_VALUES && !values.contains(value) {
                values.push(value.clone());
            }
        }
    }

    /// These variables at any later point: with all that `noted` has, and, where nothing is known of one yet, unset.
    pub(in crate::guard) fn at_any_time(&self, noted: &Noted) -> Self {
        let mut vars = Self { noted: None, ..self.clone() };
        for (name, values) in noted {
            if vars.get(name).is_none() {
                vars.set(name, vec![Arg::default()], true);
            }
            let new: Vec<&Value> = values
                .iter()
                .filter(|value| !vars.get(name).is_some_and(|old| old.contains(value)))
                .collect();
            for value in new {
                vars.set(name, value.clone(), true);
            }
        }
        vars
    }

    /// What was set inside is possible from here on; not what it was given.
    pub(in crate::guard) fn keep(&mut self, inside: &Self) {
        let given = |name: &str| matches!(name, "@" | "*") || name.bytes().all(|byte| byte.is_ascii_digit());
        for (name, values) in inside.values.iter().filter(|(name, _)| !given(name)) {
            for value in values {
                if !self.get(name).is_some_and(|known| known.contains(value)) {
                    self.set(name, value.clone(), true);
                }
            }
        }
    }

    /// Another number after every change.
    pub(in crate::guard) fn version(&self) -> usize {
        self.version
    }

    pub(in crate::guard) fn get(&self, name: &str) -> Option<&[Value]> {
        let name = self.named(name);
        let own = self.values.get(name.as_ref()).map(Vec::as_slice);
        own.or_else(|| self.outer.as_ref().and_then(|outer| outer.get(name.as_ref())))
    }
}

/// An element of an array without its key: `[x]=value`.
pub(in crate::guard) fn keyed(mut value: Arg) -> Arg {
    if value.text.starts_with('[')
        && let Some((_, element)) = value.text.split_once("]=")
    {
        value.text = element.to_owned();
        value.glob &= value.text.contains(['*', '?', '[']);
    }
    value
}

/// The same with another text.
fn with_text(arg: &Arg, text: &str) -> Arg {
    Arg { text: text.to_owned(), dynamic: text.contains(UNKNOWN), ..arg.clone() }
}

/// The bytes of some words.
pub(in crate::guard) fn weight(words: &[Arg]) -> usize {
    words.iter().map(|word| word.text.len() + 1).sum()
}

/// The lines of a known input; none where paths are listed, which are followed as such.
fn known_lines(input: &Flow) -> Vec<Arg> {
    let texts = input.texts.iter().filter(|_| input.listed.is_empty());
    let lines = texts.flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty());
    lines
        .take(MAX_VALUES)
        .map(|line| {
            let mut arg = Arg::literal(line.trim());
            arg.dynamic = line.contains(UNKNOWN);
            arg.flow.taint(input);
            arg
        })
        .collect()
}
