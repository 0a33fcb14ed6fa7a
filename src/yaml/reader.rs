//! Block structure: what the indentation says.

use std::ops::Range;

use super::{Error, Key, Node, Scalar, Value};

/// How deep lists and tables may stand in each other.
const MAX_DEPTH: u32 = 16;
/// How many keys one table may have.
const MAX_KEYS: usize = 256;

/// What to do about a text that goes on in the next line.
const ONE_LINE: &str = "write the value on one line, or put it in quotes on one line";

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Where the current line begins.
    line: usize,
    depth: u32,
    /// The first line was looked at: a mark of a document may stand there only.
    begun: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, line: at, depth: 0, begun: false }
    }

    pub(super) fn document(mut self) -> Result<Node<'a>, Error> {
        let controls = |byte: u8| byte < b' ' && !matches!(byte, b'\n' | b'\r' | b'\t') || byte == 0x7f;
        if let Some(at) = self.text.bytes().position(controls) {
            return Err(Error::at(at..at + 1, "a control character", "delete it"));
        }
        if self.next_line().is_err() && self.rest().starts_with("---") && !self.begun {
            self.at += 3;
            self.end_of_line()?;
        }
        self.begun = true;
        self.next_line()?;
        if self.is_at_end() {
            return Ok(Node { span: self.at..self.at, value: Value::Empty });
        }
        let node = self.block()?;
        if self.is_at_end() {
            return Ok(node);
        }
        let help = "indent it like the lines it belongs to";
        Err(Error::at(self.to_line_end(), "this line belongs to nothing above it", help))
    }

    /// Refuses `---` and `...` at the beginning of a line: a file is one document.
    fn no_marker(&self) -> Result<(), Error> {
        if self.column() == 0 && (self.rest().starts_with("---") || self.rest().starts_with("...")) {
            return Err(Error::at(
                self.to_line_end(),
                "the mark of another document",
                "keep one document in a file",
            ));
        }
        Ok(())
    }

    /// The list, table or scalar that begins here.
    fn block(&mut self) -> Result<Node<'a>, Error> {
        let column = self.column();
        self.deeper()?;
        let node = if self.is_entry() {
            self.list(column)?
        } else if self.key_ends().is_some() {
            self.table(column)?
        } else {
            let node = self.inline()?;
            self.end_of_line()?;
            self.next_line()?;
            node
        };
        self.depth -= 1;
        Ok(node)
    }

    pub(super) fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::at(self.at..self.at, "lists and tables are nested too deep", "flatten them"));
        }
        Ok(())
    }

    pub(super) fn shallower(&mut self) {
        self.depth -= 1;
    }

    /// `- item` lines at `column`.
    fn list(&mut self, column: usize) -> Result<Node<'a>, Error> {
        let start = self.at;
        let mut end = start;
        let mut items = Vec::new();
        while !self.is_at_end() && self.column() == column && self.is_entry() {
            let dash = self.at;
            self.at += 1;
            self.spaces()?;
            let item = if self.is_line_end() {
                self.next_line()?;
                if self.is_at_end() || self.column() <= column {
                    Node { span: dash..dash + 1, value: Value::Empty }
                } else {
                    self.block()?
                }
            } else {
                self.block()?
            };
            end = item.span.end;
            items.push(item);
        }
        self.no_deeper_than(column)?;
        Ok(Node { span: start..end, value: Value::List(items) })
    }

    /// `key: value` lines at `column`.
    fn table(&mut self, column: usize) -> Result<Node<'a>, Error> {
        let start = self.at;
        let mut end = start;
        let mut entries: Vec<(Key<'a>, Node<'a>)> = Vec::new();
        while !self.is_at_end() && self.column() == column && !self.is_entry() {
            let key = self.key()?;
            Self::is_new(&entries, &key)?;
            self.spaces()?;
            let node = if self.is_line_end() { self.below(column, &key)? } else { self.value_of_key()? };
            end = node.span.end.max(key.span.end);
            entries.push((key, node));
        }
        self.no_deeper_than(column)?;
        Ok(Node { span: start..end, value: Value::Table(entries) })
    }

    pub(super) fn is_new(entries: &[(Key<'a>, Node<'a>)], key: &Key<'a>) -> Result<(), Error> {
        if entries.iter().any(|(old, _)| old.text == key.text) {
            let message = format!("the key `{}` stands here a second time", key.text);
            return Err(Error { span: key.span.clone(), message, help: "keep one of them" });
        }
        if entries.len() >= MAX_KEYS {
            return Err(Error::at(key.span.clone(), "too many keys in one table", "write a list"));
        }
        Ok(())
    }

    /// What stands in the lines below a key.
    fn below(&mut self, column: usize, key: &Key<'a>) -> Result<Node<'a>, Error> {
        self.next_line()?;
        // A list may stand at the column of its key.
        let nested = self.column() > column || self.column() == column && self.is_entry();
        if self.is_at_end() || !nested {
            return Ok(Node { span: key.span.clone(), value: Value::Empty });
        }
        self.block()
    }

    fn value_of_key(&mut self) -> Result<Node<'a>, Error> {
        if self.is_entry() {
            return Err(Error::at(
                self.to_line_end(),
                "a list on the line of its key",
                "begin it on the next line",
            ));
        }
        let node = self.inline()?;
        self.end_of_line()?;
        self.next_line()?;
        Ok(node)
    }

    fn no_deeper_than(&self, column: usize) -> Result<(), Error> {
        if self.is_at_end() || self.column() < column {
            return Ok(());
        }
        if self.column() > column {
            return Err(Error::at(
                self.to_line_end(),
                "this line is indented, but goes on nothing",
                ONE_LINE,
            ));
        }
        // A list at the column of a table's keys ends at the next key, which the table above reads.
        if !self.is_entry() && self.key_ends().is_some() {
            return Ok(());
        }
        Err(Error::at(self.to_line_end(), "expected `key: value`", ONE_LINE))
    }

    /// A scalar, `[…]` or `{…}` on this line.
    fn inline(&mut self) -> Result<Node<'a>, Error> {
        match self.byte() {
            Some(b'[' | b'{') => self.flow(),
            Some(b'"' | b'\'') => self.quoted().map(Self::scalar_node),
            _ => self.plain(false),
        }
    }

    pub(super) fn scalar_node((span, scalar): (Range<usize>, Scalar<'a>)) -> Node<'a> {
        Node { span, value: Value::Scalar(scalar) }
    }

    /// The key and its colon.
    fn key(&mut self) -> Result<Key<'a>, Error> {
        let start = self.at;
        if matches!(self.byte(), Some(b'"' | b'\'')) {
            let (span, scalar) = self.quoted()?;
            self.spaces()?;
            if !self.is_colon() {
                return Err(Error::at(
                    span,
                    "expected `key: value`",
                    "put a colon and a space behind the key",
                ));
            }
            self.at += 1;
            return Ok(Key { span, text: scalar.text });
        }
        let Some(end) = self.key_ends() else {
            return Err(Error::at(self.to_line_end(), "expected `key: value`", ONE_LINE));
        };
        self.begins_plain(false)?;
        let text = self.text.get(start..end).unwrap_or_default().trim_end_matches(' ');
        if text == "<<" || text.is_empty() || super::scalar::is_special(text) || text.contains('\t') {
            return Err(Error::at(start..end, "this cannot be a key", "write the key as a word"));
        }
        self.at = end + 1;
        Ok(Key { span: start..start + text.len(), text: text.into() })
    }

    /// Where the colon of the key that begins here stands; `None` if this line begins with no key.
    fn key_ends(&self) -> Option<usize> {
        let line = self.text.get(self.to_line_end())?;
        if line.starts_with(['[', '{']) {
            return None;
        }
        if line.starts_with(['"', '\'']) {
            let mut ahead = Reader { text: self.text, at: self.at, line: self.line, depth: 0, begun: true };
            ahead.quoted().ok()?;
            ahead.spaces().ok()?;
            return ahead.is_colon().then_some(ahead.at);
        }
        let bytes = line.as_bytes();
        let ends = |at: usize| bytes.get(at + 1).is_none_or(|next| matches!(next, b' ' | b'\t' | b'\r'));
        let comment = line.find(" #").unwrap_or(line.len());
        line.match_indices(':')
            .map(|(at, _)| at)
            .find(|at| ends(*at))
            .filter(|at| *at < comment)
            .map(|at| at + self.at)
    }

    fn is_colon(&self) -> bool {
        let next = self.text.as_bytes().get(self.at + 1);
        self.byte() == Some(b':') && next.is_none_or(|next| matches!(next, b' ' | b'\t' | b'\r' | b'\n'))
    }

    /// `- `, or `-` alone on its line.
    fn is_entry(&self) -> bool {
        let next = self.text.as_bytes().get(self.at + 1);
        self.byte() == Some(b'-') && next.is_none_or(|next| matches!(next, b' ' | b'\t' | b'\r' | b'\n'))
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    fn column(&self) -> usize {
        self.at - self.line
    }

    /// From here to the end of the line.
    pub(super) fn to_line_end(&self) -> Range<usize> {
        let end = self.rest().find('\n').map_or(self.text.len(), |at| self.at + at);
        let end =
            if self.text.get(self.at..end).is_some_and(|line| line.ends_with('\r')) { end - 1 } else { end };
        self.at..end
    }

    /// Skips spaces inside a line; a tab there says nothing about structure, but readers differ about it.
    pub(super) fn spaces(&mut self) -> Result<(), Error> {
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
        if self.byte() == Some(b'\t') {
            return Err(Error::at(self.at..self.at + 1, "a tab", "use spaces"));
        }
        Ok(())
    }

    /// Whether nothing but a comment is left on this line.
    pub(super) fn is_line_end(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        match self.byte() {
            None | Some(b'\n') => true,
            Some(b'\r') => self.text.as_bytes().get(self.at + 1).is_none_or(|next| *next == b'\n'),
            Some(b'#') => self.at == self.line || before == Some(&b' '),
            _ => false,
        }
    }

    fn end_of_line(&mut self) -> Result<(), Error> {
        self.spaces()?;
        if self.is_line_end() {
            return Ok(());
        }
        Err(Error::at(self.to_line_end(), "text behind a value", "put the whole value in quotes"))
    }

    /// Goes to the first character of the next line that says something; behind spaces, comments and empty lines.
    pub(super) fn next_line(&mut self) -> Result<(), Error> {
        loop {
            self.spaces()?;
            if !self.is_line_end() {
                return self.no_marker();
            }
            let Some(end) = self.rest().find('\n') else {
                self.at = self.text.len();
                return Ok(());
            };
            self.at += end + 1;
            self.line = self.at;
        }
    }
}
