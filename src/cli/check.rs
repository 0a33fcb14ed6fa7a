//! `so check`: everything that is wrong with a source tree.

use std::path::PathBuf;

use serde_json::json;

use super::Exit;
use super::source::{Source, plural};
use crate::clock;
use crate::compile::platform::{Loss, Target, losses};
use crate::ui::{DIM, Ui};

/// Find everything that is wrong with a source tree
///
/// Parses every skill, command, agent, rule and style, compiles them for every platform in every scope, and lists
/// what some client would drop, refuse or misread. Each finding has a stable code, the file, line and column, and
/// says what to do.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The tree: a directory with so.toml or skills/, commands/, agents/, rules/; a folder of skills; or one skill
    #[arg(long, value_name = "DIR", default_value = ".")]
    source: PathBuf,
    /// Exit 1 on warnings too
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    let mut source = Source::load_on(Some(&args.source), Some(clock::today()))?;
    let platforms = source.platforms.clone();
    for platform in &platforms {
        for scope in &platform.scopes {
            source.emit(&[Target { platform, scope: *scope }], "so", None);
        }
    }
    let losses: Vec<Loss> = platforms.iter().flat_map(|platform| losses(&source.plugin, platform)).collect();
    let failed = source.findings.has_errors() || args.strict && !source.findings.is_empty();
    source.show_findings(ui);
    if ui.json {
        ui.result(
            !failed,
            json!({"source": source.tree.origin, "findings": source.findings_json(), "losses": losses}),
        );
        return Ok(if failed { Exit::Findings } else { Exit::Done });
    }
    for loss in &losses {
        ui.say(&ui.paint(DIM, &format!("not carried to {}: {}, {}", loss.platform, loss.what, loss.reason)));
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
