//! What happened to the waves so far: `.orchestrator/runtime/waves.json`. Every transition is one replacement of the
//! file under a lock, so that it happened or did not.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::session::gate::Verdict;
use crate::session::plan::{Agreed, Role, Wave};
use crate::{fs, lines};

/// Where the journal stands.
pub const FILE: &str = ".orchestrator/runtime/waves.json";

/// The waves of one plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waves {
    /// The version of the file.
    pub schema: u32,
    /// The hash of the plan that they belong to.
    pub plan: String,
    /// The session.
    pub session: String,
    /// Those that began, in order.
    pub waves: Vec<Run>,
}

/// One wave that began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    /// From 1.
    pub number: u32,
    /// The roles of its tasks.
    pub roles: Vec<Role>,
    /// How far it is.
    pub status: Status,
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// When it ended.
    pub finished: Option<u64>,
    /// The snapshot that was taken before it.
    pub snapshot: Option<u64>,
    /// Why nothing was saved before it, where that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsaved: Option<String>,
    /// What its last gate said.
    pub gate: Option<Verdict>,
    /// Its tasks.
    pub tasks: BTreeMap<String, TaskRun>,
    /// What reviewers found and what was cited right.
    pub findings: Vec<Value>,
    /// What its agents say would have saved time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learnings: Vec<Learned>,
    /// The reviewer's decision, of the present attempt.
    pub verdict: Option<String>,
    /// How often it was sent back.
    pub attempts: u32,
    /// When it was judged last, in milliseconds since 1970.
    pub judged: u64,
}

/// A sentence of a report, for whoever comes later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learned {
    /// The task.
    pub task: String,
    /// It.
    pub text: String,
    /// The files that its author changed or read.
    pub files: Vec<String>,
}

/// How far a wave is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its tasks are worked on.
    #[default]
    Open,
    /// A reviewer looks at it.
    Review,
    /// Something of it has to be mended.
    Fix,
    /// The person has to look at it.
    Stopped,
    /// It is finished.
    Done,
}

/// What became of a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything that it had to make true is so.
    Done,
    /// Some of it is.
    Partial,
    /// It was tried and is not.
    Failed,
    /// Nobody worked on it.
    #[default]
    NotStarted,
    /// It was given up on purpose.
    Dropped,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::NotStarted => "not-started",
            Self::Dropped => "dropped",
        }
    }
}

/// One task of a wave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskRun {
    /// What became of it.
    pub result: Outcome,
    /// What its agent said, in short.
    pub summary: String,
    /// What does not hold.
    pub missing: Vec<String>,
    /// What proved it: a command and its exit, or a reviewer's decision.
    pub proof: Vec<String>,
    /// Files that its agent says it changed.
    pub files: Vec<String>,
    /// In how many attempts its agent went round in circles.
    pub spirals: u32,
    /// What showed that it did not get on, in the last attempt.
    pub signs: Vec<String>,
}

impl Waves {
    /// The journal of a working tree; an empty one without a file.
    ///
    /// # Errors
    /// It is there and cannot be read or understood.
    pub fn read(project: &Path) -> anyhow::Result<Self> {
        let Some(bytes) = fs::read_optional(&project.join(FILE))? else { return Ok(Self::default()) };
        serde_json::from_slice(&bytes)
            .with_context(|| format!("`{FILE}` cannot be understood; nothing was changed"))
    }

    /// Changes the journal while nobody else does.
    ///
    /// # Errors
    /// It cannot be locked, read or written; it is as before then.
    pub fn update<T>(
        project: &Path,
        change: impl FnOnce(&mut Self) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let path = project.join(FILE);
        let _lock =
            lines::lock(&path, false).with_context(|| format!("failed to lock `{}`", path.display()))?;
        let mut waves = Self::read(project)?;
        let before = waves.clone();
        let result = change(&mut waves)?;
        if waves != before {
            let text = serde_json::to_vec_pretty(&waves)?;
            fs::atomic_write(&path, &text, false)?;
        }
        Ok(result)
    }

    /// Whether it speaks of this plan in this session.
    pub fn is_of(&self, agreed: &Agreed, session: &str) -> bool {
        self.plan == agreed.hash && self.session == session
    }

    /// The wave that is not done yet.
    pub fn current(&self) -> Option<&Run> {
        self.waves.last().filter(|run| run.status != Status::Done)
    }

    /// The wave that begins next.
    pub fn next<'a>(&self, agreed: &'a Agreed) -> Option<&'a Wave> {
        let begun = self.waves.iter().map(|run| run.number).max().unwrap_or_default();
        agreed.waves.iter().find(|wave| wave.number > begun)
    }

    /// What the reviewer of the last wave with the task decided.
    pub fn verdict(&self, id: &str) -> Option<&str> {
        self.waves.iter().rev().find(|run| run.tasks.contains_key(id))?.verdict.as_deref()
    }

    /// The snapshot before the wave that had a task last.
    pub fn before(&self, id: &str) -> Option<u64> {
        self.waves.iter().rev().find(|run| run.tasks.contains_key(id))?.snapshot
    }

    /// What is known of a task, from the last wave that had it.
    pub fn task(&self, id: &str) -> Option<&TaskRun> {
        self.waves.iter().rev().find_map(|run| run.tasks.get(id))
    }
}

impl Run {
    /// Whether its tasks only read.
    pub fn is_reader(&self) -> bool {
        !self.roles.is_empty() && self.roles.iter().all(|role| role.is_reader())
    }

    /// The roles in one word, as the scope names them.
    pub fn role(&self) -> String {
        self.roles.iter().map(|role| role.word()).collect::<Vec<_>>().join("+")
    }
}
