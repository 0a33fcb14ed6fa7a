//! `so verify`: what each client here would really load, cut, ignore, shadow or run twice.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::error::hinted;
use super::liveness::Here;
use super::source::choose;
use super::status::stamp;
use super::{Exit, place};
use crate::compile::artifact::Root;
use crate::compile::platform::{Platform, Scope};
use crate::env;
use crate::guard::shell;
use crate::install::settings;
use crate::install::target::Roots;
use crate::install::verify::{self, Ask, Asked, Finding, Report, Written};
use crate::interrupt::Interrupts;
use crate::liveness::{self, Machine, State, Wiring};
use crate::session::receipt;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui};

/// Show what each client here really loads, and what it drops, cuts, shadows or runs twice
///
/// Works in any repository, whoever wrote the files, with nothing installed. Reads what stands on disk, asks each
/// client that is here what it loaded, and compares both with what so installed. A client is asked in a home of its own
/// that is thrown away: no session, no key, no request leaves this machine, no hook runs. It is not started in a project
/// that you have not opened in it; then its files alone speak. Exit 1 when something is wrong.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The clients [default: those found here]
    #[arg(long, value_name = "PLATFORM")]
    platform: Vec<String>,
    /// How long a client may take to answer
    #[arg(long, value_name = "SECONDS", default_value_t = LIMIT)]
    limit: u64,
}

/// Findings of one kind that are shown of each client, unless more detail is wanted.
const MANY: usize = 5;

/// Seconds that a client may take to answer.
const LIMIT: u64 = 10;

/// What is known of one client.
struct Row<'a> {
    platform: &'a Platform,
    report: Report,
}

pub(super) fn run(ui: &Ui, project: Option<&Path>, args: &Args) -> anyhow::Result<Exit> {
    let here = Here::new(project)?;
    let chosen = if args.platform.is_empty() {
        here.platforms.iter().filter(|platform| !place::signs(platform, &here.roots).is_empty()).collect()
    } else {
        choose(here.platforms, &args.platform)?
    };
    if chosen.is_empty() {
        return Err(hinted(
            "none of the clients was found here",
            "name one: so verify --platform claude|codex|cursor|pi",
        ));
    }
    let rows = look(ui, &here, &chosen, args.limit)?;
    let wrong: usize = rows.iter().map(|row| row.report.findings.len()).sum();
    if ui.json {
        ui.result(
            wrong == 0,
            json!({"clients": rows.iter().map(|row| json!(row.report)).collect::<Value>()}),
        );
    } else {
        for row in &rows {
            row.show(ui);
        }
        ui.say(&if wrong == 0 { ui.paint(GOOD, "nothing is wrong") } else { format!("{wrong} wrong") });
    }
    Ok(if wrong == 0 { Exit::Done } else { Exit::Findings })
}

/// What an install or upgrade ends with: the clients that are here say what they loaded. How it ended stays.
pub(super) fn after(
    ui: &Ui,
    roots: &Roots,
    exit: Exit,
    skip: bool,
    chosen: &[&Platform],
) -> anyhow::Result<Exit> {
    let is_here =
        |platform: &&&Platform| platform.detect.programs.iter().any(|program| env::which(program).is_some());
    let chosen: Vec<&str> = chosen.iter().filter(is_here).map(|platform| platform.id.as_str()).collect();
    if skip || ui.json || ui.quiet || chosen.is_empty() || !matches!(exit, Exit::Done | Exit::Conflicts) {
        return Ok(exit);
    }
    let here = Here::new(roots.project.as_deref().or(Some(&roots.home)))?;
    let chosen: Vec<&Platform> =
        here.platforms.iter().filter(|platform| chosen.contains(&platform.id.as_str())).collect();
    ui.say(&format!("\n{}", ui.paint(HEAD, "What the clients loaded:")));
    for row in look(ui, &here, &chosen, LIMIT)? {
        row.show(ui);
    }
    Ok(exit)
}

/// Looks at all of them at once.
fn look<'a>(ui: &Ui, here: &'a Here, chosen: &[&'a Platform], limit: u64) -> anyhow::Result<Vec<Row<'a>>> {
    let machine = here.machine();
    let interrupts = Interrupts::watch().context("failed to watch for an interruption")?;
    let asks: Vec<Ask<'a>> =
        chosen.iter().map(|platform| ask(here, &machine, platform, limit, &interrupts)).collect();
    let mut reports = BTreeMap::new();
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        for ask in &asks {
            let send = send.clone();
            scope.spawn(move || {
                let _ = send.send(verify::check(ask));
            });
        }
        drop(send);
        let mut waiting: Vec<&Platform> = chosen.to_vec();
        progress(ui, &waiting);
        for report in receive {
            waiting.retain(|platform| platform.id != report.client);
            progress(ui, &waiting);
            reports.insert(report.client.clone(), report);
        }
    });
    let versions: BTreeMap<String, Option<String>> =
        reports.iter().map(|(id, report)| (id.clone(), report.version.clone())).collect();
    let known = |programs: &[String]| {
        let platform = chosen.iter().find(|platform| platform.detect.programs == programs)?;
        versions.get(&platform.id).cloned().flatten()
    };
    let machine = Machine { version: &known, ..here.machine() };
    let row = |platform: &&'a Platform| {
        let report = reports.remove(&platform.id)?;
        Some(Row { platform, report: with_hooks(&machine, platform, report) })
    };
    interrupts.check()?;
    Ok(chosen.iter().filter_map(row).collect())
}

/// Who is waited for, on a terminal.
fn progress(ui: &Ui, waiting: &[&Platform]) {
    if ui.json || ui.quiet || !std::io::stderr().is_terminal() {
        return;
    }
    let names: Vec<&str> = waiting.iter().map(|platform| platform.title.as_str()).collect();
    let text = if names.is_empty() { String::new() } else { format!("asking {} …", names.join(", ")) };
    let _ = write!(std::io::stderr(), "\r\u{1b}[2K{text}");
}

fn ask<'a>(
    here: &'a Here,
    machine: &Machine<'_>,
    platform: &'a Platform,
    limit: u64,
    interrupts: &Interrupts,
) -> Ask<'a> {
    let may_ask = env::var_os("SO_ASKED").is_none();
    let program = platform.detect.programs.iter().find_map(|program| env::which(program));
    let wirings = liveness::wirings(machine, platform);
    let written = wirings.iter().flat_map(|wiring| {
        let in_project = wiring.scope == Scope::Project;
        wiring.files.iter().map(move |piece| Written {
            in_project: in_project || piece.place.root == Root::Project,
            place: piece.place.clone(),
            path: piece.path.clone(),
        })
    });
    Ask {
        platform,
        program: program.filter(|_| may_ask),
        roots: &here.roots,
        written: written.collect(),
        path: env::var_os("PATH").unwrap_or_default(),
        words,
        which: env::which,
        limit: Duration::from_secs(limit),
        interrupts: interrupts.clone(),
    }
}

/// The first program of a shell text and its plain arguments.
fn words(text: &str) -> Vec<String> {
    let script = shell::read(text);
    let first = script.commands.first();
    first.into_iter().flat_map(|command| &command.words).map_while(shell::Word::as_literal).collect()
}

/// What keeps our own hooks from running, and what was edited of ours.
fn with_hooks(machine: &Machine<'_>, platform: &Platform, mut report: Report) -> Report {
    let wirings = liveness::wirings(machine, platform);
    if wirings.is_empty() {
        return report;
    }
    // A client that was asked said itself what it trusts.
    let told = ["untrusted", "trust-changed", "hook-disabled"];
    let is_told = |name: &str| told.contains(&name) && !matches!(report.asked, Asked::Not(_));
    let causes = liveness::causes(machine, platform).into_iter().filter(|cause| !is_told(&cause.name));
    let found: Vec<Finding> = causes.map(|cause| Finding::new(&cause.name, cause.why, cause.press)).collect();
    let known: Vec<Finding> = found.into_iter().filter(|one| !repeats(one, &report.findings)).collect();
    report.findings.splice(0..0, known);
    let answered = machine.store().and_then(|store| receipt::last_answered(&store, &platform.id));
    let answered = answered.map_or_else(|| "never in this project".to_owned(), stamp);
    report.notes.push(format!("a hook of so last answered: {answered}"));
    let edited = wirings.iter().flat_map(|wiring| &wiring.files);
    let edited = edited.filter(|piece| piece.state == State::Edited && !Wiring::calls_us(platform, piece));
    let edited: Vec<String> = edited.map(|piece| settings::shown(machine.roots, &piece.path)).collect();
    if !edited.is_empty() {
        report.notes.push(format!("edited since so wrote it: {}", edited.join(", ")));
    }
    report
}

/// Whether the same is said already: a file that is gone, a file that cannot be read.
fn repeats(finding: &Finding, known: &[Finding]) -> bool {
    let same = match finding.code.as_str() {
        "file-missing" => "missing",
        "unreadable" => "broken-file",
        _ => return false,
    };
    let path = finding.what.split(' ').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    known.iter().any(|known| known.code == same && known.what.contains(name))
}

impl Row<'_> {
    fn show(&self, ui: &Ui) {
        let version = self.report.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let asked = match &self.report.asked {
            Asked::Project => "asked in this project".to_owned(),
            Asked::Home(why) => format!("asked outside this project: {why}"),
            Asked::Not(why) => format!("from its files: {why}"),
        };
        let loads = self.loads();
        let title = ui.paint(HEAD, &format!("{}{version}", self.platform.title));
        ui.print(&format!("{title}: {loads} {}\n", ui.paint(DIM, &format!("({asked})"))));
        for same in self.report.findings.chunk_by(|a, b| a.code == b.code) {
            let shown = if ui.verbose { same.len() } else { MANY };
            for Finding { code, what, mend } in same.iter().take(shown) {
                ui.print(&format!("  {} {what}\n      {mend}\n", ui.paint(BAD, &format!("{code}:"))));
            }
            if let Some(more) = same.get(shown..).filter(|more| !more.is_empty()) {
                ui.print(&format!("      and {} more like these: so verify -v\n", more.len()));
            }
        }
        for note in self.report.notes.iter().filter(|_| ui.verbose) {
            ui.print(&format!("  {}\n", ui.paint(DIM, note)));
        }
    }

    fn loads(&self) -> String {
        let count = |(kind, count): (&crate::compile::model::Kind, &usize)| {
            let folder = kind.folder();
            let word = if *count == 1 { folder.trim_end_matches('s') } else { folder };
            format!("{count} {word}")
        };
        let counts: Vec<String> = self.report.loads.iter().map(count).collect();
        if counts.is_empty() { "no items".to_owned() } else { counts.join(", ") }
    }
}
