//! What the records of sessions show more than once: candidates for learnings, each with what it was counted from.
//!
//! Counting is all that happens here. Whether a count says something is judged by whoever proposes it, and decided by the
//! person.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::{Said, ledger};
use crate::plain;
use crate::session::{page, records};

/// With fewer records nothing is said: what happened once is an anecdote.
pub const LEAST: usize = 5;
/// The last so many sessions are looked at.
const SESSIONS: usize = 20;
/// A file that so many of them changed is fragile, at least so many names of one kind are told.
const FRAGILE: usize = 3;
const TOLD: usize = 5;

/// One session, as far as it is counted.
#[derive(Debug, Clone, Default, PartialEq)]
struct Past {
    label: String,
    /// What it committed.
    files: BTreeSet<String>,
    /// Titles of what it left undone.
    carried: BTreeSet<String>,
    gate: String,
    planned: u64,
    done: u64,
    unplanned: u64,
    spirals: u64,
}

/// The candidates, and how many sessions were looked at.
pub fn candidates(project: &Path) -> (Vec<Said>, usize) {
    let sessions: Vec<Past> = records::last_sessions(project, SESSIONS)
        .iter()
        .filter(|line| line.get("status").is_none_or(|status| status != "abandoned"))
        .map(|line| past(project, line))
        .collect();
    let found = if sessions.len() < LEAST { Vec::new() } else { find(&sessions) };
    (found, sessions.len())
}

fn past(project: &Path, line: &Value) -> Past {
    let text =
        |key: &str, most: usize| plain::line(line.get(key).and_then(Value::as_str).unwrap_or_default(), most);
    let number = |pointer: &str| line.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let list = |key: &str| -> Vec<String> {
        let items = line.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    Past {
        label: Some(text("label", 60))
            .filter(|label| !label.is_empty())
            .unwrap_or_else(|| text("session_id", 20)),
        files: page::committed(project, &list("commits")),
        carried: list("carried").iter().map(|title| plain::line(title, 100).to_lowercase()).collect(),
        gate: text("gate", 20),
        planned: number("/tasks/planned"),
        done: number("/tasks/done"),
        unplanned: number("/unplanned"),
        spirals: number("/agent_summary/spiral"),
    }
}

fn find(sessions: &[Past]) -> Vec<Said> {
    let of = sessions.len();
    let mut found = fragile(sessions);
    found.extend(carried(sessions));
    let bad: Vec<&Past> = sessions.iter().filter(|one| !one.gate.is_empty() && one.gate != "green").collect();
    if bad.len() >= FRAGILE {
        let what = format!("The full gate was not green at the end of {} of {of} sessions.", bad.len());
        found.push(said("recurring-issue", "Gate", what, labels(&bad), &[]));
    }
    let circles: Vec<&Past> = sessions.iter().filter(|one| one.spirals > 0).collect();
    if circles.len() >= 2 {
        let what = format!("Agents went round in circles in {} of {of} sessions.", circles.len());
        found.push(said("stagnation-class-frequency", "Circles", what, labels(&circles), &[]));
    }
    let outside: Vec<&Past> = sessions.iter().filter(|one| one.planned > 0 && one.unplanned > 0).collect();
    if outside.len() >= FRAGILE && outside.len() * 2 >= of {
        let files = median(outside.iter().map(|one| one.unplanned));
        let what = format!(
            "{} of {of} sessions changed files that no task named, {files} in the middle.",
            outside.len()
        );
        found.push(said("deviation-pattern", "Plans", what, labels(&outside), &[]));
    }
    let sized: Vec<&Past> = sessions.iter().filter(|one| one.planned > 0).collect();
    if sized.len() >= LEAST {
        let (planned, done) =
            (median(sized.iter().map(|one| one.planned)), median(sized.iter().map(|one| one.done)));
        let what = format!(
            "A session here plans {planned} tasks and finishes {done}, in the middle of {}.",
            sized.len()
        );
        found.push(said("effective-sizing", "Size", what, labels(&sized), &[]));
    }
    found
}

/// Files that many sessions changed.
fn fragile(sessions: &[Past]) -> Vec<Said> {
    let mut by: BTreeMap<&str, Vec<&Past>> = BTreeMap::new();
    for session in sessions {
        session.files.iter().for_each(|file| by.entry(file).or_default().push(session));
    }
    let mut often: Vec<(&str, Vec<&Past>)> =
        by.into_iter().filter(|(file, of)| of.len() >= FRAGILE && ledger::is_path(file)).collect();
    often.sort_by(|(one, first), (two, second)| second.len().cmp(&first.len()).then_with(|| one.cmp(two)));
    let one = |(file, of): &(&str, Vec<&Past>)| {
        let what = format!("`{file}` was changed by {} of {} sessions.", of.len(), sessions.len());
        said("fragile-file", file, what, labels(of), &[(*file).to_owned()])
    };
    often.iter().take(TOLD).map(one).collect()
}

/// Tasks that more than one session left undone.
fn carried(sessions: &[Past]) -> Vec<Said> {
    let mut by: BTreeMap<&str, Vec<&Past>> = BTreeMap::new();
    for session in sessions {
        session.carried.iter().for_each(|title| by.entry(title).or_default().push(session));
    }
    let again = by.into_iter().filter(|(_, of)| of.len() >= 2).take(TOLD);
    let one = |(title, of): (&str, Vec<&Past>)| {
        let what = format!("“{title}” was carried over by {} sessions.", of.len());
        said("recurring-issue", "Carryover", what, labels(&of), &[])
    };
    again.map(one).collect()
}

fn said(kind: &str, subject: &str, insight: String, evidence: String, files: &[String]) -> Said {
    let subject = plain::line(subject, super::SUBJECT);
    Said { kind: kind.to_owned(), subject, insight, evidence, files: files.to_vec() }
}

fn labels(of: &[&Past]) -> String {
    let labels: Vec<&str> = of.iter().map(|one| one.label.as_str()).collect();
    format!("sessions {}", plain::list(&labels, 4))
}

/// The one in the middle; of two the smaller.
fn median(numbers: impl Iterator<Item = u64>) -> u64 {
    let mut all: Vec<u64> = numbers.collect();
    all.sort_unstable();
    all.get(all.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: usize, files: &[&str], carried: &[&str]) -> Past {
        let set = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        let label = format!("s{number}");
        Past { label, files: set(files), carried: set(carried), gate: "green".into(), ..Past::default() }
    }

    #[test]
    fn only_what_happened_again_is_a_candidate() {
        let mut sessions: Vec<Past> = (0..6).map(|number| session(number, &["src/a.rs"], &[])).collect();
        sessions[0].files.insert("src/b.rs".into());
        sessions[1].files.insert("src/b.rs".into());
        for number in [2, 5] {
            sessions[number].carried.insert("write the manual".into());
            sessions[number].spirals = 1;
        }
        let insights: Vec<String> = find(&sessions).into_iter().map(|one| one.insight).collect();
        assert_eq!(
            insights,
            [
                "`src/a.rs` was changed by 6 of 6 sessions.",
                "“write the manual” was carried over by 2 sessions.",
                "Agents went round in circles in 2 of 6 sessions.",
            ]
        );
        for (number, session) in sessions.iter_mut().enumerate() {
            (session.planned, session.done, session.unplanned) = (number as u64 + 1, number as u64, 2);
            session.gate = "no-worse".into();
        }
        let found = find(&sessions);
        let of = |kind: &str| {
            found.iter().filter(|one| one.kind == kind).map(|one| one.insight.as_str()).next_back()
        };
        assert_eq!(of("recurring-issue"), Some("The full gate was not green at the end of 6 of 6 sessions."));
        assert_eq!(
            of("effective-sizing"),
            Some("A session here plans 3 tasks and finishes 2, in the middle of 6.")
        );
        assert_eq!(
            of("deviation-pattern"),
            Some("6 of 6 sessions changed files that no task named, 2 in the middle.")
        );
        assert!(found.iter().all(|one| one.evidence.starts_with("sessions s")));
        assert_eq!(found[0].files, ["src/a.rs"]);
        assert_eq!((median([4, 1, 3].into_iter()), median(std::iter::empty())), (3, 0));
    }
}
