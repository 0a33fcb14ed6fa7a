//! Which files of a client can become items of a tree: the `[[import]]` rows of `platforms/<id>.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::compile::model::Kind;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// Handlers of events.
    Hooks,
    /// MCP servers.
    Mcp,
    /// Nothing that has a canonical form.
    Nothing,
    /// One item, or many in a directory.
    #[serde(untagged)]
    Item(Kind),
}

/// Files of a project that a client reads, and what becomes of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Incoming {
    /// What they hold.
    #[serde(rename = "as")]
    pub holds: Holds,
    /// All files below a directory of the project, or one file.
    pub from: String,
    /// How the files end; directories with a SKILL.md when empty and skills are meant.
    #[serde(default)]
    pub ext: String,
    /// The client's keys that mean the same as a canonical one, by the client's name.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// What says that an agent only reads.
    pub read_only: Option<ReadOnly>,
    /// In files that are not Markdown, the key that holds the text.
    pub text: Option<String>,
    /// A rule that the model asks for by its description is a skill: the key that is true when it is not.
    pub always: Option<String>,
    /// The item's name, for one file.
    pub name: Option<String>,
    /// A file beside a skill, and words in it, that say: only the person opens it.
    pub closed: Option<[String; 2]>,
    /// Keys from the root, for hooks and servers.
    #[serde(default)]
    pub at: Vec<String>,
    /// Why nothing becomes of them.
    #[serde(default)]
    pub why: String,
}

/// What says that an agent only reads.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReadOnly {
    /// The key.
    pub key: String,
    /// Its value; or, of a list of tools, those that change nothing.
    pub is: Vec<Value>,
}

/// How the client spells arguments in a text that is read back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Placeholders {
    /// All arguments.
    pub all: Vec<String>,
    /// What stands before a bracketed number, which counts from zero: `$ARGUMENTS[0]`.
    pub bracketed: Option<String>,
    /// The number of the first argument in `$N`.
    pub first: Option<usize>,
    /// Variables that only this client sets for hooks.
    pub variables: Vec<String>,
}
