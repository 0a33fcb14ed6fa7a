//! `so state`: what the state of this working tree says, and short notes into it.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::{Exit, place};
use crate::clock;
use crate::session::open::STATE;
use crate::session::state::{self, Document};
use crate::ui::{GOOD, HEAD, Ui};

/// Show the state of this session, or note something in it
///
/// The state stands in .orchestrator/STATE.md and survives crashes, compactions and changes of client. Everything in
/// it that you wrote yourself stays as it is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show it (the default)
    Show,
    /// Note that the work goes another way than planned
    Deviate {
        /// What is different, and why
        text: String,
    },
    /// Note what failed, so that nobody tries it again
    Avoid {
        /// The approach
        what: String,
        /// Why it failed
        #[arg(long)]
        why: String,
    },
    /// Note a question that somebody has to answer
    Ask {
        /// The question
        text: String,
    },
    /// Answer a question
    Answer {
        /// Its number, from 1
        number: usize,
        /// The answer
        text: String,
    },
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let noted = match &args.command {
        None | Some(Command::Show) => return show(ui, &project),
        Some(Command::Deviate { text }) => change(&project, |state| {
            state.deviate(&clock::now(), text);
            Ok("noted under Deviations".to_owned())
        }),
        Some(Command::Avoid { what, why }) => change(&project, |state| {
            state.avoid(&clock::today(), what, why);
            Ok("noted under What Not To Retry".to_owned())
        }),
        Some(Command::Ask { text }) => {
            change(&project, |state| Ok(format!("question {} under Open Questions", state.ask(text))))
        }
        Some(Command::Answer { number, text }) => change(&project, |state| {
            state.answer(*number, text)?;
            Ok(format!("question {number} is answered"))
        }),
    }?;
    if ui.json {
        ui.result(true, json!({"noted": noted}));
    } else {
        ui.say(&ui.paint(GOOD, &noted));
    }
    Ok(Exit::Done)
}

fn change(
    project: &Path,
    change: impl FnOnce(&mut Document) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    if !project.join(STATE).exists() {
        return Err(no_state());
    }
    state::update(project, |state| {
        let noted = change(state)?;
        state.set("updated", &clock::now());
        Ok(noted)
    })
}

fn no_state() -> anyhow::Error {
    hinted(
        format!("there is no session in this working tree: `{STATE}` is not there"),
        "a session makes it when it starts",
    )
}

/// What is shown of the frontmatter.
const KEYS: [&str; 7] =
    ["session", "session-type", "branch", "status", "current-wave", "total-waves", "updated"];

fn show(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    let Some(state) = state::read(project)? else { return Err(no_state()) };
    if ui.json {
        let keys: serde_json::Map<_, _> =
            KEYS.iter().filter_map(|key| Some(((*key).to_owned(), json!(state.get(key)?)))).collect();
        ui.result(
            true,
            json!({"state": keys, "deviations": state.deviations(), "avoid": state.avoided(), "questions": state.questions()}),
        );
        return Ok(Exit::Done);
    }
    for key in KEYS {
        if let Some(value) = state.get(key) {
            ui.print(&format!("{} {value}\n", ui.paint(HEAD, &format!("{key:<13}"))));
        }
    }
    for (name, items) in [
        ("deviations", state.deviations()),
        ("what not to retry", state.avoided()),
        ("questions", state.questions()),
    ] {
        if !items.is_empty() {
            ui.print(&format!("{}\n{}\n", ui.paint(HEAD, name), items.join("\n")));
        }
    }
    Ok(Exit::Done)
}
