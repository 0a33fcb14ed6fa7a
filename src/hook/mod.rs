//! One event of one client, answered by one process.
//!
//! argv and stdin → [`wire`] decodes → [`Event`] → [`checks`] → the strictest [`Decision`] → [`wire`] encodes. An
//! event that may stop a tool call has no way to end that lets the call through by accident: what cannot be read or
//! judged is refused. Every other event ends in silence when something goes wrong. Nothing here starts a process.

pub mod checks;
mod decision;
mod event;
mod failure;
mod payload;
pub mod wire;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

pub use decision::{Decision, Outcome, Reply};
pub use event::{Event, EventKind, Platform, ToolCall};
pub use payload::MAX_PAYLOAD;

/// What an answer needs from outside besides the payload.
pub struct World<'w> {
    /// Claude's `CLAUDE_CODE_ENTRYPOINT`: `cli` when a person sits in front of it.
    pub entrypoint: Option<String>,
    /// Where the process runs: stands in for a payload without directory.
    pub cwd: std::path::PathBuf,
    /// Whether our Cursor entry is wired for a project, so that the imported Claude entry must keep still.
    pub cursor_wired: &'w dyn Fn(Option<&Path>) -> bool,
}

/// `so hook PLATFORM EVENT`, with the arguments behind `hook`. Answers on stdout and by exit code.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<String> = args.map(|word| word.to_string_lossy().into_owned()).collect();
    if words.first().is_some_and(|word| word == "--probe") {
        // The launcher of a project asks whether this program is the one that answers hooks.
        return ExitCode::SUCCESS;
    }
    let (platform, native) = (words.first().map_or("", String::as_str), words.get(1).map_or("", String::as_str));
    failure::install(EventKind::of(Platform::named(platform), native).guards());
    let world = World {
        entrypoint: crate::env::var("CLAUDE_CODE_ENTRYPOINT"),
        cwd: std::env::current_dir().unwrap_or_default(),
        cursor_wired: &wire::cursor_is_wired,
    };
    let reply = answer(platform, native, payload::read(&mut std::io::stdin().lock()), &world);
    // A client that closed its end gets the exit code only.
    let _ = std::io::stderr().write_all(reply.stderr.as_bytes());
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(reply.stdout.as_bytes()).and_then(|()| stdout.flush());
    ExitCode::from(reply.code)
}

/// The reply to one event, from its parts.
pub fn answer(platform: &str, native: &str, stdin: Result<Vec<u8>, payload::Unreadable>, world: &World<'_>) -> Reply {
    let Some(platform) = Platform::named(platform) else {
        return Reply::refusal(&format!("`{platform}` is not a client that so knows. Run `so doctor`."));
    };
    let kind = EventKind::of(Some(platform), native);
    let event = match stdin.and_then(|bytes| payload::parse(&bytes)) {
        Ok(value) => wire::decode(platform, kind, native, &value, world),
        Err(_) if !kind.guards() => return Reply::silence(),
        Err(unreadable) => {
            let outcome = Outcome::deny(format!("so could not read this call: {unreadable}. Run `so doctor`."));
            return wire::encode(&Event::bare(platform, kind, native), &outcome);
        }
    };
    if kind == EventKind::Unknown {
        let reason = format!("so does not know the event `{native}` of {}. Run `so doctor`.", platform.name());
        return Reply::refusal(&reason);
    }
    if event.answered_elsewhere {
        return Reply::silence();
    }
    wire::encode(&event, &checks::run(&event))
}
