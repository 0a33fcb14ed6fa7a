//! The overview of a project for whoever begins to work in it: one recommendation, and what it rests on.
//!
//! Everything is looked at side by side, each look with a limit of its own (`probe`); what does not answer in time is
//! named. Nothing here writes, and without a `place` nothing leaves this machine.

pub mod drift;
pub mod forge;
pub mod git;
pub mod machine;
pub mod probe;
pub mod recommend;
pub mod sessions;
mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::forge::Place;
use super::lease::Holder;
use super::mode::Mode;
use super::mode::suggest::{self, Known, Suggestion};
use probe::{Answer, Pending};
use recommend::{Recommendation, recommend};
pub use text::{BUDGET, text};

/// How long a look at this machine may take.
const LOCAL: Duration = Duration::from_millis(250);

/// What is looked at, and how much of it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The working tree.
    pub project: PathBuf,
    /// `~/.local/state/so`.
    pub state: Option<PathBuf>,
    /// Who asks.
    pub caller: Holder,
    /// Now, in seconds since 1970.
    pub now: i64,
    /// Commits that are shown.
    pub commits: usize,
    /// Days after which a branch is stale.
    pub stale_days: i64,
    /// Learnings that are shown.
    pub learnings: usize,
    /// Files that should be fresh, and the days after which they are not.
    pub fresh: (Vec<String>, i64),
    /// What every session here should know, as the project says.
    pub special: Option<String>,
    /// What is wrong in the Session Config, a clause each.
    pub config: Vec<String>,
    /// The forge; `None` where there is none or nobody wants to know.
    pub place: Option<Place>,
    /// Open issues that are read.
    pub issues: usize,
    /// Days after which an issue is old.
    pub issue_days: i64,
}

/// Everything that is known.
#[derive(Debug, Clone, Serialize)]
pub struct Brief {
    /// The one thing to do next.
    pub next: Recommendation,
    /// The mode that fits a new session.
    pub mode: Suggestion,
    /// The repository; `None` without one.
    pub git: Answer<Option<git::Git>>,
    /// The local branches.
    pub branches: Answer<Option<git::Branches>>,
    /// What differs from the last commit.
    pub tree: Answer<Option<git::Tree>>,
    /// The session.
    pub here: Answer<sessions::Here>,
    /// The last sessions, newest first.
    pub past: Answer<Vec<sessions::Past>>,
    /// Others at work.
    pub peers: Answer<sessions::Peers>,
    /// What earlier sessions learned.
    pub learnings: Answer<sessions::Learnings>,
    /// This machine.
    pub machine: Answer<machine::Machine>,
    /// What instruction files and settings say that is not so.
    pub drift: Answer<Vec<String>>,
    /// What waits to be told to the forge.
    pub waiting: Answer<forge::Waiting>,
    /// The open issues.
    pub issues: Answer<forge::Issues>,
    /// What the runs of the branch say.
    pub ci: Answer<forge::Ci>,
    /// What every session here should know, as the project says.
    pub special: Option<String>,
}

/// Looks at everything.
pub fn look(wanted: &Wanted) -> Brief {
    let git_wanted = git::Wanted { commits: wanted.commits, stale_days: wanted.stale_days, now: wanted.now };
    let git = on(wanted, move |wanted| git::look(&wanted.project, git_wanted));
    let branches = on(wanted, move |wanted| git::branches(&wanted.project, git_wanted));
    let tree = on(wanted, |wanted| git::tree(&wanted.project));
    let here = on(wanted, |wanted| sessions::here(&wanted.project, &wanted.caller));
    let past = on(wanted, |wanted| Ok(sessions::past(&wanted.project)));
    let peers = on(wanted, |w| Ok(sessions::peers(&w.project, w.state.as_deref(), &w.caller)));
    let learnings = on(wanted, |wanted| Ok(learnings(wanted)));
    let machine = on(wanted, |wanted| Ok(machine::look(&wanted.project)));
    let drift = on(wanted, drifted);
    let waiting = on(wanted, |wanted| forge::waiting(&wanted.project));
    let issues = over_network(wanted, |wanted, place| {
        forge::issues(place, wanted.issues, wanted.issue_days, wanted.now)
    });
    let ci = over_network(wanted, |wanted, place| forge::ci(place, &branch(&wanted.project)));
    let (past, lines) = match past.answer() {
        Answer::Told((past, lines)) => (Answer::Told(past), lines),
        Answer::Late(limit) => (Answer::Late(limit), Vec::new()),
        Answer::Failed(why) => (Answer::Failed(why), Vec::new()),
        Answer::Skipped => (Answer::Skipped, Vec::new()),
    };
    let git = git.answer();
    let name = git.told().and_then(Option::as_ref).map(|git| git.branch.clone()).unwrap_or_default();
    let mode = suggest::suggest(&Known { past: &lines, branch: &name, ..Known::default() });
    let mut brief = Brief {
        next: Recommendation { command: String::new(), why: String::new() },
        mode,
        git,
        branches: branches.answer(),
        tree: tree.answer(),
        here: here.answer(),
        past,
        peers: peers.answer(),
        learnings: learnings.answer(),
        machine: machine.answer(),
        drift: drift.answer(),
        waiting: waiting.answer(),
        issues: issues.answer(),
        ci: ci.answer(),
        special: wanted.special.clone(),
    };
    brief.next = recommend(&brief);
    brief
}

/// Begins a look with all that is wanted in hand.
fn on<T: Send + 'static>(
    wanted: &Wanted,
    look: impl FnOnce(&Wanted) -> anyhow::Result<T> + Send + 'static,
) -> Pending<T> {
    let wanted = wanted.clone();
    probe::start(LOCAL, move || look(&wanted))
}

/// Begins a look over the network, where there is a forge; it has a longer limit.
fn over_network<T: Send + 'static>(
    wanted: &Wanted,
    look: impl FnOnce(&Wanted, &Place) -> anyhow::Result<T> + Send + 'static,
) -> Pending<T> {
    let wanted = wanted.clone();
    match wanted.place.clone() {
        Some(place) => probe::start(forge::LIMIT, move || look(&wanted, &place)),
        None => Pending::skipped(),
    }
}

fn learnings(wanted: &Wanted) -> sessions::Learnings {
    let now = u64::try_from(wanted.now).unwrap_or_default().saturating_mul(1000);
    sessions::learnings(&wanted.project, wanted.learnings, now)
}

fn drifted(wanted: &Wanted) -> anyhow::Result<Vec<String>> {
    let (fresh, days) = &wanted.fresh;
    let mut found = wanted.config.clone();
    found.extend(drift::look(&wanted.project, fresh, *days, wanted.now));
    Ok(found)
}

/// The mode that fits a new session in `project` for what the person wants, in `words`.
pub fn mode(project: &Path, words: &str) -> Suggestion {
    let (_, past) = sessions::past(project);
    let plan: Option<Mode> = super::plan::read(project)
        .ok()
        .flatten()
        .filter(|_| super::open::is_open(project))
        .map(|agreed| agreed.plan.mode);
    suggest::suggest(&Known { words, plan, past: &past, branch: &branch(project) })
}

/// The branch that is checked out; empty on none.
fn branch(project: &Path) -> String {
    let repository = git2::Repository::open(project).ok();
    let head = repository.as_ref().and_then(|repository| repository.find_reference("HEAD").ok());
    let target = head.as_ref().and_then(|head| head.symbolic_target().ok().flatten()).unwrap_or_default();
    target.trim_start_matches("refs/heads/").to_owned()
}
