//! Wrappers whose arguments end in another command line: `sudo`, `env`, `timeout`, `nice`, …

use super::{At, Inner, joined};
use crate::guard::arg::{Arg, Call, UNKNOWN};
use crate::guard::options::Grammar;

/// One wrapper.
struct Prefix {
    names: &'static [&'static str],
    grammar: Grammar,
    /// Operands of its own before the command.
    own: usize,
}

const fn prefix(
    names: &'static [&'static str],
    short: &'static str,
    long: &'static [&'static str],
    own: usize,
) -> Prefix {
    Prefix { names, grammar: Grammar { short, long, stop_at_operand: true }, own }
}

const PREFIXES: &[Prefix] = &[
    prefix(
        &["sudo"],
        "CDghpRrTtUu",
        &[
            "user",
            "group",
            "host",
            "prompt",
            "chroot",
            "role",
            "type",
            "chdir",
            "close-from",
            "other-user",
            "command-timeout",
        ],
        0,
    ),
    prefix(&["doas"], "uC", &[], 0),
    prefix(&["nice"], "n", &["adjustment"], 0),
    prefix(&["ionice"], "cn", &["class", "classdata"], 0),
    prefix(
        &[
            "nohup",
            "setsid",
            "builtin",
            "busybox",
            "toybox",
            "noglob",
            "nocorrect",
            "chronic",
            "corepack",
            "rtk",
            "proxychains",
            "proxychains4",
            "fakeroot",
            "faketime",
            "unbuffer",
            "catchsegv",
            "dumb-init",
            "tini",
            "gosu",
            "runcon",
            "lvm",
        ],
        "",
        &[],
        0,
    ),
    prefix(&["command"], "", &[], 0),
    prefix(&["exec"], "a", &[], 0),
    prefix(&["time"], "fo", &["format", "output"], 0),
    prefix(&["timeout", "gtimeout"], "sk", &["signal", "kill-after"], 1),
    prefix(&["stdbuf"], "ioe", &["input", "output", "error"], 0),
    prefix(&["chrt", "taskset"], "TPDp", &[], 1),
    prefix(&["caffeinate"], "tw", &[], 0),
    prefix(&["xvfb-run"], "nsefp", &["server-num", "server-args", "error-file", "auth-file"], 0),
    prefix(&["strace", "ltrace"], "eopsaEIOPSuXb", &["output", "trace"], 0),
    prefix(&["chroot"], "", &["userspec", "groups"], 1),
    prefix(
        &["unshare", "nsenter", "setpriv", "prlimit", "cpulimit", "systemd-run", "systemd-inhibit"],
        "tSGupE",
        &["target", "setuid", "setgid", "unit", "property", "setenv", "slice", "what", "who", "why", "mode"],
        0,
    ),
    prefix(&["flock"], "wE", &["timeout", "wait", "conflict-exit-code"], 1),
    prefix(&["entr"], "", &[], 0),
    prefix(&["npx", "bunx", "pnpx", "uvx"], "pc", &["package", "call", "from", "with", "python"], 0),
    prefix(
        &["dotenv", "dotenvx", "doppler", "op", "infisical", "envchain", "direnv", "mise", "asdf", "rtx"],
        "f",
        &[],
        0,
    ),
];

/// `tool run command`: the words between tool and command, and its options with values.
const RUNNERS: &[(&str, &[&str])] = &[
    ("uv", &["run", "tool"]),
    ("poetry", &["run"]),
    ("pipenv", &["run"]),
    ("pdm", &["run"]),
    ("rye", &["run"]),
    ("hatch", &["run"]),
    ("bundle", &["exec"]),
    ("mise", &["exec", "x"]),
    ("direnv", &["exec"]),
    ("doppler", &["run"]),
    ("op", &["run"]),
    ("dotenvx", &["run"]),
    ("pnpm", &["exec", "dlx"]),
    ("yarn", &["exec", "dlx"]),
    ("npm", &["exec", "x"]),
    ("bun", &["x"]),
    ("conda", &["run"]),
    ("pipx", &["run"]),
];

/// What a wrapper of this family would run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    match call.name {
        "env" => env(call.args),
        // The program of a verb, and those that hand on what they do not know themselves.
        "hub" | "yadm" => vec![Inner::words(git(call.args, None))],
        "vcsh" if call.args.len() > 1 => {
            vec![Inner::words(git(call.args.get(1..).unwrap_or_default(), None))]
        }
        "etckeeper" if call.first() == "vcs" => {
            vec![Inner::words(git(call.args.get(1..).unwrap_or_default(), None))]
        }
        "deno" if call.first() == "run" && call.args.iter().any(|arg| arg.text.starts_with("npm:")) => {
            let words = call.args.iter().skip_while(|arg| !arg.text.starts_with("npm:"));
            let mut words: Vec<Arg> = words.cloned().collect();
            without_version(&mut words);
            vec![Inner::words(words)]
        }
        "coreutils" => {
            let name = call.first().split_once("--coreutils-prog=").map(|(_, name)| Arg::literal(name));
            let rest = call.args.iter().skip(usize::from(name.is_some())).cloned();
            vec![Inner::words(name.into_iter().chain(rest).collect())]
        }
        "nix" if call.first() == "run" => nix_run(call.args),
        name if name.starts_with("git-") => vec![Inner::words(git(call.args, name.strip_prefix("git-")))],
        // A word that looks like an assignment but is none: some shells take it as one.
        name if name.contains('=') && !call.args.is_empty() => vec![Inner::words(call.args.to_vec())],
        "watch" => {
            let parsed = Grammar { short: "n", long: &["interval"], stop_at_operand: true }.parse(call.args);
            match parsed.operands.as_slice() {
                [] => Vec::new(),
                words if parsed.has(&["x", "exec"]) => vec![Inner::words(words.to_vec())],
                words => vec![Inner::text(joined(words))],
            }
        }
        name if name.starts_with("python") || name.starts_with("pypy") => module(call.args),
        "yarn" if call.first() == "workspace" => {
            let rest = call.args.get(2..).unwrap_or_default().iter().cloned();
            vec![Inner::words(std::iter::once(Arg::literal("yarn")).chain(rest).collect())]
        }
        "command" if call.first().starts_with("-v") || call.first().starts_with("-V") => Vec::new(),
        name => {
            if let Some((_, verbs)) = RUNNERS.iter().find(|(tool, _)| *tool == name) {
                return runner(verbs, call);
            }
            match PREFIXES.iter().find(|prefix| prefix.names.contains(&name)) {
                Some(prefix) => plain(prefix, call),
                None => Vec::new(),
            }
        }
    }
}

/// Runners that fetch a package and run its program.
const FETCHING: &[&str] = &["npx", "bunx", "pnpx", "uvx", "deno"];

/// `rimraf@5`, `npm:rimraf@5`: the program of the package.
fn without_version(words: &mut [Arg]) {
    let Some(first) = words.first_mut() else { return };
    let name = first.text.strip_prefix("npm:").unwrap_or(&first.text);
    let end = name.char_indices().skip(1).find(|(_, letter)| *letter == '@').map_or(name.len(), |(at, _)| at);
    first.text = name.get(..end).unwrap_or_default().to_owned();
}

/// A command line of git.
fn git(args: &[Arg], verb: Option<&str>) -> Vec<Arg> {
    [Some("git"), verb].into_iter().flatten().map(Arg::literal).chain(args.iter().cloned()).collect()
}

/// `nix run nixpkgs#program -- args`.
fn nix_run(args: &[Arg]) -> Vec<Inner> {
    let program =
        args.iter().skip(1).find_map(|arg| arg.text.split_once('#')).map(|(_, name)| Arg::literal(name));
    let behind = args.iter().skip_while(|arg| arg.text != "--").skip(1).cloned();
    program
        .map(|program| Inner::words(std::iter::once(program).chain(behind).collect()))
        .into_iter()
        .collect()
}

fn plain(prefix: &Prefix, call: &Call<'_>) -> Vec<Inner> {
    let parsed = prefix.grammar.parse(call.args);
    let mut found = Vec::new();
    if call.name == "flock"
        && let Some(text) =
            parsed.operands.iter().skip_while(|arg| !matches!(arg.text.as_str(), "-c" | "--command")).nth(1)
    {
        found.push(Inner::text(text.text.clone()));
    }
    let operands = parsed.operands.get(prefix.own..).unwrap_or_default();
    let operands = if operands.first().is_some_and(|arg| arg.text == "--") {
        operands.get(1..).unwrap_or_default()
    } else {
        operands
    };
    let (set, mut words) = leading_assignments(operands);
    if FETCHING.contains(&call.name) {
        without_version(&mut words);
        let texts = parsed.options.iter().filter(|option| option.is(&["c", "call"]));
        found.extend(texts.map(|option| Inner::guess(option.text())));
    }
    let at = match parsed
        .option(&["chdir", "D"])
        .filter(|_| call.name == "sudo")
        .and_then(|option| option.value.clone())
    {
        Some(dir) => At::Dir(dir),
        None if call.name == "chroot" => At::Elsewhere,
        None => At::Same,
    };
    if call.name == "sudo" && parsed.has(&["s", "shell", "i", "login"]) {
        found.push(Inner::text(joined(&words)));
        found.extend(call.input.texts.iter().filter(|_| words.is_empty()).map(Inner::text));
    }
    if !words.is_empty() {
        found.push(Inner::Words { words, set, at, input: None });
    }
    found
}

/// `A=b C=d program …`.
pub(super) fn leading_assignments(args: &[Arg]) -> (Vec<(String, String)>, Vec<Arg>) {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let set: Vec<_> = args
        .iter()
        .map_while(|arg| arg.text.split_once('=').filter(|(name, _)| is_name(name)))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    (set.clone(), args.get(set.len()..).unwrap_or_default().to_vec())
}

/// `env [-i] [-u NAME] [-C DIR] [-S TEXT] [A=b]… program …` (GNU and BSD).
fn env(args: &[Arg]) -> Vec<Inner> {
    let grammar = Grammar {
        short: "uCSPaQ",
        long: &["unset", "chdir", "split-string", "argv0"],
        stop_at_operand: true,
    };
    let parsed = grammar.parse(args);
    let at = parsed.option(&["C", "chdir"]).and_then(|option| option.value.clone()).map_or(At::Same, At::Dir);
    if parsed.has(&["S", "split-string"])
        && let Some(words) = split_string(args)
    {
        return vec![Inner::Words { words, set: Vec::new(), at, input: None }];
    }
    let operands = match parsed.operands.split_first() {
        Some((first, rest)) if first.text == "-" => rest,
        _ => parsed.operands.as_slice(),
    };
    let (set, words) = leading_assignments(operands);
    if words.is_empty() { Vec::new() } else { vec![Inner::Words { words, set, at, input: None }] }
}

/// `env … -S TEXT …` as the `env` that it becomes: the words of the text stand where it stood.
fn split_string(args: &[Arg]) -> Option<Vec<Arg>> {
    let (at, stuck) = args.iter().enumerate().find_map(|(at, arg)| {
        let long = arg.text.strip_prefix("--s").map(|rest| rest.split_once('=').map_or("", |(_, text)| text));
        let short = arg.text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        let short = short.and_then(|rest| rest.split_once('S')).map(|(_, text)| text);
        long.or(short).map(|stuck| (at, stuck))
    })?;
    let (text, rest) = match args.get(at + 1..)?.split_first() {
        Some((text, rest)) if stuck.is_empty() => (text.text.as_str(), rest),
        _ => (stuck, args.get(at + 1..)?),
    };
    let words =
        split(text).into_iter().map(|text| Arg { dynamic: text.contains(UNKNOWN), ..Arg::literal(text) });
    Some(std::iter::once(Arg::literal("env")).chain(words).chain(rest.iter().cloned()).collect())
}

/// The words of an `env -S` text: blanks, both quotes and backslashes as GNU env 9 takes them. Variables are unknown.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', _) => match characters.next() {
                Some('c') if quote.is_none() => break,
                Some('_' | 'n' | 't' | 'r' | 'f' | 'v') if quote.is_none() => words.extend(word.take()),
                Some('_') if quote == Some('"') => word.get_or_insert_default().push(' '),
                Some(other) => word.get_or_insert_default().push(other),
                None => break,
            },
            (_, Some(open)) if open == character => quote = None,
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            ('$', None | Some('"')) if characters.peek() == Some(&'{') => {
                characters.by_ref().find(|character| *character == '}');
                word.get_or_insert_default().push(UNKNOWN);
            }
            (blank, None) if blank.is_ascii_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

fn runner(verbs: &[&str], call: &Call<'_>) -> Vec<Inner> {
    let grammar = Grammar {
        short: "pnCPwFc",
        long: &[
            "with",
            "python",
            "package",
            "project",
            "directory",
            "env-file",
            "name",
            "prefix",
            "extra",
            "group",
            "from",
            "filter",
            "dir",
            "workspace",
            "spec",
            "call",
            "command",
        ],
        stop_at_operand: true,
    };
    let outer = grammar.parse(call.args);
    let Some((verb, rest)) = outer.operands.split_first() else { return Vec::new() };
    if !verbs.contains(&verb.text.as_str()) {
        return Vec::new();
    }
    let parsed = grammar.parse(rest);
    let texts = parsed.options.iter().filter(|option| option.is(&["c", "call", "command"]));
    let mut found: Vec<Inner> = texts.map(|option| Inner::guess(option.text())).collect();
    let (set, mut words) = leading_assignments(&parsed.operands);
    // `mise exec node@20 -- command`: words of its own.
    let own = words.first().is_some_and(|word| word.text.contains('@'));
    if let Some(at) = words.iter().take(4).position(|word| own && word.text == "--") {
        words.drain(..=at);
    }
    // `hatch run ENVIRONMENT:command`.
    if let Some((_, name)) =
        words.first().and_then(|word| word.text.split_once(':')).filter(|_| call.name == "hatch")
    {
        let name = Arg::literal(name);
        words.splice(..1, [name]);
    }
    if !words.is_empty() {
        found.push(Inner::Words { words, set, at: At::Same, input: None });
    }
    found
}

/// `python [options] -m MODULE args`: a module goes by the name of its program.
fn module(args: &[Arg]) -> Vec<Inner> {
    let at = args
        .iter()
        .take_while(|arg| arg.text.starts_with('-') && arg.text != "-c")
        .position(|arg| arg.text == "-m");
    match at.and_then(|at| args.get(at + 1..)) {
        Some(words) if !words.is_empty() => vec![Inner::words(words.to_vec())],
        _ => Vec::new(),
    }
}
