//! The types of `platforms/<id>.toml`: one file is one platform.
//!
//! Everything that differs between clients stands in these files. A new platform adds a file; a new wish of a
//! platform adds a field here, never a `match` on a platform's name.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::fate::FieldFate;
use super::incoming::{Incoming, Placeholders};
use super::loads::Loads;
use super::wiring::{Hooks, Off};
use crate::client::Signs;
use crate::compile::artifact::{Format, Root};
use crate::compile::model::Kind;

/// Who an install is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One person, in all projects.
    User,
    /// Everybody who clones the project.
    Project,
    /// Content in the project, hooks with the person.
    Mixed,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Mixed => "mixed",
        })
    }
}

/// How well a platform does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// By the client itself; proven by a test in the real client.
    Native,
    /// By other means of the client; proven by a test in the real client.
    Emulated,
    /// Documented by the vendor, never seen working by us.
    Unproven,
    /// Not at all.
    Absent,
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Emulated => "emulated",
            Self::Unproven => "unproven",
            Self::Absent => "absent",
        })
    }
}

/// One client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Platform {
    /// The file's name.
    #[serde(skip)]
    pub id: String,
    /// The client's own name.
    pub title: String,
    /// The version of the client that the tests drive; none when no test can.
    pub tested: Option<String>,
    /// Where installs can go; the first is the default.
    pub scopes: Vec<Scope>,
    /// The file in which a project talks to this client.
    pub instruction_file: String,
    /// Words that only text for this client may hold.
    #[serde(default)]
    pub words: Vec<String>,
    /// What shows that a person uses the client.
    pub detect: Detect,
    /// The client's directory below the home directory.
    pub home: HomeDir,
    /// How a program sees that it runs inside a session of the client.
    #[serde(default)]
    pub session: Signs,
    /// How a person or a model names an item, by scope.
    pub names: BTreeMap<Scope, Names>,
    /// Command names that the client keeps for itself, by scope.
    #[serde(default)]
    pub reserved: BTreeMap<Scope, Vec<String>>,
    /// The kinds of output that meet those names.
    #[serde(default = "invoked")]
    pub reserved_for: Vec<Kind>,
    /// What the client substitutes for arguments; none when it substitutes nothing.
    pub arguments: Option<Arguments>,
    /// What a body can rely on: `ask`, `dispatch`, `hooks`.
    #[serde(default)]
    pub can: BTreeMap<String, bool>,
    /// How a question to the person is put, as a template over an `ask` block; a numbered list unless it says.
    #[serde(default = "ask_list")]
    pub ask: String,
    /// Names of models by class.
    #[serde(default)]
    pub models: BTreeMap<String, String>,
    /// Names of tools by canonical name, as hooks match them.
    #[serde(default)]
    pub tools: BTreeMap<String, String>,
    /// How hooks are wired.
    pub hooks: Hooks,
    /// How well each kind of item is carried.
    pub features: BTreeMap<String, Feature>,
    /// What becomes of each key, by subject: a kind of item, `plain`, `body` or `tree`.
    #[serde(default)]
    pub fields: BTreeMap<String, BTreeMap<String, FieldFate>>,
    /// Keys of `x-<id>` that hold an item back from something, by kind.
    #[serde(default)]
    pub restricts: BTreeMap<Kind, Vec<String>>,
    /// Sizes the client cuts at.
    #[serde(default)]
    pub limits: Limits,
    /// Directories and files of a project in which this client finds skills, commands and rules.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Where a project install may put each kind, best first.
    #[serde(default)]
    pub writes: BTreeMap<Kind, Vec<String>>,
    /// Globs below the home directory: folders that the client keeps for what its model writes with the edit tools.
    #[serde(default)]
    pub own_writes: Vec<String>,
    /// What is emitted.
    pub emit: Vec<EmitRule>,
    /// Parts of a package that the client wants a second time, where it looks for them.
    #[serde(default)]
    pub mirror: Vec<Mirror>,
    /// How a plugin differs that is taken out of a clone of a marketplace.
    pub marketplace: Option<Marketplace>,
    /// Which files of a project can become items of a tree.
    #[serde(default)]
    pub import: Vec<Incoming>,
    /// How arguments are spelled in texts that are read back.
    #[serde(default)]
    pub placeholders: Placeholders,
    /// What an install leaves to the person.
    #[serde(default)]
    pub install: Install,
    /// What turns our hooks off, in the order in which it is looked for.
    #[serde(default)]
    pub off: Vec<Off>,
    /// What the client loads, and from where.
    #[serde(default)]
    pub loads: Loads,
    /// What no hook of ours is shown.
    #[serde(default)]
    pub unseen: String,
    /// What the person is told when the hooks are silent and nothing says why.
    #[serde(default)]
    pub silent: String,
}

/// What shows that a person uses a client.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Detect {
    /// Programs on `PATH`.
    pub programs: Vec<String>,
    /// Paths below the home directory.
    pub home: Vec<String>,
    /// Paths below the project.
    pub project: Vec<String>,
}

/// The client's directory below the home directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HomeDir {
    /// Relative to the home directory.
    pub dir: String,
    /// The environment variable that moves it.
    pub env: Option<String>,
}

/// How an item is named, as templates over `plugin` and `name`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// What a person types.
    pub command: String,
    /// How a text names a skill.
    pub skill: String,
    /// How a text names an agent.
    pub agent: String,
}

/// What a client substitutes, as templates over `n`, which counts from 1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// All of them.
    pub all: String,
    /// The n-th.
    pub nth: String,
    /// A literal dollar sign before a word that would be substituted; none when the client has no such form.
    pub dollar: Option<String>,
}

/// How one kind of item is carried.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Feature {
    /// How well.
    pub state: Support,
    /// How, or why not.
    pub reason: Option<String>,
}

/// Sizes the client cuts at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Limits {
    /// Bytes of instruction files that the client reads.
    pub instructions: Option<usize>,
    /// Lines of one rule.
    pub rule_lines: Option<usize>,
}

/// One kind of output: for each item of a kind, one file, or edits in a file that somebody else owns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EmitRule {
    /// A file for each item of this kind.
    pub each: Option<Kind>,
    /// What the client takes the file for, when that is not the item's own kind.
    #[serde(rename = "as")]
    pub taken_as: Option<Kind>,
    /// One file.
    pub file: Option<String>,
    /// Edits in a file; the template gives them as a JSON list.
    pub merge: Option<String>,
    /// In which scopes.
    pub scopes: Vec<Scope>,
    /// What the path starts from.
    pub root: Root,
    /// The path, as a template; with `each`.
    pub path: Option<String>,
    /// How to read the file; with `merge`.
    pub format: Option<Format>,
    /// An expression that must hold.
    pub when: Option<String>,
    /// The text.
    pub template: Option<String>,
    /// The text, as a file of `templates/`.
    #[serde(rename = "use")]
    pub template_file: Option<String>,
    /// Where files beside a skill go, as a template.
    pub resources: Option<String>,
    /// What stands before the text of a Markdown file beside a skill, as a template.
    pub resource_header: Option<String>,
    /// Whether arguments are substituted in this output; some clients do it in commands only.
    #[serde(default = "yes")]
    pub arguments: bool,
    /// Whether the file may be run.
    #[serde(default)]
    pub executable: bool,
}

fn invoked() -> Vec<Kind> {
    vec![Kind::Skill, Kind::Command]
}

/// How a question is put without a tool for it.
pub(super) fn ask_list() -> String {
    include_str!("../../../templates/ask-list.md").to_owned()
}

pub(super) fn yes() -> bool {
    true
}

/// A part of a package that an install repeats below the home directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// In which scopes.
    pub scopes: Vec<Scope>,
    /// The directory of the package, as a template.
    pub from: String,
    /// The directory below the home directory, as a template.
    pub to: String,
}

/// A plugin that a person takes out of a clone, without `so install`: it does not know where `so` is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marketplace {
    /// The text of a handler, which finds `so` by a launcher in the plugin.
    pub command: String,
    /// What is emitted besides.
    #[serde(default)]
    pub emit: Vec<EmitRule>,
}

/// What an install leaves to the person and to the client.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Install {
    /// Beginnings of paths below the home directory that the client keeps for itself: an uninstall leaves them.
    pub residue: Vec<String>,
    /// What the person still has to press, by scope.
    pub after: BTreeMap<Scope, Vec<String>>,
}

impl Platform {
    /// Whether the client has rules that let commands run without a question.
    pub fn has_rules(&self) -> bool {
        self.emit.iter().any(|rule| rule.when.as_deref() == Some("unasked"))
    }

    /// Parses one file.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(id: &str, text: &str) -> anyhow::Result<Self> {
        let platform: Self =
            toml_edit::de::from_str(text).map_err(|error| anyhow::anyhow!("platforms/{id}.toml: {error}"))?;
        platform.checked(id)
    }

    /// Reads one that is in the binary, where it is JSON.
    ///
    /// # Errors
    /// As [`Platform::parse`].
    pub fn embedded(id: &str, json: &str) -> anyhow::Result<Self> {
        let platform: Self =
            serde_json::from_str(json).map_err(|error| anyhow::anyhow!("platforms/{id}.toml: {error}"))?;
        platform.checked(id)
    }

    fn checked(self, id: &str) -> anyhow::Result<Self> {
        let platform = Self { id: id.to_owned(), ..self };
        anyhow::ensure!(!platform.scopes.is_empty(), "platforms/{id}.toml: `scopes` is empty");
        for scope in &platform.scopes {
            anyhow::ensure!(platform.names.contains_key(scope), "platforms/{id}.toml: no `names.{scope}`");
        }
        for rule in &platform.emit {
            let kinds = [rule.each.is_some(), rule.file.is_some(), rule.merge.is_some()];
            let one = kinds.iter().filter(|is| **is).count() == 1;
            anyhow::ensure!(one, "platforms/{id}.toml: an `emit` has exactly one of `each`, `file`, `merge`");
        }
        Ok(platform)
    }

    /// The platform as a marketplace serves it; none when the client takes no plugins out of a clone.
    pub fn in_marketplace(&self) -> Option<Self> {
        let marketplace = self.marketplace.as_ref()?;
        let mut platform = self.clone();
        platform.hooks.command.insert(Scope::User, marketplace.command.clone());
        platform.emit.extend(marketplace.emit.iter().cloned());
        Some(platform)
    }

    /// Where installs go unless the person says otherwise.
    pub fn default_scope(&self) -> Scope {
        self.scopes.first().copied().unwrap_or(Scope::User)
    }

    /// The name under which an output of `kind` goes out: one that would meet the client's own gets a prefix.
    pub fn emitted_name(&self, scope: Scope, kind: Kind, name: &str) -> String {
        let reserved =
            self.reserved.get(&scope).is_some_and(|names| names.iter().any(|reserved| reserved == name));
        if reserved && self.reserved_for.contains(&kind) { format!("so-{name}") } else { name.to_owned() }
    }
}
