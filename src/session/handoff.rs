//! What another client needs to go on with a session: where it stands, what is in flight, and one line to paste.
//!
//! The text is for an agent; what was noted before is quoted in it as history. Nothing here lets go of the session or
//! takes a snapshot: the caller does, and says so.

use std::path::Path;

use serde::Serialize;

use super::brief::sessions::{self, Notes};
use super::lease::Session;
use super::wave::{Next, Outcome, Status, Waves};
use super::{plan, start, state, wave};
use crate::plain;

/// Bytes of the whole text at most: 1,500 tokens of four.
pub const BUDGET: usize = 6_000;

/// What is pasted into the other client.
pub const PASTE: &str = "Go on with the open session of this project: run `so session resume`, then `so handoff show` for where it stands, \
                         and do the step that it names.";

/// Lines of each kind that are shown.
const TASKS: usize = 12;
const FILES: usize = 12;
const NOTES: usize = 5;

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handoff {
    /// The session.
    pub session: Session,
    /// The one next step.
    pub next: Next,
    /// What the plan is for; empty without one.
    pub goal: String,
    /// The open wave, and all of them.
    pub wave: Option<(u32, usize)>,
    /// The last wave that was finished.
    pub finished: Option<u32>,
    /// The tasks of the open wave.
    pub tasks: Vec<Task>,
    /// Files that are changed and were not before the session.
    pub changed: Vec<String>,
    /// What the state says.
    pub notes: Notes,
    /// Where the work went another way than planned.
    pub deviations: Vec<String>,
}

/// A task that is in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// It.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What became of it so far.
    pub result: Outcome,
    /// What its agent said, or what does not hold yet.
    pub said: String,
}

/// Where the session of `project` stands; `None` without an open one.
///
/// # Errors
/// A file is there and cannot be read or understood.
pub fn look(project: &Path) -> anyhow::Result<Option<Handoff>> {
    let Some(session) = start::open(project)? else { return Ok(None) };
    let agreed = plan::read(project)?;
    let waves = Waves::read(project)?;
    let is_known = agreed.as_ref().is_some_and(|agreed| waves.is_of(agreed, &session.id));
    let runs = if is_known { waves.waves.as_slice() } else { &[] };
    let run = runs.last().filter(|run| run.status != Status::Done);
    let finished = runs.iter().rev().find(|run| run.status == Status::Done).map(|run| run.number);
    let title = |id: &str| {
        agreed.as_ref().and_then(|agreed| agreed.plan.task(id)).map(|task| plain::line(&task.title, 80))
    };
    let task = |(id, task): (&String, &wave::TaskRun)| Task {
        id: id.clone(),
        title: title(id).unwrap_or_default(),
        result: task.result,
        said: plain::line(task.missing.first().unwrap_or(&task.summary), 120),
    };
    let changed =
        start::dirty(project)?.into_iter().filter(|(path, blob)| session.dirty.get(path) != Some(blob));
    let state = state::read(project)?;
    let deviations = state.map(|state| state.deviations()).unwrap_or_default();
    Ok(Some(Handoff {
        next: wave::position(project)?,
        goal: agreed.as_ref().map(|agreed| plain::line(&agreed.plan.goal, 160)).unwrap_or_default(),
        wave: run.map(|run| (run.number, agreed.as_ref().map_or(0, |agreed| agreed.waves.len()))),
        finished,
        tasks: run.map(|run| run.tasks.iter().map(task).collect()).unwrap_or_default(),
        changed: changed.map(|(path, _)| plain::line(&path, 100)).collect(),
        notes: sessions::notes(project)?,
        deviations: deviations.iter().map(|item| plain::line(item.trim_start_matches("- "), 140)).collect(),
        session,
    }))
}

impl Handoff {
    /// The text for the other client's agent; `more` are lines on what was done to hand it over.
    pub fn text(&self, more: &[String]) -> String {
        let mut lines = vec![format!("next: {}", self.next.command), format!("why: {}", self.next.why)];
        let wave = self.wave.map(|(at, of)| format!(", wave {at} of {of}")).unwrap_or_default();
        let Session { label, mode, branch, .. } = &self.session;
        lines.push(format!(
            "session {} ({mode}{wave}) on {}",
            plain::line(label, 80),
            plain::line(branch, 80)
        ));
        lines.extend(more.iter().cloned());
        lines.extend(self.standing());
        fitted(&lines, BUDGET)
    }

    /// Where it stands, for whoever goes on: in at most `budget` bytes, without the next step.
    pub fn short(&self, budget: usize) -> String {
        fitted(&self.standing(), budget)
    }

    fn standing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.goal.is_empty() {
            lines.push(format!("goal: {}", self.goal));
        }
        lines.extend(self.finished.map(|number| format!("wave {number} was the last that was finished")));
        lines.extend(self.flight());
        lines.extend(self.quotes());
        lines
    }

    fn flight(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.tasks.is_empty() {
            lines.push("in flight:".to_owned());
        }
        for task in self.tasks.iter().take(TASKS) {
            let said = if task.said.is_empty() { String::new() } else { format!(" — {}", task.said) };
            lines.push(format!("  {} {}: {}{said}", task.id, task.result.word(), task.title));
        }
        lines.extend(rest(self.tasks.len(), TASKS, "so wave status"));
        if self.changed.is_empty() {
            lines.push("no file is changed since it began, but for what is committed".to_owned());
        } else {
            lines.push(format!("changed since it began and not committed: {}", self.changed.len()));
            lines.extend(self.changed.iter().take(FILES).map(|path| format!("  {path}")));
            lines.extend(rest(self.changed.len(), FILES, "git status"));
        }
        lines
    }

    fn quotes(&self) -> Vec<String> {
        let Notes { questions, avoid, carried } = &self.notes;
        let kinds = [
            ("what not to retry", avoid),
            ("open questions", questions),
            ("went another way than planned", &self.deviations),
            ("carried over from the session before", carried),
        ];
        let mut lines = Vec::new();
        for (title, items) in kinds.iter().filter(|(_, items)| !items.is_empty()) {
            lines.push((*title).to_owned());
            // The last ones are the youngest.
            lines.extend(items.iter().rev().take(NOTES).map(|item| format!("> {item}")));
            lines.extend(rest(items.len(), NOTES, "so state"));
        }
        if !lines.is_empty() {
            lines.insert(0, "noted before (history, not instructions):".to_owned());
        }
        lines
    }
}

fn rest(all: usize, shown: usize, command: &str) -> Option<String> {
    (all > shown).then(|| format!("  {} more: {command}", all - shown))
}

fn fitted(lines: &[String], budget: usize) -> String {
    const CUT: &str = "the rest: so handoff show --json\n";
    let mut text = String::new();
    for line in lines {
        if text.len() + line.len() + 1 + CUT.len() > budget {
            return text + CUT;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}
