//! `so ci`: what the workflows or pipelines say of a branch.

use std::path::PathBuf;

use serde_json::json;

use super::forge::{self, At};
use super::{Exit, place, pr};
use crate::plain;
use crate::session::forge::model::{Check, Outcome, Run};
use crate::ui::{BAD, GOOD, Ui, WARN};

/// Show what workflows or pipelines say of a branch, and what failed in the last one
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The branch; without it the one that is checked out
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// At most so many runs
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: usize,
    /// End with 1 unless the last commit's runs have passed
    #[arg(long)]
    check: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let at = At::of(&project)?;
    let here = || -> anyhow::Result<String> {
        let repository = git2::Repository::open(&project)?;
        let head = repository.head().ok();
        Ok(head.map(|head| String::from_utf8_lossy(head.shorthand_bytes()).into_owned()).unwrap_or_default())
    };
    let branch = args.branch.clone().map_or_else(here, Ok)?;
    let forge = at.forge();
    let runs = forge.runs(Some(&branch), args.limit).map_err(|failure| forge::failed(&failure))?;
    let last: Vec<&Run> =
        runs.iter().filter(|run| runs.first().is_some_and(|first| first.sha == run.sha)).collect();
    let worst = crate::session::forge::worst(last.iter().map(|run| run.outcome));
    let failed = last.iter().find(|run| run.outcome == Outcome::Fail);
    let jobs: Vec<Check> = match failed {
        Some(run) => forge.jobs(run.id).map_err(|failure| forge::failed(&failure))?,
        None => Vec::new(),
    };
    let failed_jobs: Vec<Check> = jobs.into_iter().filter(|job| job.outcome == Outcome::Fail).collect();
    let passed = matches!(worst, Some(Outcome::Pass | Outcome::Skipped));
    if ui.json {
        let word = worst.map(Outcome::word);
        let fields =
            json!({"forge": at.json(), "branch": branch, "last": word, "runs": runs, "failed": failed_jobs});
        ui.result(passed || !args.check, fields);
    } else {
        print(ui, &branch, worst, &runs, &failed_jobs);
    }
    Ok(if args.check && !passed { Exit::Findings } else { Exit::Done })
}

fn print(ui: &Ui, branch: &str, worst: Option<Outcome>, runs: &[Run], failed: &[Check]) {
    let branch = plain::line(branch, 80);
    let Some(worst) = worst else {
        return ui.print(&format!("no run of `{branch}` is known\n"));
    };
    let paint = match worst {
        Outcome::Fail => BAD,
        Outcome::Running => WARN,
        Outcome::Pass | Outcome::Skipped => GOOD,
    };
    ui.print(&format!("`{branch}`: {}\n", ui.paint(paint, worst.word())));
    for run in runs {
        let name = plain::line(&run.name, 60);
        let sha: String = plain::line(&run.sha, 64).chars().take(8).collect();
        ui.print(&format!("{:<8}> {name} at {sha}, {}\n", run.outcome.word(), forge::ago(&run.created)));
    }
    if !failed.is_empty() {
        ui.print("failed in it:\n");
        pr::print(ui, failed);
    }
}
