//! Globs over paths of a project: what a task may touch, and whether two tasks touch the same.
//!
//! `*` and `?` stay inside one part of a path, a part `**` stands for any number of parts, `[a-z]` and `[!a-z]` for
//! one character, `{a,b}` for one of several, `\` takes a character as it is, and a `/` at the end means everything
//! below. A pattern becomes a small automaton whose states are walked side by side: the work is bounded by the length
//! of the pattern times the length of the path, whatever they hold. Nothing here looks at the disk.

mod overlap;
mod parse;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// Whether names that differ in case only are the same name, which the file system decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// They are two names.
    #[default]
    Sensitive,
    /// They are one name.
    Insensitive,
}

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    source: String,
    steps: Vec<Step>,
    /// What every path begins with that matches: most paths are told apart by it.
    prefix: String,
    case: Case,
}

/// One step of the automaton; without a jump the next step follows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// This character.
    Char(char),
    /// One character of a part.
    One,
    /// One character of a part, in or out of these ranges.
    Set { ranges: Vec<(char, char)>, negated: bool },
    /// Any number of characters of a part.
    Run,
    /// Any number of characters.
    Deep,
    /// On here, or there.
    Fork(usize),
    /// On there.
    Jump(usize),
}

impl Glob {
    /// Reads a pattern, relative to the root of the project.
    ///
    /// # Errors
    /// What is wrong with it, as a clause.
    pub fn new(pattern: &str, case: Case) -> Result<Self, String> {
        let steps = parse::steps(&folded(pattern, case))?;
        let literal = |step: &Step| if let Step::Char(character) = step { Some(*character) } else { None };
        let prefix = steps.iter().map_while(literal).collect();
        Ok(Self { source: pattern.to_owned(), steps, prefix, case })
    }

    /// The pattern as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the pattern stands for `path`, which is relative to the root and has no `.` or `..` in it.
    pub fn matches(&self, path: &str) -> bool {
        self.walk(&folded(path, self.case)).0
    }

    /// Whether everything that could ever lie below `dir` matches.
    pub fn covers(&self, dir: &str) -> bool {
        // No pattern names this file by accident: only one that takes every name matches it at any depth.
        let below = |rest: &str| {
            if dir.is_empty() { rest.to_owned() } else { format!("{}/{rest}", dir.trim_end_matches('/')) }
        };
        self.matches(&below("\u{1}")) && self.matches(&below("\u{1}/\u{1}"))
    }

    /// Whether what both patterns begin with lets them have a path in common: quick, and never a wrong no.
    pub fn may_meet(&self, other: &Self) -> bool {
        self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix)
    }

    /// A path that both patterns stand for, if there is one.
    pub fn overlap(&self, other: &Self) -> Option<String> {
        overlap::witness(self, other)
    }

    /// The answer and how many states were looked at for it.
    fn walk(&self, path: &str) -> (bool, usize) {
        if !path.starts_with(&self.prefix) {
            return (false, self.prefix.len().min(path.len()));
        }
        let (mut now, mut next) = (States::new(self.steps.len()), States::new(self.steps.len()));
        let mut looked = 0;
        self.enter(self.prefix.chars().count(), &mut now, &mut looked);
        for character in path.get(self.prefix.len()..).unwrap_or_default().chars() {
            next.clear();
            for &at in &now.list {
                looked += 1;
                let Some(step) = self.steps.get(at) else { continue };
                if step.takes(character) {
                    let stays = matches!(step, Step::Run | Step::Deep);
                    self.enter(if stays { at } else { at + 1 }, &mut next, &mut looked);
                }
            }
            std::mem::swap(&mut now, &mut next);
            if now.list.is_empty() {
                break;
            }
        }
        (now.list.contains(&self.steps.len()), looked)
    }

    /// Adds a state and those that are reached from it without a character.
    fn enter(&self, at: usize, states: &mut States, looked: &mut usize) {
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            *looked += 1;
            if !states.add(at) {
                continue;
            }
            match self.steps.get(at) {
                Some(Step::Run | Step::Deep) => open.push(at + 1),
                Some(Step::Fork(to)) => open.extend([at + 1, *to]),
                Some(Step::Jump(to)) => open.push(*to),
                _ => {}
            }
        }
    }
}

impl Step {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Char(own) => *own == character,
            Self::One | Self::Run => character != '/',
            Self::Set { ranges, negated } => {
                let within = ranges.iter().any(|(from, to)| (*from..=*to).contains(&character));
                character != '/' && within != *negated
            }
            Self::Deep => true,
            Self::Fork(_) | Self::Jump(_) => false,
        }
    }
}

/// A set of states with an order.
struct States {
    list: Vec<usize>,
    has: Vec<bool>,
}

impl States {
    fn new(steps: usize) -> Self {
        Self { list: Vec::with_capacity(steps + 1), has: vec![false; steps + 1] }
    }

    fn add(&mut self, at: usize) -> bool {
        match self.has.get_mut(at) {
            Some(has) if !*has => {
                *has = true;
                self.list.push(at);
                true
            }
            _ => false,
        }
    }

    fn clear(&mut self) {
        for at in self.list.drain(..) {
            if let Some(has) = self.has.get_mut(at) {
                *has = false;
            }
        }
    }
}

/// The one spelling of a name: composed characters (NFC), small letters where case does not count.
pub fn folded(text: &str, case: Case) -> String {
    let composed = if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        text.to_owned()
    } else {
        text.nfc().collect()
    };
    match case {
        Case::Sensitive => composed,
        Case::Insensitive => composed.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str) -> Glob {
        Glob::new(pattern, Case::Sensitive).unwrap()
    }

    #[test]
    fn work_grows_with_the_pattern_and_the_path_and_no_faster() {
        let deep = format!("{}x", "a/".repeat(500));
        for pattern in [
            "a*".repeat(50) + "b",
            "**/".repeat(50) + "b",
            "*/".repeat(50) + "**/b",
            "{a,a*,*}".repeat(30) + "b",
            "{a,{a,{a,{a,*}}}}**/*b".to_owned(),
            "[a-z]*".repeat(40),
        ] {
            let glob = glob(&pattern);
            for path in ["a".repeat(1000), deep.clone(), "aaaa/".repeat(200)] {
                let (_, looked) = glob.walk(&path);
                assert!(looked <= 4 * (glob.steps.len() + 1) * (path.len() + 1), "{pattern}: {looked}");
            }
        }
    }

    #[test]
    fn a_directory_is_covered_by_what_takes_everything_below_it() {
        for (pattern, dir, expected) in [
            ("src/", "src", true),
            ("src/**", "src/deep", true),
            ("**", "", true),
            ("src/**/*.rs", "src", false),
            ("src/*", "src", false),
            ("sr[a-z]/**", "src", true),
        ] {
            assert_eq!(glob(pattern).covers(dir), expected, "{pattern} {dir}");
        }
    }
}
