//! The option grammar that nearly all programs share: `-abc`, `-ovalue`, `-o value`, `--long`, `--long=value`, `--`.

use super::arg::Arg;

/// Which options of a program take a value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Grammar {
    /// Letters whose value is the rest of the word or the next one.
    pub short: &'static str,
    /// Names whose value is behind `=` or the next word.
    pub long: &'static [&'static str],
    /// Options end at the first operand (wrappers: the rest belongs to another program).
    pub stop_at_operand: bool,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opt {
    /// A letter, or a long name without dashes.
    pub name: String,
    /// Its value.
    pub value: Option<Arg>,
    long: bool,
}

/// Arguments by kind.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// In order.
    pub options: Vec<Opt>,
    /// In order.
    pub operands: Vec<Arg>,
    /// How many operands stand before `--`; `None` without one.
    pub dashes: Option<usize>,
}

/// Shortest abbreviation of a long name that counts (git and GNU take any that is unique).
const SHORTEST: usize = 3;

impl Grammar {
    /// Sorts `args` into options and operands.
    pub fn parse(&self, args: &[Arg]) -> Parsed {
        let mut parsed = Parsed::default();
        let mut rest = args;
        while let Some((arg, tail)) = rest.split_first() {
            rest = tail;
            let text = arg.text.as_str();
            if text == "--" {
                parsed.dashes = Some(parsed.operands.len());
                parsed.operands.extend(tail.iter().cloned());
                break;
            } else if let Some(long) = text.strip_prefix("--") {
                rest = self.long(long, arg, tail, &mut parsed);
            } else if let Some(short) = text.strip_prefix('-').filter(|short| !short.is_empty()) {
                rest = self.short(short, arg, tail, &mut parsed);
            } else {
                parsed.operands.push(arg.clone());
                if self.stop_at_operand {
                    parsed.operands.extend(tail.iter().cloned());
                    break;
                }
            }
        }
        parsed
    }

    fn long<'a>(&self, text: &str, arg: &Arg, tail: &'a [Arg], parsed: &mut Parsed) -> &'a [Arg] {
        if let Some((name, value)) = text.split_once('=') {
            let value = Some(Arg { text: value.to_owned(), ..arg.clone() });
            parsed.options.push(Opt { name: name.to_owned(), value, long: true });
            return tail;
        }
        let takes = self.long.contains(&text);
        let (value, rest) = match tail.split_first() {
            Some((value, rest)) if takes => (Some(value.clone()), rest),
            _ => (None, tail),
        };
        parsed.options.push(Opt { name: text.to_owned(), value, long: true });
        rest
    }

    fn short<'a>(&self, text: &str, arg: &Arg, tail: &'a [Arg], parsed: &mut Parsed) -> &'a [Arg] {
        for (at, letter) in text.char_indices() {
            if !self.short.contains(letter) {
                parsed.options.push(Opt { name: letter.to_string(), value: None, long: false });
                continue;
            }
            let stuck = text.get(at + letter.len_utf8()..).unwrap_or_default();
            let (value, rest) = match tail.split_first() {
                _ if !stuck.is_empty() => (Some(Arg { text: stuck.to_owned(), ..arg.clone() }), tail),
                Some((value, rest)) => (Some(value.clone()), rest),
                None => (None, tail),
            };
            parsed.options.push(Opt { name: letter.to_string(), value, long: false });
            return rest;
        }
        tail
    }
}

impl Opt {
    /// Whether it is one of `names`: a letter, or a long name that it may abbreviate.
    pub fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| {
            if self.long && name.len() > 1 {
                self.name == *name || (self.name.len() >= SHORTEST && name.starts_with(&self.name))
            } else {
                !self.long && self.name == *name
            }
        })
    }

    /// The text of the value, empty without one.
    pub fn text(&self) -> &str {
        self.value.as_ref().map_or("", |value| value.text.as_str())
    }
}

impl Parsed {
    /// Whether one of the options is one of `names`.
    pub fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|option| option.is(names))
    }

    /// The last option that is one of `names`.
    pub fn option(&self, names: &[&str]) -> Option<&Opt> {
        self.options.iter().rev().find(|option| option.is(names))
    }

    /// The text of the operand at `index`, empty without one.
    pub fn operand(&self, index: usize) -> &str {
        self.operands.get(index).map_or("", |arg| arg.text.as_str())
    }
}
