//! What a client loads and from where, as its file says under `[loads]`: what `so verify` compares with the disk and
//! with the client's own answer.
//!
//! Paths are `~/…` (the home), or below the project.

use serde::Deserialize;

use crate::compile::model::Kind;

/// What a client loads.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Loads {
    /// Kinds whose names are one set; a kind that is not named has a set of its own.
    pub one_name: Vec<Kind>,
    /// Its own names win over an item of the same name: nobody reaches that item.
    pub reserved_wins: bool,
    /// Directories of items.
    pub items: Vec<Items>,
    /// Files with hooks.
    pub hooks: Vec<HookFiles>,
    /// The names of events that this version knows.
    pub events: Vec<String>,
    /// Settings that must be readable, or the client drops all of them.
    pub settings: Vec<String>,
    /// The files of a directory that talk to it, the first that is there.
    pub instructions: Vec<String>,
    /// A settings file and its key with which the person lets it read more or less of them.
    pub instructions_key: Option<(String, String)>,
    /// Variables in the text of a hook that stand for the plugin's directory.
    pub package_vars: Vec<String>,
    /// Variables in the text of a hook that stand for the project.
    pub project_vars: Vec<String>,
    /// What shows that the person opened a project in it.
    pub opened: Option<Opened>,
    /// What of the home a scratch home gets, in which the client is asked.
    pub mirror: Vec<Copy>,
    /// Where it keeps which plugins or packages are on.
    pub plugin_switch: Option<PluginSwitch>,
    /// Keys of a project's settings that run a program or send requests elsewhere when the client starts.
    pub starts: Vec<String>,
}

/// Directories that hold items of one kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Items {
    /// What the client takes them for.
    pub kind: Kind,
    /// The directories.
    #[serde(default)]
    pub at: Vec<String>,
    /// The same inside an installed plugin or package, where the client has those.
    #[serde(default)]
    pub plugin: Option<String>,
    /// How they stand there.
    #[serde(default, rename = "as")]
    pub shape: Shape,
    /// The extension of files.
    #[serde(default = "markdown")]
    pub extension: String,
    /// Keys without which the client drops the item.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Its name is the key `name` where there is one, else the name of the file or directory.
    #[serde(default)]
    pub named: bool,
    /// Characters of a description that the model is told.
    #[serde(default)]
    pub tells: Option<usize>,
    /// The client reads a head that is no strict YAML as well.
    #[serde(default)]
    pub lenient: bool,
}

/// How items stand in a directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// `NAME/SKILL.md`.
    #[default]
    Directories,
    /// `NAME.md`; what stands deeper is not looked at.
    Files,
    /// `NAME.md` and `DIR/NAME.md`, which is called `DIR:NAME`.
    Tree,
}

/// Files in which hooks stand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HookFiles {
    /// The files.
    #[serde(default)]
    pub at: Vec<String>,
    /// The same inside an installed plugin.
    #[serde(default)]
    pub plugin: Vec<String>,
    /// What becomes of an event that the client does not know.
    pub unknown: Unknown,
    /// The keys that may stand at the top; any when empty.
    #[serde(default)]
    pub keys: Vec<String>,
    /// What stands among the events and is none.
    #[serde(default)]
    pub beside: Vec<String>,
    /// Where a command of the home's file runs, below the home; else where the client works.
    #[serde(default)]
    pub cwd: String,
}

/// What a client does with an event that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// The whole file is switched off.
    File,
    /// That entry never runs.
    Entry,
}

/// What shows that the person opened a project: a value of a settings file, or a directory of sessions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Opened {
    /// Settings files, any of them.
    pub files: Vec<String>,
    /// Keys from the root; `{project}` is the project's path.
    pub at: Vec<String>,
    /// The value.
    pub is: Option<serde_json::Value>,
    /// A directory that the client makes, with `{dashed}` for the project's path.
    pub dir: Option<String>,
    /// What holds for a directory above holds for the project.
    pub above: bool,
    /// How the person opens it, as a clause.
    pub press: String,
}

/// Where a client keeps which plugins or packages are on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PluginSwitch {
    /// The person's settings file.
    pub file: String,
    /// Keys from its root, with `{id}` for the plugin; the list itself where it is a list.
    pub at: Vec<String>,
    /// What takes `{id}` off, where its own program must do it.
    pub press: String,
}

/// One file or directory of a scratch home.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Copy {
    /// Below the home. A directory is made anew, and what stands in it is linked.
    pub path: String,
    /// Of a settings file, the keys at its root that go along; keys below them that begin with the real directory are
    /// moved to the scratch one. All of the file when empty.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Names in a directory that stay away.
    #[serde(default)]
    pub without: Vec<String>,
}

fn markdown() -> String {
    "md".to_owned()
}
