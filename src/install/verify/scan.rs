//! The items on disk that a client would load, whoever wrote them, and those that it would drop.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Ask, Finding, Package, some};
use crate::compile::model::Kind;
use crate::compile::platform::loads::{Items, Shape};
use crate::compile::source::frontmatter::Frontmatter;
use crate::diagnostic::line_column;
use crate::install::settings;

/// Bytes of an item that are read.
const MOST: usize = 1 << 20;
/// Items of one directory that are looked at.
const MANY: usize = 2_000;
/// Documents that people leave beside items, and that are none.
const DOCUMENTS: [&str; 7] = ["README", "AGENTS", "CLAUDE", "CHANGELOG", "CONTRIBUTING", "LICENSE", "INDEX"];

/// One item.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// As the client lists it.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// It stands in the project.
    pub(super) in_project: bool,
    pub(super) head: Map<String, Value>,
    pub(super) lines: usize,
    /// What it holds: two of the same text are one item twice.
    pub(super) text: String,
}

#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) items: Vec<Item>,
    pub(super) findings: Vec<Finding>,
    /// By directory, kind and key: items that lack the key.
    lacking: BTreeMap<(String, Kind, String), Vec<String>>,
}

/// A directory of items.
struct Dir<'a> {
    rule: &'a Items,
    path: PathBuf,
    prefix: &'a str,
    in_project: bool,
    packaged: bool,
}

/// Looks into all directories of items.
pub(super) fn scan(ask: &Ask<'_>, packages: &[Package]) -> Scanned {
    let mut scanned = Scanned::default();
    for dir in dirs(ask, packages) {
        for (path, name) in files(&dir.path, dir.rule).into_iter().take(MANY) {
            read(ask, &dir, &path, &name, &mut scanned);
        }
        if dir.rule.shape == Shape::Directories {
            scanned.findings.extend(misnamed(ask, &dir));
        }
    }
    let lacking = std::mem::take(&mut scanned.lacking);
    scanned
        .findings
        .extend(lacking.iter().map(|((dir, kind, key), names)| lacks(ask, dir, *kind, key, names)));
    scanned
}

/// Items that the client drops because a key is not there.
fn lacks(ask: &Ask<'_>, dir: &str, kind: Kind, key: &str, names: &[String]) -> Finding {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let title = &ask.platform.title;
    let (has, them) = if names.len() == 1 { ("has", "it") } else { ("have", "them") };
    let effect = match ask.platform.tested {
        Some(_) => format!("{title} leaves {them} out and does not say so"),
        None => format!("{title} asks for it in its documentation"),
    };
    let kind = if names.len() == 1 { kind.folder().trim_end_matches('s') } else { kind.folder() };
    let what = format!("the {kind} {} in {dir} {has} no `{key}`: {effect}", some(&names));
    Finding::new("dropped", what, format!("write a `{key}` between the `---` lines"))
}

fn dirs<'a>(ask: &'a Ask<'_>, packages: &'a [Package]) -> Vec<Dir<'a>> {
    let mut found = Vec::new();
    for rule in &ask.platform.loads.items {
        for at in &rule.at {
            let paths = settings::files(ask.roots, at).into_iter();
            let in_project = !at.starts_with("~/");
            found.extend(paths.map(|path| Dir { rule, path, prefix: "", in_project, packaged: false }));
        }
        let Some(below) = &rule.plugin else { continue };
        found.extend(packages.iter().map(|package| Dir {
            rule,
            path: package.dir.join(below),
            prefix: &package.prefix,
            in_project: package.in_project,
            packaged: true,
        }));
    }
    found
}

/// The files of items below a directory, with the names that their places give them, sorted.
fn files(dir: &Path, rule: &Items) -> Vec<(PathBuf, String)> {
    let extension = format!(".{}", rule.extension);
    let entries = |dir: &Path| {
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    };
    let mut found = Vec::new();
    for name in entries(dir) {
        let path = dir.join(&name);
        match rule.shape {
            Shape::Directories if path.join("SKILL.md").is_file() => {
                found.push((path.join("SKILL.md"), name));
            }
            Shape::Directories => {}
            Shape::Tree if path.is_dir() => {
                found.extend(tree(&path, &name, &extension));
            }
            _ => {
                if let Some(stem) = name.strip_suffix(&extension).filter(|_| path.is_file()) {
                    found.push((path.clone(), stem.to_owned()));
                }
            }
        }
    }
    found
}

/// What stands below a directory of a tree; a directory with a SKILL.md is itself an item.
fn tree(dir: &Path, prefix: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let walk = walkdir::WalkDir::new(dir).max_depth(4).follow_links(true).sort_by_file_name();
    let files = walk.into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let named = |entry: walkdir::DirEntry| {
        let below = entry.path().strip_prefix(dir).ok()?.to_str()?;
        let stem = match below.strip_suffix("SKILL.md") {
            Some(dirs) if extension == ".md" => dirs.trim_end_matches('/'),
            _ => below.strip_suffix(extension)?,
        };
        let name = format!("{prefix}:{}", stem.replace('/', ":"));
        Some((entry.path().to_path_buf(), name.trim_end_matches(':').to_owned()))
    };
    files.filter_map(named).collect()
}

fn read(ask: &Ask<'_>, dir: &Dir<'_>, path: &Path, name: &str, scanned: &mut Scanned) {
    let shown = ask.shown(path);
    let title = &ask.platform.title;
    let Ok(mut text) = std::fs::read_to_string(path) else {
        let what = format!("{shown} cannot be read as text: {title} leaves it out");
        scanned.findings.push(Finding::new("unreadable", what, "mend its rights or its encoding"));
        return;
    };
    let most = (0..=text.len().min(MOST)).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(most.unwrap_or_default());
    let rule = dir.rule;
    let head = match head(ask, rule, &shown, &text) {
        Ok(head) => head,
        Err(finding) => {
            scanned.findings.push(finding);
            return;
        }
    };
    let is_document = DOCUMENTS.contains(&name.rsplit(':').next().unwrap_or_default());
    if head.is_none() && (rule.kind == Kind::Agent || is_document) && rule.extension == "md" {
        scanned.findings.push(stray(ask, dir, &shown, name));
        return;
    }
    let head = head.unwrap_or_default();
    let lacks = rule.needs.iter().find(|key| head.get(*key).is_none_or(|value| value.as_str() == Some("")));
    if let Some(key) = lacks {
        let dir = ask.shown(&dir.path);
        scanned.lacking.entry((dir, rule.kind, key.clone())).or_default().push(name.to_owned());
        return;
    }
    if head.get("user-invocable") == Some(&Value::Bool(false)) && rule.kind == Kind::Command {
        return; // a text beside an item: nobody is offered it
    }
    let about = head.get("description").and_then(Value::as_str).map_or(0, |about| about.chars().count());
    if let Some(tells) = rule.tells.filter(|tells| *tells < about) {
        let what =
            format!("the description in {shown} has {about} characters, and {title} tells its model {tells}");
        scanned.findings.push(Finding::new("cut", what, "say in the first sentence when to use it"));
    }
    let own = head.get("name").and_then(Value::as_str).filter(|_| rule.named);
    // In a plugin the directories stay before a name of one's own.
    let dirs =
        name.rsplit_once(':').filter(|_| dir.packaged).map_or(String::new(), |(dirs, _)| format!("{dirs}:"));
    let name = own.map_or_else(|| name.to_owned(), |own| format!("{dirs}{own}"));
    let name = format!("{}{name}", dir.prefix);
    let lines = text.lines().count();
    let path = path.to_path_buf();
    scanned.items.push(Item { kind: rule.kind, name, path, in_project: dir.in_project, head, lines, text });
}

/// The head of an item; none when it has none and needs none.
fn head(ask: &Ask<'_>, rule: &Items, shown: &str, text: &str) -> Result<Option<Map<String, Value>>, Finding> {
    let title = &ask.platform.title;
    if rule.extension == "toml" {
        return toml_edit::de::from_str(text).map(Some).map_err(|error| {
            let what =
                format!("{shown} is not valid TOML, so {title} leaves it out: {}", first(&error.to_string()));
            Finding::new("broken-toml", what, "mend that line")
        });
    }
    match Frontmatter::parse(shown, text) {
        Ok(parsed) => Ok(Some(parsed.values)),
        Err(_) if rule.lenient => Ok(Some(by_lines(text))),
        Err(error) if error.code == "frontmatter-missing" => {
            if rule.needs.is_empty() || rule.kind == Kind::Agent {
                return Ok(None);
            }
            let what = format!("{shown} has no head between `---` lines: {title} leaves it out");
            Err(Finding::new("dropped", what, "begin it with `---`, `description: \"…\"`, `---`"))
        }
        Err(error) => {
            let (line, _) = line_column(text, error.span.start);
            let message = error.message.replace("the frontmatter", "its head");
            let what =
                format!("{shown}:{line}: {message}: {title} drops the name and the description with it");
            let mend = error.help.unwrap_or_else(|| "mend that line; quote texts that hold `: `".to_owned());
            Err(Finding::new("broken-yaml", what, mend))
        }
    }
}

/// What a lenient reader takes from a head that is no YAML: the keys of its lines.
fn by_lines(text: &str) -> Map<String, Value> {
    let lines = text.lines().skip(1).take_while(|line| line.trim_end() != "---");
    let pair = |line: &str| {
        let (key, value) = line.split_once(": ")?;
        Some((key.to_owned(), Value::String(value.trim().to_owned())))
    };
    lines.filter_map(pair).collect()
}

fn first(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

fn stray(ask: &Ask<'_>, dir: &Dir<'_>, shown: &str, name: &str) -> Finding {
    let title = &ask.platform.title;
    let kind = dir.rule.kind.folder().trim_end_matches('s');
    let becomes = if dir.packaged || dir.rule.needs.is_empty() {
        format!("{title} loads it as the {kind} `{}{name}`", dir.prefix)
    } else {
        format!("{title} leaves it out")
    };
    let what = format!("{shown} is no {kind}, and {becomes}");
    Finding::new("stray-file", what, format!("move it out of {}", ask.shown(&dir.path)))
}

/// Files that are nearly a skill.
fn misnamed(ask: &Ask<'_>, dir: &Dir<'_>) -> Vec<Finding> {
    let entries = std::fs::read_dir(&dir.path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found = BTreeSet::new();
    for path in entries.filter(|path| path.is_dir()) {
        let inside = std::fs::read_dir(&path).into_iter().flatten().flatten();
        let nearly = inside.filter(|entry| {
            let name = entry.file_name();
            name.eq_ignore_ascii_case("SKILL.md") && name != "SKILL.md"
        });
        found.extend(nearly.map(|entry| {
            let shown = ask.shown(&entry.path());
            let what = format!("{shown} is not called SKILL.md: {} may not find it", ask.platform.title);
            Finding::new("dropped", what, "rename it to SKILL.md")
        }));
    }
    found.into_iter().collect()
}
