//! `so policy`: what the person and the project add to the rules, and how a proposal comes into force.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};
use similar::TextDiff;

use super::error::hinted;
use super::source::finding_json;
use super::{Exit, person, place};
use crate::diagnostic;
use crate::env;
use crate::guard::policy::proposal::{self, Proposal};
use crate::guard::policy::{self, Overlay, Policy};
use crate::store::Store;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui};

/// Show and propose rules of your own; the person puts them in force
///
/// Policies stand in `.orchestrator/policy/` of a project and in `~/.config/so/policy/`, as `guard.yaml` or
/// `guard-NAME.yaml`. They add rules and make rules stricter; nothing makes a rule looser.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show what is in force here, from where, and what is wrong with it
    Show,
    /// Check a policy and keep it until the person decides
    Propose(Propose),
    /// Put proposed policies in force; shows each change first and asks the person
    Accept(Accept),
}

#[derive(Debug, clap::Args)]
struct Propose {
    /// The policy; `-` reads it from stdin
    file: PathBuf,
    /// Its name in `.orchestrator/policy/` [default: the file's own]
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Accept {
    /// Only the proposal of this name
    name: Option<String>,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    match &args.command {
        Command::Show => show(ui, &project),
        Command::Propose(args) => propose(ui, &project, args),
        Command::Accept(args) => accept(ui, &project, args.name.as_deref()),
    }
}

fn store(project: &Path) -> anyhow::Result<Store> {
    let state = env::state_dir().ok_or_else(|| hinted("there is no home directory", "set HOME"))?;
    Ok(Store::of(&state, project))
}

fn show(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    let policy = Policy::load(env::config_dir().as_deref(), Some(project)).checked();
    let waiting = proposal::waiting(&store(project)?)?;
    let is_whole = policy.findings().next().is_none();
    let exit = if is_whole { Exit::Done } else { Exit::Findings };
    if ui.json {
        ui.result(is_whole, as_json(&policy, &waiting));
        return Ok(exit);
    }
    for overlay in &policy.overlays {
        complain(ui, overlay);
        ui.print(&format!("{}\n{}", ui.paint(HEAD, &overlay.path), contents(overlay)));
    }
    for pack in &policy.packs {
        let head = ui.paint(HEAD, &format!("pack {}", pack.name));
        let count = plural(pack.file().rules.len(), "rule");
        ui.print(&format!("{head}\n  {count}, switched on by {}\n", pack.by));
    }
    if policy.overlays.is_empty() {
        ui.print("no policy adds to the rules of the program\n");
    }
    let off =
        policy::pack_names().into_iter().filter(|name| policy.packs.iter().all(|pack| pack.name != *name));
    let off: Vec<_> = off.collect();
    if !off.is_empty() {
        ui.say(&ui.paint(DIM, &format!("packs that are off: {}", off.join(", "))));
    }
    for proposal in &waiting {
        ui.say(&format!("{} waits for the person: so policy accept", proposal.name));
    }
    Ok(exit)
}

/// What an overlay says, a line each.
fn contents(overlay: &Overlay) -> String {
    let mut text = String::new();
    let file = &overlay.file;
    for tighten in &file.tighten {
        let _ = writeln!(text, "  tightens {} to {}", tighten.rule, level(tighten.to));
    }
    for rule in &file.rules {
        let patterns: Vec<_> = rule.patterns().collect();
        let _ = writeln!(text, "  {} {}: {}", level(rule.level), rule.name, patterns.join(" | "));
    }
    for pack in &file.packs {
        let _ = writeln!(text, "  switches on pack {pack}");
    }
    if !overlay.findings.is_empty() {
        let _ = writeln!(text, "  not in force: {}", plural(overlay.findings.len(), "part"));
    }
    text
}

fn level(level: policy::Level) -> &'static str {
    match level {
        policy::Level::Warn => "warn",
        policy::Level::Ask => "ask",
        policy::Level::Deny => "deny",
    }
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn as_json(policy: &Policy, waiting: &[Proposal]) -> Value {
    let overlays = policy.overlays.iter().map(|overlay| {
        let rules = overlay.file.rules.iter().map(|rule| {
            json!({ "name": rule.name, "decision": rule.level, "line": rule.line,
                    "match": rule.patterns().collect::<Vec<_>>() })
        });
        let tighten = overlay.file.tighten.iter();
        let tighten: serde_json::Map<_, _> = tighten.map(|one| (one.rule.clone(), json!(one.to))).collect();
        json!({ "path": overlay.path, "layer": overlay.layer, "packs": overlay.file.packs, "tighten": tighten,
                "rules": rules.collect::<Vec<_>>(), "findings": findings(overlay) })
    });
    let packs = policy.packs.iter().map(|pack| json!({ "name": pack.name, "by": pack.by }));
    let waiting: Vec<_> = waiting.iter().map(|proposal| &proposal.name).collect();
    json!({ "overlays": overlays.collect::<Vec<_>>(), "packs": packs.collect::<Vec<_>>(), "proposals": waiting })
}

fn findings(overlay: &Overlay) -> Vec<Value> {
    overlay.findings.iter().map(|finding| finding_json(finding, Some(&overlay.text))).collect()
}

fn complain(ui: &Ui, overlay: &Overlay) {
    for finding in &overlay.findings {
        ui.complain(&diagnostic::render(finding, Some(&overlay.text), ui.color_err()));
    }
}

fn propose(ui: &Ui, project: &Path, args: &Propose) -> anyhow::Result<Exit> {
    let own = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = args.name.clone().unwrap_or(own);
    if !policy::is_overlay(&name) {
        let message = format!("`{name}` cannot be the name of a policy");
        return Err(hinted(message, "say --name guard.yaml, or --name guard-WORD.yaml"));
    }
    let overlay = judged(&name, &read(&args.file)?, project);
    if !overlay.findings.is_empty() {
        if ui.json {
            ui.result(false, json!({ "findings": findings(&overlay) }));
        } else {
            complain(ui, &overlay);
        }
        ui.note("nothing was kept: mend this first");
        return Ok(Exit::Findings);
    }
    proposal::keep(&store(project)?, &name, &overlay.text)?;
    let next = "so policy accept";
    if ui.json {
        ui.result(true, json!({ "proposed": name, "person_runs": next }));
    }
    let rules = plural(overlay.file.rules.len(), "rule");
    ui.say(&format!("{} {name}: {rules}, not in force yet", ui.paint(GOOD, "proposed")));
    ui.say(&format!("The person looks at it and decides, in a terminal of their own: {next}"));
    Ok(Exit::Done)
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file != Path::new("-") {
        return crate::fs::read_text(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("failed to read the policy from stdin")?;
    Ok(text)
}

/// The overlay as it would be beside those that are in force: a rule that it tightens may stand in another.
fn judged(name: &str, text: &str, project: &Path) -> Overlay {
    let new = proposal::read(name, text);
    let mut all = Policy::load(env::config_dir().as_deref(), Some(project));
    all.overlays.retain(|old| old.path != new.path);
    all.with(new)
}

fn accept(ui: &Ui, project: &Path, name: Option<&str>) -> anyhow::Result<Exit> {
    let waiting = proposal::waiting(&store(project)?)?;
    let chosen: Vec<_> =
        waiting.iter().filter(|proposal| name.is_none_or(|name| proposal.name == name)).collect();
    if chosen.is_empty() {
        match name {
            Some(name) => {
                return Err(hinted(format!("no proposal is called `{name}`"), "see `so policy show`"));
            }
            None => ui.say("no proposal waits"),
        }
    }
    let mut exit = Exit::Done;
    let mut unanswered = Vec::new();
    for proposal in chosen {
        match accept_one(ui, project, proposal)? {
            Some(true) => {}
            Some(false) => exit = Exit::Findings,
            None => unanswered.push(proposal.name.as_str()),
        }
    }
    if !unanswered.is_empty() {
        nobody(ui, &unanswered);
        exit = Exit::Findings;
    }
    Ok(exit)
}

/// Whether it is in force now; `None` if there is nobody to ask.
fn accept_one(ui: &Ui, project: &Path, proposal: &Proposal) -> anyhow::Result<Option<bool>> {
    let path = format!("{}/{}", policy::PROJECT, proposal.name);
    let overlay = judged(&proposal.name, &proposal.overlay.text, project);
    if !overlay.findings.is_empty() {
        complain(ui, &overlay);
        ui.note(&format!("{path} was not written: propose it anew without these"));
        return Ok(Some(false));
    }
    let before = proposal.in_force(project)?;
    if !ui.json {
        ui.print(&diff(ui, &path, &before, &proposal.overlay.text));
    }
    // Here the person speaks; `--yes` is no answer.
    if let Err(why) = person::agrees(project, &format!("Put {path} in force.")) {
        ui.note(&person::refusal(
            &why,
            "Ask the person to run `so policy accept` in a terminal of their own.",
        ));
        return Ok(None);
    }
    let answer = ui.confirm(&format!("Put {path} in force?"), false)?;
    if answer == Some(true) {
        proposal.accept(project)?;
        ui.say(&format!("{} {path}; commit it, so that everybody has it", ui.paint(GOOD, "in force:")));
    } else if answer == Some(false) {
        ui.note("nothing was written; the proposal still waits");
    }
    Ok(answer)
}

fn nobody(ui: &Ui, names: &[&str]) {
    let why = "only the person can say yes, in a terminal of their own";
    if ui.json {
        ui.result(
            false,
            json!({ "ask": { "question": "Put these in force?", "options": names, "answer": why } }),
        );
    } else {
        ui.note(&format!("nothing was written: {why}"));
    }
}

fn diff(ui: &Ui, path: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = format!("{}\n", ui.paint(HEAD, path));
    for line in diff.unified_diff().context_radius(3).to_string().lines() {
        let line = match line.chars().next() {
            Some('+') => ui.paint(GOOD, line),
            Some('-') => ui.paint(BAD, line),
            _ => line.to_owned(),
        };
        let _ = writeln!(text, "{line}");
    }
    text
}
