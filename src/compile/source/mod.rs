//! From a tree of files to a [`Plugin`], with everything that is wrong on the way.
//!
//! An error says that some client would drop, refuse or misread the item; a warning says that all load it but not
//! all do what the author wrote. Parsing never stops at the first finding.

pub(crate) mod ask;
pub(crate) mod body;
pub mod frontmatter;
pub(in crate::compile) mod item;
mod lint;
mod manifest;
mod report;
pub(crate) mod schema;
pub mod tree;

use serde_json::Value;

pub(in crate::compile) use manifest::to_json as table_to_json;

use super::model::{Plugin, Vocabulary};
use crate::diagnostic::Findings;
use tree::Tree;

/// Parses a tree.
pub fn parse(tree: &Tree, vocabulary: &Vocabulary<'_>, findings: &mut Findings) -> Plugin {
    let mut plugin = Plugin::default();
    manifest::read(tree, vocabulary, &mut plugin, findings);
    plugin.items = item::read_all(tree, findings);
    lint::check(&plugin, tree, vocabulary, findings);
    plugin
}

/// Lower-case letters, digits and single hyphens, 1–64 characters: the strictest rule of the four clients
/// (Agent Skills standard, which Cursor and Pi enforce or warn about; Codex 0.169 refuses more than 64).
pub fn is_kebab(name: &str) -> bool {
    name.len() <= 64
        && name.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// A list of strings, or one string.
pub(in crate::compile) fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
