//! What several checks want to know about one call: what its command does, and what the open wave may touch.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::guard::{self, Context, Verdict};
use crate::hook::event::{ChangeKind, Event, ToolCall};
use crate::hook::world::World;
use crate::plain;
use crate::session::binding::{Bindings, Worker};
use crate::session::presence::Presence;
use crate::session::scope::Scope;

/// The verdict about the shell command of the event, if it is one.
pub(super) fn shell(event: &Event, world: &World) -> Option<Rc<Verdict>> {
    let ToolCall::Shell { command, cwd } = event.tool.as_ref()? else { return None };
    let judge = || {
        let cwd = cwd.as_ref().map_or_else(|| event.cwd.clone(), |cwd| event.cwd.join(cwd));
        Some(Rc::new(judged(command, &cwd, event, world)))
    };
    world.memo.verdict.get_or_init(judge).clone()
}

/// The verdict about the files that a tool deletes, as if `rm` did it.
pub(super) fn deletion(event: &Event, world: &World) -> Option<Rc<Verdict>> {
    let ToolCall::Edit(changes) = event.tool.as_ref()? else { return None };
    let gone = changes.iter().filter(|change| change.kind == ChangeKind::Removed);
    let names: Vec<_> = gone.map(|change| plain::shell_word(&change.path.to_string_lossy())).collect();
    let judge = || judged(&format!("rm -- {}", names.join(" ")), &event.cwd, event, world);
    (!names.is_empty()).then(|| Rc::new(judge()))
}

fn judged(command: &str, cwd: &Path, event: &Event, world: &World) -> Verdict {
    let peers = || {
        let store = world.store(&event.cwd);
        let count = store.map_or(0, |store| Presence::peers(&store, &event.session, event.agent.as_deref()));
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let context = Context::within(cwd, world.project(cwd)).with_policy(world.config.as_deref());
    guard::check_among(command, Context { notes: true, ..context }, peers)
}

/// The project around the event; its directory where nothing marks one.
pub(super) fn project(event: &Event, world: &World) -> PathBuf {
    world.project(&event.cwd).unwrap_or_else(|| event.cwd.clone())
}

/// The open wave of the project around the event.
pub(super) fn wave(event: &Event, world: &World) -> Rc<Result<Option<Scope>, String>> {
    let open = || Rc::new(Scope::open(&project(event, world)));
    world.memo.scope.get_or_init(open).clone()
}

/// Who acts.
pub(super) fn worker(event: &Event) -> Worker<'_> {
    Worker { platform: &event.platform, session: &event.session, agent: event.agent.as_deref() }
}

/// The task of the open wave that the one who acts works on.
pub(super) fn task(event: &Event, world: &World, scope: &Scope) -> Option<String> {
    let bindings = Bindings::read(&world.store(&event.cwd)?);
    bindings.task_of(worker(event), scope).map(str::to_owned)
}
