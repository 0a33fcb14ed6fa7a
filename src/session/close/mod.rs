//! The end of a session: evidence, the full gate, a commit of its own files, a record, and what is carried over.
//!
//! Each step is written to a journal after it happened, and can be told to have happened by what it left behind. So a
//! close that was ended anywhere goes on when it is called again, and does nothing twice.

mod apart;
mod commit;
mod evidence;
mod files;
mod integrate;
mod leave;
pub(crate) mod publish;
mod report;
mod secrets;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use apart::Apart;
pub use evidence::Evidence;
pub use files::{Files, Known, sort};
pub use integrate::Integrate;
pub use report::{Commit, Report, read as read_report};
pub use secrets::in_line as secret_in;
use serde::{Deserialize, Serialize};

use crate::session::forge::Place;
use crate::session::forge::queue::Act;
use crate::session::gate::{self, GateResult, Progress, Ticket, Verdict};
use crate::session::lease::Session;
use crate::session::plan::{Agreed, Task};
use crate::session::start;
use crate::session::wave::{self, Outcome, Waves};
use crate::{fs, lines};

/// The journal.
pub const FILE: &str = ".orchestrator/runtime/close.json";

/// What a close works on.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The working tree.
    pub project: &'a Path,
    /// The session.
    pub session: &'a Session,
    /// The plan; a session without one closes with what it wrote.
    pub agreed: Option<&'a Agreed>,
    /// What the model says.
    pub report: &'a Report,
    /// What hooks saw this session write, and others.
    pub written: &'a [String],
    /// What hooks saw others write.
    pub foreign: &'a [String],
    /// How commits come to the others.
    pub integrate: Integrate,
    /// The person lets it end although the gate is red.
    pub accepts_red: bool,
    /// Tasks that nothing shows to be done may go over to the next session.
    pub carries: bool,
    /// Whether a record is written.
    pub keeps_records: bool,
    /// The forge of the project, where it is at one.
    pub place: Option<&'a Place>,
    /// Issues are closed now, not when the request is merged.
    pub closes_issues: bool,
    /// Requests and issues follow the repository's templates.
    pub follows_templates: bool,
    /// Now, as `YYYY-MM-DDTHH:MM:SSZ`.
    pub now: &'a str,
}

/// What happened, or with `--dry-run` what would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Closed {
    /// The session.
    pub session: String,
    /// The commit that its own stand on.
    pub parent: String,
    /// The tasks.
    pub tasks: Vec<Evidence>,
    /// Proofs, gate and files have been looked at.
    pub checked: bool,
    /// What the full gate said.
    pub gate: Option<Verdict>,
    /// Why the gate judged the tree only, where what is committed differs from it and could not be judged by itself.
    pub unjudged: Option<String>,
    /// The files, sorted out.
    pub files: Files,
    /// The commits that were made.
    pub commits: Vec<String>,
    /// The branch that they stand on.
    pub branch: String,
    /// What was done to bring them to the others.
    pub integrated: Option<String>,
    /// What was done at the forge, or with `--dry-run` what would be.
    pub forge: Vec<String>,
    /// What is left to do there, and why.
    pub waiting: Vec<String>,
    /// The carryover issues of tasks.
    pub carryover: BTreeMap<String, u64>,
    /// The record is written.
    pub recorded: bool,
}

/// How a close goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Something still runs.
    Wait(String),
    /// The gate is red.
    Red(Box<GateResult>),
    /// Tasks that nothing shows to be done and of which nobody has spoken: mended, or carried over by the person's word.
    Ask(Vec<Evidence>),
    /// Lines that look like secrets.
    Secrets(Vec<String>),
    /// It is closed.
    Done(Box<Closed>),
}

/// What would happen, without running or writing anything.
///
/// # Errors
/// A file cannot be read.
pub fn preview(wanted: &Wanted<'_>) -> anyhow::Result<Closed> {
    let waves = Waves::read(wanted.project)?;
    let tasks = planned(wanted).map(|task| evidence::of(wanted, &waves, task, &[])).collect();
    let parent = commit::head(wanted.project)?;
    let branch = wanted.integrate.branch(wanted.project, wanted.session);
    let files = own_files(wanted)?;
    let session = wanted.session.id.clone();
    let mut closed = Closed { session, parent, tasks, files, branch, ..Closed::default() };
    closed.forge = publish::preview(wanted, &closed)?;
    Ok(closed)
}

/// The request that a close would open now, from what is known without running anything.
///
/// # Errors
/// A file cannot be read.
pub fn request(wanted: &Wanted<'_>) -> anyhow::Result<Act> {
    publish::open(wanted, &preview(wanted)?)
}

/// The carryover issue of a task, from what is known without running anything; `None` for a task that the plan lacks.
///
/// # Errors
/// A file cannot be read.
pub fn carry(wanted: &Wanted<'_>, task: &str) -> anyhow::Result<Option<Act>> {
    let closed = preview(wanted)?;
    let known = planned(wanted).find(|known| known.id == task);
    let evidence = closed.tasks.iter().find(|one| one.task == task);
    known.zip(evidence).map(|(task, one)| publish::carry(wanted, one, task)).transpose()
}

/// Closes the session; takes at most `patience` where something runs.
///
/// # Errors
/// Git refuses, or a file cannot be read or written. What was done is in the journal, and a second call goes on.
pub fn close(
    wanted: &Wanted<'_>,
    gate: &dyn Fn(&Path) -> anyhow::Result<Ticket>,
    patience: Duration,
) -> anyhow::Result<Step> {
    let path = wanted.project.join(FILE);
    let until = Instant::now() + patience;
    let _lock = lines::lock(&path, false)?;
    let mut closed = journal(wanted)?;
    commit::settle(wanted.project);
    // A commit that was made just before this was ended is not judged again; one that a hook refused is.
    let is_made = || commit::is_made(wanted.project, &closed.parent, &wanted.session.id);
    if closed.commits.is_empty() && closed.integrated.is_none() && !(closed.checked && is_made()?) {
        if let Some(step) = check(wanted, &mut closed, gate, patience)? {
            return Ok(step);
        }
        closed.files = own_files(wanted)?;
        let found = commit::secrets(wanted.project, &closed.files.own())?;
        if !found.is_empty() {
            return Ok(Step::Secrets(found));
        }
        closed.checked = true;
        keep(wanted, &closed)?;
    }
    make_commits(wanted, &mut closed)?;
    if closed.integrated.is_none() {
        if let Some(what) = publish::publish(wanted, &mut closed, until)? {
            return Ok(Step::Wait(what));
        }
        keep(wanted, &closed)?;
    }
    leave::record(wanted, &mut closed)?;
    leave::leave(wanted, &closed)?;
    Ok(Step::Done(Box::new(closed)))
}

/// Proofs and the full gate; a step where the close does not go on.
fn check(
    wanted: &Wanted<'_>,
    closed: &mut Closed,
    gate: &dyn Fn(&Path) -> anyhow::Result<Ticket>,
    patience: Duration,
) -> anyhow::Result<Option<Step>> {
    let until = Instant::now() + patience;
    let waves = Waves::read(wanted.project)?;
    let tasks: Vec<&Task> = planned(wanted).collect();
    let proven = match wave::proofs(wanted.project, &tasks, patience)? {
        Ok(proven) => proven,
        Err(what) => return Ok(Some(Step::Wait(what))),
    };
    let checks = |task: &Task| proven.get(&task.id).map_or(&[][..], Vec::as_slice);
    closed.tasks = tasks.iter().map(|task| evidence::of(wanted, &waves, task, checks(task))).collect();
    let result = match gate::wait(&gate(wanted.project)?, until.saturating_duration_since(Instant::now()))? {
        Progress::Running(what, seconds) => return Ok(Some(Step::Wait(format!("{what}, for {seconds} s")))),
        Progress::Done(result) => result,
    };
    closed.gate = Some(result.result);
    if result.result == Verdict::Red && !wanted.accepts_red {
        return Ok(Some(Step::Red(result)));
    }
    let left = until.saturating_duration_since(Instant::now());
    if !wanted.accepts_red {
        match apart::check(wanted.project, &own_files(wanted)?, &result, gate, left)? {
            Apart::Stops(step) => return Ok(Some(step)),
            Apart::Goes(why) => closed.unjudged = why,
        }
    }
    let open = closed.tasks.iter().filter(|task| is_unspoken(wanted, &waves, task));
    let open: Vec<Evidence> = open.map(|task| Evidence { carried: false, ..task.clone() }).collect();
    Ok((!open.is_empty() && !wanted.carries).then_some(Step::Ask(open)))
}

/// Whether a task would be carried over although neither the report nor its wave says what became of it.
fn is_unspoken(wanted: &Wanted<'_>, waves: &Waves, task: &Evidence) -> bool {
    let in_wave = waves.task(&task.task).is_some_and(|run| run.result != Outcome::NotStarted);
    task.carried && !in_wave && !wanted.report.tasks.contains_key(&task.task)
}

fn planned<'a>(wanted: &Wanted<'a>) -> impl Iterator<Item = &'a Task> {
    wanted.agreed.into_iter().flat_map(|agreed| &agreed.plan.tasks)
}

fn own_files(wanted: &Wanted<'_>) -> anyhow::Result<Files> {
    let globs: Vec<String> = planned(wanted).flat_map(|task| task.files.iter().cloned()).collect();
    Ok(sort(&Known {
        now: &start::dirty(wanted.project)?,
        before: &wanted.session.dirty,
        globs: &globs,
        written: wanted.written,
        foreign: wanted.foreign,
    }))
}

/// Makes the commits that are not made yet, each written down before the next.
fn make_commits(wanted: &Wanted<'_>, closed: &mut Closed) -> anyhow::Result<()> {
    let mut left = closed.files.own();
    let groups = groups(wanted, closed, &mut left);
    for (at, (message, paths)) in groups.into_iter().enumerate() {
        if at < closed.commits.len() || paths.is_empty() {
            continue;
        }
        let parent = closed.commits.last().unwrap_or(&closed.parent).clone();
        Integrate::checkout(wanted.project, &closed.branch)?;
        // It may have been made just before this was ended.
        let is_made = commit::is_made(wanted.project, &parent, &wanted.session.id)?;
        let id = if is_made {
            commit::head(wanted.project)?
        } else {
            let message = format!("{message}\n\n{}: {}\n", commit::TRAILER, wanted.session.id);
            commit::commit(wanted.project, &paths, &message)?
        };
        closed.commits.push(id);
        keep(wanted, closed)?;
    }
    Ok(())
}

/// Messages with their files: as the report says, the rest in the last one.
fn groups(wanted: &Wanted<'_>, closed: &Closed, left: &mut Vec<String>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for commit in &wanted.report.commits {
        let takes = |path: &String| commit.files.contains(path);
        let own: Vec<String> = left.iter().filter(|path| takes(path)).cloned().collect();
        left.retain(|path| !takes(path));
        groups.push((commit.message(), own));
    }
    if let Some((_, last)) = groups.last_mut() {
        last.append(left);
        return groups;
    }
    vec![(message(wanted, closed), std::mem::take(left))]
}

/// A message from the plan, where the model gave none.
fn message(wanted: &Wanted<'_>, closed: &Closed) -> String {
    let goal = wanted.agreed.map_or("work of one session", |agreed| agreed.plan.goal.as_str());
    let goal = goal.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = goal.chars().take(64).collect();
    let subject = if short.len() < goal.len() { format!("{}…", short.trim_end()) } else { short };
    let done = closed.tasks.iter().filter(|task| task.result == Outcome::Done);
    let tasks: String = done.map(|task| format!("\n- {}", task.title)).collect();
    let body = if tasks.is_empty() { String::new() } else { format!("\n{tasks}") };
    format!("feat: {subject}{body}")
}

/// What was done before; a new close without it.
fn journal(wanted: &Wanted<'_>) -> anyhow::Result<Closed> {
    let known = fs::read_optional(&wanted.project.join(FILE))?;
    let known = known.and_then(|bytes| serde_json::from_slice::<Closed>(&bytes).ok());
    if let Some(closed) = known.filter(|closed| closed.session == wanted.session.id) {
        return Ok(closed);
    }
    let parent = commit::head(wanted.project)?;
    let branch = wanted.integrate.branch(wanted.project, wanted.session);
    Ok(Closed { session: wanted.session.id.clone(), parent, branch, ..Closed::default() })
}

fn keep(wanted: &Wanted<'_>, closed: &Closed) -> anyhow::Result<()> {
    fs::atomic_write(&wanted.project.join(FILE), &serde_json::to_vec_pretty(closed)?, false)
}
