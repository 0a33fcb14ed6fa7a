//! What the tree makes of the client's files again, held against them: what differs is said.

use serde_json::{Map, Value};

use super::draft::Draft;
use super::settle::Compiler;
use super::{Sketch, row_for};
use crate::compile::artifact::{ArtifactSet, Content, Edit};
use crate::compile::model::{Kind, Plugin};
use crate::compile::platform::{Incoming, Platform, Scope, Target};
use crate::compile::source::strings;
use crate::diagnostic::Findings;
use crate::rel_path::RelPath;

/// Builds for the client that the files came from, and notes each key and text that comes out otherwise.
pub(super) fn again(plugin: &Plugin, platform: &Platform, compiler: &Compiler<'_>, sketch: &mut Sketch) {
    let set = compiler.emit(plugin, Target { platform, scope: Scope::Project }, &mut Findings::default());
    let mut notes = Vec::new();
    for draft in &sketch.drafts {
        let differences = if draft.kind == Kind::Skill && !draft.files.is_empty() {
            skill(draft, &set)
        } else {
            item(draft, platform, sketch, &set)
        };
        notes.extend(differences.into_iter().map(|(what, why)| (draft.origin.clone(), what, why)));
    }
    for (path, what, why) in notes {
        sketch.note(&path, what, why);
    }
}

type Difference = (String, String);

fn lost(what: &str) -> Difference {
    (what.to_owned(), "does not come back when it is built again".to_owned())
}

/// Each file of the skill stands somewhere, byte for byte.
fn skill(draft: &Draft, set: &ArtifactSet) -> Vec<Difference> {
    let there = |below: &RelPath, bytes: &[u8]| {
        let end = format!("/{}/{below}", draft.name);
        set.iter().any(|(place, artifact)| {
            place.path.as_str().ends_with(&end)
                && matches!(&artifact.content, Content::File { bytes: built, .. } if built == bytes)
        })
    };
    let missing = draft.files.iter().filter(|(below, file)| !there(below, &file.bytes));
    missing.map(|(below, _)| lost(below.as_str())).collect()
}

fn item(draft: &Draft, platform: &Platform, sketch: &Sketch, set: &ArtifactSet) -> Vec<Difference> {
    let Ok(path) = RelPath::new(draft.origin.clone()) else { return Vec::new() };
    let Some(row) = row_for(&path, &platform.import) else { return Vec::new() };
    let original = sketch.found.get(&path).and_then(|file| std::str::from_utf8(&file.bytes).ok());
    let Some((keys, text)) = original
        .and_then(|text| super::item::split(path.as_str(), text.trim_start_matches('\u{feff}'), row).ok())
    else {
        return Vec::new();
    };
    let Some(built) = built(draft, row, platform, set) else {
        let block = set.iter().any(|(_, artifact)| holds_block(&artifact.content, &draft.text));
        return if block { Vec::new() } else { vec![lost("the whole file")] };
    };
    let Ok((new_keys, new_text)) = super::item::split(path.as_str(), &built, row) else {
        return vec![lost("the keys")];
    };
    let mut differences = different_keys(&keys, &new_keys);
    if new_text.trim() != text.trim() {
        let same = draft.template.is_some();
        let why = if same { "comes back in other words, to the same effect" } else { "comes back otherwise" };
        differences.push(("the text".to_owned(), why.to_owned()));
    }
    differences
}

fn holds_block(content: &Content, text: &str) -> bool {
    let Content::Edits { edits, .. } = content else { return false };
    edits.iter().any(|edit| matches!(edit, Edit::Block { text: block, .. } if block.contains(text.trim())))
}

/// The file that stands for the draft in a build.
fn built(draft: &Draft, row: &Incoming, platform: &Platform, set: &ArtifactSet) -> Option<String> {
    let name = platform.emitted_name(Scope::Project, draft.kind, &draft.name);
    let stands = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
        stem == name || stem.ends_with(&format!("-{name}")) || path.ends_with(&format!("/{name}/SKILL.md"))
    };
    let same_folder = |path: &str| path.split('/').next() == row.from.split('/').next();
    let found = set.iter().filter(|(place, _)| stands(place.path.as_str()));
    let best = found.max_by_key(|(place, _)| same_folder(place.path.as_str()))?;
    match &best.1.content {
        Content::File { bytes, .. } => String::from_utf8(bytes.clone()).ok(),
        Content::Edits { .. } => None,
    }
}

fn different_keys(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (key, value) in old {
        match new.get(key) {
            None if is_nothing(value) => {}
            None => differences.push(lost(&format!("`{key}`"))),
            Some(there) if same(value, there) => {}
            Some(there) => differences.push((
                format!("`{key}`"),
                format!("comes back as {}", crate::plain::line(&there.to_string(), 80)),
            )),
        }
    }
    differences
}

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || value.as_str().is_some_and(str::is_empty)
}

/// The same value, or the same list written in another way.
fn same(old: &Value, new: &Value) -> bool {
    let parts = |value: &Value| -> Vec<String> {
        let text = strings(Some(value)).join(",");
        text.split(',')
            .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|part| !part.is_empty())
            .collect()
    };
    old == new || !parts(old).is_empty() && parts(old) == parts(new)
}
