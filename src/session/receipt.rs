//! Receipts: what a hook leaves for each shell call that names `so`, so that the `so` it starts can see that it was
//! guarded; and the mark of when a client's hooks last answered in a project.
//!
//! A receipt is claimed by the shell that the client started for the call, so that one call does not live on the
//! receipt of another: a guard that goes off in the middle of a session is seen at the next call. A call that waits
//! for the person's yes may take its time, so receipts keep for [`KEPT`].

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::store::Store;

/// How long a receipt counts, in milliseconds.
pub const KEPT: u64 = 30 * 60 * 1000;
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
    /// Hashes of texts that this shell may have been given.
    pub texts: Vec<String>,
    /// Milliseconds since 1970.
    pub now: u64,
}

impl Claimant {
    fn owns(&self, receipt: &Receipt) -> bool {
        receipt.client == self.client
            && self.session.as_ref().is_none_or(|session| *session == receipt.session)
            && receipt.at + KEPT > self.now
    }

    /// The receipt of this very call: the one it claimed before, one of the same text, else the oldest that is free.
    fn pick(&self, receipts: &[Receipt]) -> Option<usize> {
        let find = |fits: &dyn Fn(&Receipt) -> bool| {
            receipts.iter().position(|receipt| self.owns(receipt) && fits(receipt))
        };
        let free = |receipt: &Receipt| receipt.claim.is_none();
        find(&|receipt| receipt.claim == Some(self.shell))
            .or_else(|| find(&|receipt| free(receipt) && self.texts.contains(&receipt.sha256)))
            .or_else(|| find(&free))
    }
}

/// Leaves a receipt.
///
/// # Errors
/// It could not be written.
pub fn leave(store: &Store, receipt: Receipt) -> anyhow::Result<()> {
    store.update(FILE, |text| {
        let mut receipts = parse(&text);
        receipts.retain(|old| old.at + KEPT > receipt.at);
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

/// What stands in a receipt for a command's text.
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
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
        let sha256 = hash(text);
        Receipt { client: "claude".into(), session: session.into(), sha256, at, claim: None }
    }

    fn claimant(session: &str, shell: u32, now: u64) -> Claimant {
        let (client, session) = ("claude".into(), Some(session.into()));
        Claimant { client, session, shell: (shell, 1), texts: Vec::new(), now }
    }

    #[test]
    fn one_receipt_is_for_one_call_and_all_it_starts() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), Path::new("/p"));
        assert!(!claim(&store, &claimant("s", 1, 5)));
        leave(&store, receipt("s", "so check; so status", 1)).unwrap();
        leave(&store, receipt("t", "so status", 2)).unwrap();
        assert!(claim(&store, &claimant("s", 1, 5)));
        assert!(claim(&store, &claimant("s", 1, 5)), "two `so` in one text");
        assert!(!claim(&store, &claimant("s", 2, 5)), "another call of the session");
        assert!(!claim(&store, &claimant("other", 2, 5)));
        assert!(!claim(&store, &Claimant { client: "pi".into(), ..claimant("t", 3, 5) }));
        assert!(!claim(&store, &claimant("t", 3, KEPT + 2)), "long ago");
        assert!(claim(&store, &claimant("t", 3, KEPT + 1)));
    }

    #[test]
    fn the_same_text_comes_first() {
        let receipts = [receipt("s", "so a", 1), receipt("s", "so b", 2)];
        let who = Claimant { texts: vec![hash("so b")], ..claimant("s", 1, 5) };
        assert_eq!(who.pick(&receipts), Some(1));
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
