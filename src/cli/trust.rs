//! `so trust`: what the person allows for good in a project.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::error::hinted;
use super::{Exit, person, place};
use crate::guard::consent::Trust;
use crate::guard::project_of;
use crate::session::config::{Config, Origin, Value};
use crate::session::opened;
use crate::session::presence::Presence;
use crate::store::Store;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui};
use crate::{env, fs};

/// Approve settings of this project that loosen protection; show and take back what you allow for good
///
/// Settings that loosen protection count only with the values that you approved here. `so allow CODE always here`,
/// typed into the chat of a session, adds a command that may always run in one directory. Both stand in
/// ~/.config/so/trust.yaml.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Take back the command with this number
    #[arg(long, value_name = "N")]
    forget: Option<usize>,
}

/// A setting that would loosen protection.
struct Loosening {
    key: &'static str,
    /// What counts now.
    default: String,
    /// What stands in the project.
    written: String,
    /// Where.
    at: String,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let file = file()?;
    let text = fs::read_optional(&file)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let trust = Trust::parse(&text.unwrap_or_default())
        .with_context(|| format!("failed to read `{}`", file.display()))?;
    if let Some(number) = args.forget {
        return forget(ui, &project, &file, trust, number);
    }
    let loosenings = loosenings(&project);
    if ui.json {
        let new = loosenings.iter().map(|one| json!({"key": one.key, "value": one.written, "at": one.at}));
        let new: Vec<_> = new.collect();
        ui.result(
            new.is_empty(),
            json!({"file": file, "unapproved": new, "commands": trust.commands(&project)}),
        );
        return Ok(if loosenings.is_empty() { Exit::Done } else { Exit::Findings });
    }
    commands(ui, &trust, &project);
    if loosenings.is_empty() {
        ui.say("no setting of this project waits for approval");
        return Ok(Exit::Done);
    }
    approve(ui, &project, &file, trust, &loosenings)
}

/// The project's settings, with what the person has approved.
pub(super) fn config(project: &Path) -> Config {
    let approves = |key: &str, value: &str| {
        let trust = Trust::load(env::config_dir().as_deref());
        if key != opened::KEY {
            return trust.approves(project, key, value);
        }
        let live = live(project);
        !live.is_empty() && live.iter().all(|session| opened::is_confirmed(&trust, project, session))
    };
    Config::load(project, &approves)
}

/// The sessions in which what the guard would ask about runs: the client of each, and its own name.
pub(super) fn opened(cwd: &Path) -> Vec<String> {
    let Some(project) = project_of(cwd, env::home().as_deref()) else { return Vec::new() };
    let trust = Trust::load(env::config_dir().as_deref());
    let is_set = || Config::load(&project, &|_, _| true).get(opened::KEY).value == Value::Bool(true);
    let open = |session: &Presence| opened::is_confirmed(&trust, &project, session) && is_set();
    let names = live(&project).into_iter().filter(open);
    names.map(|session| format!("{} {}", session.platform, session.session)).collect()
}

/// The sessions at work in the project.
fn live(project: &Path) -> Vec<Presence> {
    env::state_dir().map(|state| Presence::live(&Store::of(&state, project))).unwrap_or_default()
}

fn file() -> anyhow::Result<PathBuf> {
    let config = env::config_dir().ok_or_else(|| hinted("there is no home directory", "set HOME"))?;
    Ok(config.join(Trust::FILE))
}

/// What stands in the project, loosens protection, and is not approved.
fn loosenings(project: &Path) -> Vec<Loosening> {
    let written = Config::load(project, &|_, _| true);
    let counts = config(project).all().into_iter();
    let open = counts.filter_map(|(key, setting)| match setting.origin {
        Origin::Unapproved(file, line) => {
            Some((key.name, setting.value.to_string(), format!("{file}:{line}")))
        }
        _ => None,
    });
    open.map(|(key, default, at)| Loosening { key, default, written: written.get(key).value.to_string(), at })
        .collect()
}

fn approve(
    ui: &Ui,
    project: &Path,
    file: &Path,
    trust: Trust,
    loosenings: &[Loosening],
) -> anyhow::Result<Exit> {
    ui.say(&ui.paint(HEAD, "These settings loosen protection:"));
    for Loosening { key, default, written, at } in loosenings {
        ui.say(&format!("{}  (counts now)", ui.paint(BAD, &format!("-{key}: {default}"))));
        ui.say(&format!("{}  ({at})", ui.paint(GOOD, &format!("+{key}: {written}"))));
    }
    let live = live(project);
    if loosenings.iter().any(|one| one.key == opened::KEY) {
        let sessions: Vec<&str> = live.iter().map(|session| session.platform.as_str()).collect();
        ui.say(&match sessions.as_slice() {
            [] => {
                format!("`{}` is confirmed while the session runs that needs it; none runs now.", opened::KEY)
            }
            some => format!(
                "`{}` is for the sessions that run now, until they end: {}.",
                opened::KEY,
                some.join(", ")
            ),
        });
    }
    let kept = |one: &Loosening| {
        if one.key == opened::KEY { opened::confirmation(&live) } else { Some(one.written.clone()) }
    };
    if !loosenings.iter().any(|one| kept(one).is_some()) {
        return Ok(Exit::Findings);
    }
    if let Err(why) = person::agrees(project, "Approve these settings for this project.") {
        return Ok(refused(ui, &why));
    }
    let add = |trust: Trust, one: &Loosening| match kept(one) {
        Some(value) => trust.approving(project, one.key, &value),
        None => trust,
    };
    let trust = loosenings.iter().fold(trust, add);
    fs::atomic_write(file, trust.to_text().as_bytes(), false)?;
    ui.say(&format!("approved, in {}", file.display()));
    Ok(Exit::Done)
}

fn commands(ui: &Ui, trust: &Trust, project: &Path) {
    for (at, one) in trust.commands(project).iter().enumerate() {
        let tail = format!("{}, since {}, in {}", one.rule, one.since, one.cwd);
        ui.print(&format!("{:>3}  {}\n     {}\n", at + 1, one.command, ui.paint(DIM, &tail)));
    }
}

fn forget(ui: &Ui, project: &Path, file: &Path, trust: Trust, number: usize) -> anyhow::Result<Exit> {
    let at = number.checked_sub(1).filter(|at| *at < trust.commands(project).len());
    let Some(at) = at else {
        return Err(hinted(format!("there is no command {number} here"), "`so trust` lists them"));
    };
    if let Err(why) = person::agrees(project, &format!("Take back command {number} of this project.")) {
        return Ok(refused(ui, &why));
    }
    fs::atomic_write(file, trust.without(project, at).to_text().as_bytes(), false)?;
    ui.say("taken back");
    Ok(Exit::Done)
}

fn refused(ui: &Ui, why: &crate::session::person::Why) -> Exit {
    ui.note(&person::refusal(why, "Ask the person to run `so trust` in a terminal of their own."));
    Exit::Findings
}
