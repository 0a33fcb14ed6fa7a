//! `templates/package/files.toml`: which files there are, and what a target is called elsewhere.

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

/// The whole table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    target: Vec<Target>,
    pub(super) file: Vec<File>,
    pub(super) archive: Vec<File>,
}

/// One target.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Target {
    triple: String,
    /// Triples of programs that run wherever this one's do.
    aliases: Vec<String>,
    os: String,
    cpu: String,
    exe: String,
    /// What `uname -s` says, and what `uname -m` says, by blanks.
    uname: Vec<String>,
    homebrew: Vec<String>,
}

/// One file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) path: String,
    #[serde(rename = "use")]
    pub(super) template: String,
    /// A file that goes over as it is.
    pub(super) copy: String,
    /// The program itself.
    pub(super) binary: bool,
    pub(super) executable: bool,
    /// `target`: once for each.
    pub(super) each: String,
    /// What must be known for it to be made.
    pub(super) needs: String,
}

impl Table {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        toml_edit::de::from_str(text).context("templates/package/files.toml")
    }

    pub(super) fn triples(&self) -> Vec<String> {
        self.target
            .iter()
            .flat_map(|target| [&target.triple].into_iter().chain(&target.aliases))
            .cloned()
            .collect()
    }

    /// What templates see of a target.
    pub(super) fn target(&self, triple: &str) -> anyhow::Result<Value> {
        let fits =
            |target: &&Target| target.triple == triple || target.aliases.iter().any(|alias| alias == triple);
        let target = self.target.iter().find(fits).with_context(|| {
            format!("there is no target `{triple}`; known: {}", self.triples().join(", "))
        })?;
        let machines = target.uname.get(1).map(String::as_str).unwrap_or_default().split_whitespace();
        let system = target.uname.first().map(String::as_str).unwrap_or_default();
        let patterns: Vec<_> = machines.map(|machine| format!("'{system} {machine}'")).collect();
        Ok(json!({
            "triple": triple, "os": target.os, "cpu": target.cpu, "exe": target.exe,
            "patterns": patterns, "homebrew": target.homebrew,
        }))
    }
}
