//! `so uninstall`: takes back what the lock says was written, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::json;

use super::build::ScopeArg;
use super::carry::{self, Job};
use super::error::hinted;
use super::source::Source;
use super::{Exit, install, installed, place};
use crate::compile::artifact::ArtifactSet;
use crate::compile::platform::Scope;
use crate::install::disk::RealDisk;
use crate::install::lock::{Locks, SourceLock};
use crate::install::plan::{self, Request};
use crate::ui::Ui;

/// Take an install back; your own files and edits stay
///
/// Removes the files that were written and not edited since, and exactly the keys, elements and blocks that were
/// added to files of yours. What you edited is left, and named.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The clients [default: all that are installed]
    #[arg(long, value_name = "PLATFORM")]
    platform: Vec<String>,
    /// Only what is yours in all projects, or only what is in this project [default: both]
    #[arg(long, value_enum)]
    scope: Option<ScopeArg>,
    /// The name of the tree that was installed
    #[arg(long, value_name = "NAME", default_value = "so")]
    plugin: String,
    /// Show the plan and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let platforms = super::source::platforms()?;
    let roots = place::roots(place::project(project.map(PathBuf::as_path))?, platforms)?;
    carry::recover(ui, &roots)?;
    let locks = Locks::load(&roots, &RealDisk)?;
    let installed: Vec<&SourceLock> = sides(&locks, &args.plugin).collect();
    let known: Vec<String> = installed.iter().flat_map(|lock| lock.platforms.keys().cloned()).collect();
    if installed.is_empty() {
        return Ok(absent(ui, &locks, &args.plugin));
    }
    if let Some(unknown) = args.platform.iter().find(|id| !known.contains(id)) {
        let hint = format!("installed: {}", known.join(", "));
        return Err(hinted(format!("`{}` is not installed for `{unknown}`", args.plugin), hint));
    }
    let wanted = |id: &&String| args.platform.is_empty() || args.platform.contains(id);
    let scope = args.scope.map(|scope| install::lock_scope(Scope::from(scope)));
    let remove: BTreeMap<_, _> = known.iter().filter(wanted).map(|id| (id.clone(), scope)).collect();
    let (source, rest, want) = remaining(&locks, &args.plugin, &remove, platforms, &roots, &installed)?;
    let request = Request {
        platforms: rest.iter().map(|(id, scope)| (id.clone(), install::lock_scope(*scope))).collect(),
        remove,
        unasked: installed::unasked(&locks, &args.plugin),
        ..Request::new(source, &want)
    };
    Job { question: "Take this back?", dry_run: args.dry_run, ..Job::new(&roots) }.carry_out(ui, request)
}

/// Nothing to take back is no failure, but a wrong name is worth a word.
fn absent(ui: &Ui, locks: &Locks, name: &str) -> Exit {
    let others: BTreeSet<&String> = locks.both().flat_map(|lock| lock.sources.keys()).collect();
    if ui.json {
        ui.result(true, json!({"applied": false, "installed": others}));
    }
    ui.say(&format!("`{name}` is not installed here"));
    for other in others {
        ui.say(&format!("`{other}` is: so uninstall --plugin {other}"));
    }
    Exit::Done
}

/// What each lock says of the source, the project's first.
fn sides<'a>(locks: &'a Locks, source: &'a str) -> impl Iterator<Item = &'a SourceLock> {
    locks.both().filter_map(|lock| lock.sources.get(source))
}

/// What stays in the project needs its shared files written again, for fewer readers: the tree is compiled anew if it
/// is still where it came from. If not, the remaining files stay as they are.
fn remaining(
    locks: &Locks,
    name: &str,
    remove: &BTreeMap<String, Option<crate::install::lock::Scope>>,
    platforms: &[crate::compile::platform::Platform],
    roots: &crate::install::target::Roots,
    sections: &[&SourceLock],
) -> anyhow::Result<(plan::Source, BTreeMap<String, Scope>, ArtifactSet)> {
    let first = sections.first();
    let origin = first.map(|lock| lock.origin.clone()).unwrap_or_default();
    let version = first.map(|lock| lock.version.clone()).unwrap_or_default();
    let stays = |id: &String| !remove.contains_key(id);
    let rest: BTreeMap<_, _> =
        install::installed(locks, name, platforms).into_iter().filter(|(id, _)| stays(id)).collect();
    let dir = installed::directory(&origin, roots);
    if !rest.is_empty() && dir.as_ref().is_none_or(|dir| dir.is_dir()) {
        let mut source = Source::load(dir.as_deref())?;
        let want = install::emit(&mut source, platforms, &rest, roots, &installed::unasked(locks, name))?;
        if !source.findings.has_errors() && source.plugin.manifest.name == name {
            return Ok((install::lock_source(&source), rest, want));
        }
    }
    let source = plan::Source { name: name.to_owned(), version, origin };
    Ok((source, BTreeMap::new(), ArtifactSet::default()))
}
