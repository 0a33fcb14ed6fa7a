//! What only the person changes: the wiring of hooks, our own records, and the switches that turn hooks off.

use std::collections::BTreeMap;
use std::path::Path;

use super::Context;
use super::place::{absolute, resolved};

/// Files of ours in a project.
const PROJECT: &[&str] = &[
    ".orchestrator/so-hook",
    ".orchestrator/install.lock",
    ".orchestrator/base",
    ".orchestrator/overlays",
    ".so-install.journal",
    ".orchestrator/policy",
    ".orchestrator/STEER.md",
    ".orchestrator/runtime",
    // Records, and what the person has kept of what sessions learned.
    ".orchestrator/metrics",
    ".orchestrator/learnings.jsonl",
    ".orchestrator/rules",
    ".codex/hooks.json",
    ".cursor/hooks.json",
    ".pi/extensions/so.ts",
];

/// Files and directories of ours below the home directory, and the clients' own lists of what is installed.
const HOME: &[&str] = &[
    ".so-install.journal",
    ".local/share/so",
    ".local/state/so",
    ".config/so",
    ".codex/hooks.json",
    // What they name runs without a question and outside the sandbox.
    ".codex/rules",
    ".cursor/hooks.json",
    ".claude/plugins/installed_plugins.json",
    ".claude/plugins/known_marketplaces.json",
];

/// Settings in which hooks can be switched off, in a project and below the home directory. They hold other things
/// too, so an edit counts by what it says.
const SETTINGS: &[&str] = &[
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".codex/config.toml",
    ".pi/settings.json",
    ".pi/agent/settings.json",
];

/// Words of settings that wire hooks or switch them off (Claude Code 2.1.197, Codex 0.169.0, Pi 0.73.1).
const SWITCHES: &[&str] = &[
    "hooks",
    "Hooks",
    "enabledPlugins",
    "extraKnownMarketplaces",
    "marketplaces",
    "plugins",
    "packages",
    "extensions",
    "trust_level",
    "trusted_hash",
    // What moves or starts a client so that hooks do not run, or do not find what was installed.
    "CLAUDE_CODE_SIMPLE",
    "CLAUDE_CODE_SAFE_MODE",
    "CLAUDE_CONFIG_DIR",
    "SO_HOOKS",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "shell_environment_policy",
    "\"HOME\"",
    "HOME = ",
    // Not hooks, but what the fence takes for the person's word.
    "additionalDirectories",
    "writable_roots",
];

/// One of these is in the path of every file of the control plane.
const PARTS: &[&str] = &[
    ".codex",
    ".cursor",
    ".orchestrator",
    ".pi",
    "config.toml",
    "hooks.json",
    "install.lock",
    "marketplaces",
    "plugins",
    "policy",
    "settings",
    "so",
];

/// A bit for each ASCII character with which one of [`PARTS`] begins.
#[expect(clippy::indexing_slicing, reason = "when it is compiled")]
const FIRST_BYTES: u128 = {
    let mut set = 0;
    let mut at = 0;
    while at < PARTS.len() {
        set |= 1 << PARTS[at].as_bytes()[0];
        at += 1;
    }
    set
};

/// What a file is to the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Nothing.
    Free,
    /// Nobody but the person, or `so` for the person, writes it.
    Ours,
    /// It may be written, but not the part that decides about hooks.
    Settings,
}

impl Control {
    /// What the file at an absolute, resolved `path` is.
    pub fn of(path: &Path, context: &Context) -> Self {
        let below = |root: Option<&Path>, names: &[&str]| {
            let rest = root.and_then(|root| path.strip_prefix(root).ok());
            rest.is_some_and(|rest| names.iter().any(|name| rest.starts_with(name)))
        };
        let (project, home) = (context.project.as_deref(), context.home.as_deref());
        if below(project, PROJECT) || below(home, HOME) || is_of_main_tree(path, project) {
            Self::Ours
        } else if below(project, SETTINGS) || below(home, SETTINGS) || is_profile(path, home) {
            Self::Settings
        } else {
            Self::Free
        }
    }

    /// What the file at `path` is, as it is written or with `..` and links followed.
    pub fn of_file(path: &Path, context: &Context) -> Self {
        let Some(path) = absolute(&path.to_string_lossy(), None) else { return Self::Ours };
        match Self::of(&path, context) {
            Self::Free if path.to_str().is_some_and(Self::could_name) => {
                Self::of(&resolved(&path, false), context)
            }
            as_written => as_written,
        }
    }

    /// Whether files of ours in the project lie below `path`, a directory of it.
    pub(crate) fn lies_below(path: &Path, context: &Context) -> bool {
        context.project.as_deref().is_some_and(|project| {
            path != project
                && path.starts_with(project)
                && PROJECT.iter().any(|name| project.join(name).starts_with(path))
        })
    }

    /// Whether a word could name anything of this at all; most words cannot, and need no path made of them.
    pub(crate) fn could_name(word: &str) -> bool {
        // Words are short: preparing a search costs more than looking everywhere.
        let begins = |byte: u8| byte < 128 && FIRST_BYTES >> byte & 1 == 1;
        let bytes = word.as_bytes();
        bytes.iter().enumerate().any(|(at, byte)| begins(*byte) && names_at(bytes, at))
    }

    /// Whether an edit that puts or takes `text` touches what only the person decides.
    pub fn forbids(self, text: &str) -> bool {
        match self {
            Self::Free => false,
            Self::Ours => true,
            Self::Settings => SWITCHES.iter().any(|word| text.contains(word)),
        }
    }
}

/// Whether it is a file of ours in the main working tree, where the records of a linked one stand too. What git says of a
/// linked tree is one line in a file: no repository is opened, and most paths are told apart by their text.
fn is_of_main_tree(path: &Path, project: Option<&Path>) -> bool {
    let Some(project) = project.filter(|project| !path.starts_with(project)) else { return false };
    if !path.components().any(|part| part.as_os_str() == ".orchestrator") {
        return false;
    }
    let link = std::fs::read_to_string(project.join(".git")).unwrap_or_default(); // a directory in a main tree
    let main = link.strip_prefix("gitdir: ").and_then(|link| link.split_once("/.git/worktrees/"));
    let main = main.and_then(|(main, _)| absolute(main, Some(project))); // it may be relative
    main.is_some_and(|main| PROJECT.iter().any(|name| path.starts_with(main.join(name))))
}

/// Whether one of [`PARTS`] stands at `at`. `so` is in many words: it counts where it is one.
fn names_at(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let stands_alone =
        || !is_letter(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_letter(rest.get(2));
    PARTS.iter().any(|part| rest.starts_with(part.as_bytes()) && (*part != "so" || stands_alone()))
}

/// A named layer of Codex's settings: `~/.codex/NAME.config.toml`.
fn is_profile(path: &Path, home: Option<&Path>) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".config.toml") && home.is_some_and(|home| path.parent() == Some(&home.join(".codex")))
}

/// What each file of the control plane that is there is like: the time of its last change and its length, for settings
/// the lines that decide about hooks. What clients keep for themselves, and what `so` keeps, is not among them.
pub fn marks(project: Option<&Path>, home: Option<&Path>) -> BTreeMap<String, String> {
    // What the person says to the session, and what `so` keeps of it, change all the time.
    const CHANGING: &[&str] = &["runtime", "STEER.md", "metrics", "learnings.jsonl", "rules"];
    const WATCHED: &[&str] = &[".config/so", ".codex/hooks.json", ".cursor/hooks.json"];
    let mut marks = BTreeMap::new();
    let mut add = |root: Option<&Path>, name: &str, mark: fn(&Path) -> Option<String>| {
        if let Some(path) = root.map(|root| root.join(name))
            && let Some(mark) = mark(&path)
        {
            marks.insert(path.display().to_string(), mark);
        }
    };
    let lasting = |name: &&&str| {
        let last = name.rsplit('/').next().unwrap_or_default();
        !CHANGING.contains(&last)
    };
    for name in PROJECT.iter().filter(lasting) {
        add(project, name, stamp);
    }
    for name in WATCHED {
        add(home, name, stamp);
    }
    for name in SETTINGS {
        add(project, name, switches);
        add(home, name, switches);
    }
    marks
}

/// When it was changed and how long it is; of a directory, what is directly in it.
fn stamp(path: &Path) -> Option<String> {
    let one = |path: &Path| {
        let meta = path.metadata().ok()?;
        Some((meta.modified().ok()?, meta.len()))
    };
    let mut stamps = vec![one(path)?];
    let mut entries: Vec<_> =
        std::fs::read_dir(path).into_iter().flatten().flatten().take(256).map(|entry| entry.path()).collect();
    entries.sort();
    stamps.extend(entries.iter().filter_map(|entry| one(entry)));
    Some(format!("{stamps:?}"))
}

fn switches(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let lines = text.lines().filter(|line| SWITCHES.iter().any(|word| line.contains(word)));
    Some(lines.map(str::trim).collect::<Vec<_>>().join("\n")).filter(|lines| !lines.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_free_but_for_what_decides_about_hooks() {
        let context = Context {
            home: Some("/home/dev".into()),
            project: Some("/p".into()),
            ..Context::at(Path::new("/p"))
        };
        for (path, text, forbidden) in [
            ("/p/src/main.rs", "hooks", false),
            ("/p/.claude/settings.json", "\"permissions\": {\"allow\": []}", false),
            ("/p/.claude/settings.json", "\"disableAllHooks\": true", true),
            ("/home/dev/.claude/settings.json", "\"enabledPlugins\": {\"so@so\": false}", true),
            ("/home/dev/.codex/config.toml", "[features]\nhooks = false", true),
            ("/home/dev/.codex/config.toml", "model = \"x\"", false),
            ("/home/dev/.codex/work.config.toml", "[features]\nhooks = false", true),
            ("/home/dev/.codex/work.config.toml", "model = \"x\"", false),
            ("/home/dev/.codex/config.toml", "[projects.\"/p\"]\ntrust_level = \"untrusted\"", true),
            ("/p/.codex/config.toml", "[shell_environment_policy]\ninherit = \"none\"", true),
            ("/p/.claude/settings.local.json", "\"env\": {\"CLAUDE_CODE_SIMPLE\": \"1\"}", true),
            ("/p/.claude/settings.json", "\"env\": {\"HOME\": \"/nowhere\"}", true),
            ("/p/.claude/settings.json", "\"env\": {\"JAVA_HOME\": \"/opt/java\"}", false),
            ("/p/.pi/settings.json", "\"packages\": [{\"source\": \"x\", \"extensions\": []}]", true),
            ("/p/.pi/settings.json", "\"extensions\": [\"-extensions/so.ts\"]", true),
            ("/p/.cursor/hooks.json", "{\"disabled\": true}", true),
            ("/home/dev/.config/so/config.yaml", "hooks: off", true),
            ("/p/.claude/settings.json", "\"env\": {\"XDG_STATE_HOME\": \"/tmp/x\"}", true),
            ("/p/.claude/settings.json", "\"env\": {\"HOME\": \"/tmp/x\"}", true),
            ("/p/.claude/settings.json", "\"env\": {\"RUST_LOG\": \"info\"}", false),
            ("/home/dev/.codex/hooks.json", "{}", true),
            ("/p/.orchestrator/so-hook", "exit 0", true),
            ("/p/.orchestrator/runtime/scope.json", "{}", true),
            ("/p/.orchestrator/learnings.jsonl", "{}", true),
            ("/p/.orchestrator/rules/convention-00aa11bb.md", "x", true),
            ("/p/.orchestrator/metrics/proposals.jsonl", "{}", true),
            ("/p/rules/convention.md", "x", false),
            ("/p/.orchestrator/plan.yaml", "goal: x", false),
            ("/home/dev/.local/share/so/install.lock", "{}", true),
        ] {
            assert!(!forbidden || Control::could_name(path), "{path}");
            assert_eq!(Control::of(Path::new(path), &context).forbids(text), forbidden, "{path}: {text}");
        }
    }

    #[test]
    fn the_records_in_the_main_tree_are_closed_to_a_linked_one() {
        let dir = tempfile::tempdir().unwrap();
        let (main, linked) = (dir.path().join("main"), dir.path().join("linked"));
        let context = Context { project: Some(linked.clone()), ..Context::at(&linked) };
        let of = |path: std::path::PathBuf| Control::of(&path, &context);
        for to in [main.to_str().unwrap(), "../main"] {
            let link = format!("gitdir: {to}/.git/worktrees/linked\n");
            crate::fs::atomic_write(&linked.join(".git"), link.as_bytes(), false).unwrap();
            assert_eq!(of(main.join(".orchestrator/learnings.jsonl")), Control::Ours, "{to}");
            assert_eq!(of(main.join(".orchestrator/metrics/proposals.jsonl")), Control::Ours, "{to}");
            assert_eq!(of(linked.join(".orchestrator/rules/x.md")), Control::Ours, "{to}");
            assert_eq!(of(main.join(".orchestrator/plan.yaml")), Control::Free, "{to}");
            assert_eq!(of(dir.path().join("other/.orchestrator/learnings.jsonl")), Control::Free, "{to}");
        }
    }
}
