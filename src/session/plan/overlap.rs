//! Which tasks share files, with a path that shows it.

use std::collections::BTreeMap;

use super::{Task, Wave};
use crate::glob::{Case, Glob};

/// Two tasks that may touch the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The task that comes first in the plan, and its glob.
    pub first: (String, String),
    /// The other one.
    pub second: (String, String),
    /// A file that both may touch; empty where there are too many globs to tell.
    pub witness: String,
}

/// All pairs of writing tasks that share files.
#[derive(Debug, Default)]
pub struct Overlaps(BTreeMap<(String, String), Overlap>);

/// So many pairs of characters of globs are looked at for one plan.
const WORK: usize = 500_000;

impl Overlaps {
    /// Compares every task with every other.
    ///
    /// # Errors
    /// The globs are too long and too many to compare.
    pub fn of(tasks: &[Task]) -> Result<Self, Vec<Overlap>> {
        let mut found = BTreeMap::new();
        let mut work = 0;
        let globs: Vec<(&Task, Vec<Glob>)> = tasks
            .iter()
            .filter(|task| !task.role.is_reader())
            .map(|task| {
                (task, task.files.iter().filter_map(|file| Glob::new(file, Case::Sensitive).ok()).collect())
            })
            .collect();
        for (at, (one, ones)) in globs.iter().enumerate() {
            for (other, others) in globs.iter().skip(at + 1) {
                let Some((own, its, witness)) = meet(ones, others, &mut work) else { continue };
                let overlap = Overlap {
                    first: (one.id.clone(), own),
                    second: (other.id.clone(), its),
                    witness: witness.clone(),
                };
                if witness.is_empty() {
                    return Err(vec![overlap]);
                }
                found.insert((one.id.clone(), other.id.clone()), overlap);
            }
        }
        Ok(Self(found))
    }

    /// Whether two tasks share files.
    pub fn meet(&self, one: &str, other: &str) -> bool {
        let has = |one: &str, other: &str| self.0.contains_key(&(one.to_owned(), other.to_owned()));
        has(one, other) || has(other, one)
    }

    /// Those that share a wave too.
    pub fn in_one_of(&self, waves: &[Wave]) -> Vec<Overlap> {
        let together = |overlap: &&Overlap| {
            let has = |wave: &Wave, id: &String| wave.tasks.contains(id);
            waves.iter().any(|wave| has(wave, &overlap.first.0) && has(wave, &overlap.second.0))
        };
        self.0.values().filter(together).cloned().collect()
    }
}

/// The first globs of two tasks that have a path in common, and the path; without one when the work is too much.
fn meet(ones: &[Glob], others: &[Glob], work: &mut usize) -> Option<(String, String, String)> {
    for one in ones {
        for other in others {
            if !one.may_meet(other) {
                continue;
            }
            *work += one.source().len() * other.source().len();
            let names = || (one.source().to_owned(), other.source().to_owned());
            if *work > WORK {
                return Some((names().0, names().1, String::new()));
            }
            if let Some(witness) = one.overlap(other) {
                return Some((names().0, names().1, witness));
            }
        }
    }
    None
}
