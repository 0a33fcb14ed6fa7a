//! What is enforced in this session, told to the model when it starts. At most 300 tokens.

use super::{Check, OnFailure};
use crate::hook::{Event, EventKind, Outcome, Platform};

/// The check.
pub(super) const CHECK: Check =
    Check { name: "banner", events: &[EventKind::SessionStart], on_failure: OnFailure::Silent, run };

#[expect(clippy::unnecessary_wraps, reason = "every check may fail")]
fn run(event: &Event) -> anyhow::Result<Outcome> {
    let ask = match event.platform {
        Platform::Claude | Platform::Pi => "the person is asked where the client can ask, otherwise it is refused",
        Platform::Codex | Platform::Cursor => "it is refused, because this client cannot ask",
    };
    let context = format!(
        "so guards this session. Shell commands that would destroy what nothing can give back (unsaved files, history, \
         other people's branches, anything outside the project) are refused; where a person could decide, {ask}. \
         Refusals name the rule and a safe alternative: take that, do not look for another spelling. \
         Not guarded here: file edits. `so guard rules` lists the rules, `so guard check -- COMMAND` judges without running."
    );
    Ok(Outcome { context: Some(context), ..Outcome::default() })
}
