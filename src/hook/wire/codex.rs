//! Codex CLI 0.169.0. A reply with one unknown key is void and the call runs; `ask` lets it run too.

use serde_json::Value;

use super::tools::Tool;
use super::{Reply, Wire, claude};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

pub(super) struct Codex;

impl Wire for Codex {
    fn kind(&self, native: &str) -> Option<EventKind> {
        EventKind::named(native)
    }

    fn decode(&self, kind: EventKind, _native: &str, payload: &Value) -> Result<Event, String> {
        let mut event = claude::event(kind, payload, TOOLS)?;
        if let Some(result) = event.result.as_mut() {
            result.failed = failed(&result.text);
        }
        Ok(event)
    }

    fn asks(&self, _event: &Event, _world: &World) -> bool {
        false
    }

    fn carries(&self, kind: EventKind, _native: &str) -> bool {
        CARRIES.contains(&kind)
    }

    fn emulated(&self) -> &'static [EventKind] {
        &[EventKind::PostToolUseFailure, EventKind::PostToolBatch, EventKind::CwdChanged]
    }

    fn encode(&self, kind: EventKind, native: &str, outcome: &Outcome) -> Reply {
        claude::reply(kind, &outcome.clone().ask_is_deny(), self.carries(kind, native))
    }
}

/// Events whose answer has room for text; elsewhere the key makes the whole answer void.
const CARRIES: &[EventKind] = &[
    EventKind::SessionStart,
    EventKind::SubagentStart,
    EventKind::UserPromptSubmit,
    EventKind::PreToolUse,
    EventKind::PostToolUse,
];

/// Whether a call failed, as far as its text says so: there is no exit code in the payload. A patch begins with one;
/// of a shell command there is only the output, and what tells is a shell that complains in its last line. Words of
/// programs do not count: a test that prints an error has not failed for that.
fn failed(text: &str) -> Option<bool> {
    if let Some(code) = text.strip_prefix("Exit code: ").and_then(|rest| rest.lines().next()) {
        return Some(code.trim() != "0");
    }
    let last = text.trim_end().lines().next_back().unwrap_or_default();
    let (shell, complaint) = last.split_once(": ")?;
    let is_shell = ["bash", "sh", "zsh", "dash"].contains(&shell.rsplit('/').next().unwrap_or_default());
    let fatal = ["command not found", "No such file or directory", "Permission denied", "Is a directory"];
    let fits = complaint.contains("syntax error") || fatal.iter().any(|end| complaint.ends_with(end));
    (is_shell && fits).then_some(true)
}

const TOOLS: &[(&str, Tool)] =
    &[("Bash", Tool::Shell), ("apply_patch", Tool::Patch), ("spawn_agent", Tool::Agent)];

#[cfg(test)]
mod tests {
    use super::failed;

    /// The texts are those of 0.169.0.
    #[test]
    fn a_failure_is_known_by_what_the_shell_or_the_patch_says() {
        for (text, expected) in [
            (
                "Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess. Updated the following files:\nA a\n",
                Some(false),
            ),
            ("Exit code: 1\nWall time: 0 seconds\nOutput:\nFailed to find expected lines", Some(true)),
            ("/bin/bash: line 1: no_such_command_x: command not found\n", Some(true)),
            ("built\n/bin/bash: line 1: ./x: Permission denied\n", Some(true)),
            ("/bin/bash: -c: line 1: syntax error near unexpected token `)'\n", Some(true)),
            ("/bin/bash: line 1: rg: command not found\n12 tests passed\n", None),
            ("the process exited with code 3\n", None),
            ("Process exited with code 3\n", None),
            ("error: command not found\n", None),
            ("Exit codes: 0 done, 1 findings\n", None),
            ("", None),
        ] {
            assert_eq!(failed(text), expected, "{text}");
        }
    }
}
