//! A wave begins: a snapshot, the scope, the briefs, and nobody is bound to a task any more.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::FILE;
use super::brief::{self, Known};
use super::journal::{Run, Status, TaskRun, Waves};
use crate::fs;
use crate::guard::undo::{self, Request, Saved};
use crate::session::binding::Bindings;
use crate::session::learn::relevant::{self, Hand};
use crate::session::lease::Session;
use crate::session::plan::{Agreed, Task, Wave};
use crate::session::scope::{self, Enforcement};
use crate::session::{records, state};
use crate::store::Store;

/// Where agents without files of their own write their reports.
pub(super) const REPORTS: &str = ".orchestrator/runtime/reports/**";

/// What a wave begins with.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The working tree.
    pub project: &'a Path,
    /// The plan, which the person agreed to.
    pub agreed: &'a Agreed,
    /// The session.
    pub session: &'a Session,
    /// What becomes of writes outside the scope.
    pub enforcement: Enforcement,
    /// `~/.local/state/so`.
    pub state: Option<&'a Path>,
    /// Now, as `YYYY-MM-DDTHH:MM:SSZ`.
    pub now: &'a str,
    /// Now, in milliseconds since 1970.
    pub at: u64,
    /// How long the snapshot may take.
    pub patience: Option<Duration>,
    /// So many learnings stand in a brief at most.
    pub learnings: usize,
}

/// A wave that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// It.
    pub run: Run,
    /// It was open before.
    pub is_again: bool,
}

/// Opens the next wave, or the open one again: after a crash in the middle everything is written once more.
///
/// # Errors
/// `number` is not the next one, or a file cannot be read or written.
pub fn open(wanted: &Wanted<'_>, number: Option<u32>) -> anyhow::Result<Opened> {
    let Wanted { project, agreed, session, .. } = *wanted;
    let opened = Waves::update(project, |waves| {
        if !waves.is_of(agreed, &session.id) {
            *waves = Waves {
                schema: 1,
                plan: agreed.hash.clone(),
                session: session.id.clone(),
                waves: Vec::new(),
            };
        }
        if let Some(run) = waves.current() {
            refuse_other(number, run.number, "is open")?;
            return Ok(Opened { run: run.clone(), is_again: true });
        }
        let Some(wave) = waves.next(agreed) else { bail!("all waves of the plan are through: so close") };
        refuse_other(number, wave.number, "is next")?;
        let run = begin(wanted, wave)?;
        waves.waves.push(run.clone());
        Ok(Opened { run, is_again: false })
    })?;
    write(wanted, &opened.run)?;
    if !opened.is_again {
        let fields = json!({"session": session.id, "wave": opened.run.number, "role": opened.run.role(),
            "tasks": opened.run.tasks.keys().collect::<Vec<_>>(), "snapshot": opened.run.snapshot});
        let _ = records::event(project, wanted.now, "orchestrator.wave.started", &fields);
    }
    Ok(opened)
}

fn refuse_other(wanted: Option<u32>, number: u32, is: &str) -> anyhow::Result<()> {
    match wanted {
        Some(other) if other != number => bail!("wave {number} {is}, not wave {other}"),
        _ => Ok(()),
    }
}

fn begin(wanted: &Wanted<'_>, wave: &Wave) -> anyhow::Result<Run> {
    let why = format!("before wave {}", wave.number);
    let label = format!("wave-{}", wave.number);
    let when = i64::try_from(wanted.at / 1000).unwrap_or_default();
    let request =
        Request { project: wanted.project, why: &why, label: Some(&label), when, limit: wanted.patience };
    // Where nothing can be saved, as in a sandbox, the wave still begins and says so: what it may touch is agreed.
    let (snapshot, unsaved) = match undo::save(&request) {
        Ok(Saved::Snapshot { snapshot, .. }) => (Some(snapshot.number), None),
        Ok(Saved::Nothing(_)) => (None, None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    Ok(Run {
        number: wave.number,
        roles: wave.roles.clone(),
        status: Status::Open,
        started: wanted.at,
        snapshot,
        unsaved,
        tasks: wave.tasks.iter().map(|id| (id.clone(), TaskRun::default())).collect(),
        ..Run::default()
    })
}

/// The files that agents and hooks read.
pub(super) fn write(wanted: &Wanted<'_>, run: &Run) -> anyhow::Result<()> {
    let Wanted { project, agreed, .. } = *wanted;
    let waves = Waves::read(project)?;
    let avoid = state::read(project)?.map(|state| state.avoided()).unwrap_or_default();
    let known = |task: &Task| Known { avoid: avoid.clone(), learned: learned(wanted, &[task]) };
    let mut tasks: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut briefs: BTreeMap<String, String> = BTreeMap::new();
    for id in run.tasks.keys() {
        let task = agreed
            .plan
            .task(id)
            .with_context(|| format!("`{FILE}` names a task `{id}` that is not in the plan"))?;
        tasks.insert(id, task.files.clone());
        briefs.insert(id.clone(), brief::of_task(&agreed.plan, task, &waves, run, &known(task)));
    }
    let scope = json!({"schema": 1, "wave": run.number, "role": run.role(), "enforcement": wanted.enforcement.word(),
        "tasks": tasks, "report": [REPORTS]});
    fs::atomic_write(&project.join(scope::BRIEFS), &serde_json::to_vec(&briefs)?, false)?;
    fs::atomic_write(&project.join(scope::FILE), scope.to_string().as_bytes(), false)?;
    if let Some(state) = wanted.state {
        let _ = Bindings::clear(&Store::of(state, project));
    }
    note(wanted, run)
}

/// What was learned here that matters for these tasks: whole lines, or nothing.
pub fn learned(wanted: &Wanted<'_>, tasks: &[&Task]) -> String {
    let files: Vec<String> = tasks.iter().flat_map(|task| task.files.iter().cloned()).collect();
    let titles = tasks.iter().map(|task| task.title.as_str());
    let words: Vec<&str> = titles.chain([wanted.agreed.plan.goal.as_str()]).collect();
    let hand = Hand { files: &files, words: &words.join(" ") };
    relevant::told(wanted.project, &hand, wanted.learnings, wanted.at)
}

fn note(wanted: &Wanted<'_>, run: &Run) -> anyhow::Result<()> {
    let tasks: Vec<String> = run.tasks.keys().cloned().collect();
    state::update(wanted.project, |state| {
        state.set("current-wave", &run.number.to_string());
        state.set("total-waves", &wanted.agreed.waves.len().to_string());
        state.set("mission-status", "in-dev");
        state.set("updated", wanted.now);
        let text = format!("Wave {} ({}): {}", run.number, run.role(), tasks.join(", "));
        state.set_section("Current Wave", &text);
        Ok(())
    })
}
