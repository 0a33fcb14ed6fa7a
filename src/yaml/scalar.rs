//! Scalars: plain, in single quotes, in double quotes; all on one line.

use std::borrow::Cow;
use std::ops::Range;

use super::reader::Reader;
use super::{Error, Node, Scalar, Value};

/// Whether a plain scalar is nothing, a truth value or a number to YAML 1.1 or 1.2.
pub(super) fn is_special(text: &str) -> bool {
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    let digits = text.trim_start_matches(['+', '-']);
    let number = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || b"xXoO_.+-:".contains(&byte))
        || digits.strip_prefix('.').is_some_and(|rest| {
            rest.starts_with(|first: char| first.is_ascii_digit())
                || matches!(rest.to_ascii_lowercase().as_str(), "inf" | "nan")
        });
    word || number
}

impl<'a> Reader<'a> {
    /// Refuses what cannot begin a plain scalar.
    pub(super) fn begins_plain(&self, flow: bool) -> Result<(), Error> {
        let next = self.text.as_bytes().get(self.at + 1);
        let alone = next.is_none_or(|next| b" \t\r\n".contains(next) || flow && b",[]{}".contains(next));
        let (message, help) = match self.byte() {
            Some(b'|' | b'>') => ("a text of several lines", "write it on one line, in quotes"),
            Some(b'&' | b'*') => ("an anchor or alias", "put the value in quotes, or write it out"),
            Some(b'!') => ("a tag", "put the value in quotes"),
            Some(b'#' | b'%' | b'@' | b'`' | b',' | b'[' | b']' | b'{' | b'}' | b'"' | b'\'') => {
                ("a value that begins with a sign of YAML", "put the value in quotes")
            }
            Some(b'-' | b'?' | b':') if alone || flow && self.byte() != Some(b'-') => {
                ("a value that begins with a sign of YAML", "put the value in quotes")
            }
            _ => return Ok(()),
        };
        Err(Error::at(self.to_line_end(), message, help))
    }

    /// A scalar without quotes: to the end of the line or of the item, or to a comment.
    pub(super) fn plain(&mut self, flow: bool) -> Result<Node<'a>, Error> {
        self.begins_plain(flow)?;
        let start = self.at;
        let line = self.rest();
        let bytes = line.as_bytes();
        let mut end = 0;
        while let Some(&byte) = bytes.get(end) {
            let next = bytes.get(end + 1).copied();
            match byte {
                b'\n' => break,
                b'\r' if next == Some(b'\n') => break,
                b',' | b'[' | b']' | b'{' | b'}' if flow => break,
                b'#' if end > 0 && bytes.get(end - 1) == Some(&b' ') => break,
                b':' if next
                    .is_none_or(|next| b" \t\r\n".contains(&next) || flow && b",[]{}".contains(&next)) =>
                {
                    let span = start + end..start + end + 1;
                    return Err(Error::at(
                        span,
                        "a colon and a space inside a value",
                        "put the value in quotes",
                    ));
                }
                b'\t' => {
                    let span = start + end..start + end + 1;
                    return Err(Error::at(
                        span,
                        "a tab inside a value",
                        "put the value in quotes, or use spaces",
                    ));
                }
                _ => end += 1,
            }
        }
        let text = line.get(..end).unwrap_or_default().trim_end_matches(' ');
        self.at = start + text.len();
        let scalar = Scalar { text: Cow::Borrowed(text), quoted: false };
        Ok(Node { span: start..self.at, value: Value::Scalar(scalar) })
    }

    /// A scalar in quotes, which ends on its line.
    pub(super) fn quoted(&mut self) -> Result<(Range<usize>, Scalar<'a>), Error> {
        let start = self.at;
        let single = self.byte() == Some(b'\'');
        let line = self.text.get(start + 1..).unwrap_or_default();
        let mut text = Cow::Borrowed("");
        let mut copied = 0;
        let mut at = 0;
        let bytes = line.as_bytes();
        while let Some(&byte) = bytes.get(at) {
            let (piece, skip) = match byte {
                b'\n' => break,
                b'\'' if single && bytes.get(at + 1) == Some(&b'\'') => ("'", 2),
                b'\'' if single => break,
                b'"' if !single => break,
                b'\\' if !single => (self.escape(start + 1 + at)?, 2),
                _ => {
                    at += 1;
                    continue;
                }
            };
            text.to_mut().push_str(line.get(copied..at).unwrap_or_default());
            text.to_mut().push_str(piece);
            at += skip;
            copied = at;
        }
        if bytes.get(at).is_none_or(|byte| *byte == b'\n') {
            let span = start..start + 1 + at;
            return Err(Error::at(
                span,
                "a quote that is not closed on its line",
                "close it on the same line",
            ));
        }
        let last = line.get(copied..at).unwrap_or_default();
        let text = if copied == 0 { Cow::Borrowed(last) } else { text + last };
        self.at = start + 1 + at + 1;
        Ok((start..self.at, Scalar { text, quoted: true }))
    }

    /// What a backslash in double quotes stands for.
    fn escape(&self, at: usize) -> Result<&'static str, Error> {
        Ok(match self.text.as_bytes().get(at + 1) {
            Some(b'"') => "\"",
            Some(b'\\') => "\\",
            Some(b'/') => "/",
            Some(b'n') => "\n",
            Some(b't') => "\t",
            _ => {
                let end =
                    self.text.get(at + 1..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
                return Err(Error::at(
                    at..at + 1 + end,
                    "an unknown escape",
                    "use single quotes: nothing is escaped in them",
                ));
            }
        })
    }
}
