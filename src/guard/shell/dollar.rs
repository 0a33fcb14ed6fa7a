//! Expansions: `$name`, `${…}`, `$(…)`, `$((…))`, `$'…'`, backticks.

use super::reader::Reader;
use super::{Limit, MAX_DEPTH, Op, Part, Word};

impl Reader<'_, '_> {
    /// At a `$`.
    pub(super) fn dollar(&mut self, word: &mut Word, quoted: bool) -> Result<(), Limit> {
        self.skip(1)?;
        match self.peek() {
            Some(b'(') if self.starts_with("((") => {
                self.skip(2)?;
                if self.arithmetic()? {
                    word.push(Part::Number);
                    return Ok(());
                }
                self.at -= 2;
                self.substitution(word, quoted)
            }
            Some(b'(') => self.substitution(word, quoted),
            Some(b'{') => self.braced(word, quoted),
            Some(b'[') => {
                self.skip(1)?;
                self.old_arithmetic(word)
            }
            Some(b'\'') if !quoted => self.ansi_c(word),
            Some(b'"') if !quoted => Ok(()),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = self.run(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))?.to_owned();
                word.push(Part::Param { name, op: Op::Plain, quoted });
                Ok(())
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?$!-".contains(&byte) => {
                let name = self.character()?.to_owned();
                word.push(Part::Param { name, op: Op::Plain, quoted });
                Ok(())
            }
            _ => {
                word.push_text("$", quoted);
                Ok(())
            }
        }
    }

    /// `$(…)`, the cursor on the parenthesis.
    fn substitution(&mut self, word: &mut Word, quoted: bool) -> Result<(), Limit> {
        self.skip(1)?;
        let start = self.next();
        self.deeper(|reader| reader.captured(Self::until_paren))?;
        word.push(Part::Output { commands: start..self.next(), quoted });
        Ok(())
    }

    /// A backtick substitution: its text is unescaped once, then read by itself.
    pub(super) fn backtick(&mut self, word: &mut Word, quoted: bool) -> Result<(), Limit> {
        self.skip(1)?;
        let mut inner = String::new();
        loop {
            inner.push_str(self.run(|byte| matches!(byte, b'\\' | b'`'))?);
            match self.peek() {
                None => return Err(Limit::Unterminated("a backtick")),
                Some(b'`') => {
                    self.skip(1)?;
                    break;
                }
                Some(_) => {
                    self.skip(1)?;
                    let escaped = self.character()?;
                    let drops_backslash = matches!(escaped, "`" | "\\" | "$") || (quoted && escaped == "\"");
                    if !drops_backslash {
                        inner.push('\\');
                    }
                    inner.push_str(escaped);
                }
            }
        }
        let start = self.next();
        self.separate(&inner)?;
        word.push(Part::Output { commands: start..self.next(), quoted });
        Ok(())
    }

    /// Reads the text of a substitution by itself.
    fn separate(&mut self, inner: &str) -> Result<(), Limit> {
        if self.depth >= MAX_DEPTH {
            return Err(Limit::TooDeep);
        }
        let depth = self.depth + 1;
        self.captured(|reader| Reader::new(inner, reader.output, depth, reader.scope).script())
    }

    /// `${ commands; }` and `${| commands; }` of bash 5.3 and ksh, the cursor behind the brace. In an older bash it is
    /// an error of the expansion, so what does not end as commands is let be.
    fn braced_commands(&mut self, word: &mut Word, quoted: bool) -> Result<(), Limit> {
        let from = self.at + usize::from(self.peek() == Some(b'|'));
        self.deeper(|reader| reader.braced_word(quoted))?;
        let start = self.next();
        match self.separate(self.slice(from, self.at - 1)) {
            Ok(()) | Err(Limit::Unterminated(_)) => {}
            Err(limit) => return Err(limit),
        }
        word.push(Part::Output { commands: start..self.next(), quoted });
        Ok(())
    }

    /// `$'…'`.
    fn ansi_c(&mut self, word: &mut Word) -> Result<(), Limit> {
        self.skip(1)?;
        let start = self.at;
        loop {
            self.run(|byte| matches!(byte, b'\\' | b'\''))?;
            match self.peek() {
                None => return Err(Limit::Unterminated("a quote")),
                Some(b'\'') => break,
                Some(_) => {
                    self.skip(1)?;
                    self.character()?;
                }
            }
        }
        word.push_text(&super::ansi_c::decode(self.slice(start, self.at)), true);
        self.skip(1)
    }

    /// `${…}`, the cursor on the brace.
    fn braced(&mut self, word: &mut Word, quoted: bool) -> Result<(), Limit> {
        self.skip(1)?;
        if matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'|')) {
            return self.braced_commands(word, quoted);
        }
        let length = self.peek() == Some(b'#') && self.peek_at(1) != Some(b'}');
        let indirect = self.peek() == Some(b'!') && self.peek_at(1) != Some(b'}');
        self.skip(usize::from(length || indirect))?;
        let mut name = self.run(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))?.to_owned();
        if name.is_empty() && self.peek().is_some_and(|byte| b"@*#?$!-".contains(&byte)) {
            self.character()?.clone_into(&mut name);
        }
        let mut plain = Op::Plain;
        if self.peek() == Some(b'[') {
            let inner = self.run(|byte| matches!(byte, b']' | b'}' | b'$' | b'`' | b'"' | b'\'' | b'\\'))?;
            self.take_index()?;
            self.take("]")?;
            plain = match inner.trim_start_matches('[') {
                "*" => Op::Joined,
                "@" => Op::All,
                index => index.parse().map_or(Op::Any, Op::Element),
            };
        }
        let operator = self.operator()?;
        let rest = self.deeper(|reader| reader.braced_word(quoted))?;
        word.push(match operator {
            _ if length => Part::Number,
            _ if indirect => Part::Param { name, op: Op::Indirect, quoted },
            "" | "?" if rest.parts.is_empty() || operator == "?" => Part::Param { name, op: plain, quoted },
            "-" => Part::Param { name, op: Op::Default(rest), quoted },
            "=" => Part::Param { name, op: Op::Assign(rest), quoted },
            "+" => Part::Param { name, op: Op::Alternative(rest), quoted },
            _ => Part::Param { name, op: Op::Transform(rest), quoted },
        });
        Ok(())
    }

    /// The rest of an index that is a variable: `$i`, `"$key"`, `${i}`.
    fn take_index(&mut self) -> Result<(), Limit> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let plain = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'$' | b'{' | b'}' | b'"' | b'_' | b'-' | b'+')
        };
        let length = rest.iter().take(64).take_while(|byte| plain(byte)).count();
        if length > 0 && rest.get(length) == Some(&b']') { self.skip(length) } else { Ok(()) }
    }

    /// The operator behind the name, without its colon; empty for any other.
    fn operator(&mut self) -> Result<&'static str, Limit> {
        for operator in ["-", "=", "+", "?"] {
            let with_colon = self.peek() == Some(b':') && self.peek_at(1) == operator.bytes().next();
            if with_colon || self.starts_with(operator) {
                self.skip(1 + usize::from(with_colon))?;
                return Ok(operator);
            }
        }
        Ok("")
    }

    /// Up to the brace that closes `${`.
    fn braced_word(&mut self, quoted: bool) -> Result<Word, Limit> {
        let mut word = Word::default();
        loop {
            match self.peek() {
                None => return Err(Limit::Unterminated("${")),
                Some(b'}') => {
                    self.skip(1)?;
                    return Ok(word);
                }
                Some(b'\'') if quoted => {
                    word.push_text("'", true);
                    self.skip(1)?;
                }
                Some(b'$') => self.dollar(&mut word, quoted)?,
                Some(b'`') => self.backtick(&mut word, quoted)?,
                Some(b'<' | b'>') if !quoted && self.at_process() => self.process(&mut word)?,
                Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>') => {
                    let character = self.character()?;
                    word.push_text(character, quoted);
                }
                Some(_) => self.piece(&mut word)?,
            }
        }
    }

    /// Behind `((` or `$((`: true if it is arithmetic, which is then stepped over; what it substitutes is read.
    /// False if it is two subshells in one another; the cursor has not moved then.
    pub(super) fn arithmetic(&mut self) -> Result<bool, Limit> {
        let Some(end) = self.arithmetic_end()? else { return Ok(false) };
        let mut dropped = Word::default();
        self.deeper(|reader| {
            while reader.at < end {
                match reader.peek() {
                    Some(b'$') => reader.dollar(&mut dropped, true)?,
                    Some(b'`') => reader.backtick(&mut dropped, true)?,
                    Some(b'\\') => {
                        reader.skip(1)?;
                        reader.character()?;
                    }
                    _ => drop(reader.character()?),
                }
            }
            Ok(())
        })?;
        self.take("))")?;
        Ok(true)
    }

    /// Where the `))` stands that closes what has been opened.
    fn arithmetic_end(&mut self) -> Result<Option<usize>, Limit> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let mut open = 0_u32;
        let mut escaped = false;
        for (index, byte) in rest.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'(' => open += 1,
                b')' if open > 0 => open -= 1,
                b')' => {
                    self.pay(index + 1)?;
                    return Ok((rest.get(index + 1) == Some(&b')')).then_some(self.at + index));
                }
                _ => {}
            }
        }
        self.pay(rest.len())?;
        Ok(None)
    }

    /// `$[…]`, the form before `$((…))`.
    fn old_arithmetic(&mut self, word: &mut Word) -> Result<(), Limit> {
        let mut dropped = Word::default();
        self.deeper(|reader| {
            loop {
                match reader.peek() {
                    None => return Err(Limit::Unterminated("$[")),
                    Some(b']') => return reader.skip(1),
                    Some(b'$') => reader.dollar(&mut dropped, true)?,
                    Some(b'`') => reader.backtick(&mut dropped, true)?,
                    Some(_) => drop(reader.character()?),
                }
            }
        })?;
        word.push(Part::Number);
        Ok(())
    }
}
