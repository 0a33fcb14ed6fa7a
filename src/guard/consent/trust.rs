//! What the person allows for good: `~/.config/so/trust.yaml`, by project. Commands that may always run, and settings
//! that loosen protection.
//!
//! For a command the hot path looks only for a line with the act's identity; the identity names the directory too, so
//! that it says all. A line that is taken out or made a comment no longer counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::refusals::Refusal;

const HEAD: &str = "\
# What you allow for good, by project. `so allow CODE always here` and `so trust` add to it; take a line out to take
# it back.
";

/// One command that may run in one directory without being asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The command on one line, shortened, secrets masked.
    pub command: String,
    /// Where.
    pub cwd: String,
    /// The rule that has something against it.
    pub rule: String,
    /// Since when, `YYYY-MM-DD`.
    pub since: String,
    /// The act's identity.
    pub sha256: String,
}

/// The file `trust.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Trust {
    commands: BTreeMap<PathBuf, Vec<Exception>>,
    settings: BTreeMap<PathBuf, BTreeMap<String, String>>,
}

impl Trust {
    /// The file's name below `~/.config/so`.
    pub const FILE: &str = "trust.yaml";

    /// Whether the text of the file allows an act.
    pub fn allow(text: &str, identity: &str) -> bool {
        text.contains(identity)
            && text.lines().any(|line| line.contains(identity) && !line.trim_start().starts_with('#'))
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// It is no such file, with line and column.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        Ok(serde_yaml::from_str(text)?)
    }

    /// The file below the person's own settings; nothing is approved when it is not there or cannot be read.
    pub fn load(config: Option<&Path>) -> Self {
        let text = config.and_then(|config| std::fs::read_to_string(config.join(Self::FILE)).ok());
        text.and_then(|text| Self::parse(&text).ok()).unwrap_or_default()
    }

    /// Whether the person has approved that a setting of the project has this value.
    pub fn approves(&self, project: &Path, key: &str, value: &str) -> bool {
        self.setting(project, key) == Some(value)
    }

    /// What is kept of a setting of the project.
    pub fn setting(&self, project: &Path, key: &str) -> Option<&str> {
        self.settings.get(project)?.get(key).map(String::as_str)
    }

    /// With one setting more.
    #[must_use]
    pub fn approving(mut self, project: &Path, key: &str, value: &str) -> Self {
        let settings = self.settings.entry(project.to_path_buf()).or_default();
        settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The commands of one project.
    pub fn commands(&self, project: &Path) -> &[Exception] {
        self.commands.get(project).map_or(&[], Vec::as_slice)
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, project: &Path, refusal: &Refusal, today: &str) -> Self {
        let Refusal { text, cwd, rule, identity, .. } = refusal.clone();
        let list = self.commands.entry(project.to_path_buf()).or_default();
        list.retain(|exception| exception.sha256 != identity);
        list.push(Exception { command: text, cwd, rule, since: today.to_owned(), sha256: identity });
        self
    }

    /// Without the `at`th of a project, counted from 0.
    #[must_use]
    pub fn without(mut self, project: &Path, at: usize) -> Self {
        if let Some(list) = self.commands.get_mut(project).filter(|list| at < list.len()) {
            list.remove(at);
        }
        self.commands.retain(|_, list| !list.is_empty());
        self
    }

    /// As the file's text: one line each. JSON is YAML.
    pub fn to_text(&self) -> String {
        let mut text = HEAD.to_owned();
        if !self.commands.is_empty() {
            text += "commands:\n";
        }
        for (project, list) in &self.commands {
            let _ = writeln!(text, "  {}:", quoted(&project.to_string_lossy()));
            for exception in list {
                let json = serde_json::to_string(exception).unwrap_or_default();
                let _ = writeln!(text, "    - {json}");
            }
        }
        if !self.settings.is_empty() {
            text += "settings:\n";
        }
        for (project, settings) in &self.settings {
            let json = serde_json::to_string(settings).unwrap_or_default();
            let _ = writeln!(text, "  {}: {json}", quoted(&project.to_string_lossy()));
        }
        text
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_comments_do_not_count() {
        let project = Path::new("/home/dev/a: \"project\"");
        let refusal = Refusal {
            text: "rm -rf 'x: y' # \\ …".into(),
            identity: "ab12".repeat(16),
            ..Refusal::default()
        };
        let file = Trust::default().with(project, &refusal, "2026-11-22");
        let text = file.to_text();
        assert_eq!(Trust::parse(&text).unwrap(), file);
        assert!(Trust::allow(&text, &refusal.identity));
        let commented = text.replace("    - ", "#    - ");
        assert!(!Trust::allow(&commented, &refusal.identity));
        assert!(file.clone().without(project, 0).commands(project).is_empty());
        let file = file.approving(project, "enforcement", "off");
        let read = Trust::parse(&file.to_text()).unwrap();
        assert_eq!(read, file);
        assert!(
            read.approves(project, "enforcement", "off") && !read.approves(project, "enforcement", "warn")
        );
        assert!(!read.approves(Path::new("/other"), "enforcement", "off"));
        assert_eq!(Trust::parse("").unwrap(), Trust::default());
        assert!(Trust::parse("commands: 3").is_err());
    }
}
