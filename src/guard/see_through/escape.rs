//! Programs with a language of their own that has a word for the shell: editors, debuggers, database clients, `sed`,
//! `crontab`. Only that word is known of the language.

use super::Inner;
use crate::guard::arg::Call;

/// Programs, and what stands before a shell command in what they read.
const ESCAPES: &[(&[&str], &[&str])] = &[
    (
        &["vim", "vi", "nvim", "view", "ex", "gvim", "vimdiff"],
        &["!", "%!", "r !", "r!", "w !", "te ", "term "],
    ),
    (&["ed", "red"], &["!", "r !", "r!", "w !", "e !"]),
    (&["gdb"], &["shell ", "!", "pipe "]),
    (&["lldb"], &["platform shell ", "shell "]),
    (&["sqlite3", "sqlite"], &[".shell ", ".system "]),
    (&["psql", "pgbench"], &["\\! ", "\\!", "\\shell "]),
    (&["mysql", "mariadb"], &["\\! ", "\\!", "system "]),
    (&["ghci"], &["!"]),
    (&["ipython", "jupyter"], &["!", "%sx ", "%%bash"]),
    (&["less", "more", "most"], &["!"]),
    (&["tclsh", "wish", "expect"], &["exec ", "spawn ", "system "]),
];

/// What is passed over at the beginning of a command of these languages.
const SKIPPED: &[&str] = &[
    "+",
    ":",
    "silent! ",
    "silent ",
    "execute \"",
    "execute '",
    "execute ",
    "exe \"",
    "--cmd=",
    "--eval-command=",
    "--command=",
    "-eval-command=",
];

/// Shell commands in the words and the input of such a program.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    match call.name {
        "sed" | "gsed" => {
            let own = call.args.iter().filter_map(|arg| sed(&arg.text));
            let runs_lines = call.args.iter().any(|arg| arg.text.trim_end_matches([';', '}', ' ']) == "e");
            let lines = call.input.texts.iter().filter(|_| runs_lines).cloned();
            return own.chain(lines).map(Inner::guess).collect();
        }
        "crontab" => return lines(call).filter_map(scheduled).map(Inner::guess).collect(),
        "just" | "ninja" | "task" | "go-task" => {
            let piped = call.args.iter().flat_map(|arg| &arg.flow.texts).flat_map(|text| text.lines());
            let indented =
                lines(call).chain(piped).filter(|line| line.starts_with([' ', '\t']) && reads_rules(call));
            return indented.map(|line| Inner::guess(recipe(line))).collect();
        }
        "make" | "gmake" => {
            let piped = call.args.iter().flat_map(|arg| &arg.flow.texts).flat_map(|text| text.lines());
            let read = lines(call).chain(piped).filter(|_| reads_rules(call));
            let read: Vec<&str> = read.collect();
            let shell = read
                .iter()
                .filter_map(|line| Some(line.split_once("$(shell ")?.1.trim_end().trim_end_matches(')')));
            let shell: Vec<Inner> = shell.map(Inner::guess).collect();
            let read = read.into_iter();
            let read =
                read.filter_map(|line| line.strip_prefix('\t').or_else(|| Some(line.split_once(": ;")?.1)));
            let given = call.args.iter().filter_map(|arg| arg.text.split_once(';')).map(|(_, recipe)| recipe);
            // `make CC='rm -rf src'`: run by any recipe that says `$(CC)`.
            let set = call.args.iter().filter_map(|arg| arg.text.split_once('=')).map(|(_, value)| value);
            return read
                .chain(given)
                .chain(set.filter(|value| value.contains(' ')))
                .map(|line| Inner::guess(line.trim_start_matches(['@', '-', '+', ' '])))
                .chain(shell)
                .collect();
        }
        _ => {}
    }
    let Some((_, words)) = ESCAPES.iter().find(|(names, _)| names.contains(&call.name)) else {
        return Vec::new();
    };
    let texts = call.args.iter().flat_map(|arg| arg.text.lines()).chain(lines(call));
    texts.filter_map(|text| escaped(text, words)).map(Inner::guess).collect()
}

fn lines<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a str> {
    call.input.texts.iter().flat_map(|text| text.lines())
}

/// A line of a recipe without what is no shell text: marks, `command = ` of ninja, `cmds: [` of task.
fn recipe(line: &str) -> &str {
    let line = line.trim_start_matches(['@', '-', ' ', '\t']);
    line.strip_prefix("command = ").unwrap_or(line)
}

fn reads_rules(call: &Call<'_>) -> bool {
    ["-", "-f-", "/dev/stdin", "--file=-"].iter().any(|name| call.has(name))
        || call.args.iter().any(|arg| arg.pipe.is_some())
}

fn escaped<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let mut text = text.trim_start();
    while let Some(rest) = SKIPPED.iter().find_map(|skipped| text.strip_prefix(skipped)) {
        text = rest.trim_start();
    }
    let rest = words.iter().find_map(|word| text.strip_prefix(word))?;
    Some(rest.trim().trim_matches(['"', '{', '}'])).filter(|rest| !rest.is_empty())
}

/// `* * * * * command`, `@daily command`.
fn scheduled(line: &str) -> Option<&str> {
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let mut rest = line.trim_start();
    for _ in 0..fields {
        rest = rest.split_once([' ', '\t'])?.1.trim_start();
    }
    Some(rest)
}

/// `1e command`, `s/x/command/e` (GNU sed).
fn sed(script: &str) -> Option<String> {
    let behind = script
        .trim_start_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '$' | ',' | ' '));
    let addressed = behind.len() < script.len();
    if let Some(command) = behind.strip_prefix('e').filter(|rest| addressed || rest.starts_with(' ')) {
        return Some(command.trim().to_owned()).filter(|command| !command.is_empty());
    }
    let mark = behind.strip_prefix('s')?.chars().next().filter(|mark| !mark.is_alphanumeric())?;
    let mut parts = vec![String::new()];
    let mut letters = behind.chars().skip(2);
    while let Some(letter) = letters.next() {
        let part = parts.last_mut()?;
        match letter {
            '\\' => part.extend(letters.next()),
            _ if letter == mark => parts.push(String::new()),
            _ => part.push(letter),
        }
    }
    match parts.as_slice() {
        [_, command, flags] if flags.contains('e') => Some(command.clone()),
        _ => None,
    }
}
