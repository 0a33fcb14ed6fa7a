//! `find … -exec command ;` and what `find` lists.

use super::{Inner, replaced};
use crate::guard::arg::{Arg, Call};

/// Actions that run a command.
const RUNS: &[&str] = &["-exec", "-execdir", "-ok", "-okdir"];

/// The commands of all `-exec` actions, with `{}` standing for what is below the roots.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    if call.name == "fd" || call.name == "fdfind" {
        return fd(call.args);
    }
    if call.name != "find" {
        return Vec::new();
    }
    let listed = listed(call.args);
    let mut found = Vec::new();
    let mut rest = call.args;
    while let Some((arg, tail)) = rest.split_first() {
        rest = tail;
        if !RUNS.contains(&arg.text.as_str()) {
            continue;
        }
        let length = tail
            .iter()
            .enumerate()
            .position(|(at, word)| {
                word.text == ";"
                    || (word.text == "+"
                        && at > 0
                        && tail.get(at - 1).is_some_and(|before| before.text == "{}"))
            })
            .unwrap_or(tail.len());
        let command = tail.get(..length).unwrap_or_default();
        rest = tail.get(length..).unwrap_or_default();
        for path in &listed {
            found.push(Inner::words(replaced(command, "{}", path).0));
        }
    }
    found
}

/// What `find args` would list: everything below each root, as a pattern.
pub(crate) fn listed(args: &[Arg]) -> Vec<Arg> {
    let options = args
        .iter()
        .take_while(|arg| matches!(arg.text.as_str(), "-H" | "-L" | "-P" | "-E" | "-X" | "-d" | "-x" | "-s"))
        .count();
    let rest = args.get(options..).unwrap_or_default();
    let roots = rest.iter().take_while(|arg| {
        let option = arg.text.starts_with('-') && arg.text.len() > 1;
        !option && !matches!(arg.text.as_str(), "(" | "!" | ")" | ",")
    });
    let mut roots: Vec<Arg> = roots.cloned().collect();
    if roots.is_empty() {
        roots.push(Arg::literal("."));
    }
    let named = name_filter(rest);
    roots.into_iter().map(|root| below(&root, named.clone())).collect()
}

/// Everything below `root`.
pub(crate) fn below(root: &Arg, named: Option<String>) -> Arg {
    let text = root.text.trim_end_matches('/');
    Arg { text: format!("{text}/*"), glob: true, named, ..root.clone() }
}

/// The pattern of the only `-name`; none where `-o` or `!` could widen it.
fn name_filter(args: &[Arg]) -> Option<String> {
    let widens = |arg: &Arg| matches!(arg.text.as_str(), "-o" | "-or" | "!" | "-not" | ",");
    if args.iter().any(widens) {
        return None;
    }
    let at = args.iter().position(|arg| arg.text == "-name")?;
    args.get(at + 1).filter(|arg| !arg.dynamic).map(|arg| arg.text.clone())
}

/// `fd PATTERN [DIR] -x command`.
fn fd(args: &[Arg]) -> Vec<Inner> {
    let runs = |arg: &Arg| matches!(arg.text.as_str(), "-x" | "-X" | "--exec" | "--exec-batch");
    let Some(at) = args.iter().position(runs) else { return Vec::new() };
    let command = args.get(at + 1..).unwrap_or_default();
    let path = below(&Arg::literal("."), None);
    let (mut words, any) = replaced(command, "{}", &path);
    if !any {
        words.push(path);
    }
    if command.is_empty() { Vec::new() } else { vec![Inner::words(words)] }
}
