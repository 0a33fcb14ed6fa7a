//! One item in the making: its keys, and its text in two forms.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::compile::model::Kind;
use crate::compile::source::tree::TreeFile;
use crate::rel_path::RelPath;

/// An item that a file of a client may become.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// The file that it comes from.
    pub(super) origin: String,
    /// Canonical keys, in the order in which they are written; empty for a skill that goes over as it is.
    pub(super) keys: Map<String, Value>,
    /// The text as the client has it.
    pub(super) text: String,
    /// The text as a template, when it says something that each client says in its own way.
    pub(super) template: Option<String>,
    /// A skill's files, `SKILL.md` among them, taken over byte for byte.
    pub(super) files: Vec<(RelPath, TreeFile)>,
}

impl Draft {
    /// Where it stands in a tree.
    pub(super) fn path(&self) -> String {
        match self.kind {
            Kind::Skill => format!("skills/{}/SKILL.md", self.name),
            kind => format!("{}/{}.md", kind.folder(), self.name),
        }
    }

    /// The canonical file.
    pub(super) fn render(&self) -> String {
        let mut text = String::from("---\n");
        let body = self.template.as_ref().unwrap_or(&self.text);
        for (key, value) in &self.keys {
            match value.as_object().filter(|_| key.starts_with("x-")) {
                Some(own) => {
                    let _ = writeln!(text, "{key}:");
                    for (key, value) in own {
                        let _ = writeln!(text, "  {}: {value}", yaml_key(key));
                    }
                }
                None => {
                    let _ = writeln!(text, "{key}: {value}");
                }
            }
        }
        if self.template.is_some() {
            text.push_str("template: true\n");
        }
        let _ = write!(text, "---\n\n{}\n", body.trim_matches(['\r', '\n']));
        text
    }
}

/// A key that YAML reads as a string.
fn yaml_key(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain { key.to_owned() } else { Value::from(key).to_string() }
}
