//! Who needs a platform, before and after a request.
//!
//! Responsible for: the `platforms` maps of both locks, and which platforms' entries a request decides on each side.
//! The person's lock serves several projects: while another one needs a platform, what stands in the home stays.
//! Must not: look at files or edits.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Planner, Settled};
use crate::compile::artifact::Root;
use crate::install::disk::Entry;
use crate::install::lock::{Scope, Use};

/// Brings both `platforms` maps up to date.
pub(super) fn settle(planner: &mut Planner<'_>) -> anyhow::Result<Settled> {
    let mut settled = Settled { project: BTreeSet::new(), user: BTreeSet::new() };
    let installs: Vec<_> = planner.request.platforms.iter().map(|(id, scope)| (id.clone(), *scope)).collect();
    for (platform, scope) in installs {
        install(planner, &platform, scope, &mut settled)?;
    }
    for (platform, scope) in &planner.request.remove {
        remove(planner, platform, *scope, &mut settled)?;
    }
    Ok(settled)
}

fn install(
    planner: &mut Planner<'_>,
    platform: &str,
    scope: Scope,
    settled: &mut Settled,
) -> anyhow::Result<()> {
    let in_project = needs(planner, platform, |root| root == Root::Project);
    let in_home = needs(planner, platform, |root| root != Root::Project);
    if in_project && let Some(source) = planner.source_mut(Root::Project) {
        let new = none(scope);
        source.platforms.insert(platform.to_owned(), new);
        settled.project.insert(platform.to_owned());
    }
    if !in_home {
        // What this project needed in the home under another scope is retired.
        return if in_project { leave(planner, platform, (true, false), settled) } else { Ok(()) };
    }
    let mut now = user(planner, platform)?.unwrap_or_else(|| none(scope));
    now.scope = scope;
    now.unasked = planner.request.unasked.contains(platform);
    match project_text(planner).filter(|_| in_project) {
        Some(project) => drop(now.projects.insert(project)),
        None => now.everywhere = true,
    }
    // The projects of one platform need the same things; a mixture with `everywhere` is not taken apart.
    if !now.everywhere || now.projects.is_empty() {
        settled.user.insert(platform.to_owned());
    }
    set_user(planner, platform, now);
    Ok(())
}

fn remove(
    planner: &mut Planner<'_>,
    platform: &str,
    scope: Option<Scope>,
    settled: &mut Settled,
) -> anyhow::Result<()> {
    let (project, person) = match scope {
        None | Some(Scope::Default) => (true, true),
        Some(Scope::Project) => (true, false),
        Some(Scope::User) => (false, true),
    };
    if project && let Some(source) = planner.source_mut(Root::Project) {
        source.platforms.remove(platform);
        settled.project.insert(platform.to_owned());
    }
    leave(planner, platform, (project, person), settled)
}

/// Takes the project, or the person, off those who need the platform in the home.
fn leave(
    planner: &mut Planner<'_>,
    platform: &str,
    (project, person): (bool, bool),
    settled: &mut Settled,
) -> anyhow::Result<()> {
    let Some(mut now) = user(planner, platform)? else {
        settled.user.insert(platform.to_owned());
        return Ok(());
    };
    if project && let Some(text) = project_text(planner) {
        now.projects.remove(&text);
    }
    now.everywhere &= !person;
    if now.everywhere || !now.projects.is_empty() {
        set_user(planner, platform, now);
    } else {
        settled.user.insert(platform.to_owned());
        if let Some(source) = planner.source_mut(Root::Home) {
            source.platforms.remove(platform);
        }
    }
    Ok(())
}

/// Nobody's use yet.
fn none(scope: Scope) -> Use {
    Use { scope, everywhere: false, projects: BTreeSet::new(), unasked: false }
}

fn needs(planner: &Planner<'_>, platform: &str, root: impl Fn(Root) -> bool) -> bool {
    let mut all = planner.request.want.iter();
    all.any(|(place, artifact)| root(place.root) && artifact.platforms.iter().any(|id| id == platform))
}

/// The person's use of a platform, without projects that are no longer there.
fn user(planner: &mut Planner<'_>, platform: &str) -> anyhow::Result<Option<Use>> {
    let old = planner.source_mut(Root::Home).and_then(|source| source.platforms.get(platform)).cloned();
    let Some(mut old) = old else { return Ok(None) };
    let mut there = BTreeSet::new();
    for project in old.projects {
        if planner.disk.entry(Path::new(&project))? != Entry::Missing {
            there.insert(project);
        }
    }
    old.projects = there;
    Ok(Some(old))
}

fn set_user(planner: &mut Planner<'_>, platform: &str, now: Use) {
    if let Some(source) = planner.source_mut(Root::Home) {
        source.platforms.insert(platform.to_owned(), now);
    }
}

fn project_text(planner: &Planner<'_>) -> Option<String> {
    planner.roots.project.as_ref().map(|project| project.to_string_lossy().into_owned())
}
