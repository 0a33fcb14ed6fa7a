//! `so diff`: what an upgrade would change, and what was edited since the last one.

use std::path::PathBuf;

use serde_json::json;

use super::installed::{self, Installed};
use super::{Exit, carry, place, source};
use crate::install::disk::RealDisk;
use crate::install::lock::Locks;
use crate::install::plan::{self, Kind, Plan};
use crate::install::target::Roots;
use crate::install::{diff, journal};
use crate::ui::{HEAD, Ui};

/// Show what `so upgrade` would change, and what you edited; writes nothing
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Exit with 1 when anything differs from what this version would write
    #[arg(long)]
    check: bool,
    /// Compare with the tree in DIR instead of the one that was installed
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let platforms = source::platforms()?;
    let roots = place::roots(place::project(project.map(PathBuf::as_path))?, platforms)?;
    let locks = Locks::load(&roots, &RealDisk)?;
    if journal::is_pending(&roots) {
        ui.note(
            "an install was ended in the middle: the next so install, upgrade or uninstall takes it back",
        );
    }
    let dir = args.source.as_deref();
    let installed = installed::of(&locks, &roots, platforms, dir, None)?;
    let mut plans = Vec::new();
    for one in &installed {
        let compiled = one.compile(dir, platforms, &roots)?;
        let plan = plan::plan(&compiled.request(), &locks, &roots, &RealDisk)?;
        plans.push((one, compiled.lock_source().version, plan));
    }
    show(ui, &plans, &roots);
    let drift = journal::is_pending(&roots) || plans.iter().any(|(_, _, plan)| differs(plan));
    Ok(if args.check && drift { Exit::Findings } else { Exit::Done })
}

/// Whether anything stands otherwise than this version would write it.
fn differs(plan: &Plan) -> bool {
    let same = |kind| matches!(kind, Kind::Unchanged | Kind::Adopt);
    !plan.is_empty() || plan.steps.iter().any(|step| !same(step.kind) || step.conflicts())
}

fn show(ui: &Ui, plans: &[(&Installed, String, Plan)], roots: &Roots) {
    if ui.json {
        let one = |(installed, version, plan): &(&Installed, String, Plan)| {
            json!({
                "source": installed.name, "installed": installed.version, "version": version,
                "origin": installed.origin, "differs": differs(plan),
                "summary": diff::summary(plan), "steps": plan.steps,
            })
        };
        ui.result(true, json!({"sources": plans.iter().map(one).collect::<Vec<_>>()}));
        return;
    }
    if plans.is_empty() {
        let place = if roots.project.is_some() { "here" } else { "for you" };
        ui.say(&format!("nothing is installed {place}: so install"));
    }
    for (installed, version, plan) in plans {
        ui.say(&ui.paint(HEAD, &installed.heading(version)));
        carry::show(ui, plan, false);
    }
}
