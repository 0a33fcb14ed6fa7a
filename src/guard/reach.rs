//! Whether a word of a command reaches a file of ours: stands for a directory that holds one, is a pattern that could
//! match one, or is where one would be put.

use std::path::{Path, PathBuf};

use super::arg::{Arg, Call, UNKNOWN};
use super::control::{Control, places};
use super::names::matches;
use super::options::Grammar;
use super::place::{absolute, resolved};

/// The files of ours below `path`, a directory in the project or the home: all of them lie in directories of which the
/// name begins with a dot. Which of them are there is looked up.
pub(super) fn holds(path: &Path, call: &Call<'_>) -> bool {
    let Some(context) = is_near(path, call).then_some(call.context) else { return false };
    places(context).any(|place| place != path && place.starts_with(path) && is_there(&place, call))
}

/// Whether it lies in a directory with a dot in front, of the project or the home.
fn is_near(path: &Path, call: &Call<'_>) -> bool {
    let roots = [call.context.project.as_deref(), call.context.home.as_deref()];
    let inner = roots.into_iter().flatten().filter_map(|root| path.strip_prefix(root).ok());
    inner.into_iter().any(|inner| inner.as_os_str().as_encoded_bytes().first() == Some(&b'.'))
}

fn is_there(place: &Path, call: &Call<'_>) -> bool {
    call.context.assume_dirty || place.symlink_metadata().is_ok()
}

/// What a pattern of the shell, or a list that `find` makes, could stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Matched {
    /// A file of ours.
    File,
    /// A directory that holds one.
    Holder,
}

/// What of ours `arg`, a pattern, could match.
pub(super) fn matched(arg: &Arg, call: &Call<'_>) -> Option<Matched> {
    let plain = arg.named.is_none() && !dotted(&arg.text);
    if plain && !call.cwd.as_deref().is_some_and(|cwd| is_near(cwd, call)) {
        return None;
    }
    let known = arg.text.replace(UNKNOWN, "*");
    let pattern = absolute(&known, call.cwd.as_deref())?;
    if let Some(names) = &arg.named {
        let root = pattern.parent()?;
        let wide = !is_near(root, call);
        // All files of the project are no file of ours in particular.
        let said = |names: Option<&[String]>| names.is_some_and(|all| all.iter().all(|one| one != "*"));
        if wide && !said(names.patterns()) {
            return None;
        }
        let found = |place: &Path| {
            let rest = place.strip_prefix(root).ok()?.to_str()?;
            names.matches(&format!("/{rest}")).then_some(())
        };
        return places(call.context)
            .filter(|place| if wide { place.symlink_metadata().is_ok() } else { is_there(place, call) })
            .find_map(|place| found(&place))
            .map(|()| Matched::File);
    }
    let each = |place: PathBuf| {
        let all: Vec<&str> = place.iter().filter_map(|part| part.to_str()).collect();
        let parts: Vec<&str> = pattern.iter().filter_map(|part| part.to_str()).collect();
        let left = left_over(&parts, &all)?;
        Some(if left == 0 { Matched::File } else { Matched::Holder })
    };
    places(call.context).filter(|place| is_there(place, call)).filter_map(each).min()
}

/// A pattern does not match a leading dot that it does not have.
fn dotted(text: &str) -> bool {
    text.starts_with('.') || text.contains("/.")
}

/// How many parts of a path are left over behind those that a pattern matches; none are where it goes deeper.
fn left_over(pattern: &[&str], path: &[&str]) -> Option<usize> {
    let Some((first, rest)) = pattern.split_first() else { return Some(path.len()) };
    if *first == "**" {
        return (0..=path.len()).find_map(|from| left_over(rest, path.get(from..)?));
    }
    let Some((part, behind)) = path.split_first() else { return Some(0) };
    let hidden = part.starts_with('.') && !first.starts_with('.');
    if hidden || !matches(first, part) { None } else { left_over(rest, behind) }
}

/// A file of ours that copies, moves or what is unpacked would be put over.
pub(super) fn put_over(call: &Call<'_>) -> Option<PathBuf> {
    match call.name {
        "cp" | "mv" | "install" | "ln" | "rsync" | "scp" => copied_over(call),
        "tar" | "bsdtar" | "gtar" | "unzip" | "7z" | "7za" | "cpio" => unpacked_over(call),
        _ => None,
    }
}

fn copied_over(call: &Call<'_>) -> Option<PathBuf> {
    let (short, long): (_, &'static [&'static str]) = match call.name {
        "rsync" => {
            ("efBT", &["rsh", "exclude", "include", "filter", "files-from", "exclude-from", "include-from"])
        }
        _ => ("tSgmo", &["target-directory", "suffix", "mode", "owner", "group"]),
    };
    let parsed = Grammar { short, long, stop_at_operand: false }.parse(call.args);
    let given = parsed.option(&["t", "target-directory"]).filter(|_| call.name != "rsync");
    let (sources, target) =
        match (given.and_then(|option| option.value.clone()), parsed.operands.split_last()) {
            (Some(target), _) => (parsed.operands.as_slice(), target),
            (None, Some((target, sources))) if !sources.is_empty() => (sources, target.clone()),
            _ => return None,
        };
    let to = absolute(&target.text, call.cwd.as_deref())?;
    let into = to.is_dir() || target.text.ends_with('/') || sources.len() > 1 || holds(&to, call);
    sources.iter().find_map(|source| {
        let from = absolute(&source.text, call.cwd.as_deref())?;
        let merges = source.text.ends_with("/.")
            || source.text == "."
            || call.name == "rsync" && source.text.ends_with('/');
        let to = if merges || !into { to.clone() } else { to.join(from.file_name()?) };
        let ours = |path: &Path| kind(path, call) != Control::Free;
        // A copy of a directory puts down what is in it.
        let below = || {
            places(call.context).find(|place| {
                let rest = place.strip_prefix(&to).ok().filter(|rest| !rest.as_os_str().is_empty());
                let unseen = merges && is_near(&to, call) && !from.is_dir();
                rest.is_some_and(|rest| unseen || from.join(rest).symlink_metadata().is_ok())
            })
        };
        if ours(&to) { Some(to) } else { below() }
    })
}

fn unpacked_over(call: &Call<'_>) -> Option<PathBuf> {
    let words: Vec<&str> = call.args.iter().map(|arg| arg.text.as_str()).collect();
    let unpacks = match call.name {
        "unzip" => !words.iter().any(|word| matches!(*word, "-l" | "-t" | "-p" | "-Z")),
        "cpio" => words.iter().any(|word| word.starts_with("-i") || *word == "--extract"),
        "7z" | "7za" => matches!(words.first(), Some(&("x" | "e"))),
        _ => words.iter().enumerate().any(|(at, word)| {
            let letters = word.strip_prefix('-').unwrap_or(if at == 0 { word } else { "" });
            matches!(*word, "--extract" | "--get")
                || !letters.starts_with('-') && letters.len() < 8 && letters.contains('x')
        }),
    };
    if !unpacks {
        return None;
    }
    let behind = |at: usize| words.get(at + 1).copied();
    let mut given = words.iter().enumerate().filter_map(|(at, word)| match *word {
        "-C" | "-d" | "--directory" => behind(at),
        word => ["--directory=", "-o", "-C", "-d"]
            .iter()
            .find_map(|flag| word.strip_prefix(flag))
            .filter(|dir| dotted(dir)),
    });
    let dir = absolute(given.next_back().unwrap_or("."), call.cwd.as_deref())?;
    (holds(&dir, call) && !is_shared(&dir, call) || kind(&dir, call) != Control::Free).then_some(dir)
}

/// `~/.local`, `~/.config` and what is below: all programs live there, and archives are unpacked there every day.
fn is_shared(dir: &Path, call: &Call<'_>) -> bool {
    let inner = call.context.home.as_deref().and_then(|home| dir.strip_prefix(home).ok());
    inner.is_some_and(|inner| [".local", ".config"].iter().any(|name| inner.starts_with(name)))
}

/// What the path is, as it is written or with the links on its way followed.
pub(super) fn kind(path: &Path, call: &Call<'_>) -> Control {
    match Control::of(path, call.context) {
        Control::Free => Control::of(&resolved(path, false), call.context),
        as_written => as_written,
    }
}

/// A file of ours that a program given to an interpreter as text names, in parts or as a whole, while it writes.
pub(super) fn written_by_program(text: &str, call: &Call<'_>) -> Option<PathBuf> {
    const WRITES: &[&str] = &[
        "write",
        "unlink",
        "rmtree",
        "rmSync",
        "remove(",
        "rename",
        "os.replace",
        "shutil.",
        "truncate",
        "chmod",
        ".touch(",
        "symlink",
        "dump(",
        "copyFile",
    ];
    if !WRITES.iter().any(|word| text.contains(word)) {
        return None;
    }
    let roots = [call.context.project.as_deref(), call.context.home.as_deref()];
    let names = |place: &Path| {
        let inner = roots.iter().flatten().find_map(|root| place.strip_prefix(root).ok()).unwrap_or(place);
        let mut rest = text;
        inner.iter().filter_map(|part| part.to_str()).all(|part| {
            let at = rest.find(part);
            rest = at.and_then(|at| rest.get(at + part.len()..)).unwrap_or_default();
            at.is_some()
        })
    };
    places(call.context)
        .filter(|place| place.file_name().is_none_or(|name| name != "so"))
        .find(|place| names(place))
}
