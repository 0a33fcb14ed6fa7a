//! `so new`: an item that passes `so check`.

use std::path::PathBuf;

use serde_json::json;

use super::Exit;
use super::error::hinted;
use crate::compile::source::is_kebab;
use crate::embedded;
use crate::fs::atomic_write;
use crate::rel_path::RelPath;
use crate::ui::{GOOD, Ui};

/// Start a skill, command or agent that passes `so check`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to start
    kind: NewKind,
    /// Its name: lower-case letters, digits and hyphens
    name: String,
    /// The tree
    #[arg(long, value_name = "DIR", default_value = ".")]
    source: PathBuf,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum NewKind {
    /// Judgement that a model opens when its occasion comes
    Skill,
    /// What a person invokes by name
    Command,
    /// A role to which work is given
    Agent,
}

pub(super) fn run(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    if !is_kebab(&args.name) || RelPath::new(args.name.as_str()).is_err() {
        return Err(hinted(
            format!("`{}` is not a name that every client accepts", args.name),
            "use lower-case letters, digits and single hyphens, at most 64",
        ));
    }
    let (path, template) = match args.kind {
        NewKind::Skill => (format!("skills/{}/SKILL.md", args.name), "new-skill.md"),
        NewKind::Command => (format!("commands/{}.md", args.name), "new-command.md"),
        NewKind::Agent => (format!("agents/{}.md", args.name), "new-agent.md"),
    };
    let file = args.source.join(&path);
    if file.exists() {
        return Err(hinted(format!("`{path}` is there already"), "choose another name, or edit that file"));
    }
    let text =
        embedded::texts("templates").get(template).copied().unwrap_or_default().replace("NAME", &args.name);
    atomic_write(&file, text.as_bytes(), false)?;
    if ui.json {
        ui.result(true, json!({"created": path}));
    } else {
        ui.say(&format!("{} {path}", ui.paint(GOOD, "created")));
        ui.say("next: say when to use it in `description`, write the text, and run `so check`");
    }
    Ok(Exit::Done)
}
