//! Text in which we own the lines between two marker comments.
//!
//! Responsible for: finding, adding, replacing and removing whole blocks. Must not: read Markdown.

use std::ops::Range;

use serde_json::Value;

use super::section;
use super::style::{line_end, newline, slice, splice};
use super::{Done, Look, Made, MergeError};
use crate::compile::artifact::Edit;

/// A block: all its lines, and those between the markers.
struct Block {
    whole: Range<usize>,
    inner: Range<usize>,
}

fn parts(edit: &Edit) -> Result<(&str, &str), MergeError> {
    match edit {
        Edit::Block { name, text } => Ok((name, text)),
        Edit::Set { .. } | Edit::Append { .. } => {
            Err(MergeError::Unfit("Markdown has no keys, only blocks of lines".to_owned()))
        }
    }
}

fn begin(name: &str) -> String {
    format!("<!-- so:{name} -->")
}

fn end(name: &str) -> String {
    format!("<!-- /so:{name} -->")
}

fn find(text: &str, name: &str) -> Result<Option<Block>, MergeError> {
    let (begin, end) = (begin(name), end(name));
    let mut open: Option<(usize, usize, usize)> = None;
    let mut found = None;
    let mut at = 0;
    let mut line = 0;
    let error = |line, message: String| Err(MergeError::Markers { line, message });
    while at < text.len() {
        let next = line_end(text, at);
        line += 1;
        let content = slice(text, at..next).trim();
        if content == begin {
            if open.is_some() || found.is_some() {
                return error(line, format!("a second `{begin}`"));
            }
            open = Some((at, next, line));
        } else if content == end {
            let Some((from, inner, _)) = open.take() else {
                return error(line, format!("`{end}` without `{begin}` before it"));
            };
            found = Some(Block { whole: from..next, inner: inner..at });
        }
        at = next;
    }
    match open {
        Some((_, _, line)) => error(line, format!("`{begin}` is never closed")),
        None => Ok(found),
    }
}

/// How the place of `edit` looks.
pub(super) fn look(text: &str, edit: &Edit) -> Result<Look, MergeError> {
    let (name, lines) = parts(edit)?;
    Ok(match find(text, name)? {
        None => Look::Missing,
        Some(block) if slice(text, block.inner.clone()) == native(lines, newline(text)) => Look::Same,
        Some(_) => Look::Other(Value::Null),
    })
}

/// The lines with the text's own line ends, the last one ended.
fn native(lines: &str, newline: &str) -> String {
    let mut lines = lines.replace("\r\n", "\n");
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines.replace('\n', newline)
}

/// Adds the block at the end, one empty line before it. Returns the text and that empty line.
pub(super) fn insert(text: &str, edit: &Edit, made: &mut Vec<Made>) -> Result<(String, String), MergeError> {
    let (name, lines) = parts(edit)?;
    let nl = newline(text);
    let block = format!("{}{nl}{}{}{nl}", begin(name), native(lines, nl), end(name));
    Ok(section::append(text, &block, made))
}

/// Puts the new lines between the markers.
pub(super) fn replace(text: &str, old: &Edit, new: &Edit) -> Result<Option<String>, MergeError> {
    let ((name, _), (_, lines)) = (parts(old)?, parts(new)?);
    Ok(find(text, name)?.map(|block| splice(text, block.inner, &native(lines, newline(text)))))
}

/// What stands between the markers.
pub(super) fn inner<'t>(text: &'t str, name: &str) -> Result<Option<&'t str>, MergeError> {
    Ok(find(text, name)?.map(|block| slice(text, block.inner)))
}

/// Takes the block out.
pub(super) fn remove(text: &str, done: &Done) -> Result<Option<String>, MergeError> {
    let (name, _) = parts(&done.edit)?;
    Ok(find(text, name)?.map(|block| section::cut(text, block.whole, &done.lead)))
}
