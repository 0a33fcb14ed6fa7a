//! How often a session was refused the same thing, however it spelled it: by what would be lost.
//!
//! One line for each refusal: when, the session, the call, and what it was about, all but the first as hashes that are
//! good for a day. Lines are compared, never parsed further: this is on the way to a refusal.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::{KEPT_MS, SKEW_MS};
use crate::store::Store;

const FILE: &str = "tries";
/// So many are kept.
const KEPT: usize = 40;
/// More files than are named.
const OPEN: &str = "f*";

/// What a refusal is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Thing {
    /// A file or directory that would be lost, by its name in the project.
    File(String),
    /// More files than those that are named.
    MoreFiles,
    /// A place outside, a branch of a remote, or what a rule protects.
    Other(String),
}

impl Thing {
    fn key(&self) -> String {
        let hash = |kind: char, text: &str| {
            let mut hash = DefaultHasher::new();
            text.hash(&mut hash);
            format!("{kind}{:016x}", hash.finish())
        };
        match self {
            Self::File(name) => hash('f', name.trim_end_matches('/')),
            Self::MoreFiles => OPEN.to_owned(),
            Self::Other(text) => hash('o', text),
        }
    }
}

/// Notes a refusal; gives how many calls of the session before it were refused one of these things.
pub fn again(store: &Store, (session, call): (&str, &str), things: &[Thing], now: u64) -> usize {
    let keys: Vec<String> = things.iter().map(Thing::key).collect();
    let [session, call] = [session, call].map(|text| Thing::Other(text.to_owned()).key());
    let is_recent = |line: &&str| {
        let at = line.split(' ').next().and_then(|at| at.parse::<u64>().ok());
        at.is_some_and(|at| at <= now + SKEW_MS && now.saturating_sub(at) < KEPT_MS)
    };
    let nameless = Thing::Other(String::new()).key();
    let mut count = 0;
    let _ = store.update(FILE, |text| {
        let kept: Vec<&str> = text.lines().filter(is_recent).collect();
        let mut is_new = true;
        for line in &kept {
            let mut words = line.split(' ').skip(1);
            let (whose, which) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            if whose != session {
                continue;
            }
            if which == call && call != nameless {
                is_new = false; // two wirings see one call
            } else if meet(&keys, &words.collect::<Vec<_>>()) {
                count += 1;
            }
        }
        let surplus = (kept.len() + 1).saturating_sub(KEPT);
        let mut text: String = kept.iter().skip(surplus).flat_map(|line| [line, "\n"]).collect();
        let line = [now.to_string().as_str(), &session, &call, &keys.join(" ")].join(" ");
        text.extend([line.as_str(), "\n"]);
        is_new.then_some(text)
    });
    count
}

/// Whether one thing stands in both; of files that are not all named, any may be among the others.
fn meet(new: &[String], old: &[&str]) -> bool {
    let is_file = |key: &str| key.starts_with('f');
    let open = new.iter().any(|key| key == OPEN) && old.iter().any(|key| is_file(key))
        || old.contains(&OPEN) && new.iter().any(|key| is_file(key));
    open || new.iter().any(|key| old.contains(&key.as_str()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_would_be_lost_is_counted_and_not_how_it_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/p"));
        let file = |name: &str| Thing::File(name.to_owned());
        let mut at = 0;
        let mut again = |session: &str, things: &[Thing]| {
            at += 1;
            again(&store, (session, &format!("call-{at}")), things, 1000 + at)
        };
        assert_eq!(again("s", &[file("a")]), 0);
        assert_eq!(again("s", &[file("b")]), 0);
        assert_eq!(again("other", &[file("a")]), 0);
        assert_eq!(again("s", &[file("a"), file("c")]), 1, "a superset");
        assert_eq!(again("s", &[file("a/")]), 2);
        assert_eq!(again("s", &[Thing::Other("a".into())]), 0);
        assert_eq!(again("s", &[Thing::MoreFiles]), 4);
        assert_eq!(again("s", &[file("z")]), 1, "it may have been among the others");
        assert_eq!(again("s", &[Thing::Other("a".into())]), 1);
    }

    #[test]
    fn one_call_counts_once_and_few_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/p"));
        let things = [Thing::Other("x".into())];
        assert_eq!(again(&store, ("s", "1"), &things, 1), 0);
        assert_eq!(again(&store, ("s", "1"), &things, 2), 0);
        assert_eq!(again(&store, ("s", "2"), &things, 3), 1);
        for call in 3..100 {
            again(&store, ("s", &call.to_string()), &things, call);
        }
        assert_eq!(store.read(FILE).lines().count(), KEPT);
        assert_eq!(again(&store, ("s", "x"), &things, KEPT_MS * 2), 0);
    }
}
