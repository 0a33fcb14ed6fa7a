//! `edits`: which files a session writes by tools, so that a close knows its own from those of others.

use serde_json::json;

use super::{Check, OnFailure, session};
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
    let Some(ToolCall::Edit(changes)) = &event.tool else { return Outcome::default() };
    let (Some(project), Some(store)) = (session::project(event, world), session::store(event, world)) else {
        return Outcome::default();
    };
    for change in changes {
        let path = event.cwd.join(&change.path);
        let inner = path.strip_prefix(&project).ok().map(|inner| inner.to_string_lossy().replace('\\', "/"));
        if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
            let line =
                json!({"at": world.now, "platform": event.platform, "session": event.session, "path": inner});
            let _ = store.append(FILE, &line); // the work goes on without a note
        }
    }
    Outcome::default()
}
