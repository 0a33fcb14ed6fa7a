//! A function that starts itself more than once, or in the background.

use super::Rule;
use crate::guard::shell::{Script, Word};

/// The rule. It looks at a whole text, so the walk asks [`find`].
pub(crate) const RULE: Rule = Rule {
    name: "fork-bomb",
    reason: "it starts itself again and again until the machine stops",
    instead: "Use a loop with an end.",
    judge: |_| Vec::new(),
};

/// The name of a function that multiplies.
pub(crate) fn find(script: &Script) -> Option<String> {
    script.functions.iter().find_map(|function| {
        let body = script.commands.get(function.body.clone()).unwrap_or_default();
        let own =
            |word: Option<&Word>| word.and_then(Word::as_literal).is_some_and(|name| name == function.name);
        let calls = body.iter().filter(|command| own(command.words.first()));
        let (count, background) =
            calls.fold((0, false), |(count, background), call| (count + 1, background || call.background));
        (count > 1 || background).then(|| function.name.clone())
    })
}
