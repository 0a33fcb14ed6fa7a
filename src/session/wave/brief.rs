//! What an agent is told when it starts a task: everything it needs and nothing else.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Run, TaskRun, Waves};
use crate::session::plan::{Acceptance, Plan, Task};

/// Findings of earlier waves that a brief holds at most.
const FINDINGS: usize = 12;
/// Characters of one of them.
const FINDING: usize = 300;

/// What is known of a project from before this session.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// What failed before.
    pub(super) avoid: Vec<String>,
    /// What was learned, for this task; empty or whole lines.
    pub(super) learned: String,
}

/// The brief of a task.
pub(super) fn of_task(plan: &Plan, task: &Task, waves: &Waves, run: &Run, known: &Known) -> String {
    let mut text = format!("{}\ngoal of the session: {}\n", task.title, plan.goal);
    text.push_str("\nIt is done when\n");
    for one in &task.acceptance {
        let _ = match one {
            Acceptance::Text(words) => writeln!(text, "- {words}"),
            Acceptance::Run(command) => writeln!(text, "- `{command}` succeeds"),
        };
    }
    let others: Vec<&str> = run.tasks.keys().map(String::as_str).filter(|id| *id != task.id).collect();
    if !others.is_empty() && !run.is_reader() {
        let _ = writeln!(text, "\nOther agents work on {} now: leave their files alone.", others.join(", "));
    }
    if let Some(before) = run.tasks.get(&task.id).filter(|before| !before.missing.is_empty()) {
        let _ = writeln!(text, "\nIt was not done yet:\n- {}", before.missing.join("\n- "));
    }
    findings(
        &mut text,
        "What earlier waves found",
        waves.waves.iter().flat_map(|run| &run.findings),
        &task.id,
    );
    discovered(&mut text, waves);
    if !known.avoid.is_empty() {
        let _ = writeln!(
            text,
            "\nThis failed before in this project; do not try it again:\n{}",
            known.avoid.join("\n")
        );
    }
    if !known.learned.is_empty() {
        let _ = write!(text, "\n{}", known.learned);
    }
    let _ = write!(text, "\n{}", END.replace("TASK", &task.id));
    text
}

/// How every agent ends.
const END: &str = "\
Commit nothing: the session does. End with your report, one fenced JSON block and nothing behind it:
```json
{\"task\": \"TASK\", \"result\": \"done|partial|failed|not-started|dropped\", \"summary\": \"\", \"files\": [], \"findings\": [], \"questions\": [], \"learnings\": []}
```
";

/// What the discovery of this session reported.
fn discovered(text: &mut String, waves: &Waves) {
    let readers = waves.waves.iter().filter(|run| run.is_reader()).flat_map(|run| &run.tasks);
    let said: Vec<String> = readers
        .filter(|(_, task)| !task.summary.is_empty())
        .map(|(id, task)| format!("- {id}: {}", short(&task.summary)))
        .collect();
    if !said.is_empty() {
        let _ = writeln!(text, "\nWhat discovery found:\n{}", said.join("\n"));
    }
}

fn findings<'f>(text: &mut String, title: &str, all: impl Iterator<Item = &'f Value>, _task: &str) {
    let lines: Vec<String> = all.map(line).collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}:");
    for line in lines.iter().take(FINDINGS) {
        let _ = writeln!(text, "- {line}");
    }
    if lines.len() > FINDINGS {
        let _ = writeln!(text, "- {} more: so wave status", lines.len() - FINDINGS);
    }
}

/// `high src/a.rs:12 claim → fix`.
pub(super) fn line(finding: &Value) -> String {
    let field = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default();
    let line = finding.get("line").and_then(Value::as_u64).unwrap_or_default();
    short(&format!("{} {}:{line} {} → {}", field("severity"), field("file"), field("claim"), field("fix")))
}

fn short(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(FINDING) {
        Some((at, _)) => format!("{}…", one_line.get(..at).unwrap_or_default()),
        None => one_line,
    }
}

/// The brief of the reviewer of a wave.
pub(super) fn of_review(plan: &Plan, run: &Run, changed: &[String]) -> String {
    let mut text =
        format!("Review wave {} ({})\ngoal of the session: {}\n", run.number, run.role(), plan.goal);
    for (id, task) in &run.tasks {
        let Some(planned) = plan.task(id) else { continue };
        let _ = writeln!(text, "\n{id} {}: {}", planned.title, task.result.word());
        for one in &planned.acceptance {
            let _ = match one {
                Acceptance::Text(words) => writeln!(text, "- {words}"),
                Acceptance::Run(command) => writeln!(text, "- `{command}`"),
            };
        }
        evidence(&mut text, task);
    }
    let shown = changed.iter().take(40).map(|path| format!("- {path}\n")).collect::<String>();
    let _ = write!(text, "\nChanged since the wave began ({}):\n{shown}", changed.len());
    text.push_str("\nQuote the line you cite: what is not found there is dropped. End with your report; its `task` is `review`.\n");
    text
}

fn evidence(text: &mut String, task: &TaskRun) {
    if !task.summary.is_empty() {
        let _ = writeln!(text, "its author says: {}", short(&task.summary));
    }
    for proof in &task.proof {
        let _ = writeln!(text, "proven: {proof}");
    }
    for missing in &task.missing {
        let _ = writeln!(text, "open: {missing}");
    }
}
