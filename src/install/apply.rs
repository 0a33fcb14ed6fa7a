//! The only writer of an install.
//!
//! Responsible for: all of a plan or nothing of it. The disk is compared with the plan before the first write and
//! again before each; an error takes back what was written; the lock files come last.
//! Must not: decide, or write what no plan says.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::plan::Plan;
use super::target::Roots;
use crate::fs::{atomic_write, read_optional};

/// One file of a plan: what is there and what will be.
struct Write<'a> {
    path: &'a Path,
    before: Option<&'a [u8]>,
    after: Option<&'a [u8]>,
    executable: bool,
}

/// Carries out `plan`.
///
/// # Errors
/// A file that changed since the plan was made, or could not be written: the tree is as it was then.
pub fn apply(plan: &Plan) -> anyhow::Result<()> {
    apply_with(plan, &mut |_| Ok(()))
}

/// As [`apply`]; `before_each` is called before each write and removal, and an error from it (an interruption) ends
/// the work and takes back what was done.
///
/// # Errors
/// As [`apply`], and those of `before_each`.
pub fn apply_with(
    plan: &Plan,
    before_each: &mut dyn FnMut(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let writes = writes(plan);
    check(&writes)?;
    let mut journal = Journal::default();
    match carry_out(plan, &writes, before_each, &mut journal) {
        Ok(()) => Ok(()),
        Err(error) => match journal.roll_back() {
            Ok(()) => Err(error.context("nothing was changed: what had been written was taken back")),
            Err(second) => Err(error.context(format!("not everything could be taken back: {second:#}"))),
        },
    }
}

/// Keeps other installs into the same home or project waiting for as long as the files live. The lock is on the
/// directories themselves: nothing is left behind, and a process that dies holds nothing. Where a system cannot lock a
/// directory, the comparison before each write is what remains.
pub fn alone(roots: &Roots) -> Vec<File> {
    let lock = |dir: &PathBuf| File::open(dir).and_then(|file| file.lock().map(|()| file)).ok();
    std::iter::once(&roots.home).chain(&roots.project).filter_map(lock).collect()
}

fn writes(plan: &Plan) -> Vec<Write<'_>> {
    let steps = plan.steps.iter().filter(|step| step.changes()).map(|step| Write {
        path: &step.path,
        before: step.before.as_deref(),
        after: step.after.as_deref(),
        executable: step.executable,
    });
    let locks = plan.locks.iter().map(|lock| Write {
        path: &lock.path,
        before: lock.before.as_deref(),
        after: lock.after.as_deref(),
        executable: false,
    });
    steps.chain(locks).collect()
}

/// Compares every file with the plan. Two steps can write one file: the second starts from what the first leaves.
fn check(writes: &[Write<'_>]) -> anyhow::Result<()> {
    let mut now: BTreeMap<&Path, Option<&[u8]>> = BTreeMap::new();
    for write in writes {
        let same = match now.get(write.path) {
            Some(bytes) => *bytes == write.before,
            None => read_optional(write.path)?.as_deref() == write.before,
        };
        if !same {
            bail!(changed(write.path));
        }
        now.insert(write.path, write.after);
    }
    Ok(())
}

fn changed(path: &Path) -> String {
    format!("`{}` has changed since the plan was made; plan again", path.display())
}

fn carry_out(
    plan: &Plan,
    writes: &[Write<'_>],
    before_each: &mut dyn FnMut(&Path) -> anyhow::Result<()>,
    journal: &mut Journal,
) -> anyhow::Result<()> {
    for write in writes {
        before_each(write.path)?;
        if read_optional(write.path)?.as_deref() != write.before {
            bail!(changed(write.path));
        }
        journal.note_file(write);
        match write.after {
            Some(bytes) => {
                atomic_write(write.path, bytes, write.executable)?;
                if write.executable {
                    make_executable(write.path)?;
                }
            }
            None => std::fs::remove_file(write.path)
                .with_context(|| format!("failed to remove `{}`", write.path.display()))?,
        }
    }
    for dir in &plan.rmdirs {
        before_each(dir)?;
        journal.remove_dir(dir);
    }
    Ok(())
}

/// What was done so far.
#[derive(Default)]
struct Journal {
    done: Vec<Undo>,
}

enum Undo {
    File { path: PathBuf, bytes: Option<Vec<u8>>, mode: Option<Permissions>, new_dirs: Vec<PathBuf> },
    Dir { path: PathBuf, mode: Option<Permissions> },
}

impl Journal {
    fn note_file(&mut self, write: &Write<'_>) {
        let mode = mode(write.path);
        let new_dirs = match write.after {
            Some(_) => missing_dirs(write.path),
            None => Vec::new(),
        };
        let bytes = write.before.map(<[u8]>::to_vec);
        self.done.push(Undo::File { path: write.path.to_path_buf(), bytes, mode, new_dirs });
    }

    /// A directory that is not empty after all, or gone, stays as it is.
    fn remove_dir(&mut self, dir: &Path) {
        let mode = mode(dir);
        if std::fs::remove_dir(dir).is_ok() {
            self.done.push(Undo::Dir { path: dir.to_path_buf(), mode });
        }
    }

    /// Takes everything back that can be, and then says what could not.
    fn roll_back(self) -> anyhow::Result<()> {
        let mut first = Ok(());
        for undo in self.done.into_iter().rev() {
            let undone = match undo {
                Undo::File { path, bytes, mode, new_dirs } => {
                    put_back(&path, bytes.as_deref(), mode, &new_dirs)
                }
                Undo::Dir { path, mode } => std::fs::create_dir_all(&path)
                    .map_err(anyhow::Error::from)
                    .and_then(|()| set_mode(&path, mode))
                    .with_context(|| format!("failed to make `{}` again", path.display())),
            };
            if first.is_ok() {
                first = undone;
            }
        }
        first
    }
}

fn put_back(
    path: &Path,
    bytes: Option<&[u8]>,
    mode: Option<Permissions>,
    new_dirs: &[PathBuf],
) -> anyhow::Result<()> {
    let now = read_optional(path)?;
    match bytes {
        Some(bytes) if now.as_deref() != Some(bytes) => {
            atomic_write(path, bytes, false)?;
            set_mode(path, mode)?;
        }
        None if now.is_some() => {
            std::fs::remove_file(path).with_context(|| format!("failed to remove `{}`", path.display()))?;
        }
        Some(_) | None => {}
    }
    for dir in new_dirs {
        let _ = std::fs::remove_dir(dir); // not empty: somebody else uses it by now
    }
    Ok(())
}

/// The directories above `path` that are not there, deepest first.
fn missing_dirs(path: &Path) -> Vec<PathBuf> {
    let above = path.ancestors().skip(1).take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
    above.map(Path::to_path_buf).collect()
}

fn mode(path: &Path) -> Option<Permissions> {
    std::fs::metadata(path).ok().map(|meta| meta.permissions())
}

/// Gives an updated file the execute bits that only the new version has; a new file has them already.
#[cfg(unix)]
fn make_executable(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let now = mode(path).map_or(0, |mode| mode.mode());
    let wanted = now | ((now & 0o444) >> 2);
    if now == wanted { Ok(()) } else { set_mode(path, Some(Permissions::from_mode(wanted))) }
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> anyhow::Result<()> {
    Ok(()) // no such bit there
}

fn set_mode(path: &Path, mode: Option<Permissions>) -> anyhow::Result<()> {
    match mode {
        Some(mode) => std::fs::set_permissions(path, mode)
            .with_context(|| format!("failed to set the mode of `{}`", path.display())),
        None => Ok(()),
    }
}
