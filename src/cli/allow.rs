//! `so allow`: the person allows once what was refused, at a terminal outside all clients.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::{Exit, person, place};
use crate::guard::consent::{self, Code, GRANTED_MS, NotFound, Refusal};
use crate::session::person::{Proof, Why, outside};
use crate::store::Store;
use crate::ui::{DIM, HEAD, Ui};
use crate::{clock, env};

/// Let one refused command run once
///
/// A refusal shows the person a code. In the chat of the session the person types `so allow CODE`; this command is for
/// sessions without a chat and works only outside all clients. The very same command may then run once, in the same
/// directory, within ten minutes. Without a code it lists what was refused, each with a new code.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The code of a refusal
    code: Option<String>,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let store = store(&project)?;
    let Some(code) = &args.code else { return list(ui, &project, &store) };
    let Some(code) = Code::parse(code) else {
        return Err(hinted(format!("`{code}` is no code"), "a code has four letters; `so allow` lists them"));
    };
    if let Err(why) = outside(&project) {
        return Ok(refused(ui, &why));
    }
    let Ok(refusal) = consent::peek(&store, &code, None, clock::now_ms()) else {
        return Ok(unknown(ui, consent::allow(&store, &code, None, clock::now_ms()).err())); // it counts as wrong
    };
    let what = format!("Allow once, in {}:\n  {}\n  ({})", refusal.cwd, refusal.text, refusal.rule);
    if let Err(why) = person::agrees(&project, &what) {
        return Ok(refused(ui, &why));
    }
    match consent::allow(&store, &code, None, clock::now_ms()) {
        Ok(refusal) => {
            if ui.json {
                ui.result(
                    true,
                    json!({"allowed": refusal.text, "cwd": refusal.cwd, "seconds": GRANTED_MS / 1000}),
                );
            } else {
                ui.say(&format!("allowed once, for {} minutes: {}", GRANTED_MS / 60_000, refusal.text));
            }
            Ok(Exit::Done)
        }
        Err(why) => Ok(unknown(ui, Some(why))),
    }
}

fn store(project: &Path) -> anyhow::Result<Store> {
    let state = env::state_dir().ok_or_else(|| hinted("there is no home directory", "set HOME"))?;
    Ok(Store::of(&state, project))
}

fn refused(ui: &Ui, why: &Why) -> Exit {
    let text = person::refusal(
        why,
        "In a session the person types into its chat: so allow, and the code that the refusal showed to the person.",
    );
    if ui.json {
        ui.result(false, json!({"error": {"message": text}}));
    } else {
        ui.note(&text);
    }
    Exit::Findings
}

fn unknown(ui: &Ui, why: Option<NotFound>) -> Exit {
    let text = match why {
        Some(NotFound::Void) => "too many wrong codes: none counts any more; `so allow` gives new ones",
        Some(NotFound::Ambiguous) => "two refusals have this code; `so allow` gives new ones",
        Some(NotFound::Unwritable) => "the record of refusals cannot be written",
        _ => "no refusal of the last 24 hours in this project has this code",
    };
    if ui.json {
        ui.result(false, json!({"error": {"message": text}}));
    } else {
        ui.note(text);
    }
    Exit::Findings
}

/// `so allow` without a code.
fn list(ui: &Ui, project: &Path, store: &Store) -> anyhow::Result<Exit> {
    match outside(project) {
        Ok(_) => denied(ui, project, store),
        Err(why) => Ok(refused(ui, &why)),
    }
}

/// `so guard denied`: for anyone; codes only for the person.
pub(super) fn denied_in(ui: &Ui, project: Option<&PathBuf>) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    denied(ui, &project, &store(&project)?)
}

fn denied(ui: &Ui, project: &Path, store: &Store) -> anyhow::Result<Exit> {
    let now = clock::now_ms();
    let shows_codes = match outside(project) {
        Ok(Proof::None) => true,
        // Where agents are at work, codes are for a screen and not for a pipe.
        Ok(Proof::Phrase) => ui.is_screen(),
        Err(_) => false,
    };
    let codes = |refusal: &Refusal| {
        let renewed = shows_codes.then(|| consent::renew(store, refusal, now)).flatten();
        renewed.map(|code| code.to_string())
    };
    let refusals: Vec<_> = consent::recent(store, now).into_iter().map(|one| (codes(&one), one)).collect();
    if ui.json {
        let list = refusals.iter().map(|(code, one)| {
            json!({"code": code, "rule": one.rule, "command": one.text, "cwd": one.cwd, "platform": one.platform,
                   "session": one.session, "at": one.at})
        });
        ui.result(true, json!({"refusals": list.collect::<Vec<_>>()}));
    } else if refusals.is_empty() {
        ui.say("nothing was refused here in the last 24 hours");
    } else {
        for (code, one) in &refusals {
            let minutes = now.saturating_sub(one.at) / 60_000;
            let head = code.as_ref().map_or(String::new(), |code| format!("{}  ", ui.paint(HEAD, code)));
            let tail = format!("{}, {minutes} min ago, {}, in {}", one.rule, one.platform, one.cwd);
            ui.print(&format!("{head}{}\n      {}\n", one.text, ui.paint(DIM, &tail)));
        }
    }
    Ok(Exit::Done)
}
