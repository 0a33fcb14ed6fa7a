//! Settings files of clients, read as values.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Machine;

/// The files that a descriptor calls `name`: `~/…`, a path of the project, or an absolute one; `*` in the last part
/// stands for any name.
pub(super) fn files(machine: &Machine<'_>, name: &str) -> Vec<PathBuf> {
    let path = match name.strip_prefix("~/") {
        Some(rest) => in_home(machine, rest),
        None if name.starts_with('/') => PathBuf::from(name),
        None => match &machine.roots.project {
            Some(project) => project.join(name),
            None => return Vec::new(),
        },
    };
    let Some((before, after)) =
        path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('*'))
    else {
        return vec![path];
    };
    let entries = path.parent().and_then(|dir| std::fs::read_dir(dir).ok()).into_iter().flatten().flatten();
    let fits = |entry: &std::fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        name.starts_with(before) && name.ends_with(after) && name.len() >= before.len() + after.len()
    };
    let mut found: Vec<PathBuf> = entries.filter(fits).map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// A path below the home directory, where a variable may have moved the client's part of it.
pub(super) fn in_home(machine: &Machine<'_>, rest: &str) -> PathBuf {
    let moved = machine
        .roots
        .moved
        .iter()
        .find_map(|(from, to)| Some(to.join(rest.strip_prefix(from.as_str())?.strip_prefix('/')?)));
    moved.unwrap_or_else(|| machine.roots.home.join(rest))
}

/// What the file holds; `None` when it is not there or cannot be read, which is another cause.
pub(super) fn read(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if path.extension().is_some_and(|extension| extension == "toml") {
        return toml_edit::de::from_str(text).ok();
    }
    serde_json::from_str(text).ok()
}

/// The values at `at`; `*` is any key.
pub(super) fn at<'a>(value: &'a Value, at: &[String]) -> Vec<&'a Value> {
    let Some((key, rest)) = at.split_first() else { return vec![value] };
    let Some(object) = value.as_object() else { return Vec::new() };
    let below = object.iter().filter(|(name, _)| key == "*" || *name == key);
    below.flat_map(|(_, value)| self::at(value, rest)).collect()
}

/// How the file is shown: below the home with a tilde, in the project without it.
pub(super) fn shown(machine: &Machine<'_>, path: &Path) -> String {
    let project = machine.roots.project.as_deref().and_then(|project| path.strip_prefix(project).ok());
    let home = || path.strip_prefix(&machine.roots.home).ok().map(|rest| format!("~/{}", rest.display()));
    project.map(|rest| rest.display().to_string()).or_else(home).unwrap_or_else(|| path.display().to_string())
}
