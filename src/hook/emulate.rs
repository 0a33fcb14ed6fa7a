//! Which further canonical events one native event stands for, on clients that have no event for them.
//!
//! They are answered in the same process, in the native event's form. What a session did last comes in as its
//! [`Presence`]; nothing is read or written here.

use std::path::PathBuf;

use super::event::{Event, EventKind};
use crate::session::presence::Presence;

/// The event, and behind it those it stands for as well; `emulated` are those that the client does not tell itself.
pub(super) fn events(event: Event, before: &Presence, emulated: &[EventKind]) -> Vec<Event> {
    let further = emulated.iter().filter(|kind| shows(&event, before, **kind)).map(|kind| Event {
        kind: *kind,
        from: if *kind == EventKind::CwdChanged { PathBuf::from(&before.cwd) } else { PathBuf::new() },
        ..event.clone()
    });
    let further: Vec<_> = further.collect();
    [vec![event], further].concat()
}

/// Whether `event` shows that `kind` has happened. Subagents have turns and directories of their own.
fn shows(event: &Event, before: &Presence, kind: EventKind) -> bool {
    let is_other = |before: &str, now: &str| !before.is_empty() && !now.is_empty() && before != now;
    let in_main_thread = event.agent.is_none() && event.kind != EventKind::SessionStart;
    match kind {
        EventKind::PostToolUseFailure => {
            event.kind == EventKind::PostToolUse
                && event.result.as_ref().is_some_and(|result| result.failed == Some(true))
        }
        EventKind::PostToolBatch => in_main_thread && is_other(&before.turn, &event.turn),
        EventKind::CwdChanged => in_main_thread && is_other(&before.cwd, &event.cwd.to_string_lossy()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::event::ToolResult;

    const ALL: [EventKind; 3] =
        [EventKind::PostToolUseFailure, EventKind::PostToolBatch, EventKind::CwdChanged];

    fn kinds(event: Event, cwd: &str, turn: &str) -> Vec<EventKind> {
        let before = Presence { cwd: cwd.into(), turn: turn.into(), ..Presence::default() };
        events(event, &before, &ALL).into_iter().skip(1).map(|event| event.kind).collect()
    }

    #[test]
    fn what_differs_from_the_last_payload_has_happened() {
        let event = Event {
            kind: EventKind::PostToolUse,
            cwd: "/p/a".into(),
            turn: "2".into(),
            result: Some(ToolResult { failed: Some(true), text: String::new() }),
            ..Event::default()
        };
        assert_eq!(kinds(event.clone(), "/p", "1"), ALL);
        assert_eq!(kinds(event.clone(), "/p/a", "2"), [EventKind::PostToolUseFailure]);
        assert_eq!(kinds(event.clone(), "", ""), [EventKind::PostToolUseFailure], "the first payload");
        let agent = Event { agent: Some("a".into()), result: None, ..event.clone() };
        assert_eq!(kinds(agent, "/p", "1"), []);
        let start = Event { kind: EventKind::SessionStart, ..event };
        assert_eq!(kinds(start, "/p", "1"), []);
    }

    #[test]
    fn what_the_client_tells_itself_is_not_told_twice() {
        let event = Event { cwd: "/p/a".into(), turn: "2".into(), ..Event::default() };
        let before = Presence { cwd: "/p".into(), turn: "1".into(), ..Presence::default() };
        assert_eq!(events(event, &before, &[]).len(), 1);
    }
}
