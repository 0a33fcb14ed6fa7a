//! `templates-first`: an issue or a pull request is written into the repository's template, which has to be read.

use super::{Check, OnFailure, creation, session};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::templates;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "templates-first",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Open,
    about: "tells of the repository's template before an issue or a pull request is made by hand",
    run,
};

/// Which session has seen the templates, in the project's store.
const SEEN: &str = "templates-seen";

fn run(event: &Event, world: &World) -> Outcome {
    let seen = creation::acknowledges(event, world);
    let created = creation::of(event, world);
    if created.is_empty() && !seen {
        return Outcome::default();
    }
    let (Some(project), Some(store)) = (session::project(event, world), world.store(&event.cwd)) else {
        return Outcome::default();
    };
    if seen {
        let _ = store.write(SEEN, &event.session);
    }
    let has_template = created.iter().any(|purpose| !templates::of(&project, *purpose).is_empty());
    let config = session::config(event, world);
    if !has_template || store.read(SEEN) == event.session || !config.is("templates-first") {
        return Outcome::default();
    }
    let text =
        "this repository has templates for what you write here: `so ack templates` shows them. Follow them.";
    session::tell_or(Decision::Deny, "enforcement", text.to_owned(), &config)
}
