//! What agents say of their tasks: collected by hooks when a subagent ends, or handed over.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::Value;

use super::{Learned, Outcome};
use crate::store::Store;

/// Where the hooks keep them, in the memory of the project.
const RECORDS: &str = "agents.jsonl";

/// What is handed over.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    /// One an agent.
    pub reports: Vec<Report>,
}

/// One report; fields of an agent's own are left out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The task.
    pub task: String,
    /// What became of it.
    pub result: Outcome,
    /// A reviewer's decision.
    pub verdict: Option<String>,
    /// In short.
    pub summary: String,
    /// What was changed or read.
    pub files: Vec<String>,
    /// Faults.
    pub findings: Vec<Value>,
    /// For the person.
    pub questions: Vec<String>,
    /// What would have saved time.
    pub learnings: Vec<String>,
}

/// Reads what is handed over.
///
/// # Errors
/// It is no such object, or names no task; the fields that nobody knows are named.
pub fn read(text: &str) -> anyhow::Result<Vec<Report>> {
    let given: Reports = serde_json::from_str(text).context(
        "the reports cannot be understood; they are `{\"reports\": [{\"task\": …, \"result\": …}]}`",
    )?;
    if let Some(at) = given.reports.iter().position(|report| report.task.is_empty()) {
        bail!("report {} names no `task`", at + 1);
    }
    Ok(given.reports)
}

/// What hooks have collected of `project` since `started`, in milliseconds since 1970.
pub(super) fn collected(state: Option<&Path>, project: &Path, started: u64) -> Vec<Report> {
    let Some(state) = state else { return Vec::new() };
    let lines = Store::of(state, project).lines(RECORDS);
    let is_late = |line: &&Value| line.get("at").and_then(Value::as_u64).is_some_and(|at| at >= started);
    let report = |line: &Value| serde_json::from_value::<Report>(line.get("report")?.clone()).ok();
    lines.iter().filter(is_late).filter_map(report).collect()
}

/// So much of what agents would have liked to know is kept of one wave.
const LEARNED: usize = 40;

/// What they say would have saved time, each sentence once, behind what is `known` already.
pub(super) fn learned(reports: &[Report], known: &mut Vec<Learned>) {
    for report in reports {
        for text in report.learnings.iter().filter(|text| !text.trim().is_empty()) {
            if known.len() < LEARNED && known.iter().all(|one| one.text != *text) {
                let (task, files) = (report.task.clone(), report.files.clone());
                known.push(Learned { task, text: text.clone(), files });
            }
        }
    }
}

/// The worst report of a task: evidence is looked for where an agent doubts.
pub(super) fn worst<'r>(reports: &'r [Report], task: &str) -> Option<&'r Report> {
    reports.iter().filter(|report| report.task == task).max_by_key(|report| report.result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts_and_strange_fields_of_the_whole_are_refused() {
        let reports =
            read(r#"{"reports": [{"task": "T1", "result": "done"}, {"task": "T1", "result": "failed"}]}"#)
                .unwrap();
        assert_eq!(worst(&reports, "T1").unwrap().result, Outcome::Failed);
        for (text, named) in [
            (r#"{"report": []}"#, "report"),
            (r#"{"reports": [{"result": "done"}]}"#, "report 1 names no `task`"),
            (r#"{"reports": [{"task": "T", "result": "fine"}]}"#, "fine"),
            ("", "cannot be understood"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
