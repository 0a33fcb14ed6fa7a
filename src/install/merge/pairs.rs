//! Recorded edits and wanted ones, side by side.
//!
//! Responsible for: which of them are two versions of one edit. Must not: look at a text.

use super::Done;
use crate::compile::artifact::Edit;

/// Which recorded edit belongs to which wanted one.
pub(super) struct Pairs<'a> {
    pub(super) dropped: Vec<&'a Done>,
    pub(super) kept: Vec<(&'a Done, &'a Edit)>,
    pub(super) fresh: Vec<&'a Edit>,
}

pub(super) fn pair<'a>(past: &'a [Done], want: &'a [Edit]) -> Pairs<'a> {
    let mut partner: Vec<Option<&Edit>> =
        past.iter().map(|d| want.iter().find(|edit| **edit == d.edit)).collect();
    let mut free: Vec<&Edit> =
        want.iter().filter(|edit| !past.iter().any(|done| done.edit == **edit)).collect();
    for (done, partner) in
        past.iter().zip(&mut partner).filter(|(done, partner)| partner.is_none() && !done.held)
    {
        if let Some(at) = free.iter().position(|edit| same_spot(edit, &done.edit)) {
            *partner = Some(free.remove(at));
        }
    }
    let mut pairs = Pairs { dropped: Vec::new(), kept: Vec::new(), fresh: free };
    for (done, partner) in past.iter().zip(partner) {
        match partner {
            Some(edit) => pairs.kept.push((done, edit)),
            None => pairs.dropped.push(done),
        }
    }
    pairs
}

/// Whether one edit can be a newer version of the other.
fn same_spot(a: &Edit, b: &Edit) -> bool {
    match (a, b) {
        (Edit::Set { at: a, .. }, Edit::Set { at: b, .. })
        | (Edit::Append { at: a, .. }, Edit::Append { at: b, .. }) => a == b,
        (Edit::Block { name: a, .. }, Edit::Block { name: b, .. }) => a == b,
        _ => false,
    }
}
