//! The one further question of an install: may agents run `so` without a question of their client?

use std::collections::BTreeSet;

use super::installed;
use super::who::UNASKED;
use crate::compile::platform::Platform;
use crate::install::lock::Locks;
use crate::ui::Ui;

/// What a client does when an agent runs `so`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Agents {
    /// The client asks you, as it does for any command
    Ask,
    /// Its rules let run what a session needs; what runs checks, publishes or is yours alone is still asked for
    Run,
}

const QUESTION: &str = "Let agents run `so` without asking you? \
    (only what neither runs commands of a plan, nor publishes, nor is yours alone)";

/// The platforms whose clients get rules that let agents run `so`: as the person says now, or said before. Nobody says
/// yes by `--yes`.
pub(super) fn unasked(
    ui: &Ui,
    locks: &Locks,
    source: &str,
    chosen: &[&Platform],
    said: Option<Agents>,
    dry_run: bool,
) -> anyhow::Result<BTreeSet<String>> {
    let mut unasked = installed::unasked(locks, source);
    let (asking, silent): (Vec<&Platform>, Vec<&Platform>) =
        chosen.iter().copied().partition(|platform| platform.has_rules());
    if said == Some(Agents::Run) {
        for platform in silent {
            ui.note(&format!("{} asks nothing before a command: there is no rule to write", platform.title));
        }
    }
    let known = |platform: &&Platform| is_known(locks, source, &platform.id);
    let said = match said {
        None if ui.yes || dry_run || asking.is_empty() || asking.iter().any(known) => return Ok(unasked),
        None => ui.confirm(QUESTION, false)?.unwrap_or(false),
        Some(said) => said == Agents::Run,
    };
    if said {
        let words: Vec<String> = UNASKED.iter().map(|words| format!("so {words}")).collect();
        ui.say(&format!("agents will run without a question: {}", words.join(", ")));
    }
    for platform in asking {
        if said {
            unasked.insert(platform.id.clone());
        } else {
            unasked.remove(&platform.id);
        }
    }
    Ok(unasked)
}

/// Whether the platform is installed already, and the question was answered then.
fn is_known(locks: &Locks, source: &str, id: &str) -> bool {
    let mut sections = locks.both().filter_map(|lock| lock.sources.get(source));
    sections.any(|section| section.platforms.contains_key(id))
}
