//! `edits`: which files a session writes by tools, so that a close knows its own from those of others.

use std::path::PathBuf;

use serde_json::json;

use super::{Check, OnFailure, reading, session};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::edits::FILE;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "edits",
    events: &[EventKind::PostToolUse],
    on_failure: OnFailure::Open,
    about: "notes which files an open session writes",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    let (Some(project), Some(store)) = (session::project(event, world), session::store(event, world)) else {
        return Outcome::default();
    };
    for path in written(event, world) {
        let inner = path.strip_prefix(&project).ok().map(|inner| inner.to_string_lossy().replace('\\', "/"));
        if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
            let line =
                json!({"at": world.now, "platform": event.platform, "session": event.session, "path": inner});
            let _ = store.append(FILE, &line); // the work goes on without a note
        }
    }
    Outcome::default()
}

/// What a tool for edits wrote. Codex sends its patches through the shell where the model has no tool for them.
fn written(event: &Event, world: &World) -> Vec<PathBuf> {
    match &event.tool {
        Some(ToolCall::Edit(changes)) => changes.iter().map(|change| event.cwd.join(&change.path)).collect(),
        Some(ToolCall::Shell { command, .. }) if is_patch(command) => {
            let Some(verdict) = reading::shell(event, world) else { return Vec::new() };
            let patched = verdict.writes.iter().filter(|write| write.by_tool);
            patched.filter_map(|write| write.path.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a patch of Codex may be in it, under one of the names that its program has.
fn is_patch(command: &str) -> bool {
    ["apply_patch", "applypatch", "apply-patch"].iter().any(|name| command.contains(name))
}
