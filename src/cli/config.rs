//! `so config`: what counts in this project, why, and what is wrong with the block.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::error::hinted;
use super::{Exit, place};
use crate::diagnostic::{line_column, render};
use crate::session::config::keys::{self, Key, State};
use crate::session::config::{Config, Origin, Setting, kind_words};
use crate::suggest::nearest;
use crate::ui::{DIM, GOOD, HEAD, Ui, WARN};

/// Show, check or explain the settings of this project
///
/// A project says what it wants of its sessions in one block of CLAUDE.md or AGENTS.md that begins with the line
/// `## Session Config`. Without one everything works on what is detected in the project and on defaults.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show what counts, and where it comes from
    Show {
        /// Show defaults too
        #[arg(long)]
        all: bool,
    },
    /// Find what is wrong with the block; exit 1 when there is something
    Check,
    /// Explain one key: what it decides, what may stand there, what counts now
    Explain {
        /// The key [default: list all]
        key: Option<String>,
    },
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let config = super::trust::config(&project);
    match &args.command {
        Command::Show { all } => show(ui, &config, *all),
        Command::Check => return Ok(check(ui, &project, &config)),
        Command::Explain { key: Some(key) } => explain(ui, &config, key)?,
        Command::Explain { key: None } => list(ui),
    }
    Ok(Exit::Done)
}

fn origin(setting: &Setting) -> String {
    match &setting.origin {
        Origin::Default => "default".to_owned(),
        Origin::Detected(file) => format!("detected from {file}"),
        Origin::File(file, line) => format!("{file}:{line}"),
        Origin::Unapproved(file, line) => format!("default; {file}:{line} is not approved"),
    }
}

fn as_json(key: &Key, setting: &Setting) -> Value {
    json!({"key": key.name, "value": setting.value.to_string(), "origin": origin(setting)})
}

fn show(ui: &Ui, config: &Config, all: bool) {
    let shown = |(_, setting): &(&Key, Setting)| all || setting.origin != Origin::Default;
    let list: Vec<_> = config.all().into_iter().filter(shown).collect();
    if ui.json {
        let list: Vec<_> = list.iter().map(|(key, setting)| as_json(key, setting)).collect();
        return ui.result(config.findings.is_empty(), json!({"settings": list}));
    }
    for (key, setting) in &list {
        let line = format!("{}: {}", ui.paint(HEAD, key.name), setting.value);
        ui.print(&format!("{line}  {}\n", ui.paint(DIM, &origin(setting))));
    }
    if list.is_empty() {
        ui.say("nothing is set and nothing could be detected: the defaults count (`so config show --all`)");
    }
    if !config.findings.is_empty() {
        ui.note(&ui.paint(WARN, "something is wrong with the block: so config check"));
    }
}

fn check(ui: &Ui, project: &Path, config: &Config) -> Exit {
    let text = |path: &str| std::fs::read_to_string(project.join(path)).unwrap_or_default();
    let findings = config.findings.sorted();
    if ui.json {
        let list = findings.iter().map(|finding| {
            let (line, column) = line_column(&text(&finding.path), finding.span.start);
            json!({"code": finding.code, "severity": finding.severity, "message": finding.message,
                "path": finding.path, "line": line, "column": column, "help": finding.help})
        });
        let idle = config.idle().into_iter();
        let idle = idle.map(|(key, file, line)| json!({"key": key.name, "path": file, "line": line}));
        let idle: Vec<_> = idle.collect();
        ui.result(findings.is_empty(), json!({"findings": list.collect::<Vec<_>>(), "idle": idle}));
    } else {
        for finding in &findings {
            ui.print(&render(finding, Some(&text(&finding.path)), ui.color()));
        }
        if findings.is_empty() {
            ui.say(&ui.paint(GOOD, "nothing to mend"));
        }
        for (key, file, line) in config.idle() {
            ui.note(&format!("{file}:{line}: nothing reads `{}` yet", key.name));
        }
    }
    if findings.is_empty() { Exit::Done } else { Exit::Findings }
}

fn explain(ui: &Ui, config: &Config, name: &str) -> anyhow::Result<()> {
    let Some(key) = keys::named(name) else {
        let hint = nearest(name, keys::KEYS.iter().map(|key| key.name))
            .map_or("`so config explain` lists all keys".to_owned(), |known| {
                format!("did you mean `{known}`?")
            });
        return Err(hinted(format!("there is no key `{name}`"), hint));
    };
    let setting = config.get(key.name);
    if ui.json {
        let mut fields = as_json(key, &setting);
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("about".to_owned(), json!(about(key)));
            fields.insert("accepts".to_owned(), json!(kind_words(key.kind)));
            fields.insert("default".to_owned(), json!(key.default));
        }
        ui.result(true, fields);
        return Ok(());
    }
    let mut text =
        format!("{}\n  {}\n  accepts {}\n", ui.paint(HEAD, key.name), about(key), kind_words(key.kind));
    if !key.default.is_empty() {
        let _ = writeln!(text, "  default `{}`", key.default);
    }
    if !matches!(key.state, State::Dropped { .. }) {
        let _ = writeln!(text, "  now `{}` ({})", setting.value, origin(&setting));
    }
    ui.print(&text);
    Ok(())
}

fn about(key: &Key) -> String {
    match key.state {
        State::Dropped { why, instead } => format!("No effect: {why}. Instead: {instead}."),
        State::Later(what) => {
            format!("{} Accepted, but nothing reads it yet: there is no {what}.", key.about)
        }
        State::Loosens(value) => {
            format!("{} `{value}` counts only when the person has approved it.", key.about)
        }
        State::Read => key.about.to_owned(),
    }
}

fn list(ui: &Ui) {
    if ui.json {
        let keys = keys::KEYS.iter().map(|key| json!({"key": key.name, "about": about(key)}));
        return ui.result(true, json!({"keys": keys.collect::<Vec<_>>()}));
    }
    for key in keys::KEYS {
        ui.print(&format!("{}  {}\n", ui.paint(HEAD, key.name), about(key)));
    }
}
