//! Edits of ours that a person has adopted: a text and what it was made from, in `overlays/` beside the lock.
//!
//! Responsible for: laying the adopted edit over every new version, as one more merge before the table.
//! Must not: change an overlay by itself; only an answer of the person's does.

use super::file::{self, Sides, Verdict};
use super::request::Answer;
use super::{Kind, Planner, Spot};
use crate::install::lock::sha256;
use crate::install::target::Aside;
use crate::install::three_way::{self, Outcome};

/// What an adopted edit says.
struct Overlay {
    base: Vec<u8>,
    mine: Vec<u8>,
}

/// The table over base, mine and new, with the person's overlay laid over the new version.
pub(super) fn decide(
    planner: &mut Planner<'_>,
    spot: &Spot<'_>,
    sides: &Sides<'_>,
) -> anyhow::Result<Verdict> {
    if let Some((mine, base)) = planner.request.overlays.get(spot.place).cloned() {
        rebase(planner, spot, Some((&base, &mine)));
    }
    let Some(overlay) = find(planner, spot)? else { return file::decide(planner, spot, sides) };
    let name = spot.place.path.as_str();
    if let Outcome::Merged(merged) = three_way::merge(name, &overlay.base, &overlay.mine, sides.new) {
        return file::decide(planner, spot, &Sides { new: &merged.bytes, ..*sides });
    }
    let answer = planner.request.answer(spot.place).clone();
    let text = match (answer, sides.mine) {
        (Answer::Open, _) => return Ok(open(planner, spot, sides)),
        (Answer::New, _) => None,
        (Answer::Mine, None) => Some(overlay.mine),
        (Answer::Mine, Some(mine)) => Some(mine.to_vec()),
        (Answer::Text(text), _) => Some(text),
    };
    rebase(planner, spot, text.as_deref().map(|text| (sides.new, text)));
    let wanted = text.unwrap_or_else(|| sides.new.to_vec());
    let base = Some((sha256(&wanted), false));
    planner.offer(spot.place.root, &sha256(&wanted), &wanted);
    let write = (sides.mine != Some(wanted.as_slice())).then_some(wanted);
    let kind = if write.is_some() { Kind::Update } else { Kind::Unchanged };
    Ok(Verdict { kind, write, base, reason: "as you decided".to_owned() })
}

/// The overlay and the new version do not fit together: what stands there stays.
fn open(planner: &mut Planner<'_>, spot: &Spot<'_>, sides: &Sides<'_>) -> Verdict {
    planner.put_aside(spot, sides.new);
    let base = sides.old.map(|old| (old.sha256.clone(), old.adopted));
    let reason = "your overlay and the new version changed the same place: what is there stays".to_owned();
    Verdict { kind: Kind::Conflict, write: None, base, reason }
}

fn find(planner: &Planner<'_>, spot: &Spot<'_>) -> anyhow::Result<Option<Overlay>> {
    if !planner.has_overlays(spot.place.root) && !planner.request.overlays.contains_key(spot.place) {
        return Ok(None);
    }
    let path = |aside| planner.roots.aside(aside, &planner.request.source.name, spot.place);
    let (Some(mine), Some(base)) = (path(Aside::Overlay), path(Aside::OverlayBase)) else { return Ok(None) };
    let read = |path| planner.records.get(path).cloned().map_or_else(|| planner.disk.read(path), Ok);
    let (mine, base) = (read(&mine)?, read(&base)?);
    Ok(mine.zip(base).map(|(mine, base)| Overlay { base, mine }))
}

/// The overlay starts from the new version from now on, or is gone.
fn rebase(planner: &mut Planner<'_>, spot: &Spot<'_>, sides: Option<(&[u8], &[u8])>) {
    let source = planner.request.source.name.clone();
    let (base, mine) = sides.map_or((None, None), |(base, mine)| (Some(base), Some(mine)));
    for (aside, bytes) in [(Aside::OverlayBase, base), (Aside::Overlay, mine)] {
        if let Some(path) = planner.roots.aside(aside, &source, spot.place) {
            planner.records.insert(path, bytes.map(<[u8]>::to_vec));
        }
    }
}
