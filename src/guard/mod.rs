//! What would this command do, and would anything be lost that nothing can give back?
//!
//! Text → [`shell::read`] → simple commands → expansion, wrappers seen through → typed argv → [`rules`] → the
//! strictest [`Decision`]. The wing knows no client and no hook; it reads the disk only when a rule must know
//! where a path leads or what a discard would lose.

mod arg;
pub mod batch;
pub mod consent;
mod context;
pub mod control;
mod deletion;
mod descriptor;
mod earlier;
mod expand;
mod flow;
mod frame;
mod loss;
mod names;
mod options;
mod outputs;
mod place;
pub mod rules;
mod see_through;
pub mod shell;
pub mod undo;
mod vars;
mod verdict;
mod walk;

pub use arg::{Arg, Call, UNKNOWN};
pub use context::{Context, project_of};
pub use earlier::Earlier;
pub use flow::Flow;
pub use names::Names;
pub use options::{Grammar, Opt, Parsed};
pub use place::{Place, place};
pub use verdict::{Decision, Finding, Step, Verdict};

/// The program of a command word, without its directory.
pub(crate) fn program(text: &str) -> &str {
    see_through::program_name(text)
}

/// Judges everything that `command` could run.
pub fn check(command: &str, context: &Context) -> Verdict {
    walk::judge(command, context)
}
