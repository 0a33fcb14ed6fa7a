//! `so upgrade`: what is installed becomes what this version would write, with the person's edits.

use std::path::PathBuf;

use serde_json::json;

use super::carry::{self, Job};
use super::installed;
use super::{Exit, place, source, verify};
use crate::install::disk::RealDisk;
use crate::install::lock::Locks;
use crate::install::plan::{Answer, Request};
use crate::ui::{HEAD, Ui};

/// Bring what is installed to this version; your edits stay
///
/// Every file has three sides: base (what was written last), mine (what you have) and new. What you did not touch is
/// replaced; what only you changed is kept; changes at different places are merged and listed. Where both sides
/// changed the same lines yours stays, the new text is put aside, and `so resolve` decides (exit code 3). What you
/// deleted stays deleted.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The tree in DIR, and from there from now on [default: where each source was installed from]
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// What to do where both sides changed the same lines
    #[arg(long, value_enum, default_value = "mine")]
    conflict: Conflict,
    /// Only this source
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,
    /// Show the plan and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Put back files that you deleted, and replace a newer version by an older one
    #[arg(long)]
    force: bool,
    /// Do not ask the clients afterwards what they loaded (with --json they are not asked)
    #[arg(long)]
    no_verify: bool,
}

/// What happens to a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Conflict {
    /// Yours stays; the new text is put aside
    Mine,
    /// The new text replaces yours; `so rollback` brings yours back
    New,
    /// Nothing at all is written
    Fail,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let platforms = source::platforms()?;
    let roots = place::roots(place::project(project.map(PathBuf::as_path))?, platforms)?;
    carry::recover(ui, &roots)?;
    let locks = Locks::load(&roots, &RealDisk)?;
    let dir = args.source.as_deref();
    let installed = installed::of(&locks, &roots, platforms, dir, args.plugin.as_ref())?;
    if installed.is_empty() {
        if ui.json {
            ui.result(true, json!({"applied": false, "summary": null, "steps": [], "after": []}));
        }
        ui.say("nothing of it is installed here: so diff shows what is");
        return Ok(Exit::Done);
    }
    let mut worst = Exit::Done;
    let mut upgraded = Vec::new();
    for one in installed {
        let compiled = one.compile(dir, platforms, &roots)?;
        let lock = compiled.lock_source();
        if !args.force && carry::is_refused(ui, &locks, &lock) {
            return Ok(Exit::Findings);
        }
        let heading = one.heading(&lock.version);
        ui.say(&ui.paint(HEAD, &heading));
        let answer = if args.conflict == Conflict::New { Answer::New } else { Answer::Open };
        let request = Request { force: args.force, answer, ..compiled.request() };
        let fail = args.conflict == Conflict::Fail;
        let job = Job { question: "Upgrade this?", dry_run: args.dry_run, fail, ..Job::new(&roots) };
        let exit = job.carry_out(ui, request)?;
        upgraded.extend(platforms.iter().filter(|platform| one.scopes.contains_key(&platform.id)));
        worst = if (exit as u8) > (worst as u8) { exit } else { worst };
    }
    verify::after(ui, &roots, worst, args.no_verify || args.dry_run, &upgraded)
}
