//! Answers one event of one client: payload on stdin, the client's native reply on stdout, stderr and exit code.
//!
//! One process, one answer: every check bound to the event runs here, and the strictest verdict counts. No process is
//! started, and no repository is opened unless a rule must see what would be lost. A guard has no path that ends in
//! an exit code or an output that a client takes for consent; an observer has none that disturbs the client.

pub mod checks;
mod consent;
mod emulate;
pub mod event;
mod given;
mod mailbox;
pub mod outcome;
mod presence;
mod receipt;
mod watchdog;
pub mod wire;
pub mod world;

use std::ffi::OsString;
use std::io::{Read as _, Write as _};

use serde_json::Value;

use crate::guard::Decision;
use crate::session::profile::Level;
use event::{Event, EventKind};
use outcome::Outcome;
use wire::{Reply, Wire};
use world::{Memo, World};

/// A larger payload is not read to its end.
const PAYLOAD_MAX: u64 = 8 << 20;
/// Most payloads are smaller than this.
const PAYLOAD_USUAL: usize = 8 << 10;
/// What a guard says when its own clock has run out.
const SLOW: &str = "judging took longer than 2 seconds; make the command shorter, or run it once more";
/// What clients take for “blocked” whatever else they see (Claude Code 2.1.197, Codex 0.169.0; Cursor by its docs).
const BLOCKED: u8 = 2;
/// What the launcher of a project asks to tell this program from another of its name.
const PROBE_ANSWER: &[u8] = b"sessionwright\n";

/// What the command line says: `PLATFORM EVENT [--wiring project]`.
#[derive(Debug, Default, Clone)]
pub struct Call {
    /// The platform's id.
    pub platform: String,
    /// The client's own name of the event.
    pub event: String,
    /// The call comes from wiring that is committed with a project.
    pub from_project: bool,
}

/// Runs `so hook` with the words after `hook`; gives the exit code.
pub fn main(args: impl Iterator<Item = OsString>) -> u8 {
    let words: Vec<String> = args.map(|word| word.to_string_lossy().into_owned()).collect();
    if words.first().is_some_and(|word| word == "--probe") {
        let _ = std::io::stdout().write_all(PROBE_ANSWER);
        return 0;
    }
    let call = Call::parse(&words);
    speak_before_dying(&call);
    if call.is_guard() {
        watchdog::start(call.failure(SLOW));
    }
    let mut stdin = Vec::with_capacity(PAYLOAD_USUAL);
    let read = std::io::stdin().lock().take(PAYLOAD_MAX + 1).read_to_end(&mut stdin);
    let reply = match read {
        Ok(_) => {
            let world = World::here();
            let reply = answer_once(&call, &stdin, &world);
            std::mem::forget(world); // as below
            reply
        }
        Err(error) => call.failure(&format!("the payload could not be read: {error}")),
    };
    send(&reply)
}

/// The reply to one payload, in a world that may have seen others.
pub fn answer(call: &Call, stdin: &[u8], world: &World) -> Reply {
    answer_once(call, stdin, &World { memo: Memo::default(), ..world.clone() })
}

fn answer_once(call: &Call, stdin: &[u8], world: &World) -> Reply {
    let Some((wire, kind)) = call.known() else {
        return call
            .failure(&format!("`so hook {} {}` is no event this version knows", call.platform, call.event));
    };
    let is_off = world.profile.level == Level::Off;
    let payload = match parse(stdin) {
        Ok(payload) => payload,
        Err(_) if is_off => return Reply::silence(),
        Err(why) if kind.is_guard() => return wire.encode(kind, &call.event, &Outcome::broken(why)),
        Err(_) => return Reply::silence(),
    };
    if call.answered_elsewhere(&payload, world) {
        return Reply::silence();
    }
    let event = match wire.decode(kind, &call.event, &payload) {
        Ok(event) => Event { platform: call.platform.clone(), input: wire::input(kind, &payload), ..event },
        Err(_) if is_off => return Reply::silence(),
        Err(why) if kind.is_guard() => return wire.encode(kind, &call.event, &Outcome::broken(&why)),
        Err(_) => return Reply::silence(),
    };
    std::mem::forget(payload); // the process ends here: taking it apart costs as much as reading it
    let outcome = judge(event, wire, &call.event, world);
    wire.encode(kind, &call.event, &outcome)
}

/// What all checks say about one event and those it stands for.
fn judge(event: Event, wire: &dyn Wire, native: &str, world: &World) -> Outcome {
    let asks = wire.asks(&event, world);
    let store = world.store(&event.cwd);
    let before = store.as_ref().map(|store| presence::note(&event, store, world)).unwrap_or_default();
    let events = emulate::events(event, &before, wire.emulated());
    let mut outcome = checks::run(&events, world);
    if outcome.decision() == Decision::Ask
        && let Some(event) = events.first()
    {
        outcome = consent::opened(event, world, outcome);
    }
    let mut outcome = if asks { outcome } else { outcome.ask_is_deny() };
    if let Some(event) = events.first() {
        outcome = consent::settle(event, world, outcome);
        receipt::leave(event, &outcome, world);
    }
    let named = events.first().filter(|event| !event.session.is_empty());
    let (Some(event), Some(store)) = (named, &store) else { return outcome };
    if event.kind == EventKind::SubagentStop && outcome.unfinished().is_empty() {
        presence::note_end(event, store);
    }
    mailbox::pass(event, wire.carries(event.kind, native), outcome, store)
}

/// A byte order mark is tolerated: Cursor sends one on Windows.
fn parse(stdin: &[u8]) -> Result<Value, &'static str> {
    if stdin.len() as u64 > PAYLOAD_MAX {
        return Err("the payload is larger than 8 MiB");
    }
    let body = stdin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stdin);
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        Ok(_) => Err("the payload is not a JSON object"),
        Err(_) => Err("the payload is not JSON that can be read"),
    }
}

impl Call {
    fn parse(words: &[String]) -> Self {
        let word = |at: usize| words.get(at).cloned().unwrap_or_default();
        let from_project = words.get(2..).is_some_and(|rest| rest == ["--wiring", "project"]);
        Self { platform: word(0), event: word(1), from_project }
    }

    /// The wire and the event; what cannot be told is a guard's business.
    fn known(&self) -> Option<(&'static dyn Wire, EventKind)> {
        let wire = wire::of(&self.platform)?;
        Some((wire, wire.kind(&self.event)?))
    }

    fn is_guard(&self) -> bool {
        self.known().is_none_or(|(_, kind)| kind.is_guard())
    }

    /// Two wirings that the client would both call answer once: the person's own wins over a project's, and over what
    /// Cursor imports from Claude Code's settings. A guard of the project always answers: that the person's wiring
    /// stands in a file does not say that the client runs it (a plugin may be disabled, a hook not trusted), and of
    /// two refusals the clients show one.
    fn answered_elsewhere(&self, payload: &Value, world: &World) -> bool {
        let imported = self.platform == "claude" && payload.get("cursor_version").is_some();
        imported && world.is_wired_by_person("cursor")
            || self.from_project && !self.is_guard() && world.is_wired_by_person(&self.platform)
    }

    /// What is said when nothing can be judged: a guard refuses, an observer is silent.
    fn failure(&self, why: &str) -> Reply {
        if self.is_guard() {
            Reply { stdout: String::new(), stderr: format!("refused by so: {why}\n"), code: BLOCKED }
        } else {
            Reply::silence()
        }
    }
}

/// Makes a panic end the process here, before the runtime can end it with a code that clients take for consent.
pub fn speak_before_dying(call: &Call) {
    let reply = call.failure(
        "an internal error; the call was not judged. Run `so guard check` on it and report what it says",
    );
    std::panic::set_hook(Box::new(move |_| {
        let _ = std::io::stderr().write_all(reply.stderr.as_bytes());
        #[expect(
            clippy::disallowed_methods,
            clippy::exit,
            reason = "nothing may run after a panic in a guard"
        )]
        std::process::exit(i32::from(reply.code));
    }));
}

fn send(reply: &Reply) -> u8 {
    if *reply == Reply::silence() {
        return 0; // nearly always: not even the buffers are made
    }
    let _ = std::io::stderr().write_all(reply.stderr.as_bytes());
    let mut out = std::io::stdout().lock();
    let sent = out.write_all(reply.stdout.as_bytes()).and_then(|()| out.flush());
    if reply.refuses() && reply.code == 0 && (sent.is_err() || nobody_reads()) {
        // The exit code still says it; Codex 0.169.0 believes it only with a text beside it.
        let _ = std::io::stderr().write_all(reply.stdout.as_bytes());
        return BLOCKED;
    }
    reply.code
}

/// Whether stdout leads nowhere: a closed one was replaced by the null device before `main`, and takes everything.
#[cfg(unix)]
fn nobody_reads() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &str| std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    device("/dev/null").is_some_and(|null| device("/dev/fd/1") == Some(null))
}

#[cfg(not(unix))]
fn nobody_reads() -> bool {
    false
}
