//! `fence`: tools edit inside the project and what the client was given; a shell keeps its hands off what lets someone
//! in or runs by itself. What else a shell writes outside is the guard's question: would anything be lost?

use std::path::Path;

use super::{Check, OnFailure, reading};
use crate::guard::consent::Thing;
use crate::guard::{Context, Decision, Write, real};
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
            let paths = changes.iter().map(|change| event.cwd.join(&change.path));
            paths.map(|path| edit(&path, event, world)).fold(Outcome::default(), Outcome::and)
        }
        Some(ToolCall::Shell { .. }) => shell(event, world),
        _ => Outcome::default(),
    }
}

fn edit(path: &Path, event: &Event, world: &World) -> Outcome {
    let ground = around(event, world).ground(path, || given::directories(event, world, path));
    ground.map_or_else(Outcome::default, |ground| refusal(path, ground))
}

fn around(event: &Event, world: &World) -> Fence {
    let mut inside = Context::at(&event.cwd).temp;
    inside.push(reading::project(event, world));
    Fence { home: world.home.clone(), inside }
}

/// Commands are held to the private places only, an edit tool that runs in a shell to all of the fence.
fn shell(event: &Event, world: &World) -> Outcome {
    let Some(verdict) = reading::shell(event, world).filter(|verdict| !verdict.writes.is_empty()) else {
        return Outcome::default();
    };
    let fence = Fence { home: world.home.clone(), inside: Vec::new() };
    let judge = |write: &Write| {
        let path = write.path.as_deref()?;
        if write.by_tool {
            return Some(edit(path, event, world));
        }
        let ground = fence.private(path).or_else(|| fence.private(&real(path, write.entry)?))?;
        Some(refusal(path, ground))
    };
    verdict.writes.iter().filter_map(judge).fold(Outcome::default(), Outcome::and)
}

fn refusal(path: &Path, ground: Ground) -> Outcome {
    let instead = match ground.decision() {
        Decision::Deny => "Show the person what should stand there; an agent does not write it.",
        _ => "Write inside the project or a temp directory, or let the person decide.",
    };
    let text = format!("fence: `{}` {}. {instead}", path.display(), ground.words());
    Outcome::verdict(ground.decision(), text).about([Thing::Other(format!("place {}", path.display()))])
}
