//! Three texts, line by line.
//!
//! Responsible for: taking what one side changed, and asking for finer work where both did. The comparison is
//! [`similar::TextMerge`]'s: changes that touch count as one place.
//! Must not: know a notation.

use std::ops::Range;

use similar::{MergeRegion, MergeResolution, TextMerge};

use super::{Joined, Overlaps};

/// The lines of one place on the three sides, as line numbers from 0.
pub(super) struct Place {
    pub(super) base: Range<usize>,
    pub(super) mine: Range<usize>,
    pub(super) new: Range<usize>,
}

/// Joins three texts; `finer` may have an answer where both sides changed a place.
pub(super) fn join(
    base: &str,
    mine: &str,
    new: &str,
    finer: &dyn Fn(&Place) -> Option<String>,
) -> Result<Joined, Overlaps> {
    let merge = TextMerge::from_lines(base, mine, new);
    let mut joined = Joined::default();
    let mut overlaps = Overlaps::new();
    for region in merge.regions() {
        let mine = || region.ours_range().filter_map(|line| merge.ours_line(line));
        match region.resolution() {
            MergeResolution::Ours => {
                joined.text.extend(mine());
                joined.mine += 1;
            }
            MergeResolution::Theirs => {
                joined.text.extend(region.theirs_range().filter_map(|line| merge.theirs_line(line)));
                joined.new += 1;
            }
            MergeResolution::Conflict => match finer(&place(region)) {
                Some(text) => {
                    joined.text.push_str(&text);
                    joined.mine += 1;
                    joined.new += 1;
                }
                None => overlaps.push(region.ours_range().start + 1..region.ours_range().end + 1),
            },
            // Unchanged and Both, and whatever else both sides agree on.
            _ => joined.text.extend(mine()),
        }
    }
    if overlaps.is_empty() { Ok(joined) } else { Err(overlaps) }
}

fn place(region: &MergeRegion) -> Place {
    Place { base: region.base_range(), mine: region.ours_range(), new: region.theirs_range() }
}
