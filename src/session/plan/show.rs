//! A plan as the person reads it before they agree, in few lines.

use std::fmt::Write as _;

use super::sizes::Tier;
use super::{Agreed, Pass, Plan, Wave};

/// More tasks of one wave than that are counted, not listed.
const TASKS: usize = 12;

/// The goal, the waves with their tasks, and every command that will be run.
pub fn text(agreed: &Agreed) -> String {
    let plan = &agreed.plan;
    let mut text = format!("goal: {}\n", plan.goal);
    let tasks = plan.tasks.len();
    let kind = if agreed.express {
        "express: no waves, one gate, the same close".to_owned()
    } else {
        format!("{} in {}", Tier::of(plan).word(), count(agreed.waves.len(), "wave"))
    };
    let _ = writeln!(text, "{} session, {}, {kind}", plan.mode, count(tasks, "task"));
    for wave in &agreed.waves {
        if !agreed.express {
            let _ = writeln!(text, "wave {}: {}", wave.number, head(wave));
        }
        waves_tasks(&mut text, plan, wave);
    }
    commands(&mut text, plan);
    text
}

fn head(wave: &Wave) -> String {
    let roles: Vec<&str> = wave.roles.iter().map(|role| role.word()).collect();
    let pass = match wave.pass {
        Some(Pass::Simplify) => ", first simpler code",
        Some(Pass::Tests) => ", tests",
        None => "",
    };
    let agents = match wave.agents {
        0 => "no agents: the session does it".to_owned(),
        agents => format!("up to {}", count(agents as usize, "agent")),
    };
    format!("{}{pass} ({agents})", roles.join(" + "))
}

fn waves_tasks(text: &mut String, plan: &Plan, wave: &Wave) {
    for task in wave.tasks.iter().take(TASKS).filter_map(|id| plan.task(id)) {
        let issue = task.issue.map(|issue| format!(" #{issue}")).unwrap_or_default();
        let files = match task.files.as_slice() {
            [] => "reads".to_owned(),
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one} +{}", rest.len()),
        };
        let after = if task.depends.is_empty() {
            String::new()
        } else {
            format!(" after {}", task.depends.join(", "))
        };
        let _ = writeln!(text, "  {}{issue} {} [{files}]{after}", task.id, task.title);
    }
    if let Some(more) = wave.tasks.len().checked_sub(TASKS).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more");
    }
}

/// Each once, with the tasks that it proves: the person agrees to them all, so none is left out.
fn commands(text: &mut String, plan: &Plan) {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for (task, command) in plan.commands() {
        match all.iter_mut().find(|(known, _)| *known == command) {
            Some((_, tasks)) => tasks.push(task),
            None => all.push((command, vec![task])),
        }
    }
    if all.is_empty() {
        text.push_str("no command will be run: every acceptance is in words\n");
        return;
    }
    text.push_str("commands that will be run:\n");
    for (command, mut tasks) in all {
        tasks.dedup();
        let _ = writeln!(text, "  {}  ({})", command.replace('\n', "\n    "), tasks.join(", "));
    }
}

/// `1 wave`, `2 waves`.
fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
