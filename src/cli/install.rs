//! `so install`: plan, show, ask, write.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::build::ScopeArg;
use super::carry::{self, Job};
use super::error::hinted;
use super::source::{Source, choose};
use super::{Exit, agents, place, trusted, verify, version};
use crate::compile::artifact::ArtifactSet;
use crate::compile::platform::{Platform, Scope, Target};
use crate::install::disk::RealDisk;
use crate::install::lock::{self, Locks};
use crate::install::plan::{self, Plan, Request};
use crate::install::target::Roots;
use crate::ui::Ui;

/// Install into the clients you use; shows every change first
///
/// Plans what to write, shows it as a diff, asks, and writes all of it or nothing. Files and keys that are not ours
/// are never touched. The default scope is each client's own way: a plugin for Claude Code and Codex, files of the
/// project for Cursor, a package for Pi. `--scope project` writes files that a team commits.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The clients [default: those found here, after a question]
    #[arg(long, value_name = "PLATFORM")]
    platform: Vec<String>,
    /// For you in all projects, or for everybody who clones this one [default: each platform's own way]
    #[arg(long, value_enum)]
    scope: Option<ScopeArg>,
    /// The tree to install [default: the one inside this program]
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// Show the plan and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Put back files that you deleted, and replace a newer version by an older one
    #[arg(long)]
    force: bool,
    /// Whether agents may run what of so is harmless without a question of their client [default: as it is, else ask]
    #[arg(long, value_enum, value_name = "WHAT")]
    agents: Option<agents::Agents>,
    /// Do not ask the clients afterwards what they loaded (with --json they are not asked)
    #[arg(long)]
    no_verify: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let mut source = Source::load(args.source.as_deref())?;
    let all = source.platforms;
    let roots = place::roots(place::project(project.map(PathBuf::as_path))?, all)?;
    let Some(chosen) = choose_platforms(ui, all, args, &roots)? else { return Ok(Exit::Findings) };
    carry::recover(ui, &roots)?;
    let locks = Locks::load(&roots, &RealDisk)?;
    let mut scopes: BTreeMap<String, Scope> = installed(&locks, &source.plugin.manifest.name, all);
    let wired: Vec<String> = source.plugin.hooks.iter().map(|hook| hook.event.clone()).collect();
    for platform in &chosen {
        let scope = scope_of(platform, args.scope)?;
        version::check(platform, scope, &wired)?;
        scopes.insert(platform.id.clone(), scope);
    }
    let name = source.plugin.manifest.name.clone();
    let unasked = agents::unasked(ui, &locks, &name, &chosen, args.agents, args.dry_run)?;
    let want = emit(&mut source, all, &scopes, &roots, &unasked)?;
    source.show_findings(ui);
    if source.findings.has_errors() {
        return failed(ui, &source);
    }
    let lock = lock_source(&source);
    if !args.force && carry::is_refused(ui, &locks, &lock) {
        return Ok(Exit::Findings);
    }
    let request = Request {
        platforms: scopes.iter().map(|(id, scope)| (id.clone(), lock_scope(*scope))).collect(),
        force: args.force,
        unasked,
        renamed: source.plugin.manifest.renamed.clone(),
        ..Request::new(lock, &want)
    };
    let note = |plan: &Plan| long_instructions(plan, &chosen).iter().for_each(|note| ui.note(note));
    let after = next_steps(&chosen, &scopes);
    let job = Job {
        question: "Install this?",
        dry_run: args.dry_run,
        after: &after,
        note: &note,
        ..Job::new(&roots)
    };
    let exit = job.carry_out(ui, request)?;
    trusted::wait(ui, &roots, exit, args.dry_run, &chosen)?;
    verify::after(ui, &roots, exit, args.no_verify || args.dry_run, &chosen)
}

/// The platforms asked for, or those that are in use here; `None` when there is nobody to ask which.
fn choose_platforms<'a>(
    ui: &Ui,
    all: &'a [Platform],
    args: &Args,
    roots: &Roots,
) -> anyhow::Result<Option<Vec<&'a Platform>>> {
    if !args.platform.is_empty() {
        return choose(all, &args.platform).map(Some);
    }
    let found: Vec<(&Platform, Vec<String>)> = all
        .iter()
        .map(|platform| (platform, place::signs(platform, roots)))
        .filter(|(_, signs)| !signs.is_empty())
        .collect();
    if found.is_empty() {
        return Err(hinted(
            "none of the clients was found here",
            "name one: so install --platform claude|codex|cursor|pi",
        ));
    }
    if ui.yes {
        return Ok(Some(found.into_iter().map(|(platform, _)| platform).collect()));
    }
    let options: Vec<_> = found
        .iter()
        .map(|(platform, signs)| (format!("{} ({})", platform.title, signs.join(", ")), true))
        .collect();
    if let Some(picked) = ui.pick("Install for", &options)? {
        let chosen: Vec<_> =
            picked.iter().filter_map(|at| found.get(*at)).map(|(platform, _)| *platform).collect();
        return Ok((!chosen.is_empty()).then_some(chosen));
    }
    let ids: Vec<_> = found.iter().map(|(platform, _)| platform.id.as_str()).collect();
    let hint = again(args, &ids);
    if ui.json {
        ui.result(
            false,
            json!({"ask": {"question": "Install for which clients?", "options": ids, "answer": hint}}),
        );
    } else {
        for (platform, signs) in &found {
            ui.say(&format!("found {}: {}", platform.title, signs.join(", ")));
        }
        ui.note(&format!("which of them? There is no terminal to ask; run: {hint}"));
    }
    Ok(None)
}

/// The call that needs no answer.
fn again(args: &Args, ids: &[&str]) -> String {
    let mut call = format!("so install --yes --platform {}", ids.join(" --platform "));
    if let Some(source) = &args.source {
        let _ = write!(call, " --source {}", source.display());
    }
    match args.scope {
        Some(ScopeArg::User) => call.push_str(" --scope user"),
        Some(ScopeArg::Project) => call.push_str(" --scope project"),
        None => {}
    }
    call
}

fn scope_of(platform: &Platform, asked: Option<ScopeArg>) -> anyhow::Result<Scope> {
    let scope = asked.map_or_else(|| platform.default_scope(), Scope::from);
    if platform.scopes.contains(&scope) {
        return Ok(scope);
    }
    let scopes: Vec<_> = platform.scopes.iter().map(ToString::to_string).collect();
    Err(hinted(
        format!("{} has no {scope} scope", platform.title),
        format!("its scopes: {}", scopes.join(", ")),
    ))
}

/// The platforms that this source has in the project already: what they share with new ones is planned again.
pub(super) fn installed(locks: &Locks, source: &str, all: &[Platform]) -> BTreeMap<String, Scope> {
    let lock = locks.project.as_ref().and_then(|(_, lock)| lock.sources.get(source));
    let uses = lock.into_iter().flat_map(|lock| &lock.platforms);
    uses.filter_map(|(id, used)| {
        let platform = all.iter().find(|platform| platform.id == *id)?;
        Some((id.clone(), scope_in(platform, used.scope)))
    })
    .collect()
}

/// The scope that a lock names.
pub(super) fn scope_in(platform: &Platform, scope: lock::Scope) -> Scope {
    match scope {
        lock::Scope::Default => platform.default_scope(),
        lock::Scope::Project => Scope::Project,
        lock::Scope::User => Scope::User,
    }
}

/// What the platforms need, in one set.
pub(super) fn emit(
    source: &mut Source,
    all: &[Platform],
    scopes: &BTreeMap<String, Scope>,
    roots: &Roots,
    unasked: &BTreeSet<String>,
) -> anyhow::Result<ArtifactSet> {
    let targets: Vec<Target<'_>> = all
        .iter()
        .filter_map(|platform| scopes.get(&platform.id).map(|scope| Target { platform, scope: *scope }))
        .collect();
    let packages = roots.packages.join(&source.plugin.manifest.name);
    Ok(source.emit(&targets, &place::program()?, Some(packages), unasked.clone()))
}

pub(super) fn lock_source(source: &Source) -> plan::Source {
    let manifest = &source.plugin.manifest;
    // A directory is named so that it is found from anywhere.
    let origin = std::path::Path::new(&source.tree.origin).canonicalize();
    let origin = origin.map_or_else(|_| source.tree.origin.clone(), |path| path.display().to_string());
    plan::Source { name: manifest.name.clone(), version: manifest.version.clone(), origin }
}

pub(super) fn lock_scope(scope: Scope) -> lock::Scope {
    match scope {
        Scope::Mixed => lock::Scope::Default,
        Scope::Project => lock::Scope::Project,
        Scope::User => lock::Scope::User,
    }
}

fn failed(ui: &Ui, source: &Source) -> anyhow::Result<Exit> {
    if ui.json {
        ui.result(false, json!({"findings": source.findings_json()}));
    }
    ui.note(&format!("{}; nothing was written", source.count()));
    Ok(Exit::Findings)
}

/// Instruction files that grow past what their client reads; the person's own text counts too.
fn long_instructions(plan: &Plan, chosen: &[&Platform]) -> Vec<String> {
    let mut notes = Vec::new();
    for platform in chosen {
        let Some(limit) = platform.limits.instructions else { continue };
        for step in plan.steps.iter().filter(|step| step.place.path.file_name() == platform.instruction_file)
        {
            let size = step.after.as_ref().map_or(0, Vec::len);
            if size > limit && step.changes() {
                let title = &platform.title;
                notes.push(format!(
                    "{} will have {size} bytes; {title} reads the first {limit} only",
                    step.place
                ));
            }
        }
    }
    notes
}

/// What the person still has to press.
fn next_steps(chosen: &[&Platform], scopes: &BTreeMap<String, Scope>) -> Vec<String> {
    let steps = chosen.iter().filter_map(|platform| platform.install.after.get(scopes.get(&platform.id)?));
    steps.flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}
