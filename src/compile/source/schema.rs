//! Checks a table of keys against one of `schemas/*.json`.
//!
//! The schemas say which keys exist; editors read the same files. Understood here: `properties`, `required`, `type`,
//! `items.type`, `enum`, `maxLength`, `minLength`, and `x-…` keys, which are always allowed.

use std::ops::Range;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::diagnostic::{Finding, Findings, Severity};

/// One of `schemas/*.json`.
pub(in crate::compile) struct Schema {
    text: &'static str,
    parsed: LazyLock<Value>,
}

macro_rules! schema {
    ($name:ident, $file:literal) => {
        pub(in crate::compile) static $name: Schema = Schema {
            text: include_str!(concat!("../../../schemas/", $file)),
            parsed: LazyLock::new(|| serde_json::from_str($name.text).unwrap_or_default()),
        };
    };
}

schema!(MANIFEST, "manifest.json");
schema!(SKILL, "skill.json");
schema!(COMMAND, "command.json");
schema!(AGENT, "agent.json");
schema!(RULE, "rule.json");
schema!(STYLE, "style.json");

/// What is being checked.
pub(super) struct Subject<'a> {
    /// The file.
    pub path: &'a str,
    /// The keys.
    pub values: &'a Map<String, Value>,
    /// Where each key stands.
    pub span: &'a dyn Fn(&str) -> Range<usize>,
    /// How grave a key is that the schema does not know.
    pub unknown: Severity,
}

impl Schema {
    /// The keys with what the schema says of each.
    pub(in crate::compile) fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        let properties = self.parsed.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(key, property)| (key.as_str(), property))
    }

    /// Adds a finding for each key that is unknown, missing or of the wrong type.
    pub(super) fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        let empty = Map::new();
        let properties = self.parsed.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        for (key, value) in subject.values {
            match properties.get(key) {
                Some(property) => check_value(subject, key, value, property, findings),
                None if key.starts_with("x-") => {}
                None => findings.push(unknown_key(subject, key, properties)),
            }
        }
        for key in self.parsed.get("required").and_then(Value::as_array).into_iter().flatten() {
            let key = key.as_str().unwrap_or_default();
            if !subject.values.contains_key(key) {
                let finding = Finding::error("missing-key", subject.path, format!("`{key}` is missing"));
                findings.push(
                    finding
                        .at((subject.span)(key))
                        .help(format!("add `{key}`: {}", purpose(properties, key))),
                );
            }
        }
    }
}

fn unknown_key(subject: &Subject<'_>, key: &str, properties: &Map<String, Value>) -> Finding {
    let mut finding = Finding::error("unknown-key", subject.path, format!("unknown key `{key}`"));
    finding.severity = subject.unknown;
    let finding = finding.at((subject.span)(key));
    match crate::suggest::nearest(key, properties.keys().map(String::as_str)) {
        Some(known) => finding.help(format!("did you mean `{known}`?")),
        None => finding.help("keys for one platform stand in a table of their own, such as `x-claude:`"),
    }
}

fn check_value(subject: &Subject<'_>, key: &str, value: &Value, property: &Value, findings: &mut Findings) {
    let place = (subject.span)(key);
    let mut complain = |code, message: String, help: Option<String>| {
        let mut finding = Finding::error(code, subject.path, message).at(place.clone());
        finding.help = help;
        findings.push(finding);
    };
    if let Some(wanted) = property.get("type").filter(|wanted| !matches(value, wanted, property)) {
        let message = format!("`{key}` must be {}, found {}", type_words(wanted, property), type_of(value));
        return complain("wrong-type", message, None);
    }
    if let Some(allowed) = property.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let list: Vec<_> = allowed.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return complain("bad-value", format!("`{key}` must be one of {}", list.join(", ")), None);
    }
    if value.as_str().is_some_and(|text| text.trim().is_empty()) && property.get("minLength").is_some() {
        complain("empty-value", format!("`{key}` is empty"), Some(format!("say {}", describe(property))));
    }
}

fn matches(value: &Value, wanted: &Value, property: &Value) -> bool {
    match wanted {
        Value::Array(any) => any.iter().any(|one| matches(value, one, property)),
        Value::String(name) => match name.as_str() {
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "object" => value.is_object(),
            "array" => value.as_array().is_some_and(|list| match property.pointer("/items/type") {
                Some(item) => list.iter().all(|one| matches(one, item, &Value::Null)),
                None => true,
            }),
            _ => true,
        },
        _ => true,
    }
}

fn type_words(wanted: &Value, property: &Value) -> String {
    match wanted {
        Value::Array(any) => any.iter().map(|one| type_words(one, property)).collect::<Vec<_>>().join(" or "),
        Value::String(name) if name == "array" => {
            match property.pointer("/items/type").and_then(Value::as_str) {
                Some(item) => format!("a list of {item}s"),
                None => "a list".into(),
            }
        }
        Value::String(name) if name == "object" => "a table".into(),
        Value::String(name) if name == "integer" => "a whole number".into(),
        Value::String(name) if name == "boolean" => "`true` or `false`".into(),
        Value::String(name) => format!("a {name}"),
        _ => "something else".into(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

fn purpose(properties: &Map<String, Value>, key: &str) -> String {
    properties.get(key).map_or_else(String::new, describe)
}

fn describe(property: &Value) -> String {
    let text = property.get("description").and_then(Value::as_str).unwrap_or("what it is for");
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_parses_and_describes_its_keys() {
        for schema in [&MANIFEST, &SKILL, &COMMAND, &AGENT, &RULE, &STYLE] {
            let value: Value = serde_json::from_str(schema.text).unwrap();
            for (key, property) in value["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{key} has no description");
            }
        }
    }
}
