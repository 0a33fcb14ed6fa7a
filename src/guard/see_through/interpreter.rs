//! Programs given to interpreters on the command line or as here-document: the calls in them that run commands or
//! delete files, where their arguments are plain strings. Anything else in them is not followed.

use super::token::{Token, arguments, tokens};
use super::{Inner, UNKNOWN, made};
use crate::guard::arg::{Arg, Call};

/// How an interpreter takes a program.
struct Language {
    names: &'static [&'static str],
    flags: &'static [&'static str],
}

const LANGUAGES: &[Language] = &[
    Language {
        names: &["python", "python2", "python3", "pypy", "pypy3", "ipython", "jython"],
        flags: &["-c"],
    },
    Language {
        names: &["node", "nodejs", "bun", "deno", "tsx", "ts-node", "zx"],
        flags: &["-e", "--eval", "-p", "--print", "-pe", "eval"],
    },
    Language { names: &["perl"], flags: &["-e", "-E"] },
    Language { names: &["ruby", "irb", "jruby"], flags: &["-e"] },
    Language { names: &["rails"], flags: &["runner", "r"] },
    Language { names: &["php"], flags: &["-r", "-B", "-R", "-E"] },
    Language {
        names: &["osascript", "groovy", "scala", "jrunscript", "elixir", "iex", "ghc", "jshell", "swift"],
        flags: &["-e"],
    },
    Language { names: &["lua", "luajit", "Rscript", "R", "julia"], flags: &["-e", "-E", "--eval"] },
    Language { names: &["guile", "racket", "sbcl", "clojure"], flags: &["-c", "-e", "--eval"] },
    Language { names: &["emacs", "emacsclient"], flags: &["--eval", "-eval", "--execute", "-e"] },
    Language { names: &["erl"], flags: &["-eval", "-run"] },
    Language { names: &["gdb"], flags: &["-ex", "--eval-command", "-iex"] },
    Language { names: &["vim", "nvim", "vi", "ex"], flags: &["-c", "--cmd"] },
];

/// Functions that hand a string to a shell.
const RUNS: &[&str] = &[
    "system",
    "popen",
    "execSync",
    "exec",
    "spawn",
    "spawnSync",
    "execFileSync",
    "execFile",
    "shell_exec",
    "passthru",
    "Popen",
    "call",
    "check_call",
    "check_output",
    "getoutput",
    "getstatusoutput",
    "run",
    "backtick",
    "execute",
];

/// Functions that delete a file or a tree whatever they belong to.
const DELETES: &[&str] = &[
    "remove_tree",
    "rmtree",
    "rm_rf",
    "rm_r",
    "rmSync",
    "rmdirSync",
    "unlinkSync",
    "removeSync",
    "rimraf",
    "rm",
    "remove_entry_secure",
    "unlink",
];

/// Functions that put other bytes into the file that they name first.
const WRITES: &[&str] = &["writeFileSync", "writeFile", "file_put_contents", "truncateSync", "truncate"];

/// Names that make it likely that strings of the program are commands.
const SUSPECT: &[&str] = &[
    "call",
    "capture2",
    "capture2e",
    "capture3",
    "check_call",
    "check_output",
    "child_process",
    "cmd",
    "Command",
    "Cmd",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "execl",
    "execlp",
    "execute",
    "execv",
    "execvp",
    "os",
    "popen",
    "Popen",
    "posix_spawn",
    "proc_open",
    "process",
    "pty",
    "run",
    "shell",
    "spawn",
    "spawnSync",
    "subprocess",
    "system",
    "system2",
];

/// Functions that delete only as members of these.
const MEMBERS: &[(&str, &[&str])] = &[
    ("os", &["remove", "unlink", "removedirs", "truncate"]),
    ("fs", &["rm", "unlink", "rmdir", "remove"]),
    ("promises", &["rm", "unlink", "rmdir"]),
    ("FileUtils", &["rm", "remove_dir", "rm_f"]),
    ("File", &["delete", "unlink"]),
    ("Dir", &["rmdir"]),
    ("Deno", &["remove", "removeSync"]),
    ("shutil", &["rmtree"]),
];

/// Whether `name` is an interpreter of this file.
pub(super) fn is_one(name: &str) -> bool {
    language(name).is_some()
}

fn language(name: &str) -> Option<&'static Language> {
    let base = name.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    let called = |name: &str| LANGUAGES.iter().find(|language| language.names.contains(&name));
    called(name).or_else(|| if base.len() < name.len() { called(base) } else { None })
}

/// What the program text of an interpreter would run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    if matches!(call.name, "awk" | "gawk" | "mawk" | "nawk") {
        return call
            .args
            .iter()
            .flat_map(|arg| [calls(&arg.text, false), piped(&arg.text), suspicious(&arg.text)].concat())
            .chain(given_to_awk(call))
            .collect();
    }
    let bare = matches!(call.name, "perl" | "ruby" | "php" | "irb" | "rails");
    programs(call)
        .iter()
        .flat_map(|text| [calls(text, bare), suspicious(text), made::unread(text)].concat())
        .collect()
}

/// What an awk that hands something to a shell was given: `-v name=value`, and its lines for `system($0)`.
fn given_to_awk(call: &Call<'_>) -> Vec<Inner> {
    if !call.args.iter().any(|arg| arg.text.contains("system(")) {
        return Vec::new();
    }
    let values = call.args.iter().filter_map(|arg| arg.text.split_once('=')).map(|(_, value)| value);
    let whole = call.args.iter().any(|arg| arg.text.contains("system($0)"));
    let lines = call.input.texts.iter().filter(|_| whole).map(String::as_str);
    values.filter(|value| super::guess::begins_harmfully(value)).chain(lines).map(Inner::guess).collect()
}

/// Files that the program text of an interpreter opens for writing, where their names are plain strings.
pub(in crate::guard) fn written(call: &Call<'_>) -> Vec<String> {
    programs(call).iter().flat_map(|text| filled(&tokens(text, false))).collect()
}

/// Functions and methods that write the file they are given first, or that they belong to.
const FILLS: &[&str] =
    &["writeFileSync", "writeFile", "appendFileSync", "appendFile", "file_put_contents", "createWriteStream"];
const FILLED: &[&str] = &["write_text", "write_bytes", "touch"];

fn filled(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let next = tokens.get(at + 1..).unwrap_or_default();
        if FILLED.contains(&name.as_str()) {
            found.extend(path_before(tokens, at));
            continue;
        }
        let strings = arguments(next);
        let for_writing = match strings.get(1) {
            Some(mode) if name == "open" => mode.len() <= 3 && mode.contains(['w', 'a', 'x', '+']),
            _ => false,
        };
        if for_writing || FILLS.contains(&name.as_str()) && matches!(next.first(), Some(Token::Sign('('))) {
            found.extend(strings.into_iter().next());
        }
    }
    found
}

/// The program texts that an interpreter is given.
fn programs(call: &Call<'_>) -> Vec<String> {
    let Some(language) = language(call.name) else { return Vec::new() };
    let mut texts = Vec::new();
    let mut has_program = false;
    let mut has_file = false;
    for (at, arg) in call.args.iter().enumerate() {
        if takes_program(&arg.text, language) {
            has_program = true;
            texts.extend(call.args.get(at + 1).map(|arg| arg.text.clone()));
        } else if let Some(stuck) = language
            .flags
            .iter()
            .filter(|flag| flag.starts_with('-'))
            .find_map(|flag| arg.text.strip_prefix(flag))
            .filter(|stuck| !stuck.is_empty())
        {
            texts.push(stuck.trim_start_matches('=').to_owned());
        }
        has_file |= !arg.text.starts_with('-') && arg.text != "/dev/stdin";
    }
    if !has_program && !has_file {
        texts.extend(call.input.texts.iter().cloned());
    }
    texts
}

/// A flag for a program text, alone or behind others: `-e`, `-lne`, `-Ic`.
fn takes_program(text: &str, language: &Language) -> bool {
    if language.flags.contains(&text) {
        return true;
    }
    let Some(letters) = text.strip_prefix('-').filter(|letters| letters.len() < 6) else { return false };
    let letter = |flag: &&&str| flag.len() == 2 && letters.ends_with(flag.trim_start_matches('-'));
    matches!(language.names.first(), Some(&("python" | "perl" | "ruby")))
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        && language.flags.iter().any(|flag| letter(&flag))
}

/// Strings of a program that runs commands, where they read like commands themselves; lists of strings too.
fn suspicious(text: &str) -> Vec<Inner> {
    let tokens = tokens(text, false);
    let tagged = |pair: &[Token]| matches!(pair, [Token::Sign('$'), Token::Text(_)]);
    let runs = tokens.iter().any(|token| match token {
        Token::Name(name) => SUSPECT.contains(&name.as_str()) || RUNS.contains(&name.as_str()),
        Token::Text(text) => text == "-|" || text.ends_with('|'),
        Token::Sign(_) => false,
    });
    let mut found: Vec<Inner> = delimited(text).into_iter().map(Inner::guess).collect();
    if !(runs || tokens.windows(2).any(tagged)) {
        return found;
    }
    let mut list: Vec<Arg> = Vec::new();
    for token in &tokens {
        match token {
            Token::Text(text) => {
                if super::guess::begins_harmfully(text) {
                    found.push(Inner::guess(text.trim_end_matches('|')));
                }
                list.push(Arg::literal(text.clone()));
            }
            Token::Sign(',') => {}
            _ => found.extend(listed(std::mem::take(&mut list))),
        }
    }
    found.extend(listed(list));
    found
}

/// Strings with commas between them, as a command line.
fn listed(list: Vec<Arg>) -> Option<Inner> {
    let harmful = list.len() > 1 && list.first().is_some_and(|first| super::guess::harmful(&first.text));
    harmful.then(|| Inner::words(list))
}

/// `qx(…)`, `%x{…}`, `~c"…"`: strings with brackets of their own.
fn delimited(text: &str) -> Vec<&str> {
    let openings =
        ["qx", "%x"].iter().flat_map(|mark| text.match_indices(mark).map(|(at, mark)| at + mark.len()));
    let inner = openings.filter_map(|at| {
        let rest = text.get(at..)?.trim_start();
        let close = match rest.chars().next()? {
            '(' => ')',
            '{' => '}',
            '[' => ']',
            other @ ('|' | '!' | '/') => other,
            _ => return None,
        };
        rest.get(1..)?.split(close).next()
    });
    inner.collect()
}

/// awk: `"command" | getline`, `print | "command"`, `print > "file"`.
fn piped(text: &str) -> Vec<Inner> {
    let tokens = tokens(text, false);
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        match pair {
            [Token::Text(text), Token::Sign('|')] | [Token::Sign('|' | '&'), Token::Text(text)] => {
                found.push(Inner::guess(text.clone()));
            }
            [Token::Sign('>'), Token::Text(file)] => found.push(overwrite(file)),
            _ => {}
        }
    }
    found
}

/// As if a redirect did it.
fn overwrite(file: &str) -> Inner {
    Inner::words(vec![Arg::literal(">"), Arg::literal(file)])
}

/// Calls of known functions with strings as arguments; `bare` languages call without parentheses too.
fn calls(text: &str, bare: bool) -> Vec<Inner> {
    let tokens = tokens(text, bare);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let owner = match (
            at.checked_sub(1).and_then(|at| tokens.get(at)),
            at.checked_sub(2).and_then(|at| tokens.get(at)),
        ) {
            (Some(Token::Sign('.')), Some(Token::Name(owner))) => owner.as_str(),
            _ => "",
        };
        let next = tokens.get(at + 1..).unwrap_or_default();
        let opens = matches!(next.first(), Some(Token::Sign('(')));
        let deletes = DELETES.contains(&name.as_str())
            || MEMBERS.iter().any(|(object, names)| *object == owner && names.contains(&name.as_str()));
        if made::is_of_variable(next, bare) && (deletes || matches!(name.as_str(), "unlink" | "rmdir")) {
            found.extend(made::listed_entries(&tokens));
        }
        let called = opens || (bare && matches!(next.first(), Some(Token::Text(_))));
        if !called {
            continue;
        }
        if let Some(file) = opened(name, next).filter(|file| text.matches(file.as_str()).count() == 1) {
            found.push(overwrite(&file));
        }
        let strings = arguments(next);
        let path_method = matches!(name.as_str(), "unlink" | "rmdir") && strings.is_empty();
        match strings.as_slice() {
            [] if path_method => found.extend(path_before(&tokens, at).map(remove)),
            [] => {}
            _ if deletes => found.push(remove_all(strings)),
            [only] if RUNS.contains(&name.as_str()) => {
                // `system("rm -rf " $1)`: more may stand behind it.
                let more = if opens && made::goes_on(next) { UNKNOWN.to_string() } else { String::new() };
                found.push(Inner::text(format!("{only}{more}")));
            }
            _ if RUNS.contains(&name.as_str()) => {
                let words: Vec<Arg> = strings.into_iter().map(Arg::literal).collect();
                found.push(Inner::words(words));
            }
            _ => {}
        }
    }
    found
}

/// The file that a call opens to write it anew: `open(x, "w")`, `open(F, ">", x)`, `writeFileSync(x, …)`.
fn opened(name: &str, next: &[Token]) -> Option<String> {
    let strings: Vec<&str> = next
        .iter()
        .take_while(|token| **token != Token::Sign(')') && **token != Token::Sign(';'))
        .filter_map(|token| match token {
            Token::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    match (name, strings.as_slice()) {
        ("open" | "fopen", [">" | "+>", file]) => Some((*file).to_owned()),
        ("open" | "fopen", [file, mode]) if mode.starts_with('w') => Some((*file).to_owned()),
        ("open", [one]) => one.strip_prefix('>').filter(|file| !file.starts_with('>')).map(str::to_owned),
        (name, [file, ..]) if WRITES.contains(&name) => Some((*file).to_owned()),
        _ => None,
    }
}

fn remove(path: String) -> Inner {
    remove_all(vec![path])
}

fn remove_all(paths: Vec<String>) -> Inner {
    let flags = ["rm", "-rf", "--"].map(Arg::literal);
    Inner::words(flags.into_iter().chain(paths.into_iter().map(Arg::literal)).collect())
}

/// `Path("x").unlink()`: the string before the method.
fn path_before(tokens: &[Token], at: usize) -> Option<String> {
    match tokens.get(at.checked_sub(5)?..at)? {
        [Token::Name(name), Token::Sign('('), Token::Text(text), Token::Sign(')'), Token::Sign('.')]
            if name == "Path" =>
        {
            Some(text.clone())
        }
        _ => None,
    }
}
