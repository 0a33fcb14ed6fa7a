//! Programs given to interpreters on the command line or as here-document: the calls in them that run commands or
//! delete files, where their arguments are plain strings. Anything else in them is not followed.

use super::erase::{self, opened, overwrite, path_before, remove, remove_all};
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
        names: &[
            "osascript",
            "groovy",
            "scala",
            "jrunscript",
            "elixir",
            "iex",
            "ghc",
            "ghci",
            "runghc",
            "jshell",
            "swift",
            "raku",
            "perl6",
            "ocaml",
            "kotlin",
            "kotlinc",
            "rust-script",
            "nim",
            "dart",
            "go",
            "tclsh",
            "wish",
        ],
        flags: &["-e", "e"],
    },
    Language { names: &["crystal"], flags: &["eval", "-e"] },
    Language { names: &["lldb"], flags: &["-o", "-O", "--one-line"] },
    Language { names: &["lua", "luajit", "Rscript", "R", "julia"], flags: &["-e", "-E", "--eval"] },
    Language { names: &["guile", "racket", "sbcl", "clojure", "clj", "bb"], flags: &["-c", "-e", "--eval"] },
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
    "create_subprocess_shell",
    "run",
    "backtick",
    "execute",
];

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

/// Those of them that are names of other things too: they count where they are called.
const COMMON: &[&str] = &["call", "cmd", "process", "run", "shell"];

/// Whether a function hands a string to a shell.
pub(super) fn runs(name: &str) -> bool {
    RUNS.contains(&name)
}

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
        let files = call.args.iter().filter(|arg| arg.pipe.is_some()).flat_map(|arg| &arg.flow.texts);
        let texts = call.args.iter().map(|arg| &arg.text).chain(files);
        return texts
            .flat_map(|text| [calls(text, false), piped(text), suspicious(text)].concat())
            .chain(given_to_awk(call))
            .collect();
    }
    // `exec` and `fetch` are words of its commands.
    let is_tcl = matches!(call.name, "tclsh" | "wish");
    let bare = matches!(call.name, "perl" | "ruby" | "php" | "irb" | "rails");
    let texts = programs(call);
    let found = texts.iter().flat_map(|text| {
        [
            calls(text, bare),
            suspicious(text),
            if is_tcl { Vec::new() } else { made::unread(text) },
            erase::by_phrase(text, call),
        ]
        .concat()
    });
    let handed = super::handed::given_lines(&texts, call);
    found.chain(super::handed::given_words(&texts, call)).chain(handed).collect()
}

/// What an awk that hands something to a shell was given: `-v name=value`, and its lines for `system($0)`.
fn given_to_awk(call: &Call<'_>) -> Vec<Inner> {
    if !call.args.iter().any(|arg| arg.text.contains("system(")) {
        return Vec::new();
    }
    let values = call.args.iter().filter_map(|arg| arg.text.split_once('=')).map(|(_, value)| value);
    let whole = call.args.iter().any(|arg| arg.text.contains("$0"));
    let lines = call.input.texts.iter().filter(|_| whole).map(String::as_str);
    let handed = call.args.iter().any(|arg| arg.text.contains("ARGV"));
    let words = call.args.iter().filter(|arg| handed && arg.text.contains(' ')).map(|arg| arg.text.as_str());
    let texts = values.filter(|value| value.contains(' ')).chain(lines).chain(words);
    texts.filter(|text| !text.contains("system(")).map(Inner::guess).collect()
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
pub(super) fn programs(call: &Call<'_>) -> Vec<String> {
    let Some(language) = language(call.name) else { return Vec::new() };
    let mut texts = Vec::new();
    let mut has_program = false;
    let mut has_file = false;
    for (at, arg) in call.args.iter().enumerate() {
        let is_editor = language.names.contains(&"vim");
        if let Some(command) = arg.text.strip_prefix('+').filter(|_| is_editor) {
            texts.push(command.to_owned());
        } else if takes_program(&arg.text, language) {
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
        let is_verb = at == 0 && arg.text == "run";
        has_file |= !arg.text.starts_with('-') && arg.text != "/dev/stdin" && !is_verb && arg.pipe.is_none();
        texts.extend(arg.flow.texts.iter().filter(|_| arg.pipe.is_some()).cloned());
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
    let called = |at: usize| tokens.get(at + 1) == Some(&Token::Sign('('));
    let runs = text.contains("`$")
        || tokens.iter().enumerate().any(|(at, token)| match token {
            Token::Name(name) if COMMON.contains(&name.as_str()) => called(at),
            Token::Name(name) => SUSPECT.contains(&name.as_str()) || RUNS.contains(&name.as_str()),
            Token::Text(text) => text == "-|" || text.ends_with('|'),
            Token::Sign(_) => false,
        });
    let mut found: Vec<Inner> = super::handed::delimited(text).into_iter().map(Inner::guess).collect();
    if !(runs || tokens.windows(2).any(tagged)) {
        return found;
    }
    let mut list: Vec<Arg> = Vec::new();
    for token in &tokens {
        match token {
            Token::Text(text) => {
                if super::guess::runs_harmfully(text) {
                    found.push(Inner::guess(text.trim_end_matches('|')));
                }
                list.push(Arg::literal(text.clone()));
            }
            Token::Sign(',') => {}
            _ if list.first().is_some_and(|first| super::guess::harmful(&first.text)) && joins(token) => {}
            _ => found.extend(listed(std::mem::take(&mut list))),
        }
    }
    found.extend(listed(list));
    found
}

/// What stands between a program and its arguments: `Command::new("rm").arg("x")`, `Command("rm", {args: ["x"]})`.
fn joins(token: &Token) -> bool {
    match token {
        Token::Sign(sign) => "([{).:".contains(*sign),
        Token::Name(name) => matches!(name.as_str(), "arg" | "args" | "c" | "argv"),
        Token::Text(_) => false,
    }
}

/// Strings with commas between them, as a command line.
fn listed(list: Vec<Arg>) -> Option<Inner> {
    let harmful = list.len() > 1 && list.first().is_some_and(|first| super::guess::harmful(&first.text));
    harmful.then_some(Inner::Guessed(list))
}

/// awk: `"command" | getline`, `print | "command"`, `print > "file"`.
fn piped(text: &str) -> Vec<Inner> {
    let tokens = tokens(text, false);
    let strings = tokens.iter().filter_map(|token| match token {
        Token::Text(text) => Some(text),
        _ => None,
    });
    let printed: Vec<&String> = strings.filter(|text| super::guess::begins_harmfully(text)).collect();
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        match pair {
            [Token::Sign('|'), Token::Text(shell)] if super::shells::SHELLS.contains(&shell.trim()) => {
                let line = |text: &&String| {
                    let open = if text.ends_with(' ') { UNKNOWN.to_string() } else { String::new() };
                    Inner::guess(format!("{text}{open}"))
                };
                found.extend(printed.iter().map(line));
            }
            [Token::Text(text), Token::Sign('|')] | [Token::Sign('|' | '&'), Token::Text(text)] => {
                found.push(Inner::guess(text.clone()));
            }
            [Token::Sign('>'), Token::Text(file)] => found.push(overwrite(file)),
            _ => {}
        }
    }
    found
}

/// Calls of known functions with strings as arguments; `bare` languages call without parentheses too.
fn calls(text: &str, bare: bool) -> Vec<Inner> {
    let tokens = tokens(text, bare);
    let names = erase::renamed(&tokens);
    let real = |name: &str| names.get(name).map_or_else(|| name.to_owned(), |name| (*name).to_owned());
    let mut found = erase::by_tokens(&tokens);
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let name = real(name);
        let name = name.as_str();
        let owner = real(erase::owner(&tokens, at));
        let next = tokens.get(at + 1..).unwrap_or_default();
        let opens = matches!(next.first(), Some(Token::Sign('(')));
        let deletes = erase::deletes(name, &owner);
        if made::is_of_variable(next, bare) && (deletes || matches!(name, "unlink" | "rmdir")) {
            found.extend(made::listed_entries(&tokens));
        }
        let called = opens || (bare && matches!(next.first(), Some(Token::Text(_))));
        if !(called || bare && name == "open") {
            continue;
        }
        if let Some(file) = opened(name, next).filter(|file| text.matches(file.as_str()).count() == 1) {
            found.push(overwrite(&file));
        }
        let strings = arguments(next);
        if let ([program], "exec" | "eval") = (strings.as_slice(), name) {
            found.extend(calls(program, bare));
        }
        found.extend(erase::copied(name, &owner, &strings));
        found.extend(erase::of_git(&owner, name, &strings, text));
        let path_method = matches!(name, "unlink" | "rmdir") && strings.is_empty();
        match strings.as_slice() {
            [] if path_method => found.extend(path_before(&tokens, at).map(remove)),
            [] => {}
            _ if deletes => found.push(remove_all(strings)),
            [only] if RUNS.contains(&name) => {
                // `system("rm -rf " $1)`: more may stand behind it.
                if only.trim().is_empty() {
                    continue;
                }
                let more = if opens && made::goes_on(next) { UNKNOWN.to_string() } else { String::new() };
                found.push(Inner::text(format!("{only}{more}")));
            }
            _ if RUNS.contains(&name) => {
                let words: Vec<Arg> = strings.into_iter().map(Arg::literal).collect();
                found.push(Inner::words(words));
            }
            _ => {}
        }
    }
    found
}
