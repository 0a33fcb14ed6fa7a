//! Whole lines added at the end of a text, and taken out again wherever they stand then.
//!
//! Responsible for: the empty line before them, and the line end of the last line when it had none.
//! Must not: know what the lines say.

use std::ops::Range;

use super::Made;
use super::style::{newline, slice, splice};
use crate::install::lock::sha256;

/// The text with `lines` at its end, one empty line before them. Returns the text and that empty line.
pub(super) fn append(text: &str, lines: &str, made: &mut Vec<Made>) -> (String, String) {
    let nl = newline(text);
    let ended = end_line(text, made);
    let blank = ended.is_empty() || ended.ends_with("\n\n") || ended.ends_with("\n\r\n") || ended == nl;
    let lead = if blank { "" } else { nl };
    (format!("{ended}{lead}{lines}"), lead.to_owned())
}

/// The text with its last line ended. What that line was without our edits is filled in by the caller.
pub(super) fn end_line(text: &str, made: &mut Vec<Made>) -> String {
    if text.is_empty() || text.ends_with('\n') {
        return text.to_owned();
    }
    made.retain(|made| !matches!(made, Made::FinalNewline { .. }));
    made.push(Made::FinalNewline { line: String::new() });
    format!("{text}{}", newline(text))
}

/// What is recorded of a last line.
pub(super) fn last_line_hash(text: &str) -> String {
    sha256(text.rsplit('\n').next().unwrap_or(text).as_bytes())
}

/// Takes back the line end that the last line got, when it is the last one again.
pub(super) fn unend_line(text: &str, line: &str) -> Option<String> {
    let before = text.strip_suffix('\n')?;
    let before = before.strip_suffix('\r').unwrap_or(before);
    (last_line_hash(before) == line).then(|| before.to_owned())
}

/// The text without the lines at `range` and the empty line `lead` before them.
pub(super) fn cut(text: &str, range: Range<usize>, lead: &str) -> String {
    let from = slice(text, 0..range.start).strip_suffix(lead).map_or(range.start, str::len);
    splice(text, from..range.end, "")
}
