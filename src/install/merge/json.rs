//! JSON, with comments and trailing commas.
//!
//! Responsible for: finding keys and elements by their ranges and splicing new text there.
//! Must not: reprint anything, or accept more than comments and trailing commas beyond plain JSON.

use std::ops::Range;

use jsonc_parser::ast::{Object, Value as Node};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::list::{Comments, Filled, Layout, List};
use super::style::{newline, position, slice, splice, unit};
use super::{Look, Made, MergeError};
use crate::compile::artifact::Edit;

/// Comments and trailing commas, and nothing else that the clients' own parsers would refuse.
fn options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_loose_object_property_names: false,
        allow_trailing_commas: true,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
    }
}

fn parse(text: &str) -> Result<Option<Node<'_>>, MergeError> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options()).map_err(|error| {
        let (line, column) = position(text, error.range().start);
        MergeError::Syntax { line, column, message: error.kind().to_string() }
    })?;
    match parsed.value {
        Some(Node::Object(_)) | None => Ok(parsed.value),
        Some(_) => Err(MergeError::NotAnObject),
    }
}

/// Where an edit points.
struct Spot<'e> {
    /// Keys to the object or array that holds it.
    container: &'e [String],
    /// The key in that object; `None` for an element.
    key: Option<&'e String>,
    value: &'e Value,
}

fn spot(edit: &Edit) -> Result<Spot<'_>, MergeError> {
    match edit {
        Edit::Set { at, value, .. } => match at.split_last() {
            Some((key, container)) => Ok(Spot { container, key: Some(key), value }),
            None => Err(MergeError::Unfit("an edit needs a key".to_owned())),
        },
        Edit::Append { at, value } if !at.is_empty() => Ok(Spot { container: at, key: None, value }),
        Edit::Append { .. } => {
            Err(MergeError::Unfit("the top of the file is an object, not an array".to_owned()))
        }
        Edit::Block { .. } => Err(MergeError::Unfit("JSON has no blocks of lines".to_owned())),
    }
}

/// Follows keys as far as they go: the last node, and how many keys were found.
fn walk<'n, 't>(
    text: &str,
    root: &'n Node<'t>,
    keys: &[String],
) -> Result<(&'n Node<'t>, usize), MergeError> {
    let mut node = root;
    for (depth, key) in keys.iter().enumerate() {
        let Node::Object(object) = node else { return Ok((node, depth)) };
        match property(text, object, key)? {
            Some(index) => match object.properties.get(index) {
                Some(property) => node = &property.value,
                None => return Ok((node, depth)),
            },
            None => return Ok((node, depth)),
        }
    }
    Ok((node, keys.len()))
}

fn property(text: &str, object: &Object<'_>, key: &str) -> Result<Option<usize>, MergeError> {
    let mut found =
        object.properties.iter().enumerate().filter(|(_, property)| property.name.as_str() == key);
    let first = found.next().map(|(index, _)| index);
    match found.next() {
        Some((_, second)) => {
            Err(MergeError::Duplicate { key: key.to_owned(), line: position(text, second.range.start).0 })
        }
        None => Ok(first),
    }
}

/// How the place of `edit` looks.
pub(super) fn look(text: &str, edit: &Edit) -> Result<Look, MergeError> {
    let spot = spot(edit)?;
    let Some(root) = parse(text)? else { return Ok(Look::Missing) };
    let (node, depth) = walk(text, &root, spot.container)?;
    if depth < spot.container.len() {
        let here = spot.container.get(..depth).unwrap_or_default();
        return Ok(if matches!(node, Node::Object(_)) { Look::Missing } else { blocked(here, "an object") });
    }
    match (node, spot.key) {
        (Node::Object(object), Some(key)) => {
            let found = property(text, object, key)?.and_then(|index| object.properties.get(index));
            Ok(match found {
                None => Look::Missing,
                Some(found) => match Value::from(found.value.clone()) {
                    there if there == *spot.value => Look::Same,
                    there => Look::Other(there),
                },
            })
        }
        (Node::Array(array), None) => {
            let same = array.elements.iter().any(|element| Value::from(element.clone()) == *spot.value);
            Ok(if same { Look::Same } else { Look::Missing })
        }
        (_, Some(_)) => Ok(blocked(spot.container, "an object")),
        (_, None) => Ok(blocked(spot.container, "an array")),
    }
}

fn blocked(at: &[String], what: &str) -> Look {
    Look::Blocked(format!("`{}` is not {what}: it stays", at.join(".")))
}

/// Adds what `edit` says; the place must be missing.
pub(super) fn insert(text: &str, edit: &Edit, made: &mut Vec<Made>) -> Result<String, MergeError> {
    let spot = spot(edit)?;
    let Some(root) = parse(text)? else {
        made.push(Made::Root { before: text.to_owned() });
        return insert(&bare_root(text), edit, made);
    };
    let (node, depth) = walk(text, &root, spot.container)?;
    let unit = unit(text);
    let list = list(text, node, &unit);
    let missing = spot.container.get(depth..).unwrap_or_default();
    let (key, value) = match missing.split_first() {
        Some((first, rest)) => (Some(first), nest(rest, &spot)),
        None => (spot.key, spot.value.clone()),
    };
    let (after, filled) = list.push(|layout| element(key, &value, layout, text, &unit));
    if let Some(Filled { before, lead, tail }) = filled {
        let at = spot.container.get(..depth).unwrap_or_default().to_vec();
        made.push(Made::Filled { at, before, lead, tail });
    }
    for depth in depth..spot.container.len() {
        let at = spot.container.get(..=depth).unwrap_or_default().to_vec();
        made.push(Made::Container { at, lead: String::new() });
    }
    Ok(after)
}

/// The value that the first missing key gets, so that the edit stands at its end.
fn nest(keys: &[String], spot: &Spot<'_>) -> Value {
    let object = |key: &String, value| Value::Object([(key.clone(), value)].into_iter().collect());
    let inner = match spot.key {
        Some(key) => object(key, spot.value.clone()),
        None => Value::Array(vec![spot.value.clone()]),
    };
    keys.iter().rev().fold(inner, |value, key| object(key, value))
}

fn list<'a>(text: &'a str, node: &Node<'_>, unit: &'a str) -> List<'a> {
    let range = |range: jsonc_parser::common::Range| range.start..range.end;
    let items: Vec<Range<usize>> = match node {
        Node::Object(object) => object.properties.iter().map(|property| range(property.range)).collect(),
        Node::Array(array) => array.elements.iter().map(|element| range(element.range())).collect(),
        _ => Vec::new(),
    };
    let outer = range(node.range());
    let is_root = slice(text, 0..outer.start).trim().is_empty();
    let opens = is_root || text.trim_end().contains('\n');
    List { text, inner: outer.start + 1..outer.end - 1, items, comments: Comments::Slashes, unit, opens }
}

fn element(key: Option<&String>, value: &Value, layout: &Layout, text: &str, unit: &str) -> String {
    let value = render(value, layout, text, unit);
    match key {
        Some(key) => {
            let packed = layout.indent.is_none() && !text.contains(": ");
            format!("{}:{}{value}", Value::String(key.clone()), if packed { "" } else { " " })
        }
        None => value,
    }
}

/// A value in the style of the text; further lines start with the layout's indentation.
fn render(value: &Value, layout: &Layout, text: &str, unit: &str) -> String {
    let Some(indent) = &layout.indent else { return compact(value, text) };
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    match serde::Serialize::serialize(value, &mut serializer).map(|()| String::from_utf8(bytes)) {
        Ok(Ok(pretty)) => pretty.replace('\n', &format!("{}{indent}", newline(text))),
        _ => value.to_string(),
    }
}

/// A value on one line, with spaces unless the text has none.
fn compact(value: &Value, text: &str) -> String {
    if !text.contains(": ") && !text.contains(", ") {
        return value.to_string();
    }
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| compact(item, text)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let pair = |(key, value): (&String, &Value)| {
                format!("{}: {}", Value::String(key.clone()), compact(value, text))
            };
            format!("{{{}}}", map.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

/// Puts `new` where `old` stands; `None` when comments of the person stand in it.
pub(super) fn replace(text: &str, old: &Edit, new: &Edit) -> Result<Option<String>, MergeError> {
    let (new, spot) = (spot(new)?, spot(old)?);
    let Some(root) = parse(text)? else { return Ok(None) };
    let (node, _) = walk(text, &root, spot.container)?;
    let Some(index) = find(text, node, &spot)? else { return Ok(None) };
    let value = match node {
        Node::Object(object) => object.properties.get(index).map(|property| &property.value),
        Node::Array(array) => array.elements.get(index),
        _ => None,
    };
    let Some(range) = value.map(|value| value.range().start..value.range().end) else { return Ok(None) };
    if has_comment(slice(text, range.clone())) {
        return Ok(None);
    }
    let unit = unit(text);
    let inner = list(text, node, &unit).inner;
    let one_line = !slice(text, inner).contains('\n');
    let indent = (!one_line).then(|| super::style::indent(text, range.start).to_owned());
    let value = render(new.value, &Layout { indent }, text, &unit);
    Ok(Some(splice(text, range, &value)))
}

fn find(text: &str, node: &Node<'_>, spot: &Spot<'_>) -> Result<Option<usize>, MergeError> {
    match (node, spot.key) {
        (Node::Object(object), Some(key)) => property(text, object, key),
        (Node::Array(array), None) => {
            // The last equal one: an older twin is somebody else's.
            Ok(array.elements.iter().rposition(|element| Value::from(element.clone()) == *spot.value))
        }
        _ => Ok(None),
    }
}

/// Takes out what `edit` says, and containers of ours that are empty then. `None` when it is not there, or when
/// comments of the person stand in it.
pub(super) fn remove(text: &str, edit: &Edit, made: &mut Vec<Made>) -> Result<Option<String>, MergeError> {
    let spot = spot(edit)?;
    let Some(root) = parse(text)? else { return Ok(None) };
    let (node, depth) = walk(text, &root, spot.container)?;
    if depth < spot.container.len() {
        return Ok(None);
    }
    let Some(index) = find(text, node, &spot)? else { return Ok(None) };
    let unit = unit(text);
    let range = list(text, node, &unit).items.get(index).cloned().unwrap_or_default();
    if has_comment(slice(text, range)) {
        return Ok(None);
    }
    take_out(text, &root, spot.container, index, made).map(Some)
}

/// Removes element `index` of the container at `at`, and that container when it was ours and is empty then.
fn take_out(
    text: &str,
    root: &Node<'_>,
    at: &[String],
    index: usize,
    made: &mut Vec<Made>,
) -> Result<String, MergeError> {
    let (node, _) = walk(text, root, at)?;
    let unit = unit(text);
    let list = list(text, node, &unit);
    if list.items.len() > 1 {
        return Ok(list.remove(index));
    }
    let ours = made.iter().position(|made| matches!(made, Made::Container { at: other, .. } if other == at));
    if let (Some(ours), true, Some((key, parent))) = (ours, list.is_bare(), at.split_last()) {
        made.remove(ours);
        let (outer, _) = walk(text, root, parent)?;
        if let Node::Object(object) = outer
            && let Some(index) = property(text, object, key)?
        {
            return take_out(text, root, parent, index, made);
        }
    }
    if let Some(before) = super::take_filled(text, &list, at, made) {
        return Ok(splice(text, list.inner, &before));
    }
    Ok(list.remove(index))
}

/// The text with an empty object behind it.
fn bare_root(before: &str) -> String {
    let nl = newline(before);
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { nl };
    format!("{before}{gap}{{}}{nl}")
}

/// Whether nothing but the empty object that we made is left.
pub(super) fn is_bare_root(text: &str, before: &str) -> Result<bool, MergeError> {
    let empty = match parse(text)? {
        Some(Node::Object(object)) => object.properties.is_empty() && !has_comment(text),
        _ => false,
    };
    Ok(text == bare_root(before) || (before.is_empty() && empty))
}

/// Whether a comment stands in a piece of JSON.
fn has_comment(piece: &str) -> bool {
    let mut chars = piece.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => drop(chars.next()),
            '"' => quoted = !quoted,
            '/' if !quoted => return true,
            _ => {}
        }
    }
    false
}
