//! `binding`: the one who runs `so task start ID` works on that task from then on.

use super::{Check, OnFailure, reading};
use crate::guard::{Decision, Ran, UNKNOWN};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::binding::Bindings;
use crate::session::scope::{Enforcement, Scope};

/// The check.
pub(super) const CHECK: Check = Check {
    name: "binding",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Closed,
    about: "binds an agent that runs `so task start ID` to that task",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    let wave = reading::wave(event, world);
    let Ok(Some(scope)) = &*wave else { return Outcome::default() };
    let Some(verdict) = reading::shell(event, world) else { return Outcome::default() };
    let started = verdict.ran.iter().filter_map(started).next_back();
    match started.filter(|task| scope.tasks.contains_key(*task)) {
        Some(task) => bind(task, event, world, scope),
        None => Outcome::default(),
    }
}

fn bind(task: &str, event: &Event, world: &World, scope: &Scope) -> Outcome {
    let Some(store) = world.store(&event.cwd) else { return Outcome::default() };
    let (bindings, worker) = (Bindings::read(&store), reading::worker(event));
    let before = bindings.task_of(worker, scope).filter(|before| *before != task);
    if let Some(before) = before.filter(|_| event.agent.is_some() && scope.enforcement == Enforcement::Strict)
    {
        let text = format!(
            "task: this agent works on task {before} and does not change to {task}. Report on {before}; \
             {task} gets an agent of its own."
        );
        return Outcome::verdict(Decision::Deny, text);
    }
    let running = bindings.running(&store, worker, scope, None);
    if let Ok(Some((other, file))) = Bindings::collision(&running, task, scope) {
        return Outcome::verdict(Decision::Deny, collides(task, &other, &file));
    }
    // What cannot be noted is not bound, and under `strict` that is said at the first write.
    let _ = Bindings::bind(&store, worker, scope, task);
    Outcome::default()
}

/// Why two tasks do not run side by side.
pub(super) fn collides(task: &str, other: &str, file: &str) -> String {
    if task == other {
        return format!("dispatch: another agent is at work on task {task} just now. Wait for its report.");
    }
    format!(
        "dispatch: task {other} is at work just now and may touch `{file}` as well as task {task}. \
         Wait for the report on {other}."
    )
}

/// The task that a command starts, if it is `so task start ID`.
fn started(ran: &Ran) -> Option<&str> {
    let (program, args) = ran.words.split_first()?;
    if program != "so" {
        return None;
    }
    let mut words = Vec::new();
    let mut rest = args.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        match word {
            "--project" => return None, // another project than the one whose wave is open here
            "--color" => drop(rest.next()),
            word if word.starts_with('-') => {}
            word => words.push(word),
        }
    }
    match words.as_slice() {
        ["task", "start", id] if !id.contains(UNKNOWN) => Some(id),
        _ => None,
    }
}
