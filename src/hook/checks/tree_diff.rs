//! `tree-diff`: what a command has changed without naming it, held against the scope afterwards; and whether the
//! control plane is still as it was.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Check, OnFailure, reading, session};
use crate::guard::control;
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::presence::Presence;
use crate::session::scope::{self, Enforcement, Scope};
use crate::session::tree::Tree;
use crate::store::Store;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "tree-diff",
    events: &[EventKind::PostToolUse],
    on_failure: OnFailure::Open,
    about: "tells what a command changed outside the scope, or in what guards the session",
    run,
};

/// Longer than this the working tree is not looked at.
const LIMIT: Duration = Duration::from_millis(200);
/// At most so many paths are named.
const SHOWN: usize = 5;
/// How often it took too long.
const SKIPPED: &str = "tree-diff.skipped";
/// What the control plane was like.
const CONTROL: &str = "control.json";

fn run(event: &Event, world: &World) -> Outcome {
    let Some(store) = world.store(&event.cwd) else { return Outcome::default() };
    let wave = reading::wave(event, world);
    let scope = wave.as_ref().as_ref().ok().and_then(Option::as_ref);
    match &event.tool {
        Some(ToolCall::Shell { .. }) => {
            let is_open = scope.is_some() || session::project(event, world).is_some();
            let control = if is_open { control_plane(event, world, &store) } else { Outcome::default() };
            let scope = scope.filter(|scope| scope.enforcement != Enforcement::Off);
            control.and(scope.map(|scope| tree(event, world, scope, &store)).unwrap_or_default())
        }
        Some(ToolCall::Edit(changes)) => {
            // Edits were judged before they ran.
            if let Some((scope, mut kept)) =
                scope.and_then(|scope| Some((scope, Tree::kept(&store, scope.wave)?)))
            {
                let paths = changes.iter().map(|change| event.cwd.join(&change.path));
                paths
                    .filter_map(|path| scope.relative(&path, false))
                    .for_each(|path| kept.note(&scope.root, &path));
                kept.keep(&store);
            }
            Outcome::default()
        }
        _ => Outcome::default(),
    }
}

fn tree(event: &Event, world: &World, scope: &Scope, store: &Store) -> Outcome {
    let Some(now) = Tree::look(&scope.root, scope.wave, LIMIT) else {
        let _ = store
            .update(SKIPPED, |count| Some((count.trim().parse::<u64>().unwrap_or_default() + 1).to_string()));
        return Outcome::default();
    };
    let begun = || scope.root.join(scope::FILE).metadata().and_then(|meta| meta.modified()).ok();
    let before = Tree::kept(store, scope.wave).or_else(|| Some(now.as_of(begun()?))).unwrap_or_default();
    let alone = Presence::peers(store, &event.session, event.agent.as_deref()) == 0;
    let task = reading::task(event, world, scope).filter(|_| alone);
    let outside: Vec<&str> = now
        .since(&before)
        .filter(|path| !path.starts_with(".orchestrator/"))
        .filter(|path| !scope.holds(task.as_deref(), path).unwrap_or(true))
        .collect();
    now.keep(store);
    if outside.is_empty() {
        return Outcome::default();
    }
    let whose = task.map_or_else(|| format!("wave {}", scope.wave), |task| format!("task {task}"));
    Outcome::context(format!(
        "so warns: tree-diff: since the command before, {} changed, outside {whose}. Take back what was not meant to \
         change, and name the rest in your report.",
        listed(&outside)
    ))
}

fn listed(paths: &[&str]) -> String {
    let more = if paths.len() > SHOWN { format!(" and {} more", paths.len() - SHOWN) } else { String::new() };
    let shown: Vec<String> = paths.iter().take(SHOWN).map(|path| format!("`{path}`")).collect();
    shown.join(", ") + &more
}

/// The first look is kept and says nothing.
fn control_plane(event: &Event, world: &World, store: &Store) -> Outcome {
    let project = reading::project(event, world);
    let now = control::marks(Some(&project), world.home.as_deref());
    let kept = store.read(CONTROL);
    let before: Option<BTreeMap<String, String>> = serde_json::from_str(&kept).ok();
    if before.as_ref() == Some(&now) {
        return Outcome::default();
    }
    if let Ok(text) = serde_json::to_string(&now) {
        let _ = store.write(CONTROL, &text);
    }
    let Some(before) = before else { return Outcome::default() };
    let paths = before.keys().chain(now.keys()).collect::<std::collections::BTreeSet<_>>();
    let changed: Vec<&str> =
        paths.into_iter().filter(|path| before.get(*path) != now.get(*path)).map(String::as_str).collect();
    let text = format!(
        "tree-diff: since the command before, {} changed: what guards this session",
        listed(&changed)
    );
    Outcome::context(format!("so warns: {text}. Unless the person did it, tell them."))
        .and(Outcome::note(text))
}
