//! What a project checks: `.orchestrator/policy/gates.yaml`, else the Session Config, else what is detected.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use super::Variant;
use crate::guard::shell;
use crate::session::config::{Config, Origin};
use crate::{env, fs};

/// Where a project says it itself.
const FILE: &str = ".orchestrator/policy/gates.yaml";

/// The checks of the Session Config and their names.
const KEYS: [(&str, &str); 3] =
    [("test", "test-command"), ("typecheck", "typecheck-command"), ("lint", "lint-command")];

const LIMIT: Duration = Duration::from_secs(15 * 60);

/// One check of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// Its name.
    pub name: String,
    /// Its command; `None` when nothing is configured or detected.
    pub command: Option<String>,
    /// The project switched it off.
    pub is_skipped: bool,
    /// How long it may take.
    pub limit: Duration,
    /// The file or key that says so.
    pub origin: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    checks: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    name: String,
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    skip: bool,
    #[serde(default)]
    minutes: Option<u64>,
    /// The gates it belongs to; all but `file` without it.
    #[serde(default, rename = "in")]
    within: Vec<Variant>,
}

/// The checks that belong to a gate.
///
/// # Errors
/// The project's own file cannot be read or understood; with the line.
pub fn configured(project: &Path, config: &Config, variant: Variant) -> anyhow::Result<Vec<Configured>> {
    if let Some(bytes) = fs::read_optional(&project.join(FILE))? {
        let file: File = serde_yaml::from_slice(&bytes).with_context(|| {
            format!("`{FILE}` cannot be understood; it holds `checks:`, a list of `name`, `command`, `skip`, `minutes`, `in`")
        })?;
        return Ok(file
            .checks
            .into_iter()
            .filter(|entry| entry.belongs_to(variant))
            .map(Entry::check)
            .collect());
    }
    if matches!(variant, Variant::File | Variant::Acceptance) {
        return Ok(Vec::new());
    }
    Ok(KEYS.iter().map(|(name, key)| of_config(config, name, key)).collect())
}

fn of_config(config: &Config, name: &str, key: &str) -> Configured {
    let setting = config.get(key);
    let command = config.text(key);
    let minutes = config.int("gate-timeout-minutes", "").and_then(|minutes| u64::try_from(minutes).ok());
    Configured {
        name: name.to_owned(),
        is_skipped: command.is_none() && matches!(setting.origin, Origin::File(..)),
        command,
        limit: minutes.map_or(LIMIT, of_minutes),
        origin: match setting.origin {
            Origin::Detected(file) => format!("{key}, detected in {file}"),
            Origin::File(file, line) | Origin::Unapproved(file, line) => format!("{key}, {file}:{line}"),
            Origin::Default => key.to_owned(),
        },
    }
}

fn of_minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes.saturating_mul(60))
}

impl Entry {
    fn belongs_to(&self, variant: Variant) -> bool {
        let like = if variant == Variant::Baseline { Variant::Full } else { variant };
        match self.within.as_slice() {
            [] => variant != Variant::File,
            within => within.contains(&variant) || within.contains(&like),
        }
    }

    fn check(self) -> Configured {
        Configured {
            is_skipped: self.skip,
            command: self.command.filter(|command| !command.trim().is_empty()),
            limit: self.minutes.map_or(LIMIT, of_minutes),
            name: self.name,
            origin: FILE.to_owned(),
        }
    }
}

/// Commands that do nothing and so prove nothing.
const NOTHING: &[&str] = &[":", "true", "echo", "printf", "exit"];

/// Whether the command cannot fail: it only says something, or ends in something that always succeeds.
pub fn is_stub(command: &str) -> bool {
    let script = shell::read(command);
    let Some(last) = script.commands.iter().rfind(|command| !command.words.is_empty()) else { return true };
    let name = last.words.first().and_then(shell::Word::as_literal).unwrap_or_default();
    let fails =
        name == "exit" && last.words.get(1).and_then(shell::Word::as_literal).is_some_and(|code| code != "0");
    let is_nothing = NOTHING.contains(&name.as_str()) && !fails;
    // `a && echo ok` fails with `a`; `a || true`, `a; true` and `a | tee log` do not.
    let joins = command.contains("&&") && !command.contains("||") && !command.contains(';');
    is_nothing && !joins
        || !last.upstream.is_empty()
            && ["tee", "cat", "head", "tail"].contains(&name.as_str())
            && !command.contains("pipefail")
}

/// The program that the command starts with, when nothing is found by that name.
pub(super) fn missing(project: &Path, command: &str) -> Option<String> {
    let script = shell::read(command);
    let first = script.commands.iter().find(|command| !command.words.is_empty())?;
    let name = first.words.first()?.as_literal()?;
    let is_there = if name.contains('/') {
        project.join(&name).exists()
    } else {
        BUILTINS.contains(&name.as_str())
            || script.functions.iter().any(|f| f.name == name)
            || env::which(&name).is_some()
    };
    (!is_there).then_some(name)
}

const BUILTINS: &[&str] = &[
    "cd", "set", "export", "eval", "exec", ".", "source", "test", "[", "umask", "ulimit", "unset", "command",
    "if", "for", "while", "trap", "wait",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_fail_is_a_stub() {
        for (command, stub) in [
            ("echo ok", true),
            (":", true),
            ("cargo test || true", true),
            ("cargo test; true", true),
            ("cargo test | tee log", true),
            ("set -o pipefail; cargo test | tee log", false),
            ("cargo test && echo ok", false),
            ("cargo test", false),
            ("echo start; cargo test", false),
            ("exit 1", false),
        ] {
            assert_eq!(is_stub(command), stub, "{command}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_missing() {
        let dir = Path::new("/");
        assert_eq!(missing(dir, "no-such-tool --x").as_deref(), Some("no-such-tool"));
        assert_eq!(missing(dir, "A=1 sh -c true"), None);
        assert_eq!(missing(dir, "cd sub && make"), None);
    }
}
