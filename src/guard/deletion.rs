//! What a command removes or overwrites: one list for `rm`, `mv`, `>`, `find -delete`, `rsync --delete` and the like.

use std::collections::BTreeSet;
use std::path::Path;

use super::arg::{Arg, Call};
use super::loss::Target;
use super::names::{Names, matches};
use super::options::{Grammar, Parsed};
use super::outputs;
use super::place::{Place, absolute, place};
use super::rules::git::Line;
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
        // Of npm: always a whole tree; `del-cli` names its program `del`, which is also the command prompt's.
        "rimraf" | "del-cli" | "premove" => trees(&parse("", &["impl", "retries", "preserve-root"], call)),
        "shred" => removed(&parse("ns", &["iterations", "size", "random-source"], call)),
        "find" => find(call),
        "rsync" => rsync(call),
        "mv" => moved(call),
        "cp" | "install" => overwritten_by_copy(call),
        "ln" => link(call),
        "truncate" => all(&parse("sro", &["size", "reference"], call).operands, Kind::Overwritten),
        "tee" => rewritten(call, &["a", "append"]),
        "sponge" => rewritten(call, &["a"]),
        "dd" => call
            .args
            .iter()
            .filter_map(|arg| prefixed(arg, "of="))
            .map(|arg| one(arg, Kind::Overwritten))
            .collect(),
        ">" => all(call.args, Kind::Overwritten),
        "git" => git(&Line::of(call), call),
        _ => outputs::of(call),
    }
}

/// `git mv -f`, and the files that git commands write their output to.
fn git(line: &Line, call: &Call<'_>) -> Vec<Deletion> {
    let here = Call { name: "mv", args: &line.args, cwd: line.dir.clone(), ..call.clone() };
    let mut found = match line.verb.as_str() {
        "mv" if line.parse("", &[]).has(&["f", "force"]) => overwritten_by_copy(&here),
        _ => Vec::new(),
    };
    found.extend(outputs::of_git(line));
    // They are relative to the directory that git is sent to.
    let absolute = |deletion: &mut Deletion| {
        if let Some(path) = absolute(&deletion.arg.text, line.dir.as_deref())
            .and_then(|path| path.to_str().map(str::to_owned))
        {
            deletion.arg.text = path;
        }
    };
    found.iter_mut().for_each(absolute);
    found
}

/// `tee`, and `sponge` of moreutils: each file anew, or with one of these options behind what is there.
fn rewritten(call: &Call<'_>, appends: &[&str]) -> Vec<Deletion> {
    let parsed = parse("", &[], call);
    if parsed.has(appends) { Vec::new() } else { all(&parsed.operands, Kind::Overwritten) }
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

/// Trees, by patterns too that the shell has left alone.
fn trees(parsed: &Parsed) -> Vec<Deletion> {
    let mut found = removed(parsed);
    for deletion in &mut found {
        deletion.recursive = true;
        deletion.arg.glob |= deletion.arg.text.contains('*');
    }
    found.retain(|deletion| !deletion.arg.text.starts_with('!'));
    found
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
    let deleted = deleted.map(|arg| Deletion { arg, kind, deep: true, recursive: true });
    deleted.chain(outputs::of(call)).collect()
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
    if parsed.has(&["n", "dry-run", "list-only"]) {
        return Vec::new();
    }
    if !deletes {
        let keeps = parsed.has(&["ignore-existing", "existing", "backup", "b", "u", "update"]);
        return if keeps { Vec::new() } else { copied_by_rsync(&parsed, call) };
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

/// `rsync -a FROM… TO`: with a slash behind it, what is in a directory goes beside what is in the other.
fn copied_by_rsync(parsed: &Parsed, call: &Call<'_>) -> Vec<Deletion> {
    let Some((target, sources)) = parsed.operands.split_last() else { return Vec::new() };
    if target.text.contains(':') || sources.iter().any(|source| source.text.contains(':')) {
        return Vec::new();
    }
    let each = |source: &Arg| {
        if source.text.ends_with('/') { merged(source, target, call) } else { copied(source, target, call) }
    };
    sources.iter().flat_map(each).collect()
}

fn moved(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("tSg", &["target-directory", "suffix"], call);
    let mut found = overwritten_by_copy(call);
    let sources = parsed.operands.split_last().map_or(&[][..], |(_, sources)| sources);
    found.extend(all(sources, Kind::Moved));
    // Many, one after the other, to one name: each is put over the one before.
    let target =
        parsed.operands.last().filter(|target| !target.glob && !target.text.contains(super::UNKNOWN));
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
fn overwritten_by_copy(call: &Call<'_>) -> Vec<Deletion> {
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

fn is_dir(arg: &Arg, call: &Call<'_>) -> bool {
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
            Arg { text: format!("{}/{}", target.text, super::UNKNOWN), ..Arg::unknown() },
            Kind::Overwritten,
        ));
    }
    found
}

/// Most entries of directories that are compared before one is copied over another.
const MAX_MERGED: usize = 4_096;

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

/// An entry of a directory.
pub(super) fn inside(dir: &Arg, name: &str) -> Arg {
    Arg { text: format!("{}/{name}", dir.text.trim_end_matches('/')), ..dir.clone() }
}

fn link(call: &Call<'_>) -> Vec<Deletion> {
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

impl Deletion {
    /// Where it leads.
    pub(super) fn place(&self, call: &Call<'_>) -> Place {
        place(&self.arg, call)
    }

    /// The same for the loss question.
    pub(super) fn target(&self, path: &Path, children: bool) -> Target {
        let text = self.arg.text.as_str();
        let (before, last) = text.rsplit_once('/').unwrap_or(("", text));
        let all = last == "*" && self.kind != Kind::Overwritten;
        let pattern =
            (children && self.arg.glob && !all && !last.contains(super::UNKNOWN)).then(|| Names::of(last));
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
