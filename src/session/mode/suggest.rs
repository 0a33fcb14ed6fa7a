//! Which kind of session fits: by what the person says, the plan, what the last sessions left, and the branch, in this
//! order. It only suggests.

use serde::Serialize;
use serde_json::Value;

use super::Mode;

/// What is known before a session begins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// What the person wants, in words; empty where nothing was said.
    pub words: &'a str,
    /// The mode of a plan that is not done.
    pub plan: Option<Mode>,
    /// Sessions that ended, oldest first: lines of `sessions.jsonl`.
    pub past: &'a [Value],
    /// The branch; empty on none.
    pub branch: &'a str,
}

/// A mode and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The mode.
    pub mode: Mode,
    /// What decided.
    pub by: By,
    /// The reason, as a clause.
    pub why: String,
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The person named it.
    Person,
    /// What the person wants.
    Words,
    /// The plan.
    Plan,
    /// What the last session left.
    Past,
    /// The branch.
    Branch,
    /// Nothing speaks for another.
    Default,
}

/// Words that speak for a deep session: a beginning is enough.
const DEEP: &[&str] = &[
    "architect",
    "audit",
    "bottleneck",
    "concurren",
    "deadlock",
    "flaky",
    "investigat",
    "leak",
    "migrat",
    "perform",
    "race",
    "redesign",
    "refactor",
    "regression",
    "research",
    "rewrit",
    "root",
    "secur",
    "slow",
    "threat",
    "vulnerab",
    "why",
];
/// Words that speak for housekeeping.
const CHORES: &[&str] = &[
    "bump",
    "chore",
    "clean",
    "dead",
    "dependabot",
    "dependenc",
    "format",
    "housekeep",
    "lint",
    "outdated",
    "prune",
    "renovate",
    "tidy",
    "typo",
    "unused",
    "upgrade",
];
/// Words that speak for new work.
const WORK: &[&str] = &[
    "add",
    "allow",
    "build",
    "create",
    "enable",
    "feature",
    "implement",
    "introduce",
    "let",
    "new",
    "support",
];

/// Beginnings of branches.
const BRANCHES: &[(&str, Mode)] = &[
    ("chore", Mode::Housekeeping),
    ("deps", Mode::Housekeeping),
    ("dependabot", Mode::Housekeeping),
    ("renovate", Mode::Housekeeping),
    ("cleanup", Mode::Housekeeping),
    ("spike", Mode::Deep),
    ("research", Mode::Deep),
    ("perf", Mode::Deep),
    ("security", Mode::Deep),
    ("refactor", Mode::Deep),
    ("migration", Mode::Deep),
];

/// The mode that fits.
pub fn suggest(known: &Known<'_>) -> Suggestion {
    named(known.words)
        .or_else(|| by_words(known.words))
        .or_else(|| known.plan.map(|mode| made(mode, By::Plan, "the plan says so".to_owned())))
        .or_else(|| by_past(known))
        .or_else(|| by_branch(known.branch))
        .unwrap_or_else(|| made(Mode::Feature, By::Default, "nothing speaks for another".to_owned()))
}

fn made(mode: Mode, by: By, why: String) -> Suggestion {
    Suggestion { mode, by, why }
}

/// The person's word: a mode as the first word, or before `session` or `mode`.
fn named(words: &str) -> Option<Suggestion> {
    let words: Vec<String> = split(words).collect();
    let mode = |word: &String| word.parse::<Mode>().ok();
    let first = words.first().and_then(mode);
    let before = || {
        words.iter().zip(words.iter().skip(1)).find_map(|(word, next)| {
            matches!(next.as_str(), "session" | "mode").then(|| mode(word)).flatten()
        })
    };
    first.or_else(before).map(|mode| made(mode, By::Person, "the person says so".to_owned()))
}

fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The kind that more words speak for than for any other.
fn by_words(text: &str) -> Option<Suggestion> {
    let speaks = |beginnings: &[&str]| -> Vec<String> {
        split(text).filter(|word| beginnings.iter().any(|beginning| begins(word, beginning))).collect()
    };
    let kinds =
        [(Mode::Feature, speaks(WORK)), (Mode::Deep, speaks(DEEP)), (Mode::Housekeeping, speaks(CHORES))];
    let most = kinds.iter().map(|(_, words)| words.len()).max().filter(|most| *most > 0)?;
    // Of two that are even the one that comes first: new work is never done as housekeeping by mistake.
    let (mode, words) = kinds.into_iter().find(|(_, words)| words.len() == most)?;
    let quoted: Vec<String> = words.iter().take(3).map(|word| format!("“{word}”")).collect();
    Some(made(mode, By::Words, format!("{} in what is wanted", quoted.join(", "))))
}

/// Short beginnings are whole words: `add` is not in `address`.
fn begins(word: &str, beginning: &str) -> bool {
    if beginning.len() < 5 { word == beginning } else { word.starts_with(beginning) }
}

/// What the last session on this branch left: much of it undone calls for a deeper look.
fn by_past(known: &Known<'_>) -> Option<Suggestion> {
    let of_branch = |line: &&Value| line.get("branch").and_then(Value::as_str) == Some(known.branch);
    let last = known.past.iter().rfind(of_branch)?;
    let number = |key: &str| last.pointer(key).and_then(Value::as_u64).unwrap_or_default();
    let carried = last.get("carried").and_then(Value::as_array).map_or(0, Vec::len);
    let (planned, carried) = (number("/tasks/planned"), u64::try_from(carried).unwrap_or_default());
    let is_much = planned > 0 && carried * 10 >= planned * 3;
    is_much.then(|| {
        made(
            Mode::Deep,
            By::Past,
            format!("the last session on this branch left {carried} of {planned} tasks"),
        )
    })
}

fn by_branch(branch: &str) -> Option<Suggestion> {
    let first = branch.split(['/', '-', '_']).next()?;
    let (_, mode) = BRANCHES.iter().find(|(name, _)| first.eq_ignore_ascii_case(name))?;
    Some(made(*mode, By::Branch, format!("the branch begins with `{first}`")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_persons_word_comes_first_and_the_branch_last() {
        let past = [json!({"branch": "main", "tasks": {"planned": 4}, "carried": ["a", "b"]})];
        let with = |words, plan, past, branch| {
            let found = suggest(&Known { words, plan, past, branch });
            (found.mode, found.by)
        };
        for (words, plan, past, branch, expected) in [
            ("", None, &[][..], "main", (Mode::Feature, By::Default)),
            ("", None, &[], "chore/deps", (Mode::Housekeeping, By::Branch)),
            ("", None, &[], "perf-cache", (Mode::Deep, By::Branch)),
            ("", None, &past, "main", (Mode::Deep, By::Past)),
            ("", None, &past, "other", (Mode::Feature, By::Default)),
            ("", Some(Mode::Housekeeping), &past, "main", (Mode::Housekeeping, By::Plan)),
            ("why is the parser slow?", Some(Mode::Feature), &[], "main", (Mode::Deep, By::Words)),
            ("Add an address book", None, &past, "chore/x", (Mode::Feature, By::Words)),
            ("clean up dead code and bump dependencies", None, &[], "", (Mode::Housekeeping, By::Words)),
            ("new audit log", None, &[], "", (Mode::Feature, By::Words)),
            ("deep: add an address book", None, &[], "", (Mode::Deep, By::Person)),
            ("fix it in a housekeeping session", None, &[], "", (Mode::Housekeeping, By::Person)),
            ("make a deep copy", None, &[], "", (Mode::Feature, By::Default)),
        ] {
            assert_eq!(with(words, plan, past, branch), expected, "{words} {branch}");
        }
    }
}
