//! Is the guard on where this command runs, and if not, why?
//!
//! Responsible for: the receipt of this very call, and the diagnosis when there is none: what was installed (the
//! locks), what became of it, and every switch that `platforms/*.toml` knows. It only reads; what it
//! starts is the client, for its version, and what hooks of ours name: their program, and in `fire` they themselves.
//! Must not: print, or mend.

mod diagnosis;
mod fire;
mod guarded;
mod handler;
mod program;
mod switch;
mod trust;
mod wiring;

use std::path::PathBuf;

use serde::Serialize;

pub use diagnosis::causes;
pub use fire::{Answer, Around, fire, payload};
pub use guarded::{Unguarded, unguarded};
pub use handler::{Handler, Runs, handlers};
pub use program::{PROBE_ANSWER, Program, answers, look, version_of};
pub use wiring::{State, Wiring, wirings};

use crate::client::Process;
use crate::install::lock::Locks;
use crate::install::target::Roots;
use crate::session::profile::Profile;

/// What is known of this machine and of the process that asks.
pub struct Machine<'a> {
    /// Where things stand.
    pub roots: &'a Roots,
    /// What was installed; none when a lock cannot be read, which has its sentence.
    pub locks: Result<&'a Locks, String>,
    /// The environment.
    pub var: &'a dyn Fn(&str) -> Option<String>,
    /// The processes above this one, the nearest first.
    pub ancestors: &'a [Process],
    /// How much of the hooks runs.
    pub profile: &'a Profile,
    /// The client's version, where it can be asked.
    pub version: &'a dyn Fn(&[String]) -> Option<String>,
    /// Where each project is remembered outside it.
    pub state: Option<PathBuf>,
    /// Where this process works.
    pub cwd: PathBuf,
    /// Milliseconds since 1970.
    pub now: u64,
}

/// One reason why hooks do not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Its name.
    pub name: String,
    /// What is wrong, as a clause.
    pub why: String,
    /// What the person does about it, as a clause.
    pub press: String,
}

impl Cause {
    fn new(name: &str, why: impl Into<String>, press: impl Into<String>) -> Self {
        Self { name: name.to_owned(), why: why.into(), press: press.into() }
    }
}
