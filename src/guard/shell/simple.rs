//! Simple commands: blanks, words, assignments, redirects.

use super::reader::Reader;
use super::{Assignment, Limit, Part, Redirect, RedirectKind, SimpleCommand, Word};

/// Builtins whose arguments are assignments.
const DECLARING: &[&str] = &["export", "declare", "local", "typeset", "readonly"];

impl Reader<'_, '_> {
    /// Steps over blanks, line continuations and a comment.
    pub(super) fn blanks(&mut self) -> Result<(), Limit> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.skip(1)?,
                Some(b'\r') if self.peek_at(1) == Some(b'\n') => self.skip(1)?,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.skip(2)?,
                Some(b'#') => drop(self.run(|byte| byte == b'\n')?),
                _ => return Ok(()),
            }
        }
    }

    /// The same, and newlines with the here-documents behind them.
    pub(super) fn blanks_and_newlines(&mut self) -> Result<(), Limit> {
        loop {
            self.blanks()?;
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.skip(1)?;
            self.heredoc_bodies()?;
        }
    }

    /// A simple command, or a function definition that begins like one.
    pub(super) fn simple(&mut self) -> Result<(), Limit> {
        let mut command = SimpleCommand::default();
        loop {
            self.blanks()?;
            if self.redirect(&mut command)? || self.assignment(&mut command)? {
                continue;
            }
            if let Some(word) = self.word()? {
                command.words.extend(super::brace::expand(word)?);
                continue;
            }
            if let ([word], true) = (command.words.as_slice(), self.peek() == Some(b'('))
                && let Some(name) = word.as_literal()
            {
                self.skip(1)?;
                self.blanks()?;
                if self.take(")")? {
                    return self.function_body(name);
                }
                self.at -= 1;
                self.emit_with_bodies(command)?;
                return self.scoped(false, Self::until_paren);
            }
            break;
        }
        if command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty() {
            // Whatever stands here begins no command: `(` in the middle of one, or a stray character.
            if self.take("(")? {
                return self.scoped(false, Self::until_paren);
            }
            return Ok(());
        }
        self.emit_with_bodies(command).map(drop)
    }

    /// `NAME=word`, `NAME+=word`, `NAME[i]=word`, `NAME=(words)`.
    fn assignment(&mut self, command: &mut SimpleCommand) -> Result<bool, Limit> {
        let declares =
            command.words.first().and_then(Word::bare).is_some_and(|word| DECLARING.contains(&word));
        if !command.words.is_empty() && !declares {
            return Ok(false);
        }
        let Some((name, length, append, indexed)) = self.assignment_head()? else { return Ok(false) };
        self.skip(length)?;
        let list = self.take("(")?;
        let values = if list { self.array()? } else { vec![self.word()?.unwrap_or_default()] };
        let (append, list) = (append || indexed, list || indexed);
        if declares && !list {
            // `declare x={a,b}` is two words to the shell, `x={a,b}` is none.
            for value in values.into_iter().map(super::brace::expand).collect::<Result<Vec<_>, _>>()?.concat()
            {
                let assignment =
                    Assignment { name: name.clone(), values: vec![value], append, list, each: false };
                command.assignments.push(assignment);
            }
            return Ok(true);
        }
        command.assignments.push(Assignment { name, values, append, list, each: false });
        Ok(true)
    }

    /// Name, length with the `=`, whether it is `+=`, and whether it is for one element.
    fn assignment_head(&mut self) -> Result<Option<(String, usize, bool, bool)>, Limit> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let name = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let begins = rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        self.pay(name)?;
        if !begins {
            return Ok(None);
        }
        let mut length = name;
        let indexed = rest.get(length) == Some(&b'[');
        if indexed {
            let stop = |byte: &u8| matches!(byte, b']' | b'\n' | b' ' | b'$' | b'`');
            let inner = rest.get(length..).unwrap_or_default().iter().position(stop).unwrap_or_default();
            self.pay(inner)?;
            if rest.get(length + inner) != Some(&b']') {
                return Ok(None);
            }
            length += inner + 1;
        }
        let append = rest.get(length) == Some(&b'+');
        length += usize::from(append);
        if rest.get(length) != Some(&b'=') {
            return Ok(None);
        }
        Ok(Some((self.slice(self.at, self.at + name).to_owned(), length + 1, append, indexed)))
    }

    fn array(&mut self) -> Result<Vec<Word>, Limit> {
        let mut values = Vec::new();
        loop {
            self.blanks_and_newlines()?;
            match self.peek() {
                None => return Err(Limit::Unterminated("an array")),
                Some(b')') => {
                    self.skip(1)?;
                    return Ok(values);
                }
                Some(b'(' | b';' | b'&' | b'|') => self.skip(1)?,
                Some(b'<' | b'>') if !self.at_process() => self.skip(1)?,
                Some(_) => {
                    if let Some(word) = self.word()? {
                        values.extend(super::brace::expand(word)?);
                    }
                }
            }
        }
    }

    /// A redirect at the cursor, with its optional descriptor.
    pub(super) fn redirect(&mut self, command: &mut SimpleCommand) -> Result<bool, Limit> {
        let Some(length) = self.descriptor()? else { return Ok(false) };
        let descriptor = self.slice(self.at, self.at + length).to_owned();
        self.skip(length)?;
        for (operator, kind) in [
            ("<<<", RedirectKind::Here),
            ("<<", RedirectKind::Here),
            ("<>", RedirectKind::ReadWrite),
            ("<&", RedirectKind::DuplicateInput),
            ("<", RedirectKind::Read),
            ("&>>", RedirectKind::Append),
            ("&>", RedirectKind::Write),
            (">>", RedirectKind::Append),
            (">|", RedirectKind::Write),
            (">&", RedirectKind::Duplicate),
            (">", RedirectKind::Write),
        ] {
            if !self.take(operator)? {
                continue;
            }
            if operator == "<<" {
                self.heredoc(command, descriptor)?;
                return Ok(true);
            }
            self.blanks()?;
            let target = self.word()?.unwrap_or_default();
            // `>& file` writes; `2>&1` and `>&-` do not.
            let number = target
                .bare()
                .is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
            let kind = if operator == ">&" && !number { RedirectKind::Write } else { kind };
            command.redirects.push(Redirect { kind, descriptor, target });
            return Ok(true);
        }
        Ok(false)
    }

    /// The length of the descriptor before a redirect; `None` where no redirect begins.
    fn descriptor(&mut self) -> Result<Option<usize>, Limit> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = match rest.first() {
            Some(b'0'..=b'9') => rest.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count(),
            Some(b'{') => {
                let name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
                let inner = rest.iter().skip(1).take(64).take_while(name).count();
                if inner > 0 && rest.get(inner + 1) == Some(&b'}') { inner + 2 } else { 0 }
            }
            _ => 0,
        };
        self.pay(length)?;
        let tail = rest.get(length..).unwrap_or_default();
        let operator = match tail {
            [b'<' | b'>', b'(', ..] => false,
            [b'<' | b'>', ..] => true,
            [b'&', b'>', ..] => length == 0,
            _ => false,
        };
        Ok(operator.then_some(length))
    }

    /// Whether `<(` or `>(` stands here.
    pub(super) fn at_process(&self) -> bool {
        self.starts_with("<(") || self.starts_with(">(")
    }

    /// One word, if one begins here.
    pub(super) fn word(&mut self) -> Result<Option<Word>, Limit> {
        let mut word = Word::default();
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'\r') if self.peek_at(1) == Some(b'\n') => break,
                Some(b'<' | b'>') if self.at_process() => self.process(&mut word)?,
                Some(b'(') if self.extended_glob(start) => self.glob_group(&mut word)?,
                None | Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' | b'<' | b'>' | b'(') => break,
                Some(_) => self.piece(&mut word)?,
            }
        }
        Ok((self.at > start && !word.parts.is_empty()).then_some(word))
    }

    /// Whether `(` follows a character that makes it a pattern: `!(a|b)`.
    fn extended_glob(&self, start: usize) -> bool {
        self.at > start
            && matches!(self.text.as_bytes().get(self.at - 1), Some(b'!' | b'@' | b'+' | b'?' | b'*'))
    }

    fn glob_group(&mut self, word: &mut Word) -> Result<(), Limit> {
        let mut open = 0_u32;
        loop {
            match self.peek() {
                None => return Err(Limit::Unterminated("a pattern")),
                Some(b'(') => open += 1,
                Some(b')') => open = open.saturating_sub(1),
                Some(b' ' | b'\t' | b'\n' | b'|' | b';' | b'&' | b'<' | b'>') => {}
                Some(_) => {
                    self.piece(word)?;
                    continue;
                }
            }
            self.skip(1)?;
            if open == 0 {
                word.push_text("*", false);
                return Ok(());
            }
        }
    }

    /// `<(…)`.
    pub(super) fn process(&mut self, word: &mut Word) -> Result<(), Limit> {
        self.skip(2)?;
        let start = self.next();
        self.deeper(|reader| reader.captured(Self::until_paren))?;
        word.push(Part::Pipe { commands: start..self.next() });
        Ok(())
    }

    /// The next piece of an unquoted word.
    pub(super) fn piece(&mut self, word: &mut Word) -> Result<(), Limit> {
        match self.peek() {
            Some(b'\\') => {
                self.skip(1)?;
                match self.peek() {
                    None => {
                        // Shells differ, and what a client puts behind the text goes on with this word.
                        self.output.open.get_or_insert(Limit::Unterminated("a backslash at the end"));
                        word.push_text("\\", true);
                    }
                    Some(b'\n') => self.skip(1)?,
                    Some(_) => {
                        let character = self.character()?;
                        word.push_text(character, true);
                    }
                }
                Ok(())
            }
            Some(b'\'') => {
                self.skip(1)?;
                let text = self.run(|byte| byte == b'\'')?;
                word.push_text(text, true);
                self.close(b'\'', "a single quote")
            }
            Some(b'"') => {
                self.skip(1)?;
                word.push_text("", true);
                self.quoted_text(word, Some(b'"'))
            }
            Some(b'$') => self.dollar(word, false),
            Some(b'`') => self.backtick(word, false),
            _ => {
                let start = self.at;
                self.character()?;
                self.run(|byte| {
                    matches!(
                        byte,
                        b' ' | b'\t'
                            | b'\r'
                            | b'\n'
                            | b';'
                            | b'&'
                            | b'|'
                            | b'('
                            | b')'
                            | b'<'
                            | b'>'
                            | b'\\'
                            | b'\''
                            | b'"'
                            | b'$'
                            | b'`'
                            | b'}'
                    )
                })?;
                word.push_text(self.slice(start, self.at), false);
                Ok(())
            }
        }
    }

    pub(super) fn close(&mut self, quote: u8, what: &'static str) -> Result<(), Limit> {
        if self.peek() != Some(quote) {
            return Err(Limit::Unterminated(what));
        }
        self.skip(1)
    }

    /// Text in double quotes up to `end`, or a here-document up to the end of the text.
    pub(super) fn quoted_text(&mut self, word: &mut Word, end: Option<u8>) -> Result<(), Limit> {
        loop {
            let text = self.run(|byte| matches!(byte, b'\\' | b'$' | b'`') || Some(byte) == end)?;
            if !text.is_empty() {
                word.push_text(text, true);
            }
            match self.peek() {
                None if end.is_none() => return Ok(()),
                None => return Err(Limit::Unterminated("a double quote")),
                Some(b'\\') => self.quoted_escape(word, end)?,
                Some(b'$') => self.dollar(word, true)?,
                Some(b'`') => self.backtick(word, true)?,
                Some(_) => return self.skip(1),
            }
        }
    }

    fn quoted_escape(&mut self, word: &mut Word, end: Option<u8>) -> Result<(), Limit> {
        self.skip(1)?;
        match self.peek() {
            Some(b'\n') => return self.skip(1),
            Some(byte @ (b'$' | b'`' | b'\\')) => word.push_text(
                if byte == b'$' {
                    "$"
                } else if byte == b'`' {
                    "`"
                } else {
                    "\\"
                },
                true,
            ),
            Some(byte) if Some(byte) == end => word.push_text("\"", true),
            _ => {
                word.push_text("\\", true);
                return Ok(());
            }
        }
        self.skip(1)
    }
}
