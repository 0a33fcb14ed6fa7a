//! The destructive-command guard on everything that runs a command or deletes a file.

use super::{Check, OnFailure};
use crate::guard::{self, Context};
use crate::hook::{Decision, Event, EventKind, Outcome, ToolCall};

/// The check.
pub(super) const CHECK: Check = Check { name: "guard", events: &[EventKind::PreToolUse], on_failure: OnFailure::Deny, run };

#[expect(clippy::unnecessary_wraps, reason = "every check may fail")]
fn run(event: &Event) -> anyhow::Result<Outcome> {
    let command = match &event.tool {
        Some(ToolCall::Shell { command } | ToolCall::Mcp { command: Some(command), .. }) => command.clone(),
        Some(ToolCall::Delete { path }) => {
            let path = path.to_string_lossy().replace('\'', "'\\''");
            format!("rm -f -- '{path}'")
        }
        _ => return Ok(Outcome::default()),
    };
    let verdict = guard::check(&command, &Context::at(&event.cwd));
    let decision = verdict.findings.iter().fold(Decision::Allow, |sum, finding| {
        let reasons = vec![finding.message()];
        sum.join(match finding.decision {
            guard::Decision::Allow => Decision::Allow,
            guard::Decision::Ask => Decision::Ask(reasons),
            guard::Decision::Deny => Decision::Deny(reasons),
        })
    });
    Ok(Outcome { decision, context: None })
}
