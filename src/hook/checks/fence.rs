//! `fence`: tools edit inside the project and what the client was given; a shell keeps its hands off what lets someone
//! in or runs by itself. What else a shell writes outside is the guard's question: would anything be lost?

use std::path::Path;

use super::{Check, OnFailure, reading};
use crate::guard::{Context, Decision};
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::given;
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::fence::{Fence, Ground};

/// The check.
pub(super) const CHECK: Check = Check {
    name: "fence",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Closed,
    about: "holds edits to the project, its worktrees, temp directories and what the client was given",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    match &event.tool {
        Some(ToolCall::Edit(changes)) => {
            let fence = around(event, world);
            let paths = changes.iter().map(|change| event.cwd.join(&change.path));
            let against = paths.filter_map(|path| {
                let ground = fence.ground(&path, || given::directories(event, world, &path))?;
                Some(refusal(&path, ground))
            });
            against.fold(Outcome::default(), Outcome::and)
        }
        Some(ToolCall::Shell { .. }) => shell(event, world),
        _ => Outcome::default(),
    }
}

fn around(event: &Event, world: &World) -> Fence {
    let mut inside = Context::at(&event.cwd).temp;
    inside.push(reading::project(event, world));
    Fence { home: world.home.clone(), inside }
}

/// Commands are held to the private places only.
fn shell(event: &Event, world: &World) -> Outcome {
    let Some(verdict) = reading::shell(event, world).filter(|verdict| !verdict.writes.is_empty()) else {
        return Outcome::default();
    };
    let fence = Fence { home: world.home.clone(), inside: Vec::new() };
    let private = verdict.writes.iter().find_map(|write| {
        let path = write.path.as_deref()?;
        let ground =
            fence.private(path).or_else(|| fence.private(&crate::guard::real(path, write.entry)?))?;
        Some(refusal(path, ground))
    });
    private.unwrap_or_default()
}

fn refusal(path: &Path, ground: Ground) -> Outcome {
    let instead = match ground.decision() {
        Decision::Deny => "Show the person what should stand there; an agent does not write it.",
        _ => "Write inside the project or a temp directory, or let the person decide.",
    };
    let text = format!("fence: `{}` {}. {instead}", path.display(), ground.words());
    Outcome::verdict(ground.decision(), text)
}
