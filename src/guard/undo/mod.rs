//! Work that git does not hold yet, saved before something may lose it, and brought back.
//!
//! [`save`] takes the working tree (changed, untracked and ignored files, but not what a build makes again) and the
//! index; [`restore::plan`] and [`restore::apply`] bring a saved state back after saving the present one, so that an undo can
//! be undone. Neither touches HEAD, branches, the stash or reflogs; saving does not touch the index and the working
//! tree either.
//!
//! With a limit on its time, [`save`] takes what git tracks first and the smallest first, and names what it did not
//! get to. When even the comparison takes longer, nothing is saved, and it says so.

mod apart;
mod capture;
mod decide;
mod index;
mod perform;
mod record;
pub mod restore;
mod scan;
mod seen;
mod store;
mod tree;
mod write;

use std::path::Path;
use std::time::{Duration, Instant};

pub use record::{About, LeftOut, Snapshot, Why};
use store::Store;
pub use store::{Busy, REFS, ReadOnly};

/// How many bytes one snapshot holds at most; of more, the largest files are left out.
pub const MAX_BYTES: u64 = 200 << 20;

/// What to save, and why.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Somewhere in the working tree.
    pub project: &'a Path,
    /// Before what, for people: ``before `git reset --hard` ``.
    pub why: &'a str,
    /// A name to find it by, such as a task.
    pub label: Option<&'a str>,
    /// Now, in seconds since 1970.
    pub when: i64,
    /// How long it may take.
    pub limit: Option<Duration>,
}

/// How saving ended.
#[derive(Debug, Clone)]
pub enum Saved {
    /// The state is safe.
    Snapshot {
        /// It.
        snapshot: Box<Snapshot>,
        /// Taken now; otherwise nothing had changed since it was.
        fresh: bool,
        /// What it does not hold.
        left_out: Vec<LeftOut>,
    },
    /// Nothing is saved, for this reason.
    Nothing(&'static str),
}

/// Saves the state of a working tree, and lets go of snapshots that are too old.
///
/// # Errors
/// The repository cannot be read or written; [`ReadOnly`] and [`Busy`] among them. Nothing is saved then.
pub fn save(request: &Request<'_>) -> anyhow::Result<Saved> {
    let Some(limit) = request.limit else { return save_until(request, None) };
    // Comparing a tree cannot be interrupted: one that takes longer is left behind, and the process ends soon.
    let until = Instant::now() + limit;
    let (project, why) = (request.project.to_path_buf(), request.why.to_owned());
    let (label, when) = (request.label.map(str::to_owned), request.when);
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let request = Request { project: &project, why: &why, label: label.as_deref(), when, limit: None };
        let _ = send.send(save_until(&request, Some(until)));
    });
    receive.recv_timeout(limit + limit / 10).unwrap_or(Ok(Saved::Nothing(capture::LATE)))
}

fn save_until(request: &Request<'_>, until: Option<Instant>) -> anyhow::Result<Saved> {
    let store = match Store::open(request.project)? {
        Ok(store) => store,
        Err(why) => return Ok(Saved::Nothing(why)),
    };
    let alone = store.alone(until)?;
    let Some(state) = capture::capture(&store, until)? else { return Ok(Saved::Nothing(capture::LATE)) };
    let (snapshot, fresh) = capture::keep(&store, &alone, &state, request)?;
    Ok(Saved::Snapshot { snapshot: Box::new(snapshot), fresh, left_out: state.parts.notes.left_out() })
}

/// What is saved of a repository.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The newest first.
    pub snapshots: Vec<Snapshot>,
    /// The linked working tree that was asked in; `None` is the main one.
    pub worktree: Option<String>,
}

/// All snapshots of the repository around `project`; or why there are none.
///
/// # Errors
/// The repository cannot be read.
pub fn list(project: &Path) -> anyhow::Result<Result<Listed, &'static str>> {
    Ok(match Store::open(project)? {
        Ok(store) => Ok(Listed { snapshots: store.list()?, worktree: store.worktree() }),
        Err(why) => Err(why),
    })
}
