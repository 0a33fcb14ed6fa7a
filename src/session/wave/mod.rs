//! Waves: the agreed tasks worked through in order, each wave held to a gate and to evidence.
//!
//! `journal` is what happened so far, on disk; `open` begins a wave, `close` ends one; `reports` is what agents
//! said, `evidence` what shows it; `brief` is what they are told. `position` is the one next step, for whoever
//! comes back.

mod back;
mod brief;
mod close;
mod evidence;
mod journal;
mod open;
mod position;
mod reports;

pub use back::{Back, back};
pub use close::{Finish, finish};
pub use evidence::proofs;
pub use journal::{FILE, Learned, Outcome, Run, Status, TaskRun, Waves};
pub use open::{Opened, Wanted, learned, open};
pub use position::{Next, Step, position};
pub use reports::{Report, Reports, read as read_reports};

/// The task that a reviewer starts.
pub const REVIEW: &str = "review";
