//! Which fields a tree uses, and where.

use std::ops::Range;

use serde_json::{Map, Value};

use super::fields::{BODY, GUARDED};
use super::rows;
use crate::compile::model::{Access, Hook, Item, Kind, Plugin};
use crate::compile::platform::{Fate, Platform, Row, Scope};
use crate::compile::source::item;

/// One field that one item uses.
pub(super) struct Use {
    subject: &'static str,
    key: String,
    pub(super) item: String,
    pub(super) protects: bool,
    /// The file, and the place of the key in it.
    pub(super) place: (String, Range<usize>),
    /// Platforms on which something else holds the item back.
    held: Vec<String>,
}

impl Use {
    /// The field's name.
    pub(super) fn field(&self) -> String {
        format!("{}.{}", self.subject, self.key)
    }

    /// What is lost of it on `platform`, with the name of the field; the whole kind when nothing of it arrives.
    pub(super) fn fate(&self, platform: &Platform, scope: Scope) -> Option<(String, Row)> {
        if let Some(lost) =
            rows::kind_of(self.subject).and_then(|kind| rows::not_carried(platform, scope, kind))
        {
            return Some((rows::kind_of(self.subject)?.word().to_owned(), lost));
        }
        if self.held.contains(&platform.id) {
            return None;
        }
        let row = rows::row(platform, scope, self.subject, &self.key)
            .unwrap_or_else(|| Row::new(Fate::Dropped, "the descriptor does not say what becomes of it"));
        row.fate.is_loss().then(|| (self.field(), row))
    }
}

/// Everything that `plugin` says.
pub(super) fn uses(plugin: &Plugin, known: &[Platform]) -> Vec<Use> {
    let mut uses: Vec<Use> = plugin.items.iter().flat_map(|item| of_item(item, known)).collect();
    uses.extend(of_head(plugin));
    uses.extend(plugin.hooks.iter().flat_map(of_hook));
    uses.extend(plugin.mcp.keys().map(|name| plain_use("mcp", "server", name, "so.toml", 0..0)));
    uses
}

fn plain_use(subject: &'static str, key: &str, item: &str, path: &str, span: Range<usize>) -> Use {
    Use {
        subject,
        key: key.to_owned(),
        item: item.to_owned(),
        protects: false,
        place: (path.to_owned(), span),
        held: Vec::new(),
    }
}

fn of_item(item: &Item, known: &[Platform]) -> Vec<Use> {
    let plain = item.kind == Kind::Skill && !item.template;
    let subject = if plain { "plain" } else { item.kind.word() };
    let one = |key: &str, span: Range<usize>| plain_use(subject, key, &item.name, item.path.as_str(), span);
    let mut uses = Vec::new();
    if !plain {
        uses.push(one("text", 0..0));
        uses.push(one("name", 0..0));
    }
    for (key, property) in item::schema_of(item.kind).properties() {
        let Some(value) = item.extra.get(key).filter(|value| says_something(value)) else { continue };
        if property.get("x-source").is_some() || key == "name" {
            continue;
        }
        let closed = property.get("enum").is_some().then(|| value.as_str()).flatten();
        let name = closed.map_or_else(|| key.to_owned(), |word| format!("{key}.{word}"));
        let protects = match property.get("x-protects") {
            Some(Value::Array(protecting)) => protecting.contains(value),
            other => other.is_some(),
        };
        uses.push(Use { protects, ..one(&name, key_span(&item.text, key)) });
    }
    if item.kind == Kind::Skill && !item.resources.is_empty() && !plain {
        uses.push(one("files", 0..0));
    }
    if item.template {
        uses.extend(
            BODY.iter()
                .filter(|what| speaks(item.body(), what))
                .map(|what| Use { subject: "body", ..one(what, 0..0) }),
        );
    }
    uses.extend(of_extras(item, subject, known));
    uses
}

/// `false`, an empty list and an empty text are what holds without them.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Array(list) => !list.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Null => false,
        _ => true,
    }
}

/// What an item says to single clients.
fn of_extras(item: &Item, subject: &'static str, known: &[Platform]) -> Vec<Use> {
    let span = |id: &str| key_span(&item.text, &format!("x-{id}"));
    let path = item.path.as_str();
    let mut uses = Vec::new();
    for platform in known {
        let Some(own) = item.for_platform(&platform.id) else { continue };
        let others = known.iter().filter(|other| other.id != platform.id).map(|other| other.id.clone());
        uses.push(Use {
            held: others.collect(),
            ..plain_use(subject, "x", &item.name, path, span(&platform.id))
        });
        for key in restricting(platform, item.kind, own) {
            let held = known.iter().filter(|other| is_held(item, other)).map(|other| other.id.clone());
            let name = format!("x-{}.{key}", platform.id);
            let place = span(&platform.id);
            uses.push(Use {
                protects: true,
                held: held.collect(),
                ..plain_use(item.kind.word(), &name, &item.name, path, place)
            });
        }
    }
    uses
}

fn restricting<'a>(
    platform: &'a Platform,
    kind: Kind,
    own: &'a Map<String, Value>,
) -> impl Iterator<Item = &'a String> {
    let keys = platform.restricts.get(&kind).map_or(&[][..], Vec::as_slice);
    keys.iter().filter(|key| own.contains_key(key.as_str()))
}

/// Whether something that the platform understands holds the item back there.
fn is_held(item: &Item, platform: &Platform) -> bool {
    item.access == Access::ReadOnly
        || item
            .for_platform(&platform.id)
            .is_some_and(|own| restricting(platform, item.kind, own).next().is_some())
}

fn of_head(plugin: &Plugin) -> Vec<Use> {
    let head = &plugin.manifest;
    let said = [
        ("name", !head.description.is_empty()), // Without so.toml it is the directory's.,
        ("version", head.version != "0.0.0"),
        ("description", !head.description.is_empty()),
        ("license", !head.license.is_empty()),
    ];
    let said = said.into_iter().filter(|(_, said)| *said);
    said.map(|(key, _)| plain_use("tree", key, &head.name, "so.toml", 0..0)).collect()
}

fn of_hook(hook: &Hook) -> Vec<Use> {
    let guards = hook.event == GUARDED;
    let on = |what: &str, item: &str| Use {
        protects: guards,
        ..plain_use("hook", &format!("{what}.{}", hook.event), item, "so.toml", 0..0)
    };
    let mut uses: Vec<_> = hook.checks.iter().map(|check| on("check", check)).collect();
    for command in &hook.commands {
        uses.push(on("command", &command.command));
        let tools = command.tools.iter().map(|tool| format!("tool.{tool}"));
        uses.extend(tools.map(|tool| Use {
            protects: guards && command.tools.len() == 1,
            ..plain_use("hook", &tool, &command.command, "so.toml", 0..0)
        }));
    }
    uses
}

/// Whether a body uses one of [`BODY`].
fn speaks(body: &str, what: &str) -> bool {
    let signs: &[&str] = match what {
        "names" => &["command(", "skill(", "agent("],
        "args" => &["arg(", "args"],
        "literal" => &["literal("],
        "ask" => return body.contains("```ask"),
        _ => &["instruction_file"],
    };
    let tags = body.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    tags.into_iter().any(|(tag, _)| signs.iter().any(|sign| tag.trim_start().starts_with(sign)))
}

/// Where a key of the frontmatter stands.
fn key_span(text: &str, key: &str) -> Range<usize> {
    let line = format!("\n{key}:");
    text.find(&line).map_or(0..0, |at| at + 1..at + 1 + key.len())
}
