//! What the forge says: open issues, the last runs, and what waits to be told to it.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::session::forge::labels;
use crate::session::forge::model::{Outcome, State};
use crate::session::forge::queue::Queue;
use crate::session::forge::{Forge, Place, worst};
use crate::{clock, plain};

/// How long a look over the network may take.
pub(super) const LIMIT: Duration = Duration::from_secs(3);
/// How long one request may: the program is ended before the look is given up.
const CALL: Duration = Duration::from_millis(2_700);
/// Issues that are named.
const NAMED: usize = 5;
/// Runs that are looked at.
const RUNS: usize = 10;

/// The open issues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Issues {
    /// How many were read.
    pub open: usize,
    /// There are more.
    pub more: bool,
    /// Of these, critical and high ones.
    pub urgent: usize,
    /// Of these, those that sessions have left over.
    pub carryover: usize,
    /// Of these, those that nobody touched for long.
    pub stale: usize,
    /// What matters most, a line each.
    pub first: Vec<String>,
}

/// What the runs of a branch say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ci {
    /// The branch.
    pub branch: String,
    /// The worst of the last commit's runs; `None` without any.
    pub last: Option<&'static str>,
    /// The workflows that failed.
    pub failed: Vec<String>,
}

/// What waits to be told to the forge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// What, a clause each.
    pub steps: Vec<String>,
    /// Why.
    pub why: String,
}

/// Looks at the open issues, at most `limit` of them.
///
/// # Errors
/// The forge does not say.
pub(super) fn issues(place: &Place, limit: usize, stale_days: i64, now: i64) -> anyhow::Result<Issues> {
    let found = Forge::at(place, CALL).issues(State::Open, &[], limit)?;
    let mut issues = Issues { open: found.items.len(), more: found.more, ..Issues::default() };
    let mut ranked = Vec::new();
    for issue in &found.items {
        let rank = labels::rank(&issue.labels);
        let touched = i64::try_from(clock::ms_of(&issue.updated) / 1000).unwrap_or_default();
        issues.urgent += usize::from(rank < 2);
        issues.carryover += usize::from(labels::is_left_over(&issue.labels));
        issues.stale += usize::from(touched > 0 && now - touched > stale_days * 86_400);
        let named = plain::line(&plain::list(&issue.labels, 3), 60);
        let named = if named.is_empty() { named } else { format!(" [{named}]") };
        ranked.push((rank, format!("#{} {}{named}", issue.number, plain::line(&issue.title, 90))));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    issues.first = ranked.into_iter().take(NAMED).map(|(_, line)| line).collect();
    Ok(issues)
}

/// Looks at the last runs of a branch.
///
/// # Errors
/// The forge does not say.
pub(super) fn ci(place: &Place, branch: &str) -> anyhow::Result<Ci> {
    let runs = Forge::at(place, CALL).runs(Some(branch), RUNS)?;
    let last: Vec<_> =
        runs.iter().filter(|run| runs.first().is_some_and(|first| first.sha == run.sha)).collect();
    let failed = last.iter().filter(|run| run.outcome == Outcome::Fail);
    Ok(Ci {
        branch: plain::line(branch, 60),
        last: worst(last.iter().map(|run| run.outcome)).map(Outcome::word),
        failed: failed.map(|run| plain::line(&run.name, 40)).collect(),
    })
}

/// Looks at what waits.
///
/// # Errors
/// The queue cannot be read.
pub(super) fn waiting(project: &Path) -> anyhow::Result<Waiting> {
    let queue = Queue::read(project)?;
    let steps: Vec<String> = queue.waiting().map(|entry| plain::line(&entry.intent(), 80)).collect();
    let why = if steps.is_empty() { String::new() } else { plain::line(&queue.why, 120) };
    Ok(Waiting { steps, why })
}
