//! The directories in which the commands of a text may run: one for each scope, more where branches have parted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::shell::Scope;

/// A directory; `None` if it cannot be told.
type Dir = Option<PathBuf>;

/// Most directories in which one command may run; past it, it counts as unknown.
const MAX_DIRS: usize = 8;

/// The directories of all scopes of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Dirs {
    at: BTreeMap<usize, Dir>,
    /// Further directories in which a scope may be.
    others: BTreeMap<usize, Vec<Dir>>,
    /// By the scope around it, the `if` or `case` of which a branch has changed the directory last.
    choices: BTreeMap<usize, Choice>,
}

/// The branches of one `if` or `case`.
#[derive(Debug, Clone)]
struct Choice {
    /// Its first branch.
    first: usize,
    /// Where each of them begins.
    start: Vec<Dir>,
    /// Where those that moved end.
    ends: BTreeMap<usize, Vec<Dir>>,
}

impl Dirs {
    /// A text that begins here.
    pub(super) fn begin(dir: Dir) -> Self {
        Self { at: BTreeMap::from([(0, dir)]), ..Self::default() }
    }

    /// The directory of a scope, or one of them: its own once it has changed it, else its parent's.
    pub(super) fn of(&self, scopes: &[Scope], scope: usize) -> Dir {
        let mut scope = scope;
        loop {
            if let Some(dir) = self.at.get(&scope) {
                return dir.clone();
            }
            if let Some(start) = self.start(scopes, scope) {
                return start.first().cloned().flatten();
            }
            match scopes.get(scope) {
                Some(found) if found.parent != scope => scope = found.parent,
                _ => return None,
            }
        }
    }

    /// The further directories of a scope.
    pub(super) fn others(&self, scopes: &[Scope], scope: usize) -> Vec<Dir> {
        if self.others.is_empty() && self.choices.is_empty() {
            return Vec::new();
        }
        self.all(scopes, scope).into_iter().skip(1).collect()
    }

    /// All of them.
    pub(super) fn all(&self, scopes: &[Scope], scope: usize) -> Vec<Dir> {
        let mut scope = scope;
        loop {
            if let Some(dir) = self.at.get(&scope) {
                let others = self.others.get(&scope).into_iter().flatten();
                return std::iter::once(dir).chain(others).cloned().collect();
            }
            if let Some(start) = self.start(scopes, scope) {
                return start.to_vec();
            }
            match scopes.get(scope) {
                Some(found) if found.parent != scope => scope = found.parent,
                _ => return vec![None],
            }
        }
    }

    /// Where a branch begins, if one before it, of the same `if`, has moved.
    fn start(&self, scopes: &[Scope], scope: usize) -> Option<&[Dir]> {
        let found = scopes.get(scope).filter(|_| !self.choices.is_empty())?;
        let choice = self.choices.get(&found.parent)?;
        (found.choice == Some(choice.first)).then_some(choice.start.as_slice())
    }

    /// A scope is in one of these directories from here on. What stands around a branch is then there or where it was;
    /// what stands around a loop or a function may be anywhere.
    pub(super) fn arrive(&mut self, scopes: &[Scope], scope: usize, dirs: Vec<Dir>) {
        self.choices.remove(&scope);
        self.put(scope, dirs);
        let (mut at, mut known) = (scope, true);
        while let Some(found) = scopes.get(at).filter(|found| found.branch && found.parent != at) {
            let around = found.parent;
            if let Some(first) = found.choice.filter(|_| known) {
                self.join(scopes, around, (first, at));
            } else {
                known = false;
                self.choices.remove(&around);
                self.put(around, vec![None]);
            }
            at = around;
        }
    }

    fn join(&mut self, scopes: &[Scope], around: usize, (first, branch): (usize, usize)) {
        let end = self.all(scopes, branch);
        let mut choice = match self.choices.remove(&around).filter(|choice| choice.first == first) {
            Some(choice) => choice,
            None => Choice { first, start: self.all(scopes, around), ends: BTreeMap::new() },
        };
        choice.ends.insert(branch, end);
        let dirs = choice.ends.values().rev().flatten().chain(&choice.start).cloned().collect();
        self.choices.insert(around, choice);
        self.put(around, dirs);
    }

    fn put(&mut self, scope: usize, dirs: Vec<Dir>) {
        let mut different = Vec::new();
        for dir in dirs {
            if !different.contains(&dir) {
                different.push(dir);
            }
        }
        if different.len() > MAX_DIRS || different.contains(&None) {
            different = vec![None];
        }
        let others = different.split_off(1.min(different.len()));
        self.at.insert(scope, different.pop().flatten());
        if others.is_empty() {
            self.others.remove(&scope);
        } else {
            self.others.insert(scope, others);
        }
    }

    /// The directories inside of a function, whose outermost scope begins where it is called.
    pub(super) fn inside(&self, scopes: &BTreeSet<usize>, outermost: Option<usize>, from: Dir) -> Self {
        let mut dirs = self.clone();
        dirs.choices.clear();
        dirs.at.retain(|scope, _| !scopes.contains(scope));
        dirs.others.retain(|scope, _| !scopes.contains(scope));
        dirs.at.extend(outermost.map(|scope| (scope, from)));
        dirs
    }
}
