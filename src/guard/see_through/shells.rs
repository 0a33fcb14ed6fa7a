//! Texts that a shell reads: `sh -c`, `eval`, standard input of a shell, git aliases.

use super::{At, Inner, joined};
use crate::guard::arg::{Arg, Call, UNKNOWN};
use crate::guard::flow::Flow;
use crate::guard::options::{Grammar, Opt};
use crate::guard::rules::git;

/// Programs that run shell text.
pub(super) const SHELLS: &[&str] = &[
    "sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish", "rbash", "csh", "tcsh", "elvish", "nu",
    "xonsh", "su", "runuser", "yash",
];

const GRAMMAR: Grammar = Grammar {
    short: "oO",
    long: &["rcfile", "init-file", "command", "init-command"],
    stop_at_operand: false,
};

/// Texts that `call` would have a shell run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    let mut found = run_by_variables(call);
    found.extend(own_texts(call));
    found
}

/// Variables that hold a command, set for this call or exported before it: whoever looks at them runs it.
fn run_by_variables(call: &Call<'_>) -> Vec<Inner> {
    const GIT: &[&str] = &[
        "GIT_PAGER",
        "GIT_EDITOR",
        "GIT_SEQUENCE_EDITOR",
        "GIT_SSH_COMMAND",
        "GIT_EXTERNAL_DIFF",
        "PAGER",
        "EDITOR",
        "VISUAL",
    ];
    let by = |name: &str| match call.name {
        "git" => GIT.contains(&name),
        name_of_shell => name == "PROMPT_COMMAND" && SHELLS.contains(&name_of_shell),
    };
    let texts = call.assigned.iter().filter(|(name, _)| by(name));
    texts.map(|(_, text)| Inner::text(text.clone())).collect()
}

fn own_texts(call: &Call<'_>) -> Vec<Inner> {
    match call.name {
        "eval" => {
            let args = match call.args.split_first() {
                Some((first, rest)) if first.text == "--" => rest,
                _ => call.args,
            };
            let harmless = args.iter().all(|arg| arg.text.chars().all(|character| character == UNKNOWN));
            // `eval "$(ssh-agent -s)"`: a program's own words; what was decoded or fetched is judged by its rule.
            if harmless && args.iter().all(|arg| arg.printed || arg.text.is_empty()) {
                return args.iter().flat_map(|arg| &arg.flow.texts).map(Inner::guess).collect();
            }
            vec![Inner::text(joined(args))]
        }
        "git" => git_texts(call),
        "gh" => gh_alias(call).into_iter().collect(),
        "script" => dash_c(&Grammar { short: "cEIOBTmo", long: &["command"], stop_at_operand: false }, call),
        "source" | "." => call.args.first().map(|file| from_file(file, call)).unwrap_or_default(),
        "hyperfine" => benchmarks(call),
        "at" | "batch" | "newgrp" => standard_input(call),
        "make" | "gmake" | "just" => Vec::new(),
        name if SHELLS.contains(&name) => shell(call),
        _ => Vec::new(),
    }
}

const HYPERFINE: Grammar = Grammar {
    short: "psCcwmMrPLSnu",
    long: &[
        "prepare",
        "setup",
        "cleanup",
        "conclude",
        "reference",
        "warmup",
        "min-runs",
        "max-runs",
        "runs",
        "parameter-scan",
        "parameter-list",
        "shell",
        "export-json",
        "export-markdown",
        "export-csv",
        "command-name",
        "style",
        "sort",
        "time-unit",
        "input",
        "output",
    ],
    stop_at_operand: false,
};

/// `hyperfine [--prepare TEXT] TEXT…`. Texts of which nothing is known are what a script measures.
fn benchmarks(call: &Call<'_>) -> Vec<Inner> {
    let parsed = HYPERFINE.parse(call.args);
    let runs = ["p", "prepare", "s", "setup", "c", "cleanup", "conclude", "C", "reference"];
    let options = parsed.options.iter().filter(|option| option.is(&runs)).map(Opt::text);
    let texts = options.chain(parsed.operands.iter().map(|arg| arg.text.as_str()));
    texts.filter(|text| text.chars().any(|character| character != UNKNOWN)).map(Inner::text).collect()
}

fn dash_c(grammar: &Grammar, call: &Call<'_>) -> Vec<Inner> {
    let parsed = grammar.parse(call.args);
    parsed
        .option(&["c", "command"])
        .and_then(|option| option.value.clone())
        .map(|arg| Inner::text(arg.text))
        .into_iter()
        .collect()
}

/// `sh [-lec] [-o opt] TEXT [$0 $1 …]`, or a program on standard input.
fn shell(call: &Call<'_>) -> Vec<Inner> {
    if matches!(call.name, "su" | "runuser") {
        let given = dash_c(&Grammar { short: "cgGsw", long: &["command"], stop_at_operand: false }, call);
        return if given.is_empty() { standard_input(call) } else { given };
    }
    if only_parses(call) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if call.name == "fish" {
        let parsed = Grammar { short: "cCdof", long: &["command", "init-command"], stop_at_operand: false }
            .parse(call.args);
        let texts = parsed.options.iter().filter(|option| option.is(&["c", "C", "command", "init-command"]));
        found.extend(texts.map(|option| Inner::text(option.text())));
    }
    if let Some(text) = unknown_option(call.args).and_then(|at| call.args.get(at + 1)) {
        found.push(Inner::text(text.text.clone()));
    }
    let mut rest = call.args;
    let mut has_text = false;
    let mut from_input = true;
    while let Some((arg, tail)) = rest.split_first() {
        let text = arg.text.as_str();
        if text == "--" || text == "-" {
            rest = tail;
            break;
        }
        let plus = text.starts_with('+') && text.len() > 1;
        let Some(letters) =
            text.strip_prefix('-').filter(|letters| !letters.is_empty()).or(plus.then_some(""))
        else {
            break;
        };
        rest = tail;
        if letters.starts_with('-') {
            if GRAMMAR.long.contains(&letters.trim_start_matches('-')) {
                found.extend(tail.first().map(|file| from_file(file, call)).unwrap_or_default());
                rest = tail.get(1..).unwrap_or_default();
            }
            continue;
        }
        has_text |= letters.contains('c');
        from_input &= !letters.contains('c');
        if letters.ends_with(['o', 'O']) || (text.starts_with('+') && text.ends_with(['o', 'O'])) {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    if has_text {
        if let Some((text, positional)) = rest.split_first() {
            found.push(dash_c_text(text, positional));
        }
    } else if from_input && (rest.is_empty() || call.has("-s")) {
        found.extend(standard_input(call));
    } else if let Some(file) = rest.first() {
        found.extend(from_file(file, call));
    }
    found
}

/// `bash -n FILE`.
pub(in crate::guard) fn only_parses(call: &Call<'_>) -> bool {
    let options = || call.args.iter().take_while(|arg| arg.text.starts_with(['-', '+']) && arg.text != "-c");
    SHELLS.contains(&call.name)
        && !call.has("+n")
        && options().any(|arg| matches!(arg.text.as_str(), "-n" | "-nv" | "-vn" | "-nx" | "--no-execute"))
}

/// An option that cannot be known: it may be `-c`. What stands behind the script is for the script.
fn unknown_option(args: &[Arg]) -> Option<usize> {
    let mut value = false;
    let ends = |text: &str| text == "--" || !text.starts_with(['-', '+']);
    for (at, arg) in args.iter().enumerate() {
        let text = arg.text.as_str();
        let is_value = std::mem::take(&mut value);
        if text.chars().all(|character| character == UNKNOWN) {
            return Some(at);
        }
        if !is_value && ends(text) {
            return None;
        }
        let long = text.strip_prefix("--");
        value = !is_value && long.map_or(text.ends_with(['o', 'O']), |name| GRAMMAR.long.contains(&name));
    }
    None
}

/// A file that is no file: standard input or another descriptor, or a pipe to commands.
fn from_file(file: &Arg, call: &Call<'_>) -> Vec<Inner> {
    if file.pipe.is_some() {
        return texts(&file.flow);
    }
    let descriptor = ["/dev/stdin", "/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"];
    if descriptor.iter().any(|name| file.text.starts_with(name)) { standard_input(call) } else { Vec::new() }
}

fn dash_c_text(text: &Arg, positional: &[Arg]) -> Inner {
    let positional = if positional.is_empty() { Vec::new() } else { positional.to_vec() };
    Inner::Text { text: text.text.clone(), positional, at: At::Same, guessed: false }
}

/// The texts on standard input that are known.
fn standard_input(call: &Call<'_>) -> Vec<Inner> {
    texts(call.input)
}

/// Each text by itself, for one of them may be all there is, and all of them as one.
fn texts(flow: &Flow) -> Vec<Inner> {
    let together = (flow.texts.len() > 1).then(|| flow.texts.concat());
    flow.texts.iter().cloned().chain(together).map(Inner::text).collect()
}

/// Last parts of configuration keys whose value is a command.
const COMMAND_KEYS: &[&str] = &[
    "alternaterefscommand",
    "askpass",
    "clean",
    "cmd",
    "command",
    "defaultkeycommand",
    "difffilter",
    "driver",
    "editor",
    "external",
    "fsmonitor",
    "helper",
    "packobjectshook",
    "pager",
    "process",
    "program",
    "receivepack",
    "smudge",
    "sshcommand",
    "textconv",
    "update",
    "uploadpack",
];

/// The command that a configuration value holds, with what is added behind it.
fn configured(key: &str, value: &str, rest: &str) -> Option<Inner> {
    let key = key.to_ascii_lowercase();
    let last = key.rsplit('.').next().unwrap_or_default();
    if key.starts_with("alias.") {
        return Some(match value.strip_prefix('!') {
            Some(shell) => Inner::text(format!("{shell} {rest}")),
            None => Inner::text(format!("git {value} {rest}")),
        });
    }
    let runs = COMMAND_KEYS.contains(&last) || key.starts_with("pager.");
    runs.then(|| Inner::guess(value.trim_start_matches('!')))
}

/// Options of git whose value is a command; a row without a verb is for all.
const COMMAND_OPTIONS: &[(&str, &[&str])] = &[
    ("", &["upload-pack", "receive-pack", "exec", "extcmd", "open-files-in-pager"]),
    ("clone", &["u"]),
    ("rebase", &["x"]),
    ("difftool", &["x"]),
    ("grep", &["O"]),
];

/// `git -c alias.x='!cmd' x`, `git submodule foreach 'cmd'`, `git rebase --exec cmd`, `git bisect run cmd`.
fn git_texts(call: &Call<'_>) -> Vec<Inner> {
    let line = git::Line::of(call);
    let mut found = Vec::new();
    for (key, value) in &line.config {
        if key.strip_prefix("alias.").is_none_or(|alias| alias == line.verb) {
            found.extend(configured(key, value, &super::quoted(&line.args)));
        }
    }
    let after = |skip: usize| line.args.get(skip..).unwrap_or_default();
    let first = line.args.first().map_or("", |arg| arg.text.as_str());
    match (line.verb.as_str(), first) {
        ("submodule", _) => {
            let at = line.args.iter().position(|arg| arg.text == "foreach");
            let command =
                at.map(|at| joined(without_options(after(at + 1)))).filter(|command| !command.is_empty());
            found.extend(command.map(Inner::text));
        }
        ("bisect", "run") => found.push(Inner::words(after(1).to_vec())),
        ("config", _) => found.extend(setting(line)),
        ("clone", _) => {
            let pairs = line.args.iter().zip(line.args.iter().skip(1));
            let given = pairs.filter(|(option, _)| matches!(option.text.as_str(), "-c" | "--config"));
            let set = given.filter_map(|(_, setting)| setting.text.split_once('='));
            found.extend(set.filter_map(|(key, value)| configured(key, value, "")));
        }
        _ => {}
    }
    found.extend(git_options(line));
    found
}

/// `git config [set] KEY VALUE`.
fn setting(line: &git::Line) -> Option<Inner> {
    let (key, value) = line.sets()?;
    configured(&key, value, "")
}

/// `gh alias set NAME VALUE`: a text for a shell behind `!`, else words of gh.
fn gh_alias(call: &Call<'_>) -> Option<Inner> {
    let words: Vec<&Arg> = call.args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
    let [alias, set, _, value] = words.as_slice() else { return None };
    let shell = value.text.strip_prefix('!').or(call.has("--shell").then_some(value.text.as_str()));
    (alias.text == "alias" && set.text == "set").then(|| match shell {
        Some(shell) => Inner::guess(shell),
        None => Inner::guess(format!("gh {}", value.text)),
    })
}

/// The values of options that are commands.
fn git_options(line: &git::Line) -> Vec<Inner> {
    let short = match line.verb.as_str() {
        "rebase" => "xsXC",
        "difftool" => "xt",
        "clone" => "ubocj",
        "grep" => "OefmABC",
        _ => "",
    };
    let long = &["exec", "onto", "strategy", "upload-pack", "receive-pack", "extcmd"];
    let parsed = Grammar { short, long, stop_at_operand: false }.parse(&line.args);
    let runs = |option: &&Opt| {
        let rows = COMMAND_OPTIONS.iter().filter(|(verb, _)| verb.is_empty() || *verb == line.verb);
        rows.into_iter().any(|(_, names)| option.is(names))
    };
    parsed.options.iter().filter(runs).map(|option| Inner::guess(option.text())).collect()
}

fn without_options(args: &[Arg]) -> &[Arg] {
    let options = args.iter().take_while(|arg| arg.text.starts_with('-')).count();
    args.get(options..).unwrap_or_default()
}
