//! The Session Config: what a project says about its sessions, in one block of CLAUDE.md or AGENTS.md.
//!
//! Text → [`block::read`] → values checked against [`keys::KEYS`] → a [`Config`] that always has an answer: what the
//! project says, what was detected in it, or the default. Findings name the line and what was most likely meant.
//! Reading is pure; [`Config::load`] is the one place that touches the disk.

pub mod block;
pub mod detect;
pub mod keys;
pub mod value;

use std::collections::BTreeMap;
use std::path::Path;

use block::{Block, Entry, HEADING, Raw};
use keys::{Key, Kind, State};
pub use value::{Value, words as kind_words};

use crate::diagnostic::{Finding, Findings};
use crate::suggest::nearest;

/// Files that may hold the block, in the order in which they are read.
pub const FILES: [&str; 2] = ["CLAUDE.md", "AGENTS.md"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is the default.
    Default,
    /// It was found in the project, in this file.
    Detected(String),
    /// It stands in this file, at this line (from 1).
    File(String, usize),
    /// It stands in a file and loosens protection, but the person has not approved it: the default counts.
    Unapproved(String, usize),
}

/// One setting with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What counts.
    pub value: Value,
    /// Why.
    pub origin: Origin,
}

/// What a project says about its sessions.
#[derive(Debug, Default)]
pub struct Config {
    settings: BTreeMap<String, Setting>,
    /// What is wrong with the block.
    pub findings: Findings,
}

/// The person's approval of a value that loosens protection: key and value as written.
pub type Approves<'a> = &'a dyn Fn(&str, &str) -> bool;

impl Config {
    /// Reads the blocks of a project and what can be detected in it.
    pub fn load(project: &Path, approves: Approves<'_>) -> Self {
        let texts: Vec<(&str, String)> = FILES
            .iter()
            .filter_map(|file| Some((*file, std::fs::read_to_string(project.join(file)).ok()?)))
            .collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(file, text)| (*file, text.as_str())).collect();
        let mut config = Self::of(&texts, approves);
        config.detect(&detect::commands(project));
        config
    }

    /// Reads the blocks of `files` (name and text).
    pub fn of(files: &[(&str, &str)], approves: Approves<'_>) -> Self {
        let mut config = Self::default();
        let mut blocks: Vec<(&str, &str, Block)> = Vec::new();
        for (file, text) in files {
            let Some(block) = block::read(text) else { continue };
            // One file may be a link to the other, or hold the same block.
            if !blocks.iter().any(|(_, other, _)| other == text) {
                blocks.push((file, text, block));
            }
        }
        for (file, text, block) in &blocks {
            config.take(file, text, block, approves);
        }
        if let [(first, text, block), (second, _, other), ..] = blocks.as_slice() {
            config.compare((first, text, block), (second, other));
        }
        config
    }

    /// What counts for a key that is listed in [`keys::KEYS`].
    pub fn get(&self, name: &str) -> Setting {
        self.settings.get(name).cloned().unwrap_or_else(|| {
            let default = keys::named(name).map_or(Value::None, Value::default_of);
            Setting { value: default, origin: Origin::Default }
        })
    }

    /// Whether a switch is on.
    pub fn is(&self, name: &str) -> bool {
        self.get(name).value == Value::Bool(true)
    }

    /// A text, a command or a choice; `None` for nothing and for `none`.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name).value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number; by `mode` where the key has numbers for some.
    pub fn int(&self, name: &str, mode: &str) -> Option<i64> {
        match self.get(name).value {
            Value::Int(number) => Some(number),
            Value::IntByMode(number, modes) => Some(modes.get(mode).copied().unwrap_or(number)),
            _ => None,
        }
    }

    /// All keys that something reads, with what counts.
    pub fn all(&self) -> Vec<(&'static Key, Setting)> {
        let shown = |key: &&Key| !matches!(key.state, State::Dropped { .. });
        keys::KEYS.iter().filter(shown).map(|key| (key, self.get(key.name))).collect()
    }

    /// Keys that are set and that nothing reads yet, each with its file and line.
    pub fn idle(&self) -> Vec<(&'static Key, &str, usize)> {
        let idle = self.settings.iter().filter_map(|(name, setting)| {
            let key = keys::named(name).filter(|key| matches!(key.state, State::Later(_)))?;
            let Origin::File(file, line) = &setting.origin else { return None };
            Some((key, file.as_str(), *line))
        });
        let mut idle: Vec<_> = idle.collect();
        idle.sort_by_key(|(key, file, line)| (key.name, *file, *line));
        idle.dedup_by_key(|(key, ..)| key.name);
        idle
    }

    fn detect(&mut self, found: &[(&str, String, String)]) {
        for (name, command, file) in found {
            self.settings.entry((*name).to_owned()).or_insert_with(|| Setting {
                value: Value::Text(command.clone()),
                origin: Origin::Detected(file.clone()),
            });
        }
    }

    fn take(&mut self, file: &str, text: &str, block: &Block, approves: Approves<'_>) {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for span in &block.odd {
            let finding = Finding::warning("not-a-setting", file, "this line is no `key: value`");
            self.findings
                .push(finding.at(span.clone()).help("keys are lower case with hyphens: `test-command: …`"));
        }
        for entry in block.entries.iter().filter(|entry| !block.is_heading(entry)) {
            let line = line(text, entry);
            // Items of a list have keys of their own, and each the same ones.
            let again = seen.insert(&entry.key, line).filter(|_| keys::exact(&entry.key).is_some());
            if let Some(first) = again {
                let message = format!("`{}` is set twice, in line {first} too", entry.key);
                let finding = Finding::error("duplicate-key", file, message).at(entry.span.clone());
                self.findings.push(finding.help("the last one counts; remove the other"));
            }
            self.entry(file, line, entry, approves);
        }
    }

    fn entry(&mut self, file: &str, line: usize, entry: &Entry, approves: Approves<'_>) {
        let Some(key) = known(file, entry, &mut self.findings) else { return };
        let value = match Value::read(key, &entry.value) {
            Ok(value) => value,
            Err(why) => {
                let message = format!("`{}` {why}", entry.key);
                let finding = Finding::error("wrong-value", file, message).at(entry.span.clone());
                self.findings
                    .push(finding.help(format!("the default counts until then: {}", shown_default(key))));
                return;
            }
        };
        let written = value.to_string();
        let unapproved =
            matches!(key.state, State::Loosens(loose) if loose == written) && !approves(key.name, &written);
        let setting = if unapproved {
            let message = format!("`{}: {written}` loosens protection and is not approved", key.name);
            let finding = Finding::warning("not-approved", file, message).at(entry.span.clone());
            self.findings
                .push(finding.help("the person approves it with `so trust`; until then the default counts"));
            let origin = Origin::Unapproved(file.to_owned(), line);
            Setting { value: Value::default_of(key), origin }
        } else {
            Setting { value, origin: Origin::File(file.to_owned(), line) }
        };
        // `templates-first.enabled` is another spelling of `templates-first`.
        let name = if key.kind == Kind::Bool { key.name } else { entry.key.as_str() };
        let is_item = keys::exact(name).is_none();
        let stays = self.settings.get(name).is_some_and(|old| {
            is_item
                || matches!(&old.origin, Origin::File(other, _) if other != file)
                    && !key.is_stricter(&setting.value, &old.value)
        });
        if !stays {
            self.settings.insert(name.to_owned(), setting);
        }
    }

    /// Two blocks that differ are an error; the stricter value of each key counts until it is mended.
    fn compare(&mut self, first: (&str, &str, &Block), second: (&str, &Block)) {
        let (file, text, block) = first;
        let values = |block: &Block| -> BTreeMap<String, Raw> {
            block.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
        };
        if values(block) == values(second.1) {
            return;
        }
        let line = crate::diagnostic::line_column(text, block.heading.start).0;
        let message = format!("a second, differing `{HEADING}`; the other is {file}:{line}");
        let finding = Finding::error("two-blocks", second.0, message).at(second.1.heading.clone());
        self.findings.push(finding.help("keep one; until then the stricter value of each key counts"));
    }
}

fn line(text: &str, entry: &Entry) -> usize {
    crate::diagnostic::line_column(text, entry.span.start).0
}

/// The key of an entry that has a meaning; says so when it has none.
fn known(file: &str, entry: &Entry, findings: &mut Findings) -> Option<&'static Key> {
    match keys::named(&entry.key) {
        Some(Key { state: State::Dropped { why, instead }, .. }) => {
            let message = format!("`{}` has no effect: {why}", entry.key);
            findings
                .push(Finding::warning("dropped-key", file, message).at(entry.span.clone()).help(*instead));
            None
        }
        Some(key) => Some(key),
        None if keys::is_head(&entry.key) => None,
        None => {
            let finding = Finding::error("unknown-key", file, format!("unknown key `{}`", entry.key));
            let help = nearest(&entry.key, keys::KEYS.iter().map(|key| key.name))
                .map_or("`so config explain` lists all keys".to_owned(), |known| {
                    format!("did you mean `{known}`?")
                });
            findings.push(finding.at(entry.span.clone()).help(help));
            None
        }
    }
}

fn shown_default(key: &Key) -> String {
    if key.default.is_empty() { "nothing".to_owned() } else { format!("`{}`", key.default) }
}

impl Key {
    /// Whether `new` protects more than `old`, as far as the two can be compared.
    fn is_stricter(&self, new: &Value, old: &Value) -> bool {
        match (self.kind, new, old) {
            (Kind::Choice(order), Value::Text(new), Value::Text(old)) => {
                let rank = |word: &str| order.iter().position(|known| *known == word);
                rank(new) < rank(old)
            }
            (Kind::Bool, Value::Bool(new), Value::Bool(_)) => {
                matches!(self.state, State::Loosens(loose) if loose != new.to_string())
            }
            (_, Value::Int(new), Value::Int(old)) => new < old,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::of(&[("CLAUDE.md", &format!("{HEADING}\n{text}\n"))], &|_, _| false)
    }

    fn codes(config: &Config) -> Vec<&str> {
        config.findings.sorted().iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn without_a_block_the_defaults_count() {
        let config = Config::of(&[("CLAUDE.md", "# Project\n")], &|_, _| false);
        assert_eq!(config.int("waves", ""), Some(5));
        assert_eq!(config.text("enforcement").as_deref(), Some("warn"));
        assert!(config.findings.is_empty() && config.is("persistence"));
    }

    #[test]
    fn what_is_wrong_is_found_and_the_default_counts() {
        for (text, code) in [
            ("test-comand: x", "unknown-key"),
            ("waves: many", "wrong-value"),
            ("waves: 99", "wrong-value"),
            ("enforcement: hard", "wrong-value"),
            ("persistence: yes", "wrong-value"),
            ("templates-first: none", "wrong-value"),
            ("templates-first:\n  enabled: false", "not-approved"),
            ("enforcement: null", "wrong-value"),
            ("waves:", "wrong-value"),
            ("waves: 4\nwaves: 5", "duplicate-key"),
            ("pencil: x", "dropped-key"),
            ("- Test Command: x", "not-a-setting"),
            ("enforcement: off", "not-approved"),
        ] {
            assert_eq!(codes(&config(text)), [code], "{text}");
        }
        assert_eq!(config("waves: 99").int("waves", ""), Some(5));
        assert_eq!(config("enforcement: off").text("enforcement").as_deref(), Some("warn"));
        let help = config("test-comand: x").findings.sorted()[0].help.clone();
        assert_eq!(help.as_deref(), Some("did you mean `test-command`?"));
    }

    #[test]
    fn what_loosens_counts_when_the_person_approved_exactly_that() {
        let text = format!("{HEADING}\nenforcement: off\nallow-config-weakening: true\n");
        let config =
            Config::of(&[("AGENTS.md", &text)], &|key, value| (key, value) == ("enforcement", "off"));
        assert_eq!(config.text("enforcement").as_deref(), Some("off"));
        assert!(!config.is("allow-config-weakening"));
        assert_eq!(config.get("allow-config-weakening").origin, Origin::Unapproved("AGENTS.md".into(), 3));
    }

    #[test]
    fn of_two_blocks_the_stricter_value_counts() {
        let one = format!("{HEADING}\nenforcement: warn\nwaves: 4\n");
        let two = format!("{HEADING}\nenforcement: strict\nwaves: 6\n");
        let config = Config::of(&[("CLAUDE.md", &one), ("AGENTS.md", &two)], &|_, _| false);
        assert_eq!(codes(&config), ["two-blocks"]);
        assert_eq!(config.text("enforcement").as_deref(), Some("strict"));
        assert_eq!(config.int("waves", ""), Some(4));
        let same = Config::of(&[("CLAUDE.md", &one), ("AGENTS.md", &one)], &|_, _| false);
        assert!(same.findings.is_empty());
    }

    #[test]
    fn a_switch_may_stand_below_its_name_and_items_of_a_list_have_keys_of_their_own() {
        let both = config(
            "templates-first:\n  enabled: true\ncustom-phases:\n  - name: a\n    command: make a\n  - name: b\n    command: make b",
        );
        assert_eq!(codes(&both), [""; 0]);
        assert!(both.is("templates-first"));
        assert_eq!(
            both.idle().iter().map(|(key, _, line)| (key.name, *line)).collect::<Vec<_>>(),
            [("custom-phases", 5)]
        );
    }

    #[test]
    fn numbers_may_differ_by_mode() {
        let config = config("agents-per-wave: 6 (deep: 18, housekeeping: 2)");
        let of = |mode| config.int("agents-per-wave", mode);
        assert_eq!((of("deep"), of("housekeeping"), of("feature")), (Some(18), Some(2), Some(6)));
    }
}
