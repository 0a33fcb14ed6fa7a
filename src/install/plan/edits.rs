//! Files of others that hold edits of ours.
//!
//! Responsible for: merging what is wanted into what is there, and the lock entry that takes it back.
//! Must not: read a notation itself, or write a file that its parser does not accept.

use std::collections::BTreeSet;

use anyhow::Context as _;

use super::{Answer, Kind, Planner, Spot};
use crate::compile::artifact::{Edit, Format};
use crate::install::lock::EditsEntry;
use crate::install::merge::{self, Fate, Manner, Merged, Record, Side};

/// Plans edits that are wanted.
pub(super) fn want(
    planner: &mut Planner<'_>,
    spot: &Spot<'_>,
    old: Option<EditsEntry>,
    format: Format,
    edits: &[Edit],
    platforms: &[String],
) -> anyhow::Result<()> {
    let platforms: BTreeSet<String> = platforms.iter().chain(&spot.others).cloned().collect();
    let mut edits = edits.to_vec();
    let past = old.map(|old| old.record).unwrap_or_default();
    if !spot.others.is_empty() {
        // What another platform needs in this file stays, though this request does not name it.
        let kept: Vec<Edit> =
            past.done.iter().map(|done| done.edit.clone()).filter(|edit| !edits.contains(edit)).collect();
        edits.splice(0..0, kept);
    }
    merge_step(planner, spot, format, &past, &edits, platforms)
}

/// Plans edits that are recorded and no longer wanted.
pub(super) fn drop(planner: &mut Planner<'_>, spot: &Spot<'_>, old: EditsEntry) -> anyhow::Result<()> {
    if spot.others.is_empty() {
        return merge_step(planner, spot, old.format, &old.record, &[], BTreeSet::new());
    }
    let mine = planner.read(&spot.target.path)?;
    let others: Vec<String> = spot.others.iter().cloned().collect();
    let reason = format!("still needed ({})", others.join(", "));
    planner.push(spot, Kind::Unchanged, (mine.clone(), mine), others, reason);
    if let Some(source) = planner.source_mut(spot.place.root) {
        source.edits.insert(spot.place.clone(), EditsEntry { platforms: spot.others.clone(), ..old });
    }
    Ok(())
}

fn merge_step(
    planner: &mut Planner<'_>,
    spot: &Spot<'_>,
    format: Format,
    past: &Record,
    edits: &[Edit],
    platforms: BTreeSet<String>,
) -> anyhow::Result<()> {
    let listed: Vec<String> = platforms.iter().cloned().collect();
    if let Some(reason) = planner.blocked(&spot.target.path)? {
        planner.push(spot, Kind::Conflict, (None, None), listed, reason);
        return Ok(());
    }
    let before = planner.read(&spot.target.path)?;
    let settle = match planner.request.answer(spot.place) {
        Answer::Mine => Some(Side::Mine),
        Answer::New => Some(Side::New),
        Answer::Open | Answer::Text(_) => None,
    };
    let manner = Manner { force: planner.request.force, settle };
    let merged = before
        .as_deref()
        .map(std::str::from_utf8)
        .transpose()
        .context("it is not UTF-8 text")
        .and_then(|text| Ok(merge::merge(format, text, past, edits, manner)?))
        .with_context(|| format!("cannot edit `{}`; nothing was changed", spot.target.path.display()))?;
    let Merged { text, record, notes } = merged;
    let after = text.map(String::into_bytes);
    let kind = kind(before.as_deref(), after.as_deref(), &notes, edits.is_empty());
    planner.push(spot, kind, (before, after), listed, reason(kind));
    if let Some(step) = planner.steps.last_mut() {
        step.notes = notes;
    }
    if !record.done.is_empty()
        && !edits.is_empty()
        && let Some(source) = planner.source_mut(spot.place.root)
    {
        source.edits.insert(spot.place.clone(), EditsEntry { format, record, platforms });
    }
    Ok(())
}

fn kind(before: Option<&[u8]>, after: Option<&[u8]>, notes: &[merge::Note], leaving: bool) -> Kind {
    let any = |fate| notes.iter().any(|note| note.fate == fate);
    match (before, after) {
        (None, Some(_)) => Kind::Create,
        (Some(_), None) => Kind::Remove,
        _ if before != after => Kind::Merge,
        _ if any(Fate::Conflict) => Kind::Conflict,
        _ if any(Fate::Edited) && leaving => Kind::Leave,
        _ if any(Fate::Edited) => Kind::Keep,
        _ if any(Fate::Gone) => Kind::Gone,
        _ if any(Fate::Held) => Kind::Adopt,
        _ => Kind::Unchanged,
    }
}

fn reason(kind: Kind) -> &'static str {
    match kind {
        Kind::Create => "new",
        Kind::Remove => "nothing but our own was in it",
        Kind::Conflict => "something else stands there: it stays",
        Kind::Keep | Kind::Leave => "you edited what we wrote: it stays",
        Kind::Gone => "you removed what we wrote: not put back (--force does)",
        Kind::Adopt => "it was there already: it stays when you uninstall",
        Kind::Update | Kind::Merge | Kind::MergeText => "our own lines only",
        Kind::Unchanged => "up to date",
    }
}
