//! `so adopt`: an edit of a file of ours becomes an overlay that every later version gets.

use std::path::PathBuf;

use super::carry::{self, Job};
use super::error::hinted;
use super::{Exit, installed, place, resolve, source};
use crate::install::disk::RealDisk;
use crate::install::lock::Locks;
use crate::install::plan::{self, Kind, Request};
use crate::install::target::Aside;
use crate::ui::Ui;

/// Keep your edit of an installed file as an overlay, which later versions get laid over them
///
/// The overlay stands in `.orchestrator/overlays/` (for user-scope files in `~/.local/share/so/overlays/`) and is
/// yours: commit it, edit it, or delete it to have the plain version again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file, as `so diff` names it, or its path
    #[arg(value_name = "FILE")]
    file: String,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let platforms = source::platforms()?;
    let roots = place::roots(place::project(project.map(PathBuf::as_path))?, platforms)?;
    carry::recover(ui, &roots)?;
    let locks = Locks::load(&roots, &RealDisk)?;
    for one in installed::all(&locks, &roots, platforms) {
        let compiled = one.compile(None, platforms, &roots)?;
        let plan = plan::plan(&compiled.request(), &locks, &roots, &RealDisk)?;
        let Some(step) = plan.steps.iter().find(|step| resolve::is_named(step, &args.file)) else { continue };
        let mine = match (step.kind, &step.before) {
            (Kind::Keep, Some(mine)) if step.notes.is_empty() => mine.clone(),
            (Kind::Keep, _) => {
                return Err(hinted(
                    format!("`{}` is a file of yours in which only keys are ours", step.place),
                    "edit it as you like: your edits stay anyway",
                ));
            }
            (Kind::MergeText | Kind::Conflict, _) => {
                return Err(hinted("a newer version waits for this file", "so upgrade first"));
            }
            _ => return Err(hinted(format!("`{}` is not edited", step.place), "there is nothing to adopt")),
        };
        let name = compiled.lock_source().name;
        let base = match roots.aside(Aside::OverlayBase, &name, &step.place).filter(|path| path.exists()) {
            // With an overlay what was written is a mixture: what the version says alone is compiled anew.
            Some(_) => match compiled.want.get(&step.place).map(|artifact| &artifact.content) {
                Some(crate::compile::artifact::Content::File { bytes, .. }) => Some(bytes.clone()),
                _ => None,
            },
            None => resolve::written(&step.place, &name, &roots, &locks)?,
        };
        let Some(base) = base else {
            return Err(hinted(
                "what was written here is not known any more",
                "so resolve FILE, when a new version comes",
            ));
        };
        let request = Request {
            only: Some([step.place.clone()].into()),
            overlays: [(step.place.clone(), (mine, base))].into(),
            ..compiled.request_for_none()
        };
        let exit = Job { sure: true, ..Job::new(&roots) }.carry_out(ui, request)?;
        if let Some(path) = roots.aside(Aside::Overlay, &name, &step.place) {
            ui.say(&format!("your edit is kept in {}", path.display()));
        }
        return Ok(exit);
    }
    Err(hinted(format!("`{}` is not installed here", args.file), "so diff names what is"))
}
