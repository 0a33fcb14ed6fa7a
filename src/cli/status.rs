//! `so status`: what is installed here, what of it was edited, and whether hooks answer.

use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::liveness::{Here, sentence, version};
use super::{Exit, learn, trust};
use crate::client::{self, Client};
use crate::compile::platform::Platform;
use crate::liveness::{self, Cause, Machine, State, Wiring};
use crate::session::opened;
use crate::session::profile::Profile;
use crate::session::receipt;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui, WARN};

/// Show what is installed for each client, what was edited since, and whether its hooks answer
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// What is known of one client.
struct Row<'a> {
    platform: &'a Platform,
    version: Option<String>,
    wirings: Vec<Wiring>,
    answered: Option<SystemTime>,
    causes: Vec<Cause>,
    is_inside: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&Path>, _args: &Args) -> anyhow::Result<Exit> {
    let here = Here::new(project)?;
    let machine = here.machine();
    let inside = client::inside(Client::all(), machine.var, machine.ancestors);
    let store = machine.store();
    let row = |platform| Row::<'_> {
        platform,
        version: version(&platform.detect.programs),
        wirings: liveness::wirings(&machine, platform),
        answered: store.as_ref().and_then(|store| receipt::last_answered(store, &platform.id)),
        causes: liveness::causes(&machine, platform),
        is_inside: inside.as_ref().is_some_and(|inside| inside.platform == platform.id),
    };
    let rows: Vec<Row<'_>> = here.platforms.iter().map(row).collect();
    if ui.json {
        let clients: Vec<Value> = rows.iter().map(|row| row.json(ui)).collect();
        let Profile { level, ignored } = machine.profile;
        let learned = here.roots.project.as_deref().and_then(learn::waiting);
        ui.result(true, json!({"hooks": level, "ignored": ignored, "clients": clients, "learned": learned}));
        return Ok(Exit::Done);
    }
    show_profile(ui, &machine);
    for session in trust::opened(&machine.cwd) {
        ui.print(&format!(
            "{}: what the guard would ask about runs in {session}, until it ends\n",
            opened::KEY
        ));
    }
    for row in &rows {
        row.show(ui);
    }
    if let Some(learned) = here.roots.project.as_deref().and_then(learn::waiting) {
        ui.print(&format!("\nlearned: {learned}\n"));
    }
    Ok(Exit::Done)
}

fn show_profile(ui: &Ui, machine: &Machine<'_>) {
    let Profile { level, ignored } = machine.profile;
    ui.print(&format!("hooks: {}\n", level.name()));
    if let Some(ignored) = ignored {
        ui.print(&format!("  {}\n", ui.paint(WARN, ignored)));
    }
    if let Err(error) = &machine.locks {
        ui.print(&format!("  {}\n", ui.paint(BAD, error)));
    }
}

impl Row<'_> {
    fn guard(&self, ui: &Ui) -> &'static str {
        match (self.is_inside, self.wirings.is_empty()) {
            (true, _) if ui.unguarded => "not-active",
            (true, _) => "active",
            (_, true) => "not-installed",
            _ if !self.causes.is_empty() => "not-active",
            _ => "wired",
        }
    }

    fn json(&self, ui: &Ui) -> Value {
        let edited = self.changes();
        let installed = self
            .wirings
            .iter()
            .map(|wiring| json!({"source": wiring.source, "version": wiring.version, "scope": wiring.scope}));
        json!({
            "client": self.platform.id, "version": self.version, "installed": installed.collect::<Value>(),
            "edited": edited, "answered": self.answered.map(stamp), "guard": self.guard(ui), "causes": self.causes,
        })
    }

    /// What is no longer as it was written.
    fn changes(&self) -> Vec<Value> {
        let files = self.wirings.iter().flat_map(|wiring| &wiring.files);
        let edits = self.wirings.iter().flat_map(|wiring| &wiring.edits);
        let files = files.map(|piece| (&piece.path, &piece.state));
        let all = files.chain(edits.map(|piece| (&piece.path, &piece.state)));
        let changed = all.filter(|(_, state)| **state != State::Same);
        changed.map(|(path, state)| json!({"path": path, "state": state_word(state)})).collect()
    }

    fn show(&self, ui: &Ui) {
        let version = self.version.as_deref().unwrap_or("not found on PATH");
        ui.print(&format!("\n{} {}\n", ui.paint(HEAD, &self.platform.title), ui.paint(DIM, version)));
        for wiring in &self.wirings {
            ui.print(&format!("  {} {} installed, {} scope\n", wiring.source, wiring.version, wiring.scope));
        }
        for change in self.changes() {
            let text = |key: &str| change.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            ui.print(&format!("  {} {}\n", ui.paint(WARN, &text("state")), text("path")));
        }
        let answered = self.answered.map_or_else(|| "never in this project".to_owned(), stamp);
        if !self.wirings.is_empty() {
            ui.print(&format!("  a hook last answered: {answered}\n"));
        }
        let style = match self.guard(ui) {
            "active" | "wired" => GOOD,
            "not-installed" => DIM,
            _ => BAD,
        };
        ui.print(&format!("  guard: {}\n", ui.paint(style, self.guard(ui))));
        self.show_causes(ui);
    }

    fn show_causes(&self, ui: &Ui) {
        if self.guard(ui) == "not-active" && self.causes.is_empty() {
            ui.print(&format!("    {}\n", sentence(&[], &self.platform.silent)));
        }
        if !self.wirings.is_empty() || self.is_inside {
            for cause in &self.causes {
                ui.print(&format!("    {}; {}\n", cause.why, cause.press));
            }
        }
    }
}

fn state_word(state: &State) -> &'static str {
    match state {
        State::Same => "unchanged",
        State::Edited => "edited",
        State::Missing => "missing",
        State::Broken(_) => "unreadable",
    }
}

pub(super) fn stamp(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}
