//! `so report`: the session as a page for people.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::{Exit, place};
use crate::session::page::{self, Wanted};
use crate::ui::{GOOD, Ui};
use crate::{clock, env, fs};

/// Write the report of the session as one HTML page
///
/// Waves and gates in order, tasks with their evidence, files against the plan, what the guard refused, learnings, and
/// the last sessions. Of the open session, or else of the last one. The page needs no network and holds no script.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write it; `-` prints it [default: .orchestrator/runtime/report.html]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let facts =
        page::gather(&Wanted { project: project.clone(), state: env::state_dir(), now: clock::now_ms() })?;
    let page = page::render(&facts)?;
    if args.out.as_deref() == Some(Path::new("-")) {
        ui.text(&page);
        return Ok(Exit::Done);
    }
    let path = match &args.out {
        Some(path) => std::path::absolute(path)?,
        None if project.join(".orchestrator").is_dir() => project.join(page::FILE),
        None => {
            return Err(hinted(
                "no session was ever started here",
                "`so report --out FILE` writes one all the same",
            ));
        }
    };
    page::may_write(&path)
        .map_err(|error| hinted(format!("{error:#}"), "name a new file that ends in .html"))?;
    fs::atomic_write(&path, page.as_bytes(), false)?;
    if ui.json {
        ui.result(true, json!({"path": path, "bytes": page.len(), "report": facts}));
    } else {
        let path = path.strip_prefix(&project).unwrap_or(&path);
        ui.print(&format!(
            "{} {}\nnext: the person opens it in a browser\n",
            ui.paint(GOOD, "written"),
            path.display()
        ));
    }
    Ok(Exit::Done)
}
