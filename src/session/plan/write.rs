//! A plan as YAML that people read: for plans that come as JSON or from another tool's task list.

use std::fmt::Write as _;

use super::{Acceptance, Mode, Plan, Priority, Task};

/// The text; reading it gives the same plan.
pub fn yaml(plan: &Plan) -> String {
    let mut text = format!("goal: {}\n", quoted(&plan.goal));
    if plan.mode != Mode::default() {
        let _ = writeln!(text, "mode: {}", plan.mode);
    }
    text.push_str("tasks:\n");
    for one in &plan.tasks {
        task(&mut text, one);
    }
    text
}

fn task(text: &mut String, task: &Task) {
    let _ = writeln!(text, "  - id: {}\n    title: {}", quoted(&task.id), quoted(&task.title));
    if let Some(issue) = task.issue {
        let _ = writeln!(text, "    issue: {issue}");
    }
    let _ = writeln!(text, "    role: {}", task.role.word().to_lowercase());
    if let Some(agent) = &task.agent {
        let _ = writeln!(text, "    agent: {}", quoted(agent));
    }
    if task.priority != Priority::default() {
        let _ = writeln!(text, "    priority: {}", task.priority.word());
    }
    if task.files.is_empty() && !task.role.is_reader() {
        text.push_str("    files: [] # what may it touch?\n");
    }
    list(text, "files", &task.files);
    list(text, "depends", &task.depends);
    text.push_str("    acceptance:\n");
    for one in &task.acceptance {
        let _ = match one {
            Acceptance::Text(words) => writeln!(text, "      - text: {}", quoted(words)),
            Acceptance::Run(command) => writeln!(text, "      - run: {}", quoted(command)),
        };
    }
}

fn list(text: &mut String, key: &str, items: &[String]) {
    if !items.is_empty() {
        let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
        let _ = writeln!(text, "    {key}: [{}]", items.join(", "));
    }
}

/// In double quotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // What a plan cannot hold anyway; a reader of YAML refuses it.
            control if control.is_control() => out.push(' '),
            plain => out.push(plain),
        }
    }
    out.push('"');
    out
}
