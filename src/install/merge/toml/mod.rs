//! TOML: keys, elements of arrays, and `[[tables]]`.
//!
//! Responsible for: adding a key where its table stands, or a table of our own at the end; and taking both back.
//! A table that the person wrote inline or with dotted keys is read as what it is.
//! Must not: reprint anything.

mod doc;

use std::ops::Range;

use serde_json::Value;
use toml_edit::{Item, Table};

use self::doc::{Doc, body_end, dotted, element_lines, header_line, key_lines, parse, render, walk};
use super::list::{Comments, Filled, List};
use super::section::{append, cut, end_line};
use super::style::{indent, newline, slice, splice, unit};
use super::{Done, Look, Made, MergeError};
use crate::compile::artifact::Edit;

fn keys(edit: &Edit) -> Result<(&[String], &Value), MergeError> {
    match edit {
        Edit::Set { at, value, .. } | Edit::Append { at, value } if !at.is_empty() => Ok((at, value)),
        Edit::Set { .. } | Edit::Append { .. } => Err(MergeError::Unfit("an edit needs a key".to_owned())),
        Edit::Block { .. } => Err(MergeError::Unfit("TOML has no blocks of lines".to_owned())),
    }
}

fn parent(at: &[String]) -> &[String] {
    at.split_last().map_or(&[], |(_, parent)| parent)
}

fn last(at: &[String]) -> &str {
    at.last().map_or("", String::as_str)
}

/// How the place of `edit` looks.
pub(super) fn look(text: &str, edit: &Edit) -> Result<Look, MergeError> {
    let (at, value) = keys(edit)?;
    let doc = parse(text)?;
    let found = walk(&doc, at);
    if found.depth < at.len() {
        let section = matches!(edit, Edit::Append { .. }) && value.is_object();
        let way = at.get(..found.depth).unwrap_or_default().join(".");
        return Ok(match found.item {
            Item::Table(table) if section && table.is_dotted() => {
                Look::Blocked(format!("`{way}` is written with dotted keys: it stays"))
            }
            Item::Table(_) => Look::Missing,
            Item::Value(value) if value.is_inline_table() => {
                Look::Blocked(format!("`{way}` is an inline table: it stays"))
            }
            _ => Look::Blocked(format!("`{way}` is not a table: it stays")),
        });
    }
    if matches!(edit, Edit::Set { .. }) {
        let there = doc::to_json(found.item);
        return Ok(if there == *value { Look::Same } else { Look::Other(there) });
    }
    let same = match found.item {
        Item::Value(array) if array.is_array() => array_index(found.item, value).is_some(),
        Item::ArrayOfTables(_) if value.is_object() => element(found.item, value).is_some(),
        _ => {
            return Ok(Look::Blocked(format!(
                "`{}` is not an array of such elements: it stays",
                at.join(".")
            )));
        }
    };
    Ok(if same { Look::Same } else { Look::Missing })
}

/// The last equal element of an array.
fn array_index(item: &Item, value: &Value) -> Option<usize> {
    let items: Vec<_> = item.as_array()?.iter().collect();
    items.iter().rposition(|item| doc::value_to_json(item) == *value)
}

/// The last equal table of an array of tables.
fn element<'d>(item: &'d Item, value: &Value) -> Option<&'d Table> {
    let tables: Vec<_> = item.as_array_of_tables()?.iter().collect();
    tables.into_iter().rfind(|table| doc::table_to_json(table) == *value)
}

/// Adds what `edit` says; the place must be missing. Returns the text and the empty line before a section of ours.
pub(super) fn insert(text: &str, edit: &Edit, made: &mut Vec<Made>) -> Result<(String, String), MergeError> {
    let (at, value) = keys(edit)?;
    let doc = parse(text)?;
    let found = walk(&doc, at);
    if matches!(edit, Edit::Set { .. }) {
        let dotted = matches!(found.item, Item::Table(table) if table.is_dotted());
        if value.as_object().is_some_and(|map| !map.is_empty()) && !dotted {
            return Ok(append(text, &section("[", at, value, newline(text))?, made));
        }
        return Ok((insert_key(text, &doc, at, &render(value)?, made), String::new()));
    }
    let there = found.depth == at.len();
    if there && let Some(list) = list(text, found.item, "") {
        let unit = unit(text);
        let rendered = render(value)?;
        let (after, filled) = List { unit: &unit, ..list }.push(|_| rendered.clone());
        if let Some(Filled { before, lead, tail }) = filled {
            made.push(Made::Filled { at: at.to_vec(), before, lead, tail });
        }
        return Ok((after, String::new()));
    }
    if value.is_object() {
        return Ok(append(text, &section("[[", at, value, newline(text))?, made));
    }
    made.push(Made::Container { at: at.to_vec(), lead: String::new() });
    Ok((insert_key(text, &doc, at, &format!("[{}]", render(value)?), made), String::new()))
}

/// The lines of one table, or of one element of an array of tables.
fn section(open: &str, at: &[String], value: &Value, nl: &str) -> Result<String, MergeError> {
    let mut lines = format!("{open}{}{}{nl}", dotted(at), open.replace('[', "]"));
    for (key, value) in value.as_object().into_iter().flatten() {
        lines.extend([doc::render_key(key).as_str(), " = ", render(value)?.as_str(), nl]);
    }
    Ok(lines)
}

fn insert_key(text: &str, doc: &Doc<'_>, at: &[String], value: &str, made: &mut Vec<Made>) -> String {
    let nl = newline(text);
    let (container, key) = (parent(at), doc::render_key(last(at)));
    let found = walk(doc, container);
    let (home, depth) = found.home;
    let reached = found.depth == container.len();
    let spelled_dotted = matches!(found.item, Item::Table(table) if table.is_dotted());
    if spelled_dotted || (reached && depth == container.len()) {
        let keys = dotted(at.get(depth..).unwrap_or_default());
        return insert_line(text, home, depth == 0, &format!("{keys} = {value}"), made);
    }
    let lines = format!("[{}]{nl}{key} = {value}{nl}", dotted(container));
    let (text, lead) = append(text, &lines, made);
    made.push(Made::Container { at: container.to_vec(), lead });
    text
}

/// Adds a line behind the last key of a table that has a header, or of the root.
fn insert_line(text: &str, table: &Table, root: bool, line: &str, made: &mut Vec<Made>) -> String {
    let nl = newline(text);
    let end = body_end(text, table);
    let headers = table.iter().any(|(_, item)| !item.is_value());
    if root && end.is_none() && headers {
        let tail = if text.starts_with(['\n', '\r']) { "" } else { nl };
        if !tail.is_empty() {
            let (before, lead) = (String::new(), String::new());
            made.push(Made::Filled { at: Vec::new(), before, lead, tail: tail.to_owned() });
        }
        return format!("{line}{nl}{tail}{text}");
    }
    let header = if root { None } else { header_line(text, table) };
    let start = end.or(header.as_ref().map(|header| header.end)).unwrap_or(text.len());
    let indent = indent(text, start.saturating_sub(1)).to_owned();
    if start == text.len() {
        return format!("{}{indent}{line}{nl}", end_line(text, made));
    }
    splice(text, start..start, &format!("{indent}{line}{nl}"))
}

fn list<'a>(text: &'a str, item: &Item, unit: &'a str) -> Option<List<'a>> {
    let array = item.as_array()?;
    let span = array.span()?;
    let items = array.iter().filter_map(toml_edit::Value::span).collect();
    let inner = span.start + 1..span.end.saturating_sub(1);
    Some(List { text, inner, items, comments: Comments::Hash, unit, opens: false })
}

/// Puts `new` where `old` stands; `None` when comments of the person stand in it.
pub(super) fn replace(text: &str, old: &Edit, new: &Edit) -> Result<Option<String>, MergeError> {
    let ((at, value), (_, new_value)) = (keys(old)?, keys(new)?);
    let doc = parse(text)?;
    let found = walk(&doc, at);
    let (table, open) = match found.item {
        Item::Table(table) if doc::has_header(table) && new_value.is_object() => (Some(table), "["),
        item => (element(item, value), "[["),
    };
    if let Some(table) = table {
        let section = section(open, at, new_value, newline(text))?;
        return Ok(own_lines(text, table).and_then(|lines| {
            let (first, rest) = lines.split_first()?;
            Some(splice(&without(text, rest), first.clone(), &section))
        }));
    }
    let range = match old {
        Edit::Append { .. } => array_index(found.item, value)
            .and_then(|index| list(text, found.item, "").and_then(|list| list.items.get(index).cloned())),
        _ => found.item.as_value().and_then(toml_edit::Value::span),
    };
    let Some(range) = range.filter(|range| !has_comment(slice(text, range.clone()), value)) else {
        return Ok(None);
    };
    Ok(Some(splice(text, range, &render(new_value)?)))
}

/// Takes out what was done, and tables and arrays of ours that are empty then.
pub(super) fn remove(text: &str, done: &Done, made: &mut Vec<Made>) -> Result<Option<String>, MergeError> {
    let (at, value) = keys(&done.edit)?;
    let doc = parse(text)?;
    let found = walk(&doc, at);
    if found.depth < at.len() {
        return Ok(None);
    }
    let table = match found.item {
        Item::Table(table) if doc::has_header(table) => Some(table),
        item => element(item, value),
    };
    if let Some(table) = table {
        return Ok(own_lines(text, table).and_then(|lines| {
            let (first, rest) = lines.split_first()?;
            Some(cut(&without(text, rest), first.clone(), &done.lead))
        }));
    }
    if matches!(done.edit, Edit::Set { .. }) {
        return remove_key(text, &doc, at, made);
    }
    let (Some(index), Some(list)) = (array_index(found.item, value), list(text, found.item, "")) else {
        return Ok(None);
    };
    let item = list.items.get(index).cloned().unwrap_or_default();
    if has_comment(slice(text, item.clone()), value) {
        return Ok(None);
    }
    let ours = container(made, at);
    if let (Some(ours), 1, true) = (ours, list.items.len(), list.is_bare()) {
        made.remove(ours);
        return remove_key(text, &doc, at, made);
    }
    if list.items.len() == 1
        && let Some(before) = super::take_filled(text, &list, at, made)
    {
        return Ok(Some(splice(text, list.inner, &before)));
    }
    Ok(Some(list.remove(index)))
}

fn container(made: &[Made], at: &[String]) -> Option<usize> {
    made.iter().position(|made| matches!(made, Made::Container { at: other, .. } if other == at))
}

/// The lines of a table and of the tables below it, in order, when they hold nothing but what they say.
fn own_lines(text: &str, table: &Table) -> Option<Vec<Range<usize>>> {
    let mut lines = Vec::new();
    element_lines(text, table, &mut lines)?;
    lines.sort_by_key(|lines| lines.start);
    let said = doc::table_to_json(table);
    lines.iter().all(|lines| !has_comment(slice(text, lines.clone()), &said)).then_some(lines)
}

/// The text without `lines`, which stand in order.
fn without(text: &str, lines: &[Range<usize>]) -> String {
    lines.iter().rev().fold(text.to_owned(), |text, lines| splice(&text, lines.clone(), ""))
}

/// Whether a piece of text that says `value` holds a comment.
fn has_comment(piece: &str, value: &Value) -> bool {
    piece.contains('#') && !value.to_string().contains('#')
}

fn remove_key(
    text: &str,
    doc: &Doc<'_>,
    at: &[String],
    made: &mut Vec<Made>,
) -> Result<Option<String>, MergeError> {
    let (holder, key) = (parent(at), last(at));
    let found = walk(doc, holder);
    let Some(lines) = key_lines(text, found.item, key) else { return Ok(None) };
    let from = lines.start;
    let after = splice(text, lines, "");
    if holder.is_empty() {
        return Ok(Some(close_root(after, from, made)?));
    }
    let Some(ours) = container(made, holder) else { return Ok(Some(after)) };
    let doc = parse(&after)?;
    let emptied = walk(&doc, holder);
    match emptied.item {
        // Tables below it have headers of their own and stay.
        Item::Table(table)
            if emptied.depth == holder.len()
                && body_end(&after, table).is_none()
                && doc::has_header(table) =>
        {
            let header =
                header_line(&after, table).filter(|line| !slice(&after, line.clone()).contains(" #"));
            let Some(header) = header else { return Ok(Some(after)) };
            let Made::Container { lead, .. } = made.remove(ours) else { return Ok(Some(after)) };
            Ok(Some(cut(&after, header, &lead)))
        }
        _ => Ok(Some(after)),
    }
}

/// Takes the empty line behind our keys at the top, when the last of them went from `from`.
fn close_root(text: String, from: usize, made: &mut Vec<Made>) -> Result<String, MergeError> {
    let filled = made.iter().position(|made| matches!(made, Made::Filled { at, .. } if at.is_empty()));
    let Some(filled) = filled else { return Ok(text) };
    if body_end(&text, parse(&text)?.as_table()).is_some() {
        return Ok(text);
    }
    let Made::Filled { tail, .. } = made.remove(filled) else { return Ok(text) };
    if slice(&text, from..text.len()).starts_with(&tail) {
        return Ok(splice(&text, from..from + tail.len(), ""));
    }
    Ok(text)
}
