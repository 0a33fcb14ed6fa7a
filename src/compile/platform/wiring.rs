//! How hooks reach a client: the `[hooks]` and `[[off]]` tables of `platforms/<id>.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::descriptor::{Scope, Support, yes};

/// How hooks are wired.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Hooks {
    /// The text of a handler by scope, as a template over `bin`, `platform`, `native` and `guard`.
    pub command: BTreeMap<Scope, String>,
    /// Whether commands of a tree's author can be bound.
    pub foreign: bool,
    /// Seconds after which the client gives up on us.
    pub timeout: u64,
    /// Names of our own files without which the client does not call us.
    pub files: Vec<String>,
    /// Where the client keeps which hooks the person trusts.
    pub trust: Option<Trust>,
    /// The shell that runs a handler's text; none when the program is started directly.
    pub shell: Option<String>,
    /// Where handlers of the person run: below the home directory, or where the client works when empty.
    pub cwd: String,
    /// By canonical event.
    pub events: BTreeMap<String, EventSupport>,
}

/// Where a client keeps which hooks the person trusts, as Codex 0.169.0 does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Trust {
    /// The hooks file that is trusted, by its name.
    pub hooks: String,
    /// The settings file, below the home directory.
    pub file: String,
    /// Keys from its root.
    pub at: Vec<String>,
    /// What the person does.
    pub press: String,
}

/// One way to turn our hooks off. `{plugin}`, `{package}` and `{project}` are filled in.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Off {
    /// What it is called.
    pub name: String,
    /// Settings files: `~/…`, a path of the project, or an absolute one. `*` stands for any name of a file.
    pub files: Vec<String>,
    /// Keys from the root; `*` is any key.
    pub at: Vec<String>,
    /// Values that turn hooks off; of an array one element, of an object the keys that are given.
    pub is: Vec<serde_json::Value>,
    /// Any value turns them off.
    pub set: bool,
    /// Whatever is not this value turns them off, in all of the files.
    pub unless: Option<serde_json::Value>,
    /// Variables that turn hooks off.
    pub env: Vec<String>,
    /// Flags of the client that turn hooks off.
    pub flags: Vec<String>,
    /// The wirings it turns off; all when empty.
    pub scopes: Vec<Scope>,
    /// What is wrong, with `{what}` for the file, variable or flag.
    pub why: String,
    /// What the person does about it.
    pub press: String,
}

/// How one canonical event reaches us.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventSupport {
    /// How well.
    pub state: Support,
    /// The client's own events that carry it.
    #[serde(default)]
    pub native: Vec<NativeEvent>,
    /// Why it is emulated or absent.
    pub reason: Option<String>,
}

/// One of the client's own events.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NativeEvent {
    /// The client's name for it.
    pub name: String,
    /// Which tools or sources it is asked for; all when absent.
    pub matcher: Option<String>,
    /// Which of the client's hook files it stands in, when there are several.
    #[serde(default)]
    pub file: String,
    /// Whether the client may refuse the call on our answer.
    #[serde(default)]
    pub guard: bool,
    /// The first version of the client that is known to have it.
    pub since: Option<String>,
    /// Seconds after which the client gives up on us, where it allows fewer than elsewhere.
    pub timeout: Option<u64>,
    /// Whether commands of a tree's author can be bound to it, with tools as its matcher.
    #[serde(default = "yes")]
    pub foreign: bool,
}
