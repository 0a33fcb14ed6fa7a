//! Where snapshots are: one reference each, below `refs/so/undo/`, in the repository that all its working trees share.
//!
//! Snapshots are written with git2 and not with `git`: nothing of the person's is written (no HEAD, index, branch,
//! stash or reflog), so there is nothing that hooks, filters or settings of theirs should see; and a hook that must
//! answer in a second cannot wait for ten processes. A snapshot exists from the moment its reference does, which is
//! the last thing written: whoever dies before that leaves objects that git sweeps up.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use git2::{Oid, Repository};

use super::record::{self, Snapshot};

/// Where the references are.
pub const REFS: &str = "refs/so/undo/";
/// How many snapshots of a working tree are kept.
const KEPT: usize = 50;
/// How many seconds a snapshot is kept.
const AGE: i64 = 14 * 24 * 60 * 60;
/// How many of each working tree that is still there stay, whatever their age.
const NEWEST: usize = 5;
/// How long to wait for another `so` that saves or restores, where the caller sets no limit.
const PATIENCE: Duration = Duration::from_secs(30);

/// A repository and the working tree in it.
pub(super) struct Store {
    pub(super) repo: Repository,
    /// The top of the working tree, with links resolved.
    pub(super) root: PathBuf,
}

/// While it is held, no other `so` saves or restores in this repository.
pub(super) struct Alone {
    _file: File,
}

/// What cannot be written because it is read-only, most likely inside a client's sandbox.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be written", path.display())]
pub struct ReadOnly {
    /// The repository's own directory.
    pub path: PathBuf,
}

/// Another `so` is saving or restoring.
#[derive(Debug, thiserror::Error)]
#[error("another `so` is saving or restoring in this repository")]
pub struct Busy;

impl Store {
    /// The repository around `project`, or why nothing can be saved there.
    pub(super) fn open(project: &Path) -> anyhow::Result<Result<Self, &'static str>> {
        // Snapshots lean on objects that a partial clone may not hold.
        git2::opts::strict_object_creation(false);
        let repo = match Repository::discover(project) {
            Ok(repo) => repo,
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                return Ok(Err("there is no git repository here"));
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("failed to open the repository of `{}`", project.display()));
            }
        };
        let Some(root) = repo.workdir() else {
            return Ok(Err("a bare repository has no working tree"));
        };
        let root = root.canonicalize().with_context(|| format!("failed to open `{}`", root.display()))?;
        Ok(Ok(Self { repo, root }))
    }

    /// The name of the linked working tree; `None` for the main one.
    pub(super) fn worktree(&self) -> Option<String> {
        let name = self.repo.path().file_name()?.to_string_lossy().into_owned();
        self.repo.is_worktree().then_some(name)
    }

    /// A directory for our own files beside the repository's.
    pub(super) fn own_dir(&self) -> PathBuf {
        self.repo.commondir().join("so")
    }

    /// Waits for others until `until`.
    ///
    /// # Errors
    /// [`ReadOnly`], [`Busy`].
    pub(super) fn alone(&self, until: Option<Instant>) -> anyhow::Result<Alone> {
        let until = until.unwrap_or_else(|| Instant::now() + PATIENCE);
        let dir = self.own_dir();
        let file = std::fs::create_dir_all(&dir)
            .and_then(|()| {
                File::options().create(true).truncate(false).write(true).open(dir.join("undo.lock"))
            })
            .map_err(|error| self.write_error(error))?;
        match crate::fs::lock_until(&file, until) {
            Ok(true) => Ok(Alone { _file: file }),
            Ok(false) => Err(Busy.into()),
            Err(error) => Err(self.write_error(error)),
        }
    }

    fn write_error(&self, error: std::io::Error) -> anyhow::Error {
        use std::io::ErrorKind;
        let path = self.repo.commondir().to_path_buf();
        match error.kind() {
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => ReadOnly { path }.into(),
            _ => anyhow::Error::new(error).context(format!("failed to write in `{}`", path.display())),
        }
    }

    /// All snapshots of the repository, the newest first. What is not ours or not readable is passed over.
    pub(super) fn list(&self) -> anyhow::Result<Vec<Snapshot>> {
        let mut found = Vec::new();
        for reference in self.repo.references_glob(&format!("{REFS}*")).context("failed to read refs/so")? {
            let Ok(reference) = reference else { continue };
            let number = number(reference.name_bytes());
            let commit = reference.peel_to_commit().ok();
            found.extend(number.zip(commit).and_then(|(number, commit)| record::snapshot(number, &commit)));
        }
        found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.number));
        Ok(found)
    }

    /// Gives a commit the next number; the caller is [`Alone`].
    pub(super) fn publish(&self, _alone: &Alone, commit: Oid) -> anyhow::Result<u64> {
        let taken = self.repo.references_glob(&format!("{REFS}*"))?;
        let last = taken.filter_map(Result::ok).filter_map(|reference| number(reference.name_bytes())).max();
        let next = last.unwrap_or(0) + 1;
        self.repo
            .reference(&format!("{REFS}{next}"), commit, false, "so: saved")
            .context("failed to write the reference of a snapshot")?;
        Ok(next)
    }

    /// Lets go of what is too old or too much. What cannot be removed now is removed next time.
    pub(super) fn prune(&self, _alone: &Alone, now: i64) -> anyhow::Result<()> {
        let all = self.list()?;
        for snapshot in &all {
            let same = |other: &&Snapshot| other.about.worktree == snapshot.about.worktree;
            let newer = all.iter().filter(same).filter(|other| other.number > snapshot.number).count();
            let there =
                snapshot.about.worktree.as_ref().is_none_or(|name| self.repo.find_worktree(name).is_ok());
            if is_over(newer, now - snapshot.when, there)
                && let Ok(mut reference) = self.repo.find_reference(&format!("{REFS}{}", snapshot.number))
            {
                let _ = reference.delete();
            }
        }
        Ok(())
    }
}

/// Whether a snapshot goes: `newer` ones of its working tree exist, it is `age` seconds old, and its tree is there.
fn is_over(newer: usize, age: i64, there: bool) -> bool {
    let spared = there && newer < NEWEST;
    !spared && (newer >= KEPT || age > AGE)
}

fn number(name: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(name).ok()?.strip_prefix(REFS)?;
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_and_the_old_go() {
        for (newer, age, there, over) in [
            (4, AGE * 10, true, false),
            (5, AGE + 1, true, true),
            (5, AGE, true, false),
            (49, 0, true, false),
            (50, 0, true, true),
            (0, AGE + 1, false, true),
            (0, AGE, false, false),
        ] {
            assert_eq!(is_over(newer, age, there), over, "{newer} newer, {age} s, there: {there}");
        }
    }

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(number(b"refs/so/undo/12"), Some(12));
        for name in
            ["refs/so/undo/012", "refs/so/undo/x", "refs/so/undo/", "refs/so/undo/1/2", "refs/heads/1"]
        {
            assert_eq!(number(name.as_bytes()), None, "{name}");
        }
    }
}
