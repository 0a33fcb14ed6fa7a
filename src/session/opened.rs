//! `allow-destructive-ops`: in which sessions the person lets run what the guard would ask about.
//!
//! The person confirms it in `so trust` while the sessions run, and for these only: each is known by its client's process
//! too, so that it is over when the session ends.

use super::presence::{self, Presence};
use crate::guard::consent::Trust;
use std::path::Path;

/// The setting.
pub const KEY: &str = "allow-destructive-ops";

/// What is kept of a confirmed session.
fn sign(presence: &Presence) -> String {
    let (id, started) = presence.process.unwrap_or_default();
    format!("{}@{id}.{started}", presence::file_name(&presence.platform, &presence.session))
}

/// The value that `so trust` keeps for these sessions; `None` when there is none.
pub fn confirmation(live: &[Presence]) -> Option<String> {
    let signs: Vec<String> = live.iter().map(sign).collect();
    (!signs.is_empty()).then(|| signs.join(" "))
}

/// Whether the person has confirmed it for this session.
pub fn is_confirmed(trust: &Trust, project: &Path, presence: &Presence) -> bool {
    let sign = sign(presence);
    trust.setting(project, KEY).is_some_and(|known| known.split(' ').any(|known| known == sign))
}
