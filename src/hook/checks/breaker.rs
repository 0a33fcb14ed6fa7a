//! `breaker`: an agent on a task of the open wave that goes round in circles, or on for too long, is told so once, and
//! `so wave finish` hears of it.
//!
//! Nothing is refused here: an agent that stops in the middle of an edit leaves more behind than one that is told to
//! stop. What is remembered of an agent begins anew with each task and wave.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Check, OnFailure, reading, session};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::mode::Mode;
use crate::session::open;
use crate::session::signs::{self, Kind, Sign};

/// The check.
pub(super) const CHECK: Check = Check {
    name: "breaker",
    events: &[EventKind::PostToolUse, EventKind::PostToolUseFailure],
    on_failure: OnFailure::Open,
    about: "tells an agent that goes round in circles on its task, or on for too long",
    run,
};

/// So often something happens before it is a sign.
const TIMES: usize = 3;
/// Calls that end within so many milliseconds of each other were made in one turn of the model.
const ONE_TURN: u64 = 1_000;
/// Of larger files no content is compared.
const LARGEST: u64 = 1 << 20;
/// So many contents and errors are remembered.
const REMEMBERED: usize = 40;

/// What an agent did on its task so far.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Work {
    task: String,
    wave: u32,
    turns: u32,
    last: u64,
    /// Each edit: the file, and a digest of what stood in it afterwards.
    edits: Vec<(String, String)>,
    /// A digest of each error.
    errors: Vec<String>,
    /// The last call, as it is and without its numbers, and how often in a row each was made.
    call: (String, usize),
    page: (String, usize),
    told: Vec<String>,
}

/// One call as it is judged.
struct Seen {
    at: u64,
    /// The files that were edited and what stands in them.
    edits: Vec<(String, String)>,
    /// A digest of what it says, when it failed.
    error: Option<String>,
    call: String,
    /// The same without numbers, when it reads a part of something.
    page: Option<String>,
}

fn run(event: &Event, world: &World) -> Outcome {
    let wave = reading::wave(event, world);
    let Ok(Some(scope)) = &*wave else { return Outcome::default() };
    let (Some(task), Some(store)) = (reading::task(event, world, scope), session::store(event, world)) else {
        return Outcome::default();
    };
    let Some(project) = session::project(event, world) else { return Outcome::default() };
    let mode = open::head(&project).and_then(|head| head.get("session-type")?.parse::<Mode>().ok());
    let usual = mode.unwrap_or_default().turns();
    let limit = session::config(event, world).text("max-turns").and_then(|turns| turns.parse().ok());
    let seen = seen(event, &project, world.now);
    let mut said = Vec::new();
    let key = digest(&[&event.platform, &event.session, event.agent.as_deref().unwrap_or_default()]);
    let _ = store.update(&format!("work.{key}"), |text| {
        let mut work: Work = serde_json::from_str(&text).unwrap_or_default();
        if begins(event) || (work.task.as_str(), work.wave) != (task.as_str(), scope.wave) {
            work = Work { task: task.clone(), wave: scope.wave, ..Work::default() };
        }
        said = work.judge(&seen, limit.unwrap_or(usual));
        serde_json::to_string(&work).ok()
    });
    for (kind, what, _) in &said {
        let sign = Sign { at: world.now, task: task.clone(), kind: *kind, what: what.clone() };
        signs::note(&store, &sign);
    }
    let texts: Vec<String> =
        said.into_iter().map(|(_, what, advice)| format!("so: {what}. {advice}")).collect();
    if texts.is_empty() { Outcome::default() } else { Outcome::context(texts.join("\n")) }
}

/// Whether the call begins a task, once more or for the first time.
fn begins(event: &Event) -> bool {
    matches!(&event.tool, Some(ToolCall::Shell { command, .. }) if command.contains(" task start "))
}

type Said = (Kind, String, &'static str);

impl Work {
    /// Adds a call; what is to be told now, each once a task.
    fn judge(&mut self, seen: &Seen, limit: u32) -> Vec<Said> {
        if self.turns == 0 || seen.at.saturating_sub(self.last) > ONE_TURN {
            self.turns += 1;
        }
        self.last = seen.at;
        let mut said = self.circles(seen);
        said.extend(self.repeats(seen));
        said.extend(self.length(limit));
        said.retain(|(_, what, _)| !self.told.contains(what));
        self.told.extend(said.iter().map(|(_, what, _)| what.clone()));
        said
    }

    /// A file that is what it was before, again and again.
    fn circles(&mut self, seen: &Seen) -> Vec<Said> {
        let mut said = Vec::new();
        for (path, content) in &seen.edits {
            self.edits.push((path.clone(), content.clone()));
            let of: Vec<&String> =
                self.edits.iter().filter(|(file, _)| file == path).map(|(_, was)| was).collect();
            let back = of.windows(2).enumerate().filter(|(at, pair)| {
                pair.first() != pair.last() && of.iter().take(*at).any(|old| Some(old) == pair.last())
            });
            if back.count() >= TIMES {
                said.push((
                    Kind::Spiral,
                    format!("`{path}` was edited back and forth {TIMES} times"),
                    "Leave it as it is. Say what you expected, what contradicts it, and report `partial`.",
                ));
            }
        }
        self.edits.drain(..self.edits.len().saturating_sub(REMEMBERED));
        said
    }

    fn repeats(&mut self, seen: &Seen) -> Vec<Said> {
        let mut said = Vec::new();
        if let Some(error) = &seen.error {
            self.errors.push(error.clone());
            self.errors.drain(..self.errors.len().saturating_sub(REMEMBERED));
            if self.errors.iter().filter(|other| *other == error).count() >= TIMES {
                let advice = "Another try of this kind will not differ: find out what you take for granted, or report `failed` with it.";
                said.push((Kind::Spiral, format!("the same error came {TIMES} times"), advice));
            }
        }
        if in_a_row(&mut self.call, Some(&seen.call)) >= TIMES {
            let advice = "Its answer will not change: read it, or try another way.";
            said.push((Kind::Spiral, format!("the same call was made {TIMES} times in a row"), advice));
        } else if in_a_row(&mut self.page, seen.page.as_ref()) >= TIMES {
            let advice = "Search for what you need, or go on with what you have.";
            said.push((
                Kind::Stagnation,
                format!("one file was paged through {TIMES} times without an edit"),
                advice,
            ));
        }
        said
    }

    fn length(&self, limit: u32) -> Option<Said> {
        let task = &self.task;
        if self.turns >= limit.saturating_mul(2) {
            let advice = "Stop here: end with your report, `partial` or `failed`, and say what you tried.";
            return Some((
                Kind::Stop,
                format!("{} turns on {task}, twice what one is worth", limit * 2),
                advice,
            ));
        }
        let advice =
            "Finish what you are in the middle of; what is left then goes into your report as `partial`.";
        (self.turns >= limit).then(|| (Kind::Long, format!("{limit} turns on {task}"), advice))
    }
}

/// How often `now` came in a row.
fn in_a_row(last: &mut (String, usize), now: Option<&String>) -> usize {
    *last = match now {
        Some(now) if *now == last.0 => (now.clone(), last.1 + 1),
        Some(now) => (now.clone(), 1),
        None => Default::default(),
    };
    last.1
}

fn seen(event: &Event, project: &Path, at: u64) -> Seen {
    let has_failed = event.kind == EventKind::PostToolUseFailure
        || event.result.as_ref().is_some_and(|result| result.failed == Some(true));
    let text =
        event.result.as_ref().map(|result| super::loop_guard::steady(&result.text)).unwrap_or_default();
    let edits = match &event.tool {
        Some(ToolCall::Edit(changes)) => changes.iter().filter_map(|change| {
            let path = event.cwd.join(&change.path);
            let is_small = path.metadata().is_ok_and(|meta| meta.len() <= LARGEST);
            let content = if is_small { std::fs::read(&path).ok()? } else { return None };
            let inner = path.strip_prefix(project).unwrap_or(&path).to_string_lossy().into_owned();
            Some((inner, digest_of(&content)))
        }),
        _ => {
            return Seen {
                at,
                edits: Vec::new(),
                error: error(has_failed, &text),
                call: call(event),
                page: page(event),
            };
        }
    };
    Seen { at, edits: edits.collect(), error: error(has_failed, &text), call: call(event), page: None }
}

fn error(has_failed: bool, text: &str) -> Option<String> {
    (has_failed && !text.is_empty()).then(|| digest(&[text]))
}

fn call(event: &Event) -> String {
    digest(&[super::loop_guard::name(event), &super::loop_guard::input(event)])
}

/// Programs that show a part of a file, and fields that say which part.
const PAGERS: &[&str] = &["sed", "head", "tail", "awk", "less"];
const PARTS: &[&str] = &["offset", "limit", "start_line", "end_line", "number"];

/// What a call reads a part of, without which part.
fn page(event: &Event) -> Option<String> {
    match &event.tool {
        Some(ToolCall::Shell { command, .. }) => {
            let first = command.split_whitespace().next()?;
            let text: String = command.chars().filter(|c| !c.is_ascii_digit()).collect();
            (PAGERS.contains(&first) && !command.contains("-i")).then(|| digest(&[&text]))
        }
        Some(ToolCall::Other { name }) if ["read", "grep", "Read", "Grep"].contains(&name.as_str()) => {
            let mut input: Value = serde_json::from_str(&event.input).ok()?;
            let fields = input.as_object_mut()?;
            let had = fields.len();
            fields.retain(|key, _| !PARTS.contains(&key.as_str()));
            (fields.len() < had).then(|| digest(&[name, &input.to_string()]))
        }
        _ => None,
    }
}

fn digest(parts: &[&str]) -> String {
    digest_of(parts.join("\0").as_bytes())
}

fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word is a call: `e` and a content edits a file, `!` fails with an error, `p` pages, anything else is called.
    fn told(calls: &str, limit: u32) -> Vec<Kind> {
        let mut work = Work { task: "T1".into(), ..Work::default() };
        let words = calls.split(' ').enumerate();
        let all = words.flat_map(|(at, word)| {
            let rest = word.get(1..).unwrap_or_default().to_owned();
            let is = |sign: &str| word.starts_with(sign);
            let seen = Seen {
                at: at as u64 * 2 * ONE_TURN,
                edits: if is("e") { vec![("a".to_owned(), rest.clone())] } else { Vec::new() },
                error: is("!").then(|| rest.clone()),
                call: if is("=") { rest.clone() } else { format!("{at}") },
                page: is("p").then_some(rest),
            };
            work.judge(&seen, limit)
        });
        all.map(|(kind, ..)| kind).collect()
    }

    #[test]
    fn circles_are_told_once_and_progress_is_not() {
        use Kind::{Long, Spiral, Stagnation, Stop};
        for (calls, limit, expected) in [
            ("e1 e2 e3 e4 e5 e6", 99, vec![]),
            ("e1 e2 e1 e2", 99, vec![]),
            ("e1 e2 e1 e2 e1 e2 e1", 99, vec![Spiral]),
            ("e1 e1 e1 e1 e1", 99, vec![]),
            ("!x a !x b !x", 99, vec![Spiral]),
            ("!x a !y b !z", 99, vec![]),
            ("=x =x =x =x", 99, vec![Spiral]),
            ("px px px", 99, vec![Stagnation]),
            ("px px e1 px", 99, vec![]),
            ("a b c d", 2, vec![Long, Stop]),
        ] {
            assert_eq!(told(calls, limit), expected, "{calls}");
        }
    }

    #[test]
    fn calls_of_one_turn_count_once() {
        let mut work = Work::default();
        for at in [1_000, 1_200, 1_300, 9_000] {
            let seen = Seen { at, edits: Vec::new(), error: None, call: at.to_string(), page: None };
            work.judge(&seen, 99);
        }
        assert_eq!(work.turns, 2);
    }
}
