//! The one next step of a session, computed from what is on disk: for whoever comes back after a crash, a compaction,
//! or in another client.

use std::path::Path;

use serde::Serialize;

use super::{Status, Waves};
use crate::session::plan::{self, Agreed};
use crate::session::start;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    /// What kind of step it is.
    pub step: Step,
    /// The command; empty where the work itself comes next.
    pub command: String,
    /// Why, as one sentence.
    pub why: String,
}

/// The kinds of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// No session is open.
    Start,
    /// There is no agreed plan.
    Plan,
    /// The person has not agreed yet.
    Approve,
    /// A wave begins.
    Wave,
    /// The tasks of a wave are worked on.
    Work,
    /// A reviewer looks at the wave.
    Review,
    /// Something is mended.
    Fix,
    /// The person has to look.
    Stop,
    /// Everything is through.
    Close,
}

/// The next step in `project`.
///
/// # Errors
/// A file is there and cannot be read or understood.
pub fn position(project: &Path) -> anyhow::Result<Next> {
    let Some(session) = start::open(project)? else {
        return Ok(next(Step::Start, "so session start", "no session is open"));
    };
    let Some(agreed) = plan::read(project)? else {
        let is_there = project.join(plan::FILE).exists();
        let why = if is_there { "the plan here is an earlier session's" } else { "there is no plan yet" };
        return Ok(next(Step::Plan, "so plan schema", why));
    };
    let waves = Waves::read(project)?;
    if agreed.is_changed() {
        let set = format!("so plan set {}", plan::FILE);
        return Ok(next(Step::Plan, &set, "the plan was changed since it was set"));
    }
    if !agreed.is_approved() {
        return Ok(next(Step::Approve, "so plan approve", "the person has not agreed to the plan yet"));
    }
    Ok(of(&agreed, &waves, &session.id))
}

fn of(agreed: &Agreed, waves: &Waves, session: &str) -> Next {
    let known = if waves.is_of(agreed, session) { waves.clone() } else { Waves::default() };
    if let Some(run) = known.current() {
        let left: Vec<&str> = run
            .tasks
            .iter()
            .filter(|(_, task)| !matches!(task.result, super::Outcome::Done | super::Outcome::Dropped))
            .map(|(id, _)| id.as_str())
            .collect();
        let (number, left) = (run.number, left.join(", "));
        let finish = if agreed.express { "so close" } else { "so wave finish" };
        return match run.status {
            Status::Review => {
                next(Step::Review, "so wave finish", &format!("wave {number} waits for its review"))
            }
            Status::Fix => next(Step::Fix, finish, &format!("wave {number} has to be mended: {left}")),
            Status::Stopped => next(Step::Stop, "so wave status", &format!("wave {number} needs the person")),
            _ => next(Step::Work, finish, &format!("wave {number} is open: {left}")),
        };
    }
    match known.next(agreed) {
        Some(wave) => next(
            Step::Wave,
            &format!("so wave start {}", wave.number),
            &format!("wave {} is next", wave.number),
        ),
        None => next(Step::Close, "so close", "all waves are through"),
    }
}

fn next(step: Step, command: &str, why: &str) -> Next {
    Next { step, command: command.to_owned(), why: why.to_owned() }
}
