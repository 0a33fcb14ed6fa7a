//! `so ack`: shows what has to be read before something is done by hand.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Exit, place};
use crate::fs::read_text;
use crate::session::templates::{self, Purpose};
use crate::ui::{HEAD, Ui};

/// Show what has to be read first
///
/// `so ack templates` shows the repository's templates for issues and pull requests. In an open session an agent that
/// writes one by hand without having seen them is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to show
    what: What,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// The repository's templates for issues and for pull or merge requests
    Templates,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let What::Templates = args.what;
    let project = place::project(project.map(PathBuf::as_path))?;
    let mut shown = Vec::new();
    for (purpose, name) in [(Purpose::Issue, "issue"), (Purpose::PullRequest, "pull-request")] {
        for path in templates::of(&project, purpose) {
            shown.push((name, read_text(&project.join(&path))?, path));
        }
    }
    if ui.json {
        let list = shown.iter().map(|(name, text, path)| as_json(name, path, text));
        ui.result(true, json!({"templates": list.collect::<Vec<_>>()}));
    } else if shown.is_empty() {
        ui.say("this repository has no templates");
    }
    if !ui.json {
        for (name, text, path) in &shown {
            ui.print(&format!(
                "{}\n{}\n\n",
                ui.paint(HEAD, &format!("{} ({name})", path.display())),
                text.trim_end()
            ));
        }
    }
    Ok(Exit::Done)
}

fn as_json(name: &str, path: &Path, text: &str) -> Value {
    json!({"for": name, "path": path, "text": text})
}
