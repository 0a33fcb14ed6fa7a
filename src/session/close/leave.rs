//! What stays of a session: its record, and STATE.md for whoever comes next.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Closed, FILE, Wanted, apart, keep};
use crate::clock;
use crate::session::gate::Verdict;
use crate::session::learn::offer::{self, Sentence};
use crate::session::wave::{self, Outcome, Waves};
use crate::session::{records, scope, start, state};

/// What a record says of one wave.
fn of_wave(run: &wave::Run) -> Value {
    let seconds = run.finished.map(|finished| finished.saturating_sub(run.started) / 1000);
    let files: BTreeSet<&String> = run.tasks.values().flat_map(|task| &task.files).collect();
    json!({"wave": run.number, "role": run.role(), "agent_count": run.tasks.len(), "files_changed": files.len(),
        "quality": run.gate, "sent_back": run.attempts, "findings": run.findings.len(), "seconds": seconds})
}

/// One line about the session, once.
pub(super) fn record(wanted: &Wanted<'_>, closed: &mut Closed) -> anyhow::Result<()> {
    let session = wanted.session;
    if wanted.keeps_records && !closed.recorded && !records::is_noted(wanted.project, &session.id) {
        let count = |result: Outcome| closed.tasks.iter().filter(|task| task.result == result).count();
        let runs = Waves::read(wanted.project)?.waves;
        propose(wanted, &runs)?;
        let waves: Vec<Value> = runs.iter().map(of_wave).collect();
        let agents: usize = runs.iter().map(|run| run.tasks.len()).sum();
        let spirals: u32 = runs.iter().flat_map(|run| run.tasks.values()).map(|task| task.spirals).sum();
        let seconds = clock::ms_of(wanted.now).saturating_sub(clock::ms_of(&session.started_at)) / 1000;
        let line = json!({"session_id": session.id, "label": session.label, "session_type": session.mode, "status": "completed",
            "started_at": session.started_at, "completed_at": wanted.now, "duration_seconds": seconds,
            "branch": closed.branch, "platform": session.holder.platform, "total_waves": waves.len(), "waves": waves,
            "agent_summary": {"complete": count(Outcome::Done), "partial": count(Outcome::Partial),
                "failed": count(Outcome::Failed), "spiral": spirals},
            "total_agents": agents, "total_files_changed": closed.files.own().len(),
            "issues_created": closed.carryover.values().collect::<Vec<_>>(), "notes": wanted.report.narrative,
            "commits": closed.commits, "unplanned": closed.files.unplanned.len(), "gate": closed.gate,
            "tasks": {"planned": closed.tasks.len(), "done": count(Outcome::Done), "partial": count(Outcome::Partial),
                "failed": count(Outcome::Failed), "not-started": count(Outcome::NotStarted), "dropped": count(Outcome::Dropped)},
            "results": closed.tasks.iter().map(|task| (task.task.clone(), task.result)).collect::<BTreeMap<_, _>>(),
            "carried": closed.tasks.iter().filter(|task| task.carried).map(|task| task.title.clone()).collect::<Vec<_>>(),
            "proposed_learnings": wanted.report.learnings});
        records::session(wanted.project, &line)?;
        records::sync(wanted.project)?;
    }
    closed.recorded = true;
    keep(wanted, closed)
}

/// What the session says would have saved time waits for the person from now on; proposed twice it waits once.
fn propose(wanted: &Wanted<'_>, runs: &[wave::Run]) -> anyhow::Result<()> {
    let own = wanted.report.learnings.iter().map(|text| Sentence { text, files: &[], by: "" });
    let of_tasks = runs.iter().flat_map(|run| &run.learnings);
    let of_tasks = of_tasks.map(|one| Sentence { text: &one.text, files: &one.files, by: &one.task });
    let all: Vec<Sentence<'_>> = own.chain(of_tasks).collect();
    offer::offer(wanted.project, &all, &wanted.session.id, wanted.now).map(|_| ())
}

/// STATE.md, the scope and the lease; the journal goes last.
pub(super) fn leave(wanted: &Wanted<'_>, closed: &Closed) -> anyhow::Result<()> {
    let project = wanted.project;
    let carried: Vec<String> = closed
        .tasks
        .iter()
        .filter(|task| task.carried)
        .map(|task| {
            let note = wanted
                .report
                .notes
                .get(&task.task)
                .map(|note| format!(" — {}", one_line(note)))
                .unwrap_or_default();
            let issue =
                closed.carryover.get(&task.task).map(|issue| format!(", #{issue}")).unwrap_or_default();
            format!("- {} ({}{issue}){note}", one_line(&task.title), task.result.word())
        })
        .collect();
    state::update(project, |state| {
        state.set("mission-status", if carried.is_empty() { "completed" } else { "in-dev" });
        state.set("recommendations", &recommended(closed));
        state.set_section("Carryover", &carried.join("\n"));
        Ok(())
    })?;
    for file in [scope::FILE, scope::BRIEFS] {
        let _ = std::fs::remove_file(project.join(file));
    }
    apart::remove(project);
    start::end(project, "completed", "", wanted.now)?;
    std::fs::remove_file(project.join(FILE))?;
    Ok(())
}

/// What the next session should look at first, as a list for the head of STATE.md.
fn recommended(closed: &Closed) -> String {
    const MOST: usize = 3;
    let carried = closed.tasks.iter().filter(|task| task.carried);
    let carried = carried.map(|task| format!("{} ({})", one_line(&task.title), task.result.word()));
    let debt = closed.gate.filter(|gate| *gate != Verdict::Green);
    let debt = debt.map(|gate| format!("mend what the gate names: it was {}", gate.word()));
    Value::from(carried.chain(debt).take(MOST).collect::<Vec<_>>()).to_string()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
