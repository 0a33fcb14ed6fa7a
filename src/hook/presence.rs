//! Notes what an event says about who is at work: sessions and subagents that begin, end and show a sign of life.
//! A note that cannot be written is left out: knowing of peers only ever makes a judgement stricter.

use super::event::{Event, EventKind};
use super::world::World;
use crate::session::presence::Presence;
use crate::session::profile::Level;
use crate::session::receipt;
use crate::store::Store;

/// Notes one event, and gives what was known of its session before; nothing where that is not asked for: before a
/// call, every instruction counts.
pub(super) fn note(event: &Event, store: &Store, world: &World) -> Presence {
    let (platform, session) = (event.platform.as_str(), event.session.as_str());
    let begins = event.kind == EventKind::SessionStart;
    if world.profile.level != Level::Off && (begins || event.kind == EventKind::PreToolUse) {
        receipt::answered(store, platform, begins);
    }
    if session.is_empty() {
        return Presence::default();
    }
    match event.kind {
        EventKind::PreToolUse => {
            Presence::beat(store, platform, session);
            Presence::default()
        }
        EventKind::SessionEnd => {
            let before = Presence::read(store, platform, session);
            Presence::end(store, platform, session);
            before
        }
        _ => moved_on(event, store, world),
    }
}

/// A subagent has ended, and was not sent back.
pub(super) fn note_end(event: &Event, store: &Store) {
    let _ = Presence::update(store, &event.platform, &event.session, |presence| {
        let mut agents = presence.agents.iter();
        // Cursor does not say which: one of its kind.
        let one = || agents.find(|(_, kind)| **kind == event.agent_type).map(|(agent, _)| agent.clone());
        if let Some(agent) = event.agent.clone().or_else(one) {
            presence.agents.remove(&agent);
        }
    });
}

/// Most events change nothing, and leave a sign of life. A session that never began here is not known by its calls.
fn moved_on(event: &Event, store: &Store, world: &World) -> Presence {
    let (platform, session) = (event.platform.as_str(), event.session.as_str());
    let begins = event.kind == EventKind::SessionStart;
    let mut before = Presence::read(store, platform, session);
    if (before.cwd.is_empty() || before.is_away) && !begins && event.agent.is_none() {
        // It was at work in another working tree, or never began.
        before =
            world.state.as_deref().and_then(|s| Presence::elsewhere(s, platform, session)).unwrap_or(before);
    }
    let mut now = before.clone();
    change(&mut now, event);
    let is_known = begins || event.kind == EventKind::SubagentStart || !before.cwd.is_empty();
    if now == before && !begins || !is_known {
        Presence::beat(store, platform, session);
        return before;
    }
    let _ = Presence::update(store, platform, session, |presence| {
        change(presence, event);
        presence.process = presence.process.or(before.process);
        if begins {
            presence.process = world.client.and_then(|client| client());
        }
    });
    before
}

/// What the event says of its session.
fn change(presence: &mut Presence, event: &Event) {
    if event.kind == EventKind::SessionStart && event.reason == "startup" {
        presence.agents.clear();
    }
    if event.kind == EventKind::SubagentStart {
        presence.agents.extend(event.agent.clone().map(|agent| (agent, event.agent_type.clone())));
    } else if event.agent.is_none() {
        presence.is_away = false;
        let cwd = event.cwd.display().to_string();
        for (known, told) in [(&mut presence.cwd, cwd), (&mut presence.turn, event.turn.clone())] {
            if !told.is_empty() {
                *known = told;
            }
        }
    }
}
