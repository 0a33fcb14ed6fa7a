//! The one place that turns an error into text and an exit code.

use std::fmt::Write as _;

use serde_json::json;

use super::Exit;
use crate::interrupt::Interrupted;
use crate::ui::Ui;

/// A failure with advice.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Hinted {
    message: String,
    hint: String,
}

/// A failure with advice.
pub(crate) fn hinted(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Hinted { message: message.into(), hint: hint.into() }.into()
}

/// What clap has to say: help and versions on stdout with 0, the rest on stderr with 2, or as JSON when asked for.
pub(super) fn usage(error: &clap::Error) -> u8 {
    if error.use_stderr() && std::env::args_os().any(|arg| arg == "--json") {
        let ui = Ui::new(crate::ui::ColorChoice::Never, true, false, false, false);
        let message = error.render().to_string();
        let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        ui.result(false, json!({"error": {"code": "usage", "message": first, "hint": "see `so --help`"}}));
        return Exit::Failure as u8;
    }
    let _ = error.print();
    u8::try_from(error.exit_code()).unwrap_or(Exit::Failure as u8)
}

/// Prints a failure: what, why, and what to do.
pub(super) fn report(ui: &Ui, failure: &anyhow::Error) -> u8 {
    let interrupted = failure.is::<Interrupted>();
    let hint = failure.downcast_ref::<Hinted>().map(|hinted| hinted.hint.as_str());
    if ui.json {
        let message = failure.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        let code = if interrupted { "interrupted" } else { "failure" };
        ui.result(false, json!({"error": {"code": code, "message": message, "hint": hint}}));
    } else {
        let red = if ui.color_err() { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        let mut text = format!("{}error{}: {failure}\n", red.0, red.1);
        for cause in failure.chain().skip(1) {
            let _ = writeln!(text, "  caused by: {cause}");
        }
        if let Some(hint) = hint {
            let _ = writeln!(text, "  hint: {hint}");
        }
        ui.complain(&text);
    }
    if interrupted { Exit::Interrupted as u8 } else { Exit::Failure as u8 }
}
