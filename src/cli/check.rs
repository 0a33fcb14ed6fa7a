//! `so check`: everything that is wrong with a source tree, and what of it some platform does not get.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Exit;
use super::source::{Source, plural};
use crate::clock;
use crate::compile::loss::{self, Loss};
use crate::compile::platform::{Fate, Platform, Scope, Target};
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui, WARN};

/// Find everything that is wrong with a source tree
///
/// Parses every skill, command, agent, rule and style, compiles them for every platform in every scope, and lists
/// what some client would drop, refuse or misread. Each finding has a stable code, the file, line and column, and
/// says what to do.
///
/// What a platform does not get of something that protects (a guard before a tool runs, read-only access, a tool
/// restriction, what only the person opens) is an error until so.toml agrees to it; any other loss is one as soon as
/// so.toml has the list `accept` in `[losses]`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The tree: a directory with so.toml or skills/, commands/, agents/, rules/; a folder of skills; or one skill
    #[arg(long, value_name = "DIR", default_value = ".")]
    source: PathBuf,
    /// Exit 1 on warnings too
    #[arg(long)]
    strict: bool,
    /// Show what becomes of each key of the tree on each platform; with -v, of every key there is
    #[arg(long)]
    losses: bool,
}

pub(super) fn run(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    let mut source = Source::load_on(Some(&args.source), Some(clock::today()))?;
    let platforms = source.platforms;
    for platform in platforms {
        for scope in &platform.scopes {
            source.emit(&[Target { platform, scope: *scope }], "so", None, BTreeSet::new());
        }
    }
    let everywhere: Vec<_> = platforms.iter().map(|platform| (platform, platform.scopes.clone())).collect();
    let losses = source.losses(&everywhere);
    for finding in loss::new_losses(&losses, &source.plugin) {
        source.findings.push(finding);
    }
    let failed = source.findings.has_errors() || args.strict && !source.findings.is_empty();
    source.show_findings(ui);
    if ui.json {
        let mut result = json!({
            "source": source.tree.origin, "findings": source.findings_json(), "losses": as_json(&losses, &source),
        });
        if let Some(object) = result.as_object_mut().filter(|_| args.losses) {
            object.insert("fields".into(), fields_json(&source));
        }
        ui.result(!failed, result);
        return Ok(if failed { Exit::Findings } else { Exit::Done });
    }
    if args.losses {
        table(ui, &source, &losses);
    } else {
        summary(ui, &losses, &source);
    }
    if source.findings.is_empty() {
        let items = plural(source.plugin.items.len(), "item");
        ui.say(&format!(
            "{} {}: {items}, nothing to mend",
            source.plugin.manifest.name, source.plugin.manifest.version
        ));
    } else {
        ui.say(&source.count());
    }
    Ok(if failed { Exit::Findings } else { Exit::Done })
}

fn is_agreed(loss: &Loss, source: &Source) -> bool {
    source.plugin.manifest.accepted.as_ref().is_some_and(|accepted| accepted.contains(&loss.id))
}

fn as_json(losses: &[Loss], source: &Source) -> Value {
    let one = |loss: &Loss| {
        let mut value = serde_json::to_value(loss).unwrap_or_default();
        if let Some(object) = value.as_object_mut() {
            object.insert("accepted".into(), is_agreed(loss, source).into());
        }
        value
    };
    losses.iter().map(one).collect()
}

/// Whole kinds of items and hooks by name; of single keys only how many.
fn summary(ui: &Ui, losses: &[Loss], source: &Source) {
    let (agreed, open): (Vec<_>, Vec<_>) = losses.iter().partition(|loss| is_agreed(loss, source));
    // Another scope than the platform's own is asked for, and then says so itself.
    let own = |loss: &&Loss| {
        loss.scopes.is_empty() || scope_of(source, loss).is_some_and(|own| loss.scopes.contains(&own))
    };
    let (whole, keys): (Vec<_>, Vec<_>) = open
        .into_iter()
        .filter(own)
        .partition(|loss| !loss.field.contains('.') || loss.field.starts_with("hook."));
    for loss in whole {
        let count = plural(loss.items.len(), "item");
        ui.say(&ui.paint(
            DIM,
            &format!("not carried to {}: {} ({count}), {}", place(loss), loss.field, loss.reason),
        ));
    }
    let mut said = Vec::new();
    if !agreed.is_empty() {
        let word = if agreed.len() == 1 { "loss is" } else { "losses are" };
        said.push(format!("{} {word} agreed in so.toml", agreed.len()));
    }
    if !keys.is_empty() {
        said.push(format!("{} that some client does not carry", plural(keys.len(), "key")));
    }
    if !said.is_empty() {
        ui.say(&ui.paint(DIM, &format!("{}: so check --losses", said.join(", "))));
    }
}

/// The default scope of the platform that loses it.
fn scope_of(source: &Source, loss: &Loss) -> Option<Scope> {
    let platform = source.platforms.iter().find(|platform| platform.id == loss.platform)?;
    Some(platform.default_scope())
}

/// The part of a loss's name before the field: the platform, and the scopes when it does not hold in all.
fn place(loss: &Loss) -> &str {
    loss.id.split(':').next().unwrap_or(&loss.platform)
}

/// The fields to show: those that the tree uses, or all.
fn fields(source: &Source, every: bool) -> Vec<String> {
    if every {
        return loss::all(source.platforms).iter().map(ToString::to_string).collect();
    }
    loss::used(&source.plugin, source.platforms)
}

fn cell(platform: &Platform, field: &str) -> Option<(Fate, String)> {
    let (subject, key) = field.split_once('.')?;
    loss::row(platform, platform.default_scope(), subject, key).map(|row| (row.fate, row.reason))
}

fn fields_json(source: &Source) -> Value {
    let cells = |field: &String| -> serde_json::Map<String, Value> {
        let of = |platform: &Platform| {
            let (fate, reason) = cell(platform, field)?;
            Some((platform.id.clone(), json!({"fate": fate, "reason": reason})))
        };
        source.platforms.iter().filter_map(of).collect()
    };
    let used = fields(source, false);
    let all = fields(source, true);
    let one =
        |field: &String| json!({"field": field, "used": used.contains(field), "platforms": cells(field)});
    all.iter().map(one).collect()
}

/// Fields down, platforms across, in their default scope; then each loss with its reason.
fn table(ui: &Ui, source: &Source, losses: &[Loss]) {
    let titles: String = source.platforms.iter().map(|platform| format!("{:<13}", platform.title)).collect();
    ui.print(&format!("{}\n", ui.paint(HEAD, format!("{:<34}{titles}", "").trim_end())));
    for field in fields(source, ui.verbose) {
        let cells: String = source
            .platforms
            .iter()
            .map(|platform| painted(ui, cell(platform, &field).map(|(fate, _)| fate)))
            .collect();
        ui.print(&format!("{field:<34}{}\n", cells.trim_end()));
    }
    if losses.is_empty() {
        return;
    }
    ui.print(&format!("\n{}\n", ui.paint(HEAD, "Losses")));
    for loss in losses {
        let agreed = if is_agreed(loss, source) { ", agreed" } else { "" };
        let count = plural(loss.items.len(), "item");
        ui.print(&format!("  {} ({}{agreed}, {count}): {}\n", loss.id, loss.fate, loss.reason));
    }
    let open: Vec<_> = losses.iter().filter(|loss| !is_agreed(loss, source)).map(|loss| &loss.id).collect();
    if !open.is_empty() {
        ui.print(
            "\nWho agrees writes into so.toml, and any new loss fails `so check`:\n\n[losses]\naccept = [\n",
        );
        for id in open {
            ui.print(&format!("    {},\n", toml_edit::Value::from(id.as_str()).to_string().trim()));
        }
        ui.print("]\n");
    }
    ui.print("\n");
}

fn painted(ui: &Ui, fate: Option<Fate>) -> String {
    let Some(fate) = fate else { return format!("{:<13}", "–") };
    let style = match fate {
        Fate::Native | Fate::Translated => GOOD,
        Fate::Emulated => WARN,
        Fate::Degraded | Fate::Dropped => BAD,
    };
    ui.paint(style, &format!("{:<13}", fate.to_string()))
}
