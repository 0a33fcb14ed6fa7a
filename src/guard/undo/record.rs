//! What a snapshot is made of: a commit whose tree holds
//!
//! - `worktree`: the files as they were, so that `git show refs/so/undo/N:worktree/PATH` works without `so`;
//! - `index`: what was staged; `conflicts`: the sides of what was in conflict;
//! - `notes`: what trees cannot say, as `KIND VALUE PATH` ended by NUL, because a path may hold any other byte;
//!
//! and whose message is one line for people and one JSON object. Its parents are the commits that it leans on.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Commit, Oid, Repository};
use serde::{Deserialize, Serialize};

use super::tree::{self, Path};

/// The parts of a snapshot's tree.
pub(super) const WORKTREE: &str = "worktree";
pub(super) const INDEX: &str = "index";
pub(super) const CONFLICTS: &str = "conflicts";
pub(super) const NOTES: &str = "notes";

/// Who a snapshot's commit is from: nobody's name and address are needed for it.
pub(super) const AUTHOR: (&str, &str) = ("so", "so@localhost");

/// A saved state of a working tree.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// Its number, counted over all working trees of the repository.
    pub number: u64,
    /// When it was taken, in seconds since 1970.
    pub when: i64,
    /// What it says about itself.
    #[serde(flatten)]
    pub about: About,
    /// The commit that holds it.
    pub commit: String,
}

/// What a snapshot says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Before what it was taken.
    pub why: String,
    /// A name to find it by, such as a task.
    pub label: Option<String>,
    /// The linked working tree; `None` is the main one.
    pub worktree: Option<String>,
    /// Where the working tree was, for people.
    pub path: String,
    /// The commit that was checked out.
    pub head: Option<String>,
    /// The branch that was checked out; `None` where HEAD was detached.
    pub branch: Option<String>,
    /// What git was in the middle of, such as a merge.
    pub during: Option<String>,
    /// Where the other branches and the stashes were, by name; the snapshot keeps their commits alive.
    pub tips: BTreeMap<String, String>,
    /// How many files it holds that git itself did not.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many things were left out.
    pub left_out: u64,
}

/// Something that a snapshot does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Where; not UTF-8 is shown with replacement characters.
    pub path: String,
    /// Why.
    pub why: Why,
    /// How large, where that is the reason.
    pub bytes: u64,
}

/// Why something is not in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The largest are left out when all together are too much.
    Large,
    /// There was no time left for it.
    Late,
    /// It cannot be read.
    Unreadable,
    /// A submodule: its own repository takes care of it.
    Submodule,
    /// The history of a repository inside this one; its files are saved.
    Repository,
    /// Another working tree inside this one.
    Worktree,
    /// Too many files to look at.
    Many,
}

impl Why {
    const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Large, "large", "too large"),
        (Self::Late, "late", "no time was left for it"),
        (Self::Unreadable, "unreadable", "cannot be read"),
        (Self::Submodule, "submodule", "a submodule"),
        (Self::Repository, "repository", "the history of a repository of its own; its files are saved"),
        (Self::Worktree, "worktree", "a working tree of its own"),
        (Self::Many, "many", "too many files"),
    ];

    /// Whether bytes may be missing that the person would expect in a snapshot.
    pub fn is_loss(self) -> bool {
        !matches!(self, Self::Submodule | Self::Worktree)
    }

    /// Whether a file itself is missing, and not what belongs to it.
    pub(super) fn hides(self) -> bool {
        matches!(self, Self::Large | Self::Late | Self::Unreadable)
    }

    fn code(self) -> &'static str {
        Self::ALL.iter().find(|(why, ..)| *why == self).map_or("", |(_, code, _)| code)
    }

    /// For people.
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(why, ..)| *why == self).map_or("", |(.., words)| words)
    }
}

/// What trees cannot say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// Permission bits of files that were saved byte for byte.
    pub(super) modes: BTreeMap<Path, u32>,
    /// Unchanged files that differ on disk from what git keeps: line ends, large file pointers.
    pub(super) filtered: BTreeSet<Path>,
    /// Files announced to the index without content (`git add -N`).
    pub(super) intended: BTreeSet<Path>,
    /// Sides of conflicts: name in the tree `conflicts`, stage and mode.
    pub(super) conflicts: BTreeMap<(Path, i32), (String, i32)>,
    /// What is missing.
    pub(super) left_out: BTreeMap<Path, (Why, u64)>,
}

impl Notes {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = |kind: &str, value: &str, path: &[u8]| {
            out.extend(format!("{kind} {value} ").bytes());
            out.extend(path);
            out.push(0);
        };
        self.modes.iter().for_each(|(path, mode)| line("mode", &format!("{mode:o}"), path));
        self.filtered.iter().for_each(|path| line("filtered", "-", path));
        self.intended.iter().for_each(|path| line("intended", "-", path));
        for ((path, stage), (name, mode)) in &self.conflicts {
            line("conflict", &format!("{name}:{stage}:{mode:o}"), path);
        }
        for (path, (why, bytes)) in &self.left_out {
            line("left", &format!("{}:{bytes}", why.code()), path);
        }
        out
    }

    /// Lines that are not understood are passed over: a newer `so` may have written them.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let mut notes = Self::default();
        for line in bytes.split(|byte| *byte == 0) {
            let mut parts = line.splitn(3, |byte| *byte == b' ');
            let (Some(kind), Some(value), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let _ = notes.take(kind, &String::from_utf8_lossy(value), path.to_vec());
        }
        notes
    }

    fn take(&mut self, kind: &[u8], value: &str, path: Path) -> Option<()> {
        match kind {
            b"mode" => drop(self.modes.insert(path, u32::from_str_radix(value, 8).ok()?)),
            b"filtered" => drop(self.filtered.insert(path)),
            b"intended" => drop(self.intended.insert(path)),
            b"conflict" => {
                let mut parts = value.split(':');
                let name = parts.next()?.to_owned();
                let stage = parts.next()?.parse().ok()?;
                let mode = i32::from_str_radix(parts.next()?, 8).ok()?;
                self.conflicts.insert((path, stage), (name, mode));
            }
            b"left" => {
                let (code, bytes) = value.split_once(':')?;
                let (why, ..) = Why::ALL.iter().find(|(_, known, _)| *known == code)?;
                self.left_out.insert(path, (*why, bytes.parse().ok()?));
            }
            _ => {}
        }
        Some(())
    }

    /// What is missing, for people.
    pub(super) fn left_out(&self) -> Vec<LeftOut> {
        let one = |(path, (why, bytes)): (&Path, &(Why, u64))| LeftOut {
            path: String::from_utf8_lossy(path).into_owned(),
            why: *why,
            bytes: *bytes,
        };
        self.left_out.iter().map(one).collect()
    }
}

/// The message of a snapshot's commit.
pub(super) fn message(about: &About) -> String {
    let title: String = about.why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
    format!("so: {title}\n\n{}\n", serde_json::to_string(about).unwrap_or_default())
}

/// Reads a snapshot's commit; `None` if it is none.
pub(super) fn snapshot(number: u64, commit: &Commit<'_>) -> Option<Snapshot> {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    let (_, json) = message.split_once("\n\n")?;
    let about: About = serde_json::from_str(json.trim_end()).ok()?;
    Some(Snapshot { number, when: commit.time().seconds(), about, commit: commit.id().to_string() })
}

/// The parts of a snapshot.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) worktree: Oid,
    pub(super) index: Oid,
    pub(super) conflicts: Oid,
    pub(super) notes: Notes,
}

impl Parts {
    pub(super) fn read(repo: &Repository, commit: &Commit<'_>) -> Result<Self, git2::Error> {
        let root = commit.tree()?;
        let notes = match root.get_name(NOTES) {
            Some(entry) => Notes::decode(repo.find_blob(entry.id())?.content()),
            None => Notes::default(),
        };
        Ok(Self {
            worktree: tree::subtree(repo, &root, WORKTREE)?,
            index: tree::subtree(repo, &root, INDEX)?,
            conflicts: tree::subtree(repo, &root, CONFLICTS)?,
            notes,
        })
    }

    /// Writes the tree that holds them: equal states have equal trees.
    pub(super) fn write(&self, repo: &Repository) -> Result<Oid, git2::Error> {
        const DIRECTORY: i32 = 0o040_000;
        let mut root = repo.treebuilder(None)?;
        root.insert(WORKTREE, self.worktree, DIRECTORY)?;
        root.insert(INDEX, self.index, DIRECTORY)?;
        root.insert(CONFLICTS, self.conflicts, DIRECTORY)?;
        root.insert(NOTES, repo.blob(&self.notes.encode())?, tree::FILE)?;
        root.write()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_survive_with_paths_of_any_bytes() {
        let path = b"a b\n\xff ".to_vec();
        let notes = Notes {
            modes: [(path.clone(), 0o600)].into(),
            filtered: [path.clone()].into(),
            intended: [path.clone()].into(),
            conflicts: [((path.clone(), 2), ("3".to_owned(), tree::PROGRAM))].into(),
            left_out: Why::ALL.iter().map(|(why, code, _)| (code.as_bytes().to_vec(), (*why, 7))).collect(),
        };
        assert_eq!(Notes::decode(&notes.encode()), notes);
        assert_eq!(Notes::decode(b"future 1 x\0mode zz y\0\0mode"), Notes::default());
    }
}
