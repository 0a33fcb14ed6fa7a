//! Markdown from three sides: frontmatter by key, the rest by line, and by heading, list item and paragraph where
//! both sides changed neighbouring lines.
//!
//! Responsible for: which part is merged how, and what a line of Markdown begins.
//! Must not: know how parts are compared.

use std::ops::Range;

use super::lines::{self, Place};
use super::units::{self, Kind, Unit};
use super::{Joined, Overlaps, front};

/// Joins three texts.
pub(super) fn join(base: &str, mine: &str, new: &str) -> Result<Joined, Overlaps> {
    let (Some(base), Some(mine), Some(new)) = (split(base), split(mine), split(new)) else {
        return body(base, mine, new, 0);
    };
    let overlap = Range { start: 1, end: mine.0.lines().count() + 1 };
    let head = front::join(base.0, mine.0, new.0).ok_or(vec![overlap])?;
    let rest = body(base.1, mine.1, new.1, mine.0.lines().count())?;
    Ok(Joined { text: head.text + &rest.text, mine: head.mine + rest.mine, new: head.new + rest.new })
}

/// Frontmatter with both its fences, and the rest.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("---\n")?;
    let end = if rest.starts_with("---\n") { 0 } else { rest.find("\n---\n")? + 1 };
    text.split_at_checked("---\n".len() + end + "---\n".len())
}

/// Joins what stands behind the frontmatter, which has `above` lines in `mine`.
fn body(base: &str, mine: &str, new: &str, above: usize) -> Result<Joined, Overlaps> {
    let (base_lines, mine_lines, new_lines) = (Lines::read(base), Lines::read(mine), Lines::read(new));
    let finer = |place: &Place| {
        units::join(
            &base_lines.units(place.base.clone()),
            &mine_lines.units(place.mine.clone()),
            &new_lines.units(place.new.clone()),
        )
    };
    lines::join(base, mine, new, &finer).map_err(|overlaps| {
        overlaps.into_iter().map(|lines| lines.start + above..lines.end + above).collect()
    })
}

/// What a line begins; `None` goes on with what stands before it.
type Begins = Option<Kind>;

struct Lines<'a> {
    lines: Vec<(&'a str, Begins)>,
}

impl<'a> Lines<'a> {
    fn read(text: &'a str) -> Self {
        let mut state = State::default();
        Self { lines: text.split_inclusive('\n').map(|line| (line, state.begins(line))).collect() }
    }

    /// The parts that stand on some lines; the first may be the end of one.
    fn units(&self, range: Range<usize>) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        for (line, begins) in self.lines.get(range).unwrap_or_default() {
            match (begins, units.last_mut()) {
                (None, Some(unit)) => unit.text.push_str(line),
                (kind, _) => {
                    units.push(Unit { kind: kind.unwrap_or(Kind::Text), text: (*line).to_owned() });
                }
            }
        }
        units
    }
}

/// What the lines so far have opened.
#[derive(Default)]
struct State {
    fence: Option<String>,
    open: Option<Kind>,
}

impl State {
    fn begins(&mut self, line: &str) -> Begins {
        let bare = line.trim();
        if let Some(fence) = &self.fence {
            if bare.starts_with(fence.as_str()) && bare.trim_matches(['`', '~']).is_empty() {
                self.fence = None;
            }
            return None;
        }
        let indented = line.starts_with([' ', '\t']);
        let begins = match bare {
            "" => Some(Kind::Blank),
            _ if is_item(bare) => Some(Kind::Item),
            _ if !indented && is_heading(bare) => Some(Kind::Heading),
            // A paragraph and an item go on over lines, and an item over indented ones behind an empty one.
            _ if matches!(self.open, Some(Kind::Text | Kind::Item)) => None,
            _ => Some(Kind::Text),
        };
        if let Some(fence) = opened(bare) {
            self.fence = Some(fence);
        }
        if begins.is_some() {
            self.open = begins;
        }
        begins
    }
}

fn opened(bare: &str) -> Option<String> {
    let sign = bare.chars().next().filter(|sign| ['`', '~'].contains(sign))?;
    let fence: String = bare.chars().take_while(|next| *next == sign).collect();
    (fence.len() >= 3).then_some(fence)
}

fn is_heading(bare: &str) -> bool {
    let rest = bare.trim_start_matches('#');
    (1..=6).contains(&(bare.len() - rest.len())) && (rest.is_empty() || rest.starts_with(' '))
}

/// A list item, or a row of a table.
fn is_item(bare: &str) -> bool {
    if bare.starts_with('|') {
        return true;
    }
    let rest = bare.trim_start_matches(|next: char| next.is_ascii_digit());
    let marks: &[char] = if rest.len() == bare.len() { &['-', '*', '+'] } else { &['.', ')'] };
    rest.strip_prefix(marks).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}
