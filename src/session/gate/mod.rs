//! Quality gates: the checks of a project, run by a runner of their own, and judged against what failed before.
//!
//! `commands` says what is checked, `runner` runs it, `counts` reads what tests say of themselves, `compare`
//! holds the result against the baseline. A result is kept under a hash of the working tree and the commands and is
//! never made twice for the same tree.

mod commands;
mod compare;
mod counts;
mod leftovers;
mod runner;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

pub use commands::{Configured, configured, is_stub};
pub use counts::{Counts, counts};
pub use leftovers::{Leftover, leftovers};
pub use runner::{Progress, Ticket, runner, start, wait};
use serde::{Deserialize, Serialize};
pub use tree::hash as tree_hash;

/// Where results, logs and the baseline stand.
pub const DIR: &str = ".orchestrator/runtime/gates";

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// Everything, before the work begins: what fails here is no news later.
    Baseline,
    /// What a wave is held to.
    Incremental,
    /// Everything, before a close.
    Full,
    /// Some files.
    File,
    /// The commands that a plan names as proof; judged one by one, not as a whole.
    #[value(skip)]
    Acceptance,
}

impl Variant {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Incremental => "incremental",
            Self::Full => "full",
            Self::File => "file",
            Self::Acceptance => "acceptance",
        }
    }
}

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// Its program is not there.
    Missing,
    /// It took too long.
    Timeout,
    /// It cannot fail, and so says nothing.
    Stub,
    /// Nothing is configured or detected.
    Absent,
    /// The project switched it off.
    SkippedByConfig,
    /// The guard does not let it run.
    Refused,
}

impl Status {
    /// Whether it stands against a green gate.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Missing | Self::Timeout | Self::Stub | Self::Refused)
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Missing => "missing",
            Self::Timeout => "timeout",
            Self::Stub => "stub",
            Self::Absent => "absent",
            Self::SkippedByConfig => "skipped-by-config",
            Self::Refused => "refused",
        }
    }
}

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `test`, `typecheck`, `lint`, or the project's own name for it.
    pub name: String,
    /// What was run; empty for nothing.
    pub command: String,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    pub seconds: u64,
    /// What its tests say, where they say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Its output, below the project; empty when nothing was run.
    #[serde(default)]
    pub log: String,
    /// What is to be said of it.
    #[serde(default)]
    pub findings: Vec<String>,
}

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every configured check passed.
    Green,
    /// What fails failed before, and nothing else does.
    NoWorse,
    /// Something is worse than before.
    Red,
}

/// Whether something fails that did not fail `before`.
pub fn is_worse(now: &GateResult, before: &GateResult) -> bool {
    compare::judge(&now.checks, Some(before)).0 == Verdict::Red
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::NoWorse => "no-worse",
            Self::Red => "red",
        }
    }

    /// Whether work goes on.
    pub fn lets_go_on(self) -> bool {
        self != Self::Red
    }
}

/// The result of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateResult {
    /// How much was checked.
    pub variant: Variant,
    /// What it says.
    pub result: Verdict,
    /// Whether it is green.
    pub green: bool,
    /// The checks.
    pub checks: Vec<Check>,
    /// Why it is not green.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// The tree it speaks of.
    pub tree: String,
}

impl GateResult {
    /// The checks by name.
    fn by_name(&self) -> BTreeMap<&str, &Check> {
        self.checks.iter().map(|check| (check.name.as_str(), check)).collect()
    }
}

/// What failed before the work began; `None` when nobody looked.
pub fn baseline(project: &Path) -> Option<GateResult> {
    let bytes = std::fs::read(project.join(DIR).join(BASELINE)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Forgets what failed before: another session begins.
pub fn forget(project: &Path) {
    let _ = std::fs::remove_file(project.join(DIR).join(BASELINE));
}

/// The baseline there.
pub const BASELINE: &str = "baseline.json";
