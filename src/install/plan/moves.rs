//! Files whose item has another name now.
//!
//! Responsible for: carrying the person's edit, or their decision to delete, to the new name. Names are declared by
//! the source (`[renamed]` in so.toml), never guessed. Must not: move what other platforms still need.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{self, Sides};
use super::{Kind, Planner, Settled, Spot};
use crate::compile::artifact::{Content, Place, Root};
use crate::install::lock::FileEntry;
use crate::rel_path::RelPath;

/// Old places and the new ones that take their part.
pub(super) fn find(planner: &Planner<'_>, settled: &Settled) -> anyhow::Result<BTreeMap<Place, Place>> {
    let mut moves = BTreeMap::new();
    if planner.request.renamed.is_empty() {
        return Ok(moves);
    }
    let recorded = planner.recorded();
    for (place, entry) in recorded.iter().flat_map(|source| &source.files) {
        let settled = if place.root == Root::Project { &settled.project } else { &settled.user };
        let free = entry.platforms.iter().all(|platform| settled.contains(platform)) && !entry.adopted;
        let Some(to) = renamed(place, &planner.request.renamed) else { continue };
        let is_known = recorded.iter().any(|source| source.files.contains_key(&to));
        if !free || is_known || planner.request.want.get(place).is_some() || !wants_file(planner, &to) {
            continue;
        }
        let target = planner.roots.resolve(&to, &planner.request.source.name, planner.disk)?;
        if planner.blocked(&target.path)?.is_none() && planner.disk.read(&target.path)?.is_none() {
            moves.insert(place.clone(), to);
        }
    }
    Ok(moves)
}

fn wants_file(planner: &Planner<'_>, place: &Place) -> bool {
    planner.request.want.get(place).is_some_and(|artifact| matches!(artifact.content, Content::File { .. }))
}

/// The place with every part of its path that is an old name as the new one.
fn renamed(place: &Place, names: &BTreeMap<String, String>) -> Option<Place> {
    let part = |part: &str| {
        let (stem, rest) = part.split_at(part.find('.').unwrap_or(part.len()));
        let (prefix, stem) = stem.strip_prefix("so-").map_or(("", stem), |stem| ("so-", stem));
        names.get(stem).map_or_else(|| part.to_owned(), |new| format!("{prefix}{new}{rest}"))
    };
    let path = place.path.as_str().split('/').map(part).collect::<Vec<_>>().join("/");
    let path = RelPath::new(path).ok().filter(|path| *path != place.path)?;
    Some(Place { path, ..place.clone() })
}

/// Plans one rename: the old place goes, the new one holds what the person made of the old.
pub(super) fn carry(planner: &mut Planner<'_>, from: &Place, to: &Place) -> anyhow::Result<()> {
    let request = planner.request;
    let name = &request.source.name;
    let Some(old) = planner.source_mut(from.root).and_then(|source| source.files.remove(from)) else {
        return Ok(());
    };
    let none = BTreeSet::new;
    let old_spot =
        Spot { place: from, target: planner.roots.resolve(from, name, planner.disk)?, others: none() };
    let spot = Spot { place: to, target: planner.roots.resolve(to, name, planner.disk)?, others: none() };
    let Some(artifact) = request.want.get(to) else { return Ok(()) };
    let Content::File { bytes, executable } = &artifact.content else { return Ok(()) };
    let platforms: BTreeSet<String> = artifact.platforms.iter().cloned().collect();
    let mine = planner.read(&old_spot.target.path)?;
    let sides = Sides { old: Some(&old), mine: mine.as_deref(), new: bytes };
    let verdict = super::overlay::decide(planner, &spot, &sides)?;
    let after = verdict.write.or_else(|| mine.clone());
    let kind = if verdict.kind == Kind::Update { Kind::Create } else { verdict.kind };
    let reason = format!("renamed from `{from}`; {}", verdict.reason);
    planner.push(&spot, kind, (None, after), artifact.platforms.clone(), reason);
    if let Some(step) = planner.steps.last_mut() {
        step.executable = *executable;
    }
    file::record(planner, &spot, verdict.base, *executable, platforms);
    remove(planner, &old_spot, old, mine, to);
    Ok(())
}

fn remove(planner: &mut Planner<'_>, spot: &Spot<'_>, old: FileEntry, mine: Option<Vec<u8>>, to: &Place) {
    let kind = if mine.is_some() { Kind::Remove } else { Kind::Gone };
    let reason = format!("renamed to `{to}`");
    planner.push(spot, kind, (mine, None), old.platforms.into_iter().collect(), reason);
}
