//! One file of a client to one draft of an item.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::{Sketch, arguments};
use crate::compile::model::Kind;
use crate::compile::platform::{Holds, Incoming, Platform};
use crate::compile::source::frontmatter::Frontmatter;
use crate::compile::source::item::schema_of;
use crate::compile::source::strings;
use crate::compile::source::tree::TreeFile;
use crate::rel_path::RelPath;

/// Characters of a description that is made from a text.
const DESCRIPTION: usize = 200;

/// Adds what `file` may become to the sketch, or why not.
pub(super) fn read(
    path: &RelPath,
    file: &TreeFile,
    row: &Incoming,
    platform: &Platform,
    sketch: &mut Sketch,
) {
    let Holds::Item(kind) = row.holds else { return };
    let rest = path.as_str().strip_prefix(row.from.as_str()).unwrap_or_default().trim_start_matches('/');
    if kind == Kind::Skill {
        return skill_file(path, rest, file, row, sketch);
    }
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        return sketch.note(path.as_str(), "not taken", "it is not UTF-8");
    };
    let text = text.trim_start_matches('\u{feff}');
    let (keys, body) = match split(path.as_str(), text, row) {
        Ok(parts) => parts,
        Err(why) => return sketch.note(path.as_str(), "not taken", why),
    };
    let written =
        row.name.clone().unwrap_or_else(|| rest.strip_suffix(row.ext.as_str()).unwrap_or(rest).to_owned());
    let name = kebab(&written);
    if name.is_empty() {
        return sketch.note(path.as_str(), "not taken", "its name has no letter that every client accepts");
    }
    if name != written && row.name.is_none() {
        sketch.note(
            path.as_str(),
            "name",
            format!("becomes `{name}`: clients differ about any other spelling"),
        );
    }
    let body = without_blocks(path.as_str(), &body, sketch);
    let draft = Assembly { path, row, platform, kind, name }.draft(keys, body, sketch);
    add(draft, sketch);
}

fn add(draft: Draft, sketch: &mut Sketch) {
    if sketch.drafts.iter().any(|other| other.kind == draft.kind && other.name == draft.name) {
        let why = format!("another {} is called `{}`", draft.kind.word(), draft.name);
        return sketch.note(&draft.origin, "not taken", why);
    }
    sketch.drafts.push(draft);
}

/// A file of a skill goes over as it is.
fn skill_file(path: &RelPath, rest: &str, file: &TreeFile, row: &Incoming, sketch: &mut Sketch) {
    let Some((name, below)) = rest.split_once('/') else {
        return sketch.note(path.as_str(), "not taken", "a skill is a directory with a SKILL.md");
    };
    let origin = format!("{}/{name}", row.from);
    let Ok(place) = RelPath::new(below) else { return };
    let mut file = file.clone();
    if let Some([closing, words]) = &row.closed
        && below == "SKILL.md"
        && sketch.found.get(&beside(path, closing)).is_some_and(|said| holds(said, words))
        && let Some(closed) = closed(&file.bytes)
    {
        file.bytes = closed;
        sketch.note(
            path.as_str(),
            "disable-model-invocation",
            format!("added: `{closing}` says it to this client only"),
        );
    }
    let there = sketch.drafts.iter_mut().find(|draft| draft.kind == Kind::Skill && draft.name == name);
    match there {
        Some(draft) if draft.origin == origin => draft.files.push((place, file)),
        Some(_) => sketch.note(path.as_str(), "not taken", format!("another skill is called `{name}`")),
        None => sketch.drafts.push(Draft {
            kind: Kind::Skill,
            name: name.to_owned(),
            origin,
            keys: Map::new(),
            text: String::new(),
            template: None,
            files: vec![(place, file)],
        }),
    }
}

fn beside(path: &RelPath, name: &str) -> RelPath {
    let dir = path.as_str().rsplit_once('/').map_or("", |(dir, _)| dir);
    RelPath::new(format!("{dir}/{name}")).unwrap_or_else(|_| path.clone())
}

fn holds(file: &TreeFile, words: &str) -> bool {
    String::from_utf8_lossy(&file.bytes).contains(words)
}

/// The skill with the key that all other clients know; nothing when it has it, or no frontmatter.
fn closed(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let rest = text.strip_prefix("---\n").filter(|rest| !rest.contains("disable-model-invocation:"))?;
    Some(format!("---\ndisable-model-invocation: true\n{rest}").into_bytes())
}

/// The keys and the text of a file.
pub(super) fn split(path: &str, text: &str, row: &Incoming) -> Result<(Map<String, Value>, String), String> {
    if let Some(key) = &row.text {
        let document = toml_edit::Document::parse(text)
            .map_err(|error| format!("not valid TOML: {}", error.message()))?;
        let mut keys = crate::compile::source::table_to_json(document.as_table());
        let body = keys.remove(key).and_then(|body| body.as_str().map(str::to_owned)).unwrap_or_default();
        return Ok((keys, body));
    }
    if text.lines().next().is_none_or(|line| line.trim_end() != "---") {
        return Ok((Map::new(), text.to_owned()));
    }
    match Frontmatter::parse(path, text) {
        Ok(front) => Ok((front.values, text.get(front.body_start..).unwrap_or_default().to_owned())),
        Err(finding) => by_line(text).ok_or(finding.message),
    }
}

/// Keys as a client reads them that knows no YAML: `globs: *.ts` is common and no YAML at all.
fn by_line(text: &str) -> Option<(Map<String, Value>, String)> {
    let (front, body) =
        text.strip_prefix("---")?.trim_start_matches('\r').strip_prefix('\n')?.split_once("\n---")?;
    let body = body.split_once('\n').map_or("", |(_, body)| body);
    let mut keys = Map::new();
    for line in front.lines().filter(|line| !line.trim().is_empty()) {
        let (key, value) = line.split_once(':')?;
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return None;
        }
        let value = value.trim().trim_matches('"');
        keys.insert(key.to_owned(), value.parse::<bool>().map_or_else(|_| json!(value), Value::from));
    }
    Some((keys, body.to_owned()))
}

/// A text without the blocks that `so` wrote into it.
fn without_blocks(path: &str, text: &str, sketch: &mut Sketch) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("<!-- so:") {
        let Some((name, inside)) = after.split_once(" -->") else { break };
        let Some((_, behind)) = inside.split_once(&format!("<!-- /so:{name} -->")) else { break };
        sketch.note(path, format!("block `{name}`"), "so wrote it from a tree: import that tree instead");
        out.push_str(before);
        rest = behind.trim_start_matches('\n');
    }
    out + rest
}

/// What is known of one file while its keys are gone through.
struct Assembly<'a> {
    path: &'a RelPath,
    row: &'a Incoming,
    platform: &'a Platform,
    kind: Kind,
    name: String,
}

impl Assembly<'_> {
    fn draft(self, client: Map<String, Value>, body: String, sketch: &mut Sketch) -> Draft {
        let (mut keys, mut own) = (Map::new(), Map::new());
        for (key, value) in client {
            self.key(&key, value, &mut keys, &mut own, sketch);
        }
        let always = self.row.always.as_ref().map(|key| own.remove(key) == Some(Value::Bool(true)));
        let described =
            keys.get("description").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        if !described {
            keys.insert("description".into(), json!(first_words(&body, &self.name)));
        }
        let globs = keys.get("globs").is_some();
        // A rule that is neither always there nor for files is opened by its description, or by its name alone.
        let asked_for = always == Some(false) && !globs;
        let kind = if asked_for { Kind::Skill } else { self.kind };
        if asked_for && !described {
            keys.insert("user-only".into(), json!(true));
        }
        if kind == Kind::Rule && !globs {
            keys.insert("always".into(), json!(true));
        }
        let (template, differs) = arguments::template(&body, self.platform);
        self.says_more(&body, sketch);
        Draft {
            kind,
            keys: self.ordered(kind, keys, own),
            origin: self.path.as_str().to_owned(),
            template: (differs || asked_for).then_some(template),
            text: body,
            name: self.name,
            files: Vec::new(),
        }
    }

    /// One key of the client: canonical, canonical by another name, or for this client only.
    fn key(
        &self,
        key: &str,
        value: Value,
        keys: &mut Map<String, Value>,
        own: &mut Map<String, Value>,
        sketch: &mut Sketch,
    ) {
        let known = schema_of(self.kind).properties().any(|(name, _)| name == key);
        let named = self.row.keys.get(key).map(String::as_str);
        if key == "name" {
            if value.as_str().is_some_and(|written| written != self.name) {
                sketch.note(self.path.as_str(), "name", format!("the file's name counts: `{}`", self.name));
            }
        } else if let Some(access) = self.row.read_only.as_ref().filter(|access| access.key == key) {
            let listed = list(&value);
            let only = value.is_string() || value.is_array();
            let reads = access.is.contains(&value)
                || only && !listed.is_empty() && listed.iter().all(|tool| access.is.contains(&json!(tool)));
            if reads {
                keys.insert("access".into(), json!("read-only"));
            }
            // The client's own list is kept: it may be narrower than what read-only stands for.
            if !reads || only && !access.is.contains(&value) {
                own.insert(key.to_owned(), value);
            }
        } else if named == Some("globs") {
            let globs = list(&value);
            if !globs.is_empty() {
                keys.insert("globs".into(), json!(globs));
            }
        } else if named == Some("model") {
            match self.class(&value) {
                Some(class) => drop(keys.insert("model".into(), json!(class))),
                None => drop(own.insert(key.to_owned(), value)),
            }
        } else if key == "description" {
            let line = value.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            keys.insert(key.to_owned(), json!(line));
        } else if known && !matches!(key, "template" | "access" | "model" | "output") {
            keys.insert(key.to_owned(), value);
        } else {
            own.insert(key.to_owned(), value);
        }
    }

    /// The class of a model that the client calls so.
    fn class(&self, value: &Value) -> Option<String> {
        let name = value.as_str()?;
        let class =
            self.platform.models.iter().find(|(_, known)| *known == name).map(|(class, _)| class.clone());
        class.or_else(|| (name == "inherit").then(|| name.to_owned()))
    }

    /// What some clients do with a text that others do not.
    fn says_more(&self, body: &str, sketch: &mut Sketch) {
        if self.kind == Kind::Command && body.contains("!`") {
            sketch.note(
                self.path.as_str(),
                "!`…`",
                "other clients do not run commands while they read a text",
            );
        }
        if body.lines().any(|line| line.starts_with('@') && line.len() > 1) {
            sketch.note(self.path.as_str(), "@…", "other clients do not read the files that a text names so");
        }
    }

    /// The keys in the order of the schema, then those for this client.
    fn ordered(
        &self,
        kind: Kind,
        mut keys: Map<String, Value>,
        own: Map<String, Value>,
    ) -> Map<String, Value> {
        let mut ordered = Map::new();
        if !matches!(kind, Kind::Command | Kind::Rule) {
            ordered.insert("name".into(), json!(self.name));
        }
        for (key, _) in schema_of(kind).properties() {
            if let Some(value) = keys.remove(key) {
                ordered.insert(key.to_owned(), value);
            }
        }
        if !own.is_empty() {
            ordered.insert(format!("x-{}", self.platform.id), Value::Object(own));
        }
        ordered
    }
}

/// `a, b` or `[a, b]`.
fn list(value: &Value) -> Vec<String> {
    let parts = strings(Some(value));
    parts
        .iter()
        .flat_map(|part| part.split(','))
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The first line that says something.
fn first_words(body: &str, name: &str) -> String {
    let line = body
        .lines()
        .map(|line| line.trim_start_matches(['#', '-', '*', '>', ' ']).trim())
        .find(|line| !line.is_empty());
    crate::plain::line(line.unwrap_or(name), DESCRIPTION)
}

/// A name that every client accepts.
pub(super) fn kebab(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let short: String = name.chars().take(64).collect();
    short.trim_end_matches('-').to_owned()
}
