//! Reading TOML for its ranges, and writing single values and keys.
//!
//! Responsible for: walking keys through every way TOML can spell a table, and where lines start and end.
//! Must not: change a text.

use std::ops::Range;

use serde_json::Value;
use toml_edit::{Document, Item, Table, Value as TomlValue};

use crate::install::merge::MergeError;
use crate::install::merge::style::{line_end, line_start, position, slice};

/// A parsed text.
pub(super) type Doc<'t> = Document<&'t str>;

/// Parses; the spans stay.
pub(super) fn parse(text: &str) -> Result<Doc<'_>, MergeError> {
    Document::parse(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        MergeError::Syntax { line, column, message: error.message().trim().replace('\n', ", ") }
    })
}

/// How far keys lead.
pub(super) struct Walk<'d> {
    /// The last item that is there.
    pub(super) item: &'d Item,
    /// How many keys led to it.
    pub(super) depth: usize,
    /// The deepest table with a header (or the root) above it, and how many keys led there.
    pub(super) home: (&'d Table, usize),
}

/// Follows `keys` as far as they go.
pub(super) fn walk<'d>(doc: &'d Doc<'_>, keys: &[String]) -> Walk<'d> {
    let mut walk = Walk { item: doc.as_item(), depth: 0, home: (doc.as_table(), 0) };
    for key in keys {
        let Some(next) = walk.item.as_table_like().and_then(|table| table.get(key)) else { break };
        walk.item = next;
        walk.depth += 1;
        if let Item::Table(table) = next
            && has_header(table)
        {
            walk.home = (table, walk.depth);
        }
    }
    walk
}

/// Whether a `[header]` of its own opens the table.
pub(super) fn has_header(table: &Table) -> bool {
    !table.is_implicit() && !table.is_dotted()
}

/// Where the last line of the table's own keys ends; `None` when it has none.
pub(super) fn body_end(text: &str, table: &Table) -> Option<usize> {
    last_value(table).map(|end| line_end(text, end))
}

fn last_value(table: &Table) -> Option<usize> {
    let ends = table.iter().filter_map(|(_, item)| match item {
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(table) if table.is_dotted() => last_value(table),
        _ => None,
    });
    ends.max()
}

/// The line of a table's header.
pub(super) fn header_line(text: &str, table: &Table) -> Option<Range<usize>> {
    let span = table.span()?;
    Some(line_start(text, span.start)..line_end(text, span.end))
}

/// The lines of a key and its value; `None` when something else stands on them.
pub(super) fn key_lines(text: &str, table: &Item, key: &str) -> Option<Range<usize>> {
    let table = table.as_table_like()?;
    let (key, item) = table.get_key_value(key)?;
    let (key, value) = (key.span()?, item.as_value()?.span()?);
    let lines = line_start(text, key.start)..line_end(text, value.end);
    let before = slice(text, lines.start..key.start).trim();
    let alone = before.is_empty() || (before.ends_with('.') && !before.contains(['=', '{', '[', '#']));
    (alone && slice(text, value.end..lines.end).trim().is_empty()).then_some(lines)
}

/// The lines of a table: its header and its own keys, and those of every table below it.
pub(super) fn element_lines(text: &str, table: &Table, lines: &mut Vec<Range<usize>>) -> Option<()> {
    if has_header(table) {
        let header = header_line(text, table)?;
        lines.push(header.start..body_end(text, table).unwrap_or(header.end));
    }
    for (_, item) in table {
        match item {
            Item::Table(below) if !below.is_dotted() => element_lines(text, below, lines)?,
            Item::ArrayOfTables(below) => {
                below.iter().try_for_each(|table| element_lines(text, table, lines))?;
            }
            _ => {}
        }
    }
    Some(())
}

/// What an item says, as JSON. A date never equals anything of ours.
pub(super) fn to_json(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => value_to_json(value),
        Item::Table(table) => table_to_json(table),
        Item::ArrayOfTables(tables) => Value::Array(tables.iter().map(table_to_json).collect()),
    }
}

/// What a table says, as JSON.
pub(super) fn table_to_json(table: &Table) -> Value {
    Value::Object(table.iter().map(|(key, item)| (key.to_owned(), to_json(item))).collect())
}

/// What a value says, as JSON.
pub(super) fn value_to_json(value: &TomlValue) -> Value {
    match value {
        TomlValue::String(text) => Value::String(text.value().clone()),
        TomlValue::Integer(number) => Value::from(*number.value()),
        TomlValue::Float(number) => Value::from(*number.value()),
        TomlValue::Boolean(flag) => Value::Bool(*flag.value()),
        TomlValue::Datetime(date) => serde_json::json!({ "$datetime": date.value().to_string() }),
        TomlValue::Array(items) => Value::Array(items.iter().map(value_to_json).collect()),
        TomlValue::InlineTable(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.to_owned(), value_to_json(value))).collect())
        }
    }
}

/// A value as TOML text on one line.
pub(super) fn render(value: &Value) -> Result<String, MergeError> {
    Ok(match value {
        Value::Null => return Err(MergeError::Unfit("TOML has no null".to_owned())),
        Value::Number(number) if number.is_u64() && !number.is_i64() => {
            return Err(MergeError::Unfit(format!("{number} is too large for TOML")));
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(render).collect::<Result<Vec<_>, _>>()?.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let pairs =
                map.iter().map(|(key, value)| Ok(format!("{} = {}", render_key(key), render(value)?)));
            format!("{{ {} }}", pairs.collect::<Result<Vec<_>, MergeError>>()?.join(", "))
        }
    })
}

/// A basic string. JSON's escapes are all TOML's too; only DEL is allowed raw in one and not in the other.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f")
}

/// A key, bare when it can be.
pub(super) fn render_key(key: &str) -> String {
    let bare =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { key.to_owned() } else { quoted(key) }
}

/// Keys with dots between them.
pub(super) fn dotted(keys: &[String]) -> String {
    keys.iter().map(|key| render_key(key)).collect::<Vec<_>>().join(".")
}
