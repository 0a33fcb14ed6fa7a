//! Whole files: the table over base, mine and new.
//!
//! Responsible for: one decision per file, its reason and its lock entry.
//! Must not: replace bytes that the lock does not prove to be ours.

use std::collections::BTreeSet;

use super::{Kind, Planner, Spot};
use crate::install::lock::{FileEntry, sha256};

/// The file that is wanted.
pub(super) struct New<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) executable: bool,
    pub(super) platforms: &'a [String],
}

/// What the table says.
struct Verdict {
    kind: Kind,
    /// Whether the new bytes are written.
    write: bool,
    /// What the lock will hold: the hash, and whether the file is only adopted. `None`: no entry.
    base: Option<(String, bool)>,
    reason: &'static str,
}

/// Plans a file that is wanted.
pub(super) fn want(
    planner: &mut Planner<'_>,
    spot: &Spot<'_>,
    old: Option<&FileEntry>,
    new: &New<'_>,
) -> anyhow::Result<()> {
    let platforms: BTreeSet<String> = new.platforms.iter().chain(&spot.others).cloned().collect();
    let listed: Vec<String> = platforms.iter().cloned().collect();
    if let Some(reason) = planner.blocked(&spot.target.path)? {
        planner.push(spot, Kind::Conflict, (None, None), listed, reason);
        return Ok(());
    }
    let mine = planner.read(&spot.target.path)?;
    let verdict = decide(old, mine.as_deref(), new.bytes, planner.request.force);
    let after = if verdict.write { Some(new.bytes.to_vec()) } else { mine.clone() };
    planner.push(spot, verdict.kind, (mine, after), listed, verdict.reason);
    if let Some(step) = planner.steps.last_mut() {
        step.executable = new.executable;
    }
    if let (Some((sha256, adopted)), Some(source)) = (verdict.base, planner.source_mut(spot.place.root)) {
        let entry = FileEntry { sha256, executable: new.executable, adopted, platforms };
        source.files.insert(spot.place.clone(), entry);
    }
    Ok(())
}

fn decide(old: Option<&FileEntry>, mine: Option<&[u8]>, new: &[u8], force: bool) -> Verdict {
    let wanted = sha256(new);
    match (old, mine) {
        (None, None) => {
            Verdict { kind: Kind::Create, write: true, base: Some((wanted, false)), reason: "new" }
        }
        (None, Some(mine)) if mine == new => {
            let reason = "it was there already, byte for byte: it stays when you uninstall";
            Verdict { kind: Kind::Adopt, write: false, base: Some((wanted, true)), reason }
        }
        (None, Some(_)) => {
            let reason = "a file that is not ours stands there: it stays";
            Verdict { kind: Kind::Conflict, write: false, base: None, reason }
        }
        (Some(_), None) if force => {
            let reason = "you deleted it; put back as asked";
            Verdict { kind: Kind::Create, write: true, base: Some((wanted, false)), reason }
        }
        (Some(old), None) => {
            let base = Some((old.sha256.clone(), old.adopted));
            Verdict {
                kind: Kind::Gone,
                write: false,
                base,
                reason: "you deleted it: not put back (--force does)",
            }
        }
        (Some(old), Some(mine)) => recorded(old, &sha256(mine), wanted),
    }
}

/// The rows with a base and a file.
fn recorded(old: &FileEntry, mine: &str, new: String) -> Verdict {
    let base = Some((old.sha256.clone(), old.adopted));
    let kept = |kind, reason| Verdict { kind, write: false, base: base.clone(), reason };
    if mine == new {
        let kind = if old.sha256 == new { Kind::Unchanged } else { Kind::Adopt };
        let reason = if old.sha256 == new { "up to date" } else { "your edit and the new version agree" };
        return Verdict { kind, write: false, base: Some((new, old.adopted)), reason };
    }
    if old.adopted {
        return kept(Kind::Conflict, "it was there before us and the new version differs: yours stays");
    }
    if mine == old.sha256 {
        return Verdict {
            kind: Kind::Update,
            write: true,
            base: Some((new, false)),
            reason: "new version, not edited",
        };
    }
    if old.sha256 == new {
        return kept(Kind::Keep, "you edited it");
    }
    kept(Kind::Conflict, "you edited it and the new version differs: yours stays")
}

/// Plans a file that is recorded and no longer wanted.
pub(super) fn drop(planner: &mut Planner<'_>, spot: &Spot<'_>, old: FileEntry) -> anyhow::Result<()> {
    let mine = planner.read(&spot.target.path)?;
    let listed: Vec<String> = old.platforms.iter().cloned().collect();
    if !spot.others.is_empty() {
        let reason = format!("still needed ({})", spot.others.iter().cloned().collect::<Vec<_>>().join(", "));
        planner.push(spot, Kind::Unchanged, (mine.clone(), mine), listed, reason);
        let entry = FileEntry { platforms: spot.others.clone(), ..old };
        if let Some(source) = planner.source_mut(spot.place.root) {
            source.files.insert(spot.place.clone(), entry);
        }
        return Ok(());
    }
    let (kind, after, reason) = match &mine {
        None => (Kind::Gone, None, "already gone"),
        Some(_) if old.adopted => (Kind::Leave, mine.clone(), "it was there before us: it stays"),
        Some(bytes) if sha256(bytes) == old.sha256 => (Kind::Remove, None, "no longer wanted"),
        Some(_) => (Kind::Leave, mine.clone(), "you edited it: it stays, and is yours now"),
    };
    planner.push(spot, kind, (mine, after), listed, reason);
    Ok(())
}
