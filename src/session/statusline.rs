//! One line for the edge of a screen: the session, its wave, its gate, and whether it is guarded.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::presence::Presence;
use super::profile::{Level, Profile};
use super::wave::{Status, Waves};
use super::{gate, plan, receipt, start};
use crate::plain;
use crate::store::Store;

/// What a client hands to the program that makes its status line (Claude Code; JSON on stdin).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// The client's session.
    pub session: String,
    /// Where it works.
    pub dir: String,
}

impl Given {
    /// From the text; nothing from anything else.
    pub fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let first = |pointers: &[&str]| {
            let found = pointers.iter().find_map(|pointer| value.pointer(pointer)?.as_str());
            found.unwrap_or_default().to_owned()
        };
        Self {
            session: first(&["/session_id"]),
            dir: first(&["/workspace/current_dir", "/cwd", "/workspace/project_dir"]),
        }
    }
}

/// Whether commands are looked at before they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// A hook of this session has answered.
    On,
    /// The person switched it off.
    Off,
    /// No hook of this session has answered.
    NotSeen,
    /// There is no client's session here.
    NoClient,
}

impl Guard {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::On => "guard on",
            Self::Off => "guard OFF",
            Self::NotSeen => "guard NOT SEEN",
            Self::NoClient => "no client",
        }
    }

    /// Of the client session `session` of `platform`.
    pub fn of(store: Option<&Store>, profile: &Profile, platform: &str, session: &str) -> Self {
        const RECENT: Duration = Duration::from_secs(30 * 60);
        if profile.level == Level::Off {
            return Self::Off;
        }
        if platform.is_empty() {
            return Self::NoClient;
        }
        let known = |store: &&Store| {
            let begun = !session.is_empty() && !Presence::read(store, platform, session).cwd.is_empty();
            begun
                || receipt::last_answered(store, platform)
                    .is_some_and(|at| at.elapsed().is_ok_and(|age| age < RECENT))
        };
        if store.as_ref().is_some_and(known) { Self::On } else { Self::NotSeen }
    }
}

/// What the line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statusline {
    /// The session; empty when none is open.
    pub session: String,
    /// The wave, of how many, and how far it is.
    pub wave: Option<(u32, usize, Status)>,
    /// What the last gate said.
    pub gate: Option<&'static str>,
    /// Whether it is guarded.
    pub guard: Guard,
    /// Something that cannot be read.
    pub broken: bool,
}

/// Looks at the session of `project`. What cannot be read is said, and nothing fails.
pub fn look(project: &Path, guard: Guard) -> Statusline {
    let empty = Statusline { session: String::new(), wave: None, gate: None, guard, broken: false };
    known(project, guard).unwrap_or(Statusline { broken: true, ..empty })
}

fn known(project: &Path, guard: Guard) -> anyhow::Result<Statusline> {
    let mut line = Statusline { session: String::new(), wave: None, gate: None, guard, broken: false };
    let Some(session) = start::open(project)? else { return Ok(line) };
    line.session = plain::line(&session.label, 60);
    let waves = Waves::read(project)?;
    let agreed = plan::read(project)?;
    if let Some(agreed) = agreed.filter(|agreed| waves.is_of(agreed, &session.id)) {
        line.wave = waves.waves.last().map(|run| (run.number, agreed.waves.len(), run.status));
        line.gate = waves.waves.iter().rev().find_map(|run| run.gate).map(gate::Verdict::word);
    }
    line.gate = line.gate.or_else(|| gate::baseline(project).map(|result| result.result.word()));
    Ok(line)
}

impl Statusline {
    /// The line; `paint` marks what needs a look.
    pub fn text(&self, paint: &dyn Fn(&str) -> String) -> String {
        let mut parts =
            vec![if self.session.is_empty() { "so: no session".to_owned() } else { self.session.clone() }];
        if self.broken {
            parts = vec![paint("so: the session cannot be read")];
        }
        if let Some((at, of, status)) = self.wave {
            let word = format!("wave {at}/{of} {}", word(status));
            parts.push(if status == Status::Stopped || status == Status::Fix { paint(&word) } else { word });
        }
        if let Some(gate) = self.gate {
            let word = format!("gate {gate}");
            parts.push(if gate == "red" { paint(&word) } else { word });
        }
        let guard = self.guard.words();
        parts.push(if matches!(self.guard, Guard::Off | Guard::NotSeen) {
            paint(guard)
        } else {
            guard.to_owned()
        });
        parts.join(" · ")
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Review => "review",
        Status::Fix => "fix",
        Status::Stopped => "stopped",
        Status::Done => "done",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_json_is_read_and_nothing_else_harms() {
        let text =
            r#"{"session_id": "s", "cwd": "/a", "workspace": {"current_dir": "/b", "project_dir": "/c"}}"#;
        assert_eq!(Given::read(text), Given { session: "s".into(), dir: "/b".into() });
        for text in ["", "x", "[1]", r#"{"session_id": 5}"#] {
            assert_eq!(Given::read(text), Given::default(), "{text}");
        }
    }

    #[test]
    fn it_is_one_short_line() {
        let line = Statusline {
            session: "main-2026-11-23-feature-1".into(),
            wave: Some((2, 5, Status::Fix)),
            gate: Some("red"),
            guard: Guard::NotSeen,
            broken: false,
        };
        let text = line.text(&|text| format!("[{text}]"));
        assert_eq!(text, "main-2026-11-23-feature-1 · [wave 2/5 fix] · [gate red] · [guard NOT SEEN]");
    }
}
