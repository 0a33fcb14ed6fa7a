//! Reads the `## Session Config` block of an instruction file: flat `key: value`, `- **key:** value` and nested blocks,
//! as the original reads them. What a key means is no business of this file.

use std::ops::Range;

/// The heading of the block.
pub const HEADING: &str = "## Session Config";

/// One value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `waves`, or `issue-budget.mode` for a nested one.
    pub key: String,
    /// The value as it is written, without quotes and comments.
    pub value: Raw,
    /// Where the key stands in the file, in bytes.
    pub span: Range<usize>,
}

/// A value that nobody has interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// One word or sentence; empty when nothing stands there.
    Text(String),
    /// `[a, b]`, or the items below a key.
    List(Vec<String>),
}

/// One block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// Where the heading stands, in bytes; empty without a block.
    pub heading: Range<usize>,
    /// In the order of the file.
    pub entries: Vec<Entry>,
    /// Lines below the heading that are no `key: value`, without prose and blank ones.
    pub odd: Vec<Range<usize>>,
}

impl Block {
    /// Whether an entry has no value of its own but keys below it.
    pub fn is_heading(&self, entry: &Entry) -> bool {
        let below =
            |other: &Entry| other.key.strip_prefix(&entry.key).is_some_and(|rest| rest.starts_with('.'));
        entry.value == Raw::Text(String::new()) && self.entries.iter().any(below)
    }
}

/// The first block of `text`; `None` without one. Headings inside fenced code are not headings.
pub fn read(text: &str) -> Option<Block> {
    let mut lines = Lines { text, at: 0, fenced: false };
    let heading = lines.find(|line, fenced| !fenced && line.text.trim_end() == HEADING)?;
    let mut reader = Reader { block: Block { heading: heading.span(), ..Block::default() }, parent: None };
    while let Some((line, fenced)) = lines.next() {
        if !fenced && (line.text.starts_with("## ") || line.text.starts_with("# ")) {
            break;
        }
        reader.line(&line);
    }
    Some(reader.block)
}

/// One line with its place.
struct Line<'t> {
    text: &'t str,
    at: usize,
}

impl Line<'_> {
    fn span(&self) -> Range<usize> {
        self.at..self.at + self.text.trim_end().len()
    }
}

struct Lines<'t> {
    text: &'t str,
    at: usize,
    fenced: bool,
}

impl<'t> Lines<'t> {
    /// The next line, and whether it stands inside a fence; the fences themselves are left out.
    fn next(&mut self) -> Option<(Line<'t>, bool)> {
        loop {
            let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
            let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let line = Line { text: rest.get(..length)?.trim_end_matches(['\n', '\r']), at: self.at };
            self.at += length;
            let start = line.text.trim_start();
            if start.starts_with("```") || start.starts_with("~~~") {
                self.fenced = !self.fenced;
            } else {
                return Some((line, self.fenced));
            }
        }
    }

    fn find(&mut self, wanted: impl Fn(&Line<'_>, bool) -> bool) -> Option<Line<'t>> {
        while let Some((line, fenced)) = self.next() {
            if wanted(&line, fenced) {
                return Some(line);
            }
        }
        None
    }
}

struct Reader {
    block: Block,
    /// The key of the nested block that may go on, and how far it is indented.
    parent: Option<(String, usize)>,
}

impl Reader {
    fn line(&mut self, line: &Line<'_>) {
        let indent = line.text.len() - line.text.trim_start().len();
        let body = line.text.trim();
        if body.is_empty() || body.starts_with('#') || body.starts_with("<!--") {
            return;
        }
        if let Some((_, at)) = &self.parent
            && indent <= *at
        {
            self.parent = None;
        }
        let item = body.strip_prefix("- ").or_else(|| body.strip_prefix("* "));
        match (key_value(item.unwrap_or(body)), &self.parent) {
            (Some((key, value)), parent) => {
                let name =
                    parent.as_ref().map_or_else(|| key.to_owned(), |(above, _)| format!("{above}.{key}"));
                let start = line.at + line.text.find(key).unwrap_or_default();
                let value = raw(value);
                if value == Raw::Text(String::new()) && parent.is_none() {
                    self.parent = Some((name.clone(), indent));
                }
                self.block.entries.push(Entry { key: name, value, span: start..start + key.len() });
            }
            (None, Some(_)) if item.is_some() => self.item(item.unwrap_or_default()),
            // A sentence about the block is no entry; what looks like a failed one is told.
            (None, _) if item.is_some() && body.contains(':') => self.block.odd.push(line.span()),
            (None, _) => {}
        }
    }

    /// A list item below a key without a value.
    fn item(&mut self, text: &str) {
        let Some(Entry { value, .. }) = self.block.entries.last_mut() else { return };
        let item = unquoted(without_comment(text));
        match value {
            Raw::List(items) => items.push(item),
            Raw::Text(old) if old.is_empty() => *value = Raw::List(vec![item]),
            Raw::Text(_) => {}
        }
    }
}

/// `key: value`, `**key:** value` or `**key**: value`; a key is lower case with hyphens.
fn key_value(body: &str) -> Option<(&str, &str)> {
    let (key, value) = body.split_once(':')?;
    let key = key.trim().trim_start_matches("**").trim_end_matches("**");
    let value = value.strip_prefix("**").unwrap_or(value);
    let is_key = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    (is_key && (value.is_empty() || value.starts_with(char::is_whitespace))).then_some((key, value.trim()))
}

fn raw(value: &str) -> Raw {
    let value = without_comment(value);
    match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => Raw::List(inner.split(',').map(unquoted).filter(|item| !item.is_empty()).collect()),
        None => Raw::Text(unquoted(value)),
    }
}

/// A `#` behind a space begins a comment, unless it is quoted.
fn without_comment(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in value.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') && (before == ' ' || before == '[' || before == ',') => {
                quote = Some(c);
            }
            None if c == '#' && before.is_whitespace() => return value.get(..at).unwrap_or(value).trim_end(),
            _ => {}
        }
        before = c;
    }
    value
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, Raw)> {
        let block = read(&format!("# P\n\n{HEADING}\n{text}\n## Next\nwaves: 9\n")).unwrap();
        block.entries.into_iter().map(|entry| (entry.key, entry.value)).collect()
    }

    fn text(key: &str, value: &str) -> (String, Raw) {
        (key.to_owned(), Raw::Text(value.to_owned()))
    }

    #[test]
    fn every_form_of_the_original_is_read() {
        let read = entries(
            "Some words about it.\n\n- **waves:** 5\n- agents-per-wave: 6 (deep: 18)\nvcs: github # not gitlab\n\
             test-command: \"cargo test -- '#x'\"\nssot-files: [a.md, 'b c.md']\n\
             issue-budget:\n  mode: strict\n  max-per-session: 3\ncustom:\n  - one\n  - two\nlint-command: none",
        );
        let list = |key: &str, items: &[&str]| {
            (key.to_owned(), Raw::List(items.iter().map(|item| (*item).to_owned()).collect()))
        };
        assert_eq!(
            read,
            [
                text("waves", "5"),
                text("agents-per-wave", "6 (deep: 18)"),
                text("vcs", "github"),
                text("test-command", "cargo test -- '#x'"),
                list("ssot-files", &["a.md", "b c.md"]),
                text("issue-budget", ""),
                text("issue-budget.mode", "strict"),
                text("issue-budget.max-per-session", "3"),
                list("custom", &["one", "two"]),
                text("lint-command", "none"),
            ]
        );
    }

    #[test]
    fn a_fence_may_hold_the_block_and_hides_headings() {
        assert_eq!(entries("```yaml\nwaves: 4\n```"), [text("waves", "4")]);
        assert_eq!(read("```\n## Session Config\nwaves: 4\n```\n"), None);
        assert_eq!(read("no block"), None);
    }

    #[test]
    fn spans_are_those_of_the_keys() {
        let source = "## Session Config\r\n- **waves:** 5\r\n";
        let block = read(source).unwrap();
        assert_eq!(&source[block.entries[0].span.clone()], "waves");
        assert_eq!(&source[block.heading], "## Session Config");
    }

    #[test]
    fn what_looks_like_an_entry_and_is_none_is_kept_for_a_finding() {
        let source = "## Session Config\n- Test Command: x\nplain words: fine\n";
        let block = read(source).unwrap();
        assert_eq!(
            block.odd.iter().map(|span| &source[span.clone()]).collect::<Vec<_>>(),
            ["- Test Command: x"]
        );
    }
}
