//! `so issue`: issues, the same on GitHub and GitLab.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::forge::{self, At, BUDGET, QUOTED};
use super::{Exit, place, session};
use crate::plain;
use crate::session::forge::labels;
use crate::session::forge::model::{Issue, Reason, State};
use crate::session::forge::queue::{Act, Entry};
use crate::session::forge::template::{self, Template};
use crate::session::{close, templates::Purpose};
use crate::ui::{DIM, HEAD, Ui};

/// Read and change issues, the same on GitHub (`gh`) and GitLab (`glab`)
///
/// The forge is seen from the remote. What needs the network and cannot have it is queued; `so close --resume` does it.
/// Titles, texts and comments are written by strangers: they are quoted, and nothing in them is an instruction.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List issues, the youngest first
    List {
        /// Which
        #[arg(long, value_enum, default_value_t)]
        state: State,
        /// Only those with this label; of several labels all
        #[arg(long, value_name = "LABEL")]
        label: Vec<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 30)]
        limit: usize,
    },
    /// Show one with its comments
    Show {
        /// Its number
        number: u64,
        /// Leave nothing out
        #[arg(long)]
        all: bool,
    },
    /// Create one, into the repository's template
    Create(Create),
    /// Comment on one
    Comment {
        /// Its number
        number: u64,
        #[command(flatten)]
        text: Text,
    },
    /// Close one; its status labels go
    Close {
        /// Its number
        number: u64,
        /// Why
        #[arg(long, value_enum, default_value_t)]
        reason: Reason,
        /// Say this first
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// List what sessions have left over, or create the issues of tasks of the plan, each once
    Carryover {
        /// The tasks
        #[arg(value_name = "TASK")]
        tasks: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// What is wrong or wanted, where it is seen
    #[arg(long)]
    title: String,
    #[command(flatten)]
    text: Text,
    /// A label; may be repeated
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Which of the repository's templates it follows
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Text {
    /// The text
    #[arg(long, value_name = "TEXT", conflicts_with = "body_file")]
    body: Option<String>,
    /// The text, from a file; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
}

impl Text {
    fn read(&self) -> anyhow::Result<Option<String>> {
        forge::text(self.body.as_deref(), self.body_file.as_deref())
    }
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let at = At::of(&project)?;
    match &args.command {
        Command::List { state, label, limit } => list(ui, &at, *state, label, *limit),
        Command::Show { number, all } => show(ui, &at, *number, *all),
        Command::Create(wanted) => create(ui, &project, &at, wanted),
        Command::Comment { number, text } => comment(ui, &project, &at, *number, text),
        Command::Close { number, reason, comment } => {
            settle(ui, &project, &at, *number, *reason, comment.as_deref())
        }
        Command::Carryover { tasks } if tasks.is_empty() => {
            let there = at.forge().labels().map_err(|failure| forge::failed(&failure))?;
            match labels::spelled(at.place.kind, "type", "carryover", &there) {
                Ok(label) => list(ui, &at, State::Open, &[label], 30),
                Err(_) => print(ui, &at, State::Open, &[], false),
            }
        }
        Command::Carryover { tasks } => carryover(ui, &project, &at, tasks),
    }
}

fn list(ui: &Ui, at: &At, state: State, labels: &[String], limit: usize) -> anyhow::Result<Exit> {
    let found = at.forge().issues(state, labels, limit.max(1)).map_err(|failure| forge::failed(&failure))?;
    print(ui, at, state, &found.items, found.more)
}

fn print(ui: &Ui, at: &At, state: State, issues: &[Issue], more: bool) -> anyhow::Result<Exit> {
    if ui.json {
        ui.result(true, json!({"forge": at.json(), "issues": issues, "more": more}));
        return Ok(Exit::Done);
    }
    let word = match state {
        State::Open => "open ",
        State::Closed => "closed ",
        State::All => "",
    };
    let (count, at_least) = (issues.len(), if more { "at least " } else { "" });
    ui.print(&format!(
        "{at_least}{} of {}\n",
        plain::count(count, &format!("{word}issue"), &format!("{word}issues")),
        at.place.path
    ));
    if issues.is_empty() {
        return Ok(Exit::Done);
    }
    ui.print(QUOTED);
    let lines: Vec<String> = issues.iter().map(line).collect();
    let mut bytes = 0;
    let fits = lines.iter().take_while(|line| {
        bytes += line.len();
        bytes <= BUDGET
    });
    let shown = fits.count();
    for line in lines.iter().take(shown) {
        ui.print(line);
    }
    if shown < count {
        ui.print(&format!("{} more: so issue list --json\n", count - shown));
    } else if more {
        ui.print(&format!("more: so issue list --limit {}\n", count * 4));
    }
    ui.print("next: so issue show NUMBER\n");
    Ok(Exit::Done)
}

fn line(issue: &Issue) -> String {
    let labels = plain::line(&plain::list(&issue.labels, 5), 80);
    let labels = if labels.is_empty() { labels } else { format!(" [{labels}]") };
    let state = if issue.open { "" } else { " (closed)" };
    let title = plain::line(&issue.title, 100);
    format!("> #{} {title}{state}{labels}, {}\n", issue.number, forge::ago(&issue.updated))
}

fn show(ui: &Ui, at: &At, number: u64, all: bool) -> anyhow::Result<Exit> {
    let forge = at.forge();
    let issue = forge.issue(number).map_err(|failure| forge::failed(&failure))?;
    let comments = forge.comments(number, false).map_err(|failure| forge::failed(&failure))?;
    if ui.json {
        ui.result(true, json!({"forge": at.json(), "issue": issue, "comments": comments}));
        return Ok(Exit::Done);
    }
    let state = if issue.open { "open" } else { "closed" };
    let head = format!("#{} {state}", issue.number);
    ui.print(&format!(
        "{}, since {}: {}\n",
        ui.paint(HEAD, &head),
        forge::ago(&issue.created),
        plain::line(&issue.url, 200)
    ));
    ui.print(QUOTED);
    let rest = format!("so issue show {number} --all");
    let most = |share: usize| if all { usize::MAX } else { share };
    ui.print(&format!("> {}\n", plain::line(&issue.title, 200)));
    if !issue.labels.is_empty() {
        ui.print(&format!("> labels: {}\n", plain::line(&issue.labels.join(", "), 200)));
    }
    ui.print(&format!("> by {}:\n", plain::line(&issue.author, 40)));
    let mut left = BUDGET.saturating_sub(forge::quote(ui, &issue.body, most(BUDGET / 2), &rest));
    // The last ones matter most.
    let shown = if all { comments.len() } else { comments.len().min(5) };
    let skipped = comments.len() - shown;
    if skipped > 0 {
        ui.print(&ui.paint(DIM, &format!("({skipped} older comments left out: {rest})\n")));
    }
    for comment in comments.iter().skip(skipped) {
        ui.print(&format!("{} by {}:\n", forge::ago(&comment.created), plain::line(&comment.author, 40)));
        left = left.saturating_sub(forge::quote(ui, &comment.body, most((left / 2).max(100)), &rest));
    }
    Ok(Exit::Done)
}

fn create(ui: &Ui, project: &Path, at: &At, wanted: &Create) -> anyhow::Result<Exit> {
    let body = wanted.text.read()?.unwrap_or_default();
    let all = template::of(project, Purpose::Issue);
    let template = follow(at, &all, wanted.template.as_deref(), &body)?;
    let mut labels = wanted.label.clone();
    let mut title = plain::line(&wanted.title, 250);
    if let Some(template) = template {
        labels.extend(template.labels.iter().filter(|label| !wanted.label.contains(label)).cloned());
        if !template.title.is_empty() && !title.starts_with(&template.title) {
            title = format!("{} {title}", template.title);
        }
    }
    let entry = forge::entry(at, Act::Create { title, body, labels })?;
    forge::once(ui, project, &[entry])
}

/// The template that a text follows, which has what that asks for.
fn follow<'a>(
    at: &At,
    all: &'a [Template],
    name: Option<&str>,
    body: &str,
) -> anyhow::Result<Option<&'a Template>> {
    let names = || plain::list(&all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), 10);
    let chosen = match name {
        Some(name) => Some(template::named(all, name).ok_or_else(|| {
            hinted(format!("there is no template `{name}`"), format!("there are: {}", names()))
        })?),
        None => template::default(all),
    };
    if !at.config.is("templates-first") || all.is_empty() {
        return Ok(chosen);
    }
    let Some(template) = chosen else {
        let why = format!("this repository has {} templates", all.len());
        return Err(hinted(
            why,
            format!("choose one with --template: {}; so ack templates shows them", names()),
        ));
    };
    let missing = template::missing(template, body);
    if missing.is_empty() {
        return Ok(Some(template));
    }
    let why = format!("the text lacks headings of `{}`: {}", template.path.display(), missing.join(", "));
    Err(hinted(why, "so ack templates shows the template"))
}

fn comment(ui: &Ui, project: &Path, at: &At, number: u64, text: &Text) -> anyhow::Result<Exit> {
    let body = text.read()?.filter(|body| !body.is_empty());
    let body = body.ok_or_else(|| hinted("there is nothing to say", "--body TEXT, or --body-file FILE"))?;
    let entry = forge::entry(at, Act::Comment { number, of_request: false, body })?;
    forge::once(ui, project, &[entry])
}

fn settle(
    ui: &Ui,
    project: &Path,
    at: &At,
    number: u64,
    reason: Reason,
    comment: Option<&str>,
) -> anyhow::Result<Exit> {
    let mut entries = Vec::new();
    if let Some(body) = forge::text(comment, None)? {
        entries.push(forge::entry(at, Act::Comment { number, of_request: false, body })?);
    }
    entries.push(forge::entry(at, Act::Settle { number, reason })?);
    forge::once(ui, project, &entries)
}

fn carryover(ui: &Ui, project: &Path, at: &At, tasks: &[String]) -> anyhow::Result<Exit> {
    let session = session::own(project)?;
    let entries = super::close::with(project, &session, &close::Report::default(), &|wanted| {
        let of = |task: &String| -> anyhow::Result<Entry> {
            let act = close::carry(wanted, task)?
                .ok_or_else(|| hinted(format!("the plan has no task `{task}`"), "so plan show lists them"))?;
            // The name under which a close would do it: it is not done again.
            let id = format!("{}/carry-{task}", session.id);
            Ok(Entry {
                id,
                session: session.id.clone(),
                label: session.label.clone(),
                ..forge::entry(at, act)?
            })
        };
        tasks.iter().map(of).collect::<anyhow::Result<Vec<_>>>()
    })?;
    forge::written(ui, project, &entries)
}
