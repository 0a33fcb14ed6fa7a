//! What only the person changes: the wiring of hooks, our own records, and the switches that turn hooks off.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Context;
use super::place::{absolute, resolved};
use super::settings;
use crate::patch::Change;

/// Files of ours in a project.
const PROJECT: &[&str] = &[
    ".orchestrator/so-hook",
    ".orchestrator/install.lock",
    ".orchestrator/base",
    ".orchestrator/overlays",
    ".so-install.journal",
    ".orchestrator/policy",
    ".orchestrator/STATE.md",
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

/// In `.orchestrator/runtime`: what agents write themselves.
const REPORTS: &str = ".orchestrator/runtime/reports";

/// Where an administrator decides about hooks (Claude Code 2.1.197, Codex 0.169.0).
const MANAGED: &[&str] = &["/etc/claude-code", "/etc/codex", "/Library/Application Support/ClaudeCode"];

/// Where this program stands, below the home directory and elsewhere.
const PROGRAM: &[&str] = &[".local/bin/so", ".cargo/bin/so"];
const PROGRAMS: &[&str] = &["/usr/local/bin/so", "/usr/bin/so", "/opt/homebrew/bin/so"];

/// Settings in which hooks can be switched off, in a project and below the home directory. They hold other things
/// too, so an edit counts by what it says.
const SETTINGS: &[&str] = &[
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".codex/config.toml",
    ".pi/settings.json",
    ".pi/agent/settings.json",
];

/// One of these is in the path of every file of the control plane, and of the directories that hold them; by the
/// character they begin with.
const PARTS: &[(u8, &[&str])] = &[
    (b'.', &[".claude", ".codex", ".config", ".cursor", ".local", ".orchestrator", ".pi", ".so-"]),
    (b'C', &["ClaudeCode"]),
    (b'c', &["config.toml", "claude-code", "codex"]),
    (b'h', &["hooks.json"]),
    (b'i', &["install.lock"]),
    (b'm', &["marketplaces"]),
    (b'p', &["plugins", "policy"]),
    (b's', &["so", "settings"]),
];

/// A bit for each ASCII character with which one of [`PARTS`] begins.
#[expect(clippy::indexing_slicing, reason = "when it is compiled")]
const FIRST_BYTES: u128 = {
    let mut set = 0;
    let mut at = 0;
    while at < PARTS.len() {
        set |= 1 << PARTS[at].0;
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
    /// This program: it may be run, but stays what and where it is.
    Program,
}

/// The places of all of them.
pub(super) fn places(context: &Context) -> impl Iterator<Item = PathBuf> {
    let (project, home) = (context.project.as_deref(), context.home.as_deref());
    let below = |root: Option<&Path>, names: &[&str]| -> Vec<PathBuf> {
        root.map(|root| names.iter().map(|name| root.join(name)).collect()).unwrap_or_default()
    };
    let all = [
        below(project, PROJECT),
        below(project, SETTINGS),
        below(home, HOME),
        below(home, SETTINGS),
        below(home, PROGRAM),
        MANAGED.iter().map(PathBuf::from).collect(),
    ];
    all.into_iter().flatten()
}

fn is_program(path: &Path, home: Option<&Path>) -> bool {
    path.file_name().is_some_and(|name| name == "so")
        && (home.is_some_and(|home| PROGRAM.iter().any(|name| path == home.join(name)))
            || PROGRAMS.iter().any(|program| path == Path::new(program))
            || std::env::current_exe().is_ok_and(|program| program == path))
}

impl Control {
    /// What the file at an absolute, resolved `path` is.
    pub fn of(path: &Path, context: &Context) -> Self {
        let below = |root: Option<&Path>, names: &[&str]| {
            let rest = root.and_then(|root| path.strip_prefix(root).ok());
            rest.is_some_and(|rest| names.iter().any(|name| rest.starts_with(name)))
        };
        let (project, home) = (context.project.as_deref(), context.home.as_deref());
        let is_report = || {
            project.is_some_and(|project| {
                path.parent().is_some_and(|dir| dir.starts_with(project.join(REPORTS)))
            })
        };
        let is_managed = || MANAGED.iter().any(|dir| path.starts_with(dir));
        if below(project, PROJECT) && !is_report()
            || below(home, HOME)
            || is_managed()
            || is_of_main_tree(path, project)
        {
            Self::Ours
        } else if is_program(path, home) {
            Self::Program
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

    /// Whether an edit of the file at an absolute `path` is an edit of the project's repository: what git asks a person
    /// to write there is not.
    pub fn is_repository(path: &Path, context: &Context) -> bool {
        const WRITTEN: &[&str] =
            &["COMMIT_EDITMSG", "MERGE_MSG", "SQUASH_MSG", "TAG_EDITMSG", "git-rebase-todo"];
        let inside = |path: &Path| {
            let inner = context.project.as_deref().and_then(|project| path.strip_prefix(project).ok());
            inner.is_some_and(|inner| inner.components().any(|part| part.as_os_str() == ".git"))
        };
        let is_free = path.file_name().is_some_and(|name| WRITTEN.iter().any(|free| name == *free))
            || ["info/exclude", "info/attributes"].iter().any(|free| path.ends_with(free));
        let Some(path) = path.to_str().and_then(|text| absolute(text, None)) else { return true };
        let resolved = || {
            if path.is_symlink() || path.parent().is_some_and(Path::is_symlink) {
                resolved(&path, false)
            } else {
                PathBuf::new()
            }
        };
        !(is_free && path.to_str().is_some_and(|text| text.contains("/.git/")))
            && (inside(&path) || inside(&resolved()))
    }

    /// Whether a word could name anything of this at all; most words cannot, and need no path made of them.
    pub(crate) fn could_name(word: &str) -> bool {
        // Words are short: preparing a search costs more than looking everywhere.
        let begins = |byte: u8| byte < 128 && FIRST_BYTES >> byte & 1 == 1;
        let bytes = word.as_bytes();
        bytes.iter().enumerate().any(|(at, byte)| begins(*byte) && names_at(bytes, at))
    }

    /// Whether an edit of the file at an absolute `path` touches what only the person decides.
    pub fn forbids(self, path: &Path, change: &Change) -> bool {
        match self {
            Self::Free => false,
            Self::Ours | Self::Program => true,
            Self::Settings => settings::decides(path, change),
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
    let Some((_, parts)) = PARTS.iter().find(|(first, _)| rest.first() == Some(first)) else { return false };
    parts.iter().any(|part| rest.starts_with(part.as_bytes()) && (*part != "so" || stands_alone()))
}

/// A named layer of Codex's settings: `~/.codex/NAME.config.toml`.
fn is_profile(path: &Path, home: Option<&Path>) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".config.toml") && home.is_some_and(|home| path.parent() == Some(&home.join(".codex")))
}

/// What each file of the control plane that is there is like: the time of its last change and its length, for settings
/// the part that decides about hooks. What clients keep for themselves, and what `so` keeps, is not among them.
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
        add(project, name, settings::deciding_part);
        add(home, name, settings::deciding_part);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_known() {
        use Control::{Free, Ours, Program, Settings};
        let context = Context {
            home: Some("/home/dev".into()),
            project: Some("/p".into()),
            ..Context::at(Path::new("/p"))
        };
        for (path, expected) in [
            ("/p/src/main.rs", Free),
            ("/p/.claude/settings.json", Settings),
            ("/p/.claude/settings.local.json", Settings),
            ("/home/dev/.claude/settings.json", Settings),
            ("/home/dev/.codex/config.toml", Settings),
            ("/home/dev/.codex/work.config.toml", Settings),
            ("/p/.codex/config.toml", Settings),
            ("/p/.pi/settings.json", Settings),
            ("/p/.cursor/hooks.json", Ours),
            ("/home/dev/.config/so/config.yaml", Ours),
            ("/home/dev/.codex/hooks.json", Ours),
            ("/p/.orchestrator/so-hook", Ours),
            ("/p/.orchestrator/runtime/scope.json", Ours),
            ("/p/.orchestrator/plan.yaml", Free),
            ("/p/.orchestrator/STATE.md", Ours),
            ("/p/.orchestrator/runtime/reports", Ours),
            ("/p/.orchestrator/runtime/reports/T1.md", Free),
            ("/p/.orchestrator/runtime/reports/w1/T1.md", Free),
            ("/etc/claude-code/managed-settings.json", Ours),
            ("/etc/codex/requirements.toml", Ours),
            ("/etc/hosts", Free),
            ("/home/dev/.local/bin/so", Program),
            ("/p/build/so", Free),
            ("/home/dev/.local/share/so/install.lock", Ours),
            ("/p/.orchestrator/learnings.jsonl", Ours),
            ("/p/.orchestrator/rules/convention-00aa11bb.md", Ours),
            ("/p/.orchestrator/metrics/proposals.jsonl", Ours),
            ("/p/rules/convention.md", Free),
        ] {
            assert!(expected == Free || Control::could_name(path), "{path}");
            assert_eq!(Control::of(Path::new(path), &context), expected, "{path}");
        }
    }

    #[test]
    fn the_records_in_the_main_tree_are_closed_to_a_linked_one() {
        let dir = tempfile::tempdir().unwrap();
        let (main, linked) = (dir.path().join("main"), dir.path().join("linked"));
        let context = Context { project: Some(linked.clone()), ..Context::at(&linked) };
        let of = |path: PathBuf| Control::of(&path, &context);
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
