//! Which of the changed files are the session's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::glob::{Case, Glob};

/// The changed files of a working tree, sorted out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// In the scope of the plan.
    pub planned: Vec<String>,
    /// Not in the plan, but this session was seen to write them.
    pub unplanned: Vec<String>,
    /// Not the session's; each with the reason.
    pub left: BTreeMap<String, String>,
}

impl Files {
    /// Everything that is committed.
    pub fn own(&self) -> Vec<String> {
        let mut own: Vec<String> = self.planned.iter().chain(&self.unplanned).cloned().collect();
        own.sort();
        own
    }

    /// What is left, with more than a few files below one top directory for one reason as that directory.
    pub fn left_by_directory(&self) -> BTreeMap<String, &str> {
        let top = |path: &str| path.split_once('/').map(|(dir, _)| dir.to_owned());
        let mut below: BTreeMap<(String, &str), usize> = BTreeMap::new();
        for (path, why) in &self.left {
            if let Some(dir) = top(path) {
                *below.entry((dir, why)).or_default() += 1;
            }
        }
        let shown = |path: &String, why: &String| {
            let dir = top(path)?;
            let count = below.get(&(dir.clone(), why))?;
            (*count > FEW).then(|| format!("{dir}/ ({count} files)"))
        };
        let name = |path, why| shown(path, why).unwrap_or_else(|| path.clone());
        self.left.iter().map(|(path, why)| (name(path, why), why.as_str())).collect()
    }
}

/// More files than that of one directory are counted.
const FEW: usize = 5;

/// What is known of a session's files.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Changed now, with the blob of each.
    pub now: &'a BTreeMap<String, String>,
    /// Changed before the session began.
    pub before: &'a BTreeMap<String, String>,
    /// The globs of the plan.
    pub globs: &'a [String],
    /// What hooks saw this session write.
    pub written: &'a [String],
    /// What hooks saw others write.
    pub foreign: &'a [String],
}

/// Lock files and the manifest that each belongs to.
const LOCKS: &[(&str, &str)] = &[
    ("Cargo.lock", "Cargo.toml"),
    ("Gemfile.lock", "Gemfile"),
    ("bun.lock", "package.json"),
    ("bun.lockb", "package.json"),
    ("composer.lock", "composer.json"),
    ("go.sum", "go.mod"),
    ("mix.lock", "mix.exs"),
    ("package-lock.json", "package.json"),
    ("pnpm-lock.yaml", "package.json"),
    ("poetry.lock", "pyproject.toml"),
    ("uv.lock", "pyproject.toml"),
    ("yarn.lock", "package.json"),
];

/// Sorts the changed files out.
pub fn sort(known: &Known<'_>) -> Files {
    let globs: Vec<Glob> =
        known.globs.iter().filter_map(|glob| Glob::new(glob, Case::Sensitive).ok()).collect();
    let mut files = Files::default();
    for path in known.now.keys() {
        let is_planned = globs.iter().any(|glob| glob.matches(path));
        if known.before.contains_key(path) {
            files.left.insert(path.clone(), "it was changed before the session began".to_owned());
        } else if known.foreign.contains(path) {
            files.left.insert(path.clone(), "another session writes it".to_owned());
        } else if is_planned {
            files.planned.push(path.clone());
        } else if known.written.contains(path) {
            files.unplanned.push(path.clone());
        } else {
            files.left.insert(
                path.clone(),
                "it is not in the plan, and nobody saw this session write it".to_owned(),
            );
        }
    }
    follow(&mut files);
    files
}

/// A lock file that changed goes where its manifest goes.
fn follow(files: &mut Files) {
    let own = files.own();
    let goes = |path: &String| {
        let (dir, name) = path.rsplit_once('/').map_or(("", path.as_str()), |(dir, name)| (dir, name));
        let manifests = LOCKS.iter().filter(|(lock, _)| *lock == name);
        let in_dir =
            |manifest: &str| if dir.is_empty() { manifest.to_owned() } else { format!("{dir}/{manifest}") };
        let is_unseen = files.left.get(path).is_some_and(|why| why.starts_with("it is not in the plan"));
        is_unseen && manifests.map(|(_, manifest)| in_dir(manifest)).any(|manifest| own.contains(&manifest))
    };
    let following: Vec<String> = files.left.keys().filter(|path| goes(path)).cloned().collect();
    for path in following {
        files.left.remove(&path);
        files.unplanned.push(path);
    }
    files.unplanned.sort();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sessions_own_files_are_taken() {
        let blobs = |paths: &[&str]| paths.iter().map(|path| ((*path).to_owned(), "x".to_owned())).collect();
        let names = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let files = sort(&Known {
            now: &blobs(&[
                "src/a.rs",
                "src/before.rs",
                "src/peer.rs",
                "seen.md",
                "unseen.md",
                "Cargo.toml",
                "Cargo.lock",
                "sub/go.sum",
            ]),
            before: &blobs(&["src/before.rs"]),
            globs: &names(&["src/**", "Cargo.toml"]),
            written: &names(&["seen.md", "src/before.rs"]),
            foreign: &names(&["src/peer.rs"]),
        });
        assert_eq!(files.planned, ["Cargo.toml", "src/a.rs"]);
        assert_eq!(files.unplanned, ["Cargo.lock", "seen.md"]);
        let left: Vec<_> = files.left.keys().map(String::as_str).collect();
        assert_eq!(left, ["src/before.rs", "src/peer.rs", "sub/go.sum", "unseen.md"]);
    }
}
