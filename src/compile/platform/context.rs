//! What templates see: the plugin, one item, the hooks.

use minijinja::Value;
use serde_json::{Map, Value as Json, json};

use super::descriptor::{EmitRule, Platform, Scope};
use super::emit::{Emitter, Unasked};
use super::readers::Room;
use super::render::{self, Context, value};
use crate::compile::model::{Access, Item, Kind};
use crate::compile::source::strings;

impl Emitter<'_> {
    /// What every template of this target sees.
    pub(super) fn plugin_context(&self) -> Context {
        let list = |kind: Kind| -> Value {
            self.plugin.of(kind).map(|item| Value::from(&self.summary(item))).collect::<Vec<_>>().into()
        };
        Context::of([
            ("plugin", value(&self.plugin.manifest)),
            ("bin", value(self.options.bin)),
            ("package", value(self.package())),
            ("hooks", value(self.hooks())),
            ("mcp", value(&self.plugin.mcp)),
            ("skills", list(Kind::Skill)),
            ("commands", list(Kind::Command)),
            ("agents", list(Kind::Agent)),
            ("styles", list(Kind::Style)),
            ("unasked", value(self.unasked())),
            ("programs", value(self.programs())),
        ])
    }

    /// What the templates of one file for the whole tree see.
    pub(super) fn whole_context(&mut self, rule: &EmitRule, rules: Option<&Room<'_>>) -> Context {
        let texts = rules.map(|room| self.rule_texts(rule, room)).unwrap_or_default();
        let mut context = self.head.clone();
        context.set("rules", texts.into());
        context.set("dir", value(rules.map_or("", |room| room.dir.as_str())));
        context
    }

    /// The words of each command that the person lets agents run without a question.
    fn unasked(&self) -> Vec<Vec<&str>> {
        let Unasked { words, platforms } = &self.options.unasked;
        let is_allowed = platforms.contains(&self.target.platform.id);
        let words = words.iter().filter(|_| is_allowed);
        words.map(|words| words.split(' ').collect()).collect()
    }

    /// How agents call this program: by its name, and by its path where that needs no quotes.
    fn programs(&self) -> Vec<&str> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
        let path = Some(self.options.bin).filter(|bin| *bin != "so" && bin.chars().all(is_plain));
        std::iter::once("so").chain(path).collect()
    }

    /// Where the platform's package stands, when it stands anywhere yet. Files that a team commits have none.
    pub(super) fn package(&self) -> Option<String> {
        if self.target.scope == Scope::Project {
            return None;
        }
        self.options.packages.as_ref().map(|dir| dir.join(&self.target.platform.id).display().to_string())
    }

    fn rule_texts(&mut self, rule: &EmitRule, room: &Room<'_>) -> Vec<Value> {
        let voice = self.voice(Kind::Rule, rule.arguments, room);
        let plugin = self.plugin;
        let texts = plugin.of(Kind::Rule).filter_map(|item| {
            let body = self.body(item, &voice, room)?;
            let mut context = self.summary(item);
            context.set("body", body.into());
            Some(Value::from(&context))
        });
        texts.collect()
    }

    fn summary(&self, item: &Item) -> Context {
        Context::of([
            ("name", self.emitted_name(item, item.kind).into()),
            ("kind", value(item.kind)),
            ("description", value(&item.description)),
            ("user_only", item.user_only.into()),
            ("user_invocable", item.user_invocable.into()),
            ("globs", value(&item.globs)),
        ])
    }

    /// What the templates of one item see.
    pub(super) fn item_context(&self, rule: &EmitRule, item: &Item, room: &Room<'_>) -> Context {
        let platform = self.target.platform;
        let class = serde_json::to_value(item.model).unwrap_or_default();
        let model = class.as_str().and_then(|class| platform.models.get(class));
        let mut context = self.head.clone();
        context.extend(self.summary(item));
        context.extend(Context::of([
            ("name", self.emitted_name(item, rule.taken_as.unwrap_or(item.kind)).into()),
            ("skill", self.emitted_name(item, item.kind).into()),
            ("dir", value(&room.dir)),
            ("plain", (!item.template).into()),
            ("shared", (room.readers.len() > 1).into()),
            ("arguments", value(&item.arguments)),
            ("argument_hint", argument_hint(item).into()),
            ("read_only", (item.access == Access::ReadOnly).into()),
            ("model", value(model)),
            ("standard", value(standard(item))),
            ("allowed", value(strings(item.extra.get("allowed-tools")))),
            ("x", value(item.for_platform(&platform.id).cloned().unwrap_or_default())),
            ("has_resources", (!item.resources.is_empty()).into()),
            ("substitutes", (rule.arguments && platform.arguments.is_some()).into()),
        ]));
        context
    }

    /// The name under which the item goes out. A stranger's skill keeps its own: its text would contradict another.
    pub(super) fn emitted_name(&self, item: &Item, taken_as: Kind) -> String {
        if item.kind == Kind::Skill && !item.template {
            return item.name.clone();
        }
        self.target.platform.emitted_name(self.target.scope, taken_as, &item.name)
    }

    /// Every handler that the client gets, in the order of the events.
    pub(super) fn hooks(&self) -> Vec<Json> {
        let platform = self.target.platform;
        let wiring = &platform.hooks;
        let mut handlers = Vec::new();
        for hook in &self.plugin.hooks {
            let Some(support) = wiring.events.get(&hook.event) else { continue };
            for native in &support.native {
                let mut base = serde_json::to_value(native).unwrap_or_default();
                set(&mut base, "event", json!(hook.event));
                if let Some(command) =
                    wiring.command.get(&self.target.scope).filter(|_| !hook.checks.is_empty())
                {
                    let context = json!({
                        "bin": self.options.bin, "platform": platform.id, "native": native.name,
                        "guard": native.guard,
                    });
                    let text = render::render(&self.env, command, value(&context)).unwrap_or_default();
                    let mut handler = base.clone();
                    set(&mut handler, "command", json!(text));
                    set(&mut handler, "timeout", json!(native.timeout.unwrap_or(wiring.timeout)));
                    handlers.push(handler);
                }
                for command in hook.commands.iter().filter(|_| wiring.foreign && native.foreign) {
                    let tools: Vec<_> =
                        command.tools.iter().filter_map(|tool| wiring_tool(platform, tool)).collect();
                    if tools.is_empty() && !command.tools.is_empty() {
                        continue; // The client has none of these tools: bound to all, it would answer for others.
                    }
                    let mut handler = base.clone();
                    let matcher = if tools.is_empty() { Json::Null } else { json!(tools.join("|")) };
                    set(&mut handler, "matcher", matcher);
                    set(&mut handler, "guard", json!(false));
                    set(&mut handler, "command", json!(command.command));
                    set(&mut handler, "timeout", json!(command.timeout));
                    handlers.push(handler);
                }
            }
        }
        handlers
    }
}

/// Keys of the Agent Skills standard that a client reads as they are.
fn standard(item: &Item) -> Map<String, Json> {
    let keys = ["license", "compatibility", "metadata"];
    keys.iter().filter_map(|key| Some(((*key).to_owned(), item.extra.get(*key)?.clone()))).collect()
}

fn wiring_tool<'a>(platform: &'a Platform, tool: &'a str) -> Option<&'a str> {
    platform.tools.get(tool).map(String::as_str)
}

/// What the author wrote, else the names of the arguments. An unquoted `[name]` is a list to YAML and means the same.
fn argument_hint(item: &Item) -> String {
    let bracketed =
        |names: Vec<&str>| names.iter().map(|name| format!("[{name}]")).collect::<Vec<_>>().join(" ");
    match item.extra.get("argument-hint") {
        Some(Json::String(written)) => written.clone(),
        Some(Json::Array(names)) => bracketed(names.iter().filter_map(Json::as_str).collect()),
        _ => bracketed(item.arguments.iter().map(String::as_str).collect()),
    }
}

fn set(handler: &mut Json, key: &str, value: Json) {
    if let Some(map) = handler.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}
