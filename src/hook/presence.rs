//! Notes what an event says about who is at work: sessions and subagents that begin, end and show a sign of life.
//! A note that cannot be written is left out: knowing of peers only ever makes a judgement stricter.

use super::event::{Event, EventKind};
use super::world::World;
use crate::session::presence::Presence;
use crate::session::profile::Level;
use crate::session::receipt;

/// Notes one event.
pub(super) fn note(event: &Event, world: &World) {
    let platform = &event.platform;
    let Some(store) = world.store(&event.cwd) else { return };
    let begins = event.kind == EventKind::SessionStart;
    if world.profile.level != Level::Off && (begins || event.kind == EventKind::PreToolUse) {
        receipt::answered(&store, platform, begins);
    }
    if event.session.is_empty() {
        return;
    }
    let change = |change: &dyn Fn(&mut Presence)| {
        let _ = Presence::update(&store, platform, &event.session, change);
    };
    match event.kind {
        EventKind::SessionStart => change(&|presence| {
            presence.process = world.client.and_then(|client| client());
            presence.cwd = event.cwd.display().to_string();
            if event.reason == "startup" {
                presence.agents.clear();
            }
        }),
        EventKind::SessionEnd => Presence::end(&store, platform, &event.session),
        EventKind::SubagentStart => change(&|presence| {
            presence.agents.extend(event.agent.clone().map(|agent| (agent, event.agent_type.clone())));
        }),
        EventKind::SubagentStop => change(&|presence| {
            presence.agents.retain(|agent, _| Some(agent) != event.agent.as_ref());
        }),
        _ => Presence::beat(&store, platform, &event.session),
    }
}
