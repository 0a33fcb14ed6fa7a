//! The compiled unit: one plugin and its items. No I/O, and no word of any platform.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::rel_path::RelPath;

/// The events a tree can bind, named as Claude Code and Codex name them.
pub const EVENTS: &[&str] = &[
    "SessionStart",
    "SessionEnd",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "Stop",
    "SubagentStart",
    "SubagentStop",
    "CwdChanged",
    "UserPromptSubmit",
];

/// The tools that a hook's command can be for, by their canonical names.
pub const TOOLS: &[&str] = &["shell", "edit", "read", "agent", "skill"];

/// A parsed tree.
#[derive(Debug, Default)]
pub struct Plugin {
    /// What `so.toml` says, or what stands in for it.
    pub manifest: Manifest,
    /// Sorted by kind, then name.
    pub items: Vec<Item>,
    /// What is bound to events, in the order of [`EVENTS`].
    pub hooks: Vec<Hook>,
    /// MCP servers by name, carried as they are.
    pub mcp: Map<String, Value>,
}

/// The head of a tree.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Manifest {
    /// Kebab-case, 1–64 characters.
    pub name: String,
    /// Semantic version; `0.0.0` without `so.toml`.
    pub version: String,
    /// One line.
    pub description: String,
    /// SPDX expression, or empty.
    pub license: String,
    /// Commands and skills that every session loads; they have a budget together.
    pub lifecycle: Vec<String>,
    /// Names that items had, and the names that they have now: a person's edits go with them.
    pub renamed: BTreeMap<String, String>,
    /// Losses that are agreed, as `so check --losses` names them; `None` where the tree keeps no such list.
    #[serde(skip)]
    pub accepted: Option<Vec<String>>,
}

/// The kinds of item a tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `skills/NAME/SKILL.md`: judgement that a model opens when it applies.
    Skill,
    /// `commands/NAME.md`: what a person invokes by name.
    Command,
    /// `agents/NAME.md`: a role to which work is given.
    Agent,
    /// `rules/NAME.md`: text that is always in the context, or when matching files are.
    Rule,
    /// `styles/NAME.md`: a form for answers.
    Style,
}

impl Kind {
    /// All kinds, in the order of the folder list.
    pub const ALL: [Self; 5] = [Self::Skill, Self::Command, Self::Agent, Self::Rule, Self::Style];

    /// The top-level folder.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Skill => "skills",
            Self::Command => "commands",
            Self::Agent => "agents",
            Self::Rule => "rules",
            Self::Style => "styles",
        }
    }

    /// The word for one of them.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skill => "skill",
            Self::Command => "command",
            Self::Agent => "agent",
            Self::Rule => "rule",
            Self::Style => "style",
        }
    }
}

/// One skill, command, agent, rule or style.
#[derive(Debug, Clone)]
pub struct Item {
    /// Which of them.
    pub kind: Kind,
    /// Its name: the directory of a skill, the file name of the others.
    pub name: String,
    /// One line.
    pub description: String,
    /// Where it stands in the tree.
    pub path: RelPath,
    /// The whole file.
    pub text: String,
    /// Where the body starts in `text`, in bytes.
    pub body_start: usize,
    /// Whether the body is rendered; otherwise the file goes out as it is.
    pub template: bool,
    /// The person alone opens it.
    pub user_only: bool,
    /// A skill that is also a command: one entry where the platform has one namespace.
    pub user_invocable: bool,
    /// Names of the arguments, in order.
    pub arguments: Vec<String>,
    /// Agents: what they may do.
    pub access: Access,
    /// Agents: which class of model.
    pub model: Model,
    /// Agents: the report they end with.
    pub report: Option<Report>,
    /// Rules: the files they speak of; empty means always.
    pub globs: Vec<String>,
    /// Rules: the day after which the rule is out of date, as `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// The remaining frontmatter, `x-<platform>` tables included.
    pub extra: Map<String, Value>,
    /// Files beside a skill.
    pub resources: Vec<Resource>,
}

impl Item {
    /// The text after the frontmatter.
    pub fn body(&self) -> &str {
        self.text.get(self.body_start..).unwrap_or_default()
    }

    /// Whether the model may open it without being asked.
    pub fn model_invocable(&self) -> bool {
        !self.user_only && matches!(self.kind, Kind::Skill)
    }

    /// The keys of `x-<platform>`.
    pub fn for_platform(&self, id: &str) -> Option<&Map<String, Value>> {
        self.extra.get(&format!("x-{id}")).and_then(Value::as_object)
    }
}

/// What an agent may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Reads and searches.
    ReadOnly,
    /// Edits files and runs commands.
    #[default]
    Write,
}

/// Which class of model an agent wants; each platform maps it to its own names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// Whatever the session uses.
    #[default]
    Inherit,
    /// Small and quick.
    Fast,
    /// The usual one.
    Balanced,
    /// The best there is.
    Strong,
}

/// The output contract of an agent.
#[derive(Debug, Clone)]
pub struct Report {
    /// The example report as indented JSON, made from the schema.
    pub example: String,
    /// The whole JSON Schema: the base report with the agent's own fields.
    pub schema: Value,
}

/// A file beside a skill.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Path below the skill's directory.
    pub path: RelPath,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it may be run.
    pub executable: bool,
}

/// What is bound to one event.
#[derive(Debug, Clone, Serialize)]
pub struct Hook {
    /// One of [`EVENTS`].
    pub event: String,
    /// Checks of `so` that answer it, all in one call.
    pub checks: Vec<String>,
    /// Commands of the tree's author.
    pub commands: Vec<HookCommand>,
}

/// A command of the tree's author, bound to an event.
#[derive(Debug, Clone, Serialize)]
pub struct HookCommand {
    /// Run by the client's shell.
    pub command: String,
    /// Canonical tool names it is for; empty means all.
    pub tools: Vec<String>,
    /// Seconds.
    pub timeout: u64,
}

/// Words the compiler must know from the rest of the program, handed in by the command line.
pub struct Vocabulary<'a> {
    /// Names of the checks that hooks can run.
    pub checks: &'a [&'a str],
    /// Today, as `YYYY-MM-DD`, where rules that have expired are to be reported; a build must not depend on the day.
    pub today: Option<String>,
    /// Parses one `so …` line of a body.
    pub so_line: &'a dyn Fn(&str) -> Result<SoLine, String>,
}

/// What a `so …` line in a body is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SoLine {
    /// The subcommand words, e.g. `guard check`.
    pub words: String,
    /// Whether an agent may run it; what only the person may run is never pre-approved.
    pub by_agent: bool,
    /// Whether it takes more words.
    pub takes_args: bool,
}

/// Items by kind and name.
pub type Index<'a> = BTreeMap<(Kind, &'a str), &'a Item>;

impl Plugin {
    /// All items of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.kind == kind)
    }

    /// Items by kind and name.
    pub fn index(&self) -> Index<'_> {
        self.items.iter().map(|item| ((item.kind, item.name.as_str()), item)).collect()
    }
}
