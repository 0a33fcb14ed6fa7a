//! `so mode`: which kind of session fits.

use std::path::PathBuf;

use serde_json::json;

use super::{Exit, place};
use crate::session::brief;
use crate::ui::{HEAD, Ui};

/// Suggest the kind of session that fits: feature, deep or housekeeping
///
/// By what is wanted, the plan, what the last session on this branch left, and the branch's name. It only suggests:
/// the person's word wins.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Suggest it (the default)
    Suggest {
        /// What is wanted, in words
        words: Vec<String>,
    },
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let words = match &args.command {
        Some(Command::Suggest { words }) => words.join(" "),
        None => String::new(),
    };
    let suggestion = brief::mode(&project, &words);
    let next = format!("so session start --mode {}", suggestion.mode);
    if ui.json {
        ui.result(
            true,
            json!({"mode": suggestion.mode, "by": suggestion.by, "why": suggestion.why, "next": next}),
        );
    } else {
        let mode = ui.paint(HEAD, suggestion.mode.word());
        ui.print(&format!("{mode}: {}; the person's word wins\nnext: {next}\n", suggestion.why));
    }
    Ok(Exit::Done)
}
