//! The text of a plan as a tree with places: JSON where it begins with `{`, plain YAML otherwise.

use std::collections::BTreeSet;

use jsonc_parser::ast::Value as Json;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::diagnostic::Finding;
use crate::yaml::{self, Key, Node, Scalar, Value};

/// Longest text of a plan, in bytes.
pub const MAX: usize = 1 << 20;

/// Reads bytes as text.
///
/// # Errors
/// They are too many, or no UTF-8; with the place.
pub fn text(path: &str, bytes: Vec<u8>) -> Result<String, Finding> {
    if bytes.len() > MAX {
        let message = format!("a plan of {} bytes; at most {MAX} are read", bytes.len());
        return Err(Finding::error("too-large", path, message).help("keep what belongs to this session"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..at).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let message = format!("line {line} is not UTF-8 (byte {at} of the file)");
        Finding::error("not-utf8", path, message).help("save the file as UTF-8")
    })
}

/// The tree of a text.
///
/// # Errors
/// The first thing that is neither plain YAML nor JSON.
pub fn node<'a>(path: &str, text: &'a str) -> Result<Node<'a>, Finding> {
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return json(path, text);
    }
    yaml::read(text).map_err(|error| {
        Finding::error("not-yaml", path, error.message.clone()).at(error.span.clone()).help(error.help)
    })
}

fn json<'a>(path: &str, text: &'a str) -> Result<Node<'a>, Finding> {
    let options = ParseOptions {
        allow_comments: true,
        allow_loose_object_property_names: false,
        allow_trailing_commas: true,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| {
        let range = error.range();
        Finding::error("not-json", path, format!("this is no JSON: {}", error.kind()))
            .at(range.start..range.end)
            .help("a text that begins with `{` is read as JSON")
    })?;
    let empty = Node { span: 0..0, value: Value::Empty };
    parsed.value.map_or(Ok(empty), |value| of(path, value))
}

/// The same tree as YAML would give.
fn of<'a>(path: &str, value: Json<'a>) -> Result<Node<'a>, Finding> {
    let range = value.range();
    let plain = |text: &'a str| Value::Scalar(Scalar { text: text.into(), quoted: false });
    let value = match value {
        Json::StringLit(text) => Value::Scalar(Scalar { text: text.value, quoted: true }),
        Json::NumberLit(number) => plain(number.value),
        Json::BooleanLit(truth) => plain(if truth.value { "true" } else { "false" }),
        Json::NullKeyword(_) => Value::Empty,
        Json::Array(array) => {
            Value::List(array.elements.into_iter().map(|one| of(path, one)).collect::<Result<_, _>>()?)
        }
        Json::Object(object) => {
            let mut entries: Vec<(Key<'a>, Node<'a>)> = Vec::new();
            let mut names = BTreeSet::new();
            for property in object.properties {
                let span = property.name.range();
                let key = Key { span: span.start..span.end, text: property.name.as_str().to_owned().into() };
                if !names.insert(key.text.clone()) {
                    let message = format!("the key `{}` stands here a second time", key.text);
                    let finding = Finding::error("duplicate-key", path, message).at(key.span);
                    return Err(finding.help("keep one of them"));
                }
                entries.push((key, of(path, property.value)?));
            }
            Value::Table(entries)
        }
    };
    Ok(Node { span: range.start..range.end, value })
}
