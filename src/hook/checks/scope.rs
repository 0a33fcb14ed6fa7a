//! `scope`: while a wave is open, writes stay with the task of the one who writes.

use std::path::PathBuf;

use super::{Check, OnFailure, reading};
use crate::guard::{Decision, Reach, Verdict, is_built};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::scope::{Against, Enforcement, Scope};

/// The check.
pub(super) const CHECK: Check = Check {
    name: "scope",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Closed,
    about: "holds each agent's writes to the files of its task while a wave is open",
    run,
};

/// At most so many paths are named.
const SHOWN: usize = 3;

/// One write of the call.
struct Target {
    path: Option<PathBuf>,
    reach: Reach,
    entry: bool,
}

fn run(event: &Event, world: &World) -> Outcome {
    let wave = reading::wave(event, world);
    let scope = match &*wave {
        Ok(None) => return Outcome::default(),
        Ok(Some(scope)) => scope,
        Err(why) => return broken(why, event, world),
    };
    if scope.enforcement == Enforcement::Off {
        return Outcome::default();
    }
    let verdict = reading::shell(event, world);
    let denied = verdict.as_deref().map(|verdict| commands(verdict, scope)).unwrap_or_default();
    let task = reading::task(event, world, scope);
    match judge(&targets(event, verdict.as_deref()), task.as_deref(), scope) {
        Ok(outcome) => denied.and(outcome),
        Err(why) => denied.and(broken(&why, event, world)),
    }
}

/// A scope that cannot be read holds everything back that writes in the project, until a person has looked.
fn broken(why: &str, event: &Event, world: &World) -> Outcome {
    let verdict = reading::shell(event, world);
    if targets(event, verdict.as_deref()).is_empty() {
        return Outcome::default();
    }
    let text = format!("scope: {why}. Until it is mended or removed, writes wait for the person: tell them");
    Outcome::verdict(Decision::Ask, text)
}

fn targets(event: &Event, verdict: Option<&Verdict>) -> Vec<Target> {
    if let Some(ToolCall::Edit(changes)) = &event.tool {
        let target = |path: PathBuf| Target { path: Some(path), reach: Reach::File, entry: false };
        return changes.iter().map(|change| target(event.cwd.join(&change.path))).collect();
    }
    let writes = verdict.into_iter().flat_map(|verdict| &verdict.writes);
    writes.map(|write| Target { path: write.path.clone(), reach: write.reach, entry: write.entry }).collect()
}

fn commands(verdict: &Verdict, scope: &Scope) -> Outcome {
    let denied = verdict.ran.iter().find_map(|ran| scope.denies(&ran.words));
    denied.map_or_else(Outcome::default, |command| {
        say(
            scope,
            &format!("scope: `{command}` is not run in wave {}", scope.wave),
            "Leave it to a later wave.",
        )
    })
}

fn judge(targets: &[Target], task: Option<&str>, scope: &Scope) -> Result<Outcome, String> {
    let mut outside: Vec<(String, Option<String>)> = Vec::new();
    let mut unknown = false;
    for target in targets {
        let Some(path) = &target.path else {
            unknown = true;
            continue;
        };
        if is_built(path, &scope.root) {
            continue;
        }
        let around = target.reach == Reach::Somewhere && scope.root.starts_with(path);
        let Some(inner) = scope.relative(path, target.entry) else {
            unknown |= around;
            continue;
        };
        match scope.against(task, &inner, target.reach != Reach::File)? {
            None => {}
            Some(Against::Unbound) => return Ok(unbound(scope)),
            Some(Against::Outside(..)) if target.reach == Reach::Somewhere => unknown = true,
            Some(Against::Outside(path, owner)) => outside.push((path, owner)),
        }
    }
    if !outside.is_empty() {
        return Ok(out(&outside, task, scope));
    }
    let strict = scope.enforcement == Enforcement::Strict;
    Ok(if unknown && strict {
        say(
            scope,
            "scope: it writes to a file that cannot be told before it runs",
            "Name the file in plain words.",
        )
    } else {
        Outcome::default()
    })
}

fn unbound(scope: &Scope) -> Outcome {
    let text =
        format!("scope: wave {} is open and this agent has not said which task it works on", scope.wave);
    say(scope, &text, "Run `so task start ID` first; without an ID it lists the tasks.")
}

fn out(outside: &[(String, Option<String>)], task: Option<&str>, scope: &Scope) -> Outcome {
    let named: Vec<String> = outside.iter().take(SHOWN).map(|(path, _)| format!("`{path}`")).collect();
    let more =
        if outside.len() > SHOWN { format!(" and {} more", outside.len() - SHOWN) } else { String::new() };
    let whose = match task {
        Some(task) => format!("task {task}"),
        None => format!("wave {}", scope.wave),
    };
    let patterns = scope.patterns(task);
    let may = match patterns.as_slice() {
        [] => "which only reads".to_owned(),
        some => format!("which may touch {}", some.iter().take(5).copied().collect::<Vec<_>>().join(", ")),
    };
    let owner = outside.iter().find_map(|(_, owner)| owner.as_deref()).filter(|owner| Some(*owner) != task);
    let instead = match owner {
        Some(owner) => format!("It belongs to task {owner}: say in your report what it needs."),
        None => "Say in your report what it needs, and go on with the rest.".to_owned(),
    };
    let text = format!("scope: {}{more} lies outside {whose}, {may}", named.join(", "));
    say(scope, &text, &instead)
}

fn say(scope: &Scope, text: &str, instead: &str) -> Outcome {
    match scope.enforcement {
        Enforcement::Strict => Outcome::verdict(Decision::Deny, format!("{text}. {instead}")),
        Enforcement::Warn => Outcome::context(format!("so warns: {text}. {instead} It was not refused.")),
        Enforcement::Off => Outcome::default(),
    }
}
