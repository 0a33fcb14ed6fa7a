//! Words that an interpreter hands to its program: run by one that runs what it is given, data to any other.

use super::Inner;
use super::interpreter::{is_one, programs};
use super::token::{Token, tokens};
use crate::guard::arg::Call;

/// What shows that a program may run another.
const HINTS: &[&str] = &[
    "exec",
    "system",
    "spawn",
    "open",
    "run",
    "call",
    "subprocess",
    "`",
    "qx",
    "shell",
    "rocess",
    "eval",
    "import(",
];

/// Those of them after which what is read is run.
const RUNS: &[&str] =
    &["exec", "system", "spawn", "popen", "Popen", "call(", "run(", "`$", "qx", "shell", "eval"];

/// Whether an interpreter is given a program that runs nothing: its other arguments are words to it.
pub(super) fn only_computes(call: &Call<'_>) -> bool {
    if !is_one(call.name) {
        return false;
    }
    let programs = programs(call);
    !programs.is_empty() && !programs.iter().any(|text| HINTS.iter().any(|hint| text.contains(hint)))
}

/// `python -c 'subprocess.run(sys.argv[1:])' rm x`: the words behind a program that runs what it is given.
pub(super) fn given_words(texts: &[String], call: &Call<'_>) -> Option<Inner> {
    let hands = |text: &String| {
        ["argv", "ARGV", "process.args"].iter().any(|name| text.contains(name))
            && HINTS.iter().any(|hint| text.contains(hint))
    };
    let text = texts.iter().find(|text| hands(text))?;
    let at = call.args.iter().position(|arg| arg.text == *text || arg.text == "-")?;
    let words = call.args.get(at + 1..).unwrap_or_default().iter().skip_while(|arg| arg.text == "--");
    Some(Inner::Guessed(words.cloned().collect())).filter(|_| call.args.len() > at + 1)
}

/// `python -c 'os.system(sys.stdin.read())'`, `perl -ne 'system $_'`: its input, where it runs that.
pub(super) fn given_lines(texts: &[String], call: &Call<'_>) -> Vec<Inner> {
    let reads = |text: &String| {
        ["stdin", "STDIN", "$_", "gets", "input(", "<>"].iter().any(|name| text.contains(name))
            && RUNS.iter().any(|hint| text.contains(hint))
    };
    if !texts.iter().any(reads) {
        return Vec::new();
    }
    call.input.texts.iter().map(Inner::guess).collect()
}

/// The strings of a program that an interpreter is given.
pub(in crate::guard) fn strings(call: &Call<'_>) -> Vec<String> {
    let texts = programs(call);
    let all = texts.iter().flat_map(|text| tokens(text, false));
    let strings = all.filter_map(|token| match token {
        Token::Text(text) if text.contains(char::is_whitespace) => Some(text),
        _ => None,
    });
    strings.take(64).collect()
}

/// `qx(…)`, `%x{…}`, `~c"…"`: strings with brackets of their own.
pub(super) fn delimited(text: &str) -> Vec<&str> {
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
