//! `so rollback`: takes back the last install, upgrade or uninstall.

use std::path::PathBuf;

use serde_json::json;

use super::carry::{self, Job};
use super::{Exit, place, source};
use crate::install::disk::RealDisk;
use crate::install::rollback;
use crate::ui::Ui;

/// Take back the last install or upgrade, to the byte
///
/// Files that changed since stay as they are, and are named. When what is recorded as installed changed since, nothing
/// is taken back.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Show the plan and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let platforms = source::platforms()?;
    let roots = place::roots(place::project(project.map(PathBuf::as_path))?, platforms)?;
    carry::recover(ui, &roots)?;
    let plan = match rollback::plan(&roots, &RealDisk)? {
        Ok(plan) => plan,
        Err(why) => {
            if ui.json {
                ui.result(false, json!({"error": {"code": "no-rollback", "message": why}}));
            }
            ui.note(&why);
            return Ok(Exit::Findings);
        }
    };
    Job { question: "Take this back?", dry_run: args.dry_run, ..Job::new(&roots) }.carry_out_plan(ui, &plan)
}
