//! `so log`: the records of this project.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Exit, place};
use crate::env;
use crate::session::log::{self, Which};
use crate::ui::{BAD, GOOD, Ui};

/// Show what was recorded here, or look whether the records are sound
///
/// Events and sessions stand in .orchestrator/metrics/ of the main working tree. Command texts are never in them, and
/// nothing leaves this machine.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the last lines (the default)
    Tail {
        /// Which records
        #[arg(value_enum, default_value = "events")]
        which: Which,
        /// How many lines
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        lines: usize,
    },
    /// Read every line; exit 1 when one is not as it should be
    Verify,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    match &args.command {
        Some(Command::Tail { which, lines }) => Ok(tail(ui, &project, *which, *lines)),
        None => Ok(tail(ui, &project, Which::Events, 20)),
        Some(Command::Verify) => verify(ui, &project),
    }
}

fn tail(ui: &Ui, project: &Path, which: Which, count: usize) -> Exit {
    let records = log::tail(project, env::state_dir().as_deref(), which, count);
    if ui.json {
        ui.result(true, json!({"records": records}));
    } else if records.is_empty() {
        ui.print("nothing was recorded yet\n");
    } else {
        for record in &records {
            ui.print(&format!("{}\n", log::line(record)));
        }
    }
    Exit::Done
}

fn verify(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    const SHOWN: usize = 20;
    let found = log::verify(project, env::state_dir().as_deref())?;
    let is_sound = found.faults.is_empty();
    if ui.json {
        let files: Vec<_> =
            found.files.iter().map(|(path, lines)| json!({"path": path, "lines": lines})).collect();
        ui.result(is_sound, json!({"files": files, "faults": found.faults}));
        return Ok(if is_sound { Exit::Done } else { Exit::Findings });
    }
    for (path, lines) in &found.files {
        ui.print(&format!("{path}: {lines} lines\n"));
    }
    for fault in found.faults.iter().take(SHOWN) {
        ui.print(&format!("{} {}:{}: {}\n", ui.paint(BAD, "fault"), fault.path, fault.line, fault.why));
    }
    match found.faults.len() {
        0 => ui.print(&format!("{}: every line can be read\n", ui.paint(GOOD, "sound"))),
        more if more > SHOWN => ui.print(&format!("{} more: so log verify --json\n", more - SHOWN)),
        _ => {}
    }
    if !is_sound {
        ui.print("such lines are passed over; the others count\n");
    }
    Ok(if is_sound { Exit::Done } else { Exit::Findings })
}
