//! Everything that the report of a session shows, gathered from the disk.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::Wanted;
use super::files::{self, Files};
use super::timeline::{self, Entry, Stretch};
use super::trends::{self, Bar};
use crate::guard::consent;
use crate::session::lease::Session;
use crate::session::plan::{self, Plan};
use crate::session::wave::{self, Outcome, Status, Waves};
use crate::session::{brief, gate, records, start};
use crate::store::Store;
use crate::{clock, plain};

/// Learnings that are shown.
const LEARNED: usize = 30;

/// What the report shows.
#[derive(Debug, Clone, Serialize)]
pub struct Facts {
    /// The project's name.
    pub project: String,
    /// When the report was made.
    pub made: String,
    /// The session, open or the last that was closed; `None` before the first.
    pub session: Option<About>,
    /// What happened in it.
    pub timeline: Vec<Entry>,
    /// Its waves on a line of time.
    pub stretches: Vec<Stretch>,
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// How many of them are done.
    pub done: usize,
    /// Its files.
    pub files: Files,
    /// The checks of the baseline, and how each ended.
    pub baseline: Vec<(String, String)>,
    /// What the guard refused in the last 24 hours, newest first.
    pub refused: Vec<Refused>,
    /// What sessions learned.
    pub learnings: brief::sessions::Learnings,
    /// The last sessions.
    pub trends: Vec<Bar>,
}

/// The session in a few words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct About {
    /// Its label.
    pub label: String,
    /// Its mode.
    pub mode: String,
    /// Its branch.
    pub branch: String,
    /// When it began.
    pub since: String,
    /// `open`, or how it ended.
    pub status: String,
    /// What the plan is for.
    pub goal: String,
    /// The next step; empty when it is closed.
    pub next: String,
    /// What the last gate said; empty without one.
    pub gate: String,
    /// What the model said at the close.
    pub narrative: String,
}

/// A task and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// It.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What became of it.
    pub result: &'static str,
    /// `good`, `warn`, `bad` or `plain`.
    pub tone: &'static str,
    /// What shows it, and what does not hold.
    pub evidence: Vec<String>,
}

/// A refusal of the guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// When.
    pub at: String,
    /// The rule.
    pub rule: String,
    /// The command, secrets masked.
    pub text: String,
    /// Where it came from.
    pub platform: String,
}

/// Gathers it.
///
/// # Errors
/// A file of the session is there and cannot be read or understood.
pub fn gather(wanted: &Wanted) -> anyhow::Result<Facts> {
    let project = wanted.project.as_path();
    let open = start::open(project)?;
    let sessions = records::sessions(project);
    let last = sessions.last().filter(|_| open.is_none());
    let id = open
        .as_ref()
        .map(|session| session.id.clone())
        .or_else(|| Some(text(last?, "session_id")))
        .unwrap_or_default();
    let waves = Waves::read(project)?;
    let runs = if waves.session == id && !id.is_empty() { waves.waves.as_slice() } else { &[] };
    // A plan stays where it was after a close, until the next is set.
    let agreed =
        plan::read(project)?.filter(|agreed| open.is_some() || !runs.is_empty() && waves.plan == agreed.hash);
    let plan = agreed.map(|agreed| agreed.plan);
    let events = records::read(project, records::EVENTS);
    let known = Known { waves: (!runs.is_empty()).then_some(&waves), closed: last };
    let tasks = tasks(plan.as_ref(), &known);
    let about = match (&open, last) {
        (Some(session), _) => Some(of_open(wanted, session, plan.as_ref(), runs)?),
        (None, Some(line)) => Some(of_closed(line, plan.as_ref())),
        _ => None,
    };
    let touched = match (&open, last) {
        (Some(session), _) => files::touched(project, &session.start_ref, &session.dirty),
        (None, Some(line)) => files::committed(project, &list(line, "commits")),
        _ => BTreeSet::new(),
    };
    Ok(Facts {
        project: plain::line(&project.file_name().unwrap_or_default().to_string_lossy(), 80),
        made: moment(&clock::moment_of(wanted.now)),
        session: about,
        timeline: timeline::entries(&events, &id),
        stretches: stretches(runs, wanted.now),
        done: tasks.iter().filter(|task| task.result == "done").count(),
        tasks,
        files: files::sort(plan.as_ref(), &touched),
        baseline: baseline(wanted),
        refused: refused(wanted),
        learnings: brief::sessions::learnings(project, LEARNED, wanted.now),
        trends: trends::bars(&sessions),
    })
}

fn text(line: &Value, key: &str) -> String {
    line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `2026-11-23 09:14 UTC`.
fn moment(text: &str) -> String {
    let minute: String = text.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect();
    if minute.is_empty() { minute } else { format!("{} UTC", plain::line(&minute, 20)) }
}

fn list(line: &Value, key: &str) -> Vec<String> {
    let items = line.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn of_open(
    wanted: &Wanted,
    session: &Session,
    plan: Option<&Plan>,
    runs: &[wave::Run],
) -> anyhow::Result<About> {
    let next = wave::position(&wanted.project)?;
    let gate = runs.iter().rev().find_map(|run| run.gate);
    let gate = gate.or_else(|| gate::baseline(&wanted.project).map(|result| result.result));
    Ok(About {
        label: plain::line(&session.label, 80),
        mode: session.mode.word().to_owned(),
        branch: plain::line(&session.branch, 80),
        since: moment(&session.started_at),
        status: "open".to_owned(),
        goal: plan.map(|plan| plain::line(&plan.goal, 300)).unwrap_or_default(),
        next: format!("{}: {}", next.command, next.why),
        gate: gate.map(gate::Verdict::word).unwrap_or_default().to_owned(),
        narrative: String::new(),
    })
}

fn of_closed(line: &Value, plan: Option<&Plan>) -> About {
    let short = |key: &str, most: usize| plain::line(&text(line, key), most);
    About {
        label: short("label", 80),
        mode: short("session_type", 20),
        branch: short("branch", 80),
        since: moment(&short("started_at", 20)),
        status: short("status", 20),
        goal: plan.map(|plan| plain::line(&plan.goal, 300)).unwrap_or_default(),
        next: String::new(),
        gate: short("gate", 20),
        narrative: short("notes", 1_000),
    }
}

/// What is known of the tasks: the waves of the session, and its record when it is closed.
struct Known<'a> {
    waves: Option<&'a Waves>,
    closed: Option<&'a Value>,
}

impl Known<'_> {
    /// What became of a task. A close has looked last.
    fn result(&self, id: &str, run: Option<&wave::TaskRun>) -> Outcome {
        let closed = self.closed.and_then(|line| line.get("results")?.get(id));
        let closed = closed.and_then(|result| serde_json::from_value(result.clone()).ok());
        closed.unwrap_or_else(|| run.map_or(Outcome::NotStarted, |run| run.result))
    }
}

/// The tasks of the plan with what is known of them.
fn tasks(plan: Option<&Plan>, known: &Known<'_>) -> Vec<Task> {
    let task = |task: &plan::Task| {
        let run = known.waves.and_then(|waves| waves.task(&task.id));
        let result = known.result(&task.id, run);
        let mut evidence: Vec<String> = run.map(|run| run.proof.clone()).unwrap_or_default();
        evidence.extend(
            run.into_iter().flat_map(|run| &run.missing).map(|missing| format!("missing: {missing}")),
        );
        Task {
            id: task.id.clone(),
            title: plain::line(&task.title, 160),
            result: result.word(),
            tone: tone(result),
            evidence: evidence.iter().take(6).map(|line| plain::line(line, 200)).collect(),
        }
    };
    plan.into_iter().flat_map(|plan| &plan.tasks).map(task).collect()
}

fn tone(result: Outcome) -> &'static str {
    match result {
        Outcome::Done => "good",
        Outcome::Partial => "warn",
        Outcome::Failed => "bad",
        Outcome::NotStarted | Outcome::Dropped => "plain",
    }
}

/// Each wave as long as it took, beside the others.
fn stretches(runs: &[wave::Run], now: u64) -> Vec<Stretch> {
    let Some(begun) = runs.first().map(|run| run.started) else { return Vec::new() };
    let end = |run: &wave::Run| run.finished.unwrap_or(now).max(run.started);
    let whole = runs.iter().map(end).max().unwrap_or(begun).saturating_sub(begun).max(1);
    let one = |run: &wave::Run| {
        let (left, long) = (run.started.saturating_sub(begun), end(run).saturating_sub(run.started));
        let tone = match run.status {
            Status::Done => "good",
            Status::Open | Status::Review => "warn",
            Status::Fix | Status::Stopped => "bad",
        };
        let took = plain::age(i64::try_from(long / 1000).unwrap_or_default());
        let gate = run.gate.map(|gate| format!(", gate {}", gate.word())).unwrap_or_default();
        let title = format!("wave {} ({}): {took}{gate}", run.number, run.role());
        Stretch {
            number: run.number,
            left: left * 1000 / whole,
            width: (long * 1000 / whole).max(15),
            title,
            tone,
        }
    };
    runs.iter().map(one).collect()
}

fn baseline(wanted: &Wanted) -> Vec<(String, String)> {
    let result = gate::baseline(&wanted.project);
    let checks = result.iter().flat_map(|result| &result.checks);
    checks.map(|check| (plain::line(&check.name, 40), check.status.word().to_owned())).collect()
}

fn refused(wanted: &Wanted) -> Vec<Refused> {
    let Some(state) = &wanted.state else { return Vec::new() };
    let all = consent::recent(&Store::of(state, &wanted.project), wanted.now);
    let one = |refusal: &consent::Refusal| Refused {
        at: clock::moment_of(refusal.at).get(11..16).unwrap_or_default().to_owned(),
        rule: plain::line(&refusal.rule, 40),
        text: plain::line(&refusal.text, 160),
        platform: plain::line(&refusal.platform, 20),
    };
    all.iter().rev().map(one).collect()
}
