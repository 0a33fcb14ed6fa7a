//! `so close`: the end of a session.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::error::hinted;
use super::{Exit, gate as gate_cli, learn, person, place, session, trust, waiting};
use crate::guard::undo::ReadOnly;
use crate::session::close::{self, Closed, Evidence, Integrate, Report, Step, Wanted};
use crate::session::forge::{self, Rules};
use crate::session::gate::Variant;
use crate::session::lease::Session;
use crate::session::{edits, plan, start};
use crate::store::Store;
use crate::ui::{BAD, DIM, GOOD, Ui, WARN};
use crate::{clock, env, plain};

/// A client ends a call after a minute.
const PATIENCE: Duration = Duration::from_secs(40);
/// More files than that are counted.
const SHOWN: usize = 15;

/// End the session: prove its tasks, run the full gate, commit its own files, record what happened
///
/// Only files of the plan, and files that this session was seen to write, are committed; what was changed before it
/// began stays as it is. A close that is ended anywhere goes on when it is called again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What you say of it: `{"tasks", "notes", "commits", "learnings", "narrative"}`, all optional; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Show what would happen; change nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with a close that was begun, and do what waits for the forge; begins none
    #[arg(long)]
    resume: bool,
    /// Give up what waits for the forge under this number
    #[arg(long, value_name = "N", conflicts_with_all = ["report", "dry_run", "resume"])]
    forget: Option<usize>,
    /// Tasks that nothing shows to be done go over to the next session: the person agreed to that
    #[arg(long)]
    carry: bool,
    /// End it although the gate is red (the person only)
    #[arg(long)]
    accept_red: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    if let Some(number) = args.forget {
        return waiting::forget(ui, &project, number);
    }
    // A close that was begun goes on below, and does what waits as a part of it.
    let is_begun = project.join(close::FILE).exists();
    if args.resume && !is_begun {
        return waiting::resume(ui, &project, start::open(&project)?.is_some());
    }
    let report = match &args.report {
        Some(file) => close::read_report(&text(file)?)?,
        None => Report::default(),
    };
    let session = session::own(&project)?;
    if args.accept_red
        && let Err(why) = person::agrees(&project, "End the session although the gate is red.")
    {
        ui.print(&format!("{}\n", person::refusal(&why, "Ask the person to run it in a terminal.")));
        return Ok(Exit::Findings);
    }
    with(&project, &session, &report, &|wanted| {
        let wanted = Wanted { accepts_red: args.accept_red, carries: args.carry || ui.yes, ..*wanted };
        if args.dry_run {
            let closed = close::preview(&wanted)?;
            show(ui, &closed, None, true);
            return Ok(Exit::Done);
        }
        // The commands are the project's own, wherever they are run.
        let gate = |dir: &Path| gate_cli::ticket_in(dir, &project, Variant::Full, &[]);
        let step = close::close(&wanted, &gate, PATIENCE).map_err(outside)?;
        Ok(said(ui, &project, &step))
    })
}

/// Does something with all that a close works on.
pub(super) fn with<T>(
    project: &Path,
    session: &Session,
    report: &Report,
    work: &dyn Fn(&Wanted<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let agreed = plan::read(project)?;
    if let Some(agreed) = agreed.as_ref().filter(|agreed| !agreed.is_approved()) {
        return Err(hinted("the plan is not the one that the person agreed to", super::plan::next(agreed)));
    }
    let config = trust::config(project);
    let (written, foreign) = seen(project, session);
    let now = clock::now();
    let place = forge::find(project, &Rules::of(&config)).ok();
    work(&Wanted {
        project,
        session,
        agreed: agreed.as_ref(),
        report,
        written: &written,
        foreign: &foreign,
        integrate: Integrate::of(config.text("integrate").as_deref()),
        accepts_red: false,
        carries: false,
        keeps_records: config.is("persistence"),
        now: &now,
        place: place.as_ref(),
        closes_issues: config.text("issues-close").as_deref() != Some("merge"),
        follows_templates: config.is("templates-first"),
    })
}

/// What a close needs where a client's sandbox keeps git's files from it: one approval for all that is left.
fn outside(error: anyhow::Error) -> anyhow::Error {
    if !error.is::<ReadOnly>() {
        return error;
    }
    let hint = "a client's sandbox keeps it read-only: ask for one approval to run `so close` outside the sandbox; it commits, \
                brings the commits where the project wants them, and ends the session. What was proven here is kept";
    hinted(format!("nothing is committed yet: {error}"), hint)
}

/// What hooks saw this session write, and others.
fn seen(project: &Path, session: &Session) -> (Vec<String>, Vec<String>) {
    let Some(state) = env::state_dir() else { return Default::default() };
    edits::since(&Store::of(&state, project), session, clock::ms_of(&session.started_at))
}

fn text(file: &Path) -> anyhow::Result<String> {
    if file != Path::new("-") {
        return crate::fs::read_text(file);
    }
    let mut text = String::new();
    std::io::stdin()
        .take(8 << 20)
        .read_to_string(&mut text)
        .context("failed to read the report from stdin")?;
    Ok(text)
}

fn said(ui: &Ui, project: &Path, step: &Step) -> Exit {
    match step {
        Step::Wait(what) => {
            if ui.json {
                ui.result(true, json!({"step": "wait", "what": what, "next": "so close"}));
            } else {
                ui.print(&format!("{} {what}\nnext: so close\n", ui.paint(WARN, "wait")));
            }
            Exit::Done
        }
        Step::Red(result) => {
            if ui.json {
                ui.result(false, json!({"step": "red", "gate": result, "next": "so close"}));
            } else {
                gate_cli::show(ui, project, result);
                ui.print("nothing was committed\nnext, when it is mended: so close\n");
            }
            Exit::Findings
        }
        Step::Ask(tasks) => {
            ask(ui, tasks);
            Exit::Findings
        }
        Step::Secrets(found) => {
            if ui.json {
                ui.result(false, json!({"step": "secrets", "found": found, "next": "so close"}));
            } else {
                ui.print(&format!(
                    "{}: these lines look like secrets\n",
                    ui.paint(BAD, "nothing was committed")
                ));
                for line in found {
                    ui.print(&format!("  {line}\n"));
                }
                ui.print("next, when they are gone: so close\n");
            }
            Exit::Findings
        }
        Step::Done(closed) => {
            show(ui, closed, learn::waiting(project), false);
            Exit::Done
        }
    }
}

/// Tasks of which somebody has to say what becomes of them.
fn ask(ui: &Ui, tasks: &[Evidence]) {
    let next =
        "mend it, then so close; when the person lets it go over to the next session, so close --carry";
    if ui.json {
        let ask = json!({"question": "These tasks are not proven. Carry them over?", "tasks": tasks});
        return ui.result(false, json!({"step": "ask", "ask": ask, "next": next}));
    }
    show_tasks(ui, tasks);
    let what = if tasks.len() == 1 { "one task is not proven" } else { "tasks are not proven" };
    ui.print(&format!("{}: {what}\nnext: {next}\n", ui.paint(BAD, "nothing was committed")));
}

fn show(ui: &Ui, closed: &Closed, learned: Option<String>, is_preview: bool) {
    if ui.json {
        let step = if is_preview { "preview" } else { "closed" };
        return ui.result(true, json!({"step": step, "close": closed, "learned": learned}));
    }
    show_tasks(ui, &closed.tasks);
    let list = |title: &str, paths: &[String]| {
        for path in paths.iter().take(SHOWN) {
            ui.print(&format!("  {title} {path}\n"));
        }
        if paths.len() > SHOWN {
            ui.print(&format!("  {title} {} more\n", paths.len() - SHOWN));
        }
    };
    list("commit", &closed.files.planned);
    list("commit, unplanned,", &closed.files.unplanned);
    let left = closed.files.left_by_directory();
    let left: Vec<String> = left.iter().map(|(path, why)| format!("{path}: {why}")).collect();
    list("leave", &left);
    if is_preview {
        for intent in &closed.forge {
            ui.print(&format!("  then {}\n", plain::line(intent, 200)));
        }
        ui.print(&format!(
            "{} on `{}`; nothing was changed\nnext: so close\n",
            ui.paint(WARN, "would be committed"),
            closed.branch
        ));
        return;
    }
    if let Some(gate) = closed.gate {
        ui.print(&format!("gate: {}\n", gate.word()));
    }
    if let Some(why) = &closed.unjudged {
        ui.print(&format!("  of the whole tree, not of what was committed by itself: {why}\n"));
    }
    for commit in &closed.commits {
        ui.print(&format!("commit {}\n", commit.get(..12).unwrap_or(commit)));
    }
    ui.print(&format!(
        "{} the session; {}\n",
        ui.paint(GOOD, "closed"),
        closed.integrated.as_deref().unwrap_or_default()
    ));
    for done in &closed.forge {
        ui.print(&format!("  {}\n", plain::line(done, 300)));
    }
    if let Some(learned) = learned {
        ui.print(&format!("learned: {learned}\n"));
    }
    waiting::show(ui, &closed.waiting);
    let next = if closed.waiting.is_empty() { "so session start" } else { "so close --resume" };
    ui.print(&format!("next: {next}\n"));
}

fn show_tasks(ui: &Ui, tasks: &[Evidence]) {
    for task in tasks {
        let carried = if task.carried { ", carried over" } else { "" };
        ui.print(&format!(
            "  {}: {}{carried}  {}\n",
            task.task,
            task.result.word(),
            ui.paint(DIM, &task.title)
        ));
        for missing in &task.missing {
            ui.print(&format!("    - {missing}\n"));
        }
    }
}
