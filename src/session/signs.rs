//! Signs that an agent does not get on: what hooks saw of its calls, for the one who decides about its task.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::store::Store;

/// Where hooks note them, in the memory of the project.
pub const FILE: &str = "signs.jsonl";

/// What kind of sign it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It goes round in circles.
    Spiral,
    /// It stands still.
    Stagnation,
    /// It takes long.
    Long,
    /// It took twice as long as it may.
    Stop,
}

impl Kind {
    /// Whether its task is to be begun anew, another way.
    pub fn is_spiral(self) -> bool {
        matches!(self, Self::Spiral | Self::Stop)
    }
}

/// One sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The task of the one who gave it.
    pub task: String,
    /// What kind it is.
    pub kind: Kind,
    /// What was seen, as a clause.
    pub what: String,
}

/// Notes one; the work goes on where it cannot be noted.
pub fn note(store: &Store, sign: &Sign) {
    if let Ok(line) = serde_json::to_value(sign) {
        let _ = store.append(FILE, &line);
    }
}

/// What was noted of `project` from `since` on, in milliseconds since 1970.
pub fn since(state: Option<&Path>, project: &Path, since: u64) -> Vec<Sign> {
    let Some(state) = state else { return Vec::new() };
    let lines = Store::of(state, project).lines(FILE);
    let signs = lines.into_iter().filter_map(|line| serde_json::from_value::<Sign>(line).ok());
    signs.filter(|sign| sign.at >= since).collect()
}
