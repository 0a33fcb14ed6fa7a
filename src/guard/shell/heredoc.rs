//! Here-documents: `<<WORD` and `<<-WORD`, whose text begins after the next newline.

use std::borrow::Cow;

use super::reader::Reader;
use super::{Limit, Part, Redirect, RedirectKind, SimpleCommand, Word};

/// A here-document whose text has not come yet.
pub(super) struct Pending {
    delimiter: String,
    /// With a quoted delimiter nothing in the text is expanded.
    quoted: bool,
    strip_tabs: bool,
    body: usize,
}

impl<'t> Reader<'t, '_> {
    /// Behind `<<`: the delimiter.
    pub(super) fn heredoc(&mut self, command: &mut SimpleCommand, descriptor: String) -> Result<(), Limit> {
        let strip_tabs = self.take("-")?;
        self.blanks()?;
        let start = self.at;
        let delimiter = self.word()?.unwrap_or_default();
        let quoted = delimiter.parts.iter().any(|part| matches!(part, Part::Text { quoted: true, .. }));
        // Nothing is expanded in a delimiter: `<<$X` ends at a line `$X`.
        let written = || self.slice(start, self.at).replace(['\'', '"', '\\'], "");
        let delimiter = delimiter.as_literal().unwrap_or_else(written);
        let body = self.output.bodies.len();
        self.output.bodies.push(Word::default());
        self.pending.push(Pending { delimiter, quoted, strip_tabs, body });
        // The number of the body travels in the target until the command has a place; no text holds a zero byte.
        let target = Word::literal(format!("\0{body}"));
        command.redirects.push(Redirect { kind: RedirectKind::Here, descriptor, target });
        Ok(())
    }

    /// Adds a command and remembers where its here-documents belong.
    pub(super) fn emit_with_bodies(&mut self, command: SimpleCommand) -> Result<usize, Limit> {
        let mut owners = Vec::new();
        for (at, redirect) in command.redirects.iter().enumerate() {
            let [Part::Text { text, .. }] = redirect.target.parts.as_slice() else { continue };
            if let Some(body) = text.strip_prefix('\0').and_then(|number| number.parse().ok()) {
                owners.push((at, body));
            }
        }
        let place = self.emit(command)?;
        self.output.owners.extend(owners.into_iter().map(|(redirect, body)| (place, redirect, body)));
        Ok(place)
    }

    /// At the start of a line: the texts that are due.
    pub(super) fn heredoc_bodies(&mut self) -> Result<(), Limit> {
        for pending in std::mem::take(&mut self.pending) {
            let text = self.heredoc_lines(&pending)?;
            let body = if pending.quoted { Word::literal(text) } else { self.expanded(&text)? };
            if let Some(slot) = self.output.bodies.get_mut(pending.body) {
                *slot = body;
            }
        }
        Ok(())
    }

    /// At the end of the text: a document that has no lines is empty.
    pub(super) fn finish_heredocs(&mut self) -> Result<(), Limit> {
        self.heredoc_bodies()
    }

    fn heredoc_lines(&mut self, pending: &Pending) -> Result<String, Limit> {
        let mut text = String::new();
        let captured = self.is_captured();
        while self.peek().is_some() {
            if captured && self.ends_with_bracket(pending) {
                break;
            }
            let line = self.heredoc_line(pending.quoted)?;
            let line = if pending.strip_tabs { line.trim_start_matches('\t') } else { &line };
            if line.strip_suffix('\r').unwrap_or(line) == pending.delimiter {
                return Ok(text);
            }
            text.push_str(line);
            text.push('\n');
        }
        // A shell takes what is there; whoever wrote it meant more to come, and some callers put more behind it.
        self.output.open.get_or_insert(Limit::Unterminated("a here-document"));
        Ok(text)
    }

    /// `EOF)`: in a substitution bash takes what stands before its bracket for the delimiter. Steps over it.
    fn ends_with_bracket(&mut self, pending: &Pending) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let line = if pending.strip_tabs { rest.trim_start_matches('\t') } else { rest };
        let Some(behind) = line.strip_prefix(pending.delimiter.as_str()) else { return false };
        let ends = !pending.delimiter.is_empty() && behind.trim_start_matches([' ', '\t']).starts_with(')');
        self.at += if ends { rest.len() - behind.len() } else { 0 };
        ends
    }

    /// One line; without quotes around the delimiter a backslash at its end joins the next one to it, and what comes
    /// of that may be the delimiter.
    fn heredoc_line(&mut self, quoted: bool) -> Result<Cow<'t, str>, Limit> {
        let mut all = Cow::Borrowed("");
        loop {
            let line = self.run(|byte| byte == b'\n')?;
            self.skip(usize::from(self.peek().is_some()))?;
            let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
            let joins = !quoted && backslashes % 2 == 1 && self.peek().is_some();
            all += line.get(..line.len() - usize::from(joins)).unwrap_or_default();
            if !joins {
                return Ok(all);
            }
        }
    }

    /// A text in which only `$`, backticks and backslashes mean anything.
    fn expanded(&mut self, text: &str) -> Result<Word, Limit> {
        let (depth, scope) = (self.depth + 1, self.scope);
        if depth > super::MAX_DEPTH {
            return Err(Limit::TooDeep);
        }
        let mut reader = Reader::new(text, self.output, depth, scope);
        reader.conditional = self.conditional;
        let mut word = Word::default();
        reader.quoted_text(&mut word, None)?;
        Ok(word)
    }
}
