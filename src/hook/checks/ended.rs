//! `ended`: the end of a client's session is recorded; one that leaves its work open is recorded as abandoned.

use serde_json::json;

use super::{Check, OnFailure, session};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::lease::Session;
use crate::session::open;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "ended",
    events: &[EventKind::SessionEnd],
    on_failure: OnFailure::Open,
    about: "records the end of a session that is open",
    run,
};

/// One line for each end.
const RECORDS: &str = "sessions.jsonl";

/// Reasons of clients after which the session goes on under the same or another name (Claude Code 2.1.197, Pi 0.73.1).
const GOES_ON: &[&str] = &["clear", "resume", "reload", "fork", "new"];

fn run(event: &Event, world: &World) -> Outcome {
    let (Some(project), Some(store)) = (session::project(event, world), session::store(event, world)) else {
        return Outcome::default();
    };
    let head = open::head(&project).unwrap_or_default();
    let working = Session::read(&project).ok().flatten();
    let is_owner = match &working {
        Some(session) => session.is_held_by(&event.session),
        None => head.get("session").is_none_or(|owner| owner == event.session),
    };
    let is_active = head.get("status") == Some("active");
    let goes_on = GOES_ON.contains(&event.reason.as_str());
    let status = if is_owner && is_active && !goes_on { "abandoned" } else { "ended" };
    let line = json!({
        "schema": 1, "at": world.now, "event": "end", "platform": event.platform, "session": event.session,
        "reason": event.reason, "status": status,
    });
    let _ = store.append(RECORDS, &line); // the client does not wait for a second try
    Outcome::default()
}
