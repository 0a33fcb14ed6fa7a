//! What shows that a task is done: its commands, run by the same runner as the gates.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::session::gate::{self, Check, Configured, Progress, Status, Variant};
use crate::session::plan::{Acceptance, Task};

/// How long one command of an acceptance may take.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// The commands that prove tasks, by task: all are run, within `patience`; `Err` names what is still running.
///
/// # Errors
/// The runner cannot be started or has died too often.
pub fn proofs(
    project: &Path,
    tasks: &[&Task],
    patience: Duration,
) -> anyhow::Result<Result<BTreeMap<String, Vec<Check>>, String>> {
    let commands =
        tasks.iter().flat_map(|task| task.commands().map(|command| (task.id.clone(), command.to_owned())));
    let wanted: Vec<Configured> = commands
        .map(|(task, command)| Configured {
            name: task,
            command: Some(command),
            is_skipped: false,
            limit: LIMIT,
            origin: "the plan".to_owned(),
        })
        .collect();
    if wanted.is_empty() {
        return Ok(Ok(BTreeMap::new()));
    }
    let ticket = gate::start(project, Variant::Acceptance, &wanted, &[])?;
    Ok(match gate::wait(&ticket, patience)? {
        Progress::Running(what, seconds) => Err(format!("the acceptance of {what}, for {seconds} s")),
        Progress::Done(result) => {
            let mut by_task: BTreeMap<String, Vec<Check>> = BTreeMap::new();
            for check in result.checks {
                by_task.entry(check.name.clone()).or_default().push(check);
            }
            Ok(by_task)
        }
    })
}

/// What of a task's acceptance is proven and what is not. Words are proven by a reviewer or by a reader's report.
pub(super) fn weigh(task: &Task, checks: &[Check], words: Option<&str>) -> (Vec<String>, Vec<String>) {
    let (mut proof, mut missing) = (Vec::new(), Vec::new());
    for check in checks {
        let said = format!("`{}`: {}", check.command, check.status.word());
        // A command that cannot fail proves nothing, but the person agreed to it.
        let holds = matches!(check.status, Status::Pass | Status::Stub);
        if holds { &mut proof } else { &mut missing }.push(said);
        if !holds {
            missing.extend(check.findings.iter().map(|finding| format!("  {finding}")));
        }
    }
    for one in &task.acceptance {
        if let Acceptance::Text(text) = one {
            match words {
                Some(by) => proof.push(format!("{text}: {by}")),
                None => missing.push(format!("{text}: nobody has confirmed it")),
            }
        }
    }
    (proof, missing)
}
