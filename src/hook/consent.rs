//! What follows a refusal: the person's exception lifts it, or the person is told, and nobody else, how to make one.
//!
//! Runs after all checks, when it is known that the client will not ask by itself. Only verdicts of rules can be
//! lifted: what a check says without one, such as about hook wiring or a command that cannot be read, stays.

use std::path::Path;
use std::time::Duration;

use super::event::{Event, ToolCall};
use super::outcome::Outcome;
use super::wire;
use super::world::World;
use crate::guard::Decision;
use crate::guard::consent::{self, Code, Refusal, Seat, Taken, Trust};
use crate::guard::undo::{self, Request, Saved};
use crate::session::config::{Config, Value};
use crate::session::opened;
use crate::session::person::Why;
use crate::session::presence::Presence;
use crate::store::Store;

/// Lifts a refusal or records it; the third at one thing tells the agent to stop, also where nobody can lift it.
pub(super) fn settle(event: &Event, world: &World, outcome: Outcome) -> Outcome {
    if !event.kind.is_guard() || outcome.decision() == Decision::Allow {
        return outcome;
    }
    let Some(store) = world.store(&event.cwd) else { return outcome };
    let mut note = None;
    if let (Some(rule), Some(act)) = (outcome.rule(), Act::of(event)) {
        let identity = consent::identity(act.tool, &act.cwd, &act.text);
        if is_allowed(&store, &identity, event, world) {
            return outcome.lifted();
        }
        if outcome.decision() == Decision::Deny {
            note = refuse(&store, &act, identity, rule, event, world);
        }
    }
    if outcome.decision() == Decision::Ask {
        return outcome; // the client puts the question itself
    }
    let attempts = consent::again(&store, (&event.session, &event.call), &outcome.things(), world.now);
    let outcome = note.into_iter().fold(outcome, |outcome, note| outcome.and(Outcome::note(note)));
    if attempts < ATTEMPTS { outcome } else { outcome.and(Outcome::verdict(Decision::Deny, STOP)) }
}

/// Lets through what the guard would ask about, in a session in which the person has confirmed that; saved first.
pub(super) fn opened(event: &Event, world: &World, outcome: Outcome) -> Outcome {
    let asks = outcome.decision() == Decision::Ask && matches!(event.tool, Some(ToolCall::Shell { .. }));
    let Some(rule) = outcome.rule().filter(|_| asks && is_open(event, world)).map(str::to_owned) else {
        return outcome;
    };
    let not_saved = save(&event.cwd, world, AT_THE_CALL).err();
    let saved = not_saved.unwrap_or_else(|| "saved first, see `so undo`".to_owned());
    outcome.lifted().and(Outcome::note(format!("let through by {}: {rule}; {saved}", opened::KEY)))
}

/// Whether the person has opened this session, and the project's settings still ask for it.
pub(super) fn is_open(event: &Event, world: &World) -> bool {
    let trust = Trust::load(world.config.as_deref());
    let (Some(project), Some(store)) = (world.project(&event.cwd), world.store(&event.cwd)) else {
        return false;
    };
    let session = Presence::read(&store, &event.platform, &event.session);
    opened::is_confirmed(&trust, &project, &session)
        && Config::load(&project, &|key, _| key == opened::KEY).get(opened::KEY).value == Value::Bool(true)
}

/// So many attempts at one thing may be refused before the agent is told to stop, however it spells the next.
const ATTEMPTS: usize = 2;
const STOP: &str = "this was refused before, more than once. Stop, and ask the person what they want.";

/// What a call does, as far as two calls can be the same.
struct Act {
    tool: &'static str,
    cwd: std::path::PathBuf,
    text: String,
}

impl Act {
    fn of(event: &Event) -> Option<Self> {
        match event.tool.as_ref()? {
            ToolCall::Shell { command, cwd } => {
                let cwd = cwd.as_ref().map_or_else(|| event.cwd.clone(), |cwd| event.cwd.join(cwd));
                Some(Self { tool: "shell", cwd, text: command.clone() })
            }
            // One yes is for what is written into these files, not for the files.
            ToolCall::Edit(changes) => Some(Self {
                tool: "edit",
                cwd: event.cwd.clone(),
                text: changes.iter().map(|change| format!("{change:?}\n")).collect(),
            }),
            _ => None,
        }
    }

    /// For people.
    fn shown(&self, event: &Event) -> String {
        match &event.tool {
            Some(ToolCall::Edit(changes)) => {
                let paths: Vec<_> = changes.iter().map(|change| change.path.display().to_string()).collect();
                consent::masked(&format!("edit {}", paths.join(" ")))
            }
            _ => consent::masked(&self.text),
        }
    }
}

/// Where the person sits who typed this; why it was not the person.
pub(super) fn person(event: &Event, world: &World) -> Result<Seat, String> {
    if event.agent.is_some() {
        return Err("a subagent has sent this, not the person".to_owned());
    }
    if !wire::of(&event.platform).is_some_and(|wire| wire.has_chat(event, world)) {
        return Err("no person sits before this session".to_owned());
    }
    seat(event, world).map_err(|why| why.to_string())
}

/// Where the person sits before the client that has called this hook.
fn seat(event: &Event, world: &World) -> Result<Seat, Why> {
    let client = world.typed.map_or(Ok(None), |typed| typed(&event.platform))?;
    Ok(Seat { platform: event.platform.clone(), session: event.session.clone(), client })
}

/// Whether the person has allowed it, once or for good; what it could lose is saved first.
fn is_allowed(store: &Store, identity: &str, event: &Event, world: &World) -> bool {
    let trust = world.config.as_ref().map(|config| config.join(Trust::FILE));
    let trust = trust.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let taken = consent::take(store, identity, &|| seat(event, world).ok(), &event.call, world.now);
    let allowed = taken != Taken::No || Trust::allow(&trust, identity);
    if allowed && taken != Taken::Already {
        let _ = save(&event.cwd, world, AT_THE_CALL); // said when it was allowed; what changed since is little
    }
    allowed
}

/// A guard answers within two seconds, so what is saved at the call has less.
const AT_THE_CALL: Duration = Duration::from_millis(1200);
/// The person waits for an answer, and the client for ten seconds.
pub(super) const AT_THE_PROMPT: Duration = Duration::from_secs(6);

/// Saves the working tree before an exception; what could not be saved, as a clause.
pub(super) fn save(cwd: &Path, world: &World, limit: Duration) -> Result<(), String> {
    let when = i64::try_from(world.now / 1000).unwrap_or_default();
    let why = "before what the person allowed";
    let request = Request { project: cwd, why, label: None, when, limit: Some(limit) };
    match undo::save(&request) {
        Ok(Saved::Snapshot { left_out, .. }) if left_out.is_empty() => Ok(()),
        Ok(Saved::Snapshot { left_out, .. }) => Err(format!("{} could not be saved first", left_out.len())),
        Ok(Saved::Nothing(why)) => Err(format!("nothing was saved first: {why}")),
        Err(error) => Err(format!("nothing was saved first: {error}")),
    }
}

/// Records a refusal and gives the line for the person; nothing when there is no chat to answer in.
fn refuse(
    store: &Store,
    act: &Act,
    identity: String,
    rule: &str,
    event: &Event,
    world: &World,
) -> Option<String> {
    let has_chat = wire::of(&event.platform).is_some_and(|wire| wire.has_chat(event, world));
    // A code is told to a client that a person sits before, not to whoever calls this program.
    let person = if has_chat { seat(event, world).ok() } else { None };
    let code = person.as_ref().and_then(|_| Code::new());
    let seal = code.as_ref().and_then(Code::seal);
    let refusal = Refusal {
        at: world.now,
        rule: rule.to_owned(),
        text: act.shown(event),
        identity,
        cwd: act.cwd.display().to_string(),
        platform: event.platform.clone(),
        session: event.session.clone(),
        agent: event.agent.clone().unwrap_or_default(),
        client: person.and_then(|seat| seat.client),
        call: event.call.clone(),
        seal: seal.map(|seal| seal.to_text()).unwrap_or_default(),
    };
    let is_new = consent::record(store, &refusal).unwrap_or(false);
    let code = code.filter(|_| is_new && !refusal.seal.is_empty())?;
    Some(format!("to allow this once, type: so allow {code}"))
}
