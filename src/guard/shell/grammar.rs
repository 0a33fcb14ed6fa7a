//! Lists, pipelines and compound commands.
//!
//! Lenient on purpose: a stray `fi` or `)` is stepped over, because a shell may have run what stood before it.

use std::ops::Range;

use super::reader::Reader;
use super::{Assignment, Function, Limit, Part, Redirect, RedirectKind, SimpleCommand, Word};

/// What ends a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The end of the text.
    Text,
    /// `)`
    Paren,
    /// One of these words in command position.
    Words(&'static [&'static str]),
    /// `;;`, `;&`, `;;&` or `esac`.
    CaseItem,
}

/// Words that close something: stepped over where they close nothing.
const STRAY: &[&str] = &["then", "elif", "else", "fi", "do", "done", "esac", "}", "in"];

impl<'t> Reader<'t, '_> {
    /// The whole text.
    pub(super) fn script(&mut self) -> Result<(), Limit> {
        self.list(End::Text)?;
        self.finish_heredocs()
    }

    /// What stands between parentheses, the opening one already taken.
    pub(super) fn until_paren(&mut self) -> Result<(), Limit> {
        self.list(End::Paren).map(drop)
    }

    /// Pipelines until `end`, which is taken; gives the word that ended it.
    pub(super) fn list(&mut self, end: End) -> Result<&'static str, Limit> {
        let mut after_or = false;
        loop {
            self.blanks_and_newlines()?;
            if let Some(word) = self.at_end(end)? {
                return Ok(word);
            }
            if self.peek().is_none() {
                return Err(Limit::Unterminated(super::OPEN));
            }
            if self.step_over()? {
                continue;
            }
            let start = self.next();
            self.pipeline()?;
            if after_or {
                self.mark(start..self.next(), |command| command.conditional = true);
            }
            self.blanks()?;
            after_or = self.take("||")?;
            if !after_or && self.peek() == Some(b'&') && !self.starts_with("&&") {
                self.mark(start..self.next(), |command| command.background = true);
            }
        }
    }

    pub(super) fn at_end(&mut self, end: End) -> Result<Option<&'static str>, Limit> {
        match end {
            End::Text => Ok(self.peek().is_none().then_some("")),
            End::Paren => Ok(self.take(")")?.then_some(")")),
            End::Words(words) => {
                let found = self.keyword();
                let found = words.iter().find(|word| Some(**word) == found).copied();
                self.skip(found.map_or(0, str::len))?;
                Ok(found)
            }
            End::CaseItem => {
                for word in [";;&", ";;", ";&"] {
                    if self.take(word)? {
                        return Ok(Some(word));
                    }
                }
                self.at_end(End::Words(&["esac"]))
            }
        }
    }

    /// Separators, and closing words that close nothing here.
    fn step_over(&mut self) -> Result<bool, Limit> {
        if matches!(self.peek(), Some(b';' | b'&' | b'|' | b')')) && !self.starts_with("&>") {
            self.skip(1)?;
            return Ok(true);
        }
        match self.keyword() {
            Some(word) if STRAY.contains(&word) => {
                self.skip(word.len())?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The reserved word at the cursor, if one stands there by itself.
    pub(super) fn keyword(&self) -> Option<&'t str> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let ends = |byte: &u8| {
            matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
        };
        let mut length = rest.iter().take(9).position(ends).unwrap_or(rest.len().min(9));
        // A line continuation ends it too: `fi\` and the next line.
        length -= usize::from(rest.get(..length).is_some_and(|word| word.ends_with(b"\\")));
        self.text.get(self.at..self.at + length)
    }

    fn mark(&mut self, range: Range<usize>, change: impl Fn(&mut SimpleCommand)) {
        for command in self.output.commands.get_mut(range).unwrap_or_default() {
            change(command);
        }
    }

    fn pipeline(&mut self) -> Result<(), Limit> {
        let mut upstream = 0..0;
        loop {
            let start = self.next();
            self.command()?;
            let stage = start..self.next();
            self.mark(stage.clone(), |command| {
                if command.upstream.is_empty() {
                    command.upstream = upstream.clone();
                }
            });
            self.blanks()?;
            if self.starts_with("||") || !(self.take("|&")? || self.take("|")?) {
                return Ok(());
            }
            self.blanks_and_newlines()?;
            upstream = stage;
        }
    }

    fn command(&mut self) -> Result<(), Limit> {
        self.deeper(Self::command_here)
    }

    fn command_here(&mut self) -> Result<(), Limit> {
        self.prefixes()?;
        let start = self.next();
        match self.keyword() {
            Some("{") => self.word_list("{", &["}"]).map(drop)?,
            Some("if") => self.branches()?,
            Some("while" | "until") => self.r#while()?,
            Some(word @ ("for" | "select")) => {
                let length = word.len();
                self.r#for(length)?;
            }
            Some("case") => self.case()?,
            Some("function") => return self.function(),
            Some("coproc") => return self.coproc(),
            Some("[[") => self.test()?,
            _ if self.starts_with("((") => {
                self.skip(2)?;
                if !self.arithmetic()? {
                    self.at -= 1;
                    self.scoped(false, Self::until_paren)?;
                }
            }
            _ if self.take("(")? => self.scoped(false, Self::until_paren)?,
            _ => return self.simple(),
        }
        self.compound_redirects(start)
    }

    /// `!` and `time [-p] [--]`, which may repeat.
    fn prefixes(&mut self) -> Result<(), Limit> {
        loop {
            self.blanks()?;
            if self.starts_with("!(") {
                self.skip(1)?;
            }
            match self.keyword() {
                Some("!") => self.skip(1)?,
                Some("time") => {
                    self.skip(4)?;
                    self.blanks()?;
                    while matches!(self.keyword(), Some("-p" | "--")) {
                        self.skip(2)?;
                        self.blanks()?;
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// A list between two words, the first of which stands at the cursor.
    fn word_list(&mut self, open: &str, close: &'static [&'static str]) -> Result<&'static str, Limit> {
        self.skip(open.len())?;
        self.list(End::Words(close))
    }

    fn branches(&mut self) -> Result<(), Limit> {
        self.word_list("if", &["then"])?;
        let mut first = None;
        loop {
            match self.branch(&mut first, |reader| reader.list(End::Words(&["elif", "else", "fi"])))? {
                "elif" => self.list(End::Words(&["then"])).map(drop)?,
                "else" => {
                    return self.branch(&mut first, |reader| reader.list(End::Words(&["fi"]))).map(drop);
                }
                _ => return Ok(()),
            }
        }
    }

    fn r#while(&mut self) -> Result<(), Limit> {
        self.word_list("while", &["do"])?;
        self.body()
    }

    fn body(&mut self) -> Result<(), Limit> {
        self.scoped(true, |reader| reader.list(End::Words(&["done"]))).map(drop)
    }

    /// `for NAME [in WORDS]; do …`, `for ((…)); do …`, `select …`. Each word may be the value: an assignment each.
    fn r#for(&mut self, keyword: usize) -> Result<(), Limit> {
        self.skip(keyword)?;
        self.blanks()?;
        if self.take("((")? {
            self.arithmetic()?;
        } else if let Some(name) = self.word()?.and_then(|word| word.as_literal()) {
            self.blanks_and_newlines()?;
            if self.keyword() == Some("in") {
                self.skip(2)?;
                self.choices(&name)?;
            } else {
                let values = vec![Word {
                    parts: vec![Part::Param { name: "@".into(), op: super::Op::Plain, quoted: true }],
                }];
                self.assign(&name, values)?;
            }
        }
        loop {
            self.blanks_and_newlines()?;
            if self.peek() != Some(b';') {
                break;
            }
            self.skip(1)?;
        }
        match self.keyword() {
            Some("do") => {
                self.skip(2)?;
                self.body()
            }
            Some("{") => self.word_list("{", &["}"]).map(drop),
            _ => Ok(()),
        }
    }

    fn choices(&mut self, name: &str) -> Result<(), Limit> {
        loop {
            self.blanks()?;
            match self.word()? {
                Some(word) => {
                    for value in super::brace::expand(word)? {
                        self.assign(name, vec![value])?;
                    }
                }
                None if matches!(self.peek(), Some(b'<' | b'>')) => self.skip(1)?,
                None => return Ok(()),
            }
        }
    }

    fn assign(&mut self, name: &str, values: Vec<Word>) -> Result<(), Limit> {
        let assignment = Assignment { name: name.to_owned(), values, append: false, list: false, each: true };
        let command =
            SimpleCommand { assignments: vec![assignment], conditional: true, ..SimpleCommand::default() };
        self.emit(command).map(drop)
    }

    fn function(&mut self) -> Result<(), Limit> {
        self.skip("function".len())?;
        self.blanks()?;
        let name = self.word()?.and_then(|word| word.as_literal()).unwrap_or_default();
        self.blanks()?;
        if self.take("(")? {
            self.blanks()?;
            self.take(")")?;
        }
        self.function_body(name)
    }

    /// The compound command behind `name ()`.
    pub(super) fn function_body(&mut self, name: String) -> Result<(), Limit> {
        self.blanks_and_newlines()?;
        let (start, from) = (self.next(), self.at);
        self.scoped(true, Self::command)?;
        let source = self.text.get(from..self.at).filter(|source| source.len() <= super::MAX_SOURCE);
        let source = source.unwrap_or_default().to_owned();
        self.output.functions.push(Function { name, body: start..self.next(), source });
        Ok(())
    }

    /// `coproc command`, `coproc NAME { …; }`.
    fn coproc(&mut self) -> Result<(), Limit> {
        self.skip("coproc".len())?;
        self.blanks()?;
        let start = self.at;
        if self.word()?.is_some() {
            self.blanks()?;
            let opens = matches!(
                self.keyword(),
                Some("{" | "if" | "while" | "until" | "for" | "select" | "case" | "[[")
            );
            if !opens && self.peek() != Some(b'(') {
                self.at = start;
            }
        }
        let first = self.next();
        self.scoped(false, Self::command)?;
        // Its input is open as a descriptor from here on, as after `exec {COPROC}> >(command)`.
        let target = Word { parts: vec![Part::Pipe { commands: first..self.next() }] };
        let opened = Redirect { kind: RedirectKind::Write, descriptor: "{COPROC}".to_owned(), target };
        self.emit(SimpleCommand { redirects: vec![opened], ..SimpleCommand::default() }).map(drop)
    }

    /// `[[ … ]]`: nothing runs but what its words substitute.
    fn test(&mut self) -> Result<(), Limit> {
        self.skip(2)?;
        loop {
            // A `#` that touches what stands before it is part of a pattern.
            let touches = self.peek() == Some(b'#')
                && !matches!(self.text.as_bytes().get(self.at.wrapping_sub(1)), Some(b' ' | b'\t' | b'\n'));
            if !touches {
                self.blanks_and_newlines()?;
            }
            match self.peek() {
                None => return Err(Limit::Unterminated("[[")),
                Some(b'(' | b')' | b'<' | b'>' | b'&' | b'|' | b';') if !self.at_process() => self.skip(1)?,
                Some(_) => {
                    if self.word()?.is_some_and(|word| word.bare() == Some("]]")) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Redirects behind a compound command: a command of their own, whose input is that of all inner ones.
    fn compound_redirects(&mut self, start: usize) -> Result<(), Limit> {
        let mut command = SimpleCommand::default();
        let place = self.next();
        loop {
            self.blanks()?;
            if !self.redirect(&mut command)? {
                break;
            }
        }
        if command.redirects.is_empty() {
            return Ok(());
        }
        let reads = [RedirectKind::Here, RedirectKind::Read, RedirectKind::DuplicateInput];
        let feeds = command.redirects.iter().any(|redirect| reads.contains(&redirect.kind));
        let inner = start..place;
        command.around = inner.clone();
        let place = self.emit_with_bodies(command)?;
        if feeds {
            self.mark(inner, |command| {
                command.inherited.get_or_insert(place);
            });
        }
        Ok(())
    }
}
