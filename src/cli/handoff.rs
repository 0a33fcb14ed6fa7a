//! `so handoff`: what another client needs to go on with the session.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::error::hinted;
use super::{Exit, place};
use crate::client::{self, Client};
use crate::guard::undo::{self, Request, Saved};
use crate::session::handoff::{self, Handoff};
use crate::session::lease::Holder;
use crate::session::start;
use crate::ui::{HEAD, Ui};
use crate::{clock, plain};

/// Hand the open session over to another client
///
/// Saves the files, lets go of the session if this client holds it, and prints where it stands and the one line to
/// paste into the other client. `so handoff show` only prints.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The other client: claude, codex, cursor or pi; or `show`, which changes nothing
    #[arg(value_name = "CLIENT")]
    to: Option<String>,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let shows = args.to.as_deref() == Some("show");
    let to = match args.to.as_deref().filter(|_| !shows) {
        Some(id) => Some(named(id)?),
        None => None,
    };
    let Some(handoff) = handoff::look(&project)? else {
        if ui.json {
            ui.result(true, json!({"session": Value::Null, "next": "so session start"}));
        } else {
            ui.print("no session is open in this working tree\nnext: so session start\n");
        }
        return Ok(Exit::Done);
    };
    if shows {
        show(ui, &handoff, &[], json!({}));
        return Ok(Exit::Done);
    }
    let (saved, snapshot) = save(&project);
    let caller = Holder::here(client::here().as_ref());
    let free = start::release(&project, &caller, &clock::now())?;
    let mut more = vec![saved];
    more.push(if free { "nobody holds it now".to_owned() } else { kept(&handoff) });
    let into = to.as_ref().map_or("the other client", |client| client.title.as_str());
    more.push(format!("paste into {into}:\n  {}", ui.paint(HEAD, handoff::PASTE)));
    show(
        ui,
        &handoff,
        &more,
        json!({"snapshot": snapshot, "released": free, "paste": handoff::PASTE, "to": to.map(|client| client.id)}),
    );
    Ok(if free { Exit::Done } else { Exit::Findings })
}

fn named(id: &str) -> anyhow::Result<Client> {
    let all = Client::all();
    let known = || all.iter().map(|client| client.id.as_str()).collect::<Vec<_>>().join(", ");
    let found = all.iter().find(|client| client.id == id).cloned();
    found.ok_or_else(|| {
        hinted(format!("there is no client `{}`", plain::line(id, 40)), format!("clients: {}", known()))
    })
}

fn show(ui: &Ui, handoff: &Handoff, more: &[String], facts: Value) {
    if !ui.json {
        return ui.print(&handoff.text(more));
    }
    let mut object = serde_json::to_value(handoff).unwrap_or_default();
    if let (Some(object), Value::Object(facts)) = (object.as_object_mut(), facts) {
        object.extend(facts);
    }
    ui.result(true, object);
}

/// Saves the files; what came of it, and the number.
fn save(project: &Path) -> (String, Option<u64>) {
    let request = Request {
        project,
        why: "before the session was handed over",
        label: None,
        when: clock::seconds(),
        limit: None,
    };
    match undo::save(&request) {
        Ok(Saved::Snapshot { snapshot, .. }) => {
            let number = snapshot.number;
            (
                format!("the files are saved as snapshot {number}: so undo {number} brings them back"),
                Some(number),
            )
        }
        Ok(Saved::Nothing(why)) => (format!("the files are not saved: {why}"), None),
        Err(error) => (format!("the files are not saved: {}", plain::line(&format!("{error:#}"), 160)), None),
    }
}

/// Why the session stays with its holder.
fn kept(handoff: &Handoff) -> String {
    let holder = match handoff.session.holder.platform.as_str() {
        "" => "a terminal".to_owned(),
        id => Client::of(id).map_or_else(|| plain::line(id, 20), |client| client.title.clone()),
    };
    format!(
        "it stays with {holder}, which is at work on it: hand it over there, or the person takes it: so session resume --take-over"
    )
}
