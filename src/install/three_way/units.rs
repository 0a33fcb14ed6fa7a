//! Parts of a text that stand side by side: list items, headings, paragraphs.
//!
//! Responsible for: joining changes of neighbouring parts, and two additions at one place where their order says
//! nothing: items of a list, sections. Must not: split a text.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Heading,
    Item,
    Text,
}

/// One part with all its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// What one side made of a run of base parts.
struct Change<'a> {
    base: Range<usize>,
    side: &'a [Unit],
}

/// The joined text; `None` when both sides changed the same part.
pub(super) fn join(base: &[Unit], mine: &[Unit], new: &[Unit]) -> Option<String> {
    let (mine, new) = (changes(base, mine), changes(base, new));
    let (mut mine, mut new) = (mine.iter().peekable(), new.iter().peekable());
    let mut out = String::new();
    let mut at = 0;
    loop {
        let (base_range, units) = match (mine.peek(), new.peek()) {
            (None, None) => break,
            (Some(one), Some(other)) => match order(one, other)? {
                Order::Mine => mine.next().map(|change| (change.base.clone(), change.side.to_vec()))?,
                Order::New => new.next().map(|change| (change.base.clone(), change.side.to_vec()))?,
                Order::Both(units) => {
                    new.next();
                    mine.next().map(|change| (change.base.clone(), units))?
                }
            },
            (Some(_), None) => mine.next().map(|change| (change.base.clone(), change.side.to_vec()))?,
            (None, Some(_)) => new.next().map(|change| (change.base.clone(), change.side.to_vec()))?,
        };
        push(&mut out, base.get(at..base_range.start)?);
        push(&mut out, &units);
        at = base_range.end;
    }
    push(&mut out, base.get(at..)?);
    Some(out)
}

fn push(out: &mut String, units: &[Unit]) {
    out.extend(units.iter().map(|unit| unit.text.as_str()));
}

fn changes<'a>(base: &[Unit], side: &'a [Unit]) -> Vec<Change<'a>> {
    let texts = |units: &'a [Unit]| units.iter().map(|unit| unit.text.as_str()).collect::<Vec<_>>();
    let base: Vec<&str> = base.iter().map(|unit| unit.text.as_str()).collect();
    let ops = capture_diff_slices(Algorithm::Myers, &base, &texts(side));
    let changed = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    let mut all: Vec<Change<'a>> = Vec::new();
    for op in changed {
        let change = Change { base: op.old_range(), side: side.get(op.new_range()).unwrap_or_default() };
        // Two steps of the comparison at one place are one change, when their parts stand side by side.
        match all.last_mut() {
            Some(last) if last.base.end == change.base.start => {
                let start = op.new_range().end - last.side.len() - change.side.len();
                last.base.end = change.base.end;
                last.side = side.get(start..op.new_range().end).unwrap_or_default();
            }
            _ => all.push(change),
        }
    }
    all
}

/// Which of two changes comes first.
enum Order {
    Mine,
    New,
    /// One text for both.
    Both(Vec<Unit>),
}

fn order(mine: &Change<'_>, new: &Change<'_>) -> Option<Order> {
    let (one, other) = (&mine.base, &new.base);
    if one == other && mine.side == new.side {
        return Some(Order::Both(mine.side.to_vec()));
    }
    if one.is_empty() && other.is_empty() && one.start == other.start {
        return both_added(mine.side, new.side).map(Order::Both);
    }
    if one.end <= other.start {
        return Some(Order::Mine);
    }
    if other.end <= one.start {
        return Some(Order::New);
    }
    None
}

/// Two additions at one place, where either order says the same.
fn both_added(mine: &[Unit], new: &[Unit]) -> Option<Vec<Unit>> {
    let first = |units: &[Unit]| units.iter().find(|unit| unit.kind != Kind::Blank).map(|unit| unit.kind);
    match (first(mine)?, first(new)?) {
        (Kind::Item, Kind::Item) if all_items(mine) && all_items(new) => {
            let fresh = new.iter().filter(|unit| unit.kind == Kind::Blank || !mine.contains(unit));
            Some(mine.iter().chain(fresh).cloned().collect())
        }
        (Kind::Heading, Kind::Heading) if same_heading(mine, new) => None,
        (_, Kind::Heading) => Some([mine, new].concat()),
        (Kind::Heading, _) => Some([new, mine].concat()),
        _ => None,
    }
}

fn all_items(units: &[Unit]) -> bool {
    units.iter().all(|unit| matches!(unit.kind, Kind::Item | Kind::Blank))
}

fn same_heading(mine: &[Unit], new: &[Unit]) -> bool {
    let headings = |unit: &&Unit| unit.kind == Kind::Heading;
    mine.iter().filter(headings).any(|one| new.iter().filter(headings).any(|other| one.text == other.text))
}
