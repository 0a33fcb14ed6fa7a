//! Programs given to interpreters on the command line or as here-document: the calls in them that run commands or
//! delete files, where their arguments are plain strings. Anything else in them is not followed.

use super::Inner;
use crate::guard::arg::{Arg, Call};

/// How an interpreter takes a program.
struct Language {
    names: &'static [&'static str],
    flags: &'static [&'static str],
}

const LANGUAGES: &[Language] = &[
    Language { names: &["python", "python2", "python3", "pypy", "pypy3"], flags: &["-c"] },
    Language {
        names: &["node", "nodejs", "bun", "deno", "tsx"],
        flags: &["-e", "--eval", "-p", "--print", "-pe", "eval"],
    },
    Language { names: &["perl"], flags: &["-e", "-E", "-ne", "-pe", "-le", "-lne", "-we"] },
    Language { names: &["ruby"], flags: &["-e", "-ne", "-pe"] },
    Language { names: &["php"], flags: &["-r"] },
    Language { names: &["osascript"], flags: &["-e"] },
    Language { names: &["lua"], flags: &["-e"] },
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
    "rmtree",
    "rm_rf",
    "rm_r",
    "rmSync",
    "rmdirSync",
    "unlinkSync",
    "removeSync",
    "rimraf",
    "remove_entry_secure",
];

/// Functions that delete only as members of these.
const MEMBERS: &[(&str, &[&str])] = &[
    ("os", &["remove", "unlink", "removedirs"]),
    ("fs", &["rm", "unlink", "rmdir", "remove"]),
    ("promises", &["rm", "unlink", "rmdir"]),
    ("FileUtils", &["rm", "remove_dir", "rm_f"]),
    ("File", &["delete", "unlink"]),
    ("Dir", &["rmdir"]),
    ("shutil", &["rmtree"]),
];

/// What the program text of an interpreter would run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    if matches!(call.name, "awk" | "gawk" | "mawk" | "nawk") {
        return call.args.iter().flat_map(|arg| calls(&arg.text, true)).collect();
    }
    let base = call.name.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    let language = LANGUAGES
        .iter()
        .find(|language| language.names.contains(&call.name) || language.names.contains(&base));
    let Some(language) = language else { return Vec::new() };
    let is_perl = call.name == "perl";
    let mut texts = Vec::new();
    let mut has_program = false;
    let mut has_file = false;
    for (at, arg) in call.args.iter().enumerate() {
        if language.flags.contains(&arg.text.as_str()) {
            has_program = true;
            texts.extend(call.args.get(at + 1).map(|arg| arg.text.clone()));
        } else if let Some(stuck) = language
            .flags
            .iter()
            .find_map(|flag| arg.text.strip_prefix(flag))
            .filter(|stuck| !stuck.is_empty())
        {
            texts.push(stuck.to_owned());
        }
        has_file |= !arg.text.starts_with('-') && arg.text != "/dev/stdin";
    }
    if !has_program && !has_file {
        texts.extend(call.input.texts.iter().cloned());
    }
    texts.iter().flat_map(|text| calls(text, is_perl || call.name == "ruby")).collect()
}

#[derive(Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Sign(char),
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
        let called = opens || (bare && matches!(next.first(), Some(Token::Text(_))));
        if !called {
            continue;
        }
        let strings = arguments(next);
        let deletes = DELETES.contains(&name.as_str())
            || MEMBERS.iter().any(|(object, names)| *object == owner && names.contains(&name.as_str()));
        let path_method = matches!(name.as_str(), "unlink" | "rmdir") && strings.is_empty();
        match strings.as_slice() {
            [] if path_method => found.extend(path_before(&tokens, at).map(remove)),
            [] => {}
            _ if deletes => found.push(remove_all(strings)),
            [only] if RUNS.contains(&name.as_str()) => found.push(Inner::text(only.clone())),
            _ if RUNS.contains(&name.as_str()) => {
                let words: Vec<Arg> = strings.into_iter().map(Arg::literal).collect();
                found.push(Inner::words(words));
            }
            _ => {}
        }
    }
    found
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

/// The strings up to the parenthesis that closes the call, if nothing but strings, lists and options stands there first.
fn arguments(tokens: &[Token]) -> Vec<String> {
    let mut open = 0_u32;
    let mut strings = Vec::new();
    for token in tokens.iter().take(64) {
        match token {
            Token::Sign('(' | '[') => open += 1,
            Token::Sign(')' | ']') => open = open.saturating_sub(1),
            Token::Text(text) => strings.push(text.clone()),
            Token::Sign(',') => continue,
            // Named arguments and options objects end what is looked at.
            Token::Name(_) | Token::Sign(_) => break,
        }
        if open == 0 {
            break;
        }
    }
    strings
}

fn tokens(text: &str, backticks: bool) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' | '\'' | '`' => {
                let mut inner = String::new();
                while let Some(next) = rest.next() {
                    match next {
                        '\\' => inner.extend(rest.next()),
                        _ if next == character => break,
                        _ => inner.push(next),
                    }
                }
                if character == '`' && backticks {
                    tokens.push(Token::Name("backtick".to_owned()));
                    tokens.push(Token::Sign('('));
                }
                tokens.push(Token::Text(inner));
                if character == '`' && backticks {
                    tokens.push(Token::Sign(')'));
                }
            }
            _ if character.is_alphanumeric() || character == '_' => {
                let mut name = String::from(character);
                while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    name.push(next);
                }
                tokens.push(Token::Name(name));
            }
            _ if character.is_whitespace() => {}
            _ => tokens.push(Token::Sign(character)),
        }
    }
    tokens
}
