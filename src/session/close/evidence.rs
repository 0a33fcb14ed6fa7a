//! What became of each task, and what shows it.

use serde::{Deserialize, Serialize};

use super::Wanted;
use crate::session::gate::{Check, Status};
use crate::session::plan::{Acceptance, Priority, Task};
use crate::session::wave::{Outcome, Waves};

/// One task and what shows what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The task.
    pub task: String,
    /// What it was.
    pub title: String,
    /// What became of it.
    pub result: Outcome,
    /// What holds.
    pub proof: Vec<String>,
    /// What does not.
    pub missing: Vec<String>,
    /// Somebody has to go on with it.
    pub carried: bool,
    /// What had to be so, and how it ended: the exit of a command, `-` for words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<(String, String)>,
    /// What the reviewer of its wave said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reviewer: String,
}

/// What became of a task: commands are run again (without `checks`: were not run now), words count as the waves or the report left them.
pub(super) fn of(wanted: &Wanted<'_>, waves: &Waves, task: &Task, checks: &[Check]) -> Evidence {
    let run = waves.task(&task.id);
    let said = wanted.report.tasks.get(&task.id).copied();
    let was_done = run.is_some_and(|run| run.result == Outcome::Done);
    let is_express = wanted.agreed.is_some_and(|agreed| agreed.express);
    let (mut proof, mut missing, mut accepted) = (Vec::new(), Vec::new(), Vec::new());
    for check in checks {
        let holds = matches!(check.status, Status::Pass | Status::Stub);
        let line = format!("`{}`: {}", check.command, check.status.word());
        if holds { &mut proof } else { &mut missing }.push(line);
        accepted.push((check.command.clone(), exit(check)));
    }
    if checks.is_empty() {
        for command in task.commands() {
            let line =
                format!("`{command}`: {}", if was_done { "proven in its wave" } else { "not run yet" });
            if was_done { &mut proof } else { &mut missing }.push(line);
            accepted.push((command.to_owned(), if was_done { "0" } else { "not run" }.to_owned()));
        }
    }
    for one in &task.acceptance {
        let Acceptance::Text(text) = one else { continue };
        let by = if was_done { "confirmed in its wave" } else { "its author" };
        if was_done || is_express && said == Some(Outcome::Done) {
            proof.push(format!("{text}: {by}"));
        } else {
            missing.push(format!("{text}: nobody has confirmed it"));
        }
        accepted.push((text.clone(), "-".to_owned()));
    }
    let result = match said {
        Some(Outcome::Dropped) => Outcome::Dropped,
        Some(worse) if worse != Outcome::Done => worse,
        _ if missing.is_empty() => Outcome::Done,
        _ if proof.is_empty() && run.is_none_or(|run| run.result == Outcome::NotStarted) => {
            Outcome::NotStarted
        }
        _ => Outcome::Partial,
    };
    let is_kept = result == Outcome::Dropped && matches!(task.priority, Priority::Critical | Priority::High);
    let carried = !matches!(result, Outcome::Done | Outcome::Dropped) || is_kept;
    let (id, title) = (task.id.clone(), task.title.clone());
    let reviewer = waves.verdict(&task.id).unwrap_or_default().to_owned();
    Evidence { task: id, title, result, proof, missing, carried, accepted, reviewer }
}

/// How a command ended, as its exit where it has one.
fn exit(check: &Check) -> String {
    let code = check.findings.iter().find_map(|finding| finding.strip_prefix("it ended with "));
    match (check.status, code) {
        (Status::Pass | Status::Stub, _) => "0".to_owned(),
        (_, Some(code)) => code.to_owned(),
        (status, None) => status.word().to_owned(),
    }
}
