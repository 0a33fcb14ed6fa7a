//! `so brief`: the overview of a project in one call.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Exit, place, trust};
use crate::session::brief::{self, Wanted};
use crate::session::config::{Config, Value as Setting};
use crate::session::forge::{self, Rules};
use crate::session::lease::Holder;
use crate::ui::{HEAD, Ui};
use crate::{client, clock, env};

/// Show where this project stands: one recommendation first, then what it rests on
///
/// Git, the session and its notes, the last sessions, others at work, this machine. Each look has a limit of its own;
/// what does not answer in time is named. Issues and runs come from the forge, in three seconds or not at all. Nothing is
/// written.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ask nobody over the network
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let wanted = wanted(&project, args.offline);
    let brief = brief::look(&wanted);
    if ui.json {
        ui.result(true, serde_json::to_value(&brief).unwrap_or(Value::Null));
    } else {
        ui.print(&brief::text(&brief, &wanted, &|name| ui.paint(HEAD, name)));
    }
    Ok(Exit::Done)
}

fn wanted(project: &Path, offline: bool) -> Wanted {
    let config = trust::config(project);
    let number = |key: &str| config.int(key, "").unwrap_or_default();
    let count = |key: &str| usize::try_from(number(key)).unwrap_or_default();
    let fresh = match config.get("ssot-files").value {
        Setting::List(files) => files,
        _ => Vec::new(),
    };
    Wanted {
        project: project.to_path_buf(),
        state: env::state_dir(),
        caller: Holder::here(client::here().as_ref()),
        now: clock::seconds(),
        commits: count("recent-commits"),
        stale_days: number("stale-branch-days"),
        learnings: count("learnings-surface-top-n"),
        fresh: (fresh, number("ssot-freshness-days")),
        special: config.text("special"),
        config: wrong(&config),
        place: if offline { None } else { forge::find(project, &Rules::of(&config)).ok() },
        issues: count("issue-limit"),
        issue_days: number("stale-issue-days"),
    }
}

/// What is wrong in the settings, if anything is.
fn wrong(config: &Config) -> Vec<String> {
    let findings = config.findings.sorted();
    let first = findings.first().map(|first| first.message.clone());
    let more = findings.len().saturating_sub(1);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    first.map(|first| format!("{first}{more}: so config check")).into_iter().collect()
}
