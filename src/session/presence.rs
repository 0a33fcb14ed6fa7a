//! Which client sessions and subagents are at work in a working tree just now.
//!
//! Each client session has one file in the project's [`Store`]; its modification time is the last sign of life.
//! A session is live until it ends, until its client's process is gone (Linux), or after [`SILENT`] without a sign.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::store::Store;

/// After so long without a sign a session no longer counts, if its process cannot be asked for.
pub const SILENT: Duration = Duration::from_secs(30 * 60);

/// A process by its id and the time it started, in the kernel's ticks since boot: ids are used again.
pub type Process = (u32, u64);

/// One client session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Presence {
    /// The platform's id.
    pub platform: String,
    /// The client's session.
    pub session: String,
    /// The client's process, where it can be told.
    pub process: Option<Process>,
    /// Where the session works now.
    pub cwd: String,
    /// It works in another working tree now; its subagents may still be at work here.
    pub is_away: bool,
    /// The model's turn, in the client's words.
    pub turn: String,
    /// Subagents at work, with the kind of each.
    pub agents: BTreeMap<String, String>,
}

impl Presence {
    /// What is known of one session; a new one when nothing is.
    pub fn read(store: &Store, platform: &str, session: &str) -> Self {
        let known = serde_json::from_str(&store.read(&file(platform, session))).ok();
        known.unwrap_or_else(|| Self {
            platform: platform.to_owned(),
            session: session.to_owned(),
            ..Self::default()
        })
    }

    /// What is known of one session in any working tree: below `state` (`~/.local/state/so`) each has a directory.
    /// Where it is at work counts, not where it has been.
    pub fn elsewhere(state: &Path, platform: &str, session: &str) -> Option<Self> {
        let trees = std::fs::read_dir(state).ok()?.flatten();
        let known = trees.filter_map(|tree| {
            let text = std::fs::read_to_string(tree.path().join(file(platform, session))).ok()?;
            serde_json::from_str::<Self>(&text).ok()
        });
        known.into_iter().find(|presence| !presence.is_away && !presence.cwd.is_empty())
    }

    /// Changes what is known of one session while nobody else does, which is a sign of life too.
    pub fn update(
        store: &Store,
        platform: &str,
        session: &str,
        change: impl FnOnce(&mut Self),
    ) -> anyhow::Result<()> {
        store.update(&file(platform, session), |_| {
            let mut presence = Self::read(store, platform, session);
            change(&mut presence);
            serde_json::to_string(&presence).ok()
        })
    }

    /// The session has ended.
    pub fn end(store: &Store, platform: &str, session: &str) {
        let file = file(platform, session);
        for name in [&file, &format!("{file}.lock")] {
            let _ = std::fs::remove_file(store.path(name));
        }
        let _ = std::fs::remove_dir(store.path(DIR)); // the last one leaves no empty directory
    }

    /// A sign of life; nothing when the session never began here.
    pub fn beat(store: &Store, platform: &str, session: &str) {
        if let Ok(file) = File::options().append(true).open(store.path(&file(platform, session))) {
            let _ = file.set_modified(SystemTime::now());
        }
    }

    /// All live sessions of the working tree.
    pub fn live(store: &Store) -> Vec<Self> {
        let Ok(entries) = std::fs::read_dir(store.path(DIR)) else { return Vec::new() };
        let read = |path: &Path| serde_json::from_str::<Self>(&std::fs::read_to_string(path).ok()?).ok();
        let known =
            entries.flatten().filter_map(|entry| Some((read(&entry.path())?, entry.metadata().ok()?)));
        known.filter(|(presence, meta)| presence.is_live(meta)).map(|(presence, _)| presence).collect()
    }

    /// How many others are at work beside `agent` (`None`: the main thread) of `session`. A subagent and the thread
    /// that waits for it are no peers.
    pub fn peers(store: &Store, session: &str, agent: Option<&str>) -> usize {
        let count = |presence: Self| {
            if presence.session != session {
                return usize::from(!presence.is_away) + presence.agents.len();
            }
            presence.agents.keys().filter(|other| Some(other.as_str()) != agent).count()
        };
        Self::live(store).into_iter().map(count).sum()
    }

    fn is_live(&self, meta: &std::fs::Metadata) -> bool {
        match self.process {
            Some((id, started)) if cfg!(target_os = "linux") => started_at(id) == Some(started),
            _ => meta.modified().ok().and_then(|at| at.elapsed().ok()).is_none_or(|age| age < SILENT),
        }
    }
}

const DIR: &str = "sessions";

fn file(platform: &str, session: &str) -> String {
    [DIR, "/", &file_name(platform, session)].concat()
}

/// A file name for a session. Ids come from payloads: only harmless characters of them are taken.
pub fn file_name(platform: &str, session: &str) -> String {
    let mut name = String::with_capacity(platform.len() + 81);
    name.push_str(platform);
    name.push('.');
    let harmless = session.bytes().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    name.extend(harmless.take(80).map(char::from));
    name
}

/// The process that started this one, past the shells and launchers in between.
pub fn client() -> Option<Process> {
    const BETWEEN: [&str; 7] = ["sh", "bash", "dash", "zsh", "ash", "ksh", "so-hook"];
    let mut id = std::process::id();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (before, after) = stat.rsplit_once(')')?;
        let name = before.split_once('(')?.1;
        if id != std::process::id() && !BETWEEN.contains(&name) {
            return Some((id, started_at(id)?));
        }
        id = after.split_whitespace().nth(1)?.parse().ok()?;
    }
}

/// The words that the client's process was started with; none where that cannot be read (Linux only).
pub fn client_arguments() -> Vec<String> {
    let Some((id, _)) = client() else { return Vec::new() };
    let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// When the process `id` started, in ticks since boot; `None` when it is gone or cannot be asked (Linux only). One that
/// has ended and was not fetched by its parent yet is gone.
pub fn started_at(id: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the name in parentheses, which may hold anything; the start is the 20th after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let is_gone = matches!(fields.next()?, "Z" | "X");
    if is_gone { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(dir: &Path) -> Store {
        Store::of(dir, Path::new("/p"))
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_has_ended_is_gone_though_nobody_asked_how() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert!(started_at(child.id()).is_some());
        child.kill().unwrap();
        let is_gone = || {
            std::thread::sleep(Duration::from_millis(20));
            started_at(child.id()).is_none()
        };
        assert!((0..250).any(|_| is_gone()), "a dead child counts as alive");
        child.wait().unwrap();
    }

    fn begin(store: &Store, session: &str, agents: &[&str], process: Option<Process>) {
        let change = |presence: &mut Presence| {
            presence.agents = agents.iter().map(|agent| ((*agent).to_owned(), String::new())).collect();
            presence.process = process;
        };
        Presence::update(store, "claude", session, change).unwrap();
    }

    #[test]
    fn others_are_peers_and_a_waiting_parent_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        begin(&store, "one", &["a", "b"], None);
        assert_eq!(Presence::peers(&store, "one", Some("a")), 1);
        assert_eq!(Presence::peers(&store, "one", None), 2);
        begin(&store, "two", &[], None);
        assert_eq!(Presence::peers(&store, "one", Some("a")), 2);
        Presence::end(&store, "claude", "two");
        assert_eq!(Presence::peers(&store, "one", Some("a")), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_dead_client_is_no_peer() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let mine = std::process::id();
        begin(&store, "alive", &[], started_at(mine).map(|at| (mine, at)));
        begin(&store, "dead", &[], Some((mine, 1)));
        let live: Vec<_> = Presence::live(&store).into_iter().map(|presence| presence.session).collect();
        assert_eq!(live, ["alive"]);
    }
}
