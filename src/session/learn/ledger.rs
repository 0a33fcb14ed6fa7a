//! The learnings of a project, read: every line of both files, and what they make of each learning.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Age, Change, INSIGHT, SUBJECT, Said, kind};
use crate::session::records;
use crate::{clock, lines};

/// Ours, in the main working tree.
pub const FILE: &str = ".orchestrator/learnings.jsonl";
/// The original's own file, below `.orchestrator/metrics/`.
const ORIGINAL: &str = "learnings.jsonl";
/// The version of a line.
pub(super) const SCHEMA: u32 = 1;

/// Something that happened to a learning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: String,
    /// What.
    pub change: String,
    /// What showed it; empty where nobody said.
    pub evidence: String,
}

/// One learning as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Learning {
    /// Its id.
    pub id: String,
    /// What it says.
    #[serde(flatten)]
    pub said: Said,
    /// The session that it comes from.
    pub source_session: String,
    /// When it was kept.
    pub created_at: String,
    /// What happened to it since, oldest first.
    pub history: Vec<Event>,
    /// How far it may be relied on.
    #[serde(skip)]
    pub age: Age,
}

impl Learning {
    /// How often it was seen to hold, and not to hold.
    pub fn seen(&self) -> (usize, usize) {
        let count =
            |change: Change| self.history.iter().filter(|event| event.change == change.word()).count();
        (count(Change::Confirmed), count(Change::Contradicted))
    }

    /// For programs, with what is left of it.
    pub fn json(&self, now: u64) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("strength".into(), json!(rounded(self.age.strength(now))));
            let expires = (self.age.expires < u64::MAX).then(|| clock::stamp_of(self.age.expires));
            fields.insert("expires_at".into(), json!(expires));
            fields.insert("over".into(), json!(self.age.over(now)));
        }
        value
    }
}

/// With two digits.
pub fn rounded(strength: f64) -> f64 {
    (strength * 100.0).round() / 100.0
}

/// Where ours stand.
pub fn path(project: &Path) -> PathBuf {
    records::main_tree(project).join(FILE)
}

/// Where the original has left its own.
pub fn original(project: &Path) -> PathBuf {
    records::dir(project).join(ORIGINAL)
}

/// All that were kept and not forgotten, those that are over too; sorted by id.
pub fn read(project: &Path) -> Vec<Learning> {
    let (ours, theirs) = (path(project), original(project));
    if !ours.exists() && !theirs.exists() {
        return Vec::new(); // most projects: nothing is paid for
    }
    fold(lines::read(&theirs).into_iter().chain(lines::read(&ours)))
}

/// Those that an agent may be shown, the strongest first.
pub fn shown(project: &Path, now: u64) -> Vec<Learning> {
    let mut all = read(project);
    all.retain(|learning| learning.age.is_shown(now));
    by_strength(&mut all, now);
    all
}

/// The strongest first; of two equals in the order of their ids.
pub fn by_strength(all: &mut [Learning], now: u64) {
    all.sort_by(|one, two| {
        let strength = |learning: &Learning| learning.age.strength(now);
        strength(two).total_cmp(&strength(one)).then_with(|| one.id.cmp(&two.id))
    });
}

/// What lines make of learnings. What stands there twice counts once: two branches may have joined the same line, and
/// an approval may have been killed and done again.
pub fn fold(lines: impl Iterator<Item = Value>) -> Vec<Learning> {
    let mut of: BTreeMap<String, Vec<(u64, Value)>> = BTreeMap::new();
    for line in lines {
        if let Some(id) = id_of(&line) {
            of.entry(id).or_default().push((when(&line).unwrap_or_default(), line));
        }
    }
    of.into_iter().filter_map(|(id, lines)| one(&id, lines)).collect()
}

/// The learning that a line speaks of.
pub(super) fn id_of(line: &Value) -> Option<String> {
    let text = |key: &str| line.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let id = text("id").map(|id| id.chars().take(80).collect());
    if line.get("change").is_some() { id } else { said(line).map(|said| id.unwrap_or_else(|| said.id())) }
}

fn one(id: &str, mut lines: Vec<(u64, Value)>) -> Option<Learning> {
    lines.sort_by_key(|(at, line)| (*at, line.to_string())); // whatever their order in the file
    let mut seen = BTreeSet::new();
    lines.retain(|(_, line)| match line.get("proposal").and_then(Value::as_str) {
        Some(proposal) => seen.insert(proposal.to_owned()),
        None => seen.insert(line.to_string()),
    });
    // Clocks of two machines differ: what happened to it before it was born happened to it all the same.
    if let Some(birth) = lines.iter().position(|(_, line)| line.get("change").is_none()) {
        lines.get_mut(..=birth)?.rotate_right(1);
    }
    let mut learning: Option<Learning> = None;
    for (at, line) in lines {
        let change = line.get("change").and_then(Value::as_str);
        learning = match (learning, change) {
            (old, None) => born(id, &line, old),
            (Some(old), Some(change)) if change != "forgotten" => Some(changed(old, change, at, &line)),
            (_, Some(_)) => None,
        };
    }
    learning
}

/// The original writes a learning anew when it changes; kept twice, in two branches, the first one stays.
fn born(id: &str, line: &Value, old: Option<Learning>) -> Option<Learning> {
    if old.is_some() && line.get("updated_at").is_none() {
        return old;
    }
    let said = said(line)?;
    let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
    let days = kind::of(&said.kind).days;
    let since = when(line);
    let confidence = line.get("confidence").and_then(Value::as_f64).unwrap_or(super::age::BIRTH);
    let lasts = || since.map_or(u64::MAX, |at| Age::born(at, days).expires);
    let age = Age {
        confidence: confidence.clamp(0.0, 1.0),
        since,
        expires: moment(text("expires_at")).unwrap_or_else(lasts),
    };
    Some(Learning {
        id: id.to_owned(),
        said,
        source_session: text("source_session").to_owned(),
        created_at: text("created_at").to_owned(),
        history: Vec::new(),
        age,
    })
}

fn changed(mut learning: Learning, change: &str, at: u64, line: &Value) -> Learning {
    let known = [Change::Confirmed, Change::Contradicted].into_iter().find(|known| known.word() == change);
    if let Some(known) = known {
        learning.age = learning.age.after(known, at, kind::of(&learning.said.kind).days);
        let evidence = line.get("evidence").and_then(Value::as_str).unwrap_or_default();
        learning.history.push(Event {
            at: clock::stamp_of(at),
            change: change.to_owned(),
            evidence: evidence.chars().take(INSIGHT).collect(),
        });
    }
    learning
}

/// What a line of a birth says; nothing without an insight.
fn said(line: &Value) -> Option<Said> {
    let text = |key: &str, most: usize| -> String {
        line.get(key).and_then(Value::as_str).unwrap_or_default().trim().chars().take(most).collect()
    };
    let insight = Some(text("insight", INSIGHT)).filter(|text| !text.is_empty());
    let insight = insight.or_else(|| Some(text("text", INSIGHT)).filter(|text| !text.is_empty()))?;
    let files = line.get("file_paths").and_then(Value::as_array).into_iter().flatten();
    let files = files.filter_map(Value::as_str).filter(|path| is_path(path)).map(str::to_owned);
    let kind = text("type", 40);
    Some(Said {
        kind: if kind.is_empty() { "note".to_owned() } else { kind::named(&kind).to_owned() },
        subject: text("subject", SUBJECT),
        insight,
        evidence: text("evidence", INSIGHT),
        files: files.take(super::FILES).collect(),
    })
}

/// Whether a text can be the path of a file or a directory of the project.
pub(super) fn is_path(text: &str) -> bool {
    crate::rel_path::RelPath::new(text.trim_end_matches('/')).is_ok()
}

/// When a line counts from.
fn when(line: &Value) -> Option<u64> {
    let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
    ["at", "updated_at", "created_at", "timestamp"].into_iter().find_map(|key| moment(text(key)))
}

/// A moment, or the beginning of a day.
fn moment(text: &str) -> Option<u64> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Some(clock::ms_of(&whole)).filter(|ms| *ms > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::learn::age::DAY;

    const T0: u64 = 1_800_000_000_000;

    fn birth(id: &str, at: u64) -> Value {
        json!({"schema_version": 1, "id": id, "type": "convention", "subject": "s", "insight": "the tests need LANG=C",
            "evidence": "e", "confidence": 0.5, "source_session": "x", "created_at": clock::stamp_of(at),
            "expires_at": clock::stamp_of(at + 90 * DAY), "file_paths": ["src/a.rs"]})
    }

    fn change(id: &str, at: u64, change: &str) -> Value {
        json!({"schema_version": 1, "id": id, "change": change, "at": clock::stamp_of(at)})
    }

    #[test]
    fn lines_of_two_branches_make_one_learning() {
        let lines = vec![
            birth("a", T0),
            change("a", T0, "confirmed"),
            change("a", T0 + DAY, "contradicted"),
            birth("a", T0 + 2 * DAY),     // kept in the other branch too
            change("a", T0, "confirmed"), // the same line from both
            change("a", T0 + DAY, "praised"),
            change("gone", T0, "confirmed"),
            json!({"id": "no-insight"}),
            json!([1]),
        ];
        let all = fold(lines.into_iter());
        assert_eq!((all.len(), all[0].seen()), (1, (1, 1)));
        assert!((all[0].age.strength(T0) - 0.65).abs() > 0.1, "the contradiction counts");
        let again = fold([birth("a", T0), change("a", T0 + 1000, "forgotten")].into_iter());
        assert_eq!(again, []);
        let reborn = [birth("a", T0), change("a", T0 + 1000, "forgotten"), birth("a", T0 + DAY)];
        assert_eq!(fold(reborn.into_iter()).len(), 1);
    }

    #[test]
    fn the_originals_lines_are_read() {
        let all = fold(
            [
                json!({"id": "x", "type": "gotcha", "subject": "s", "insight": "old", "confidence": 0.8,
                    "created_at": "2026-01-01", "expires_at": "2099-01-01T00:00:00Z", "file_paths": ["../out", "/abs", "in/dir/"]}),
                json!({"id": "x", "type": "gotcha", "subject": "s", "insight": "new", "confidence": 0.9,
                    "created_at": "2026-01-01", "updated_at": "2026-02-01T00:00:00Z"}),
                json!({"text": "without anything", "confidence": 7}),
            ]
            .into_iter(),
        );
        let x = all.iter().find(|one| one.id == "x").unwrap();
        assert_eq!((x.said.kind.as_str(), x.said.insight.as_str()), ("anti-pattern", "new"));
        let bare = all.iter().find(|one| one.id != "x").unwrap();
        assert_eq!((bare.age.strength(T0).to_bits(), bare.age.over(T0)), (1.0_f64.to_bits(), None));
        assert_eq!(bare.id.len(), 8);
    }

    proptest! {
        #[test]
        fn the_order_in_which_branches_are_joined_does_not_matter(
            order in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle(),
            kinds in prop::collection::vec(0..3_usize, 8),
            proposals in prop::collection::vec(0..12_usize, 8)
        ) {
            let words = ["confirmed", "contradicted", "forgotten"];
            let mut lines = vec![birth("a", T0)];
            lines.extend(kinds.iter().enumerate().map(|(n, kind)| change("a", T0 + (n as u64 + 1) * DAY, words[*kind])));
            for (line, proposal) in lines.iter_mut().skip(1).zip(proposals).filter(|(_, proposal)| *proposal < 4) {
                line["proposal"] = json!(proposal.to_string());
            }
            let shuffled: Vec<Value> = std::iter::once(8).chain(order).map(|n| lines[n].clone()).collect();
            prop_assert_eq!(fold(lines.into_iter()), fold(shuffled.into_iter()));
        }
    }
}
