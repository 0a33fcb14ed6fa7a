//! Which files were written in a working tree, and by whom: what hooks noted.

use serde_json::Value;

use super::lease::Session;
use super::presence::Presence;
use crate::store::Store;

/// Where hooks note it, in the memory of the project.
pub const FILE: &str = "edits.jsonl";

/// Paths below the project: those of `session`, and those that other live sessions write, since `since` (milliseconds
/// since 1970). What a client wrote that is gone belongs to the session that went on in another.
pub fn since(store: &Store, session: &Session, since: u64) -> (Vec<String>, Vec<String>) {
    let peers: Vec<String> = Presence::live(store).into_iter().map(|live| live.session).collect();
    let (mut own, mut foreign) = (Vec::new(), Vec::new());
    for line in store.lines(FILE) {
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let at = line.get("at").and_then(Value::as_u64).unwrap_or_default();
        let by = text("session");
        let is_peer = peers.contains(&by) && !session.is_held_by(&by) && by != session.id;
        if at >= since {
            if is_peer { &mut foreign } else { &mut own }.push(text("path"));
        }
    }
    foreign.retain(|path| !own.contains(path));
    (own, foreign)
}
