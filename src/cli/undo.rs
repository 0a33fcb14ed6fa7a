//! `so undo`: what was saved, and bringing it back.

use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::error::hinted;
use super::snapshot::{advised, amount, missing};
use super::{Exit, carry, place};
use crate::clock;
use crate::guard::undo::restore::{self, Act, Kept, Plan, Refused, Wish};
use crate::guard::undo::{self, Snapshot};
use crate::session::wave;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui, WARN};

/// How many paths of a kind are shown without `-v`.
const SHOWN: usize = 20;

/// List what was saved, or bring it back
///
/// Without N it lists the snapshots: taken by `so snapshot`, and before anything that could lose work was let through.
/// With N it shows what would change, asks, saves the files as they are now, and brings the files of snapshot N back,
/// with what was staged and who may run them. So an undo can be undone: the last line says how.
///
/// Files that were not there then stay, unless --exact says otherwise. Commits, branches and the stash are never
/// touched; where they have changed since, it says so.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The number or the label of a snapshot, or a task: its files go back to before its wave [default: list them]
    #[arg(value_name = "N|LABEL")]
    which: Option<String>,
    /// Only these files and directories
    #[arg(last = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also take away files that were not there then (they are saved first)
    #[arg(long, requires = "which")]
    exact: bool,
    /// Bring a snapshot of another working tree back into this one
    #[arg(long, requires = "which")]
    here: bool,
    /// Show what would change and write nothing
    #[arg(long, requires = "which")]
    dry_run: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let Some(which) = &args.which else {
        if !args.paths.is_empty() {
            return Err(hinted("from which snapshot?", "`so undo` lists them; then `so undo N -- PATH`"));
        }
        return list(ui, &project);
    };
    let here = std::env::current_dir().and_then(std::fs::canonicalize);
    let here = here.context("failed to find the working directory")?;
    let only: Vec<PathBuf> = args.paths.iter().map(|path| plain(&here.join(path))).collect();
    let mut wish = Wish { project, which: which.clone(), only, exact: args.exact, here: args.here };
    if let Some(task) = wave::back(&wish.project, which)?.filter(|_| wish.only.is_empty()) {
        if task.files.is_empty() {
            ui.say(&format!("nothing to bring back: no file of {which} is changed"));
            return Ok(Exit::Done);
        }
        // What the task made is taken away too: it is to be begun anew.
        wish.only = task.files.iter().map(|file| wish.project.join(file)).collect();
        wish = Wish { which: task.snapshot.to_string(), exact: true, ..wish };
    }
    restore(ui, &wish, args.dry_run).map_err(|error| refused(error, &wish))
}

/// A path without `.` and `..`, as it is written.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

fn list(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    let undo::Listed { snapshots, worktree } = match undo::list(project)? {
        Ok(found) => found,
        Err(why) => {
            if ui.json {
                ui.result(true, json!({"snapshots": [], "why": why}));
            }
            ui.say(&format!("nothing is saved: {why}"));
            return Ok(Exit::Done);
        }
    };
    if ui.json {
        ui.result(true, json!({"snapshots": snapshots, "worktree": worktree}));
        return Ok(Exit::Done);
    }
    let Some(newest) = snapshots.iter().find(|snapshot| snapshot.about.worktree == worktree) else {
        ui.say("nothing is saved of this working tree yet: so snapshot");
        rows(ui, &snapshots, worktree.as_ref());
        return Ok(Exit::Done);
    };
    rows(ui, &snapshots, worktree.as_ref());
    let number = newest.number;
    ui.say(&ui.paint(
        DIM,
        &format!("so undo {number} --dry-run shows what it would change; so undo {number} brings it back"),
    ));
    Ok(Exit::Done)
}

fn rows(ui: &Ui, snapshots: &[Snapshot], worktree: Option<&String>) {
    let now = clock::seconds();
    let rows: Vec<[String; 3]> = snapshots
        .iter()
        .map(|snapshot| [snapshot.number.to_string(), ago(now - snapshot.when), snapshot.about.why.clone()])
        .collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (first, second, third) = (width(0), width(1), width(2).min(60));
    for (snapshot, [number, when, why]) in snapshots.iter().zip(&rows) {
        let about = &snapshot.about;
        let mut more = vec![amount(snapshot)];
        more.extend(about.label.clone());
        more.extend(about.during.as_ref().map(|during| format!("during {during}")));
        more.extend((about.left_out > 0).then(|| format!("{} left out", about.left_out)));
        more.extend((about.worktree.as_ref() != worktree).then(|| format!("of {}", about.path)));
        let number = ui.paint(HEAD, &format!("{number:>first$}"));
        let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        ui.print(&format!("{number}  {when:<second$}  {why:<third$}  {}\n", more.join(", ")));
    }
}

/// `5 minutes ago`.
fn ago(seconds: i64) -> String {
    let (amount, unit) = match seconds {
        ..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{amount} {unit}{} ago", if amount == 1 { "" } else { "s" })
}

fn restore(ui: &Ui, wish: &Wish, dry_run: bool) -> anyhow::Result<Exit> {
    let plan = restore::plan(wish)?;
    let nothing = plan.steps.is_empty() && plan.staged.is_empty();
    let kept = if plan.kept.is_empty() { Exit::Done } else { Exit::Conflicts };
    let report = |applied: bool, before: Option<&Snapshot>, failed: &[Kept]| {
        if ui.json {
            ui.result(
                true,
                json!({"applied": applied, "snapshot": plan.snapshot, "changes": plan.steps, "staged": plan.staged,
                       "kept": plan.kept, "extra": plan.extra, "left_out": plan.left_out, "notes": plan.notes,
                       "before": before, "failed": failed}),
            );
        }
    };
    show(ui, &plan);
    if nothing || dry_run {
        report(false, None, &[]);
        ui.say(if nothing { "nothing to bring back: all of it is as it was" } else { "nothing was written" });
        return Ok(if dry_run { Exit::Done } else { kept });
    }
    if !ui.yes {
        let question = "Bring this back?";
        match ui.confirm(question, true)? {
            Some(true) => {}
            Some(false) => {
                ui.note("nothing was written");
                return Ok(Exit::Findings);
            }
            None => return carry::nobody_to_ask(ui, question),
        }
    }
    let done = restore::apply(wish, &plan, clock::seconds())?;
    report(true, Some(&done.before), &done.failed);
    lines(
        ui,
        "failed",
        BAD,
        &done.failed.iter().map(|kept| format!("{}: {}", kept.path, kept.why)).collect::<Vec<_>>(),
    );
    ui.say(&format!("{}; so undo {} takes this back", ui.paint(GOOD, "done"), done.before.number));
    Ok(if done.failed.is_empty() { kept } else { Exit::Conflicts })
}

fn show(ui: &Ui, plan: &Plan) {
    if ui.json {
        return;
    }
    let about = &plan.snapshot.about;
    let title = format!(
        "snapshot {}, {}: {}",
        plan.snapshot.number,
        ago(clock::seconds() - plan.snapshot.when),
        about.why
    );
    ui.say(&ui.paint(HEAD, &title));
    let of = |act: Act| {
        plan.steps.iter().filter(|step| step.act == act).map(|step| step.path.clone()).collect::<Vec<_>>()
    };
    lines(ui, "create", GOOD, &of(Act::Create));
    lines(ui, "overwrite", WARN, &of(Act::Overwrite));
    lines(ui, "permit", WARN, &of(Act::Permit));
    lines(ui, "delete", BAD, &of(Act::Delete));
    lines(ui, "staged", WARN, &plan.staged);
    let kept: Vec<String> = plan.kept.iter().map(|kept| format!("{}: {}", kept.path, kept.why)).collect();
    lines(ui, "keep", WARN, &kept);
    if !plan.extra.is_empty() {
        let names = if ui.verbose {
            plan.extra.join(", ")
        } else {
            format!("{} that were not there then", plan.extra.len())
        };
        ui.say(&ui.paint(DIM, &format!("stay: {names} (--exact takes them away)")));
    }
    missing(ui, &plan.left_out, ui.verbose);
    for note in &plan.notes {
        ui.say(&format!("note: {note}"));
    }
}

fn lines(ui: &Ui, word: &str, style: anstyle::Style, paths: &[String]) {
    let shown = if ui.verbose { paths.len() } else { SHOWN };
    for path in paths.iter().take(shown) {
        let path: String = path.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        ui.say(&format!("{} {path}", ui.paint(style, word)));
    }
    if paths.len() > shown {
        ui.say(&format!("{} {} more (-v names them)", ui.paint(style, word), paths.len() - shown));
    }
}

/// The step that mends a refusal.
fn refused(error: anyhow::Error, wish: &Wish) -> anyhow::Error {
    let hint = match error.downcast_ref::<Refused>() {
        None => return advised(error, &wish.project),
        Some(Refused::Nowhere(_)) => "`git init` makes a repository".to_owned(),
        Some(Refused::Unknown(_) | Refused::NotHeld { .. }) => "`so undo` lists what there is".to_owned(),
        Some(Refused::Elsewhere { number, path }) => {
            format!(
                "`so --project {path} undo {number}` brings it back there; --here brings it into this one"
            )
        }
        Some(Refused::Changed) => "run it again and look at the plan once more".to_owned(),
        Some(Refused::Locked(_)) => {
            "wait for the git command that runs here; without one, remove that file".to_owned()
        }
    };
    hinted(error.to_string(), hint)
}
