//! The report of a session as one HTML page that needs nothing else: no script, no network, light and dark.
//!
//! `facts` gathers what is on disk, `timeline`, `files` and `trends` put it in order, the template shows it. Every value
//! is escaped: titles, paths and notes come from models and repositories.

mod facts;
mod files;
mod timeline;
mod trends;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

pub use facts::{Facts, gather};
pub(super) use files::committed;

const TEMPLATE: &str = include_str!("../../../templates/session-report.html");

/// How a page of ours begins: only such a file is written over.
pub const MARK: &str = "<!doctype html>\n<!-- so report -->\n";

/// Where the report stands when nothing else is wanted, below the project.
pub const FILE: &str = ".orchestrator/runtime/report.html";

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The working tree.
    pub project: PathBuf,
    /// `~/.local/state/so`.
    pub state: Option<PathBuf>,
    /// Now, in milliseconds since 1970.
    pub now: u64,
}

/// The page.
///
/// # Errors
/// The template does not fit the facts.
pub fn render(facts: &Facts) -> anyhow::Result<String> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.add_template("session-report.html", TEMPLATE)?;
    let page = env.get_template("session-report.html")?.render(minijinja::value::Serde(facts));
    Ok(format!("{MARK}{}\n", page.context("failed to make the page of the report")?))
}

/// Whether the report may be written to `path`: nothing is there, or a report of ours, and the name says what it is.
///
/// # Errors
/// Why not.
pub fn may_write(path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        path.extension().is_some_and(|ending| ending == "html"),
        "`{}` does not end in .html",
        path.display()
    );
    let there = crate::fs::read_optional(path)?;
    let is_ours = there.is_none_or(|bytes| bytes.starts_with(MARK.as_bytes()));
    anyhow::ensure!(is_ours, "`{}` is there and is no report of ours", path.display());
    Ok(())
}
