//! `so trust`: what the person allows for good in a project.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;

use super::error::hinted;
use super::{Exit, person, place};
use crate::guard::consent::Exceptions;
use crate::ui::{DIM, Ui};
use crate::{env, fs};

/// Show what you allow for good in this project, and take it back
///
/// `so allow CODE always here`, typed into the chat of a session, adds a command that may always run in one directory.
/// They stand in ~/.config/so/trust.yaml.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Take back the exception with this number
    #[arg(long, value_name = "N")]
    forget: Option<usize>,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let config = env::config_dir().ok_or_else(|| hinted("there is no home directory", "set HOME"))?;
    let file = config.join(Exceptions::FILE);
    let text = fs::read_optional(&file)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let trust = Exceptions::parse(&text.unwrap_or_default())
        .with_context(|| format!("failed to read `{}`", file.display()))?;
    let list = trust.of(&project).to_vec();
    if let Some(number) = args.forget {
        let Some(gone) = number.checked_sub(1).and_then(|at| list.get(at)) else {
            return Err(hinted(format!("there is no exception {number} here"), "`so trust` lists them"));
        };
        if let Err(why) = person::agrees(&project, &format!("No longer allow: {}", gone.command)) {
            ui.note(&person::refusal(&why, "Ask the person to run `so trust` in a terminal of their own."));
            return Ok(Exit::Findings);
        }
        fs::atomic_write(&file, trust.clone().without(&project, number - 1).to_text().as_bytes(), false)?;
        ui.say(&format!("no longer allowed: {}", gone.command));
        return Ok(Exit::Done);
    }
    if ui.json {
        ui.result(true, json!({"file": file, "exceptions": list}));
    } else if list.is_empty() {
        ui.say("nothing is allowed for good in this project");
    } else {
        for (at, one) in list.iter().enumerate() {
            let tail = format!("{}, since {}, in {}", one.rule, one.since, one.cwd);
            ui.print(&format!("{:>3}  {}\n     {}\n", at + 1, one.command, ui.paint(DIM, &tail)));
        }
    }
    Ok(Exit::Done)
}
