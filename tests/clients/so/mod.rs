//! The work of `so install`, in the real clients. This file reads back from disk what was written for one
//! client: the names and descriptions that it must show. Nothing here is a list by hand, so that a new skill is
//! tested as soon as it exists.

mod agents;
mod beside;
mod boxed;
mod budgets;
mod bystander;
mod claude;
mod codex;
mod crowd;
mod invoked;
mod lifecycle;
mod pi;
mod releases;
mod rules;
mod scope;
mod trusted;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::sandbox::Sandbox;
use super::{Platform, install};

/// How far an install reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The platform's own way: a plugin, a package.
    Default,
    /// Files of the project.
    Project,
}

/// A skill, command, prompt or agent as it stands in its file.
#[derive(Debug)]
pub(crate) struct Item {
    /// As the file is called, with no plugin's prefix.
    pub(crate) name: String,
    pub(crate) description: String,
    /// The model is not told of it.
    pub(crate) user_only: bool,
    /// The text after the frontmatter.
    pub(crate) body: String,
}

pub(crate) struct Installed {
    pub(crate) skills: Vec<Item>,
    /// Slash commands or prompts that are no skills.
    pub(crate) commands: Vec<Item>,
    pub(crate) agents: Vec<Item>,
}

impl Scope {
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Default => &[],
            Self::Project => &["--scope", "project"],
        }
    }
}

impl Installed {
    /// Installs, and reads what was written.
    pub(crate) fn new(sandbox: &Sandbox, platform: Platform, scope: Scope) -> Self {
        install(sandbox, platform, scope.options()).success();
        Self::read(sandbox, platform, scope)
    }

    pub(crate) fn read(sandbox: &Sandbox, platform: Platform, scope: Scope) -> Self {
        let [home, project] = [&sandbox.home, &sandbox.project];
        let package = package(sandbox, platform);
        let (skills, commands, agents) = match (platform, scope) {
            (Platform::Claude, Scope::Default) => {
                let plugin = package.join("plugins/so");
                (vec![plugin.join("skills")], vec![plugin.join("commands")], vec![plugin.join("agents")])
            }
            (Platform::Claude, Scope::Project) => {
                let claude = project.join(".claude");
                let skills = vec![claude.join("skills"), claude.join("commands")];
                (skills, Vec::new(), vec![claude.join("agents")])
            }
            (Platform::Codex, Scope::Default) => {
                let cache = home.join(".codex/plugins/cache/so/so/local");
                (vec![cache.join("skills")], Vec::new(), vec![home.join(".codex/agents")])
            }
            (Platform::Codex, Scope::Project) => {
                let skills = [".agents/skills", ".codex/skills"].map(|dir| project.join(dir));
                (skills.into(), Vec::new(), vec![project.join(".codex/agents")])
            }
            (Platform::Pi, Scope::Default) => {
                (vec![package.join("skills")], vec![package.join("prompts")], Vec::new())
            }
            (Platform::Pi, Scope::Project) => {
                let skills = [".pi/skills", ".agents/skills"].map(|dir| project.join(dir));
                (skills.into(), vec![project.join(".pi/prompts")], Vec::new())
            }
        };
        let read = |dirs: Vec<PathBuf>| dirs.iter().flat_map(|dir| items(dir)).collect();
        let installed = Self { skills: read(skills), commands: read(commands), agents: read(agents) };
        assert!(!installed.skills.is_empty(), "no skills were written for {platform:?}");
        installed
    }

    /// Everything that the model is to know of without being told by a person.
    pub(crate) fn offered(&self) -> impl Iterator<Item = &Item> {
        let all = self.skills.iter().chain(&self.agents);
        all.filter(|item| !item.user_only)
    }

    pub(crate) fn skill(&self, name: &str) -> &Item {
        self.skills.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no skill `{name}`"))
    }
}

/// The package that the person's installs of one client share.
pub(crate) fn package(sandbox: &Sandbox, platform: Platform) -> PathBuf {
    sandbox.home.join(".local/share/so/so").join(platform.id())
}

/// The names, each with `prefix`, sorted.
pub(crate) fn names<'a>(items: impl IntoIterator<Item = &'a Item>, prefix: &str) -> Vec<String> {
    let mut names: Vec<_> = items.into_iter().map(|item| format!("{prefix}{}", item.name)).collect();
    names.sort();
    names
}

fn items(dir: &Path) -> Vec<Item> {
    let entries = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut items: Vec<_> = entries.map(|path| item(&path)).collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    items
}

/// A directory with a SKILL.md, a Markdown file, or a role in TOML.
fn item(path: &Path) -> Item {
    let directory = path.is_dir();
    let file = if directory { path.join("SKILL.md") } else { path.to_owned() };
    let text = fs::read_to_string(&file).unwrap();
    let (head, body) = if file.extension().is_some_and(|extension| extension == "toml") {
        (toml_edit::de::from_str(&text).unwrap(), "")
    } else {
        let (head, body) = text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
        (serde_yaml::from_str::<Value>(head).unwrap(), body)
    };
    let policy = fs::read_to_string(path.join("agents/openai.yaml")).unwrap_or_default();
    Item {
        name: path.file_stem().unwrap().to_str().unwrap().into(),
        description: head["description"].as_str().unwrap().into(),
        user_only: head["disable-model-invocation"] == true
            || policy.contains("allow_implicit_invocation: false"),
        body: body.trim().into(),
    }
}
