//! `corrective`: one short hint for the commonest causes of a failed call.

use super::{Check, OnFailure, session};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "corrective",
    events: &[EventKind::PostToolUseFailure],
    on_failure: OnFailure::Open,
    about: "gives one hint when a call failed for a common reason",
    run,
};

/// What failed calls say, and the hint. The texts of edit tools are those of Claude Code 2.1.197, Codex 0.169.0 and
/// Pi 0.73.1; the others those of common shells and libc.
const HINTS: &[(&[&str], &str)] = &[
    (
        &[
            "String to replace not found",
            "File has not been read yet",
            "File has been modified since read",
            "Failed to find expected lines",
            "Could not find the exact text",
            "Could not find edits",
        ],
        "The file is not what you think it is: read it again, then edit.",
    ),
    (
        &["command not found", "No module named", "Cannot find module", "not recognized as an internal"],
        "The program or package is not installed here: look how this project runs it before you install anything.",
    ),
    (
        &["No such file or directory", "ENOENT", "cannot find the path"],
        "The path is not there: list the directory, and mind where you are.",
    ),
];

fn run(event: &Event, world: &World) -> Outcome {
    let Some(result) = event.result.as_ref().filter(|result| result.failed == Some(true)) else {
        return Outcome::default();
    };
    match hint(&result.text) {
        Some(hint) if session::project(event, world).is_some() => Outcome::context(format!("so: {hint}")),
        _ => Outcome::default(),
    }
}

fn hint(text: &str) -> Option<&'static str> {
    HINTS.iter().find(|(causes, _)| causes.iter().any(|cause| text.contains(cause))).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_causes_have_a_hint_and_others_none() {
        for (text, starts) in [
            ("String to replace not found in file.", Some("The file")),
            ("bash: rg: command not found", Some("The program")),
            ("cat: x: No such file or directory", Some("The path")),
            ("Exit code 1\n3 tests failed", None),
        ] {
            assert_eq!(hint(text).map(|hint| hint.split_at(8).0), starts.map(|s| s.split_at(8).0), "{text}");
        }
    }
}
