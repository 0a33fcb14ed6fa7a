//! The real clients, driven headless against a scripted model: the only proof that what `so` writes is
//! loaded, and that its hooks stop what they must.
//!
//! The clients are pinned by `package.json` beside this file; `npm ci` here installs them, or
//! `SO_TEST_CLIENTS` names another directory that holds `claude`, `codex` and `pi`. All traffic stays on
//! the loopback interface and no key is real. Every test that starts a client is ignored by default.
//!
//! A test makes a [`sandbox::Sandbox`], starts a [`model_server::ModelServer`] with what the model shall do,
//! opens a [`Client`], runs a turn, and then looks at the project, at the turn, and at what the model was
//! told.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests write their own scratch files and read their own settings"
)]

mod claude;
mod codex;
mod consent;
mod events;
mod fixture;
mod hooks;
mod live;
mod loads;
mod marketplace;
mod model_server;
mod pi;
mod process;
mod sandbox;
mod screen;
mod so;
mod steps;
mod transcripts;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use claude::Claude;
use codex::Codex;
use model_server::ModelServer;
use pi::Pi;
use process::Ran;
use sandbox::Sandbox;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Claude,
    Codex,
    Pi,
}

/// A client that can run a turn without a person.
pub(crate) trait Client {
    /// One new session with one prompt.
    fn turn(&self, prompt: &str) -> Turn;

    /// What a person would do by hand once after an install, such as trusting hooks.
    fn accept_hooks(&self) {}
}

/// A finished turn.
pub(crate) struct Turn {
    /// The client's last words; they equal the script's last `Say` if all went as written.
    pub(crate) text: String,
    /// The client's own stream.
    pub(crate) events: Vec<Value>,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
    pub(crate) elapsed: Duration,
}

impl Platform {
    /// The name that `so --platform` knows it by.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Pi => "pi",
        }
    }

    pub(crate) fn open<'a>(self, sandbox: &'a Sandbox, model: &ModelServer) -> Box<dyn Client + 'a> {
        match self {
            Self::Claude => Box::new(Claude::new(sandbox, model)),
            Self::Codex => Box::new(Codex::new(sandbox, model)),
            Self::Pi => Box::new(Pi::new(sandbox, model)),
        }
    }
}

impl Turn {
    fn new(ran: Ran, text: impl FnOnce(&[Value]) -> Option<String>) -> Self {
        let events = ran.json_lines();
        let text = text(&events).unwrap_or_default();
        Self { text, events, stderr: ran.stderr, code: ran.code, elapsed: ran.elapsed }
    }

    /// Asserts that the script was played to its last words.
    pub(crate) fn ended_with(self, words: &str) -> Self {
        let Self { text, code, stderr, elapsed, .. } = &self;
        assert_eq!(text, words, "exit {code:?} after {elapsed:?}: {stderr}");
        self
    }
}

/// `so install` for one platform, with further options such as `--scope project`.
pub(crate) fn install(sandbox: &Sandbox, platform: Platform, options: &[&str]) -> Ran {
    so_for(sandbox, "install", platform, options)
}

/// `so uninstall` for one platform.
pub(crate) fn uninstall(sandbox: &Sandbox, platform: Platform, options: &[&str]) -> Ran {
    so_for(sandbox, "uninstall", platform, options)
}

/// `so install` or `so uninstall` for the four platforms at once.
pub(crate) fn so_all(sandbox: &Sandbox, command: &str, options: &[&str]) -> Ran {
    let mut given = vec!["--project", sandbox.project.to_str().unwrap(), command, "--yes"];
    given.extend(unverified(command));
    for platform in ["claude", "codex", "cursor", "pi"] {
        given.extend(["--platform", platform]);
    }
    sandbox.so(&[&given, options].concat())
}

fn so_for(sandbox: &Sandbox, command: &str, platform: Platform, options: &[&str]) -> Ran {
    let project = sandbox.project.to_str().unwrap();
    let given = ["--project", project, command, "--platform", platform.id(), "--yes"];
    sandbox.so(&[&given[..], unverified(command), options].concat())
}

/// An install that starts no client: the tests do that themselves.
fn unverified(command: &str) -> &'static [&'static str] {
    if command == "install" { &["--no-verify"] } else { &[] }
}

/// The directory that holds the clients' executables.
fn clients() -> PathBuf {
    let pinned = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/node_modules/.bin");
    let directory = std::env::var_os("SO_TEST_CLIENTS").map_or_else(pinned, PathBuf::from);
    assert!(
        directory.join("claude").exists(),
        "no clients in {}: run `npm ci` in tests/clients, or set SO_TEST_CLIENTS",
        directory.display()
    );
    directory
}
