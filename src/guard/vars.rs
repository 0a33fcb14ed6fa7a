//! Variables, with every value that each could have.

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
    /// Grows with every change.
    version: usize,
}

/// Most values of one variable that are followed; past it, it counts as unknown.
const MAX_VALUES: usize = 64;
impl Vars {
    /// Sets a variable; with `also` the old values remain possible.
    pub(in crate::guard) fn set(&mut self, name: &str, value: Value, also: bool) {
        self.version += 1;
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

    /// Adds an element to an array, or text to a scalar: both readings are kept.
    pub(in crate::guard) fn append(&mut self, name: &str, value: &Value) {
        let mut longer = self.get(name).and_then(|values| values.last()).cloned().unwrap_or_default();
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

    /// `read [options] NAME…`: every line could be the one.
    pub(in crate::guard) fn read(&mut self, args: &[Arg], input: &Flow) {
        const READ: Grammar = Grammar { short: "adinNptu", long: &[], stop_at_operand: false };
        let parsed = READ.parse(args);
        let array = parsed.option(&["a"]).and_then(|option| option.value.clone());
        let names: Vec<Arg> = array.into_iter().chain(parsed.operands).collect();
        let lines = known_lines(input);
        let (true, [name]) = (!lines.is_empty(), names.as_slice()) else {
            return names.iter().for_each(|name| self.forget(&name.text));
        };
        for (at, line) in lines.iter().enumerate() {
            self.set(&name.text, vec![line.clone()], at > 0);
        }
        if !input.complete {
            self.set(&name.text, vec![Arg::unknown()], true);
        }
    }

    /// `mapfile [options] NAME`: all lines are its elements.
    pub(in crate::guard) fn read_lines(&mut self, args: &[Arg], input: &Flow) {
        const MAPFILE: Grammar = Grammar { short: "dnOsuCc", long: &[], stop_at_operand: false };
        let lines = known_lines(input);
        for name in MAPFILE.parse(args).operands {
            if lines.is_empty() || !input.complete {
                self.forget(&name.text);
            } else {
                self.set(&name.text, lines.clone(), false);
            }
        }
    }

    /// From here on nothing is known of it.
    pub(in crate::guard) fn forget(&mut self, name: &str) {
        self.version += 1;
        Rc::make_mut(&mut self.values).insert(name.to_owned(), vec![vec![Arg::unknown()]]);
    }

    /// The same values for a while: what is set there ends with it. Nothing is copied.
    pub(in crate::guard) fn inside(&self) -> Self {
        Self { values: Rc::default(), outer: Some(Rc::new(self.clone())), version: self.version }
    }

    /// Another number after every change.
    pub(in crate::guard) fn version(&self) -> usize {
        self.version
    }

    pub(in crate::guard) fn get(&self, name: &str) -> Option<&[Value]> {
        let own = self.values.get(name).map(Vec::as_slice);
        own.or_else(|| self.outer.as_ref().and_then(|outer| outer.get(name)))
    }
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
