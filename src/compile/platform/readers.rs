//! Who reads what: in a project several clients read the same directories.
//!
//! Each kind of item is written once for each client that reads it, never twice for one. A text that several
//! clients read is written in the words they share (`voice`).

use std::collections::BTreeMap;

use super::descriptor::{Platform, Scope};
use crate::compile::model::Kind;

/// One platform in one scope.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The client.
    pub platform: &'a Platform,
    /// Where it goes.
    pub scope: Scope,
}

/// Where one target puts one kind, and for whom.
#[derive(Debug, Clone)]
pub(super) struct Room<'a> {
    /// The directory or file below the project; empty outside projects.
    pub(super) dir: String,
    /// Everybody who reads it, its writer first.
    pub(super) readers: Vec<Target<'a>>,
}

/// For each target (by position) and kind: its room, or nothing when another target's room serves it.
pub(super) type Rooms<'a> = BTreeMap<(usize, Kind), Room<'a>>;

/// Shares out the project's directories. `known` are all platforms: a client that somebody else on the team uses
/// reads the project too, and must not find an item twice.
pub(super) fn share<'a>(targets: &[Target<'a>], known: &'a [Platform]) -> Rooms<'a> {
    let mut rooms = Rooms::new();
    for kind in Kind::ALL {
        let mut order: Vec<usize> = (0..targets.len()).collect();
        order.sort_by_key(|at| {
            targets.get(*at).map(|target| (alternatives(target, kind).len(), target.platform.reads.len()))
        });
        let mut taken: Vec<(usize, String)> = Vec::new();
        for at in order {
            let Some(target) = targets.get(at) else { continue };
            if target.scope == Scope::User || alternatives(target, kind).is_empty() {
                rooms.insert((at, kind), Room { dir: String::new(), readers: vec![*target] });
            } else if !taken.iter().any(|(_, dir)| target.platform.reads.contains(dir)) {
                taken.push((at, choose(alternatives(target, kind), &taken, known)));
            }
        }
        for (at, dir) in taken {
            let Some(writer) = targets.get(at) else { continue };
            let others = targets.iter().filter(|other| {
                other.platform.id != writer.platform.id
                    && other.scope != Scope::User
                    && other.platform.reads.contains(&dir)
            });
            let readers = std::iter::once(writer).chain(others).copied().collect();
            rooms.insert((at, kind), Room { dir, readers });
        }
    }
    rooms
}

fn alternatives<'a>(target: &Target<'a>, kind: Kind) -> &'a [String] {
    target.platform.writes.get(&kind).map_or(&[], Vec::as_slice)
}

/// The first directory that gives nobody a second copy, else the first.
fn choose(alternatives: &[String], taken: &[(usize, String)], known: &[Platform]) -> String {
    let doubles = |dir: &String| {
        known.iter().any(|platform| {
            platform.reads.contains(dir)
                && taken.iter().any(|(_, other)| other != dir && platform.reads.contains(other))
        })
    };
    alternatives.iter().find(|dir| !doubles(dir)).or(alternatives.first()).cloned().unwrap_or_default()
}
