//! What a command removes or overwrites: one list for `rm`, `mv`, `>`, `find -delete`, `rsync --delete` and the like.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::Path;

use super::arg::{Arg, Call};
use super::copies::{copied_by_rsync, link, moved, overwritten_by_copy};
use super::loss::Target;
use super::names::Names;
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
    /// Where it leads: several rules ask.
    pub place: OnceCell<Place>,
}

/// Most paths of one command that are looked at; past it, one unknown path stands for the rest.
pub(super) const MAX_PATHS: usize = 256;

/// Most words of one command that are sorted into options and paths.
const MAX_WORDS: usize = 4 * MAX_PATHS;

/// Everything that `call` removes or overwrites, each path once.
pub(super) fn of<'c>(call: &'c Call<'_>) -> &'c [Deletion] {
    call.memo.deletions.get_or_init(|| read(call))
}

fn read(call: &Call<'_>) -> Vec<Deletion> {
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
        found.push(Deletion { deep: true, recursive: true, ..one(Arg::unknown(), Kind::Removed) });
    }
    found
}

fn every(call: &Call<'_>) -> Vec<Deletion> {
    match call.name {
        "rm" => removed(&parse("", &["interactive"], call)),
        "unlink" | "wipe" | "scrub" | "gvfs-rm" => removed(&parse("", &[], call)),
        // Of npm: always a whole tree; `del-cli` names its program `del`, which is also the command prompt's.
        "rimraf" | "del-cli" | "premove" => trees(&parse("", &["impl", "retries", "preserve-root"], call)),
        "gio" | "rclone" | "tmpreaper" | "tmpwatch" | "userdel" | "deluser" => by_verb(call),
        "tar" | "gtar" | "bsdtar" | "zip" | "7z" | "7za" | "7zz" => archived(call),
        "shred" => removed(&parse("ns", &["iterations", "size", "random-source"], call)),
        "find" => find(call),
        "rsync" => rsync(call),
        "mv" => moved(call),
        "cp" | "install" => overwritten_by_copy(call),
        "ln" => link(call),
        "truncate" => truncated(call),
        "tee" => rewritten(call, &["a", "append"]),
        "sponge" => rewritten(call, &["a"]),
        "dd" => call
            .args
            .iter()
            .filter_map(|arg| prefixed(arg, "of="))
            .map(|arg| one(arg, Kind::Overwritten))
            .collect(),
        name if name == "mke2fs" || name.starts_with("mkfs.") => file_systems(call),
        ">" => all(call.args, Kind::Overwritten),
        "git" => git(Line::of(call), call),
        _ => outputs::of(call),
    }
}

/// `mkfs.ext4 disk.img`: a file in the place of a disk.
fn file_systems(call: &Call<'_>) -> Vec<Deletion> {
    if call.has("-n") {
        return Vec::new();
    }
    all(&parse("bCdeEGgiIJlLmMNoOrtTUz", &[], call).operands, Kind::Overwritten)
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

pub(super) fn parse(short: &'static str, long: &'static [&'static str], call: &Call<'_>) -> Parsed {
    Grammar { short, long, stop_at_operand: false }.parse(call.args)
}

pub(super) fn one(arg: Arg, kind: Kind) -> Deletion {
    Deletion { arg, kind, deep: false, recursive: false, place: OnceCell::new() }
}

pub(super) fn all(args: &[Arg], kind: Kind) -> Vec<Deletion> {
    args.iter().map(|arg| one(arg.clone(), kind)).collect()
}

fn removed(parsed: &Parsed) -> Vec<Deletion> {
    if parsed.has(&["help", "version"]) {
        return Vec::new();
    }
    let deep = |arg: &Arg| arg.named.is_some() || arg.text.ends_with("/*");
    let recursive = parsed.has(&["r", "R", "recursive"]);
    let deletion = |arg: &Arg| Deletion { deep: deep(arg), recursive, ..one(arg.clone(), Kind::Removed) };
    parsed.operands.iter().map(deletion).collect()
}

/// `truncate`, where it does not make files longer.
fn truncated(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("sro", &["size", "reference"], call);
    let grows = parsed.option(&["s", "size"]).is_some_and(|option| option.text().starts_with(['+', '>']));
    if grows { Vec::new() } else { all(&parsed.operands, Kind::Overwritten) }
}

/// Programs that delete by a verb, an age or an option of their own.
fn by_verb(call: &Call<'_>) -> Vec<Deletion> {
    let parsed = parse("", &[], call);
    let operands = || parsed.operands.iter();
    let gone = |arg: Arg| Deletion { deep: true, recursive: true, ..one(arg, Kind::Removed) };
    let local = |arg: &&Arg| !arg.text.contains(':');
    match (call.name, parsed.operand(0)) {
        ("gio", "remove") => operands().skip(1).cloned().map(gone).collect(),
        ("rclone", "purge" | "delete" | "deletefile") => {
            operands().skip(1).take(1).filter(local).cloned().map(gone).collect()
        }
        ("rclone", "sync" | "move") if !parsed.has(&["n", "dry-run"]) => {
            let target = operands().nth(2).filter(local);
            target.map(super::see_through::below).map(gone).into_iter().collect()
        }
        ("tmpreaper" | "tmpwatch", _) if !parsed.has(&["t", "test"]) => {
            let age = |text: &str| {
                text.trim_end_matches(['d', 'h', 'm', 's']).bytes().all(|byte| byte.is_ascii_digit())
            };
            operands().filter(|arg| !age(&arg.text)).map(super::see_through::below).map(gone).collect()
        }
        ("userdel" | "deluser", name) if parsed.has(&["r", "remove", "remove-home", "remove-all-files"]) => {
            vec![gone(Arg::literal(format!("/home/{name}")))]
        }
        _ => Vec::new(),
    }
}

/// `tar --remove-files`, `zip -m`, `7z -sdel` into what is thrown away; and the archive that is written anew.
fn archived(call: &Call<'_>) -> Vec<Deletion> {
    let cluster = |arg: &Arg| {
        arg.text
            .strip_prefix('-')
            .is_some_and(|rest| !rest.starts_with('-') && rest.len() < 5 && rest.contains('m'))
    };
    let removes = match call.name {
        "zip" => call.has("--move") || call.args.iter().any(cluster),
        "7z" | "7za" | "7zz" => call.has("-sdel"),
        _ => call.has("--remove-files"),
    };
    let mut found = outputs::of(call);
    let operands: Vec<&Arg> = call.args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
    let kept = |arg: &&&Arg| matches!(place(arg, call), Place::Project { .. });
    // An archive among the files of the project keeps them.
    if removes
        && !operands
            .iter()
            .any(|arg| arg.text.ends_with(['z', 'r', 'p']) && kept(&arg) && arg.text.contains('.'))
    {
        let gone = |arg: &&Arg| Deletion { recursive: true, ..one((*arg).clone(), Kind::Removed) };
        found.extend(
            operands.iter().filter(|arg| kept(arg) && arg.text != "a" && !is_letters(&arg.text)).map(gone),
        );
    }
    found
}

/// The bundled letters of `tar cf`.
fn is_letters(text: &str) -> bool {
    text.len() < 6 && text.bytes().all(|byte| b"cfvzjJa".contains(&byte))
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
    let deleted = deleted.map(|arg| Deletion { deep: true, recursive: true, ..one(arg, kind) });
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
    vec![Deletion { deep: true, recursive: true, ..one(super::see_through::below(target), Kind::Removed) }]
}

impl Deletion {
    /// Where it leads.
    pub(super) fn place(&self, call: &Call<'_>) -> &Place {
        self.place.get_or_init(|| place(&self.arg, call))
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
