//! `so pr`: pull and merge requests.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::forge::{self, At, BUDGET, QUOTED};
use super::{Exit, place, session};
use crate::plain;
use crate::session::close;
use crate::session::forge::model::{Check, Outcome, Pull};
use crate::session::forge::queue::{Act, Entry};
use crate::session::forge::{body, is_shared, template};
use crate::session::templates::Purpose;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui, WARN};

/// Open a pull or merge request, show it, and see its checks
///
/// The request of a session is opened by `so close`, with its evidence. `so pr create` opens one before that.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Push the branch and open a draft for it, with the evidence so far or a text of your own
    Create(Create),
    /// Show one
    Show {
        /// Its number; without one that of the branch
        number: Option<u64>,
        /// Leave nothing out
        #[arg(long)]
        all: bool,
    },
    /// Show the checks of one, what failed first
    Checks {
        /// Its number; without one that of the branch
        number: Option<u64>,
        /// End with 1 unless all have passed
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// In one line; without it what the last commit says
    #[arg(long)]
    title: Option<String>,
    /// The text
    #[arg(long, value_name = "TEXT", conflicts_with = "body_file")]
    body: Option<String>,
    /// The text, from a file; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// The branch that it should come to; without it the default one
    #[arg(long, value_name = "BRANCH", default_value = "")]
    base: String,
    /// It is ready for review: no draft
    #[arg(long)]
    ready: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let at = At::of(&project)?;
    match &args.command {
        Command::Create(wanted) => create(ui, &project, &at, wanted),
        Command::Show { number, all } => show(ui, &at, &find(&project, &at, *number)?, *all),
        Command::Checks { number, check } => checks(ui, &at, &find(&project, &at, *number)?, *check),
    }
}

/// The branch and the commit that are checked out.
fn head(project: &Path) -> anyhow::Result<(String, String, String)> {
    let none = || hinted("no branch is checked out, or it has no commit", "git switch -c NAME");
    let repository = git2::Repository::open(project)?;
    let head = repository.head().map_err(|_| none())?;
    if !head.is_branch() {
        return Err(none());
    }
    let commit = head.peel_to_commit()?;
    let name = String::from_utf8_lossy(head.shorthand_bytes()).into_owned();
    let subject = String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned();
    Ok((name, commit.id().to_string(), subject))
}

fn find(project: &Path, at: &At, number: Option<u64>) -> anyhow::Result<Pull> {
    let forge = at.forge();
    if let Some(number) = number {
        return forge.request(number).map_err(|failure| forge::failed(&failure));
    }
    let (branch, ..) = head(project)?;
    let all = forge.requests(&branch).map_err(|failure| forge::failed(&failure))?;
    let open = all.iter().find(|pull| pull.state == "open").or(all.first());
    let what = at.place.kind.request();
    let open = open.ok_or_else(|| hinted(format!("there is no {what} for `{branch}`"), "so pr create"))?;
    forge.request(open.number).map_err(|failure| forge::failed(&failure))
}

fn create(ui: &Ui, project: &Path, at: &At, wanted: &Create) -> anyhow::Result<Exit> {
    let (branch, commit, subject) = head(project)?;
    let remote = "origin".to_owned();
    if is_shared(project, &remote, &branch) {
        return Err(hinted(
            format!("`{branch}` is the branch of everybody: it is not pushed"),
            "git switch -c NAME, and again",
        ));
    }
    let given = forge::text(wanted.body.as_deref(), wanted.body_file.as_deref())?;
    let text = match given {
        Some(text) => {
            checked(project, at, &text)?;
            text
        }
        None => evidence(project)?.unwrap_or_else(|| bare(project, at)),
    };
    let title = body::tame(wanted.title.as_deref().unwrap_or(&subject));
    let base = forge::entry(at, Act::default())?;
    let push = Act::Push { remote, branch: branch.clone(), commit: commit.clone(), direct: false };
    let open = Act::Open {
        head: branch.clone(),
        base: wanted.base.clone(),
        title,
        body: text,
        draft: !wanted.ready,
    };
    // Called again for the same commit it finds what it opened.
    let push = Entry { id: format!("push/{branch}/{commit}"), act: push, ..base.clone() };
    let open =
        Entry { id: format!("request/{branch}/{commit}"), act: open, needs: Some(push.id.clone()), ..base };
    forge::once(ui, project, &[push, open])
}

/// The evidence of the session, where one is open and the caller's.
fn evidence(project: &Path) -> anyhow::Result<Option<String>> {
    let Ok(session) = session::own(project) else { return Ok(None) };
    let report = close::Report::default();
    let act = super::close::with(project, &session, &report, &|wanted| close::request(wanted))?;
    Ok(if let Act::Open { body, .. } = act { Some(body) } else { None })
}

/// The repository's template as it is.
fn bare(project: &Path, at: &At) -> String {
    let all = template::of(project, Purpose::PullRequest);
    let template = template::default(&all).filter(|_| at.config.is("templates-first"));
    template.map(|template| template.body.clone()).unwrap_or_default()
}

fn checked(project: &Path, at: &At, text: &str) -> anyhow::Result<()> {
    let all = template::of(project, Purpose::PullRequest);
    let Some(template) = template::default(&all).filter(|_| at.config.is("templates-first")) else {
        return Ok(());
    };
    let missing = template::missing(template, text);
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!("the text lacks headings of `{}`: {}", template.path.display(), missing.join(", "));
    Err(hinted(why, "so ack templates shows the template"))
}

fn show(ui: &Ui, at: &At, pull: &Pull, all: bool) -> anyhow::Result<Exit> {
    if ui.json {
        ui.result(true, json!({"forge": at.json(), "request": pull}));
        return Ok(Exit::Done);
    }
    title(ui, at, pull);
    ui.print(QUOTED);
    ui.print(&format!("> {}\n> by {}:\n", plain::line(&pull.title, 200), plain::line(&pull.author, 40)));
    let most = if all { usize::MAX } else { BUDGET };
    forge::quote(ui, &pull.body, most, &format!("so pr show {} --all", pull.number));
    ui.print(&format!("next: so pr checks {}\n", pull.number));
    Ok(Exit::Done)
}

fn title(ui: &Ui, at: &At, pull: &Pull) {
    let draft = if pull.draft { "draft, " } else { "" };
    let name = format!("{}{}", at.place.kind.mark(), pull.number);
    let branches = format!("{} → {}", plain::line(&pull.branch, 80), plain::line(&pull.base, 80));
    let url = plain::line(&pull.url, 200);
    ui.print(&format!("{} {draft}{}, {branches}: {url}\n", ui.paint(HEAD, &name), pull.state));
}

fn checks(ui: &Ui, at: &At, pull: &Pull, strict: bool) -> anyhow::Result<Exit> {
    let checks = at.forge().checks(pull).map_err(|failure| forge::failed(&failure))?;
    let worst = crate::session::forge::worst(checks.iter().map(|check| check.outcome));
    let passed = matches!(worst, Some(Outcome::Pass | Outcome::Skipped));
    if ui.json {
        let fields = json!({"forge": at.json(), "request": pull.number, "passed": passed, "checks": checks});
        ui.result(passed || !strict, fields);
    } else {
        title(ui, at, pull);
        print(ui, &checks);
    }
    Ok(if strict && !passed { Exit::Findings } else { Exit::Done })
}

/// The checks, a line each: names are the repository's.
pub(super) fn print(ui: &Ui, checks: &[Check]) {
    const SHOWN: usize = 20;
    if checks.is_empty() {
        ui.print("there are no checks\n");
        return;
    }
    for check in checks.iter().take(SHOWN) {
        let paint = match check.outcome {
            Outcome::Fail => BAD,
            Outcome::Running => WARN,
            Outcome::Pass => GOOD,
            Outcome::Skipped => DIM,
        };
        let step = plain::line(&check.step, 80);
        let step = if step.is_empty() { step } else { format!(", {step}") };
        let url = if check.outcome == Outcome::Fail {
            format!(": {}", plain::line(&check.url, 160))
        } else {
            String::new()
        };
        let word = ui.paint(paint, &format!("{:<8}", check.outcome.word()));
        ui.print(&format!("{word}> {}{step}{url}\n", plain::line(&check.name, 80)));
    }
    if checks.len() > SHOWN {
        ui.print(&format!("{} more: so pr checks --json\n", checks.len() - SHOWN));
    }
}
