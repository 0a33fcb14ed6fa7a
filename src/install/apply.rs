//! The only writer of an install.
//!
//! Responsible for: all of a plan or nothing of it. The disk is compared with the plan before the first write and
//! again before each; the journal is on the disk before anything else is; new texts are brought to the disk together
//! and then renamed; an error takes back what was written, and so does the next run after a process that was killed.
//! Must not: decide, or write what no plan says.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::journal::{Bytes, Entry, Journal, Paths};
use super::lock::sha256;
use super::plan::Plan;
use super::stage;
use super::target::Roots;
use crate::fs::read_optional;

/// One file of a plan: what is there and what will be.
struct Write<'a> {
    path: &'a Path,
    place: Option<String>,
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

/// As [`apply`]; `before_each` is called before each step that changes the disk, and an error from it (an
/// interruption) ends the work and takes back what was done.
///
/// # Errors
/// As [`apply`], and those of `before_each`.
pub fn apply_with(
    plan: &Plan,
    before_each: &mut dyn FnMut(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let writes = writes(plan)?;
    check(plan, &writes)?;
    let journal = journal(plan, &writes)?;
    let mut work = Work { plan, writes: &writes, journal: &journal, before_each };
    match work.carry_out() {
        Ok(()) => Ok(()),
        Err(error) => Err(take_back(plan.journal.as_ref(), &journal, error)),
    }
}

fn take_back(paths: Option<&Paths>, journal: &Journal, error: anyhow::Error) -> anyhow::Error {
    match journal.take_back() {
        Ok(undone) if undone.kept.is_empty() => {
            if let Some(paths) = paths {
                let _ = std::fs::remove_file(&paths.running); // not there yet, or not needed any more
            }
            error.context("nothing was changed: what had been written was taken back")
        }
        Ok(undone) => {
            let names: Vec<_> = undone.kept.iter().map(|path| path.display().to_string()).collect();
            error.context(format!(
                "what had been written was taken back, but {} changed meanwhile",
                names.join(", ")
            ))
        }
        Err(second) => error.context(format!("not everything could be taken back: {second:#}")),
    }
}

/// Keeps other installs into the same home or project waiting for as long as the files live. The lock is on the
/// directories themselves: nothing is left behind, and a process that dies holds nothing. Where a system cannot lock a
/// directory, the comparison before each write is what remains.
pub fn alone(roots: &Roots) -> Vec<File> {
    let lock = |dir: &PathBuf| File::open(dir).and_then(|file| file.lock().map(|()| file)).ok();
    std::iter::once(&roots.home).chain(&roots.project).filter_map(lock).collect()
}

/// Every file once: two steps can write one file, and the second starts from what the first leaves.
fn writes(plan: &Plan) -> anyhow::Result<Vec<Write<'_>>> {
    let steps = plan.steps.iter().filter(|step| step.changes()).map(|step| Write {
        path: &step.path,
        place: Some(step.place.to_string()),
        before: step.before.as_deref(),
        after: step.after.as_deref(),
        executable: step.executable,
    });
    let kept = plan.records.iter().chain(&plan.locks).map(|change| Write {
        path: &change.path,
        place: None,
        before: change.before.as_deref(),
        after: change.after.as_deref(),
        executable: false,
    });
    let mut writes: Vec<Write<'_>> = Vec::new();
    let mut known: BTreeMap<&Path, usize> = BTreeMap::new();
    for write in steps.chain(kept) {
        match known.get(write.path).and_then(|at| writes.get_mut(*at)) {
            Some(first) if first.after == write.before => first.after = write.after,
            Some(_) => bail!(changed(write.path)),
            None => {
                known.insert(write.path, writes.len());
                writes.push(write);
            }
        }
    }
    writes.retain(|write| write.before != write.after);
    Ok(writes)
}

/// Compares every file with the plan.
fn check(plan: &Plan, writes: &[Write<'_>]) -> anyhow::Result<()> {
    if let Some(paths) = plan.journal.as_ref().filter(|paths| paths.running.exists()) {
        // Its journal is the only way back.
        bail!("an install did not end, as `{}` says; run this again", paths.running.display());
    }
    for write in writes {
        check_one(plan, write)?;
    }
    Ok(())
}

fn check_one(plan: &Plan, write: &Write<'_>) -> anyhow::Result<()> {
    if let Some(root) = plan.confined.iter().find(|root| write.path.starts_with(root)) {
        stage::refuse_links(root, write.path)?;
    }
    if read_optional(write.path)?.as_deref() != write.before {
        bail!(changed(write.path));
    }
    Ok(())
}

fn changed(path: &Path) -> String {
    format!("`{}` has changed since the plan was made; plan again", path.display())
}

/// What will be done, and what is there now.
fn journal(plan: &Plan, writes: &[Write<'_>]) -> anyhow::Result<Journal> {
    let mut journal = Journal::new(token()?, crate::clock::seconds());
    let mut made = Vec::new();
    for write in writes {
        journal.files.push(Entry {
            path: write.path.to_path_buf(),
            place: write.place.clone(),
            before: write.before.map(Bytes::new),
            mode: write.before.and_then(|_| stage::mode(write.path)),
            after: write.after.map(sha256),
        });
        if write.after.is_some() {
            made.extend(missing_dirs(write.path));
        }
    }
    if let Some(kept) = plan.journal.as_ref().and_then(|paths| paths.kept.as_ref()) {
        made.extend(missing_dirs(kept));
    }
    made.sort_by_key(|dir| std::cmp::Reverse((dir.components().count(), dir.clone())));
    made.dedup();
    journal.made = made;
    let modes = plan.rmdirs.iter().filter_map(|dir| Some((dir.clone(), stage::mode(dir)?)));
    journal.removed = modes.collect();
    Ok(journal)
}

fn token() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The directories above `path` that are not there, deepest first.
fn missing_dirs(path: &Path) -> Vec<PathBuf> {
    let above = path.ancestors().skip(1).take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
    above.map(Path::to_path_buf).collect()
}

/// One apply under way.
struct Work<'a> {
    plan: &'a Plan,
    writes: &'a [Write<'a>],
    journal: &'a Journal,
    before_each: &'a mut dyn FnMut(&Path) -> anyhow::Result<()>,
}

impl Work<'_> {
    fn carry_out(&mut self) -> anyhow::Result<()> {
        if let Some(paths) = &self.plan.journal {
            (self.before_each)(&paths.running)?;
            self.journal.save(paths)?;
        }
        self.make_dirs()?;
        self.stage()?;
        self.rename()?;
        for dir in &self.plan.rmdirs {
            (self.before_each)(dir)?;
            let _ = std::fs::remove_dir(dir); // one that is not empty after all, or gone, stays as it is
        }
        self.finish()
    }

    fn make_dirs(&mut self) -> anyhow::Result<()> {
        for dir in self.journal.made.iter().rev() {
            (self.before_each)(dir)?;
            match std::fs::create_dir(dir) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(error).with_context(|| format!("failed to make `{}`", dir.display()));
                }
                Err(_) => {}
                Ok(()) => self.set_mode(dir, dir)?,
            }
        }
        Ok(())
    }

    fn stage(&mut self) -> anyhow::Result<()> {
        let mut staged = Vec::new();
        for (at, write) in self.writes.iter().enumerate() {
            if let (Some(bytes), Some(path)) = (write.after, self.journal.staged(at)) {
                (self.before_each)(&path)?;
                stage::write(&path, write.path, bytes, write.executable)?;
                self.set_mode(write.path, &path)?;
                staged.push(path);
            }
        }
        stage::sync(&staged)
    }

    /// Gives `made` the mode that `path` had when it was last there.
    fn set_mode(&self, path: &Path, made: &Path) -> anyhow::Result<()> {
        self.plan.modes.get(path).map_or(Ok(()), |mode| stage::set_mode(made, *mode))
    }

    fn rename(&mut self) -> anyhow::Result<()> {
        for (at, write) in self.writes.iter().enumerate() {
            (self.before_each)(write.path)?;
            check_one(self.plan, write)?;
            match (write.after, self.journal.staged(at)) {
                (Some(_), Some(staged)) => std::fs::rename(&staged, write.path)
                    .with_context(|| format!("failed to write `{}`", write.path.display()))?,
                _ => std::fs::remove_file(write.path)
                    .with_context(|| format!("failed to remove `{}`", write.path.display()))?,
            }
        }
        Ok(())
    }

    /// From here on nothing is taken back by itself: the journal is kept for the person, or goes.
    fn finish(&mut self) -> anyhow::Result<()> {
        let Some(paths) = &self.plan.journal else { return Ok(()) };
        let written = self.writes.iter().map(|write| write.path.to_path_buf());
        stage::sync_names(written.chain(self.journal.dirs()))?;
        (self.before_each)(&paths.running)?;
        match &paths.kept {
            Some(kept) => std::fs::rename(&paths.running, kept),
            None => std::fs::remove_file(&paths.running),
        }
        .with_context(|| format!("failed to put `{}` away", paths.running.display()))?;
        let _ = stage::sync_dir_of(&paths.running); // after a power cut it would be taken back: whole, either way
        Ok(())
    }
}
