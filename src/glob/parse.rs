//! A pattern as it is written, to steps.

use super::Step;

/// Longest pattern, in characters.
const MAX_LENGTH: usize = 4096;
/// Deepest nesting of braces.
const MAX_DEPTH: u32 = 8;

/// The steps of a pattern.
pub(super) fn steps(pattern: &str) -> Result<Vec<Step>, String> {
    let characters: Vec<char> = pattern.chars().collect();
    if characters.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} characters"));
    }
    let text: String = pattern.strip_prefix('/').unwrap_or(pattern).to_owned();
    let text = text.strip_prefix("./").unwrap_or(&text);
    let text = if text.is_empty() || text.ends_with('/') { format!("{text}**") } else { text.to_owned() };
    if text.split('/').any(|part| part == ".." || part == ".") {
        return Err("it has `.` or `..` as a part of the path".to_owned());
    }
    let characters: Vec<char> = text.chars().collect();
    let mut parser = Parser { characters: &characters, at: 0, steps: Vec::new() };
    parser.sequence(0, true, None)?;
    match parser.peek() {
        None => Ok(parser.steps),
        Some(character) => Err(format!("`{character}` has no `{{` before it")),
    }
}

struct Parser<'p> {
    characters: &'p [char],
    at: usize,
    steps: Vec<Step>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    /// Steps up to the end, or inside braces up to a `,` or `}`. `begins`: whether a part of the path begins here;
    /// `behind`: what stands behind the outermost brace that ends here.
    fn sequence(&mut self, depth: u32, begins: bool, behind: Option<char>) -> Result<(), String> {
        let start = self.at;
        while let Some(character) = self.peek() {
            let first = if self.at == start { begins } else { self.before() == Some('/') };
            match character {
                ',' | '}' if depth > 0 => break,
                '}' => return Err("`}` has no `{` before it".to_owned()),
                '{' => self.alternatives(depth, first, behind)?,
                '[' => self.set()?,
                '*' => self.stars(depth, first, behind),
                '?' => self.push(Step::One),
                '\\' => {
                    self.at += 1;
                    let plain = self.peek().ok_or("it ends in a `\\`")?;
                    self.push(Step::Char(plain));
                }
                '/' if self.before() == Some('/') => self.at += 1,
                '/' if depth > 0 && behind.is_none() && matches!(self.after(), Some(',' | '}')) => {
                    self.push(Step::Char('/'));
                    self.steps.push(Step::Deep);
                }
                plain => self.push(Step::Char(plain)),
            }
        }
        Ok(())
    }

    fn before(&self) -> Option<char> {
        self.characters.get(self.at.checked_sub(1)?).copied()
    }

    fn after(&self) -> Option<char> {
        self.characters.get(self.at + 1).copied()
    }

    fn push(&mut self, step: Step) {
        self.steps.push(step);
        self.at += 1;
    }

    /// `*`, or `**` where it is a whole part: `**/` may stand for nothing.
    fn stars(&mut self, depth: u32, first: bool, behind: Option<char>) {
        let from = self.at;
        while self.peek() == Some('*') {
            self.at += 1;
        }
        let whole = first && self.at - from == 2;
        let last = match self.peek() {
            None => true,
            Some(',' | '}') if depth > 0 => behind.is_none_or(|next| next == '/'),
            _ => false,
        };
        match self.peek() {
            Some('/') if whole => {
                self.at += 1;
                self.steps.extend([Step::Fork(self.steps.len() + 3), Step::Deep, Step::Char('/')]);
            }
            _ if whole && last => self.steps.push(Step::Deep),
            _ => self.steps.push(Step::Run),
        }
    }

    /// `{a,b}`: a fork to each but the last, a jump behind all of them.
    fn alternatives(&mut self, depth: u32, begins: bool, behind: Option<char>) -> Result<(), String> {
        if depth >= MAX_DEPTH {
            return Err(format!("its braces are nested more than {MAX_DEPTH} deep"));
        }
        let next = self.closing().and_then(|close| self.characters.get(close + 1)).copied();
        let behind = match next {
            None => behind,
            Some(',' | '}') if depth > 0 => behind,
            next => next,
        };
        let mut done = Vec::new();
        loop {
            self.at += 1; // the brace or the comma
            let fork = self.steps.len();
            self.steps.push(Step::Fork(0));
            self.sequence(depth + 1, begins, behind)?;
            done.push(self.steps.len());
            self.steps.push(Step::Jump(0));
            let next = self.steps.len();
            let more = match self.peek() {
                Some(',') => true,
                Some('}') => false,
                _ => return Err("`{` is never closed".to_owned()),
            };
            if let Some(step) = self.steps.get_mut(fork) {
                // The last one has nothing to fork to but itself.
                *step = Step::Fork(if more { next } else { fork + 1 });
            }
            if !more {
                break;
            }
        }
        self.at += 1;
        let end = self.steps.len();
        for at in done {
            if let Some(step) = self.steps.get_mut(at) {
                *step = Step::Jump(end);
            }
        }
        Ok(())
    }

    /// Where the brace that opens here is closed.
    fn closing(&self) -> Option<usize> {
        let mut open = 0_u32;
        let mut at = self.at;
        while let Some(character) = self.characters.get(at) {
            match character {
                '\\' => at += 1,
                '{' => open += 1,
                '}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// `[a-z]`, `[!a-z]`, `[^a-z]`; a `]` that comes first is one of the characters.
    fn set(&mut self) -> Result<(), String> {
        self.at += 1;
        let negated = matches!(self.peek(), Some('!' | '^'));
        self.at += usize::from(negated);
        let first = self.at;
        let mut ranges = Vec::new();
        loop {
            let from = match self.peek() {
                None => return Err("`[` is never closed".to_owned()),
                Some(']') if self.at > first => break,
                Some('\\') => {
                    self.at += 1;
                    self.peek().ok_or("`[` is never closed")?
                }
                Some(character) => character,
            };
            self.at += 1;
            let to = match (self.peek(), self.after()) {
                (Some('-'), Some(to)) if to != ']' => {
                    self.at += 2;
                    to
                }
                _ => from,
            };
            if to < from {
                return Err(format!("`{from}-{to}` is no range"));
            }
            ranges.push((from, to));
        }
        self.push(Step::Set { ranges, negated });
        Ok(())
    }
}
