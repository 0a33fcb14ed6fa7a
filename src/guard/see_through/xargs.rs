//! `xargs` and GNU `parallel`: a command line completed from standard input or from the words behind `:::`.

use super::{Inner, joined, replaced};
use crate::guard::arg::{Arg, Call};
use crate::guard::options::Grammar;

const XARGS: Grammar = Grammar {
    short: "aEIJLnPsdRS",
    long: &[
        "arg-file",
        "max-args",
        "max-procs",
        "max-lines",
        "max-chars",
        "delimiter",
        "process-slot-var",
        "max-a",
        "max-p",
    ],
    stop_at_operand: true,
};

const PARALLEL: Grammar = Grammar {
    short: "jINnLSsCda",
    long: &[
        "jobs",
        "max-args",
        "colsep",
        "delay",
        "joblog",
        "results",
        "retries",
        "timeout",
        "workdir",
        "arg-file",
        "sshlogin",
        "max-procs",
        "tmpdir",
    ],
    stop_at_operand: true,
};

/// What the rows of input would run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    match call.name {
        "xargs" | "gxargs" => xargs(call),
        "parallel" => parallel(call),
        _ => Vec::new(),
    }
}

fn xargs(call: &Call<'_>) -> Vec<Inner> {
    let parsed = XARGS.parse(call.args);
    if parsed.operands.is_empty() {
        return Vec::new();
    }
    let mark = match parsed.option(&["I", "J", "replace", "i"]) {
        Some(option) if !option.text().is_empty() => option.text().to_owned(),
        Some(_) => "{}".to_owned(),
        None => String::new(),
    };
    let mut found: Vec<Inner> =
        rows(call, !mark.is_empty()).iter().flat_map(|row| completed(&parsed.operands, &mark, row)).collect();
    found.extend(lines_for_a_shell(&parsed.operands, call));
    found
}

/// One command line for one row.
fn completed(command: &[Arg], mark: &str, row: &[Arg]) -> Vec<Inner> {
    if mark.is_empty() {
        return vec![Inner::words([command, row].concat())];
    }
    row.iter().map(|value| Inner::words(replaced(command, mark, value).0)).collect()
}

/// `… | xargs sh -c`: whatever the rows become, a shell runs them.
fn lines_for_a_shell(command: &[Arg], call: &Call<'_>) -> Vec<Inner> {
    let shell =
        command.first().is_some_and(|arg| super::shells::SHELLS.contains(&super::program_name(&arg.text)));
    let open =
        shell && command.last().is_some_and(|arg| arg.text.starts_with('-') && arg.text.ends_with('c'));
    if !open {
        return Vec::new();
    }
    let lines = call.input.texts.iter().flat_map(|text| text.lines());
    lines.map(unquoted).map(Inner::text).collect()
}

/// Rows of standard input: known words (or whole lines), listed paths, or one unknown word.
fn rows(call: &Call<'_>, lines: bool) -> Vec<Vec<Arg>> {
    let input = call.input;
    let tainted = |arg: Arg| {
        let mut arg = arg;
        arg.flow.taint(input);
        arg
    };
    let known: Vec<Arg> = input
        .texts
        .iter()
        .flat_map(|text| text.split(['\n', '\0']))
        .flat_map(|line| if lines { vec![unquoted(line).to_owned()] } else { words(line) })
        .filter(|word| !word.is_empty())
        .map(|word| tainted(Arg::literal(word)))
        .collect();
    let mut rows = Vec::new();
    if !known.is_empty() {
        rows.push(known);
    }
    if !input.listed.is_empty() {
        rows.push(input.listed.clone());
    }
    if rows.is_empty() || !input.complete {
        rows.push(vec![tainted(Arg::unknown())]);
    }
    rows
}

fn parallel(call: &Call<'_>) -> Vec<Inner> {
    let cut = call.args.iter().position(|arg| matches!(arg.text.as_str(), ":::" | ":::+" | "::::"));
    let (before, after) = call.args.split_at(cut.unwrap_or(call.args.len()));
    let parsed = PARALLEL.parse(before);
    let mark = parsed.option(&["I"]).map_or("{}", |option| option.text());
    let row: Vec<Arg> = after.iter().filter(|arg| !arg.text.starts_with(":::")).cloned().collect();
    if parsed.operands.is_empty() {
        // Without a command the rows are the commands.
        let texts: Vec<String> = if cut.is_some() {
            row.iter().map(|arg| arg.text.clone()).collect()
        } else {
            call.input.texts.clone()
        };
        return texts.into_iter().map(Inner::text).collect();
    }
    let rows = if cut.is_some() { row.into_iter().map(|arg| vec![arg]).collect() } else { rows(call, true) };
    let mut found = Vec::new();
    for row in &rows {
        for value in row {
            let (mut words, any) = replaced(&parsed.operands, mark, value);
            if !any {
                words.push(value.clone());
            }
            // parallel hands the line to a shell.
            found.push(if parsed.operands.len() == 1 {
                Inner::text(joined(&words))
            } else {
                Inner::words(words)
            });
        }
    }
    found
}

/// The words of a line as xargs takes them: quotes hold blanks together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut open = None;
    for letter in line.chars() {
        match (letter, open) {
            (quote, Some(mark)) if quote == mark => open = None,
            ('"' | '\'', None) => open = Some(letter),
            (' ' | '\t', None) => words.push(String::new()),
            _ => words.last_mut().into_iter().for_each(|word| word.push(letter)),
        }
    }
    words
}

/// A line that is one quoted word.
fn unquoted(line: &str) -> &str {
    let inner = ['\'', '"'].iter().find_map(|quote| line.trim().strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(line)
}
