//! What a command removes or overwrites: one list for `rm`, `mv`, `>`, `find -delete`, `rsync --delete` and the like.

use std::collections::BTreeSet;
use std::path::Path;

use super::arg::{Arg, Call};
use super::loss::Target;
use super::names::{Names, matches};
use super::options::{Grammar, Parsed};
use super::place::{Place, absolute, place};
use super::see_through::deleted_by_find;

/// What happens to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It is gone afterwards.
    Removed,
    /// Its bytes are replaced; nothing happens to what is not there.
    Overwritten,
    /// It is gone from here, but its bytes are elsewhere.
    Moved,
    /// Only empty directories go.
    Emptied,
}

/// One path and its fate.
#[derive(Debug, Clone)]
pub(super) struct Deletion {
    /// The path.
    pub arg: Arg,
    /// Its fate.
    pub kind: Kind,
    /// Its entries at any depth are meant.
    pub deep: bool,
    /// A directory would go with everything in it.
    pub recursive: bool,
}

/// Most paths of one command that are looked at; past it, one unknown path stands for the rest.
const MAX_PATHS: usize = 256;

/// Most words of one command that are sorted into options and paths.
const MAX_WORDS: usize = 4 * MAX_PATHS;

/// Everything that `call` removes or overwrites, each path once.
pub(super) fn of(call: &Call<'_>) -> Vec<Deletion> {
    // More words than anyone types: the first of them are judged, the rest is one unknown path.
    let many = call.name == "rm" && call.args.len() > MAX_WORDS;
    let mut found = if many {
        every(&Call { args: call.args.get(..MAX_WORDS).unwrap_or_default(), ..call.clone() })
    } else {
        every(call)
    };
    if found.len() > 1 {
        let mut seen = BTreeSet::new();
        found.retain(|deletion| seen.insert((deletion.arg.text.clone(), deletion.kind)));
    }
    if many || found.len() > MAX_PATHS {
        found.truncate(MAX_PATHS);
        let recursive = true;
        found.push(Deletion { arg: Arg::unknown(), kind: Kind::Removed, deep: true, recursive });
    }
    found
}

fn every(call: &Call<'_>) -> Vec<Deletion> {
    match call.name {
        "rm" => removed(&parse("", &["interactive"], call)),
        "unlink" => removed(&parse("", &[], call)),
        "shred" => removed(&parse("ns", &["iterations", "size", "random-source"], call)),
        "find" => find(call),
        "rsync" => rsync(call),
        "mv" => moved(call),
        "cp" | "install" => overwritten_by_copy(call),
        "ln" => link(call),
        "truncate" => all(&parse("sro", &["size", "reference"], call).operands, Kind::Overwritten),
        "tee" => {
            let parsed = parse("", &[], call);
            if parsed.has(&["a", "append"]) { Vec::new() } else { all(&parsed.operands, Kind::Overwritten) }
        }
        "dd" => call
            .args
            .iter()
            .filter_map(|arg| prefixed(arg, "of="))
            .map(|arg| one(arg, Kind::Overwritten))
            .collect(),
        ">" => all(call.args, Kind::Overwritten),
        _ => Vec::new(),
    }
}

fn parse(short: &'static str, long: &'static [&'static str], call: &Call<'_>) -> Parsed {
    Grammar { short, long, stop_at_operand: false }.parse(call.args)
}

fn one(arg: Arg, kind: Kind) -> Deletion {
    Deletion { arg, kind, deep: false, recursive: false }
}

fn all(args: &[Arg], kind: Kind) -> Vec<Deletion> {
    args.iter().map(|arg| one(arg.clone(), kind)).collect()
}

fn removed(parsed: &Parsed) -> Vec<Deletion> {
    if parsed.has(&["help", "version"]) {
        return Vec::new();
    }
    let deep = |arg: &Arg| arg.named.is_some() || arg.text.ends_with("/*");
    let recursive = parsed.has(&["r", "R", "recursive"]);
    let deletion = |arg: &Arg| Deletion { arg: arg.clone(), kind: Kind::Removed, deep: deep(arg), recursive };
    parsed.operands.iter().map(deletion).collect()
}

/// An argument behind its key.
fn prefixed(arg: &Arg, key: &str) -> Option<Arg> {
    let text = arg.text.strip_prefix(key)?;
    Some(Arg { text: text.to_owned(), ..arg.clone() })
}

/// `find … -delete`.
fn find(call: &Call<'_>) -> Vec<Deletion> {
    let kind = if call.has("-empty") { Kind::Emptied } else { Kind::Removed };
    let deleted = deleted_by_find(call.args).into_iter();
    deleted.map(|arg| Deletion { arg, kind, deep: true, recursive: true }).collect()
}

fn rsync(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse(
        "efBT",
        &[
            "rsh",
            "exclude",
            "include",
            "filter",
            "files-from",
            "exclude-from",
            "include-from",
            "backup-dir",
            "suffix",
            "log-file",
            "bwlimit",
            "port",
            "temp-dir",
        ],
        call,
    );
    let deletes =
        parsed.options.iter().any(|option| option.name.starts_with("delete") || option.name == "del");
    if !deletes || parsed.has(&["n", "dry-run", "list-only"]) {
        return Vec::new();
    }
    let Some(target) = parsed.operands.last().filter(|arg| !arg.text.contains(':')) else {
        return Vec::new();
    };
    vec![Deletion {
        arg: super::see_through::below(target),
        kind: Kind::Removed,
        deep: true,
        recursive: true,
    }]
}

fn moved(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("tSg", &["target-directory", "suffix"], call);
    let mut found = overwritten_by_copy(call);
    let sources = parsed.operands.split_last().map_or(&[][..], |(_, sources)| sources);
    found.extend(all(sources, Kind::Moved));
    found
}

/// The files that `cp`, `mv` or `install` would put others over.
fn overwritten_by_copy(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("tSgmo", &["target-directory", "suffix", "mode", "owner", "group"], call);
    if parsed.has(&["n", "no-clobber", "b", "backup", "d", "directory", "help", "version"])
        && call.name != "cp"
        || parsed.has(&["no-clobber", "backup"])
    {
        return Vec::new();
    }
    let target = parsed.option(&["t", "target-directory"]).and_then(|option| option.value.clone());
    let (sources, target) = match (target, parsed.operands.split_last()) {
        (Some(target), _) => (parsed.operands.as_slice(), target),
        (None, Some((target, sources))) if !sources.is_empty() => (sources, target.clone()),
        _ => return Vec::new(),
    };
    if !absolute(&target.text, call.cwd.as_deref()).is_some_and(|path| path.is_dir()) {
        return vec![one(target, Kind::Overwritten)];
    }
    let names = sources.iter().flat_map(|source| names_of(source, call));
    names.map(|name| one(inside(&target, &name), Kind::Overwritten)).collect()
}

/// The names that `source` has, or will have: those that are there where it is a pattern in a known directory.
fn names_of(source: &Arg, call: &Call<'_>) -> Vec<String> {
    let text = source.text.trim_end_matches('/');
    let (dir, last) = text.rsplit_once('/').unwrap_or((".", text));
    if last.contains(super::UNKNOWN) {
        return vec![super::UNKNOWN.to_string()];
    }
    if !source.glob {
        return vec![last.to_owned()];
    }
    let fixed = !dir.contains(['*', '?', '[', super::UNKNOWN]);
    let entries =
        absolute(dir, call.cwd.as_deref()).filter(|_| fixed).and_then(|dir| std::fs::read_dir(dir).ok());
    let Some(entries) = entries else { return vec![super::UNKNOWN.to_string()] };
    let names =
        entries.flatten().take(MAX_PATHS).map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| !name.starts_with('.') || last.starts_with('.'))
        .filter(|name| matches(last, name))
        .collect()
}

fn inside(dir: &Arg, name: &str) -> Arg {
    Arg { text: format!("{}/{name}", dir.text.trim_end_matches('/')), ..dir.clone() }
}

fn link(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("tS", &["target-directory", "suffix"], call);
    match parsed.operands.as_slice() {
        [_, target] if parsed.has(&["f", "force"]) => vec![one(target.clone(), Kind::Overwritten)],
        _ => Vec::new(),
    }
}

impl Deletion {
    /// Where it leads.
    pub(super) fn place(&self, call: &Call<'_>) -> Place {
        place(&self.arg, call)
    }

    /// The same for the loss question.
    pub(super) fn target(&self, path: &Path, children: bool) -> Target {
        let text = self.arg.text.as_str();
        let (before, last) = text.rsplit_once('/').unwrap_or(("", text));
        let pattern = (children && self.arg.glob && last != "*" && !last.contains(super::UNKNOWN))
            .then(|| Names::of(last));
        // A pattern in the middle: what the last part names lies deeper.
        let between = self.arg.glob && before.contains(['*', '?', '[']);
        let known = text.split(super::UNKNOWN).next().filter(|known| known.len() < text.len());
        let beginning = known.and_then(|known| known.rsplit('/').next()).filter(|begin| !begin.is_empty());
        Target {
            like: beginning.filter(|_| !children).map(|begin| Names::of(format!("{begin}*"))),
            path: path.to_path_buf(),
            children,
            named: self.arg.named.clone().or(pattern),
            deep: self.deep || between,
            single: self.kind == Kind::Overwritten || !self.recursive,
            overwritten: self.kind == Kind::Overwritten,
        }
    }
}
