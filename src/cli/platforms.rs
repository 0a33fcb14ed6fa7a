//! `so platforms`: what each client can do, from the same data that the compiler uses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Exit;
use super::source::{Source, platforms};
use crate::compile::model::EVENTS;
use crate::compile::platform::{Platform, Support};
use crate::hook::checks::{self, Check};
use crate::hook::event::EventKind;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui, WARN};

/// Show what each platform supports, natively, by other means, or not at all
///
/// native and emulated are proven by a test in the real client; unproven is documented by the vendor and was never
/// seen working here; absent has a reason, shown with -v.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// The kinds of item, in the order of the folder list, as the descriptors name them.
const FEATURES: &[&str] = &["skills", "commands", "agents", "rules", "styles", "mcp"];

pub(super) fn run(ui: &Ui, _args: &Args) -> anyhow::Result<Exit> {
    let platforms = platforms()?;
    if ui.json {
        let list: Vec<_> = platforms.iter().map(as_json).collect();
        ui.result(true, json!({"platforms": list, "answered": answered()?, "checks": checks()}));
        return Ok(Exit::Done);
    }
    let titles: String = platforms.iter().map(|platform| format!("{:<13}", platform.title)).collect();
    ui.print(&format!("{}\n", ui.paint(HEAD, format!("{:<22}{titles}", "").trim_end())));
    let tested: String =
        platforms.iter().map(|p| format!("{:<13}", p.tested.as_deref().unwrap_or("–"))).collect();
    ui.print(&format!("{:<22}{}\n", "tested version", ui.paint(DIM, tested.trim_end())));
    let scopes: String = platforms.iter().map(|p| format!("{:<13}", p.default_scope().to_string())).collect();
    ui.print(&format!("{:<22}{}\n\n", "default scope", ui.paint(DIM, scopes.trim_end())));
    let answered = answered()?;
    for row in FEATURES.iter().chain(EVENTS) {
        let cells: String = platforms.iter().map(|platform| cell(ui, cell_of(platform, row))).collect();
        let star = if EVENTS.contains(row) && !answered.contains(*row) { " *" } else { "" };
        ui.print(&format!("{:<22}{}\n", format!("{row}{star}"), cells.trim_end()));
    }
    ui.print("\n* what the client offers; this version does not answer the event\n");
    if ui.verbose {
        reasons(ui, platforms);
        answers(ui);
    }
    Ok(Exit::Done)
}

/// The events that the built-in tree binds.
fn answered() -> anyhow::Result<BTreeSet<String>> {
    Ok(Source::load(None)?.plugin.hooks.into_iter().map(|hook| hook.event).collect())
}

/// The checks, with the events that each answers.
fn checks() -> Vec<Value> {
    let one = |check: &&Check| {
        let events: Vec<_> = check.events.iter().map(|kind| kind.name()).collect();
        json!({"name": check.name, "events": events, "about": check.about, "fails": check.on_failure})
    };
    checks::ALL.iter().map(one).collect()
}

/// The checks of each event, in the order in which they run.
fn answers(ui: &Ui) {
    ui.print(&format!("\n{}\n", ui.paint(HEAD, "Checks")));
    for kind in EventKind::ALL {
        let of: Vec<_> = checks::ALL.iter().filter(|check| check.events.contains(&kind)).collect();
        for check in of {
            ui.print(&format!("  {:<20}{:<19}{}\n", kind.name(), check.name, check.about));
        }
    }
}

/// How well `platform` does `row`, and why not better.
fn cell_of<'a>(platform: &'a Platform, row: &str) -> Option<(Support, Option<&'a str>)> {
    let feature = platform.features.get(row).map(|feature| (feature.state, feature.reason.as_deref()));
    feature.or_else(|| platform.hooks.events.get(row).map(|event| (event.state, event.reason.as_deref())))
}

fn cell(ui: &Ui, cell: Option<(Support, Option<&str>)>) -> String {
    let Some((state, _)) = cell else { return format!("{:<13}", "–") };
    let style = match state {
        Support::Native => GOOD,
        Support::Emulated => WARN,
        Support::Unproven => DIM,
        Support::Absent => BAD,
    };
    ui.paint(style, &format!("{:<13}", state.to_string()))
}

fn reasons(ui: &Ui, platforms: &[Platform]) {
    for platform in platforms {
        ui.print(&format!("\n{}\n", ui.paint(HEAD, &platform.title)));
        for row in FEATURES.iter().chain(EVENTS) {
            if let Some((state, Some(reason))) = cell_of(platform, row) {
                ui.print(&format!("  {row}: {state}, {reason}\n"));
            }
        }
    }
}

fn as_json(platform: &Platform) -> Value {
    let row = |name: &&str| {
        let (state, reason) = cell_of(platform, name)?;
        Some(((*name).to_owned(), json!({"state": state, "reason": reason})))
    };
    json!({
        "id": platform.id, "title": platform.title, "tested": platform.tested,
        "scopes": platform.scopes,
        "features": FEATURES.iter().filter_map(row).collect::<serde_json::Map<_, _>>(),
        "events": EVENTS.iter().filter_map(row).collect::<serde_json::Map<_, _>>(),
    })
}
