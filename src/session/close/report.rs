//! What the model may say about a session; all of it is optional.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

use crate::session::wave::Outcome;

/// What is handed over with `so close --report`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// What became of tasks; evidence wins over it.
    pub tasks: BTreeMap<String, Outcome>,
    /// A line about a task, for whoever goes on with it.
    pub notes: BTreeMap<String, String>,
    /// How the changes are committed; one commit without it.
    pub commits: Vec<Commit>,
    /// What would have saved time; the person is asked about each.
    pub learnings: Vec<String>,
    /// What happened, in a few sentences.
    pub narrative: String,
}

/// One commit.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Commit {
    /// `feat`, `fix`, `docs`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The part of the project.
    pub scope: Option<String>,
    /// In one line.
    pub subject: String,
    /// More.
    pub body: Option<String>,
    /// Its files; without them all that no other commit takes.
    pub files: Vec<String>,
}

/// Types of Conventional Commits that are taken.
const KINDS: &[&str] =
    &["feat", "fix", "docs", "style", "refactor", "perf", "test", "build", "ci", "chore", "revert"];

/// Reads a report.
///
/// # Errors
/// A field that nobody knows, a wrong value, or a commit without a known type and a subject.
pub fn read(text: &str) -> anyhow::Result<Report> {
    let report: Report = serde_json::from_str(text).context(
        "the report cannot be understood; it is `{\"tasks\", \"notes\", \"commits\", \"learnings\", \"narrative\"}`, all optional",
    )?;
    for (at, commit) in report.commits.iter().enumerate() {
        anyhow::ensure!(
            KINDS.contains(&commit.kind.as_str()),
            "commit {}: `type` is `{}`; it is one of {}",
            at + 1,
            commit.kind,
            KINDS.join(", ")
        );
        anyhow::ensure!(!commit.subject.trim().is_empty(), "commit {} has no `subject`", at + 1);
    }
    Ok(report)
}

impl Commit {
    /// The message without trailers.
    pub fn message(&self) -> String {
        let scope = self.scope.as_ref().map(|scope| format!("({scope})")).unwrap_or_default();
        let subject = self.subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let body = self.body.as_deref().map(str::trim).filter(|body| !body.is_empty());
        let body = body.map(|body| format!("\n\n{body}")).unwrap_or_default();
        format!("{}{scope}: {subject}{body}", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_named() {
        assert_eq!(read("{}").unwrap(), Report::default());
        for (text, named) in [
            (r#"{"commit": []}"#, "commit"),
            (r#"{"commits": [{"type": "new", "subject": "x"}]}"#, "commit 1: `type` is `new`"),
            (r#"{"commits": [{"type": "feat"}]}"#, "commit 1 has no `subject`"),
            (r#"{"tasks": {"T1": "fine"}}"#, "fine"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
