//! `so guard`: verdicts about commands, without running them.

use std::io::BufRead as _;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;

use super::Exit;
use crate::guard::{About, Context, Decision, Origin, Verdict, batch, check, rules};
use crate::plain;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui, WARN};

/// Judge shell commands without running them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Judge a command: exit 0 if it may run, else 1
    Check(Check),
    /// Show what a command would run, and which rule has something against it
    Explain(Explain),
    /// List the rules
    Rules,
    /// List what was refused in the last 24 hours; outside all clients with codes for `so allow`
    Denied,
}

#[derive(Debug, clap::Args)]
struct Check {
    /// Where the command would run [default: here]
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// Judge as if every file held unsaved work, without looking
    #[arg(long)]
    assume_dirty: bool,
    /// Read questions as JSON lines from stdin (`{"command", "cwd"?, "id"?}`) and answer each with one JSON line
    #[arg(long, conflicts_with = "words")]
    batch: bool,
    /// The command: one text, or its words
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "batch")]
    words: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Explain {
    /// Where the command would run [default: here]
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// Judge as if every file held unsaved work, without looking
    #[arg(long)]
    assume_dirty: bool,
    /// The command: one text, or its words
    #[arg(last = true, value_name = "COMMAND", required = true)]
    words: Vec<String>,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Check(args) if args.batch => batch_lines(ui, args),
        Command::Check(args) => {
            let verdict = judge(args.cwd.as_ref(), args.assume_dirty, &args.words)?;
            show(ui, &verdict);
            Ok(exit(&verdict))
        }
        Command::Explain(args) => {
            let verdict = judge(args.cwd.as_ref(), args.assume_dirty, &args.words)?;
            explain(ui, &verdict);
            Ok(Exit::Done)
        }
        Command::Denied => super::allow::denied_in(ui, project),
        Command::Rules => {
            list(ui)?;
            Ok(Exit::Done)
        }
    }
}

/// One word is a text for a shell; several are a command line.
fn judge(cwd: Option<&PathBuf>, assume_dirty: bool, words: &[String]) -> anyhow::Result<Verdict> {
    let text = match words {
        [text] => text.clone(),
        words => words.iter().map(|word| plain::shell_word(word)).collect::<Vec<_>>().join(" "),
    };
    let context = Context::at(&place(cwd)?).with_policy(crate::env::config_dir().as_deref());
    Ok(check(&text, &Context { assume_dirty, ..context }))
}

fn place(cwd: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("failed to find the working directory")?;
    Ok(cwd.map_or(here.clone(), |cwd| here.join(cwd)))
}

fn exit(verdict: &Verdict) -> Exit {
    if verdict.decision() == Decision::Allow { Exit::Done } else { Exit::Findings }
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Ask => "ask",
        Decision::Deny => "deny",
    }
}

fn show(ui: &Ui, verdict: &Verdict) {
    if ui.json {
        return ui.result(verdict.decision() == Decision::Allow, batch::fields_of(verdict).into());
    }
    let style = match verdict.decision() {
        Decision::Allow => GOOD,
        Decision::Ask => WARN,
        Decision::Deny => BAD,
    };
    ui.print(&format!("{}\n", ui.paint(style, word(verdict.decision()))));
    for finding in &verdict.findings {
        ui.print(&format!("  {} {}\n", word(finding.decision), finding.message()));
    }
    for warning in &verdict.warnings {
        ui.print(&format!("  warn {}\n", warning.message()));
    }
}

fn explain(ui: &Ui, verdict: &Verdict) {
    let steps = verdict.steps.iter().map(|step| json!({ "depth": step.depth, "command": step.command }));
    let found = verdict.findings.iter().map(|finding| {
        json!({ "decision": finding.decision, "rule": finding.rule.name, "command": finding.command,
                "reason": finding.because(), "instead": finding.rule.instead,
                "origin": finding.rule.origin.to_string() })
    });
    if ui.json {
        let mut fields = batch::fields_of(verdict);
        fields.insert("commands".to_owned(), steps.collect());
        fields.insert("findings".to_owned(), found.collect());
        return ui.result(true, fields.into());
    }
    ui.print(&format!("{}\n", ui.paint(HEAD, "It would run")));
    for step in &verdict.steps {
        ui.print(&format!("  {}{}\n", "  ".repeat(step.depth as usize), step.command));
    }
    for finding in &verdict.findings {
        ui.print(&format!("{} `{}`\n  {}\n", word(finding.decision), finding.command, finding.message()));
    }
    for warning in &verdict.warnings {
        ui.print(&format!("warn `{}`\n  {}\n", warning.command, warning.message()));
    }
    show_decision(ui, verdict);
}

fn show_decision(ui: &Ui, verdict: &Verdict) {
    ui.print(&format!("{} {}\n", ui.paint(DIM, "so:"), word(verdict.decision())));
}

/// The rules of the program, then those of overlays and packs in force here.
fn list(ui: &Ui) -> anyhow::Result<()> {
    let policy = Context::at(&place(None)?).with_policy(crate::env::config_dir().as_deref()).policy;
    let mut all: Vec<About> = rules::ALL.iter().map(|rule| About::from(*rule)).collect();
    all.extend(policy.rules());
    if ui.json {
        let rules = all.iter().map(|rule| {
            json!({ "name": rule.name, "reason": rule.reason, "instead": rule.instead,
                    "origin": rule.origin.to_string() })
        });
        ui.result(true, json!({ "rules": rules.collect::<Vec<_>>() }));
        return Ok(());
    }
    for rule in &all {
        let origin = match &rule.origin {
            Origin::Program => String::new(),
            origin => ui.paint(DIM, &format!("  {origin}")),
        };
        let instead = ui.paint(DIM, &rule.instead);
        ui.print(&format!("{}{origin}\n  {}\n  {instead}\n", ui.paint(HEAD, &rule.name), rule.reason));
    }
    Ok(())
}

fn batch_lines(ui: &Ui, args: &Check) -> anyhow::Result<Exit> {
    let cwd = place(args.cwd.as_ref())?;
    let mut exit = Exit::Done;
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.context("failed to read a question from stdin")?;
        let line = String::from_utf8_lossy(&line);
        if line.trim().is_empty() {
            continue;
        }
        let answer = batch::answer(&line, &cwd, crate::env::config_dir().as_deref());
        if answer.get("decision").is_none_or(|decision| decision != "allow") {
            exit = Exit::Findings;
        }
        ui.print(&format!("{answer}\n"));
    }
    Ok(exit)
}
