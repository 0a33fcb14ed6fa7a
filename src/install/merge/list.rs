//! Elements between two brackets with commas between them: JSON objects and arrays, TOML arrays.
//!
//! Responsible for: where a new last element goes and what a removed one takes with it, so that removing undoes
//! adding to the byte. Comments and white space of others stay.
//! Must not: know what an element is.

use std::ops::Range;

use super::style::{indent, newline, slice, splice};

/// How comments are written between elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// `// …` and `/* … */`.
    Slashes,
    /// `# …`.
    Hash,
}

/// A bracketed list in a text.
pub(super) struct List<'a> {
    pub(super) text: &'a str,
    /// Between the brackets.
    pub(super) inner: Range<usize>,
    pub(super) items: Vec<Range<usize>>,
    pub(super) comments: Comments,
    /// One level of indentation.
    pub(super) unit: &'a str,
    /// An empty list is opened over several lines.
    pub(super) opens: bool,
}

/// What surrounds the first element of a list that was empty.
pub(super) struct Filled {
    pub(super) before: String,
    pub(super) lead: String,
    pub(super) tail: String,
}

/// How the new element is to be written.
pub(super) struct Layout {
    /// What its further lines start with; `None` when it has to stay on one line.
    pub(super) indent: Option<String>,
}

/// A piece of the text between two elements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Space,
    Line,
    Comma,
    Comment { ends_line: bool },
}

impl List<'_> {
    /// The text with a new last element that `render` writes.
    pub(super) fn push(&self, render: impl Fn(&Layout) -> String) -> (String, Option<Filled>) {
        match self.items.last() {
            Some(last) => (self.push_after(last, render), None),
            None => self.fill(render),
        }
    }

    fn push_after(&self, last: &Range<usize>, render: impl Fn(&Layout) -> String) -> String {
        let gap = self.gap(last.end..self.inner.end);
        let comma = gap.iter().find(|(piece, _)| *piece == Piece::Comma).map(|(_, range)| range.end);
        let (at, forced) = Self::behind(&gap, comma.unwrap_or(last.end));
        let own_line = forced || self.own_line(last.start);
        let base = indent(self.text, last.start).to_owned();
        let one_line = !own_line && !slice(self.text, self.inner.clone()).contains('\n');
        let element = render(&Layout { indent: (!one_line).then(|| base.clone()) });
        let lead = if own_line { format!("{}{base}", newline(self.text)) } else { self.spacing().to_owned() };
        if comma.is_some() {
            return splice(self.text, at..at, &format!("{lead}{element},"));
        }
        let text = splice(self.text, at..at, &format!("{lead}{element}"));
        splice(&text, last.end..last.end, ",")
    }

    fn fill(&self, render: impl Fn(&Layout) -> String) -> (String, Option<Filled>) {
        let before = slice(self.text, self.inner.clone());
        let comment = before.trim_end();
        let lines = before.contains('\n') || self.opens;
        let outer = indent(self.text, self.inner.start.saturating_sub(1)).to_owned();
        let (lead, tail, base) = if lines {
            let nl = newline(self.text);
            let deeper = format!("{outer}{}", self.unit);
            (format!("{comment}{nl}{deeper}"), format!("{nl}{outer}"), Some(deeper))
        } else if comment.is_empty() {
            (String::new(), String::new(), None)
        } else {
            (format!("{comment} "), " ".to_owned(), None)
        };
        let element = render(&Layout { indent: base });
        let text = splice(self.text, self.inner.clone(), &format!("{lead}{element}{tail}"));
        (text, Some(Filled { before: before.to_owned(), lead, tail }))
    }

    /// The text without element `index`, its comma and the white space before it.
    pub(super) fn remove(&self, index: usize) -> String {
        let Some(item) = self.items.get(index) else { return self.text.to_owned() };
        let next = self.items.get(index + 1).map_or(self.inner.end, |next| next.start);
        let own_comma = self.comma(item.end..next);
        let previous = index.checked_sub(1).and_then(|index| self.items.get(index));
        let from = previous.map_or(self.inner.start, |previous| previous.end);
        let before = slice(self.text, from..item.start);
        let lead = item.start - (before.len() - before.trim_end().len());
        match (own_comma, previous) {
            (Some(comma), None) => {
                let to = comma.end + slice(self.text, comma.end..next).len()
                    - slice(self.text, comma.end..next).trim_start().len();
                let text = splice(self.text, comma.start..to, "");
                splice(&text, item.clone(), "")
            }
            (Some(comma), Some(_)) => splice(&splice(self.text, comma, ""), lead..item.end, ""),
            (None, Some(previous)) => {
                let text = splice(self.text, lead..item.end, "");
                self.comma(previous.end..item.start).map_or(text.clone(), |comma| splice(&text, comma, ""))
            }
            (None, None) => splice(self.text, lead..item.end, ""),
        }
    }

    /// Whether nothing but white space, and the comma of the only element, stands beside that element.
    pub(super) fn is_bare(&self) -> bool {
        let Some(item) = self.items.first() else {
            return slice(self.text, self.inner.clone()).trim().is_empty();
        };
        let blank = |range| self.gap(range).iter().all(|(piece, _)| !matches!(piece, Piece::Comment { .. }));
        self.items.len() == 1 && blank(self.inner.start..item.start) && blank(item.end..self.inner.end)
    }

    fn comma(&self, range: Range<usize>) -> Option<Range<usize>> {
        self.gap(range).into_iter().find(|(piece, _)| *piece == Piece::Comma).map(|(_, range)| range)
    }

    /// Behind the comments that follow `at` on its line, and whether the last of them ends the line.
    fn behind(gap: &[(Piece, Range<usize>)], at: usize) -> (usize, bool) {
        let mut end = (at, false);
        for (piece, range) in gap.iter().filter(|(_, range)| range.start >= at) {
            match piece {
                Piece::Line => break,
                Piece::Comment { ends_line } => end = (range.end, *ends_line),
                Piece::Space | Piece::Comma => {}
            }
        }
        end
    }

    /// Whether the element at `start` is the first thing on its line.
    fn own_line(&self, start: usize) -> bool {
        let before = slice(self.text, self.inner.start..start);
        before.trim_end_matches([' ', '\t']).ends_with('\n')
    }

    /// What stands between two elements on one line.
    fn spacing(&self) -> &'static str {
        let packed =
            !self.text.trim_end().contains('\n') && !self.text.contains(", ") && !self.text.contains(": ");
        if packed { "" } else { " " }
    }

    fn gap(&self, range: Range<usize>) -> Vec<(Piece, Range<usize>)> {
        let mut pieces = Vec::new();
        let mut at = range.start;
        while let Some(rest) = self.text.get(at..range.end).filter(|rest| !rest.is_empty()) {
            let (piece, len) = self.piece(rest);
            pieces.push((piece, at..at + len));
            at += len;
        }
        pieces
    }

    fn piece(&self, rest: &str) -> (Piece, usize) {
        let to_line_end = || rest.find(['\r', '\n']).unwrap_or(rest.len());
        if rest.starts_with('\n') {
            (Piece::Line, 1)
        } else if rest.starts_with(',') {
            (Piece::Comma, 1)
        } else if self.comments == Comments::Hash && rest.starts_with('#')
            || self.comments == Comments::Slashes && rest.starts_with("//")
        {
            (Piece::Comment { ends_line: true }, to_line_end())
        } else if self.comments == Comments::Slashes && rest.starts_with("/*") {
            (Piece::Comment { ends_line: false }, rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else {
            (Piece::Space, rest.chars().next().map_or(1, char::len_utf8))
        }
    }
}
