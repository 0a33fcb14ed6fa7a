//! `base64 -d | sh` and its kin: text made unreadable on purpose, then run.

use super::{NOTHING, Rule, found};
use crate::guard::{Arg, Call, Decision, Flow, UNKNOWN};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "decode-and-run",
    reason: "it runs text that was made unreadable",
    instead: "Decode it into a file and show that file first.",
    judge,
};

/// Programs that run what they read.
pub(super) const RUNNERS: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "mksh",
    "ash",
    "fish",
    "rbash",
    "csh",
    "tcsh",
    "python",
    "python2",
    "python3",
    "node",
    "perl",
    "ruby",
    "php",
    "lua",
    "deno",
    "bun",
    "pwsh",
    "osascript",
];

/// Names of standard input.
const STANDARD_INPUT: &[&str] = &["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    let whole =
        |text: Option<&str>| text.is_none_or(|text| text.chars().all(|character| character == UNKNOWN));
    let unreadable = |flow: &Flow, text: Option<&str>| flow.decoded || (flow.altered && whole(text));
    if runs(call, unreadable) {
        return found(Decision::Deny, "");
    }
    // What a row completes is a word, not a program.
    let rows = matches!(call.name, "xargs" | "parallel");
    if !rows && runs(call, |flow, text| flow.picked && whole(text)) {
        return found(Decision::Ask, "a program picks it out of data");
    }
    NOTHING
}

/// Whether `call` runs something whose origin is what `wanted` says; it gets the text where a word holds it.
pub(super) fn runs(call: &Call<'_>, wanted: impl Fn(&Flow, Option<&str>) -> bool) -> bool {
    let arg = |arg: &Arg| wanted(&arg.flow, Some(arg.text.as_str()).filter(|_| arg.pipe.is_none()));
    let input = wanted(call.input, None);
    let program_at = |at: Option<usize>| at.and_then(|at| call.args.get(at + 1)).is_some_and(arg);
    match call.name {
        "eval" | "source" | "." => call.args.iter().any(arg),
        name if RUNNERS.contains(&name) => {
            let shell = crate::guard::see_through::runs_files(name);
            if shell && call.first() == "-n" {
                return false;
            }
            let letters = if shell { &['c'][..] } else { &['c', 'e', 'r'][..] };
            let text = call.args.iter().position(|arg| {
                arg.text
                    .strip_prefix('-')
                    .is_some_and(|rest| !rest.starts_with('-') && rest.contains(letters))
            });
            let file = call.args.iter().any(|word| word.pipe.is_some() && arg(word));
            // `-o pipefail`: the name of an option.
            let named = |at: usize| {
                let before = at.checked_sub(1).and_then(|at| call.args.get(at));
                shell && before.is_some_and(|arg| arg.text.starts_with('-') && arg.text.ends_with(['o', 'O']))
            };
            let operands = call.args.iter().enumerate().filter(|(at, _)| !named(*at)).map(|(_, arg)| arg);
            let first = operands.into_iter().find(|arg| arg.text == "-" || !arg.text.starts_with(['-', '+']));
            let reads = first.is_none_or(|arg| STANDARD_INPUT.contains(&arg.text.as_str())) || call.has("-s");
            program_at(text) || file || (text.is_none() && reads && input)
        }
        // The rows complete a command line: a shell there runs them.
        "xargs" | "parallel" => {
            input && call.args.iter().any(|arg| RUNNERS.contains(&crate::guard::program(&arg.text)))
        }
        _ => false,
    }
}
