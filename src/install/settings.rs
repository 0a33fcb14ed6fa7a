//! Settings files of clients: where they stand on this machine, and what they hold.
//!
//! Must not: write.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::target::Roots;

/// The files that a descriptor calls `name`: `~/…`, a path of the project, or an absolute one; `*` in the last part
/// stands for any name.
pub fn files(roots: &Roots, name: &str) -> Vec<PathBuf> {
    let path = match name.strip_prefix("~/") {
        Some(rest) => in_home(roots, rest),
        None if name.starts_with('/') => PathBuf::from(name),
        None => match &roots.project {
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
pub fn in_home(roots: &Roots, rest: &str) -> PathBuf {
    let moved = roots
        .moved
        .iter()
        .find_map(|(from, to)| Some(to.join(rest.strip_prefix(from.as_str())?.strip_prefix('/')?)));
    moved.unwrap_or_else(|| roots.home.join(rest))
}

/// What the file holds; `None` when it is not there or cannot be read, which is another cause.
pub fn read(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if path.extension().is_some_and(|extension| extension == "toml") {
        return toml_edit::de::from_str(text).ok();
    }
    serde_json::from_str(text).ok()
}

/// The values at `at`; `*` is any key.
pub fn at<'a>(value: &'a Value, at: &[String]) -> Vec<&'a Value> {
    let Some((key, rest)) = at.split_first() else { return vec![value] };
    let Some(object) = value.as_object() else { return Vec::new() };
    let below = object.iter().filter(|(name, _)| key == "*" || *name == key);
    below.flat_map(|(_, value)| self::at(value, rest)).collect()
}

/// How the file is shown: below the home with a tilde, in the project without it.
pub fn shown(roots: &Roots, path: &Path) -> String {
    let project = roots.project.as_deref().and_then(|project| path.strip_prefix(project).ok());
    let home = || path.strip_prefix(&roots.home).ok().map(|rest| format!("~/{}", rest.display()));
    project.map(|rest| rest.display().to_string()).or_else(home).unwrap_or_else(|| path.display().to_string())
}
