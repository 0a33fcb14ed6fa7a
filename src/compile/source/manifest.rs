//! `so.toml`: the head of a tree, its hooks and its MCP servers.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};
use toml_edit::{Document, Item, Table};

use super::{schema, tree::Tree};
use crate::compile::model::{EVENTS, Hook, HookCommand, Manifest, Plugin, Vocabulary};
use crate::diagnostic::{Finding, Findings, Severity};

const PATH: &str = "so.toml";
/// Seconds a hook command gets when it does not say.
const TIMEOUT: u64 = 10;

/// Fills the plugin's head, hooks and MCP servers from `so.toml`, or from the tree's name when there is none.
pub(super) fn read(tree: &Tree, vocabulary: &Vocabulary<'_>, plugin: &mut Plugin, findings: &mut Findings) {
    plugin.manifest =
        Manifest { name: fallback_name(&tree.name), version: "0.0.0".into(), ..Manifest::default() };
    let Some(text) = tree.text(PATH) else { return };
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let finding = Finding::error("toml-syntax", PATH, format!("not valid TOML: {}", error.message()));
            findings.push(finding.at(error.span().unwrap_or(0..0)));
            return;
        }
    };
    let spans = key_spans(document.as_table());
    let values = to_json(document.as_table());
    let span = |key: &str| spans.get(key).cloned().unwrap_or(0..0);
    let subject = schema::Subject { path: PATH, values: &values, span: &span, unknown: Severity::Error };
    schema::MANIFEST.check(&subject, findings);
    plugin.manifest = head(&values, &plugin.manifest);
    check_head(&plugin.manifest, tree, &span, findings);
    plugin.mcp = values.get("mcp").and_then(Value::as_object).cloned().unwrap_or_default();
    let hooks = values.get("hooks").and_then(Value::as_object).cloned().unwrap_or_default();
    plugin.hooks = read_hooks(&hooks, vocabulary, &span, findings);
}

fn head(values: &Map<String, Value>, fallback: &Manifest) -> Manifest {
    let text = |key: &str| values.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let or = |text: String, fallback: &String| if text.is_empty() { fallback.clone() } else { text };
    Manifest {
        name: or(text("name"), &fallback.name),
        version: or(text("version"), &fallback.version),
        description: text("description"),
        license: text("license"),
        lifecycle: super::strings(values.get("lifecycle")),
        renamed: values.get("renamed").and_then(Value::as_object).map(names).unwrap_or_default(),
        accepted: values.get("losses").map(|losses| super::strings(losses.get("accept"))),
    }
}

/// Old names and new ones.
fn names(map: &Map<String, Value>) -> BTreeMap<String, String> {
    map.iter().filter_map(|(old, new)| Some((old.clone(), new.as_str()?.to_owned()))).collect()
}

fn check_head(head: &Manifest, tree: &Tree, span: &dyn Fn(&str) -> Range<usize>, findings: &mut Findings) {
    let mut complain = |code, key: &str, message: String, help: &str| {
        findings.push(Finding::error(code, PATH, message).at(span(key)).help(help));
    };
    if !super::is_kebab(&head.name) {
        let help = "use lower-case letters, digits and single hyphens, at most 64 characters";
        complain(
            "bad-name",
            "name",
            format!("`{}` is not a plugin name every client accepts", head.name),
            help,
        );
    }
    if head.name == "so"
        && tree.origin != "built in"
        && !tree.files.keys().any(|path| path.as_str() == "schemas/manifest.json")
    {
        complain(
            "reserved-name",
            "name",
            "the name `so` is taken by the built-in tree".into(),
            "choose a name of your own",
        );
    }
    if !is_version(&head.version) {
        let help = "write it as MAJOR.MINOR.PATCH, for example 1.0.0";
        complain("bad-version", "version", format!("`{}` is not a semantic version", head.version), help);
    }
}

fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<_> = core.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b))
}

fn read_hooks(
    table: &Map<String, Value>,
    vocabulary: &Vocabulary<'_>,
    span: &dyn Fn(&str) -> Range<usize>,
    findings: &mut Findings,
) -> Vec<Hook> {
    for event in table.keys().filter(|event| !EVENTS.contains(&event.as_str())) {
        let finding = Finding::error("unknown-event", PATH, format!("unknown event `{event}`"))
            .at(span(&format!("hooks.{event}")));
        let known = crate::suggest::nearest(event, EVENTS.iter().copied());
        findings.push(finding.help(known.map_or_else(
            || format!("known events: {}", EVENTS.join(", ")),
            |known| format!("did you mean `{known}`?"),
        )));
    }
    let bound = EVENTS.iter().filter_map(|event| table.get(*event).map(|value| (*event, value)));
    bound.map(|(event, value)| read_hook(event, value, vocabulary, span, findings)).collect()
}

fn read_hook(
    event: &str,
    value: &Value,
    vocabulary: &Vocabulary<'_>,
    span: &dyn Fn(&str) -> Range<usize>,
    findings: &mut Findings,
) -> Hook {
    let place = span(&format!("hooks.{event}"));
    let mut hook = Hook { event: event.to_owned(), checks: Vec::new(), commands: Vec::new() };
    let single = [value.clone()];
    for entry in value.as_array().map_or(&single[..], Vec::as_slice) {
        match (entry, command(entry)) {
            (Value::String(check), _) if vocabulary.checks.contains(&check.as_str()) => {
                hook.checks.push(check.clone());
            }
            (Value::String(check), _) => {
                let finding = Finding::error("unknown-check", PATH, format!("unknown check `{check}`"))
                    .at(place.clone());
                let help = format!(
                    "known checks: {}; a command is written as {{ command = \"…\" }}",
                    vocabulary.checks.join(", ")
                );
                findings.push(finding.help(help));
            }
            (_, Some(command)) => hook.commands.push(command),
            (_, None) => {
                let finding = Finding::error(
                    "wrong-type",
                    PATH,
                    format!("`hooks.{event}` holds neither a check nor a command"),
                );
                findings.push(
                    finding
                        .at(place.clone())
                        .help("write [\"guard\"] or [{ command = \"…\", tools = [\"shell\"] }]"),
                );
            }
        }
    }
    hook
}

fn command(entry: &Value) -> Option<HookCommand> {
    let table = entry.as_object()?;
    Some(HookCommand {
        command: table.get("command")?.as_str()?.to_owned(),
        tools: super::strings(table.get("tools")),
        timeout: table.get("timeout").and_then(Value::as_u64).unwrap_or(TIMEOUT),
    })
}

/// A directory's name made into a plugin name.
fn fallback_name(directory: &str) -> String {
    let mut name = String::new();
    for c in directory.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() || name == "so" { "skills".to_owned() } else { name.chars().take(64).collect() }
}

/// The places of the keys, one level of tables deep as `table.key`.
fn key_spans(table: &Table) -> BTreeMap<String, Range<usize>> {
    let mut spans = BTreeMap::new();
    for (name, item) in table {
        spans.insert(name.to_owned(), key_span(table, name, item));
        if let Some(inner) = item.as_table() {
            for (key, value) in inner {
                spans.insert(format!("{name}.{key}"), key_span(inner, key, value));
            }
        }
    }
    spans
}

fn key_span(table: &Table, key: &str, item: &Item) -> Range<usize> {
    table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span()).unwrap_or(0..0)
}

/// A TOML table as JSON; dates become texts.
pub(in crate::compile) fn to_json(table: &Table) -> Map<String, Value> {
    table.iter().map(|(key, item)| (key.to_owned(), item_to_json(item))).collect()
}

fn item_to_json(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => value_to_json(value),
        Item::Table(table) => Value::Object(to_json(table)),
        Item::ArrayOfTables(list) => list.iter().map(|table| Value::Object(to_json(table))).collect(),
    }
}

fn value_to_json(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::from(text.value().as_str()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(*number.value()),
        toml_edit::Value::Boolean(flag) => Value::from(*flag.value()),
        toml_edit::Value::Datetime(when) => Value::from(when.value().to_string()),
        toml_edit::Value::Array(list) => list.iter().map(value_to_json).collect(),
        toml_edit::Value::InlineTable(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.to_owned(), value_to_json(value))).collect())
        }
    }
}
