//! What a forge holds, in one vocabulary. Texts in it were written by strangers.

use serde::{Deserialize, Serialize};

/// An issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// It is not closed.
    pub open: bool,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who wrote it.
    pub author: String,
    /// When, as the forge says it.
    pub created: String,
    /// When it last changed.
    pub updated: String,
    /// How many comments it has.
    pub comments: u64,
    /// Its page.
    pub url: String,
    /// It is a pull request that GitHub lists among the issues.
    #[serde(skip)]
    pub is_request: bool,
}

/// A comment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Who wrote it.
    pub author: String,
    /// When.
    pub created: String,
    /// Its text.
    pub body: String,
    /// Its page, where the forge names one.
    pub url: String,
}

/// A pull or merge request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pull {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// `open`, `merged` or `closed`.
    pub state: String,
    /// It is not ready for review.
    pub draft: bool,
    /// The branch with the commits.
    pub branch: String,
    /// The branch that they should come to.
    pub base: String,
    /// The last commit.
    pub sha: String,
    /// Who opened it.
    pub author: String,
    /// Its page.
    pub url: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It failed, or somebody has to act.
    Fail,
    /// It is not through yet.
    #[default]
    Running,
    /// It succeeded.
    Pass,
    /// It did not have to run.
    Skipped,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "failed",
            Self::Running => "running",
            Self::Pass => "passed",
            Self::Skipped => "skipped",
        }
    }
}

/// One check of a commit, or one job of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The step that failed, where the forge names one.
    pub step: String,
    /// Its page.
    pub url: String,
}

/// One run of a workflow, or a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The forge's number for it.
    pub id: u64,
    /// The workflow.
    pub name: String,
    /// The branch.
    pub branch: String,
    /// The commit.
    pub sha: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub created: String,
    /// Its page.
    pub url: String,
}

/// Which issues are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Those that are open.
    #[default]
    Open,
    /// Those that are closed.
    Closed,
    /// All.
    All,
}

/// Why an issue is closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It is done.
    #[default]
    Completed,
    /// Nobody is going to do it.
    NotPlanned,
}

/// A request that is to be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// The branch with the commits; `owner:branch` for a branch of another repository.
    pub head: String,
    /// Where they should come to.
    pub base: String,
    /// In one line.
    pub title: String,
    /// The text.
    pub body: String,
    /// It is not ready for review.
    pub draft: bool,
}
