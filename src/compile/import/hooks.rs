//! Handlers of events and MCP servers out of a client's settings.

use std::collections::BTreeSet;

use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Value};
use toml_edit::{Array, InlineTable};

use super::Sketch;
use crate::compile::platform::{Incoming, Platform};
use crate::compile::source::frontmatter::too_deep;
use crate::compile::source::tree::TreeFile;
use crate::rel_path::RelPath;

/// Seconds that a handler gets which does not say: what clients give it.
const TIMEOUT: u64 = 60;

/// Adds the handlers of a settings file that a tree can bind.
pub(super) fn read(
    path: &RelPath,
    file: &TreeFile,
    row: &Incoming,
    platform: &Platform,
    sketch: &mut Sketch,
) {
    let Some(settings) = settings(path, file, sketch) else { return };
    for key in settings.keys().filter(|key| row.at.first() != Some(*key) && *key != "version") {
        sketch.note(path.as_str(), format!("`{key}`"), "settings stay with the client");
    }
    let Some(events) = follow(&settings, &row.at).and_then(|value| value.as_object().cloned()) else {
        return;
    };
    for (event, groups) in events {
        for group in groups.as_array().into_iter().flatten() {
            let matcher = group.get("matcher").and_then(Value::as_str).unwrap_or_default();
            let nested = group.get("hooks").and_then(Value::as_array);
            for handler in nested.map_or_else(|| vec![group], |hooks| hooks.iter().collect()) {
                match handler_of(&event, matcher, handler, platform) {
                    Ok((bound, command, notes)) => {
                        for why in notes {
                            sketch.note(path.as_str(), format!("{event}: {}", shown(handler)), why);
                        }
                        sketch.hooks.entry(bound).or_default().push(toml_edit::Value::InlineTable(command));
                    }
                    Err(why) => sketch.note(path.as_str(), format!("{event}: {}", shown(handler)), why),
                }
            }
        }
    }
}

fn shown(handler: &Value) -> String {
    let text =
        handler.get("command").and_then(Value::as_str).map_or_else(|| handler.to_string(), str::to_owned);
    format!("`{}`", crate::plain::line(&text, 60))
}

/// The canonical event, the command with its tools and time, and what about it is not the same elsewhere.
fn handler_of(
    event: &str,
    matcher: &str,
    handler: &Value,
    platform: &Platform,
) -> Result<(String, InlineTable, Vec<String>), String> {
    let command = handler.get("command").and_then(Value::as_str).ok_or("it is not a command")?;
    if handler.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "command") {
        return Err("it is not a command".into());
    }
    let ours =
        platform.hooks.files.iter().any(|file| command.contains(file.as_str()) && file.starts_with("so"));
    if ours || command.contains(&format!(" hook {} ", platform.id)) {
        return Err("it is so's own: a tree names checks in [hooks], such as PreToolUse = [\"guard\"]".into());
    }
    let bound = platform
        .hooks
        .events
        .iter()
        .find(|(_, support)| support.native.iter().any(|native| native.name == event && native.foreign));
    let (bound, _) = bound.ok_or_else(|| format!("commands for `{event}` have no canonical form"))?;
    let mut notes = Vec::new();
    let tools = tools(matcher, platform, &mut notes)?;
    for variable in platform.placeholders.variables.iter().filter(|name| command.contains(name.as_str())) {
        notes.push(format!("only {} sets `${variable}`", platform.title));
    }
    let mut table = InlineTable::new();
    table.insert("command", command.into());
    if !tools.is_empty() {
        table.insert("tools", toml_edit::Value::Array(tools.into_iter().collect::<Array>()));
    }
    let seconds =
        handler.get("timeout").and_then(Value::as_u64).filter(|seconds| *seconds > 0).unwrap_or(TIMEOUT);
    table.insert("timeout", i64::try_from(seconds).unwrap_or(60).into());
    Ok((bound.clone(), table, notes))
}

/// The canonical tools that a matcher names.
fn tools(matcher: &str, platform: &Platform, notes: &mut Vec<String>) -> Result<Vec<String>, String> {
    if matches!(matcher, "" | "*" | ".*") {
        return Ok(Vec::new());
    }
    let mut open: BTreeSet<&str> = matcher.split('|').map(str::trim).collect();
    let wanted = open.clone();
    let mut tools = Vec::new();
    for (tool, names) in &platform.tools {
        let names: BTreeSet<&str> = names.split('|').collect();
        if names.is_disjoint(&wanted) {
            continue;
        }
        if !names.is_subset(&wanted) {
            notes.push(format!(
                "`{matcher}` becomes `{tool}`, which is {}",
                names.iter().copied().collect::<Vec<_>>().join(", ")
            ));
        }
        open.retain(|name| !names.contains(name));
        tools.push(tool.clone());
    }
    if open.is_empty() { Ok(tools) } else { Err(format!("the matcher `{matcher}` has no canonical form")) }
}

/// Adds the MCP servers of a settings file, as they are.
pub(super) fn servers(path: &RelPath, file: &TreeFile, row: &Incoming, sketch: &mut Sketch) {
    let Some(settings) = settings(path, file, sketch) else { return };
    for key in settings.keys().filter(|key| row.at.first() != Some(*key)) {
        sketch.note(path.as_str(), format!("`{key}`"), "settings stay with the client");
    }
    let Some(servers) = follow(&settings, &row.at).and_then(Value::as_object) else { return };
    for (name, server) in servers {
        if !server.is_object() {
            sketch.note(path.as_str(), format!("`{name}`"), "it is not a server");
            continue;
        }
        let literal = |key: &str| {
            server.get(key).and_then(Value::as_object).is_some_and(|map| map.values().any(is_literal))
        };
        if ["env", "headers", "http_headers"].into_iter().any(literal) {
            sketch.note(
                path.as_str(),
                format!("`{name}`"),
                "its variables go into the tree as they are: keep secrets out before you commit",
            );
        }
        sketch.servers.insert(name.clone(), server.clone());
    }
}

fn is_literal(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty() && !text.contains("${"))
}

fn follow<'v>(settings: &'v Map<String, Value>, at: &[String]) -> Option<&'v Value> {
    let (first, rest) = at.split_first()?;
    rest.iter().try_fold(settings.get(first)?, |value, key| value.get(key))
}

/// The settings as one object, from JSON with comments or from TOML.
fn settings(path: &RelPath, file: &TreeFile, sketch: &mut Sketch) -> Option<Map<String, Value>> {
    let parsed =
        std::str::from_utf8(&file.bytes).map_err(|_| "it is not UTF-8".to_owned()).and_then(|text| {
            let text = text.trim_start_matches('\u{feff}');
            if path.as_str().ends_with(".toml") {
                let document = toml_edit::Document::parse(text)
                    .map_err(|error| format!("not valid TOML: {}", error.message()))?;
                return Ok(crate::compile::source::table_to_json(document.as_table()));
            }
            json(text)
        });
    parsed.map_err(|why| sketch.note(path.as_str(), "not taken", why)).ok()
}

fn json(text: &str) -> Result<Map<String, Value>, String> {
    if let Some(why) = too_deep(text) {
        return Err(why);
    }
    let options = ParseOptions { allow_comments: true, allow_trailing_commas: true, ..strict() };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options)
        .map_err(|error| format!("not valid JSON: {}", error.kind()))?;
    let value = parsed.value.map_or(Value::Object(Map::new()), Value::from);
    value.as_object().cloned().ok_or_else(|| "its top is not an object".to_owned())
}

fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
    }
}
