//! A wave ends: reports, evidence, the gate and a review give one next step.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};

use super::journal::{Outcome, Run, Status, TaskRun, Waves};
use super::open::{REPORTS, Wanted};
use super::reports::{self, Report};
use super::{REVIEW, brief, evidence};
use crate::fs;
use crate::session::gate::{self, Check, GateResult, Progress, Ticket, Verdict};
use crate::session::mode::Mode;
use crate::session::plan::{Role, Task};
use crate::session::signs::{self, Sign};
use crate::session::{records, scope, start, state};

/// So often a wave is sent back before the person looks at it.
const ATTEMPTS: u32 = 3;
/// So often the agents of a task go round in circles before the person looks at it.
const SPIRALS: u32 = 2;
/// From this on a finding is shown; from the second it is kept as possible.
const SURE: u64 = 80;
const POSSIBLE: u64 = 50;
/// Lines around the cited one in which its evidence may stand.
const NEAR: usize = 3;

/// The one next step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "lowercase")]
pub enum Finish {
    /// A reviewer looks at it; the brief is there.
    Review,
    /// It is through.
    Proceed {
        /// The wave after it.
        wave: Option<u32>,
    },
    /// These tasks have to be mended.
    Fix {
        /// They.
        tasks: Vec<String>,
        /// What does not hold.
        why: Vec<String>,
    },
    /// Something still runs.
    Wait {
        /// It.
        what: String,
    },
    /// The person has to look.
    Stop {
        /// Why.
        why: Vec<String>,
    },
}

/// Ends the open wave with what agents have reported and `given`; takes at most `patience`.
///
/// # Errors
/// No wave is open, or a file cannot be read or written.
pub fn finish(
    wanted: &Wanted<'_>,
    given: &[Report],
    gate: &dyn Fn() -> anyhow::Result<Ticket>,
    accepts_red: bool,
    patience: Duration,
) -> anyhow::Result<(Finish, Run, Option<GateResult>)> {
    let until = Instant::now() + patience;
    let waves = Waves::read(wanted.project)?;
    let Some(run) = waves.current().filter(|_| waves.is_of(wanted.agreed, &wanted.session.id)) else {
        anyhow::bail!("no wave is open");
    };
    let mut run = run.clone();
    let mut reports = reports::collected(wanted.state, wanted.project, run.started);
    reports.extend_from_slice(given);
    let tasks: Vec<&Task> = run.tasks.keys().filter_map(|id| wanted.agreed.plan.task(id)).collect();
    let proven = match evidence::proofs(wanted.project, &tasks, patience)? {
        Ok(proven) => proven,
        Err(what) => return Ok((Finish::Wait { what }, run, None)),
    };
    let result = if run.is_reader() {
        None
    } else {
        match gate::wait(&gate()?, until.saturating_duration_since(Instant::now()))? {
            Progress::Running(what, seconds) => {
                return Ok((Finish::Wait { what: format!("{what}, for {seconds} s") }, run, None));
            }
            Progress::Done(result) => Some(*result),
        }
    };
    review(wanted, &mut run, &reports);
    reports::learned(&reports, &mut run.learnings);
    let signs = signs::since(wanted.state, wanted.project, run.started.max(run.judged));
    for task in tasks {
        let judged = judge(wanted, &run, task, &reports, proven.get(&task.id).map_or(&[], Vec::as_slice));
        run.tasks.insert(task.id.clone(), seen(judged, run.tasks.get(&task.id), &signs, &task.id));
    }
    run.judged = wanted.at;
    run.gate = result.as_ref().map(|result| result.result);
    let step = step(wanted, &mut run, result.as_ref(), accepts_red);
    keep(wanted, &run, &step)?;
    Ok((step, run, result))
}

/// What became of a task, by what shows it.
fn judge(wanted: &Wanted<'_>, run: &Run, task: &Task, reports: &[Report], checks: &[Check]) -> TaskRun {
    let report = reports::worst(reports, &task.id);
    let said = report.map_or(Outcome::NotStarted, |report| report.result);
    let is_reader = task.role == Role::Discovery;
    let words = if is_reader && said == Outcome::Done {
        Some("its report")
    } else if run.verdict.as_deref().is_some_and(|verdict| verdict.starts_with("PROCEED")) {
        Some("the reviewer")
    } else if !needs_review(wanted, run) && said == Outcome::Done {
        // Nobody but its author looks at it: the person agreed to that with the express path.
        Some("its author")
    } else {
        None
    };
    let (proof, missing) = evidence::weigh(task, checks, words);
    let has_commands = !checks.is_empty();
    let result = match said {
        Outcome::Dropped => Outcome::Dropped,
        Outcome::Failed | Outcome::Partial if !missing.is_empty() || !has_commands => said,
        // Commands that pass are more than a word that was not said.
        Outcome::NotStarted if missing.is_empty() && has_commands => Outcome::Done,
        Outcome::NotStarted if touched(wanted, run, task) => Outcome::Partial,
        Outcome::NotStarted => Outcome::NotStarted,
        _ if missing.is_empty() => Outcome::Done,
        _ => Outcome::Partial,
    };
    TaskRun {
        result,
        summary: report.map(|report| report.summary.clone()).unwrap_or_default(),
        missing,
        proof,
        files: report.map(|report| report.files.clone()).unwrap_or_default(),
        ..TaskRun::default()
    }
}

/// With what hooks saw of its agent since it was judged last.
fn seen(mut task: TaskRun, before: Option<&TaskRun>, signs: &[Sign], id: &str) -> TaskRun {
    let own: Vec<&Sign> = signs.iter().filter(|sign| sign.task == id).collect();
    let is_spiral = own.iter().any(|sign| sign.kind.is_spiral());
    task.spirals = before.map_or(0, |before| before.spirals) + u32::from(is_spiral);
    task.signs = own.iter().map(|sign| sign.what.clone()).collect();
    task
}

/// Whether a file of the task is changed.
fn touched(wanted: &Wanted<'_>, _run: &Run, task: &Task) -> bool {
    let globs: Vec<_> = task
        .files
        .iter()
        .filter_map(|glob| crate::glob::Glob::new(glob, crate::glob::Case::Sensitive).ok())
        .collect();
    changed(wanted.project, wanted.session).iter().any(|path| globs.iter().any(|glob| glob.matches(path)))
}

/// What differs from the last commit and from how it was when the session began.
fn changed(project: &Path, session: &crate::session::lease::Session) -> Vec<String> {
    let now = start::dirty(project).unwrap_or_default();
    now.into_iter()
        .filter(|(path, blob)| session.dirty.get(path) != Some(blob))
        .map(|(path, _)| path)
        .collect()
}

fn needs_review(wanted: &Wanted<'_>, run: &Run) -> bool {
    let is_looked_at = |role: &Role| match wanted.session.mode {
        Mode::Deep => !role.is_reader(),
        _ => matches!(role, Role::ImplCore | Role::ImplPolish | Role::Quality),
    };
    !wanted.agreed.express && run.roles.iter().any(is_looked_at)
}

/// Takes the reviewer's decision and what it cites right.
fn review(wanted: &Wanted<'_>, run: &mut Run, reports: &[Report]) {
    let Some(report) = reports.iter().rev().find(|report| report.verdict.is_some()) else { return };
    if run.status != Status::Review {
        return; // a review of an earlier attempt
    }
    run.verdict.clone_from(&report.verdict);
    run.findings = report.findings.iter().filter(|finding| holds(wanted.project, finding)).cloned().collect();
}

/// Whether a finding is worth keeping: sure enough, and what it quotes stands where it says.
fn holds(project: &Path, finding: &Value) -> bool {
    let confidence = finding.get("confidence").and_then(Value::as_u64).unwrap_or_default();
    let text = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default();
    if confidence < POSSIBLE || text("file").contains("..") {
        return false;
    }
    let Ok(content) = std::fs::read_to_string(project.join(text("file"))) else { return false };
    let line =
        finding.get("line").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok()).unwrap_or(1);
    let lines: Vec<&str> = content.lines().collect();
    let near = lines
        .get(line.saturating_sub(NEAR + 1)..(line + NEAR).min(lines.len()))
        .unwrap_or_default()
        .join("\n");
    let quotes: Vec<&str> = text("evidence").split('`').skip(1).step_by(2).collect();
    line <= lines.len().max(1)
        && (quotes.is_empty() || quotes.iter().any(|quote| plain(&near).contains(&plain(quote))))
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Findings that a reviewer is sure of.
fn sure(run: &Run) -> Vec<String> {
    let is_sure =
        |finding: &&Value| finding.get("confidence").and_then(Value::as_u64).is_some_and(|sure| sure >= SURE);
    run.findings.iter().filter(is_sure).map(brief::line).collect()
}

fn step(wanted: &Wanted<'_>, run: &mut Run, gate: Option<&GateResult>, accepts_red: bool) -> Finish {
    let mut why: Vec<String> = Vec::new();
    if let Some(gate) = gate.filter(|gate| gate.result == Verdict::Red && !accepts_red) {
        why.extend(gate.reasons.iter().map(|reason| format!("gate: {reason}")));
    }
    let waits = needs_review(wanted, run) && run.verdict.is_none();
    let is_open = |task: &TaskRun| !matches!(task.result, Outcome::Done | Outcome::Dropped);
    // Words wait for the reviewer; commands and missing reports do not.
    let only_words =
        |task: &TaskRun| task.missing.iter().all(|missing| missing.ends_with("nobody has confirmed it"));
    let (mut left, mut circles): (Vec<String>, Vec<String>) = Default::default();
    for (id, task) in run.tasks.iter().filter(|(_, task)| is_open(task)) {
        if waits && only_words(task) && task.result != Outcome::NotStarted {
            continue;
        }
        left.push(id.clone());
        why.extend(task.missing.iter().map(|missing| format!("{id}: {missing}")));
        if task.missing.is_empty() || task.result == Outcome::NotStarted {
            why.push(format!("{id}: {}", task.result.word()));
        }
        why.extend(task.signs.iter().map(|sign| format!("{id}: {sign}")));
        if task.spirals >= SPIRALS {
            circles.push(format!("{id}: its agents went round in circles {} times", task.spirals));
        } else if task.spirals > 0 && !task.signs.is_empty() {
            why.push(format!("{id}: `so undo {id}` takes its files back to before the wave; send it narrower, with what was tried"));
        }
    }
    if !circles.is_empty() {
        circles.extend(why);
        return stop(run, circles);
    }
    match run.verdict.as_deref() {
        Some("FIX_REQUIRED") => why.extend(sure(run).into_iter().map(|finding| format!("review: {finding}"))),
        Some("BLOCKED") => return stop(run, vec!["the reviewer is blocked".to_owned()]),
        _ => {}
    }
    let is_sent_back = !why.is_empty() || run.verdict.as_deref() == Some("FIX_REQUIRED");
    if is_sent_back {
        run.attempts += 1;
        run.verdict = None;
        if run.attempts >= ATTEMPTS {
            why.insert(0, format!("it was sent back {} times", run.attempts));
            return stop(run, why);
        }
        run.status = Status::Fix;
        return Finish::Fix { tasks: left, why };
    }
    if waits {
        run.status = Status::Review;
        return Finish::Review;
    }
    run.status = Status::Done;
    run.finished = Some(wanted.at);
    let after = wanted.agreed.waves.iter().map(|wave| wave.number).find(|number| *number > run.number);
    Finish::Proceed { wave: after }
}

fn stop(run: &mut Run, why: Vec<String>) -> Finish {
    run.status = Status::Stopped;
    Finish::Stop { why }
}

/// Writes down how it ended: first the journal, which says what happened; what follows from it can be written again.
fn keep(wanted: &Wanted<'_>, run: &Run, step: &Finish) -> anyhow::Result<()> {
    let project = wanted.project;
    Waves::update(project, |waves| {
        if let Some(last) = waves.waves.last_mut().filter(|last| last.number == run.number) {
            *last = run.clone();
        }
        Ok(())
    })?;
    match step {
        Finish::Proceed { .. } => {
            for file in [scope::FILE, scope::BRIEFS] {
                let _ = std::fs::remove_file(project.join(file));
            }
            history(wanted, run)?;
        }
        Finish::Review => ask_reviewer(wanted, run)?,
        Finish::Fix { .. } => super::open::write(wanted, run)?,
        Finish::Wait { .. } | Finish::Stop { .. } => {}
    }
    let fields = json!({"session": wanted.session.id, "wave": run.number, "step": step, "gate": run.gate,
        "attempts": run.attempts, "seconds": wanted.at.saturating_sub(run.started) / 1000,
        "tasks": run.tasks.iter().map(|(id, task)| (id.clone(), task.result)).collect::<BTreeMap<_, _>>()});
    let is_through = matches!(step, Finish::Proceed { .. });
    let event = if is_through { "orchestrator.wave.finished" } else { "orchestrator.wave.judged" };
    let _ = records::event(project, wanted.now, event, &fields);
    Ok(())
}

fn ask_reviewer(wanted: &Wanted<'_>, run: &Run) -> anyhow::Result<()> {
    let changed = changed(wanted.project, wanted.session);
    let briefs = BTreeMap::from([(REVIEW, brief::of_review(&wanted.agreed.plan, run, &changed))]);
    let scope = json!({"schema": 1, "wave": run.number, "role": "Review", "enforcement": wanted.enforcement.word(),
        "tasks": {REVIEW: []}, "report": [REPORTS]});
    fs::atomic_write(&wanted.project.join(scope::BRIEFS), &serde_json::to_vec(&briefs)?, false)?;
    fs::atomic_write(&wanted.project.join(scope::FILE), scope.to_string().as_bytes(), false)
}

fn history(wanted: &Wanted<'_>, run: &Run) -> anyhow::Result<()> {
    let head = format!("### Wave {} — {}", run.number, run.role());
    state::update(wanted.project, |state| {
        let old = state.section("Wave History").unwrap_or_default().trim().to_owned();
        if old.contains(&head) {
            return Ok(());
        }
        let gate = run.gate.map(|gate| format!(" (gate {})", gate.word())).unwrap_or_default();
        let tasks: String = run
            .tasks
            .iter()
            .map(|(id, task)| format!("\n- {id}: {} — {}", task.result.word(), one_line(&task.summary)))
            .collect();
        state.set_section("Wave History", format!("{old}\n\n{head}{gate}\n{tasks}").trim());
        state.set_section("Current Wave", "No wave is open.");
        state.set("updated", wanted.now);
        Ok(())
    })
}

/// Text of agents in one line, so that it makes no heading.
fn one_line(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
