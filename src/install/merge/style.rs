//! How a text is laid out: line ends, indentation.
//!
//! Responsible for: small questions about raw text. Must not: know a notation.

/// The line end that the text uses first; `\n` when it has one line.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|before| before.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

/// One level of indentation, as the first indented line shows it; two spaces when none is.
pub(super) fn unit(text: &str) -> String {
    for line in text.lines() {
        let rest = line.trim_start_matches([' ', '\t']);
        let indent = line.get(..line.len() - rest.len()).unwrap_or_default();
        if indent.is_empty() || rest.is_empty() || rest.starts_with(['*', '/', '#']) {
            continue;
        }
        return if indent.starts_with('\t') { "\t".to_owned() } else { indent.to_owned() };
    }
    "  ".to_owned()
}

/// Where the line of `at` starts.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// Where the line of `at` ends, behind its line end.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + newline + 1)
}

/// The white space that the line of `at` starts with, up to `at`.
pub(super) fn indent(text: &str, at: usize) -> &str {
    let line = text.get(line_start(text, at)..at).unwrap_or_default();
    let rest = line.trim_start_matches([' ', '\t']);
    line.get(..line.len() - rest.len()).unwrap_or_default()
}

/// Line and column of `at`, both from 1.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = text.get(line_start(text, at)..at).map_or(1, |start| start.chars().count() + 1);
    (line, column)
}

/// A piece of a text; empty when the range is none.
pub(super) fn slice(text: &str, range: std::ops::Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// The text with `range` replaced by `new`.
pub(super) fn splice(text: &str, range: std::ops::Range<usize>, new: &str) -> String {
    format!("{}{new}{}", slice(text, 0..range.start), slice(text, range.end..text.len()))
}
