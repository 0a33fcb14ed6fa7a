//! What the commands of a text do to files before a later one runs: what they move, stage and make.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::arg::{Arg, Call, UNKNOWN};
use super::options::Grammar;
use super::place::absolute;
use super::rules::git::Line;

/// What earlier commands of a text do to files, so that the disk is not what a later one will find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Git was told to stage, unstage, stash or switch: what is tracked may be another set by then.
    pub restaged: bool,
    /// Moved paths and where they went.
    pub moved: Vec<(PathBuf, PathBuf)>,
    /// Something ran that may make or change files.
    pub acts: bool,
    /// Symbolic links that the text makes, and where they lead.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// What the text itself makes where nothing is yet: nobody's work is in there.
    pub made: Vec<PathBuf>,
    /// Files that the text itself has filled from the network.
    pub fetched: Vec<PathBuf>,
}

/// Most paths that are remembered.
const MAX_PATHS: usize = 256;

impl Earlier {
    /// Whether the text itself has made what stands at `path`, or the directory around it.
    pub(super) fn makes(&self, path: &Path) -> bool {
        self.made.iter().any(|made| path.starts_with(made))
    }

    /// Where `path` leads through links that the text has made; with `entry` a link as last part stays itself.
    pub(super) fn through(&self, path: PathBuf, entry: bool) -> PathBuf {
        let led = self.links.iter().rev().find_map(|(link, target)| {
            let rest = path.strip_prefix(link).ok()?;
            (!entry || !rest.as_os_str().is_empty()).then(|| target.join(rest))
        });
        led.unwrap_or(path)
    }

    /// Whether anything was moved.
    pub(super) fn has_moved(&self) -> bool {
        !self.moved.is_empty()
    }

    /// What was moved to `path`, below it or around it.
    pub(super) fn moved_to(&self, path: &Path) -> impl Iterator<Item = &PathBuf> {
        let touches = move |to: &Path| to.starts_with(path) || path.starts_with(to);
        self.moved.iter().filter(move |(_, to)| touches(to)).map(|(from, _)| from)
    }
}

/// Notes what `call` does to files, for the commands behind it.
pub(super) fn disturb(earlier: &mut Rc<Earlier>, call: &Call<'_>) {
    let made = made(call);
    if !made.is_empty() {
        let path =
            |arg: &Arg| absolute(&arg.text, call.cwd.as_deref()).filter(|_| !arg.text.contains(UNKNOWN));
        let fresh = |path: &PathBuf| path.symlink_metadata().is_err();
        let room = MAX_PATHS.saturating_sub(earlier.made.len());
        Rc::make_mut(earlier).made.extend(made.iter().filter_map(path).filter(fresh).take(room));
    }
    if matches!(call.name, "curl" | "wget") {
        for file in &downloaded(call) {
            fetched(earlier, file, call.cwd.as_deref());
        }
    }
    if !earlier.acts && !HARMLESS.contains(&call.name) {
        Rc::make_mut(earlier).acts = true;
    }
    if call.name == "ln"
        && let Some(link) = linked(call)
        && earlier.links.len() < MAX_PATHS
    {
        Rc::make_mut(earlier).links.push(link);
    }
    let line = match call.name {
        "git" => Line::of(call),
        "mv" => &Line::default(),
        _ => return,
    };
    if RESTAGING.contains(&line.verb.as_str()) {
        Rc::make_mut(earlier).restaged = true;
    }
    let args = match (call.name, line.verb.as_str()) {
        ("mv", _) => call.args,
        (_, "mv") => line.args.as_slice(),
        _ => return,
    };
    let operands: Vec<&Arg> = args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
    let Some((to, from)) = operands.split_last() else { return };
    let path = |arg: &Arg| absolute(&arg.text, call.cwd.as_deref());
    let Some(to) = path(to) else { return };
    let from = from.iter().take(64).filter_map(|arg| path(arg));
    Rc::make_mut(earlier).moved.extend(from.map(|from| (from, to.clone())));
}

/// Programs that make no directories.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    ":", "[", "alias", "basename", "bat", "cat", "cd", "chdir", "cmp", "column", "comm", "cut", "date",
    "declare", "df", "diff", "dig", "dirname", "du", "echo", "egrep", "exit", "export", "eza", "false",
    "fd", "fgrep", "file", "fold", "free", "grep", "groups", "hash", "head", "hexdump", "host", "hostname",
    "id", "jobs", "jq", "kill", "less", "let", "local", "locale", "ls", "lsblk", "lscpu", "lsof", "md5sum",
    "more", "mount", "netstat", "nl", "nproc", "nslookup", "od", "paste", "pgrep", "ping", "popd",
    "printenv", "printf", "ps", "pushd", "pwd", "read", "readlink", "readonly", "realpath", "return", "rev",
    "rg", "seq", "set", "sha1sum", "sha256sum", "shasum", "shift", "sleep", "sort", "ss", "stat", "strings",
    "stty", "tac", "tail", "test", "tr", "trap", "tree", "true", "tty", "type", "typeset", "ulimit",
    "umask", "uname", "uniq", "unset", "uptime", "wait", "wc", "which", "whoami", "xxd",
];

/// Whether a program changes no files.
pub(super) fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name)
}

/// `ln -s TARGET LINK`: the link and where it leads.
fn linked(call: &Call<'_>) -> Option<(PathBuf, PathBuf)> {
    let parsed = Grammar { short: "tS", long: &["target-directory", "suffix"], stop_at_operand: false }
        .parse(call.args);
    if !parsed.has(&["s", "symbolic"]) {
        return None;
    }
    let target = parsed.operands.first()?;
    let name = target.text.trim_end_matches('/').rsplit('/').next()?;
    let link = match parsed.operands.get(1) {
        Some(link) => absolute(&link.text, call.cwd.as_deref())?,
        None => absolute(name, call.cwd.as_deref())?,
    };
    let link = if link.is_dir() && !parsed.has(&["n", "T"]) { link.join(name) } else { link };
    let to = absolute(&target.text, link.parent())?;
    Some((link, to))
}

/// Verbs after which git tracks another set of files.
const RESTAGING: &[&str] = &[
    "add",
    "stage",
    "stash",
    "reset",
    "rm",
    "checkout",
    "switch",
    "restore",
    "read-tree",
    "update-index",
    "apply",
    "mv",
];

/// A file written by a redirect.
pub(super) fn written(earlier: &mut Rc<Earlier>, target: &Arg, cwd: Option<&Path>) {
    let path = absolute(&target.text, cwd).filter(|path| path.symlink_metadata().is_err());
    if let Some(path) = path.filter(|_| !target.text.contains(UNKNOWN) && earlier.made.len() < MAX_PATHS) {
        Rc::make_mut(earlier).made.push(path);
    }
}

/// A file that is filled from the network.
pub(super) fn fetched(earlier: &mut Rc<Earlier>, target: &Arg, cwd: Option<&Path>) {
    if let Some(path) = absolute(&target.text, cwd)
        && earlier.fetched.len() < MAX_PATHS
    {
        Rc::make_mut(earlier).fetched.push(path);
    }
}

/// The paths that `call` makes if they are not there yet.
fn made(call: &Call<'_>) -> Vec<Arg> {
    let parse = |short, long| Grammar { short, long, stop_at_operand: false }.parse(call.args);
    match call.name {
        "mkdir" => parse("m", &["mode"]).operands,
        "touch" => parse("drt", &["date", "reference"]).operands,
        "tee" => parse("", &[]).operands,
        "truncate" => parse("sro", &["size", "reference"]).operands,
        "fallocate" => parse("lo", &["length", "offset"]).operands,
        "dd" => call.args.iter().filter_map(|arg| arg.text.strip_prefix("of=")).map(Arg::literal).collect(),
        "curl" | "wget" => downloaded(call),
        "git" => cloned(Line::of(call)),
        "tar" | "gtar" | "bsdtar" | "unzip" => unpacked(call),
        _ => Vec::new(),
    }
}

/// `curl -o FILE`, `curl -O URL`, `wget [-O FILE] URL`.
pub(super) fn downloaded(call: &Call<'_>) -> Vec<Arg> {
    let short = if call.name == "curl" { "oHXdAeuxbcTFKmrUwCD" } else { "OoaPeUtTwQiBAR" };
    let long = &[
        "output",
        "header",
        "request",
        "data",
        "user-agent",
        "user",
        "output-document",
        "retry",
        "directory-prefix",
        "output-dir",
    ];
    let parsed = Grammar { short, long, stop_at_operand: false }.parse(call.args);
    let named = if call.name == "curl" { ["o", "output"] } else { ["O", "output-document"] };
    let files: Vec<Arg> = parsed
        .options
        .iter()
        .filter(|option| option.is(&named))
        .filter_map(|option| option.value.clone())
        .collect();
    let by_url = if call.name == "curl" {
        parsed.has(&["O", "remote-name", "remote-name-all"])
    } else {
        files.is_empty()
    };
    if !by_url || parsed.has(&["P", "directory-prefix", "output-dir"]) {
        return files;
    }
    let name = |url: &Arg| {
        let path = url.text.split(['?', '#']).next().unwrap_or_default();
        path.rsplit('/').next().map(Arg::literal).filter(|arg| !arg.text.is_empty())
    };
    files.iter().cloned().chain(parsed.operands.iter().filter_map(name)).collect()
}

/// `git clone URL [DIR]`, `git init DIR`, `git worktree add DIR`.
fn cloned(line: &Line) -> Vec<Arg> {
    let in_dir = |arg: &Arg| match &line.dir {
        Some(dir) => dir.join(&arg.text).to_str().map(Arg::literal),
        None => None,
    };
    let parsed = line.parse(
        "bocuj",
        &[
            "branch",
            "origin",
            "config",
            "upload-pack",
            "jobs",
            "depth",
            "reference",
            "template",
            "filter",
            "separate-git-dir",
            "shallow-since",
            "server-option",
        ],
    );
    let dir = match (line.verb.as_str(), parsed.operands.as_slice()) {
        ("clone", [url]) => {
            let name = url.text.trim_end_matches('/').trim_end_matches(".git").rsplit(['/', ':']).next();
            name.filter(|name| !name.is_empty()).map(Arg::literal)
        }
        ("clone", [_, dir]) | ("init", [dir]) => Some(dir.clone()),
        ("worktree", [add, dir, ..]) if add.text == "add" => Some(dir.clone()),
        _ => None,
    };
    dir.filter(|dir| !dir.text.is_empty() && !matches!(dir.text.as_str(), "." | "./"))
        .and_then(|dir| in_dir(&dir))
        .into_iter()
        .collect()
}

/// `tar xf x.tgz`, `unzip x.zip [-d DIR]`: a directory named after the archive, or the one that is given.
fn unpacked(call: &Call<'_>) -> Vec<Arg> {
    if call.name == "unzip" {
        let parsed = Grammar { short: "dPx", long: &[], stop_at_operand: false }.parse(call.args);
        let given = parsed.option(&["d"]).and_then(|option| option.value.clone());
        return given.or_else(|| parsed.operands.first().and_then(stem)).into_iter().collect();
    }
    let archive = call.args.iter().find(|arg| stem(arg).is_some());
    let extracts = call.args.iter().any(|arg| {
        matches!(arg.text.as_str(), "--extract" | "--get")
            || arg.text.trim_start_matches('-').starts_with(['x', 'z', 'j', 'v'])
                && arg.text.contains('x')
                && arg.text.len() < 8
    });
    let elsewhere =
        call.args.iter().any(|arg| arg.text.starts_with("-C") || arg.text.starts_with("--directory"));
    if extracts && !elsewhere { archive.and_then(stem).into_iter().collect() } else { Vec::new() }
}

/// The name of an archive without its endings.
fn stem(archive: &Arg) -> Option<Arg> {
    let name = archive.text.rsplit('/').next().unwrap_or_default();
    let endings = [".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tar", ".zip"];
    let stem = endings.iter().find_map(|ending| name.strip_suffix(ending))?;
    (!stem.is_empty()).then(|| Arg::literal(stem))
}
