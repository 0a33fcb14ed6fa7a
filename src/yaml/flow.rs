//! `[a, b]` and `{a: b}`, on one line or several.

use super::reader::Reader;
use super::{Error, Key, Node, Value};

const CLOSE: &str = "separate items by commas and close the bracket";

impl<'a> Reader<'a> {
    /// The list or table whose bracket stands here.
    pub(super) fn flow(&mut self) -> Result<Node<'a>, Error> {
        self.deeper()?;
        let start = self.at;
        let table = self.byte() == Some(b'{');
        let close = if table { b'}' } else { b']' };
        self.at += 1;
        let mut items = Vec::new();
        let mut entries = Vec::new();
        loop {
            self.next_line()?;
            match self.byte() {
                None => return Err(Error::at(start..start + 1, "a bracket that is not closed", CLOSE)),
                Some(byte) if byte == close => break,
                _ if table => {
                    let (key, node) = self.pair()?;
                    Self::is_new(&entries, &key)?;
                    entries.push((key, node));
                }
                _ => items.push(self.item()?),
            }
            self.next_line()?;
            match self.byte() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => break,
                None => return Err(Error::at(start..start + 1, "a bracket that is not closed", CLOSE)),
                _ => {
                    return Err(Error::at(
                        self.at..self.at + 1,
                        "expected a comma or the end of the bracket",
                        CLOSE,
                    ));
                }
            }
        }
        self.at += 1;
        self.shallower();
        let value = if table { Value::Table(entries) } else { Value::List(items) };
        Ok(Node { span: start..self.at, value })
    }

    fn item(&mut self) -> Result<Node<'a>, Error> {
        match self.byte() {
            Some(b'[' | b'{') => self.flow(),
            Some(b'"' | b'\'') => self.quoted().map(Self::scalar_node),
            _ => self.plain(true),
        }
    }

    /// `key: value` inside braces.
    fn pair(&mut self) -> Result<(Key<'a>, Node<'a>), Error> {
        let start = self.at;
        let key = if matches!(self.byte(), Some(b'"' | b'\'')) {
            let (span, scalar) = self.quoted()?;
            Key { span, text: scalar.text }
        } else {
            self.begins_plain(true)?;
            let line = self.rest();
            let end = line.find([':', ',', '}', '{', '[', ']', '#', '\t', '\n']).unwrap_or(line.len());
            let text = line.get(..end).unwrap_or_default().trim_end_matches(' ');
            self.at = start + text.len();
            Key { span: start..self.at, text: text.into() }
        };
        self.spaces()?;
        let next = self.text.as_bytes().get(self.at + 1);
        if self.byte() != Some(b':')
            || next.is_none_or(|next| *next != b' ')
            || super::scalar::is_special(&key.text)
        {
            let span = start..self.at.max(start + 1);
            return Err(Error::at(
                span,
                "expected `key: value` in braces",
                "put a colon and a space behind the key",
            ));
        }
        self.at += 1;
        self.spaces()?;
        let node = self.item()?;
        Ok((key, node))
    }
}
