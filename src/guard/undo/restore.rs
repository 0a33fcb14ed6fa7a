//! Bringing a saved state back: first what would change, then, with the present state saved, the change.
//!
//! Nothing that a snapshot does not hold is overwritten or removed, ever. What only the person changes (hook wiring,
//! settings, policy) and what `so` itself keeps in `.orchestrator/` is not taken back in time: an agent may undo, and
//! must not undo what guards it.

use std::path::PathBuf;

use git2::Oid;

use super::Request;
use super::capture;
use super::decide::Work;
use super::record::{LeftOut, Snapshot};
use super::store::Store;
use super::tree::{self, Entry};

/// What to bring back.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Somewhere in the working tree.
    pub project: PathBuf,
    /// The number of a snapshot, or a label: its newest one.
    pub which: String,
    /// Only these files and directories, as absolute paths; none is all.
    pub only: Vec<PathBuf>,
    /// Files that were not there then go.
    pub exact: bool,
    /// Also a snapshot of another working tree.
    pub here: bool,
}

/// Why a wish cannot be planned; the message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nothing can be saved or restored here.
    #[error("{0}")]
    Nowhere(&'static str),
    /// No such number or label.
    #[error("there is no snapshot `{0}`")]
    Unknown(String),
    /// It is of another working tree.
    #[error("snapshot {number} is of the working tree `{path}`")]
    Elsewhere {
        /// Its number.
        number: u64,
        /// Where that was.
        path: String,
    },
    /// A path that the snapshot does not hold.
    #[error("snapshot {number} holds nothing at `{path}`")]
    NotHeld {
        /// Its number.
        number: u64,
        /// The path.
        path: String,
    },
    /// Looking took too long, or the files changed after the plan was shown.
    #[error("the files changed meanwhile")]
    Changed,
    /// Git is writing.
    #[error("git is writing the index: `{0}` is there")]
    Locked(String),
}

/// What happens to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// It comes back.
    Create,
    /// Its present content is replaced.
    Overwrite,
    /// Only its permission bits change.
    Permit,
    /// It goes.
    Delete,
}

/// One path that changes.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Step {
    /// For people.
    pub path: String,
    /// What happens.
    pub act: Act,
    #[serde(skip)]
    pub(super) raw: tree::Path,
    #[serde(skip)]
    pub(super) entry: Option<Entry>,
}

/// A path that stays as it is though the snapshot has another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    /// For people.
    pub path: String,
    /// Why.
    pub why: String,
}

/// What bringing a state back would do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is brought back.
    pub snapshot: Snapshot,
    /// What changes.
    pub steps: Vec<Step>,
    /// What stays, and why.
    pub kept: Vec<Kept>,
    /// Files that were not there then, and stay.
    pub extra: Vec<String>,
    /// Files of which the staged state changes.
    pub staged: Vec<String>,
    /// What the snapshot never held.
    pub left_out: Vec<LeftOut>,
    /// What else differs from then, with the command that mends it.
    pub notes: Vec<String>,
    /// The tree of the present state.
    pub(super) present: Oid,
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Done {
    /// The state before.
    pub before: Snapshot,
    /// What could not be done.
    pub failed: Vec<Kept>,
}

/// Says what would change. Writes nothing at all.
///
/// # Errors
/// [`Refused`], or the repository cannot be read.
pub fn plan(wish: &Wish) -> anyhow::Result<Plan> {
    let store = open(wish)?;
    // What looking at the present state makes stays in memory.
    store.repo.odb()?.add_new_mempack_backend(1000)?;
    let state = capture::capture(&store, None)?.ok_or(Refused::Changed)?;
    Ok(Work::new(&store, wish, state)?.plan)
}

/// Saves the present state, then does what `shown` says.
///
/// # Errors
/// [`Refused::Changed`] if that is not what would be done any more; the state cannot be saved; the index is locked.
pub fn apply(wish: &Wish, shown: &Plan, when: i64) -> anyhow::Result<Done> {
    let store = open(wish)?;
    let alone = store.alone(None)?;
    let lock = store.repo.path().join("index.lock");
    if lock.exists() {
        return Err(Refused::Locked(lock.display().to_string()).into());
    }
    let state = capture::capture(&store, None)?.ok_or(Refused::Changed)?;
    let work = Work::new(&store, wish, state)?;
    if work.plan.present != shown.present || work.plan.snapshot.commit != shown.snapshot.commit {
        return Err(Refused::Changed.into());
    }
    let why = format!("before `so undo {}`", shown.snapshot.number);
    let request = Request { project: &wish.project, why: &why, label: None, when, limit: None };
    let (before, _) = capture::keep(&store, &alone, &work.state, &request)?;
    let failed = work.carry_out()?;
    Ok(Done { before, failed })
}

fn open(wish: &Wish) -> anyhow::Result<Store> {
    Ok(Store::open(&wish.project)?.map_err(Refused::Nowhere)?)
}

pub(super) fn find(store: &Store, wish: &Wish) -> anyhow::Result<Snapshot> {
    let unknown = || Refused::Unknown(wish.which.clone());
    let number: Option<u64> = wish.which.parse().ok();
    let fits = |snapshot: &Snapshot| match number {
        Some(number) => snapshot.number == number,
        None => snapshot.about.label.as_ref() == Some(&wish.which),
    };
    let found = store.list()?.into_iter().find(fits).ok_or_else(unknown)?;
    if found.about.worktree != store.worktree() && !wish.here {
        return Err(Refused::Elsewhere { number: found.number, path: found.about.path }.into());
    }
    Ok(found)
}
