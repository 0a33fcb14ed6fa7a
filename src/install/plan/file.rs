//! Whole files: the table over base, mine and new.
//!
//! Responsible for: one decision per file, its reason and its lock entry.
//! Must not: replace bytes that the lock does not prove to be ours, or guess a base.

use std::collections::BTreeSet;

use super::request::Answer;
use super::{Kind, Planner, Spot, overlay};
use crate::install::lock::{FileEntry, sha256};
use crate::install::three_way::{self, Outcome};

/// The file that is wanted.
pub(super) struct New<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) executable: bool,
    pub(super) platforms: &'a [String],
}

/// What the table says.
pub(super) struct Verdict {
    pub(super) kind: Kind,
    /// What is written; `None` leaves what is there.
    pub(super) write: Option<Vec<u8>>,
    /// What the lock will hold: the hash, and whether the file is only adopted. `None`: no entry.
    pub(super) base: Option<(String, bool)>,
    pub(super) reason: String,
}

impl Verdict {
    fn new(kind: Kind, write: Option<&[u8]>, base: Option<(String, bool)>, reason: &str) -> Self {
        Self { kind, write: write.map(<[u8]>::to_vec), base, reason: reason.to_owned() }
    }
}

/// The three sides of a place.
pub(super) struct Sides<'a> {
    pub(super) old: Option<&'a FileEntry>,
    pub(super) mine: Option<&'a [u8]>,
    pub(super) new: &'a [u8],
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
    let verdict = overlay::decide(planner, spot, &Sides { old, mine: mine.as_deref(), new: new.bytes })?;
    let after = verdict.write.or_else(|| mine.clone());
    planner.push(spot, verdict.kind, (mine, after), listed, verdict.reason);
    if let Some(step) = planner.steps.last_mut() {
        step.executable = new.executable;
    }
    record(planner, spot, verdict.base, new.executable, platforms);
    Ok(())
}

pub(super) fn record(
    planner: &mut Planner<'_>,
    spot: &Spot<'_>,
    base: Option<(String, bool)>,
    executable: bool,
    platforms: BTreeSet<String>,
) {
    if let (Some((sha256, adopted)), Some(source)) = (base, planner.source_mut(spot.place.root)) {
        let entry = FileEntry { sha256, executable, adopted, platforms };
        source.files.insert(spot.place.clone(), entry);
    }
}

/// The table. Bytes that a later merge may need are offered to the base store; the text of a conflict is put aside.
pub(super) fn decide(
    planner: &mut Planner<'_>,
    spot: &Spot<'_>,
    sides: &Sides<'_>,
) -> anyhow::Result<Verdict> {
    let wanted = sha256(sides.new);
    let place = spot.place;
    planner.offer(place.root, &wanted, sides.new);
    let Sides { old, mine, new } = *sides;
    let fresh = |reason| Verdict::new(Kind::Create, Some(new), Some((wanted.clone(), false)), reason);
    let verdict = match (old, mine) {
        (None, None) => fresh("new"),
        (None, Some(mine)) if mine == new => {
            let reason = "it was there already, byte for byte: it stays when you uninstall";
            Verdict::new(Kind::Adopt, None, Some((wanted, true)), reason)
        }
        (None, Some(_)) => {
            let conflict = Conflict { base: None, foreign: true };
            settle(planner, spot, sides, conflict, "a file that is not ours stands there: it stays")
        }
        (Some(_), None) if planner.request.force => fresh("you deleted it; put back as asked"),
        (Some(old), None) => {
            let base = Some((old.sha256.clone(), old.adopted));
            Verdict::new(Kind::Gone, None, base, "you deleted it: not put back (--force does)")
        }
        (Some(old), Some(mine)) => return recorded(planner, spot, old, mine, sides, wanted),
    };
    Ok(verdict)
}

/// The rows with a base and a file.
fn recorded(
    planner: &mut Planner<'_>,
    spot: &Spot<'_>,
    old: &FileEntry,
    mine: &[u8],
    sides: &Sides<'_>,
    wanted: String,
) -> anyhow::Result<Verdict> {
    let base = Some((old.sha256.clone(), old.adopted));
    if mine == sides.new {
        let kind = if old.sha256 == wanted { Kind::Unchanged } else { Kind::Adopt };
        let reason = if old.sha256 == wanted { "up to date" } else { "your edit and the new version agree" };
        return Ok(Verdict::new(kind, None, Some((wanted, old.adopted)), reason));
    }
    if old.sha256 == wanted {
        return Ok(Verdict::new(Kind::Keep, None, base, "you edited it"));
    }
    let foreign = old.adopted;
    if foreign {
        let reason = "it was there before us and the new version differs: yours stays";
        return Ok(settle(planner, spot, sides, Conflict { base, foreign }, reason));
    }
    if sha256(mine) == old.sha256 {
        let kept = Some((wanted, false));
        return Ok(Verdict::new(Kind::Update, Some(sides.new), kept, "new version, not edited"));
    }
    let Some(written) = planner.base(spot.place.root, &old.sha256)? else {
        let reason =
            "you edited it, the new version differs, and what we wrote is not known any more: yours stays";
        return Ok(settle(planner, spot, sides, Conflict { base, foreign }, reason));
    };
    Ok(match three_way::merge(spot.place.path.as_str(), &written, mine, sides.new) {
        Outcome::Merged(merged) => {
            let reason = format!(
                "yours and the new version, both ({} of yours, {} new)",
                places(merged.mine),
                merged.new
            );
            Verdict::new(Kind::MergeText, Some(&merged.bytes), Some((wanted, false)), &reason)
        }
        Outcome::Conflict(lines) => {
            let reason = format!("you and the new version changed {}: yours stays", overlaps(&lines));
            settle(planner, spot, sides, Conflict { base, foreign }, &reason)
        }
    })
}

fn places(count: usize) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

/// The lines of the person's file that both sides changed.
fn overlaps(lines: &[std::ops::Range<usize>]) -> String {
    if lines.is_empty() {
        return "it in ways that do not fit together".to_owned();
    }
    let show = |lines: &std::ops::Range<usize>| match lines.len() {
        0 | 1 => format!("line {}", lines.start),
        _ => format!("lines {}–{}", lines.start, lines.end - 1),
    };
    format!("the same place ({})", lines.iter().map(show).collect::<Vec<_>>().join(", "))
}

struct Conflict {
    /// What the lock holds while nothing is decided.
    base: Option<(String, bool)>,
    /// The file was never ours.
    foreign: bool,
}

/// What the person says to a conflict is done; while they say nothing theirs stays and the new text is put aside.
fn settle(
    planner: &mut Planner<'_>,
    spot: &Spot<'_>,
    sides: &Sides<'_>,
    conflict: Conflict,
    reason: &str,
) -> Verdict {
    let wanted = sha256(sides.new);
    let asked = planner.request.answers.contains_key(spot.place);
    match planner.request.answer(spot.place).clone() {
        // What was never ours is replaced when the person names it, not by the dozen.
        Answer::New if conflict.foreign && !asked => {
            planner.put_aside(spot, sides.new);
            Verdict::new(Kind::Conflict, None, conflict.base, reason)
        }
        Answer::Open => {
            planner.put_aside(spot, sides.new);
            Verdict::new(Kind::Conflict, None, conflict.base, reason)
        }
        Answer::Mine => {
            let base = Some((wanted, conflict.foreign));
            Verdict::new(Kind::Keep, None, base, "yours stays, as you decided")
        }
        Answer::New => {
            let base = Some((wanted, false));
            Verdict::new(Kind::Update, Some(sides.new), base, "the new version, as you decided")
        }
        Answer::Text(text) => {
            let base = Some((wanted, false));
            Verdict::new(Kind::MergeText, Some(&text), base, "the text that you made of both")
        }
    }
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
