//! `so session`: who works in this working tree, from the start to the end.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::error::hinted;
use super::{Exit, learn, person, place, trust, waiting};
use crate::session::lease::{Holder, Life, Session};
use crate::session::mode::Mode;
use crate::session::start::{self, Begun, Refused};
use crate::session::{handoff, records, state, wave};
use crate::ui::{GOOD, HEAD, Ui, WARN};
use crate::{client, clock};

/// Begin a session in this working tree, take one up again, or give it up
///
/// One session owns a working tree until `so close` ends it. It survives crashes and compactions, and another client
/// can go on with it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Begin one; beginning it again in the same session changes nothing
    Start {
        /// What kind of session it is
        #[arg(long, value_enum, default_value_t)]
        mode: Mode,
    },
    /// Go on with the open one, here: after a crash, a compaction, or in another client
    Resume {
        /// Take it from a client that may still be at work (the person only)
        #[arg(long)]
        take_over: bool,
    },
    /// Show the open one (the default)
    Status,
    /// Give the open one up; its files stay as they are
    End {
        /// Why
        #[arg(long, value_name = "REASON", required = true)]
        abandon: String,
    },
    /// List the sessions of this repository, the newest first
    List,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    match &args.command {
        Some(Command::Start { mode }) => begin(ui, &project, *mode),
        Some(Command::Resume { take_over }) => resume(ui, &project, *take_over),
        None | Some(Command::Status) => status(ui, &project),
        Some(Command::End { abandon }) => abandon_it(ui, &project, abandon),
        Some(Command::List) => list(ui, &project),
    }
}

fn begin(ui: &Ui, project: &Path, mode: Mode) -> anyhow::Result<Exit> {
    if ui.unguarded {
        let why = "nothing guards this client's session";
        return Ok(refused(ui, "unguarded", why, "the person mends it first: so doctor"));
    }
    let inside = client::here();
    let holder = Holder::here(inside.as_ref());
    let id = match inside.and_then(|inside| inside.session) {
        Some(id) => id,
        None => random_id()?,
    };
    match start::begin(project, mode, holder, &id, &clock::now()) {
        Ok((session, begun)) => {
            let is_new = begun == Begun::New;
            show(ui, project, &session, if is_new { "started" } else { "goes on" }, is_new)
        }
        Err(error) => held(ui, error),
    }
}

/// The session that the caller works on.
pub(super) fn own(project: &Path) -> anyhow::Result<Session> {
    let holder = Holder::here(client::here().as_ref());
    start::own(project, &holder).map_err(|error| match error.downcast_ref::<Refused>() {
        Some(Refused::Held(_, life)) => {
            hinted(format!("{error}; its client {}", words(*life)), way_on(*life))
        }
        Some(Refused::None) => hinted(error.to_string(), "so session start"),
        None => error,
    })
}

/// What is left to do for who finds the working tree held.
fn way_on(life: Life) -> &'static str {
    match life {
        Life::Crashed => "go on with it: so session resume",
        _ => {
            "a working tree of its own: so worktree add NAME; or the person takes this one over in a terminal: so session resume --take-over"
        }
    }
}

fn held(ui: &Ui, error: anyhow::Error) -> anyhow::Result<Exit> {
    match error.downcast_ref::<Refused>() {
        Some(Refused::Held(label, life)) => {
            let why = format!("session {label} holds this working tree; its client {}", words(*life));
            Ok(refused(ui, "held", &why, way_on(*life)))
        }
        Some(Refused::None) => Ok(refused(ui, "no-session", &error.to_string(), "so session start")),
        None => Err(error),
    }
}

fn resume(ui: &Ui, project: &Path, take_over: bool) -> anyhow::Result<Exit> {
    let holder = Holder::here(client::here().as_ref());
    let Some(open) = start::open(project)? else { return held(ui, Refused::None.into()) };
    let is_free = open.holder.is_same(&holder) || open.holder == Holder::default();
    let life = open.life(project);
    if !is_free && life != Life::Crashed {
        if !take_over {
            let why =
                format!("session {} is held by {}, which {}", open.label, holder_of(&open), words(life));
            let next = "the person takes it over in a terminal: so session resume --take-over";
            return Ok(refused(ui, "held", &why, next));
        }
        if let Err(why) = person::agrees(project, &format!("Take session {} over.", open.label)) {
            return Ok(refused(ui, "person-only", &person::refusal(&why, "Ask the person to do it."), ""));
        }
    }
    let session = start::resume(project, holder, &clock::now())?;
    stands(ui, project, &session)
}

fn status(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    match start::open(project)? {
        Some(session) => {
            let life = session.life(project);
            let word = if life == Life::Alive {
                "open".to_owned()
            } else {
                format!("open; its client {}", words(life))
            };
            show(ui, project, &session, &word, false)
        }
        None if ui.json => {
            let (waiting, learned) = (waiting::words(project), learn::waiting(project));
            ui.result(true, json!({"session": Value::Null, "waiting": waiting, "learned": learned}));
            Ok(Exit::Done)
        }
        None => {
            ui.print("no session is open in this working tree\n");
            if let Some(waiting) = waiting::words(project) {
                ui.print(&format!("waiting: {waiting}\n"));
            }
            if let Some(learned) = learn::waiting(project) {
                ui.print(&format!("learned: {learned}\n"));
            }
            ui.print("next: so session start\n");
            Ok(Exit::Done)
        }
    }
}

fn abandon_it(ui: &Ui, project: &Path, reason: &str) -> anyhow::Result<Exit> {
    let session = match start::end(project, "abandoned", reason, &clock::now()) {
        Ok(session) => session,
        Err(error) => return held(ui, error),
    };
    if trust::config(project).is("persistence") {
        records::abandoned(project, &session, reason, &clock::now())?;
    }
    if ui.json {
        ui.result(true, json!({"session": session, "status": "abandoned"}));
    } else {
        ui.print(&format!(
            "{} session {}; its files stay as they are\n",
            ui.paint(WARN, "abandoned"),
            session.label
        ));
    }
    Ok(Exit::Done)
}

fn list(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    const SHOWN: usize = 20;
    let sessions = records::sessions(project);
    if ui.json {
        ui.result(true, json!({"sessions": sessions}));
        return Ok(Exit::Done);
    }
    let text = |line: &Value, key: &str| line.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    for line in sessions.iter().rev().take(SHOWN) {
        ui.print(&format!(
            "{}  {}  {}\n",
            text(line, "started_at"),
            text(line, "label"),
            text(line, "status")
        ));
    }
    match sessions.len() {
        0 => ui.print("no session was closed in this repository yet\n"),
        more if more > SHOWN => ui.print(&format!("{} older ones: so session list --json\n", more - SHOWN)),
        _ => {}
    }
    Ok(Exit::Done)
}

/// Where a session stands that somebody goes on with.
fn stands(ui: &Ui, project: &Path, session: &Session) -> anyhow::Result<Exit> {
    const BUDGET: usize = 1_900; // with the lines around it 600 tokens of four bytes
    let Some(handoff) = handoff::look(project)? else { return show(ui, project, session, "resumed", false) };
    let next = &handoff.next;
    if ui.json {
        let stands = serde_json::to_value(&handoff).unwrap_or_default();
        ui.result(
            true,
            json!({"session": session, "status": "resumed", "next": next.command, "stands": stands}),
        );
        return Ok(Exit::Done);
    }
    ui.print(&format!("{} session {} ({})\n", ui.paint(GOOD, "resumed"), session.label, session.mode));
    ui.print(&handoff.short(BUDGET));
    ui.print(&format!("{}; to give it up instead: so session end --abandon REASON\n", next.why));
    ui.print(&format!("next: {}\n", next.command));
    Ok(Exit::Done)
}

/// Says how a session stands; of one that is new nothing of who began it, and when.
fn show(ui: &Ui, project: &Path, session: &Session, word: &str, is_new: bool) -> anyhow::Result<Exit> {
    let step = wave::position(project)?;
    let next = step.command.as_str();
    let learned = learn::waiting(project);
    if ui.json {
        let waiting = waiting::words(project);
        ui.result(
            true,
            json!({"session": session, "status": word, "next": next, "waiting": waiting, "learned": learned}),
        );
        return Ok(Exit::Done);
    }
    ui.print(&format!("{} session {} ({})\n", ui.paint(GOOD, word), session.label, session.mode));
    let fact = |name: &str, value: &str| {
        if !value.is_empty() {
            ui.print(&format!("{} {value}\n", ui.paint(HEAD, &format!("{name:<8}"))));
        }
    };
    fact("branch", &session.branch);
    if !is_new {
        fact("since", &session.started_at);
        fact("held by", &holder_of(session));
    }
    if !session.dirty.is_empty() {
        let count = session.dirty.len();
        fact("before", &format!("files changed before it: {count}; a close leaves them alone"));
    }
    fact("waiting", &waiting::words(project).unwrap_or_default());
    fact("learned", &learned.unwrap_or_default());
    let state = state::read(project)?;
    let count = |items: Option<Vec<String>>| items.map_or(0, |items| items.len());
    let avoid = count(state.as_ref().map(state::Document::avoided));
    if avoid > 0 {
        fact("avoid", &format!("{avoid} approaches failed before: so state"));
    }
    ui.print(&format!("{}\nnext: {next}\n", step.why));
    Ok(Exit::Done)
}

fn refused(ui: &Ui, code: &str, why: &str, next: &str) -> Exit {
    if ui.json {
        ui.result(false, json!({"error": {"code": code, "message": why, "hint": next}}));
    } else {
        ui.print(&format!("{why}\n"));
        if !next.is_empty() {
            ui.print(&format!("next: {next}\n"));
        }
    }
    Exit::Findings
}

fn holder_of(session: &Session) -> String {
    match session.holder.platform.as_str() {
        "" => "a terminal".to_owned(),
        platform => client::Client::of(platform).map_or(platform.to_owned(), |client| client.title.clone()),
    }
}

fn words(life: Life) -> String {
    match life {
        Life::Alive => "is at work".to_owned(),
        Life::Crashed => "is gone".to_owned(),
        Life::Silent(at) => format!("is silent since {}", clock::time_of(at)),
    }
}

fn random_id() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| hinted(format!("no random number: {error}"), "try again"))
        .context("failed to name the session")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
