//! What is known of sessions here: the one that is open, those before it, and those of others.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::session::lease::{Holder, Life, Session};
use crate::session::presence::Presence;
use crate::session::{fence, gate, learn, plan, records, start, state, wave};
use crate::store::Store;
use crate::{clock, plain};

/// The longest line that is quoted, in characters.
const LINE: usize = 140;

/// The session of a working tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Its label.
    pub label: String,
    /// Its mode.
    pub mode: String,
    /// When it began.
    pub since: String,
    /// Who holds it: a platform's id; empty for a terminal.
    pub holder: String,
    /// What can be said of the holder.
    pub life: String,
    /// How it stands to the caller.
    pub whose: Whose,
    /// The waves that began, and all of them.
    pub wave: Option<(u32, usize)>,
}

/// How a session stands to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// The caller holds it.
    Mine,
    /// Nobody holds it: it was handed over, or its holder is gone.
    Free,
    /// Another one is at work on it, or may be.
    Others,
}

/// The session and what comes next in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Here {
    /// The session that is open.
    pub open: Option<Open>,
    /// The one next step in it.
    pub next: wave::Next,
    /// What the plan is for; empty without one.
    pub goal: String,
    /// What the first gate said, and the last one of a wave.
    pub gate: Gate,
    /// What the state says.
    pub notes: Notes,
}

/// What gates said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// Of the baseline; `None` when nobody looked.
    pub baseline: Option<&'static str>,
    /// What fails in the baseline.
    pub failing: Vec<String>,
    /// Of the last wave.
    pub wave: Option<&'static str>,
}

/// What the state of a working tree says, each on one line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Notes {
    /// What the last session left undone.
    pub carried: Vec<String>,
    /// Questions nobody has answered.
    pub questions: Vec<String>,
    /// What should not be tried again.
    pub avoid: Vec<String>,
}

/// Looks at the session of `project`; `caller` is who asks.
///
/// # Errors
/// A file is there and cannot be read or understood.
pub fn here(project: &Path, caller: &Holder) -> anyhow::Result<Here> {
    let session = start::open(project)?;
    let agreed = plan::read(project)?.filter(|_| session.is_some());
    let waves = wave::Waves::read(project)?;
    let known =
        agreed.as_ref().zip(session.as_ref()).filter(|(agreed, session)| waves.is_of(agreed, &session.id));
    let runs = known.map(|_| waves.waves.as_slice()).unwrap_or_default();
    let total = agreed.as_ref().map_or(0, |agreed| agreed.waves.len());
    let wave = runs.last().map(|run| (run.number, total));
    let baseline = gate::baseline(project);
    let bad = |result: &gate::GateResult| {
        let failing = result.checks.iter().filter(|check| check.status.is_bad());
        failing.map(|check| plain::line(&check.name, 40)).collect()
    };
    Ok(Here {
        open: session.map(|session| open(project, &session, caller, wave)),
        next: wave::position(project)?,
        goal: agreed.map(|agreed| plain::line(&agreed.plan.goal, LINE)).unwrap_or_default(),
        gate: Gate {
            baseline: baseline.as_ref().map(|result| result.result.word()),
            failing: baseline.as_ref().map(bad).unwrap_or_default(),
            wave: runs.iter().rev().find_map(|run| run.gate).map(gate::Verdict::word),
        },
        notes: notes(project)?,
    })
}

fn open(project: &Path, session: &Session, caller: &Holder, wave: Option<(u32, usize)>) -> Open {
    let life = session.life(project);
    let whose = if session.holder == Holder::default() || life == Life::Crashed {
        Whose::Free
    } else if session.holder.is_same(caller) {
        Whose::Mine
    } else {
        Whose::Others
    };
    Open {
        label: plain::line(&session.label, 80),
        mode: session.mode.word().to_owned(),
        since: session.started_at.clone(),
        holder: plain::line(&session.holder.platform, 20),
        life: words(life),
        whose,
        wave,
    }
}

fn words(life: Life) -> String {
    match life {
        Life::Alive => "at work".to_owned(),
        Life::Crashed => "gone".to_owned(),
        Life::Silent(at) => format!("silent since {}", clock::time_of(at)),
    }
}

/// What the state says; nothing without one.
///
/// # Errors
/// It is there and cannot be read.
pub fn notes(project: &Path) -> anyhow::Result<Notes> {
    let Some(state) = state::read(project)? else { return Ok(Notes::default()) };
    let lines = |items: Vec<String>| -> Vec<String> { items.iter().map(|item| note(item)).collect() };
    let open = |item: &String| item.starts_with("- [ ]");
    let carried = state.section("Carryover").unwrap_or_default().lines().map(str::to_owned);
    Ok(Notes {
        carried: lines(carried.filter(|line| line.starts_with("- ")).collect()),
        questions: lines(state.questions().into_iter().filter(open).collect()),
        avoid: lines(state.avoided()),
    })
}

/// An item of a list without its mark.
fn note(item: &str) -> String {
    let text = item.trim_start_matches("- ").trim_start_matches("[ ] ");
    plain::line(&text.replace("**", "").replace("\n  - why:", ":"), LINE)
}

/// One session that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Past {
    /// The day it ended, or began.
    pub day: String,
    /// Its label.
    pub label: String,
    /// How it ended.
    pub status: String,
    /// Its gate; empty where there was none.
    pub gate: String,
    /// Tasks that were planned, and those done.
    pub tasks: (u64, u64),
    /// What it left undone.
    pub carried: usize,
}

/// The last sessions that ended, newest first, and their lines as recorded, oldest first.
pub fn past(project: &Path) -> (Vec<Past>, Vec<Value>) {
    let lines = records::last_sessions(project, 20);
    (lines.iter().rev().take(3).map(one).collect(), lines)
}

fn one(line: &Value) -> Past {
    let text =
        |key: &str, most: usize| plain::line(line.get(key).and_then(Value::as_str).unwrap_or_default(), most);
    let number = |key: &str| line.pointer(key).and_then(Value::as_u64).unwrap_or_default();
    let day = Some(text("completed_at", 20))
        .filter(|day| !day.is_empty())
        .unwrap_or_else(|| text("started_at", 20));
    Past {
        day: day.chars().take(10).collect(),
        label: text("label", 60),
        status: text("status", 20),
        gate: text("gate", 20),
        tasks: (number("/tasks/planned"), number("/tasks/done")),
        carried: line.get("carried").and_then(Value::as_array).map_or(0, Vec::len),
    }
}

/// Who else is at work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Peers {
    /// Client sessions and agents beside the caller's, in this working tree.
    pub here: usize,
    /// Sessions of other working trees: the label and the tree.
    pub elsewhere: Vec<(String, String)>,
}

/// Looks for others; `state` is `~/.local/state/so`, `caller` who asks.
pub fn peers(project: &Path, state: Option<&Path>, caller: &Holder) -> Peers {
    let here =
        state.map_or(0, |state| Presence::peers(&Store::of(state, project), &caller.client_session, None));
    let real = project.canonicalize().unwrap_or_else(|_| project.to_path_buf());
    let others = fence::worktrees(project)
        .into_iter()
        .filter(|tree| tree.canonicalize().is_ok_and(|tree| tree != real));
    let open = |tree: std::path::PathBuf| {
        let session = start::open(&tree).ok().flatten()?;
        Some((plain::line(&session.label, 60), plain::line(&tree.display().to_string(), 100)))
    };
    Peers { here, elsewhere: others.filter_map(open).collect() }
}

/// Learnings of earlier sessions: how many, and those most to be relied on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Learnings {
    /// How many there are that count.
    pub count: usize,
    /// The strongest, each on one line.
    pub strongest: Vec<String>,
    /// What waits for the person, in a clause.
    pub pending: Option<String>,
}

/// What earlier sessions learned, as it stands in the main working tree; `now` in milliseconds since 1970.
pub fn learnings(project: &Path, shown: usize, now: u64) -> Learnings {
    let known = learn::ledger::shown(project, now);
    Learnings {
        count: known.len(),
        strongest: known.iter().take(shown).map(|one| one.said.line(LINE)).collect(),
        pending: learn::proposal::words(project),
    }
}
