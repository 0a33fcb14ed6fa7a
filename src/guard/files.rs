//! Files that a text fills: what is known to be in them, shared by a text and all those inside it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use super::arg::Arg;
use super::flow::Flow;
use super::place::absolute;

/// What the commands before are known to have put into a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Filled {
    texts: Vec<String>,
    /// The texts are all that is in it.
    whole: bool,
}

/// How a file is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filling {
    /// From its beginning.
    Anew,
    /// Behind what is there.
    Behind,
    /// It may not be filled at all.
    Doubtful,
}

/// Files by path, and descriptors, all of which are one (`/dev/fd/`).
#[derive(Debug, Clone, Default)]
pub(super) struct Files(Rc<RefCell<BTreeMap<String, Filled>>>);

/// Most files and most texts of a file that are remembered.
const MAX: usize = 256;
const MAX_TEXTS: usize = 64;

impl Files {
    /// Whether nothing was filled.
    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// What `flow` puts into a file.
    pub(super) fn fill(&self, name: &str, cwd: Option<&Path>, flow: &Flow, how: Filling) {
        let mut files = self.0.borrow_mut();
        let key = key(name, cwd);
        let known = files.contains_key(&key);
        if !known && (flow.texts.is_empty() || files.len() >= MAX) {
            return;
        }
        let file = files.entry(key).or_default();
        let listed = !flow.listed.is_empty();
        match how {
            Filling::Anew if flow.complete && !listed => *file = Filled { texts: Vec::new(), whole: true },
            Filling::Behind if flow.complete && !listed => {}
            _ => file.whole = false,
        }
        file.texts.extend(flow.texts.iter().take(MAX_TEXTS.saturating_sub(file.texts.len())).cloned());
    }

    /// What is known to be in a file.
    pub(super) fn content(&self, name: &str, cwd: Option<&Path>) -> Option<Flow> {
        if self.is_empty() {
            return None;
        }
        let files = self.0.borrow();
        let Filled { texts, whole } = files.get(&key(name, cwd))?;
        Some(Flow { texts: texts.clone(), complete: *whole, ..Flow::default() })
    }

    /// The texts of the files whose path `is` meant.
    pub(super) fn those(&self, is: impl Fn(&str) -> bool) -> Vec<String> {
        let files = self.0.borrow();
        files.iter().filter(|(path, _)| is(path)).flat_map(|(_, file)| file.texts.iter().cloned()).collect()
    }

    /// A program that may change files was given these words.
    pub(super) fn touched(&self, words: &[Arg], cwd: Option<&Path>) {
        if self.is_empty() {
            return;
        }
        let mut files = self.0.borrow_mut();
        for word in words {
            if let Some(file) = files.get_mut(&key(&word.text, cwd)) {
                file.whole = false;
            }
        }
    }

    /// `cp x y`, `mv x y`: what was put into the one is in the other, or below it.
    pub(super) fn copied(&self, from: &str, to: &str, cwd: Option<&Path>) {
        let Some(flow) = self.content(from, cwd) else { return };
        let name = from.rsplit('/').next().unwrap_or_default();
        let below = format!("{}/{name}", to.trim_end_matches('/'));
        for file in [to, below.as_str()] {
            self.fill(file, cwd, &flow, Filling::Anew);
        }
    }
}

/// What a written file is remembered by: every descriptor is the same to it.
pub(super) fn key(name: &str, cwd: Option<&Path>) -> String {
    if name.starts_with("/dev/fd/") {
        return "/dev/fd/".to_owned();
    }
    let path = absolute(name, cwd).and_then(|path| path.to_str().map(str::to_owned));
    path.unwrap_or_else(|| name.strip_prefix("./").unwrap_or(name).to_owned())
}
