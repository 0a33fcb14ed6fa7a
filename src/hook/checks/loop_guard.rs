//! `loop-guard`: the same call again and again, with the same result, is told to the one who makes it.
//!
//! Nothing is stopped here: what a loop costs is time, and what looks like one may be patience. Waiting is told once.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Check, OnFailure, session};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::store::Store;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "loop-guard",
    events: &[EventKind::PostToolUse, EventKind::PostToolUseFailure],
    on_failure: OnFailure::Open,
    about: "tells an agent that repeats itself without getting anywhere",
    run,
};

/// So many calls are remembered for each session and agent: three rounds of the longest cycle, and one more.
const REMEMBERED: usize = 3 * CYCLE + 1;
/// The longest cycle that is looked for.
const CYCLE: usize = 4;
/// So often the same call is made within [`WINDOW`] calls before it is told.
const REPEATS: usize = 3;
const WINDOW: usize = 5;

/// Words of commands that wait for something, programs that look how things stand, and tools that wait.
const WAITS: &[&str] =
    &["sleep", "wait", "watch", "tail", "status", "checks", "ps", "pgrep", "ping", "health", "healthz"];
const LOOKS: &[&str] = &[
    "curl",
    "wget",
    "http",
    "nc",
    "ls",
    "stat",
    "kubectl",
    "docker logs",
    "docker inspect",
    "gh run",
    "gh pr view",
    "glab ci",
    "journalctl",
    "systemctl is-active",
    "test -f",
    "test -e",
    "lsof",
    "ss",
    "netstat",
];
const WAITING_TOOLS: &[&str] = &["BashOutput", "TaskOutput", "Monitor", "wait_agent", "write_stdin"];

fn run(event: &Event, world: &World) -> Outcome {
    let Some(result) = &event.result else { return Outcome::default() };
    let Some(store) = session::store(event, world) else { return Outcome::default() };
    let seen = Seen { call: digest(&[name(event), &input(event)]), result: digest(&[&steady(&result.text)]) };
    let said = remember(&store, event, &seen);
    match said {
        Some(text) if session::config(event, world).is("loop-guard.enabled") => Outcome::context(text),
        _ => Outcome::default(),
    }
}

/// One call and what came of it.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    call: String,
    result: String,
}

/// Adds the call to what is remembered and says what is to be told now, if anything.
fn remember(store: &Store, event: &Event, seen: &Seen) -> Option<String> {
    let mut said = None;
    let key = [event.session.as_str(), event.agent.as_deref().unwrap_or_default()].join("/");
    let file = format!("calls.{}", digest(&[&key]));
    let _ = store.update(&file, |text| {
        let mut calls: Vec<Seen> = text.lines().filter_map(read).collect();
        calls.push(seen.clone());
        calls.drain(..calls.len().saturating_sub(REMEMBERED));
        said = judge(&calls, waits(event));
        Some(calls.iter().map(|seen| format!("{}\n", json!([seen.call, seen.result]))).collect())
    });
    said
}

fn read(line: &str) -> Option<Seen> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |at: usize| Some(value.get(at)?.as_str()?.to_owned());
    Some(Seen { call: text(0)?, result: text(1)? })
}

fn judge(calls: &[Seen], waits: bool) -> Option<String> {
    let last = calls.last()?;
    let recent = calls.iter().rev().take(WINDOW).filter(|seen| *seen == last).count();
    let all = calls.iter().filter(|seen| *seen == last).count();
    if waits {
        // Once, at the third time; who waits may go on waiting.
        return (all == REPEATS && recent == REPEATS).then(|| {
            "so: you are waiting by asking again and again; a longer pause between two looks costs less."
                .into()
        });
    }
    if recent > REPEATS {
        return Some(
            "so: the same call with the same result once more. Stop: say what you expected, what you got, and ask \
             the person how to go on."
                .into(),
        );
    }
    if recent == REPEATS {
        return Some(
            "so: the third time the same call with the same result; the next one will not differ. \
             Read what it says, or try another way."
                .into(),
        );
    }
    let length = (2..=CYCLE).find(|length| cycles(calls, *length))?;
    Some(format!(
        "so: the same {length} calls in the same order, three times over, with the same results. Stop: say what you \
         expected, what you got, and try another way or ask the person."
    ))
}

/// Whether the last `3 × length` calls are three equal rounds of different calls.
fn cycles(calls: &[Seen], length: usize) -> bool {
    let Some(tail) = calls.len().checked_sub(3 * length).and_then(|from| calls.get(from..)) else {
        return false;
    };
    let mut rounds = tail.chunks(length);
    let Some(first) = rounds.next() else { return false };
    first.iter().any(|seen| Some(seen) != first.first()) && rounds.all(|round| round == first)
}

/// What kind of call it is.
pub(super) fn name(event: &Event) -> &str {
    match &event.tool {
        Some(ToolCall::Shell { .. }) => "shell",
        Some(ToolCall::Edit(_)) => "edit",
        Some(ToolCall::Agent { .. }) => "agent",
        Some(ToolCall::Skill { .. }) => "skill",
        Some(ToolCall::Mcp { name } | ToolCall::Other { name }) => name,
        None => "",
    }
}

/// What the call was given; a command without what is only space.
pub(super) fn input(event: &Event) -> Cow<'_, str> {
    match &event.tool {
        Some(ToolCall::Shell { command, cwd }) => {
            let flat = command.split_whitespace().collect::<Vec<_>>().join(" ");
            Cow::Owned(format!("{} {flat}", cwd.as_deref().unwrap_or(Path::new("")).display()))
        }
        _ => Cow::Borrowed(&event.input),
    }
}

fn waits(event: &Event) -> bool {
    match &event.tool {
        Some(ToolCall::Shell { command, .. }) => {
            let looks = |part: &str| {
                let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
                LOOKS.iter().any(|look| {
                    part.strip_prefix(look).is_some_and(|rest| !rest.starts_with(|c: char| c != ' '))
                })
            };
            command.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WAITS.contains(&word))
                || command.split(['|', '&', ';', '\n']).any(looks)
        }
        Some(ToolCall::Other { name }) => WAITING_TOOLS.iter().any(|tool| name.ends_with(tool)),
        _ => false,
    }
}

/// The text without what differs between two equal runs: times and durations, which are digits around `.` or `:`, or
/// before a unit of time.
pub(super) fn steady(text: &str) -> String {
    let is_time = |word: &str| {
        let number = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let digits = number.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = number.get(digits.len()..).unwrap_or_default();
        !digits.is_empty()
            && digits.chars().all(|c| c.is_ascii_digit() || ".:-".contains(c))
            && (matches!(unit, "s" | "ms" | "us" | "ns" | "m" | "sec" | "secs" | "Z") || digits.contains(':'))
    };
    text.split_whitespace().filter(|word| !is_time(word)).collect::<Vec<_>>().join(" ")
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter is a call, a digit behind it its result; what is told at the end.
    fn told(calls: &str, waits: bool) -> &'static str {
        let seen: Vec<Seen> = calls
            .split(' ')
            .map(|word| Seen { call: word[..1].to_owned(), result: word[1..].to_owned() })
            .collect();
        match judge(&seen, waits) {
            None => "nothing",
            Some(text) if text.contains("waiting") => "waiting",
            Some(text) if text.contains("order") => "cycle",
            Some(text) if text.contains("once more") => "stop",
            Some(_) => "again",
        }
    }

    #[test]
    fn repetition_without_progress_is_told() {
        for (calls, waits, expected) in [
            ("a1 a1", false, "nothing"),
            ("a1 a1 a1", false, "again"),
            ("a1 b1 a1 c1 a1", false, "again"),
            ("a1 b1 c1 a1 d1 e1 a1", false, "nothing"),
            ("a1 a2 a3 a4", false, "nothing"),
            ("a1 a1 a1 a1", false, "stop"),
            ("a1 a1 a1", true, "waiting"),
            ("a1 a1 a1 a1", true, "nothing"),
            ("a1 b1 a1 b1 a1 b1", false, "again"),
            ("a1 b1 c1 a1 b1 c1 a1 b1 c1", false, "cycle"),
            ("a1 b1 c1 d1 a1 b1 c1 d1 a1 b1 c1 d1", false, "cycle"),
            ("a1 b1 c1 a1 b1 c2 a1 b1 c1", false, "nothing"),
        ] {
            assert_eq!(told(calls, waits), expected, "{calls}");
        }
    }

    #[test]
    fn durations_do_not_make_a_result_new() {
        assert_eq!(steady("12 passed in 0.31s"), steady("12 passed in 0.29s"));
        assert_eq!(steady("at 12:01:02 failed"), steady("at 12:01:09 failed"));
        assert_ne!(steady("12 passed"), steady("13 passed"));
        assert_ne!(steady("3/10 done"), steady("4/10 done"));
    }

    #[test]
    fn who_looks_how_things_stand_waits() {
        let waits = |command: &str| {
            waits(&Event {
                tool: Some(ToolCall::Shell { command: command.into(), cwd: None }),
                ..Event::default()
            })
        };
        for command in [
            "curl -s localhost:8080/health",
            "git status",
            "gh run view 12",
            "gh run watch 12",
            "kubectl get pods",
            "docker ps",
            "tail -5 log",
            "ls -la out",
            "sleep 5",
            "cd x && curl -s localhost",
        ] {
            assert!(waits(command), "{command}");
        }
        for command in ["cargo test", "npm test", "lsx", "git ls-files", "echo x", "gh issue list", "curly"] {
            assert!(!waits(command), "{command}");
        }
    }

    #[test]
    fn space_makes_no_other_call() {
        let given = |command: &str| {
            let tool = Some(ToolCall::Shell { command: command.into(), cwd: None });
            input(&Event { tool, ..Event::default() }).into_owned()
        };
        assert_eq!(given("cargo  test\n"), given("cargo test"));
        assert_ne!(given("cargo test a"), given("cargo test"));
    }
}
