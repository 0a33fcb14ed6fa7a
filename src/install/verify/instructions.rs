//! Instruction files that a client cuts: where, and what is lost.

use std::path::{Path, PathBuf};

use super::{Ask, Finding};
use crate::install::settings;

/// Directories with instructions of their own that are looked at.
const MANY: usize = 100;

/// Finds every directory of the project in which the files from the top down to it are more than the client reads.
pub(super) fn check(ask: &Ask<'_>) -> Vec<Finding> {
    let (Some(limit), Some(project)) = (limit(ask), ask.roots.project.as_deref()) else { return Vec::new() };
    let mut found: Vec<Finding> = Vec::new();
    for dir in dirs(ask, project) {
        let Some(cut) = cut(&chain(ask, project, &dir), limit) else { continue };
        let finding = say(ask, project, &dir, limit, &cut);
        if !found.iter().any(|known| known.what.starts_with(&ask.shown(&cut.file)) && dir != project) {
            found.push(finding);
        }
    }
    found
}

/// What the client reads, or what the person let it read.
fn limit(ask: &Ask<'_>) -> Option<usize> {
    let limit = ask.platform.limits.instructions?;
    let key = ask.platform.loads.instructions_key.as_ref();
    let set = key.and_then(|(file, key)| {
        let file = settings::files(ask.roots, file).into_iter().next()?;
        settings::read(&file)?.get(key)?.as_u64()
    });
    Some(set.and_then(|set| usize::try_from(set).ok()).unwrap_or(limit))
}

/// The top, and below it what git knows to have such a file.
fn dirs(ask: &Ask<'_>, project: &Path) -> Vec<PathBuf> {
    let names = &ask.platform.loads.instructions;
    let mut found = vec![project.to_path_buf()];
    let index = git2::Repository::open(project).and_then(|repository| repository.index());
    let entries = index.iter().flat_map(git2::Index::iter).map(|entry| crate::git::path(&entry.path));
    let is_one =
        |path: &PathBuf| names.iter().any(|name| path.file_name().is_some_and(|file| file == name.as_str()));
    let nested = entries.filter(is_one).filter_map(|path| path.parent().map(|dir| project.join(dir)));
    found.extend(nested.filter(|dir| dir != project).take(MANY));
    found.dedup();
    found
}

/// The files from the top down: of each directory the first that is there.
fn chain(ask: &Ask<'_>, project: &Path, dir: &Path) -> Vec<(PathBuf, String)> {
    let below: Vec<&Path> = dir.ancestors().take_while(|dir| dir.starts_with(project)).collect();
    let first = |dir: &&Path| {
        let names = ask.platform.loads.instructions.iter();
        names
            .map(|name| dir.join(name))
            .find_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)))
    };
    below.iter().rev().filter_map(first).collect()
}

/// Where a text is cut.
struct Cut {
    file: PathBuf,
    total: usize,
    line: usize,
    /// The last heading that is read.
    last: Option<String>,
    /// The headings that are not.
    lost: Vec<String>,
}

fn cut(chain: &[(PathBuf, String)], limit: usize) -> Option<Cut> {
    let total = chain.iter().map(|(_, text)| text.len()).sum();
    let mut left = limit;
    let mut files = chain.iter();
    let (file, text) = files.find(|(_, text)| {
        let over = text.len() > left;
        left = if over { left } else { left - text.len() };
        over
    })?;
    let (mut last, mut unread) = (None, Vec::new());
    for (at, heading) in headings(text) {
        if at < left { last = Some(heading) } else { unread.push(heading) }
    }
    unread.extend(files.flat_map(|(_, text)| headings(text)).map(|(_, heading)| heading));
    let line = crate::diagnostic::line_column(text, left).0;
    Some(Cut { file: file.clone(), total, line, last, lost: unread })
}

/// The headings outside of code, with their places.
fn headings(text: &str) -> Vec<(usize, String)> {
    let (mut at, mut in_code, mut found) = (0, false, Vec::new());
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        in_code ^= trimmed.starts_with("```") || trimmed.starts_with("~~~");
        let title = trimmed.trim_start_matches('#');
        if !in_code && title.len() < trimmed.len() && title.starts_with(' ') {
            found.push((at, title.trim().to_owned()));
        }
        at += line.len();
    }
    found
}

fn say(ask: &Ask<'_>, project: &Path, dir: &Path, limit: usize, cut: &Cut) -> Finding {
    let title = &ask.platform.title;
    let shown = ask.shown(&cut.file);
    let whose = if dir == project { "" } else { ", with those above it," };
    let last = cut.last.as_ref().map(|last| format!(", in “{last}”")).unwrap_or_default();
    let unread = match cut.lost.as_slice() {
        [] => String::new(),
        [one] => format!("; “{one}” is not read"),
        [one, two] => format!("; “{one}” and “{two}” are not read"),
        [first, rest @ ..] => format!("; “{first}” and {} more headings are not read", rest.len()),
    };
    let what = format!(
        "{shown}{whose} has {} bytes and {title} reads {limit}: it is cut in line {}{last}{unread}",
        cut.total, cut.line
    );
    Finding::new("truncated", what, "shorten it; put what only some work needs into skills")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_is_where_the_budget_ends() {
        let one = |text: &str| (PathBuf::from("f"), text.to_owned());
        assert!(cut(&[one("# A\ntext\n")], 9).is_none());
        let cut = cut(&[one("# A\n"), one("# B\n```\n# no\n```\n# C\nmore\n"), one("# D\n")], 10).unwrap();
        assert_eq!((cut.line, cut.last.as_deref(), cut.total), (2, Some("B"), 34));
        assert_eq!(cut.lost, ["C", "D"]);
    }
}
