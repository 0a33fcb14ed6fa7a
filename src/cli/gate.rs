//! `so gate`: are the checks of this project as good as before?

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use serde_json::json;

use super::{Exit, place, trust};
use crate::session::gate::{self, GateResult, Progress, Status, Ticket, Variant, Verdict};
use crate::session::{judged, wave};
use crate::ui::{BAD, DIM, GOOD, Ui, WARN};

/// A client ends a call after a minute.
const PATIENCE: Duration = Duration::from_secs(44);
/// Bytes of logs that are shown of checks that failed, together.
const SHOWN: u64 = 1200;

/// Run the project's checks, and hold the result against what failed before
///
/// The commands stand in .orchestrator/policy/gates.yaml, else in the Session Config, else they are detected. They are
/// run by a process of their own: a call ends after 45 seconds at most, and the checks go on. A result is never made
/// twice for the same files.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the checks: green, no-worse (what fails failed before) or red
    Run {
        /// How much is checked; baseline is what later results are held against
        #[arg(value_enum)]
        variant: Variant,
        /// The files of a `file` gate, handed to its commands as "$@"
        paths: Vec<String>,
    },
    /// Wait for the checks that are running, 45 seconds at most
    Wait {
        /// Which ones
        #[arg(value_enum, default_value = "incremental")]
        variant: Variant,
        /// The files of a `file` gate
        paths: Vec<String>,
    },
    /// What the runner's own process does
    #[command(hide = true)]
    Runner {
        /// The run
        key: String,
    },
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    match &args.command {
        Command::Runner { key } => gate::runner(&project, key).map(|()| Exit::Done),
        Command::Run { variant, paths } | Command::Wait { variant, paths } => {
            let ticket = ticket(&project, *variant, paths)?;
            match gate::wait(&ticket, PATIENCE)? {
                Progress::Done(result) => Ok(done(ui, &project, &result)),
                Progress::Running(what, seconds) => Ok(running(ui, *variant, paths, &what, seconds)),
            }
        }
    }
}

/// The checks of a gate, started unless they have been.
pub(super) fn ticket(project: &Path, variant: Variant, paths: &[String]) -> anyhow::Result<Ticket> {
    ticket_in(project, project, variant, paths)
}

/// The checks of `project`, started in `dir`.
pub(super) fn ticket_in(
    dir: &Path,
    project: &Path,
    variant: Variant,
    paths: &[String],
) -> anyhow::Result<Ticket> {
    let checks = gate::configured(project, &trust::config(project), variant)?;
    gate::start(dir, variant, &checks, paths)
}

fn running(ui: &Ui, variant: Variant, paths: &[String], what: &str, seconds: u64) -> Exit {
    let paths = paths.iter().map(|path| format!(" {path}")).collect::<String>();
    let next = format!("so gate wait {}{paths}", variant.word());
    if ui.json {
        ui.result(
            true,
            json!({"variant": variant, "result": "running", "check": what, "seconds": seconds, "next": next}),
        );
    } else {
        ui.print(&format!("{} {what}, for {seconds} s\nnext: {next}\n", ui.paint(WARN, "running")));
    }
    Exit::Done
}

fn done(ui: &Ui, project: &Path, result: &GateResult) -> Exit {
    let exit = if result.result.lets_go_on() { Exit::Done } else { Exit::Findings };
    if ui.json {
        ui.result(result.result.lets_go_on(), json!(result));
        return exit;
    }
    show(ui, project, result);
    ui.print(&format!("next{}\n", next(project, result)));
    exit
}

/// What is done with a result that was asked for by itself.
fn next(project: &Path, result: &GateResult) -> String {
    let again = format!(", when it is mended: so gate run {}", result.variant.word());
    if result.variant == Variant::Baseline {
        return ": go on; later gates are held against this one".to_owned();
    }
    if !result.result.lets_go_on() {
        return again;
    }
    match wave::position(project) {
        Ok(step) if step.step != wave::Step::Start => format!(": {}", step.command),
        _ => ": go on".to_owned(),
    }
}

/// A gate's result for people and models: one line a check, and the end of the output of those that failed.
pub(super) fn show(ui: &Ui, project: &Path, result: &GateResult) {
    let style = match result.result {
        Verdict::Green => GOOD,
        Verdict::NoWorse => WARN,
        Verdict::Red => BAD,
    };
    ui.print(&format!("{} gate {}\n", ui.paint(style, result.result.word()), result.variant.word()));
    let failed = result.checks.iter().filter(|check| check.status == Status::Fail).count().max(1);
    let shown = SHOWN / u64::try_from(failed).unwrap_or(1);
    for check in &result.checks {
        let style = match check.status {
            Status::Pass => GOOD,
            status if status.is_bad() => BAD,
            _ => DIM,
        };
        let counts = check
            .counts
            .as_ref()
            .map(|counts| format!(", {} passed, {} failed", counts.passed, counts.failed));
        let time = if check.seconds > 0 { format!(", {} s", check.seconds) } else { String::new() };
        let status = ui.paint(style, check.status.word());
        let counts = counts.unwrap_or_default();
        let command = if check.command.is_empty() { String::new() } else { format!("  {}", check.command) };
        ui.print(&format!("  {}: {status}{counts}{time}{}\n", check.name, ui.paint(DIM, &command)));
        for finding in &check.findings {
            ui.print(&format!("    {finding}\n"));
        }
        if check.status == Status::Fail && result.result == Verdict::Red {
            let tail = judged::tail(&project.join(&check.log), shown);
            tail.trim_end().lines().for_each(|line| ui.print(&format!("    | {line}\n")));
            ui.print(&format!("    all of it: {}\n", check.log));
        }
    }
    for reason in &result.reasons {
        ui.print(&format!("  because {reason}\n"));
    }
}
