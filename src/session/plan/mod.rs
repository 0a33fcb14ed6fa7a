//! The agreed plan: tasks with files, acceptance and dependencies, and the waves that follow from them.
//!
//! Text → [`source`] → [`draft`] (keys and types) → [`check`] (what the tasks say of each other) → [`Plan`] → [`layout`]
//! (waves, or the express path). All of that is pure; [`agreed`] reads and writes the two files. Nothing here runs a
//! command or opens a wave.

pub mod agreed;
pub mod check;
pub mod draft;
pub mod import;
pub mod layout;
pub mod overlap;
pub mod propose;
pub mod role;
pub mod show;
pub mod sizes;
pub mod skeleton;
pub mod source;
pub mod write;

use serde::{Deserialize, Serialize};

pub use agreed::{Agreed, Approval, FILE, RECORD, read};
pub use check::World;
pub use layout::{Layout, Pass, Wave};
pub use role::{Priority, Role};

use super::mode::Mode;
use crate::diagnostic::{Finding, Findings};

/// What a session has agreed to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// In one sentence.
    pub goal: String,
    /// The kind of session.
    pub mode: Mode,
    /// In the order of the file.
    pub tasks: Vec<Task>,
}

/// One task of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Unique in the plan; letters, digits, `.`, `_` and `-`.
    pub id: String,
    /// What is done, in one sentence.
    pub title: String,
    /// The issue it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<u64>,
    /// Globs of what it may touch, relative to the project; a discovery may have none.
    pub files: Vec<String>,
    /// What has to be so when it is done; never empty.
    pub acceptance: Vec<Acceptance>,
    /// Tasks that are done before it begins.
    pub depends: Vec<String>,
    /// When it is done.
    pub role: Role,
    /// The agent that does it, where one is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What becomes of it when it is not done.
    pub priority: Priority,
}

/// One thing that has to be so when a task is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acceptance {
    /// Words, which somebody judges.
    Text(String),
    /// A shell command that succeeds.
    Run(String),
}

impl Plan {
    /// The task called `id`.
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// Every command that the plan will run, with the task it proves; each once a task.
    pub fn commands(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tasks.iter().flat_map(|task| task.commands().map(|command| (task.id.as_str(), command)))
    }
}

impl Task {
    /// The commands of its acceptance.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        self.acceptance.iter().filter_map(|one| match one {
            Acceptance::Run(command) => Some(command.as_str()),
            Acceptance::Text(_) => None,
        })
    }
}

/// What was made of a text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// What stands there, with places.
    pub draft: draft::Draft,
    /// The plan, if there are no errors.
    pub plan: Option<Plan>,
    /// What is wrong.
    pub findings: Findings,
    /// The plan's own text where another one was read: a list of tasks, or a document around it.
    pub own: Option<String>,
}

/// Reads a plan from the text of `path`, which is only named in findings: YAML, JSON, such a block in a Markdown text, or
/// another tool's list of tasks.
pub fn parse(path: &str, text: &str, world: World<'_>) -> Parsed {
    let mut findings = Findings::default();
    let (draft, own) = match drafted(path, text, &mut findings) {
        Ok(drafted) => drafted,
        Err(finding) => {
            findings.push(finding);
            return Parsed { findings, ..Parsed::default() };
        }
    };
    check::check(path, &draft, world, &mut findings);
    let plan = draft.plan(world.mode).filter(|_| !findings.has_errors());
    let own = match (own, &plan) {
        (Own::Text, _) => None,
        (Own::Block(block), _) => text.get(block).map(str::to_owned),
        (Own::Made, plan) => plan.as_ref().map(write::yaml),
    };
    Parsed { draft, plan, findings, own }
}

/// Whose text the plan is.
enum Own {
    /// The one that was read.
    Text,
    /// A part of it.
    Block(std::ops::Range<usize>),
    /// It has none yet.
    Made,
}

fn drafted(path: &str, text: &str, findings: &mut Findings) -> Result<(draft::Draft, Own), Finding> {
    if let Some((blanked, block)) = import::block(text) {
        let node = source::node(path, &blanked)?;
        return Ok((draft::read(path, &node, findings), Own::Block(block)));
    }
    if import::is_list(text) {
        let draft = import::read(path, text);
        if draft.tasks.is_empty() {
            let finding = Finding::error("no-tasks", path, "no section of this list has an open task");
            findings.push(finding.help("sections are `## …` with `- [ ] …` below them, or `### Task 1: …`"));
        }
        return Ok((draft, Own::Made));
    }
    let node = source::node(path, text)?;
    Ok((draft::read(path, &node, findings), Own::Text))
}
