//! `so wave`: the agreed tasks, one wave after the other.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::error::hinted;
use super::{Exit, gate as gate_cli, learned, person, place, session, trust};
use crate::session::gate::{self, Progress, Variant};
use crate::session::lease::Session;
use crate::session::plan::{self, Agreed};
use crate::session::scope::Enforcement;
use crate::session::wave::{self, Finish, Run, Wanted, Waves};
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui, WARN};
use crate::{client, clock, env, plain};

/// A client ends a call after a minute.
const PATIENCE: Duration = Duration::from_secs(40);
/// More lines of reasons than that are counted.
const SHOWN: usize = 20;

/// Work through the agreed plan, wave by wave
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open the next wave: save the files, hold everybody to their tasks, print whom to send
    Start {
        /// The wave, to be sure which one it is
        number: Option<u32>,
    },
    /// End the open wave: run its proofs and the gate, and say the one next step
    Finish {
        /// Reports that hooks could not collect: `{"reports": [{"task", "result", "summary", …}]}`; `-` reads stdin
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Go on although the gate is red (the person only)
        #[arg(long)]
        accept_red: bool,
    },
    /// Show the waves and the next step (the default)
    Status,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    match &args.command {
        Some(Command::Start { number }) => begin(ui, &project, *number),
        Some(Command::Finish { report, accept_red }) => finish(ui, &project, report.as_deref(), *accept_red),
        None | Some(Command::Status) => status(ui, &project),
    }
}

/// What a wave needs: a session of the caller's and a plan that the person agreed to.
fn ready(project: &Path) -> anyhow::Result<(Session, Agreed)> {
    let session = session::own(project)?;
    let next = wave::position(project)?;
    let agreed = plan::read(project)?.ok_or_else(|| hinted(next.why.clone(), next.command.clone()))?;
    if !agreed.is_approved() {
        return Err(hinted(next.why, super::plan::next(&agreed)));
    }
    Ok((session, agreed))
}

fn with<T>(project: &Path, run: impl FnOnce(&Wanted<'_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let (session, agreed) = ready(project)?;
    let config = trust::config(project);
    let enforcement = Enforcement::of(config.text("enforcement").as_deref());
    let state = env::state_dir();
    let (now, at) = (clock::now(), clock::now_ms());
    run(&Wanted {
        project,
        agreed: &agreed,
        session: &session,
        enforcement,
        state: state.as_deref(),
        now: &now,
        at,
        patience: None,
        learnings: learned::most(project),
    })
}

fn begin(ui: &Ui, project: &Path, number: Option<u32>) -> anyhow::Result<Exit> {
    with(project, |wanted| {
        // What fails now is no news later; so it is looked at before anything is changed.
        let is_first = Waves::read(project)?.waves.is_empty() || gate::baseline(project).is_none();
        if is_first {
            let ticket = gate_cli::ticket(project, Variant::Baseline, &[])?;
            if let Progress::Running(what, seconds) = gate::wait(&ticket, PATIENCE)? {
                return Ok(running(ui, &format!("the baseline: {what}, for {seconds} s"), "so wave start"));
            }
        }
        let opened = wave::open(wanted, number)?;
        show_open(ui, wanted, &opened.run, opened.is_again);
        Ok(Exit::Done)
    })
}

fn running(ui: &Ui, what: &str, next: &str) -> Exit {
    if ui.json {
        ui.result(true, json!({"step": "wait", "what": what, "next": next}));
    } else {
        ui.print(&format!("{} {what}\nnext: {next}\n", ui.paint(WARN, "wait")));
    }
    Exit::Done
}

fn show_open(ui: &Ui, wanted: &Wanted<'_>, run: &Run, is_again: bool) {
    let dispatch: Vec<String> = run.tasks.keys().map(|id| dispatch(wanted, id)).collect();
    let sends = has_agents() && !wanted.agreed.express;
    let next = if wanted.agreed.express { "so close" } else { "so wave finish" };
    if ui.json {
        let dispatch = if sends { json!(dispatch) } else { json!([]) };
        return ui.result(true, json!({"wave": run, "again": is_again, "dispatch": dispatch, "next": next}));
    }
    let word = if is_again { "is open" } else { "begins" };
    ui.print(&format!(
        "{} {word} ({}, {})\n",
        ui.paint(HEAD, &format!("wave {}", run.number)),
        run.role(),
        wanted.enforcement.word()
    ));
    if let Some(snapshot) = run.snapshot.filter(|_| !is_again) {
        ui.print(&format!("saved as snapshot {snapshot}: so undo {snapshot} brings it back\n"));
    }
    if let Some(why) = run.unsaved.as_ref().filter(|_| !is_again) {
        ui.print(&format!("nothing was saved before it: {}\n", plain::line(why, 160)));
        ui.print("  for a snapshot first, ask for approval to run `so snapshot` outside the sandbox\n");
    }
    if sends {
        ui.print("send one agent for each line, all at once:\n");
        for line in &dispatch {
            ui.print(&format!("  {line}\n"));
        }
    } else {
        ui.print("do these yourself, one after the other; begin each with its line:\n");
        run.tasks.keys().for_each(|id| ui.print(&format!("  so task start {id}\n")));
    }
    ui.print(&format!("next, when all have answered: {next}\n"));
}

fn dispatch(wanted: &Wanted<'_>, id: &str) -> String {
    let agent = wanted.agreed.plan.task(id).and_then(|task| task.agent.clone());
    let agent = agent.map(|agent| format!("{agent}: ")).unwrap_or_default();
    format!("{agent}{}", told(id))
}

/// All that an agent is told; its brief never passes through here.
fn told(task: &str) -> String {
    format!("Run `so task start {task}` first; it prints your brief.")
}

/// Pi sends no agents.
fn has_agents() -> bool {
    client::here().is_none_or(|inside| inside.platform != "pi")
}

fn finish(ui: &Ui, project: &Path, report: Option<&Path>, accepts_red: bool) -> anyhow::Result<Exit> {
    let given = match report {
        Some(file) => wave::read_reports(&text(file)?)?,
        None => Vec::new(),
    };
    if accepts_red && let Err(why) = person::agrees(project, "Go on although the gate is red.") {
        ui.print(&format!("{}\n", person::refusal(&why, "Ask the person to run it in a terminal.")));
        return Ok(Exit::Findings);
    }
    with(project, |wanted| {
        let gate = || gate_cli::ticket(project, Variant::Incremental, &[]);
        let (step, run, result) = wave::finish(wanted, &given, &gate, accepts_red, PATIENCE)?;
        if ui.json {
            let ok = !matches!(step, Finish::Fix { .. } | Finish::Stop { .. });
            ui.result(ok, json!({"next": step, "wave": run, "gate": result}));
        } else {
            if let Some(result) = &result {
                gate_cli::show(ui, project, result);
            }
            show_step(ui, &run, &step);
        }
        let is_bad = matches!(step, Finish::Fix { .. } | Finish::Stop { .. });
        Ok(if is_bad { Exit::Findings } else { Exit::Done })
    })
}

fn text(file: &Path) -> anyhow::Result<String> {
    if file != Path::new("-") {
        return crate::fs::read_text(file);
    }
    let mut text = String::new();
    std::io::stdin()
        .take(8 << 20)
        .read_to_string(&mut text)
        .context("failed to read the reports from stdin")?;
    Ok(text)
}

fn show_step(ui: &Ui, run: &Run, step: &Finish) {
    let number = run.number;
    for (id, task) in &run.tasks {
        ui.print(&format!("  {id}: {}\n", task.result.word()));
    }
    let reasons = |why: &[String]| {
        why.iter().take(SHOWN).for_each(|why| ui.print(&format!("  - {why}\n")));
        if why.len() > SHOWN {
            ui.print(&format!("  {} more: so wave status --json\n", why.len() - SHOWN));
        }
    };
    match step {
        Finish::Proceed { wave } => {
            let next = wave.map_or("so close".to_owned(), |wave| format!("so wave start {wave}"));
            ui.print(&format!("{} wave {number}\nnext: {next}\n", ui.paint(GOOD, "finished")));
        }
        Finish::Review => {
            let how = if has_agents() {
                format!("send one agent: session-reviewer: {}", told(wave::REVIEW))
            } else {
                format!("do it yourself, as one who did not write it: so task start {}", wave::REVIEW)
            };
            ui.print(&format!("{} wave {number}: {how}\n", ui.paint(WARN, "review")));
            ui.print("next, with its report: so wave finish --report -\n");
        }
        Finish::Fix { tasks, why } => {
            let what = if tasks.is_empty() { String::new() } else { format!(": {}", tasks.join(", ")) };
            ui.print(&format!("{} wave {number}{what}\n", ui.paint(BAD, "fix")));
            reasons(why);
            ui.print("next, when it is mended: so wave finish\n");
        }
        Finish::Wait { what } => {
            ui.print(&format!("{} {what}\nnext: so wave finish\n", ui.paint(WARN, "wait")));
        }
        Finish::Stop { why } => {
            ui.print(&format!("{} wave {number}: the person has to look\n", ui.paint(BAD, "stop")));
            reasons(why);
            ui.print("next: show this to the person\n");
        }
    }
}

fn status(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    let waves = Waves::read(project)?;
    let next = wave::position(project)?;
    if ui.json {
        ui.result(true, json!({"waves": waves.waves, "next": next}));
        return Ok(Exit::Done);
    }
    for run in &waves.waves {
        let gate = run.gate.map(|gate| format!(", gate {}", gate.word())).unwrap_or_default();
        ui.print(&format!("{} {}{gate}\n", ui.paint(HEAD, &format!("wave {}", run.number)), run.role()));
        for (id, task) in &run.tasks {
            ui.print(&format!("  {id}: {}  {}\n", task.result.word(), ui.paint(DIM, &task.summary)));
        }
    }
    ui.print(&format!("{}\nnext: {}\n", next.why, next.command));
    Ok(Exit::Done)
}
