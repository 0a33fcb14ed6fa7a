//! Every field of the canonical form: the keys of `schemas/`, and what a tree says without a key.

use std::fmt;

use serde_json::Value;

use crate::compile::model::{EVENTS, Kind, TOOLS};
use crate::compile::platform::Platform;
use crate::compile::source::{item, schema};

/// One field: `agent.access.read-only`, `hook.command.Stop`, `body.ask`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// A kind of item, `plain` (a skill that goes out byte for byte), `body`, `tree`, `hook` or `mcp`.
    pub subject: &'static str,
    /// The key, with its value where the key is a closed choice.
    pub key: String,
    /// Whether it holds an item or a tool back from something.
    pub protects: bool,
}

impl Field {
    fn new(subject: &'static str, key: impl Into<String>) -> Self {
        Self { subject, key: key.into(), protects: false }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.subject, self.key)
    }
}

/// What bodies can use, besides plain text.
pub(super) const BODY: [&str; 5] = ["names", "args", "literal", "ask", "instruction-file"];

/// All fields. `known` are all platforms: what one of them restricts by a key of its own is a field for the others.
pub fn all(known: &[Platform]) -> Vec<Field> {
    let mut fields = Vec::new();
    for kind in Kind::ALL {
        fields.push(Field::new(kind.word(), "text"));
        fields.extend(keys(kind.word(), item::schema_of(kind)));
        fields.push(Field::new(kind.word(), "x"));
        if kind == Kind::Skill {
            fields.push(Field::new(kind.word(), "files"));
            fields.extend(keys("plain", item::schema_of(kind)));
        }
        fields.extend(restrictions(kind, known));
    }
    fields.extend(BODY.map(|key| Field::new("body", key)));
    fields.extend(keys("tree", &schema::MANIFEST));
    for event in EVENTS {
        let guards = *event == GUARDED;
        let of = |what: &str| Field { protects: guards, ..Field::new("hook", format!("{what}.{event}")) };
        fields.extend(["check", "command"].map(of));
    }
    fields.extend(TOOLS.iter().map(|tool| Field::new("hook", format!("tool.{tool}"))));
    fields.push(Field::new("mcp", "server"));
    fields
}

/// The event on which something can be refused.
pub(super) const GUARDED: &str = "PreToolUse";

/// One field a key; one a value where a key is a closed choice. What only `so` reads is none.
fn keys(subject: &'static str, schema: &'static schema::Schema) -> Vec<Field> {
    let mut fields = Vec::new();
    for (key, property) in schema.properties().filter(|(_, property)| property.get("x-source").is_none()) {
        let protects = property.get("x-protects");
        match property.get("enum").and_then(Value::as_array) {
            None => {
                fields.push(Field { protects: protects.is_some(), ..Field::new(subject, key) });
            }
            Some(values) => fields.extend(values.iter().map(|value| {
                let word = value.as_str().unwrap_or_default();
                let protects =
                    protects.and_then(Value::as_array).is_some_and(|protecting| protecting.contains(value));
                Field { protects, ..Field::new(subject, format!("{key}.{word}")) }
            })),
        }
    }
    fields
}

/// Keys for one client that hold an item back there.
fn restrictions(kind: Kind, known: &[Platform]) -> Vec<Field> {
    let of = |platform: &Platform| {
        let keys = platform.restricts.get(&kind).cloned().unwrap_or_default();
        let id = platform.id.clone();
        keys.into_iter()
            .map(move |key| Field { protects: true, ..Field::new(kind.word(), format!("x-{id}.{key}")) })
    };
    known.iter().flat_map(of).collect()
}
