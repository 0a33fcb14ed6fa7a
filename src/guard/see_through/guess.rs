//! Programs that nobody has told us about: what looks like a command in their arguments may be run.
//!
//! Words that name a program which could do harm begin a command line, and so does the value of an option that is
//! called after running. Programs that are known to take words as words are left out.

use super::{Inner, program_name};
use crate::guard::arg::{Arg, Call};

/// Programs whose arguments are words to them, or are taken apart elsewhere.
const WORDS: &[&str] = &[
    ":",
    "[",
    "ack",
    "ag",
    "alias",
    "apk",
    "apropos",
    "apt",
    "apt-cache",
    "apt-get",
    "aptitude",
    "basename",
    "brew",
    "case",
    "cat",
    "cd",
    "cmp",
    "comm",
    "cp",
    "cut",
    "declare",
    "diff",
    "dirname",
    "dnf",
    "dpkg",
    "echo",
    "egrep",
    "emerge",
    "exit",
    "export",
    "false",
    "fgrep",
    "file",
    "find",
    "fd",
    "gh",
    "getopts",
    "git",
    "glab",
    "grep",
    "groupadd",
    "hash",
    "head",
    "help",
    "history",
    "hub",
    "info",
    "install",
    "jq",
    "kill",
    "killall",
    "less",
    "ln",
    "local",
    "logger",
    "ls",
    "man",
    "mkdir",
    "more",
    "mv",
    "notify-send",
    "pacman",
    "pgrep",
    "pip",
    "pip3",
    "pkill",
    "printf",
    "read",
    "readlink",
    "readonly",
    "realpath",
    "return",
    "rg",
    "rm",
    "rmdir",
    "scoop",
    "sed",
    "set",
    "shift",
    "shred",
    "sleep",
    "snap",
    "so",
    "sort",
    "stat",
    "tail",
    "tee",
    "test",
    "tldr",
    "touch",
    "tr",
    "trap",
    "true",
    "type",
    "typeset",
    "unalias",
    "uniq",
    "unset",
    "wait",
    "wc",
    "wget",
    "whatis",
    "whereis",
    "which",
    "winget",
    "yum",
    "zypper",
];

/// Programs that a rule knows, and those that run others.
const HARMFUL: &[&str] = &[
    "bash",
    "blkdiscard",
    "cargo",
    "chgrp",
    "chmod",
    "chown",
    "curl",
    "dash",
    "dd",
    "docker",
    "docker-compose",
    "doas",
    "dropdb",
    "env",
    "eval",
    "find",
    "gem",
    "gh",
    "git",
    "kubectl",
    "mkfs",
    "mysql",
    "npm",
    "npx",
    "php",
    "podman",
    "psql",
    "python",
    "python3",
    "rails",
    "redis-cli",
    "rimraf",
    "rm",
    "rsync",
    "sh",
    "shred",
    "sqlite3",
    "ssh",
    "su",
    "sudo",
    "truncate",
    "twine",
    "unlink",
    "wget",
    "wipefs",
    "xargs",
    "zsh",
];

/// Options that are called after what they do with their value.
const RUNS: &[&str] = &[
    "-c",
    "-C",
    "-e",
    "-x",
    "--call",
    "--command",
    "--commands",
    "--exec",
    "--execute",
    "--run",
    "--script",
    "--scripts",
    "--shell",
    "--sh-exec",
];

/// Most words that are tried as the beginning of a command.
const TRIES: usize = 8;

/// Whether a rule knows the program.
pub(super) fn harmful(word: &str) -> bool {
    if word.starts_with(['+', '-']) || word.contains(char::is_whitespace) {
        return false;
    }
    let name = program_name(word);
    HARMFUL.contains(&name) || name.starts_with("mkfs.")
}

/// Whether the arguments of a program are words to it.
pub(super) fn takes_words(program: &str) -> bool {
    WORDS.contains(&program_name(program))
}

/// Whether a text begins with a command that a rule knows, behind assignments and the like.
pub(in crate::guard) fn begins_harmfully(text: &str) -> bool {
    let mut words = text.split_whitespace().map(|word| word.trim_start_matches(['!', '(', '{', '@']));
    words.find(|word| !word.is_empty() && !word.contains('=')).is_some_and(harmful)
}

/// Programs that harm only with what they are given: in a text they begin a command, as words they say little.
const BEGINS: &[&str] =
    &["cp", "install", "ln", "mongo", "mongosh", "mv", "mysqladmin", "php", "pnpm", "tee", "yarn"];

/// Whether one of the commands of a text begins so, or it writes over a file.
pub(super) fn runs_harmfully(text: &str) -> bool {
    let begins = |piece: &str| {
        let first = piece.split_whitespace().next().unwrap_or_default();
        begins_harmfully(piece) || BEGINS.contains(&program_name(first)) && piece.trim().contains(' ')
    };
    text.split(['|', ';', '&', '\n', '`', '(']).any(begins)
}

/// Words before which a program says that it only talks about a command.
const TALKS: &[&str] = &["explain", "check", "describe", "lint", "why", "help", "search", "ask"];

/// What a program that is not known might run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    if call.args.iter().take(3).any(|arg| TALKS.contains(&arg.text.as_str())) || super::only_parses(call) {
        return Vec::new();
    }
    if WORDS.contains(&call.name) || call.args.is_empty() || super::handed::only_computes(call) {
        return Vec::new();
    }
    let starts = call.args.iter().enumerate().filter(|(_, arg)| !arg.dynamic && harmful(&arg.text));
    let lines = starts.take(TRIES).filter_map(|(at, _)| call.args.get(at..)).filter(|words| !is_verb(words));
    let mut found: Vec<Inner> = lines.map(|words| Inner::Guessed(words.to_vec())).collect();
    let pairs = call.args.iter().zip(call.args.iter().skip(1));
    let separate = pairs
        .filter(|(option, _)| RUNS.contains(&option.text.as_str()))
        .map(|(_, value)| value.text.as_str());
    found.extend(
        separate
            .chain(call.args.iter().filter_map(stuck))
            .filter(|text| begins_harmfully(text))
            .map(Inner::guess),
    );
    found
}

/// `docker rm`, `aws s3 rm`, `npm rm`: a verb of many tools. With the letters that people give to `rm` it is `rm`.
fn is_verb(words: &[Arg]) -> bool {
    let Some((first, rest)) = words.split_first() else { return true };
    let has = |letters: &[char], long: &str| {
        let cluster = |text: &str| {
            text.strip_prefix('-').is_some_and(|rest| rest.chars().all(|c| "rRfvidI".contains(c)))
        };
        let short = |text: &str| cluster(text) && text.contains(letters);
        rest.iter().any(|arg| short(&arg.text) || arg.text == long)
    };
    let removes = has(&['r', 'R'], "--recursive")
        && has(&['f'], "--force")
        && !rest.iter().any(|arg| arg.text.contains("://"));
    first.text == "rm" && !removes
}

/// `--command=TEXT`.
fn stuck(arg: &Arg) -> Option<&str> {
    let (name, value) = arg.text.split_once('=')?;
    RUNS.contains(&name).then_some(value)
}
