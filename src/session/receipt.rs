//! Receipts: what a hook leaves for each shell call that names `so`, so that the `so` it starts can see that it was
//! guarded; and the mark of when a client's hooks last answered in a project.
//!
//! A receipt is for the call that it was left for: for a shell that was given that very text, which claims it, or,
//! where the text of the shell cannot be seen, for a `so` with those very words. So one call does not live on the receipt
//! of another, and a guard that goes off in the middle of a session is seen at the next call. A call that waits for the
//! person's yes may take its time before its shell starts; from then on it may take as long as it likes.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::store::Store;

/// So long a receipt waits for its shell, in milliseconds.
pub const KEPT: u64 = 10 * 60 * 1000;
/// So long after a hook answered the hooks count as running, for what a script calls, in milliseconds.
pub const ANSWERS: u64 = 30 * 60 * 1000;
/// A shell that is still at work may look for its receipt until then, in milliseconds.
const LONGEST: u64 = 24 * 60 * 60 * 1000;
/// Two clocks differ by as much, in milliseconds.
const SKEW: u64 = 2000;
/// The mark is renewed at most so often while tools run.
const RENEWED: Duration = Duration::from_secs(60);
/// So many receipts are kept.
const MOST: usize = 64;
/// Their file.
const FILE: &str = "receipts.jsonl";

/// What one call left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The platform's id.
    pub client: String,
    /// The client's session.
    pub session: String,
    /// Of the command's text.
    pub sha256: String,
    /// Of the words of each `so` that it names, as [`words`] says.
    #[serde(default)]
    pub calls: Vec<String>,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The shell that claimed it: its process and when that started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<(u32, u64)>,
}

/// Who looks for its receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimant {
    /// The platform's id.
    pub client: String,
    /// The client's session, where it is known.
    pub session: Option<String>,
    /// The shell that the client started for the call.
    pub shell: (u32, u64),
    /// Hashes of texts that this shell may have been given; none where its text cannot be seen.
    pub texts: Vec<String>,
    /// Hashes of its own words, as [`words`] says.
    pub words: Vec<String>,
    /// When its shell started, or the present: milliseconds since 1970.
    pub began: u64,
}

impl Claimant {
    fn owns(&self, receipt: &Receipt) -> bool {
        receipt.client == self.client
            && self.session.as_ref().is_none_or(|session| *session == receipt.session)
            && receipt.at <= self.began + SKEW
            && self.began < receipt.at + KEPT
    }

    /// The receipt of this very call: the one that its shell claimed before, else one of the same text.
    fn pick(&self, receipts: &[Receipt]) -> Option<usize> {
        let find = |fits: &dyn Fn(&Receipt) -> bool| {
            receipts.iter().position(|receipt| self.owns(receipt) && fits(receipt))
        };
        if self.texts.is_empty() {
            return find(&|receipt| receipt.calls.iter().any(|call| self.words.contains(call)));
        }
        let of_text = |receipt: &Receipt| self.texts.contains(&receipt.sha256);
        find(&|receipt| of_text(receipt) && receipt.claim == Some(self.shell))
            .or_else(|| find(&|receipt| of_text(receipt) && receipt.claim.is_none()))
    }
}

/// Leaves a receipt.
///
/// # Errors
/// It could not be written.
pub fn leave(store: &Store, receipt: Receipt) -> anyhow::Result<()> {
    store.update(FILE, |text| {
        let mut receipts = parse(&text);
        receipts.retain(|old| old.at + LONGEST > receipt.at);
        receipts.push(receipt);
        let surplus = receipts.len().saturating_sub(MOST);
        receipts.drain(..surplus);
        Some(print(&receipts))
    })
}

/// Whether there is a receipt for the claimant, which is claimed then. A place that cannot be written (a sandbox) is
/// only read.
pub fn claim(store: &Store, claimant: &Claimant) -> bool {
    if claimant.pick(&parse(&store.read(FILE))).is_none() {
        return false;
    }
    let _ = store.update(FILE, |text| {
        let mut receipts = parse(&text);
        let at = claimant.pick(&receipts)?;
        receipts.get_mut(at)?.claim = Some(claimant.shell);
        Some(print(&receipts))
    });
    true
}

fn parse(text: &str) -> Vec<Receipt> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn print(receipts: &[Receipt]) -> String {
    let lines = receipts.iter().filter_map(|receipt| serde_json::to_string(receipt).ok());
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

/// What stands in a receipt for a command's text. Blanks do not count, nor that a client closes the input.
pub fn hash(text: &str) -> String {
    let mut words: Vec<&str> = text.split_whitespace().filter(|word| *word != "</dev/null").collect();
    while let Some(at) = words.windows(2).position(|two| two == ["<", "/dev/null"]) {
        words.drain(at..at + 2);
    }
    let text = words.join(" ");
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands in a receipt for one `so`: its words without quotes; where one is not known before it runs, the first.
pub fn words(words: &str) -> String {
    let words = words.replace(['\'', '"', '\\'], "");
    match words.split_whitespace().next() {
        Some(first) if words.contains('…') => hash(&format!("{first} …")),
        _ => hash(&words),
    }
}

/// Whether `so` stands in the text as a word of its own.
pub fn mentions(text: &str) -> bool {
    let bytes = text.as_bytes();
    let part = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
    };
    text.match_indices("so").any(|(at, _)| !part(at.checked_sub(1)) && !part(Some(at + 2)))
}

fn mark(client: &str) -> String {
    format!("answered.{client}")
}

/// Marks that a hook of `client` answers now; `always` even if it did just before.
pub fn answered(store: &Store, client: &str, always: bool) {
    let recent = |at: SystemTime| at.elapsed().is_ok_and(|age| age < RENEWED);
    if always || !last_answered(store, client).is_some_and(recent) {
        let _ = store.write(&mark(client), "");
    }
}

/// Whether a hook of `client` answered here within `within` milliseconds.
pub fn answers(store: &Store, client: &str, within: u64) -> bool {
    let recent = |at: SystemTime| at.elapsed().is_ok_and(|age| age < Duration::from_millis(within));
    last_answered(store, client).is_some_and(recent)
}

/// When a hook of `client` last answered here, to the minute.
pub fn last_answered(store: &Store, client: &str) -> Option<SystemTime> {
    store.path(&mark(client)).metadata().ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn receipt(session: &str, text: &str, at: u64) -> Receipt {
        let calls = text.split("; ").filter_map(|call| Some(words(call.strip_prefix("so ")?))).collect();
        let sha256 = hash(text);
        Receipt { client: "claude".into(), session: session.into(), sha256, calls, at, claim: None }
    }

    fn claimant(session: &str, shell: u32, text: &str, began: u64) -> Claimant {
        let (client, session) = ("claude".into(), Some(session.into()));
        Claimant { client, session, shell: (shell, 1), texts: vec![hash(text)], words: Vec::new(), began }
    }

    #[test]
    fn one_receipt_is_for_one_call_and_all_it_starts() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/p"));
        let both = "so check; so status";
        assert!(!claim(&store, &claimant("s", 1, both, 5)));
        leave(&store, receipt("s", both, 1)).unwrap();
        leave(&store, receipt("t", "so status", 2)).unwrap();
        assert!(!claim(&store, &claimant("s", 1, "so status", 5)), "another text");
        assert!(claim(&store, &claimant("s", 1, both, 5)));
        assert!(claim(&store, &claimant("s", 1, both, 5)), "two `so` in one text");
        assert!(!claim(&store, &claimant("s", 2, both, 5)), "another call of the session");
        assert!(!claim(&store, &claimant("other", 2, "so status", 5)));
        assert!(!claim(&store, &Claimant { client: "pi".into(), ..claimant("t", 3, "so status", 5) }));
        assert!(!claim(&store, &claimant("t", 3, "so status", KEPT + 2)), "long ago");
        assert!(claim(&store, &claimant("t", 3, "so  status < /dev/null", KEPT + 1)));
    }

    #[test]
    fn what_was_left_for_other_calls_does_not_add_up() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/p"));
        for at in 0..5 {
            leave(&store, receipt("s", &format!("true || so guard rules {at}"), at)).unwrap();
        }
        for at in 0..5 {
            let text = format!("so guard rules {at}");
            assert!(!claim(&store, &claimant("s", 9, &text, 10)), "{text}");
        }
        assert!(!claim(&store, &claimant("s", 9, "true || so guard rules 1", SKEW * 2 + KEPT)));
        leave(&store, receipt("s", "so status", 90_000)).unwrap();
        assert!(!claim(&store, &claimant("s", 9, "so status", 10)), "its shell began before the hook");
    }

    #[test]
    fn where_the_text_is_not_seen_the_words_of_the_call_count() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/p"));
        leave(&store, receipt("s", "so status --json; so plan set …", 1)).unwrap();
        let blind = |text: &str| {
            let own = vec![words(text), words(&format!("{} …", text.split(' ').next().unwrap()))];
            claim(&store, &Claimant { texts: Vec::new(), words: own, ..claimant("s", 7, "", 5) })
        };
        assert!(blind("status --json") && blind("plan set x.md"));
        assert!(!blind("status") && !blind("check"));
    }

    #[test]
    fn few_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/p"));
        for at in 0..100 {
            leave(&store, receipt("s", "so x", at)).unwrap();
        }
        assert_eq!(store.read(FILE).lines().count(), MOST);
    }
}
