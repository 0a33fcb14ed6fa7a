//! What is to be done at a forge, written down before it is tried: `.orchestrator/runtime/forge.json` of the main working
//! tree. Each entry is done once, however often it is tried, and waits here while there is no network, no program, no
//! login or no permission to ask so often.
//!
//! One process works at it at a time. The programs that it starts hold its lock too: a request of one that was ended is
//! through before the next looks whether it was made.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::call::Failure;
pub use super::entry::{Act, Done, Entry};
use super::work;
use crate::session::records::main_tree;
use crate::session::start;
use crate::{clock, fs, lines, process};

/// Where the queue stands, below the main working tree.
pub const FILE: &str = ".orchestrator/runtime/forge.json";
/// The lock of whoever works at it; the programs write here what they complain of.
const BUSY: &str = ".orchestrator/runtime/forge.busy";
/// A push that takes longer than that is ended, in milliseconds.
const LONGEST: u64 = 15 * 60 * 1000;

/// Everything that was and is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Queue {
    /// The version of the file.
    pub schema: u32,
    /// Why it waits.
    pub why: String,
    /// The push that goes on: its process, and since when, in milliseconds since 1970.
    pub pushing: Option<(u32, u64)>,
    /// In the order in which it is done.
    pub entries: Vec<Entry>,
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ran {
    /// What is done, also from before.
    pub done: Vec<Entry>,
    /// What is not.
    pub left: Vec<Entry>,
    /// Why it waits.
    pub why: Option<Failure>,
    /// There was no time for the rest, or another process is at it: calling again goes on.
    pub again: bool,
}

impl Queue {
    /// The queue of a project; an empty one without a file.
    ///
    /// # Errors
    /// It is there and cannot be read or understood.
    pub fn read(project: &Path) -> anyhow::Result<Self> {
        Self::load(&file(project))
    }

    fn load(file: &Path) -> anyhow::Result<Self> {
        let Some(bytes) = fs::read_optional(file)? else { return Ok(Self::default()) };
        serde_json::from_slice(&bytes)
            .with_context(|| format!("`{}` cannot be understood; nothing was changed", file.display()))
    }

    /// Changes the queue while nobody else does.
    fn update<T>(project: &Path, change: impl FnOnce(&mut Self) -> T) -> anyhow::Result<T> {
        let file = file(project);
        let _lock =
            lines::lock(&file, false).with_context(|| format!("failed to lock `{}`", file.display()))?;
        let mut queue = Self::load(&file)?;
        let before = queue.clone();
        let result = change(&mut queue);
        if queue != before {
            queue.schema = 1;
            fs::atomic_write(&file, &serde_json::to_vec_pretty(&queue)?, false)?;
        }
        Ok(result)
    }

    /// What is not done.
    pub fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.done.is_none())
    }

    fn entry(&mut self, id: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}

fn file(project: &Path) -> PathBuf {
    main_tree(project).join(FILE)
}

/// Writes down what is to be done; what is known already stays as it is. What other sessions are through with goes.
///
/// # Errors
/// It cannot be written.
pub fn add(project: &Path, entries: &[Entry]) -> anyhow::Result<()> {
    start::ignore(&main_tree(project))?;
    Queue::update(project, |queue| {
        let is_over = |session: &str, all: &[Entry]| {
            all.iter().filter(|entry| entry.session == session).all(|entry| entry.done.is_some())
        };
        let sessions: Vec<String> = queue.entries.iter().map(|entry| entry.session.clone()).collect();
        for session in sessions {
            let goes_on = entries.iter().any(|entry| entry.session == session);
            if !goes_on && is_over(&session, &queue.entries) {
                queue.entries.retain(|entry| entry.session != session);
            }
        }
        for entry in entries {
            if queue.entry(&entry.id).is_none() {
                queue.entries.push(entry.clone());
            }
        }
    })
}

/// Takes an entry that is not done out of the queue; whether it was there.
///
/// # Errors
/// The queue cannot be read or written.
pub fn forget(project: &Path, id: &str) -> anyhow::Result<bool> {
    Queue::update(project, |queue| {
        let before = queue.entries.len();
        queue.entries.retain(|entry| entry.id != id || entry.done.is_some());
        queue.entries.len() < before
    })
}

/// Does what waits, in its order, until `until`. What the forge refuses is passed over, what depends on it too; where it
/// cannot be asked, everything else waits.
///
/// # Errors
/// The queue cannot be read or written.
pub fn run(project: &Path, until: Instant) -> anyhow::Result<Ran> {
    if Queue::read(project)?.waiting().next().is_none() {
        return told(project, None, false, Vec::new());
    }
    let Some(busy) = hold(project, until)? else {
        let failure = Failure::Busy(pushing(project)?);
        return told(project, Some(failure), true, Vec::new());
    };
    let (mut passed, mut made, mut why, mut again) = (Vec::new(), Vec::new(), None, false);
    loop {
        let queue = Queue::read(project)?;
        let Some(entry) = queue.waiting().find(|entry| !passed.contains(&entry.id)) else { break };
        let id = entry.id.clone();
        let is_ready = |needed: &String| {
            // What it needs may have been forgotten.
            queue.entries.iter().find(|entry| entry.id == *needed).is_none_or(|entry| entry.done.is_some())
        };
        if !entry.needs.iter().all(is_ready) {
            passed.push(id);
            continue;
        }
        if Instant::now() >= until {
            again = true;
            break;
        }
        let now = clock::now_ms();
        Queue::update(project, |queue| queue.entry(&id).map(|entry| entry.tried = now))?;
        let done = work::perform(project, &queue, entry, Some(&busy), until);
        match done {
            Ok(done) => {
                made.push(Entry { done: Some(done.clone()), ..entry.clone() });
                finish(project, &id, Some(done), "")?;
            }
            Err(failure) if failure.is_later() => {
                again = matches!(failure, Failure::Busy(_));
                why = Some(failure);
                break;
            }
            Err(failure) => {
                finish(project, &id, None, &failure.to_string())?;
                passed.push(id);
            }
        }
    }
    // A program that goes on keeps the lock. What a finished one has left running in the background does not.
    if !matches!(why, Some(Failure::Busy(_))) {
        busy.unlock().context("failed to let go of the queue")?;
    }
    told(project, why, again, made)
}

/// Does one thing that nobody has written down; what has to wait is written down then.
///
/// # Errors
/// The forge refuses it, or the queue cannot be written.
pub fn at_once(project: &Path, entry: &Entry, until: Instant) -> anyhow::Result<Result<Done, Failure>> {
    match work::perform(project, &Queue::default(), entry, None, until) {
        Ok(done) => Ok(Ok(done)),
        Err(failure) if failure.is_later() => {
            add(project, &[Entry { tried: clock::now_ms(), ..entry.clone() }])?;
            Queue::update(project, |queue| queue.why = failure.to_string())?;
            Ok(Err(failure))
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Notes which process pushes; nobody when it is through.
pub(super) fn note_push(project: &Path, process: Option<u32>) -> anyhow::Result<()> {
    let pushing = process.map(|process| (process, clock::now_ms()));
    Queue::update(project, |queue| queue.pushing = pushing)
}

fn finish(project: &Path, id: &str, done: Option<Done>, refused: &str) -> anyhow::Result<()> {
    Queue::update(project, |queue| {
        if let Some(entry) = queue.entry(id) {
            entry.done = done;
            refused.clone_into(&mut entry.refused);
        }
        // What no session waits for has nobody to look at it.
        queue.entries.retain(|entry| !entry.session.is_empty() || entry.done.is_none());
    })
}

/// What a run came to, with what it `made` and the queue has forgotten again.
fn told(project: &Path, why: Option<Failure>, again: bool, made: Vec<Entry>) -> anyhow::Result<Ran> {
    let reason = why.as_ref().map(ToString::to_string).unwrap_or_default();
    let known = Queue::read(project)?;
    let entries = if known.why == reason {
        known.entries
    } else {
        Queue::update(project, |queue| {
            queue.why = reason;
            queue.entries.clone()
        })?
    };
    let (mut done, left): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.done.is_some());
    let is_known = |entry: &Entry| done.iter().any(|known| known.id == entry.id);
    let gone: Vec<Entry> = made.into_iter().filter(|entry| !is_known(entry)).collect();
    done.extend(gone);
    Ok(Ran { done, left, why, again })
}

/// The lock of whoever works at the queue; `None` when another holds it until `until`.
fn hold(project: &Path, until: Instant) -> anyhow::Result<Option<File>> {
    let path = main_tree(project).join(BUSY);
    let file = File::options().read(true).append(true).create(true).open(&path);
    let file = file.with_context(|| format!("failed to open `{}`", path.display()))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("failed to lock `{}`", path.display()));
            }
        }
        if let Some((process, since)) = Queue::read(project)?.pushing
            && clock::now_ms().saturating_sub(since) > LONGEST
        {
            process::kill_group(process);
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn pushing(project: &Path) -> anyhow::Result<String> {
    Ok(match Queue::read(project)?.pushing {
        Some((process, since)) => {
            let seconds = clock::now_ms().saturating_sub(since) / 1000;
            format!("git push, process {process}, for {seconds} s")
        }
        None => "a request is under way".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(session: &str, id: &str) -> Entry {
        Entry { id: id.into(), session: session.into(), ..Entry::default() }
    }

    #[test]
    fn what_is_known_stays_and_what_is_over_goes() {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path();
        add(project, &[entry("s1", "s1/a"), entry("s1", "s1/b")]).unwrap();
        finish(project, "s1/a", Some(Done { number: Some(3), ..Done::default() }), "").unwrap();
        add(project, &[entry("s1", "s1/a")]).unwrap();
        let queue = Queue::read(project).unwrap();
        assert_eq!(queue.entries[0].done.as_ref().unwrap().number, Some(3), "it is not done again");
        add(project, &[entry("s2", "s2/a")]).unwrap();
        assert_eq!(Queue::read(project).unwrap().entries.len(), 3, "the first session still waits for one");
        finish(project, "s1/b", Some(Done::default()), "").unwrap();
        add(project, &[entry("s2", "s2/b")]).unwrap();
        let ids: Vec<String> =
            Queue::read(project).unwrap().entries.into_iter().map(|entry| entry.id).collect();
        assert_eq!(ids, ["s2/a", "s2/b"]);
        assert!(forget(project, "s2/a").unwrap() && !forget(project, "s2/a").unwrap());
    }
}
