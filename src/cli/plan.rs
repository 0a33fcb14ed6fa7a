//! `so plan`: what the session has agreed to do.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::error::hinted;
use super::{Exit, gate as gate_cli, person, place, session};
use crate::client::{self, Client};
use crate::clock;
use crate::diagnostic::{Findings, line_column, render};
use crate::session::forge::Rules;
use crate::session::gate::{self, Variant};
use crate::session::plan::propose::{Proposal, propose};
use crate::session::plan::{self, Agreed, FILE, agreed, show, skeleton, source};
use crate::session::{scope, start};
use crate::ui::{BAD, GOOD, Ui, WARN};

/// Set, show, check or approve the plan of this session
///
/// A plan has a goal and tasks; each task says which files it may touch, what proves it, and what it depends on. From
/// that follow the waves, or the express path where it is small. It stands in .orchestrator/plan.yaml.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a text the plan; nothing is written while something is wrong with it
    ///
    /// Read are YAML, JSON, a Markdown text with a fenced block of such YAML, and the task lists of spec-kit, `OpenSpec`
    /// and superpowers.
    Set {
        /// The text; `-` reads stdin
        file: PathBuf,
        /// In waves, however small it is
        #[arg(long)]
        full: bool,
    },
    /// Show the plan: its waves and every command that will be run
    Show,
    /// Find what is wrong with a text; exit 1 when there is something
    Check {
        /// The text; `-` reads stdin [default: the plan that was set]
        file: Option<PathBuf>,
        /// In waves, however small it is
        #[arg(long)]
        full: bool,
    },
    /// Print a plan to fill in, with what each key means and a task for each issue
    ///
    /// The issues are those that are named, else those of the session, else the open ones of the forge, what is urgent
    /// first; the forge has three seconds. The first comment says where they come from, or why there are none.
    Schema {
        /// Fill it from a task list of spec-kit, `OpenSpec` or superpowers
        #[arg(long, value_name = "FILE", conflicts_with_all = ["issue", "offline"])]
        from: Option<PathBuf>,
        /// Fill it from this issue; may be repeated
        #[arg(long, value_name = "N")]
        issue: Vec<u64>,
        /// Ask no forge
        #[arg(long)]
        offline: bool,
    },
    /// Note that the person agrees with the plan as it stands
    Approve,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    match &args.command {
        Command::Set { file, full } => set(ui, &project, file, *full),
        Command::Show => shown(ui, &project),
        Command::Check { file, full } => {
            let own = project.join(FILE);
            check(ui, &project, file.as_deref().unwrap_or(&own), *full)
        }
        Command::Schema { from: Some(file), .. } => started(ui, &project, file),
        Command::Schema { from: None, issue, offline } => form(ui, &project, issue, *offline),
        Command::Approve => approve(ui, &project),
    }
}

/// The text of a file or of stdin, and what findings call it. A little more than can be read is taken.
fn read(project: &Path, file: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let limit = source::MAX as u64 + 1;
    if file.as_os_str() == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).context("failed to read stdin")?;
        return Ok(("stdin".to_owned(), bytes));
    }
    let opened = std::fs::File::open(file).and_then(|open| open.take(limit).read_to_end(&mut bytes));
    opened.with_context(|| format!("failed to read `{}`", file.display()))?;
    let shown = file.strip_prefix(project).unwrap_or(file);
    Ok((shown.display().to_string(), bytes))
}

fn proposal(project: &Path, file: &Path, full: bool) -> anyhow::Result<(String, Proposal)> {
    let (name, bytes) = read(project, file)?;
    let config = super::trust::config(project);
    let proposal = propose(project, &config, &name, bytes, full);
    Ok((name, proposal))
}

/// A list of tasks as a plan to complete.
fn started(ui: &Ui, project: &Path, file: &Path) -> anyhow::Result<Exit> {
    let (name, proposal) = proposal(project, file, false)?;
    let Some(text) = proposal.started else {
        return Err(hinted(format!("`{name}` is no list of tasks"), "`so plan check FILE` reads a plan"));
    };
    ui.text(&text);
    Ok(Exit::Done)
}

/// A plan to fill in.
fn form(ui: &Ui, project: &Path, issues: &[u64], offline: bool) -> anyhow::Result<Exit> {
    let config = super::trust::config(project);
    let most = config.int("issue-limit", "").and_then(|most| usize::try_from(most).ok()).unwrap_or(50);
    let wanted = skeleton::Wanted { issues: issues.to_vec(), most, offline };
    let filled = skeleton::look(project, &Rules::of(&config), wanted);
    let text = skeleton::text(&filled)?;
    if ui.json {
        ui.result(
            true,
            json!({"text": text, "issues": filled.issues, "more": filled.left, "note": filled.note}),
        );
    } else {
        ui.print(&text);
    }
    Ok(Exit::Done)
}

fn set(ui: &Ui, project: &Path, file: &Path, full: bool) -> anyhow::Result<Exit> {
    if start::open(project)?.is_some() {
        session::own(project)?;
    }
    if project.join(scope::FILE).exists() {
        return Err(hinted("a wave is open: its plan stays until it is finished", "so wave finish"));
    }
    let (name, proposal) = proposal(project, file, full)?;
    let Some((_, layout)) = &proposal.plan else { return Ok(refused(ui, project, &name, &proposal)) };
    let agreed = agreed::set(project, proposal.own.as_ref().unwrap_or(&proposal.text), layout)?;
    if !proposal.burden.is_empty() {
        ui.note(&ui.paint(WARN, &format!("fewer agents are advised: {}", proposal.burden.join(", "))));
    }
    warn(ui, &proposal);
    look(project, &agreed);
    present(ui, &agreed);
    Ok(Exit::Done)
}

/// What fails before the work begins is looked for while the person reads; in waves `so wave start` does it.
fn look(project: &Path, agreed: &Agreed) {
    if agreed.express
        && start::open(project).is_ok_and(|open| open.is_some())
        && gate::baseline(project).is_none()
    {
        let _ = gate_cli::ticket(project, Variant::Baseline, &[]); // without it a red gate is just red
    }
}

/// What does not keep a plan from being set; beside the one object of `--json`.
fn warn(ui: &Ui, proposal: &Proposal) {
    if !ui.quiet {
        for finding in proposal.findings.sorted().iter().take(TOLD) {
            ui.complain(&render(finding, Some(&proposal.text), ui.color_err()));
        }
    }
}

fn check(ui: &Ui, project: &Path, file: &Path, full: bool) -> anyhow::Result<Exit> {
    let (name, proposal) = proposal(project, file, full)?;
    let Some((plan, layout)) = &proposal.plan else {
        tell(ui, &proposal.findings, &proposal.text, "mend the text and run `so plan check` again");
        return Ok(Exit::Findings);
    };
    let next = format!("so plan set {name}");
    if ui.json {
        ui.result(
            true,
            json!({"plan": plan, "waves": layout.waves, "express": layout.express, "next": next}),
        );
    } else {
        warn(ui, &proposal);
        let verdict = if proposal.findings.is_empty() { "nothing to mend" } else { "it can be set" };
        ui.say(&ui.paint(GOOD, verdict));
        ui.say(&format!("next: {next}"));
    }
    Ok(Exit::Done)
}

/// What is wrong, and that nothing was written.
fn refused(ui: &Ui, project: &Path, name: &str, proposal: &Proposal) -> Exit {
    let next = match &proposal.started {
        Some(_) => format!("so plan schema --from {name} prints it as a plan to complete"),
        None => "mend the text and run `so plan set` again".to_owned(),
    };
    tell(ui, &proposal.findings, &proposal.text, &next);
    let kept = if project.join(FILE).exists() { "the plan stays as it was" } else { "no plan was set" };
    if !ui.json {
        ui.say(&ui.paint(BAD, &format!("nothing was written: {kept}")));
        ui.say(&format!("next: {next}"));
    }
    Exit::Findings
}

/// More findings than that are counted.
const TOLD: usize = 10;
/// The same for programs.
const LISTED: usize = 50;

fn tell(ui: &Ui, findings: &Findings, text: &str, next: &str) {
    let all = findings.sorted();
    if ui.json {
        let list = all.iter().take(LISTED).map(|finding| {
            let (line, column) = line_column(text, finding.span.start);
            json!({"code": finding.code, "severity": finding.severity, "message": finding.message,
                "path": finding.path, "line": line, "column": column, "help": finding.help})
        });
        let more = all.len().saturating_sub(LISTED);
        return ui.result(false, json!({"findings": list.collect::<Vec<_>>(), "more": more, "next": next}));
    }
    for finding in all.iter().take(TOLD) {
        ui.print(&render(finding, Some(text), ui.color()));
    }
    if let Some(more) = all.len().checked_sub(TOLD).filter(|more| *more > 0) {
        ui.print(&format!("and {more} more\n"));
    }
}

fn no_plan() -> anyhow::Error {
    hinted(
        "there is no plan in this working tree",
        "`so plan schema` prints one to fill in, `so plan set FILE` sets it",
    )
}

fn shown(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    let agreed = plan::read(project)?.ok_or_else(no_plan)?;
    present(ui, &agreed);
    Ok(Exit::Done)
}

/// What is to be done with a plan.
pub(super) fn next(agreed: &Agreed) -> String {
    if agreed.is_changed() {
        format!("so plan set {FILE} (it was changed since it was set)")
    } else if agreed.is_approved() {
        "so wave start".to_owned()
    } else {
        agree()
    }
}

/// How the person agrees, where this runs.
fn agree() -> String {
    match go() {
        Some(go) => format!("show the plan to the person; they agree by typing {go}"),
        None => "when the person agrees: so plan approve".to_owned(),
    }
}

/// What a person types in the client around this process.
fn go() -> Option<String> {
    let client = Client::of(&client::here()?.platform)?;
    client.spellings("go").into_iter().next()
}

fn present(ui: &Ui, agreed: &Agreed) {
    let next = next(agreed);
    if ui.json {
        return ui.result(true, as_json(agreed, &next));
    }
    ui.say(show::text(agreed).trim_end());
    approval(ui, agreed);
    ui.say(&format!("next: {next}"));
}

fn approval(ui: &Ui, agreed: &Agreed) {
    if let Some(approval) = agreed.approval.as_ref().filter(|_| agreed.is_approved()) {
        ui.say(&format!("approved {} ({})", approval.at, approval.by));
    }
}

fn as_json(agreed: &Agreed, next: &str) -> Value {
    let commands = agreed.plan.commands().map(|(task, run)| json!({"task": task, "run": run}));
    json!({"plan": agreed.plan, "waves": agreed.waves, "express": agreed.express, "hash": agreed.hash,
        "approved": agreed.is_approved(), "changed": agreed.is_changed(), "approval": agreed.approval,
        "commands": commands.collect::<Vec<_>>(), "next": next})
}

fn approve(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    let plan = plan::read(project)?.ok_or_else(no_plan)?;
    if plan.is_approved() {
        yes(ui, &plan);
        return Ok(Exit::Done);
    }
    if plan.is_changed() {
        return Err(hinted(format!("`{FILE}` was changed since it was set"), format!("so plan set {FILE}")));
    }
    let what = format!("{}Approve this plan.", show::text(&plan));
    if let Err(why) = person::agrees(project, &what) {
        let text = person::refusal(&why, &instead());
        if ui.json {
            ui.result(
                false,
                json!({"ask": {"header": "Plan", "question": "Is this the plan?", "why": text}}),
            );
        } else {
            ui.note(&text);
        }
        return Ok(Exit::Findings);
    }
    yes(ui, &agreed::approve(project, "person", &clock::now())?);
    Ok(Exit::Done)
}

fn instead() -> String {
    let chat = go().map(|go| format!("to type {go}, or ")).unwrap_or_default();
    format!("Show the plan and ask the person {chat}to run `so plan approve` in a terminal of their own.")
}

fn yes(ui: &Ui, agreed: &Agreed) {
    let next = next(agreed);
    if ui.json {
        return ui.result(true, json!({"hash": agreed.hash, "approval": agreed.approval, "next": next}));
    }
    approval(ui, agreed);
    ui.say(&format!("next: {next}"));
}
