//! The control plane: hook wiring, what `so` has recorded, and `so` commands that are the person's.
//!
//! Snapshots are among these records: git commands that write references and name `refs/so` are refused.
//!
//! A command that names a file of ours is refused unless it is known to read only; one that names a client's settings
//! is refused when it is known to write, because what a shell writes there cannot be seen beforehand.

use std::path::{Path, PathBuf};

use super::git::Line;
use super::{NOTHING, Rule, found};
use crate::guard::control::Control;
use crate::guard::deletion::{self, Kind};
use crate::guard::place::{absolute, resolved};
use crate::guard::{Arg, Call, Decision};
use crate::patch::{self, ChangeKind};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "change-hooks",
    reason: "it changes what guards this session, which only the person does",
    instead: "Show the person what should change and why; change other settings with the edit tool.",
    judge,
};

/// Commands of `so` that are the person's, and the one that only clients call; `so help --who` says the same.
pub(crate) const PERSON_ONLY: &[&str] = &[
    "adopt",
    "allow",
    "hook",
    "install",
    "learn approve",
    "learn confirm",
    "learn contradict",
    "learn forget",
    "learn prune",
    "learn reject",
    "policy accept",
    "resolve",
    "rollback",
    "rules accept",
    "rules prune",
    "trust",
    "uninstall",
    "upgrade",
];

/// Programs that type into a terminal, start one, or run later what they are told.
const TYPISTS: &[&str] = &[
    "abduco",
    "at",
    "atq",
    "autoexpect",
    "batch",
    "byobu",
    "crontab",
    "dtach",
    "expect",
    "fcron",
    "ghostty",
    "kitten",
    "kitty",
    "osascript",
    "screen",
    "script",
    "socat",
    "systemd-run",
    "tclsh",
    "tmate",
    "tmux",
    "unbuffer",
    "wezterm",
    "wtype",
    "xdotool",
    "ydotool",
    "zellij",
];

/// Programs that only read the files they are given.
const READERS: &[&str] = &[
    "[",
    "bat",
    "basename",
    "cat",
    "cd",
    "cmp",
    "diff",
    "dirname",
    "echo",
    "egrep",
    "fgrep",
    "file",
    "find",
    "git",
    "grep",
    "head",
    "jq",
    "less",
    "ls",
    "md5sum",
    "more",
    "printf",
    "readlink",
    "realpath",
    "rg",
    "sha256sum",
    "shasum",
    "so",
    "stat",
    "tail",
    "test",
    "tree",
    "wc",
    "xxd",
    "yq",
];

/// Programs that write the files they are given, beside those that remove or overwrite.
const WRITERS: &[&str] =
    &[">", ">>", "chmod", "chown", "ed", "ex", "ln", "patch", "perl", "sed", "sponge", "tee", "touch"];

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if call.name == "so" {
        return person_only(call);
    }
    if call.name == "apply_patch" {
        return by_patch(call);
    }
    if call.name == "so-hook" && !call.args.is_empty() {
        return found(Decision::Deny, "so-hook");
    }
    if TYPISTS.contains(&call.name) && typed(call) {
        return found(Decision::Deny, format!("through {}", call.name));
    }
    if READERS.contains(&call.name) {
        return snapshots(call);
    }
    let gone = deletion::of(call);
    let lost = |arg: &Arg| {
        gone.iter().any(|deletion| deletion.arg.text == arg.text && deletion.kind != Kind::Emptied)
    };
    let copies = matches!(call.name, "cp" | "install" | "rsync" | "scp");
    let near = stands_near(call);
    for arg in call.args.iter().filter(|arg| near || Control::could_name(&arg.text)) {
        let Some(path) = path(arg, call) else { continue };
        let forbidden = match control(&path, call) {
            Control::Free => lost(arg) && Control::lies_below(&path, call.context),
            Control::Ours => !copies || lost(arg) || is_last(arg, call),
            Control::Settings => {
                lost(arg) || WRITERS.contains(&call.name) && writes(call) || copies && is_last(arg, call)
            }
        };
        if forbidden {
            return found(Decision::Deny, arg.shown());
        }
    }
    NOTHING
}

/// Whether `call` runs in a directory of ours: there any name may be a file of ours.
fn stands_near(call: &Call<'_>) -> bool {
    let below = |root: &Option<PathBuf>| call.cwd.as_deref()?.strip_prefix(root.as_deref()?).ok();
    let rest = below(&call.context.project).or_else(|| below(&call.context.home));
    rest.and_then(Path::to_str).is_some_and(Control::could_name)
}

/// Git verbs that write references: here, or on a remote that snapshots have no business on.
const REFERENCE_WRITERS: &[&str] = &[
    "fast-import",
    "fetch",
    "fetch-pack",
    "pull",
    "push",
    "replace",
    "send-pack",
    "symbolic-ref",
    "update-ref",
];

/// What `so undo` brings back is let go of by `so` alone.
fn snapshots(call: &Call<'_>) -> Vec<(Decision, String)> {
    let line = Line::of(call);
    let ours = |text: &str| text.contains("refs/so/") || text.ends_with("refs/so");
    let named = line.args.iter().any(|arg| ours(&arg.text)) || call.input.texts.iter().any(|text| ours(text));
    if REFERENCE_WRITERS.contains(&line.verb.as_str()) && named {
        return found(Decision::Deny, "snapshots of `so undo`");
    }
    NOTHING
}

/// A patch in Codex's format, on standard input or as the one argument: judged like its tool.
fn by_patch(call: &Call<'_>) -> Vec<(Decision, String)> {
    let texts = call.args.iter().map(|arg| &arg.text).chain(&call.input.texts);
    let changes = texts.flat_map(|text| patch::of_codex(text));
    let forbidden = changes.filter_map(|change| {
        let path = absolute(&change.path.to_string_lossy(), call.cwd.as_deref())?;
        let control = control(&path, call);
        let removed = change.kind == ChangeKind::Removed && control != Control::Free;
        (removed || control.forbids(&change.old) || control.forbids(&change.new)).then_some(change.path)
    });
    forbidden.take(1).map(|path| (Decision::Deny, path.display().to_string())).collect()
}

/// The path that a word names, or that stands behind its `=`.
fn path(arg: &Arg, call: &Call<'_>) -> Option<PathBuf> {
    let text = arg.text.split_once('=').map_or(arg.text.as_str(), |(_, value)| value);
    if text.starts_with('-') || text.is_empty() { None } else { absolute(text, call.cwd.as_deref()) }
}

/// What the path is, as it is written or with the links on its way followed.
fn control(path: &Path, call: &Call<'_>) -> Control {
    match Control::of(path, call.context) {
        Control::Free => Control::of(&resolved(path, false), call.context),
        as_written => as_written,
    }
}

/// Stream editors write only when told to work in place.
fn writes(call: &Call<'_>) -> bool {
    let in_place =
        |arg: &Arg| arg.text == "--in-place" || arg.text.starts_with("--in-place=") || short_i(&arg.text);
    !matches!(call.name, "sed" | "perl") || call.args.iter().any(in_place)
}

/// `-i`, `-i.bak`, `-ni`, `-pi`.
fn short_i(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains('i'))
}

fn is_last(arg: &Arg, call: &Call<'_>) -> bool {
    call.args.last().is_some_and(|last| std::ptr::eq(last, arg))
}

/// Whether a typist is given a line of `so` that is the person's, as arguments or on its input. Words may be spread
/// over arguments, and keys have names.
fn typed(call: &Call<'_>) -> bool {
    let words: Vec<&str> = call.args.iter().map(|arg| arg.text.as_str()).take(64).collect();
    let mut texts = vec![words.join(" ")];
    texts.extend(
        (0..words.len()).filter_map(|from| Some(words.get(from..from + 4).or(words.get(from..))?.concat())),
    );
    texts.extend(call.input.texts.iter().cloned());
    texts.iter().any(|text| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-./".contains(c));
        let mut words = words.filter(|word| !word.is_empty() && !KEYS.contains(word));
        let mut is_so = false;
        let mut first = ""; // of two words, behind `so`
        words.any(|word| {
            let both = |listed: &&str| listed.split_once(' ') == Some((first, word));
            let is_yes =
                is_so && PERSON_ONLY.contains(&word) || !first.is_empty() && PERSON_ONLY.iter().any(both);
            if !word.starts_with('-') {
                first = if is_so { word } else { "" };
            }
            is_so = word.rsplit('/').next() == Some("so") || is_so && word.starts_with('-');
            is_yes
        })
    })
}

/// What terminals call the keys between words.
const KEYS: &[&str] = &["Space", "space", "Enter", "Tab"];

/// `so install`, behind global flags too. Looking at the plan is anybody's.
fn person_only(call: &Call<'_>) -> Vec<(Decision, String)> {
    if ["--dry-run", "--help", "-h", "--probe"].iter().any(|flag| call.has(flag)) {
        return NOTHING;
    }
    let mut words = call.args.iter().map(|arg| arg.text.as_str());
    let mut said = String::new();
    while let Some(word) = words.next() {
        match word {
            "--project" | "--color" => drop(words.next()),
            word if word.starts_with('-') => {}
            word if said.is_empty() => word.clone_into(&mut said),
            word => {
                said = format!("{said} {word}");
                break;
            }
        }
    }
    let whole = |listed: &&&str| said == **listed || said.split(' ').next() == Some(**listed);
    PERSON_ONLY.iter().find(whole).map_or(NOTHING, |listed| found(Decision::Deny, format!("so {listed}")))
}
