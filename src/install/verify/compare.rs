//! What is on disk against the locks, against itself, and against what the client says it loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::scan::Item;
use super::{Answer, Ask, Finding, some};
use crate::compile::model::Kind;
use crate::compile::platform::Scope;

/// Files of ours that are gone.
pub(super) fn missing(ask: &Ask<'_>) -> Vec<Finding> {
    let gone: Vec<_> = ask.written.iter().filter(|written| !written.path.exists()).collect();
    let mut by_dir: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for written in gone {
        let dir = written.path.ancestors().skip(1).find(|dir| dir.exists()).unwrap_or(Path::new("/"));
        let below = written.path.strip_prefix(dir).unwrap_or(&written.path);
        let first = below.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let names = by_dir.entry(dir.to_path_buf()).or_default();
        names.extend(first.filter(|first| !names.contains(first)));
    }
    let finding = |(dir, names): (PathBuf, Vec<String>)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let are = if names.len() == 1 { "it is" } else { "they are" };
        let what = format!("so wrote {} into {}, and {are} gone", some(&names), ask.shown(&dir));
        Finding::new("missing", what, ask.again(" --force"))
    };
    by_dir.into_iter().map(finding).collect()
}

fn pronoun(names: &[&str]) -> &'static str {
    if names.len() == 1 { "it" } else { "them" }
}

/// A name and where it stands.
type Twice<'a> = (&'a str, Vec<String>);

/// Names that stand more than once where one client reads.
pub(super) fn twice(ask: &Ask<'_>, items: &[Item]) -> Vec<Finding> {
    let mut by_name: BTreeMap<(Kind, &str), BTreeMap<PathBuf, &Item>> = BTreeMap::new();
    for item in items.iter().filter(|item| item.kind != Kind::Rule) {
        // A link to an item is that item.
        let real = item.path.canonicalize().unwrap_or_else(|_| item.path.clone());
        by_name.entry((ask.set(item.kind), &item.name)).or_default().entry(real).or_insert(item);
    }
    let mut by_dirs: BTreeMap<(Vec<String>, bool), Vec<Twice<'_>>> = BTreeMap::new();
    for ((_, name), same) in by_name.iter().filter(|(_, same)| same.len() > 1) {
        let items: Vec<&Item> = same.values().copied().collect();
        let dirs: BTreeSet<String> = items.iter().map(|item| ask.shown(root_of(item))).collect();
        let equal = items.windows(2).all(|pair| matches!(pair, [a, b] if a.text == b.text));
        let paths = items.iter().map(|item| ask.shown(&item.path)).collect();
        by_dirs.entry((dirs.into_iter().collect(), equal)).or_default().push((*name, paths));
    }
    by_dirs.into_iter().map(|((dirs, equal), names)| double(ask, &dirs, equal, &names)).collect()
}

/// The directory that the item stands in, with others like it.
fn root_of(item: &Item) -> &Path {
    let up = if item.path.ends_with("SKILL.md") { 2 } else { 1 };
    item.path.ancestors().nth(up).unwrap_or(&item.path)
}

fn double(ask: &Ask<'_>, dirs: &[String], equal: bool, names: &[Twice<'_>]) -> Finding {
    let title = &ask.platform.title;
    let same = if equal { " (the same text)" } else { "" };
    let what = if let [(name, paths)] = names {
        format!("`{name}` stands {} times for {title}{same}: {}", paths.len(), paths.join(", "))
    } else {
        let list: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        let dirs = dirs.join(" and ");
        format!("{} names stand more than once for {title}{same}, in {dirs}: {}", names.len(), some(&list))
    };
    Finding::new("duplicate", what, "keep one of them, or rename the other")
}

/// Items that the client's own names keep anybody from reaching.
pub(super) fn taken(ask: &Ask<'_>, items: &[Item]) -> Vec<Finding> {
    let platform = ask.platform;
    if !platform.loads.reserved_wins {
        return Vec::new();
    }
    let reserved = platform.reserved.get(&Scope::Project).or_else(|| platform.reserved.get(&Scope::User));
    let is_taken = |item: &&Item| {
        platform.reserved_for.contains(&item.kind) && reserved.is_some_and(|names| names.contains(&item.name))
    };
    let finding = |item: &Item| {
        let what = format!(
            "{} is out of reach: {} takes `/{}` itself",
            ask.shown(&item.path),
            platform.title,
            item.name
        );
        Finding::new("shadowed", what, "rename it")
    };
    items.iter().filter(is_taken).map(finding).collect()
}

/// The items that the client did not name.
pub(super) fn not_loaded(
    ask: &Ask<'_>,
    items: &[Item],
    answer: Option<&Answer>,
    in_project: bool,
) -> BTreeSet<PathBuf> {
    let Some(answer) = answer else { return BTreeSet::new() };
    let is_lost = |item: &&Item| {
        let asked = in_project || !item.in_project;
        // It is offered when such a file is met, or to nobody.
        let hidden = item.head.get("user-invocable") == Some(&serde_json::Value::Bool(false));
        let conditional = hidden || item.head.contains_key("paths");
        let names = answer.names.get(&ask.set(item.kind));
        asked && !conditional && names.is_some_and(|names| !names.contains(&item.name))
    };
    items.iter().filter(is_lost).map(|item| item.path.clone()).collect()
}

/// What is said of them, where nothing was said yet.
pub(super) fn tell_lost(
    ask: &Ask<'_>,
    items: &[Item],
    lost: &BTreeSet<PathBuf>,
    said: &[Finding],
) -> Vec<Finding> {
    let told = |item: &Item| {
        let shown = ask.shown(&item.path);
        said.iter().any(|finding| finding.what.contains(&shown))
    };
    let mut by_root: BTreeMap<&Path, Vec<&str>> = BTreeMap::new();
    for item in items.iter().filter(|item| lost.contains(&item.path) && !told(item)) {
        by_root.entry(root_of(item)).or_default().push(&item.name);
    }
    let title = &ask.platform.title;
    let finding = |(root, names): (&Path, Vec<&str>)| {
        let stands = if names.len() == 1 { "stands" } else { "stand" };
        let what = format!(
            "{} {stands} in {}, and {title} does not load {}",
            some(&names),
            ask.shown(root),
            pronoun(&names)
        );
        let plugin = names.first().and_then(|name| name.split_once(':')).map(|(plugin, _)| plugin);
        let mend = plugin.map_or_else(
            || {
                "look at its head: a name, a description, nothing else that the client does not know"
                    .to_owned()
            },
            |plugin| format!("see in {title} whether the plugin `{plugin}` is on"),
        );
        Finding::new("not-loaded", what, mend)
    };
    by_root.into_iter().map(finding).collect()
}
