//! `dispatch`: no agent is sent for a task while another one is at work on the same files.

use super::{Check, OnFailure, binding, reading};
use crate::guard::Decision;
use crate::hook::event::{Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::binding::Bindings;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "dispatch",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Open,
    about: "refuses an agent for a task whose files another agent is at work on",
    run,
};

fn run(event: &Event, world: &World) -> Outcome {
    let Some(ToolCall::Agent { prompt, .. }) = &event.tool else { return Outcome::default() };
    let wave = reading::wave(event, world);
    let Ok(Some(scope)) = &*wave else { return Outcome::default() };
    let Some(task) = named(prompt).filter(|task| scope.tasks.contains_key(*task)) else {
        return Outcome::default();
    };
    let Some(store) = world.store(&event.cwd) else { return Outcome::default() };
    let running = Bindings::read(&store).running(&store, reading::worker(event), scope, Some(world.now));
    // A pattern that means nothing is said by `scope`, at the first write.
    if let Ok(Some((other, file))) = Bindings::collision(&running, task, scope) {
        return Outcome::verdict(Decision::Deny, binding::collides(task, &other, &file));
    }
    let _ = Bindings::send(&store, task, world.now);
    Outcome::default()
}

/// The task that a prompt sends an agent for: what stands behind `so task start`.
fn named(prompt: &str) -> Option<&str> {
    let plain = |character: char| !(character.is_alphanumeric() || "-_.:#".contains(character));
    let words: Vec<&str> = prompt.split(plain).filter(|word| !word.is_empty()).collect();
    let at = words.windows(3).position(|words| words == ["so", "task", "start"])?;
    words.get(at + 3).map(|word| word.trim_end_matches(['.', ':']))
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn the_task_of_a_prompt_is_what_it_tells_the_agent_to_start() {
        for (prompt, task) in [
            ("Run `so task start T1` and do what it says.", Some("T1")),
            ("so task start api-2.", Some("api-2")),
            ("Look at src/a.rs", None),
            ("so task start", None),
        ] {
            assert_eq!(named(prompt), task, "{prompt}");
        }
    }
}
