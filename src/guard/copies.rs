//! What `cp`, `mv`, `install`, `ln` and `rsync` put over what is there.

use std::path::Path;

use super::UNKNOWN;
use super::arg::{Arg, Call};
use super::deletion::{Deletion, Kind, MAX_PATHS, one, parse};
use super::names::matches;
use super::options::Parsed;
use super::place::absolute;

/// Most entries of directories that are compared before one is copied over another.
const MAX_MERGED: usize = 4_096;

/// `rsync -a FROM… TO`: with a slash behind it, what is in a directory goes beside what is in the other.
pub(super) fn copied_by_rsync(parsed: &Parsed, call: &Call<'_>) -> Vec<Deletion> {
    let Some((target, sources)) = parsed.operands.split_last() else { return Vec::new() };
    if target.text.contains(':') || sources.iter().any(|source| source.text.contains(':')) {
        return Vec::new();
    }
    let each = |source: &Arg| {
        if source.text.ends_with('/') { merged(source, target, call) } else { copied(source, target, call) }
    };
    sources.iter().flat_map(each).collect()
}

pub(super) fn moved(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("tSg", &["target-directory", "suffix"], call);
    let mut found = overwritten_by_copy(call);
    let sources = parsed.operands.split_last().map_or(&[][..], |(_, sources)| sources);
    let away = parsed.operands.last().is_some_and(|target| target.text == "/dev/null");
    let kind = if away { Kind::Removed } else { Kind::Moved };
    found.extend(sources.iter().map(|source| Deletion { recursive: away, ..one(source.clone(), kind) }));
    // Many, one after the other, to one name: each is put over the one before.
    let target = parsed.operands.last().filter(|target| !target.glob && !target.text.contains(UNKNOWN));
    if let Some(target) = target.filter(|target| !target.text.ends_with('/') && !is_dir(target, call)) {
        let made = absolute(&target.text, call.cwd.as_deref()).is_some_and(|path| call.earlier.makes(&path));
        let many = sources
            .iter()
            .filter(|source| source.named.is_some() || source.glob && names_of(source, call).len() > 1);
        found.extend(
            many.filter(|_| !made && !call.context.assume_dirty)
                .map(|source| one(source.clone(), Kind::Removed)),
        );
    }
    found
}

/// The files that `cp`, `mv` or `install` would put others over.
pub(super) fn overwritten_by_copy(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("tSgmo", &["target-directory", "suffix", "mode", "owner", "group"], call);
    let keeps = parsed.has(&["b", "no-clobber", "backup", "help", "version"])
        || parsed.has(&["n"]) && call.name != "install"
        || parsed.has(&["d", "directory"]) && call.name == "install";
    if keeps {
        return Vec::new();
    }
    let target = parsed.option(&["t", "target-directory"]).and_then(|option| option.value.clone());
    let (sources, target) = match (target, parsed.operands.split_last()) {
        (Some(target), _) => (parsed.operands.as_slice(), target),
        (None, Some((target, sources))) if !sources.is_empty() => (sources, target.clone()),
        _ => return Vec::new(),
    };
    if parsed.has(&["T", "no-target-directory"])
        && let [source] = sources
        && is_dir(source, call)
    {
        return merged(source, &target, call);
    }
    if parsed.has(&["T", "no-target-directory"]) || !is_dir(&target, call) {
        return vec![one(target, Kind::Overwritten)];
    }
    sources.iter().flat_map(|source| copied(source, &target, call)).collect()
}

pub(super) fn is_dir(arg: &Arg, call: &Call<'_>) -> bool {
    absolute(&arg.text, call.cwd.as_deref()).is_some_and(|path| path.is_dir())
}

/// The files in the directory `target` that a copy of `source` would be put over.
fn copied(source: &Arg, target: &Arg, call: &Call<'_>) -> Vec<Deletion> {
    let text = source.text.as_str();
    if text == "." || text == ".." || text.ends_with("/.") || text.ends_with("/..") {
        return merged(source, target, call);
    }
    let put = |name: String| {
        let to = inside(target, &name);
        let from = Arg::literal(match text.trim_end_matches('/').rsplit_once('/') {
            Some((dir, _)) => format!("{dir}/{name}"),
            None => name,
        });
        if is_dir(&from, call) && call.name != "mv" {
            merged(&from, &to, call)
        } else {
            vec![one(to, Kind::Overwritten)]
        }
    };
    names_of(source, call).into_iter().flat_map(put).collect()
}

/// The files below the directory `target` for which there is one below `source`.
fn merged(source: &Arg, target: &Arg, call: &Call<'_>) -> Vec<Deletion> {
    let path = |arg: &Arg| absolute(&arg.text, call.cwd.as_deref());
    let (Some(from), Some(to)) = (path(source), path(target)) else { return Vec::new() };
    let mut found = Vec::new();
    let mut left = MAX_MERGED;
    overlay(&from, &to, &mut found, &mut left);
    if left == 0 {
        found.push(one(
            Arg { text: format!("{}/{}", target.text, UNKNOWN), ..Arg::unknown() },
            Kind::Overwritten,
        ));
    }
    found
}

fn overlay(from: &Path, to: &Path, found: &mut Vec<Deletion>, left: &mut usize) {
    let Ok(entries) = std::fs::read_dir(from) else { return };
    for entry in entries.flatten() {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return;
        }
        let there = to.join(entry.file_name());
        let Ok(meta) = there.symlink_metadata() else { continue };
        if meta.is_dir() && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            overlay(&entry.path(), &there, found, left);
        } else if let Some(text) = there.to_str() {
            found.push(one(Arg::literal(text), Kind::Overwritten));
        }
    }
}

/// The names that `source` has, or will have: those that are there where it is a pattern in a known directory.
pub(super) fn names_of(source: &Arg, call: &Call<'_>) -> Vec<String> {
    let text = source.text.trim_end_matches('/');
    let (dir, last) = text.rsplit_once('/').unwrap_or((".", text));
    if last.contains(UNKNOWN) {
        return vec![UNKNOWN.to_string()];
    }
    if !source.glob {
        return vec![last.to_owned()];
    }
    let fixed = !dir.contains(['*', '?', '[', UNKNOWN]);
    let entries =
        absolute(dir, call.cwd.as_deref()).filter(|_| fixed).and_then(|dir| std::fs::read_dir(dir).ok());
    let Some(entries) = entries else { return vec![UNKNOWN.to_string()] };
    let names =
        entries.flatten().take(MAX_PATHS).map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| !name.starts_with('.') || last.starts_with('.'))
        .filter(|name| matches(last, name))
        .collect()
}

/// An entry of a directory.
pub(super) fn inside(dir: &Arg, name: &str) -> Arg {
    Arg { text: format!("{}/{name}", dir.text.trim_end_matches('/')), ..dir.clone() }
}

pub(super) fn link(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("tS", &["target-directory", "suffix"], call);
    if !parsed.has(&["f", "force"]) || parsed.has(&["b", "backup"]) {
        return Vec::new();
    }
    let into = parsed.option(&["t", "target-directory"]).and_then(|option| option.value.clone());
    let (sources, target) = match (into, parsed.operands.split_last()) {
        (Some(target), _) => (parsed.operands.as_slice(), target),
        (None, Some((target, []))) => (std::slice::from_ref(target), Arg::literal(".")),
        (None, Some((target, sources))) => (sources, target.clone()),
        (None, None) => return Vec::new(),
    };
    let itself = parsed.has(&["T", "no-target-directory", "n", "no-dereference"]);
    if !is_dir(&target, call) || itself && is_link(&target, call) {
        return vec![one(target, Kind::Overwritten)];
    }
    let names = sources.iter().flat_map(|source| names_of(source, call));
    names.map(|name| one(inside(&target, &name), Kind::Overwritten)).collect()
}

fn is_link(arg: &Arg, call: &Call<'_>) -> bool {
    absolute(&arg.text, call.cwd.as_deref()).is_some_and(|path| path.is_symlink())
}
