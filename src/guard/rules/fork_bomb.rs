//! A function that starts itself more than once, or in the background.

use super::{NOTHING, Rule, found};
use crate::guard::Decision;
use crate::guard::shell::{Function, Script, Word};

/// The rule. It looks at a whole text, so the walk asks [`find`].
pub(crate) const RULE: Rule = Rule {
    name: "fork-bomb",
    reason: "it starts itself again and again until the machine stops",
    instead: "Use a loop with an end.",
    judge: |call| {
        let multiplies = matches!(call.name, "perl" | "ruby" | "python" | "python3")
            && call.args.iter().any(|arg| forks(&arg.text));
        if multiplies { found(Decision::Deny, "") } else { NOTHING }
    },
};

/// `fork while 1`, `while 1: os.fork()`: nothing but a loop around `fork`.
fn forks(program: &str) -> bool {
    let words = program.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: Vec<&str> = words.filter(|word| !matches!(*word, "import" | "os")).collect();
    words.dedup();
    let loops = |word: &&str| {
        matches!(*word, "while" | "loop" | "until" | "for" | "do" | "1" | "True" | "true" | "fork")
    };
    words.len() < 8 && words.contains(&"fork") && words.len() > 1 && words.iter().all(loops)
}

/// The name of a function that multiplies.
pub(crate) fn find(script: &Script) -> Option<String> {
    script.functions.iter().find_map(|function| {
        let body = script.commands.get(function.body.clone()).unwrap_or_default();
        if takes_itself_back(script, function) {
            return None;
        }
        let own =
            |word: Option<&Word>| word.and_then(Word::as_literal).is_some_and(|name| name == function.name);
        let calls = body.iter().filter(|command| own(command.words.first()));
        let (count, background) =
            calls.fold((0, false), |(count, background), call| (count + 1, background || call.background));
        (count > 1 || background).then(|| function.name.clone())
    })
}

/// `kubectl() { unset -f kubectl; …; kubectl "$@"; }`: its first command takes the function back, so that the name is
/// the program's from then on.
fn takes_itself_back(script: &Script, function: &Function) -> bool {
    const TAKES: &[&str] = &["unset", "unfunction"];
    let at = function.body.start;
    let Some(first) = script.commands.get(at) else { return false };
    let mut words = first.words.iter().map(|word| word.as_literal().unwrap_or_default());
    let takes = words.next().is_some_and(|word| TAKES.contains(&word.as_str()));
    let outer = script.scopes.get(first.scope).is_some_and(|scope| scope.branch);
    let plain = outer && !first.background && first.assignments.is_empty() && first.redirects.is_empty();
    let piped = script.commands.iter().any(|command| command.upstream.contains(&at));
    let other = script.functions.iter().any(|function| TAKES.contains(&function.name.as_str()));
    takes && plain && !piped && !other && words.any(|word| word == function.name)
}
