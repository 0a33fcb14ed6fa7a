//! What would this command do, and would anything be lost that nothing can give back?
//!
//! Text → [`shell::read`] → simple commands → expansion, wrappers seen through → typed argv → [`rules`] → the
//! strictest [`Decision`]. The wing knows no client and no hook; it reads the disk only when a rule must know
//! where a path leads or what a discard would lose.

mod arg;
pub mod batch;
mod builtin;
pub mod consent;
mod container;
mod context;
pub mod control;
mod copies;
mod deletion;
mod descriptor;
mod dirs;
mod earlier;
mod edited;
mod enter;
mod expand;
mod files;
mod filled;
mod findings;
mod flow;
mod frame;
mod functions;
mod later;
mod loss;
mod names;
mod options;
mod outputs;
mod place;
pub mod policy;
mod printed;
pub mod rules;
mod see_through;
pub mod shell;
mod suspect;
mod transform;
pub mod undo;
mod vars;
mod verdict;
mod walk;
mod writes;

pub use arg::{Arg, Call, UNKNOWN};
pub use container::{Container, Inside};
pub use context::{Context, project_of};
pub use earlier::Earlier;
pub use flow::Flow;
pub use names::Names;
pub use options::{Grammar, Opt, Parsed};
pub use place::{Place, place};
pub use verdict::{About, Decision, Finding, Origin, Step, Verdict};
pub use writes::{Git, Ran, Reach, Write};

/// The program of a command word, without its directory.
pub(crate) fn program(text: &str) -> &str {
    see_through::program_name(text)
}

/// A path without `.` and `..`, with the links followed on the deepest part that is there; with `entry` the last part
/// stays itself.
pub fn real(path: &std::path::Path, entry: bool) -> Option<std::path::PathBuf> {
    place::absolute(path.to_str()?, None).map(|path| place::resolved(&path, entry))
}

/// Whether a toolchain makes the file at `path` again by itself, in a directory that has no other use.
pub fn is_built(path: &std::path::Path, project: &std::path::Path) -> bool {
    loss::is_built(path, project)
}

/// Judges everything that `command` could run.
pub fn check(command: &str, context: &Context) -> Verdict {
    walk::judge(command, context)
}

/// The same where the number of peers has to be looked for: only verdicts that depend on it ask.
pub fn check_among(command: &str, context: Context, peers: impl FnOnce() -> u32) -> Verdict {
    let alone = check(command, &context);
    if !alone.depends_on_peers() {
        return alone;
    }
    match peers() {
        0 => alone,
        peers => check(command, &Context { peers, ..context }),
    }
}
