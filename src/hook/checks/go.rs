//! `go`: the person's go in the chat is their yes to the plan as it stands.
//!
//! Only the bare command counts: a go with words behind it asks for something, so the model gets to change the plan
//! first. What the person has not seen cannot be kept from them here; `so plan set` prints the whole plan for that.

use std::path::Path;

use super::{Check, OnFailure, session};
use crate::client::Client;
use crate::clock;
use crate::hook::consent::{AT_THE_PROMPT, person};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::plan::{self, Agreed, agreed};
use crate::session::scope::Enforcement;
use crate::session::start;
use crate::session::wave::{self, Wanted};

/// The check.
pub(super) const CHECK: Check = Check {
    name: "go",
    events: &[EventKind::UserPromptSubmit],
    on_failure: OnFailure::Open,
    about: "takes the person's go for their yes to the plan",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    let mut words = event.prompt.split_whitespace();
    if !words.next().is_some_and(|first| is_go(&event.platform, first)) {
        return Outcome::default();
    }
    let Some(project) = session::project(event, world) else { return Outcome::default() };
    let Ok(Some(set)) = plan::read(&project) else { return Outcome::default() };
    if set.is_approved() || set.is_changed() {
        return Outcome::default(); // `so wave start` goes on, or says what was changed
    }
    if words.next().is_some() {
        return Outcome::context(MORE);
    }
    if let Err(why) = person(event, world) {
        return Outcome::context(format!("so: the plan is not approved by this: {why}."));
    }
    match agreed::approve(&project, "go", &clock::stamp_of(world.now)) {
        Ok(approved) => yes(&approved, express(&approved, &project, event, world).as_deref()),
        Err(error) => Outcome::context(format!("so: the plan could not be approved: {error:#}")),
    }
}

fn is_go(platform: &str, word: &str) -> bool {
    // Most prompts are no command, and need no table of clients.
    word.ends_with("go")
        && Client::of(platform).is_some_and(|client| client.spellings("go").iter().any(|go| go == word))
}

const MORE: &str = "\
so: the person said more than go, so the plan is not approved yet. Change the plan as they wish, set it again with \
`so plan set -`, show it, and ask for a plain go.";

fn yes(agreed: &Agreed, begun: Option<&str>) -> Outcome {
    let tasks = agreed.plan.tasks.len();
    let text =
        format!("the plan is approved as it was set: {tasks} task{}", if tasks == 1 { "" } else { "s" });
    let learned =
        begun.filter(|learned| !learned.is_empty()).map(|learned| format!("\n\n{}", learned.trim_end()));
    let next = if begun.is_some() {
        "The tree is saved. next: do it, in its files only, then so close"
    } else {
        "next: so wave start"
    };
    Outcome::context(format!("so: {text}. {next}{}", learned.unwrap_or_default())).and(Outcome::note(text))
}

/// The express path needs no further call: its one wave begins with the person's word. Gives what was learned here for
/// its tasks, `None` where no wave begins.
fn express(agreed: &Agreed, project: &Path, event: &Event, world: &World) -> Option<String> {
    let session = start::open(project).ok().flatten().filter(|_| agreed.express)?;
    let config = session::config(event, world);
    let wanted = Wanted {
        project,
        agreed,
        session: &session,
        enforcement: Enforcement::of(config.text("enforcement").as_deref()),
        state: world.state.as_deref(),
        now: &clock::stamp_of(world.now),
        at: world.now,
        patience: Some(AT_THE_PROMPT),
        learnings: usize::try_from(config.int("learnings-surface-top-n", "").unwrap_or_default())
            .unwrap_or_default(),
    };
    let tasks: Vec<_> = agreed.plan.tasks.iter().collect();
    wave::open(&wanted, None).ok().map(|_| wave::learned(&wanted, &tasks))
}
