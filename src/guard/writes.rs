//! What a command writes, as far as it names it: the fence and the scope ask. What it would lose is judged elsewhere.

use std::path::{Path, PathBuf};

use super::arg::{Arg, Call, UNKNOWN};
use super::copies;
use super::earlier;
use super::options::{Grammar, Parsed};
use super::place::absolute;
use super::rules::git::Line;
use super::see_through;
use crate::patch;

/// One file or tree that a command writes, moves away or removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where, as absolute path without `..`; `None` when that cannot be told before the command runs.
    pub path: Option<PathBuf>,
    /// How far it reaches.
    pub reach: Reach,
    /// The entry itself is meant, even where it is a link.
    pub entry: bool,
    /// Through the shell, but by a client's own edit tool (`apply_patch` of Codex).
    pub by_tool: bool,
}

/// How far a write reaches from the path that is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This file.
    File,
    /// Everything below it.
    Tree,
    /// Some file below it, which cannot be told before the command runs.
    Somewhere,
}

/// One command that the text could run, wrappers and what they run alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Program without directory, and arguments; what is not known stands as [`UNKNOWN`].
    pub words: Vec<String>,
    /// Where it runs, if that can be told.
    pub cwd: Option<PathBuf>,
    /// Git's verb, what follows it, and the working tree it acts on.
    pub git: Option<Git>,
}

/// A git command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Git {
    /// `push`, `reset`, …
    pub verb: String,
    /// Behind the verb.
    pub args: Vec<String>,
    /// The working tree it acts on; `None` if that cannot be told.
    pub dir: Option<PathBuf>,
}

impl Ran {
    /// The command as it was judged.
    pub(super) fn of(call: &Call<'_>) -> Self {
        let words = std::iter::once(call.name.to_owned()).chain(call.args.iter().map(|arg| arg.text.clone()));
        let git = (call.name == "git").then(|| {
            let line = Line::of(call).clone();
            let args = line.args.into_iter().map(|arg| arg.text).collect();
            Git { verb: line.verb, args, dir: line.dir }
        });
        Self { words: words.collect(), cwd: call.cwd.clone(), git }
    }
}

/// Most files that one command is asked about.
const MAX_WRITES: usize = 256;
/// A patch in a file is read up to this length.
const MAX_PATCH: u64 = 1 << 20;

/// A word that names what is written.
struct Named {
    arg: Arg,
    /// A directory would be written with everything in it.
    tree: bool,
    /// Links are not followed.
    entry: bool,
}

/// What `call` writes.
pub(super) fn of(call: &Call<'_>) -> Vec<Write> {
    if matches!(call.name, "patch" | "apply_patch" | "git") {
        return patched(call);
    }
    let named = named(call);
    named
        .iter()
        .flat_map(|named| targets(&named.arg, call, named.tree, named.entry))
        .take(MAX_WRITES)
        .collect()
}

fn named(call: &Call<'_>) -> Vec<Named> {
    let files =
        |args: Vec<Arg>| args.into_iter().map(|arg| Named { arg, tree: false, entry: false }).collect();
    let trees = |args: Vec<Arg>| args.into_iter().map(|arg| Named { arg, tree: true, entry: true }).collect();
    match call.name {
        ">" | ">>" => files(call.args.to_vec()),
        "tee" | "sponge" => files(parse(call, "", &[]).operands),
        "touch" | "truncate" | "shred" => {
            files(parse(call, "rsdtn", &["reference", "size", "date", "iterations"]).operands)
        }
        "rm" | "unlink" => {
            let parsed = parse(call, "", &["interactive"]);
            let tree = parsed.has(&["r", "R", "recursive"]);
            parsed.operands.into_iter().map(|arg| Named { arg, tree, entry: true }).collect()
        }
        "find" => trees(see_through::deleted_by_find(call.args)),
        "cp" | "mv" | "install" | "ln" => copied(call),
        "rsync" | "scp" => {
            let target = parse(call, "efBT", RSYNC).operands.pop();
            trees(target.into_iter().filter(|arg| !arg.text.contains(':')).collect())
        }
        "dd" => files(prefixed(call, "of=")),
        "sed" | "gsed" | "perl" | "ruby" if is_in_place(call) => files(in_place(call)),
        "sort" => {
            let parsed = parse(call, "oktST", &["output"]);
            files(
                parsed.option(&["o", "output"]).and_then(|option| option.value.clone()).into_iter().collect(),
            )
        }
        "curl" | "wget" => files(earlier::downloaded(call)),
        _ => files(see_through::written_by_interpreter(call).into_iter().map(Arg::literal).collect()),
    }
}

const RSYNC: &[&str] = &["rsh", "exclude", "include", "filter", "files-from", "exclude-from", "include-from"];

fn parse(call: &Call<'_>, short: &'static str, long: &'static [&'static str]) -> Parsed {
    Grammar { short, long, stop_at_operand: false }.parse(call.args)
}

/// Arguments behind a key.
fn prefixed(call: &Call<'_>, key: &str) -> Vec<Arg> {
    let cut = |arg: &Arg| Some(Arg { text: arg.text.strip_prefix(key)?.to_owned(), ..arg.clone() });
    call.args.iter().filter_map(cut).collect()
}

/// `cp`, `mv`, `install`, `ln`: the place they put things, and for `mv` the places things go from.
fn copied(call: &Call<'_>) -> Vec<Named> {
    let parsed = parse(call, "tSgmo", &["target-directory", "suffix", "mode", "owner", "group"]);
    if call.name == "install" && parsed.has(&["d", "directory"]) {
        return Vec::new(); // empty directories are nobody's files
    }
    let given = parsed.option(&["t", "target-directory"]).and_then(|option| option.value.clone());
    let (sources, target) = match (given, parsed.operands.split_last()) {
        (Some(target), _) => (parsed.operands.as_slice(), target),
        (None, Some((target, sources))) if !sources.is_empty() => (sources, target.clone()),
        (None, Some((only, _))) if call.name == "ln" => (&[][..], Arg::literal(last_part(&only.text))),
        _ => return Vec::new(),
    };
    let tree = call.name == "mv" || parsed.has(&["r", "R", "a", "recursive", "archive"]);
    let is_dir = target.text.ends_with('/')
        || absolute(&target.text, call.cwd.as_deref()).is_some_and(|path| path.is_dir());
    let mut found: Vec<Named> = if is_dir && !target.dynamic {
        let names = sources.iter().flat_map(|source| copies::names_of(source, call));
        names.map(|name| Named { arg: copies::inside(&target, &name), tree, entry: false }).collect()
    } else {
        vec![Named { arg: target, tree, entry: call.name == "ln" }]
    };
    if call.name == "mv" {
        found.extend(sources.iter().map(|arg| Named { arg: arg.clone(), tree: true, entry: true }));
    }
    found
}

fn last_part(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// `-i`, `-i.bak`, `-pi`, `--in-place`.
fn is_in_place(call: &Call<'_>) -> bool {
    call.args.iter().any(|arg| {
        let text = arg.text.as_str();
        let short = text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        let flags = short.and_then(|rest| rest.split(['e', 'E', 'f', 'M', 'I']).next());
        text.starts_with("--in-place") || flags.is_some_and(|flags| flags.contains('i'))
    })
}

/// The files behind the script.
fn in_place(call: &Call<'_>) -> Vec<Arg> {
    let mut files = Vec::new();
    let mut has_script = false;
    let mut args = call.args.iter();
    while let Some(arg) = args.next() {
        let text = arg.text.as_str();
        let short = text.starts_with('-') && !text.starts_with("--");
        if matches!(text, "--expression" | "--file") || short && text.ends_with(['e', 'E', 'f']) {
            has_script = true;
            args.next();
        } else if text.starts_with("--expression=") || text.starts_with("-e") {
            has_script = true;
        } else if !text.starts_with('-') && !text.is_empty() {
            files.push(arg.clone());
        }
    }
    match (has_script, call.name.ends_with("sed")) {
        (true, _) => files,
        (false, true) => files.into_iter().skip(1).collect(), // the first word is the script
        (false, false) => Vec::new(),                         // a program in a file writes what it likes
    }
}

/// `patch`, `git apply`, `git mv`, `git rm`, and Codex's `apply_patch`.
fn patched(call: &Call<'_>) -> Vec<Write> {
    let line = Line::of(call);
    let dir = if call.name == "git" { line.dir.clone() } else { call.cwd.clone() };
    let at = Call { cwd: dir.clone(), ..call.clone() };
    let changes = match (call.name, line.verb.as_str()) {
        ("git", "mv" | "rm") => {
            let operands = line.parse("", &[]).operands;
            return operands.iter().flat_map(|arg| targets(arg, &at, true, true)).collect();
        }
        ("git", "apply" | "am") => {
            if line.parse("", &[]).has(&["check", "stat", "numstat", "summary", "cached"]) {
                return Vec::new();
            }
            texts(&line.parse("pCd", &["directory", "include", "exclude"]).operands, call)
                .map(|text| patch::of_unified(&text, 1))
        }
        ("git", _) => return Vec::new(),
        ("apply_patch", _) => {
            let argument = call.args.iter().map(|arg| arg.text.clone()).collect::<String>();
            let text = if argument.is_empty() { call.input.whole() } else { Some(argument) };
            text.and_then(|text| patch::of_codex(&text))
        }
        _ => {
            let parsed = parse(call, "dioprFBDVYzg", &["directory", "input", "strip", "output"]);
            if parsed.has(&["dry-run", "help", "version"]) {
                return Vec::new();
            }
            if let Some(file) = parsed.operands.first() {
                return targets(file, call, false, false);
            }
            let strip = parsed.option(&["p", "strip"]).and_then(|option| option.text().parse().ok());
            let input = parsed.option(&["i", "input"]).and_then(|option| option.value.clone());
            texts(&Vec::from_iter(input), call)
                .map(|text| patch::of_unified(&text, strip.unwrap_or(usize::MAX)))
        }
    };
    let by_tool = call.name == "apply_patch";
    let write = |path: Option<PathBuf>| Write { path, reach: Reach::File, entry: false, by_tool };
    match changes {
        None => vec![Write { reach: Reach::Somewhere, ..write(dir) }],
        Some(changes) => {
            let path = |change: &patch::Change| absolute(&change.path.to_string_lossy(), dir.as_deref());
            changes.iter().take(MAX_WRITES).map(|change| write(path(change))).collect()
        }
    }
}

/// The patches in these files, or on standard input; `None` when one is not known.
fn texts(files: &[Arg], call: &Call<'_>) -> Option<String> {
    if files.iter().all(|file| file.text == "-") {
        return call.input.whole();
    }
    let mut all = String::new();
    for file in files {
        let path = absolute(&file.text, call.cwd.as_deref()).filter(|_| !file.dynamic && !file.glob)?;
        path.metadata().ok().filter(|meta| meta.is_file() && meta.len() <= MAX_PATCH)?;
        all += &std::fs::read_to_string(path).ok()?;
    }
    Some(all)
}

/// The files that one word names.
fn targets(arg: &Arg, call: &Call<'_>, tree: bool, entry: bool) -> Vec<Write> {
    let text = arg.text.as_str();
    if arg.pipe.is_some() || text.is_empty() || text == "-" || is_device(text) {
        return Vec::new();
    }
    let write = |path: Option<PathBuf>, reach: Reach| Write { path, reach, entry, by_tool: false };
    let reach =
        |path: Option<&Path>| if tree && path.is_some_and(Path::is_dir) { Reach::Tree } else { Reach::File };
    let at = |text: &str| absolute(text, call.cwd.as_deref());
    let listed = arg.named.is_some();
    if let Some((known, _)) = text.split_once(UNKNOWN) {
        let dir = known.rfind('/').map(|slash| known.get(..=slash).unwrap_or_default());
        return vec![write(dir.and_then(at), Reach::Somewhere)];
    }
    if !arg.glob && !listed {
        let path = at(text);
        let reach = reach(path.as_deref());
        return vec![write(path, reach)];
    }
    let (dir, last) = text.rsplit_once('/').unwrap_or((".", text));
    if listed || dir.contains(['*', '?', '[']) || last.contains("**") {
        let fixed: Vec<&str> = dir.split('/').take_while(|part| !part.contains(['*', '?', '['])).collect();
        return vec![write(at(&format!("{}/", fixed.join("/"))), Reach::Somewhere)];
    }
    let dir_arg = Arg::literal(dir);
    let names = copies::names_of(arg, call);
    names
        .iter()
        .map(|name| {
            let path = at(&copies::inside(&dir_arg, name).text);
            let reach = reach(path.as_deref());
            write(path, reach)
        })
        .collect()
}

/// What lies below `/dev` holds no bytes of anyone, or is judged as a disk.
fn is_device(text: &str) -> bool {
    text.starts_with("/dev/") && !text.starts_with("/dev/shm/")
}
