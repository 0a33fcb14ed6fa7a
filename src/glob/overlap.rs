//! Whether two patterns stand for a common path: both automata are walked at once, the shortest way first.

use std::collections::{BTreeMap, VecDeque};

use super::{Glob, Step};

/// A state of both, and whether a part of the path has just begun: no part is empty.
type Pair = (usize, usize, bool);

/// The pair before, and the character between.
type Ways = BTreeMap<Pair, Option<(Pair, char)>>;

/// The shortest path that both stand for, with names that read well.
pub(super) fn witness(one: &Glob, two: &Glob) -> Option<String> {
    let mut ways = Ways::new();
    let mut open = VecDeque::new();
    enter((one, two), (0, 0, true), None, &mut ways, &mut open);
    while let Some(pair @ (first, second, fresh)) = open.pop_front() {
        if first == one.steps.len() && second == two.steps.len() && !fresh {
            return Some(readable(&path(&ways, pair), one, two));
        }
        let (Some(own), Some(other)) = (one.steps.get(first), two.steps.get(second)) else { continue };
        for character in common(own, other) {
            if character == '/' && fresh {
                continue;
            }
            let after = |step: &Step, at: usize| {
                if matches!(step, Step::Run | Step::Deep) { at } else { at + 1 }
            };
            let next = (after(own, first), after(other, second), character == '/');
            enter((one, two), next, Some((pair, character)), &mut ways, &mut open);
        }
    }
    None
}

/// Adds a pair and those that are reached from it without a character.
fn enter(
    globs: (&Glob, &Glob),
    pair: Pair,
    from: Option<(Pair, char)>,
    ways: &mut Ways,
    open: &mut VecDeque<Pair>,
) {
    let silent = |glob: &Glob, at: usize| match glob.steps.get(at) {
        Some(Step::Run | Step::Deep) => vec![at + 1],
        Some(Step::Fork(to)) => vec![at + 1, *to],
        Some(Step::Jump(to)) => vec![*to],
        _ => Vec::new(),
    };
    let mut reached = vec![pair];
    while let Some(pair @ (first, second, fresh)) = reached.pop() {
        if ways.contains_key(&pair) {
            continue;
        }
        ways.insert(pair, from);
        open.push_back(pair);
        reached.extend(silent(globs.0, first).into_iter().map(|at| (at, second, fresh)));
        reached.extend(silent(globs.1, second).into_iter().map(|at| (first, at, fresh)));
    }
}

/// Characters that both steps take: one that is no slash, and the slash.
fn common(own: &Step, other: &Step) -> impl Iterator<Item = char> {
    let mut candidates = vec!['x', 'a', '0', '\u{1}'];
    for step in [own, other] {
        match step {
            Step::Char(character) => candidates.push(*character),
            // If two sets meet, they do where a range of one begins or where one that is left out ends.
            Step::Set { ranges, .. } => {
                candidates.extend(ranges.iter().flat_map(|(from, to)| {
                    [Some(*from), char::from_u32(u32::from(*to) + 1)].into_iter().flatten()
                }));
            }
            _ => {}
        }
    }
    let both = |character: &char| own.takes(*character) && other.takes(*character);
    let plain = candidates.into_iter().find(|character| *character != '/' && both(character));
    plain.into_iter().chain(Some('/').filter(both))
}

fn path(ways: &Ways, end: Pair) -> String {
    let mut characters = Vec::new();
    let mut at = end;
    while let Some(Some((before, character))) = ways.get(&at) {
        characters.push(*character);
        at = *before;
    }
    characters.iter().rev().collect()
}

/// `src/x.rs` reads better than `src/.rs`, where both will do.
fn readable(shortest: &str, one: &Glob, two: &Glob) -> String {
    let named: Vec<String> = shortest
        .split('/')
        .map(|part| if part.starts_with('.') { format!("x{part}") } else { part.to_owned() })
        .collect();
    let named = named.join("/");
    if one.walk(&named).0 && two.walk(&named).0 { named } else { shortest.to_owned() }
}
