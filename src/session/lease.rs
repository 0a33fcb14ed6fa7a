//! The session that works in a working tree, and who holds it just now: `.orchestrator/runtime/session.json`.
//!
//! A session has one identity from its start to its close, whichever client carries it on. Its holder is a client's
//! process. That a holder is gone is said only where the system proves it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::mode::Mode;
use super::presence;
use crate::client::Inside;
use crate::fs;

/// Where the session of a working tree is written down.
pub const FILE: &str = ".orchestrator/runtime/session.json";

/// After so long without a sign a holder counts as silent.
const SILENT: Duration = Duration::from_secs(30 * 60);

/// One session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Session {
    /// The version of the file.
    pub schema: u32,
    /// The id of the client's session that began it, or a random one.
    pub id: String,
    /// `<branch>-<date>-<mode>-<n>`, for people.
    pub label: String,
    /// What kind of session it is.
    pub mode: Mode,
    /// The branch it began on; empty on none.
    pub branch: String,
    /// The commit it began at; empty before the first.
    pub start_ref: String,
    /// When it began, as `YYYY-MM-DDTHH:MM:SSZ`.
    pub started_at: String,
    /// What was changed when it began: the path below the project, and the blob id of its content (empty: deleted).
    pub dirty: BTreeMap<String, String>,
    /// Who works on it.
    pub holder: Holder,
}

/// Who holds a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Holder {
    /// The platform's id; empty for a person at a terminal.
    pub platform: String,
    /// The client's session.
    pub client_session: String,
    /// The boot of the machine.
    pub boot: String,
    /// The client's process and when it started, in ticks since boot.
    pub process: Option<presence::Process>,
    /// The namespace that process ids are counted in.
    pub pid_namespace: String,
}

/// What can be said of a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It gave a sign not long ago, or its process is there.
    Alive,
    /// Its process is gone, the machine was started anew, or it let go.
    Crashed,
    /// No sign since then, and nothing proves that it is gone.
    Silent(SystemTime),
}

impl Session {
    /// The session of a working tree; `None` when none is written down.
    ///
    /// # Errors
    /// The file is there and cannot be read or understood.
    pub fn read(project: &Path) -> anyhow::Result<Option<Self>> {
        let Some(bytes) = fs::read_optional(&project.join(FILE))? else { return Ok(None) };
        let session = serde_json::from_slice(&bytes);
        session.with_context(|| format!("`{FILE}` cannot be understood; nothing was changed")).map(Some)
    }

    /// Writes it down.
    ///
    /// # Errors
    /// It cannot be written; what was there stays.
    pub fn write(&self, project: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::atomic_write(&project.join(FILE), format!("{text}\n").as_bytes(), false)
    }

    /// Whether the client session `id` carries it on.
    pub fn is_held_by(&self, id: &str) -> bool {
        self.holder.client_session == id || self.holder.client_session.is_empty() && self.id == id
    }

    /// What can be said of its holder.
    pub fn life(&self, project: &Path) -> Life {
        if self.holder == Holder::default() {
            return Life::Crashed; // it was let go of
        }
        let last = project.join(FILE).metadata().and_then(|meta| meta.modified()).ok();
        self.holder.life(last, &Holder::here(None))
    }

    /// A sign of life of its holder.
    pub fn beat(project: &Path) {
        if let Ok(file) = std::fs::File::options().append(true).open(project.join(FILE)) {
            let _ = file.set_modified(SystemTime::now());
        }
    }
}

impl Holder {
    /// This process's client; without one, a person at a terminal.
    pub fn here(inside: Option<&Inside>) -> Self {
        Self {
            platform: inside.map(|inside| inside.platform.clone()).unwrap_or_default(),
            client_session: inside.and_then(|inside| inside.session.clone()).unwrap_or_default(),
            boot: read_line("/proc/sys/kernel/random/boot_id"),
            process: inside.and_then(|_| presence::client()),
            pid_namespace: std::fs::read_link("/proc/self/ns/pid")
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }
    }

    /// Whether both are one: the same client session, one process of a client (its subagents may have names of their
    /// own), or terminals of one machine.
    pub fn is_same(&self, other: &Self) -> bool {
        let is_process = self.process.is_some() && self.process == other.process && self.boot == other.boot;
        self.platform == other.platform && (self.client_session == other.client_session || is_process)
    }

    /// `last`: its last sign. `here`: this machine, as a holder would name it.
    fn life(&self, last: Option<SystemTime>, here: &Self) -> Life {
        let is_other_boot = !self.boot.is_empty() && !here.boot.is_empty() && self.boot != here.boot;
        let is_seen = self.pid_namespace == here.pid_namespace && !here.pid_namespace.is_empty();
        match self.process {
            _ if is_other_boot => Life::Crashed,
            Some((id, started)) if is_seen && presence::started_at(id) == Some(started) => Life::Alive,
            Some(_) if is_seen => Life::Crashed,
            _ => match last {
                Some(at) if at.elapsed().is_ok_and(|age| age > SILENT) => Life::Silent(at),
                _ => Life::Alive,
            },
        }
    }
}

fn read_line(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_proven_counts_as_a_crash() {
        let mine = std::process::id();
        let started = presence::started_at(mine).unwrap_or_default();
        let here = Holder { boot: "b".into(), pid_namespace: "ns".into(), ..Holder::default() };
        let old = SystemTime::now().checked_sub(SILENT * 2);
        let holder = |process, boot: &str, namespace: &str| Holder {
            process,
            boot: boot.into(),
            pid_namespace: namespace.into(),
            ..Holder::default()
        };
        if cfg!(target_os = "linux") {
            assert_eq!(holder(Some((mine, started)), "b", "ns").life(old, &here), Life::Alive);
            assert_eq!(holder(Some((mine, started + 1)), "b", "ns").life(None, &here), Life::Crashed);
        }
        assert_eq!(holder(None, "other", "ns").life(None, &here), Life::Crashed);
        assert_eq!(holder(Some((1, 0)), "b", "elsewhere").life(None, &here), Life::Alive);
        assert_eq!(holder(Some((1, 0)), "b", "elsewhere").life(old, &here), Life::Silent(old.unwrap()));
        assert_eq!(holder(None, "b", "ns").life(old, &here), Life::Silent(old.unwrap()));
    }
}
