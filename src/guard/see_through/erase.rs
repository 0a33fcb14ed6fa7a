//! The words by which programs in many languages delete a file, write over it or put another in its place, where the
//! file is a plain string.

use std::collections::BTreeMap;

use super::token::{Token, tokens};
use super::{Inner, UNKNOWN};
use crate::guard::arg::{Arg, Call};

/// Functions that delete a file or a tree whatever they belong to.
const DELETES: &[&str] = &[
    "delete_tree",
    "deltree",
    "dir_delete",
    "emptyDirSync",
    "file_delete",
    "removeDirectoryRecursive",
    "removePathForcibly",
    "removeSync",
    "remove_dir_all",
    "remove_entry",
    "remove_entry_secure",
    "remove_file",
    "remove_tree",
    "rimraf",
    "rm",
    "rmSync",
    "rm_f",
    "rm_r",
    "rm_rf",
    "rmdirSync",
    "rmtree",
    "unlink",
    "unlinkSync",
];

/// Functions that put other bytes into the file that they name first.
const WRITES: &[&str] = &[
    "createWriteStream",
    "file_put_contents",
    "truncate",
    "truncateSync",
    "writeFile",
    "writeFileSync",
    "writeTextFile",
    "writeTextFileSync",
];

/// Functions that delete only as members of these.
const MEMBERS: &[(&str, &[&str])] = &[
    ("os", &["remove", "unlink", "removedirs", "truncate", "Remove", "RemoveAll"]),
    ("fs", &["rm", "unlink", "rmdir", "remove"]),
    ("promises", &["rm", "unlink", "rmdir"]),
    ("FileUtils", &["rm", "remove_dir", "rm_f", "remove"]),
    ("File", &["delete", "unlink", "rm"]),
    ("Dir", &["rmdir", "delete"]),
    ("Deno", &["remove", "removeSync"]),
    ("shutil", &["rmtree"]),
    ("file", &["remove"]),
    ("Sys", &["remove"]),
    ("rimraf", &["sync"]),
    ("del", &["sync"]),
    ("Files", &["delete", "deleteIfExists"]),
];

/// Functions that write the file that they name first, as members of these.
const WRITING_MEMBERS: &[(&str, &str)] = &[("File", "write"), ("Bun", "write"), ("IO", "write")];

/// Functions with two files: the second is written over; of those that move, the first is gone.
const COPIES: &[(&str, &str)] = &[
    ("File", "rename"),
    ("os", "rename"),
    ("os", "replace"),
    ("os", "Rename"),
    ("shutil", "copy"),
    ("shutil", "copyfile"),
    ("shutil", "move"),
    ("", "copyFileSync"),
    ("", "rename"),
    ("", "renameSync"),
    ("", "move"),
    ("", "mv"),
    ("", "copy"),
];

/// Methods of a path that delete it.
const PATH_METHODS: &[&str] = &[
    "delete",
    "deleteDir",
    "deleteIfExists",
    "deleteRecursively",
    "deleteSync",
    "rmtree",
    "unlink",
    "rmdir",
];

/// What makes a path out of a string.
const PATHS: &[&str] = &["Path", "Pathname", "PosixPath", "File", "Directory", "file", "new"];

/// What stands before a path that is deleted, in languages whose names are not those of functions with commas.
const PHRASES: &[&str] = &[
    "(delete-directory",
    "(delete-file",
    "(fs/delete",
    "(uiop:delete-directory-tree",
    "(uiop:delete-file",
    "File.rm_rf",
    "call delete(",
    "delete POSIX file",
    "delete-tree",
    "file:del_dir",
    "file:delete(",
    "io/delete-file",
    "os.remove(",
    "removeDir ",
    "removeDirectoryRecursive ",
    "removeFile ",
    "removeItem(",
    "Sys.remove ",
    "vim.fn.delete(",
    "Files.delete(",
];

/// What stands before a command for a shell in such languages.
const COMMANDS: &[&str] =
    &["callCommand ", "Sys.command ", "doShellScript(", "shell ", "runCommand ", "vim.fn.system(", "system "];

/// Whether a function deletes the files that it is given.
pub(super) fn deletes(name: &str, owner: &str) -> bool {
    DELETES.contains(&name) || MEMBERS.iter().any(|(object, names)| *object == owner && names.contains(&name))
}

/// What a name at `at` is a member of: `os.remove`, `__import__("os").remove`.
pub(super) fn owner(tokens: &[Token], at: usize) -> &str {
    match at.checked_sub(3).and_then(|from| tokens.get(from..at)) {
        Some(
            [Token::Text(owner), Token::Sign(')'), Token::Sign('.')]
            | [_, Token::Name(owner), Token::Sign('.')],
        ) => owner,
        _ => match at.checked_sub(2).and_then(|from| tokens.get(from..at)) {
            Some([Token::Name(owner), Token::Sign('.')]) => owner,
            _ => "",
        },
    }
}

/// `import shutil as s`, `from shutil import rmtree as r`: the names behind names.
pub(super) fn renamed(tokens: &[Token]) -> BTreeMap<&str, &str> {
    let triples = tokens.windows(3).filter_map(|triple| match triple {
        [Token::Name(real), Token::Name(word), Token::Name(new)] if word == "as" => {
            Some((new.as_str(), real.as_str()))
        }
        _ => None,
    });
    triples.collect()
}

/// `Path("x").unlink()`, `map("unlink", glob("x"))`, `getattr(os, "remove")`.
pub(super) fn by_tokens(tokens: &[Token]) -> Vec<Inner> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Name(name) if PATH_METHODS.contains(&name.as_str()) => {
                found.extend(path_before(tokens, at).map(remove));
            }
            Token::Name(name) if matches!(name.as_str(), "write_text" | "write_bytes") => {
                found.extend(path_before(tokens, at).map(|path| overwrite(&path)));
            }
            Token::Name(name) if name == "getattr" => {
                let named = |token: &Token| {
                    let all = || MEMBERS.iter().flat_map(|(_, names)| names.iter()).chain(DELETES);
                    matches!(token, Token::Text(text) if all().any(|name| name == text))
                };
                let next = tokens.iter().skip(at).take(6);
                found.extend(next.filter(|token| named(token)).map(|_| Inner::Opaque).take(1));
            }
            Token::Text(text) if text == "unlink" => found.extend(super::made::listed_entries(tokens)),
            _ => {}
        }
    }
    found
}

/// A path that is deleted, or a command that is run, behind a phrase of its language.
pub(super) fn by_phrase(text: &str, call: &Call<'_>) -> Vec<Inner> {
    let string = |at: usize| {
        let next = tokens(text.get(at..)?.split(['\n', ';']).next()?, false);
        let mut strings = next.iter().take_while(|token| **token != Token::Sign(')'));
        strings.find_map(|token| match token {
            Token::Text(text) => Some(text.clone()),
            _ => None,
        })
    };
    let behind = |phrase: &'static str| text.match_indices(phrase).map(|(at, phrase)| at + phrase.len());
    // In a string it is only said.
    let said = |at: usize| text.get(..at).is_some_and(|before| before.matches('"').count() % 2 == 1);
    let paths = PHRASES.iter().flat_map(|phrase| behind(phrase)).filter(|at| !said(*at));
    let mut found: Vec<Inner> = paths.filter_map(string).map(remove).collect();
    let commands = COMMANDS.iter().flat_map(|phrase| behind(phrase)).filter(|at| !said(*at));
    found.extend(commands.filter_map(string).map(Inner::guess));
    match call.name {
        "perl" => found.extend(by_perl(text, call)),
        "tclsh" | "wish" => {
            let lines = text.lines().filter_map(|line| line.trim().strip_prefix("file delete "));
            found
                .extend(lines.map(|rest| Inner::guess(format!("rm -rf {}", rest.replacen("-force", "", 1)))));
        }
        _ => {}
    }
    found
}

/// `unlink <*.c>`, `unlink for <*.c>`, `unlink @ARGV`, `-ne 'unlink'`.
fn by_perl(text: &str, call: &Call<'_>) -> Vec<Inner> {
    let mut found = Vec::new();
    for (at, word) in text.match_indices("unlink") {
        if text.get(..at).is_some_and(|before| {
            before.ends_with(['/', '"', '\'', '_', '>', '('])
                || text.get(..at).is_some_and(|before| before.ends_with("q{"))
        }) {
            continue;
        }
        let rest = text.get(at + word.len()..).unwrap_or_default().trim_start_matches([' ', '(']);
        let rest = rest.trim_start_matches("$_").trim_start_matches([' ', ';']).trim_start_matches("for ");
        if let Some((pattern, _)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            let path = Arg { glob: true, ..Arg::literal(pattern) };
            found
                .push(Inner::words(["rm", "-f", "--"].map(Arg::literal).into_iter().chain([path]).collect()));
        } else if rest.starts_with("@ARGV") || rest.starts_with("shift") {
            let operands = call.args.iter().skip_while(|arg| !arg.text.contains("unlink")).skip(1).cloned();
            found.push(Inner::words(["rm", "-f"].map(Arg::literal).into_iter().chain(operands).collect()));
        } else if rest.is_empty() || rest.starts_with('}') {
            // Whatever the lines of its input are.
            found.push(Inner::words(
                ["rm", "-f"].map(Arg::literal).into_iter().chain([Arg::unknown()]).collect(),
            ));
        }
    }
    found
}

/// `File.rename("a", "b")` as `mv a b`, `copyFileSync("a", "b")` as `cp a b`.
pub(super) fn copied(name: &str, owner: &str, strings: &[String]) -> Option<Inner> {
    if let [file, ..] = strings
        && WRITING_MEMBERS.contains(&(owner, name))
    {
        return Some(overwrite(file));
    }
    let [from, to] = strings.get(..2)? else { return None };
    let known = COPIES.iter().any(|(object, function)| {
        *function == name
            && (*object == owner || object.is_empty() && matches!(owner, "" | "fs" | "promises"))
    });
    let program = if name.to_ascii_lowercase().starts_with("copy") { "cp" } else { "mv" };
    known.then(|| Inner::words([program, "--", from, to].map(Arg::literal).to_vec()))
}

/// `repo.git.reset("--hard")`, `simpleGit().reset(["--hard"])`: libraries that hand words to git.
pub(super) fn of_git(owner: &str, name: &str, strings: &[String], text: &str) -> Option<Inner> {
    const VERBS: &[&str] =
        &["branch", "checkout", "clean", "push", "reset", "restore", "stash", "raw", "exec"];
    let options = || strings.iter().any(|text| text.starts_with('-'));
    let hands = owner == "git" || text.contains("simple-git") && VERBS.contains(&name) && options();
    let words = ["git", name].map(Arg::literal).into_iter().chain(strings.iter().map(Arg::literal));
    hands
        .then(|| Inner::Guessed(words.filter(|word| !matches!(word.text.as_str(), "raw" | "exec")).collect()))
}

/// The file that a call opens to write it anew: `open(x, "w")`, `open(F, ">", x)`, `writeFileSync(x, …)`.
pub(super) fn opened(name: &str, next: &[Token]) -> Option<String> {
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
        ("open", [one]) => {
            one.strip_prefix('>').filter(|file| !file.starts_with('>')).map(|file| file.trim().to_owned())
        }
        (name, [file, ..]) if WRITES.contains(&name) => Some((*file).to_owned()),
        _ => None,
    }
}

pub(super) fn remove(path: String) -> Inner {
    remove_all(vec![path])
}

pub(super) fn remove_all(paths: Vec<String>) -> Inner {
    let flags = ["rm", "-rf", "--"].map(Arg::literal);
    let glob = |path: String| Arg {
        glob: path.contains('*'),
        dynamic: path.contains(UNKNOWN),
        ..Arg::literal(path)
    };
    Inner::words(flags.into_iter().chain(paths.into_iter().map(glob)).collect())
}

/// As if a redirect did it.
pub(super) fn overwrite(file: &str) -> Inner {
    Inner::words(vec![Arg::literal(">"), Arg::literal(file)])
}

/// `Path("x").unlink()`: the string before the method.
pub(super) fn path_before(tokens: &[Token], at: usize) -> Option<String> {
    match tokens.get(at.checked_sub(5)?..at)? {
        [Token::Name(name), Token::Sign('('), Token::Text(text), Token::Sign(')'), Token::Sign('.')]
            if PATHS.contains(&name.as_str()) =>
        {
            Some(text.clone())
        }
        _ => None,
    }
}
