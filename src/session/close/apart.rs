//! The gate on what will be committed, where that is not what stands in the tree: files that are not the session's could
//! hide that its commit is broken.
//!
//! It is looked at in a working tree of its own, beside what git ignores there (installed packages, builds). What cannot
//! be made apart, as in a client's sandbox, is not judged apart.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Files, Step};
use crate::session::gate::{self, GateResult, Progress, Status, Ticket, Verdict};
use crate::{fs, git};

/// What will be committed, below the project.
const COMMITTED: &str = ".orchestrator/runtime/committed";
/// What is committed already.
const HEAD: &str = ".orchestrator/runtime/head";
/// Files that are named.
const NAMED: usize = 3;

/// A step where the close does not go on: something runs, or what will be committed is red though the tree is not.
///
/// # Errors
/// The files cannot be copied, or the gate cannot be started.
pub(super) fn check(
    project: &Path,
    files: &Files,
    whole: &GateResult,
    gate: &dyn Fn(&Path) -> anyhow::Result<Ticket>,
    patience: Duration,
) -> anyhow::Result<Option<Step>> {
    let is_all = files.left.is_empty() || files.own().is_empty();
    if is_all || whole.checks.iter().all(|check| check.command.is_empty()) {
        return Ok(None);
    }
    let until = Instant::now() + patience;
    let judge = |at: &str, own: &[String]| -> anyhow::Result<Option<Progress>> {
        let Some(dir) = made(project, at, own, &whole.tree)? else { return Ok(None) };
        Ok(Some(gate::wait(&gate(&dir)?, until.saturating_duration_since(Instant::now()))?))
    };
    let apart = match judge(COMMITTED, &files.own())? {
        Some(Progress::Done(result)) => result,
        Some(Progress::Running(what, seconds)) => return Ok(waits("what will be committed", &what, seconds)),
        None => return Ok(None),
    };
    if apart.result != Verdict::Red || lacks(&apart, whole) {
        return Ok(None);
    }
    // The project may need what is left with and without this session: then that is no news.
    match judge(HEAD, &[])? {
        Some(Progress::Done(head)) if !gate::is_worse(&apart, &head) => Ok(None),
        Some(Progress::Running(what, seconds)) => Ok(waits("what was committed before", &what, seconds)),
        _ => Ok(Some(Step::Red(Box::new(named(*apart, files))))),
    }
}

fn waits(of: &str, what: &str, seconds: u64) -> Option<Step> {
    Some(Step::Wait(format!("{of}, by itself: {what}, for {seconds} s")))
}

/// Whether a program is not to be found there that is in the project: that says nothing of the files.
fn lacks(apart: &GateResult, whole: &GateResult) -> bool {
    let is_off = |status: Status| matches!(status, Status::Missing | Status::Refused);
    let in_whole = |name: &str| whole.checks.iter().any(|check| check.name == name && is_off(check.status));
    apart.checks.iter().any(|check| is_off(check.status) && !in_whole(&check.name))
}

/// The result with its reason, and with its logs where they stand.
fn named(mut result: GateResult, files: &Files) -> GateResult {
    let mut names: Vec<&str> = files.left.keys().map(String::as_str).take(NAMED).collect();
    if files.left.len() > NAMED {
        names.push("…");
    }
    let why = format!("what would be committed fails without what is left ({})", names.join(", "));
    result.reasons.insert(0, why);
    for check in result.checks.iter_mut().filter(|check| !check.log.is_empty()) {
        check.log = format!("{COMMITTED}/{}", check.log);
    }
    result
}

/// HEAD with the files that are `own` as they stand, in a working tree `at`; `None` where none can be made. One that was
/// made of the same is used again.
fn made(project: &Path, at: &str, own: &[String], tree: &str) -> anyhow::Result<Option<PathBuf>> {
    let (dir, note) = (project.join(at), note(project, at));
    let of = format!("{tree}\n{}\n", own.join("\n"));
    if dir.is_dir() && fs::read_optional(&note)?.is_some_and(|made| made == of.as_bytes()) {
        return Ok(Some(dir));
    }
    clear(project, at);
    let mut command = git::command(project);
    // Hooks of a checkout are meant for a person's own.
    command.args([
        "-c",
        "core.hooksPath=/dev/null",
        "worktree",
        "add",
        "--quiet",
        "--force",
        "--detach",
        "--",
    ]);
    let output = command.arg(&dir).arg("HEAD").output()?;
    if !output.status.success() {
        return Ok(None);
    }
    for path in own {
        copy(&project.join(path), &dir.join(path))?;
    }
    beside(project, &dir);
    if let Some(baseline) = fs::read_optional(&project.join(gate::DIR).join(gate::BASELINE))? {
        fs::atomic_write(&dir.join(gate::DIR).join(gate::BASELINE), &baseline, false)?;
    }
    fs::atomic_write(&note, of.as_bytes(), false)?;
    Ok(Some(dir))
}

/// What a working tree was made of, beside it.
fn note(project: &Path, at: &str) -> PathBuf {
    project.join(format!("{at}.of"))
}

/// Takes away what was made.
pub(super) fn remove(project: &Path) {
    clear(project, COMMITTED);
    clear(project, HEAD);
}

fn clear(project: &Path, at: &str) {
    let dir = project.join(at);
    if !dir.exists() {
        return;
    }
    let mut command = git::command(project);
    let _ = command.args(["worktree", "remove", "--force", "--"]).arg(&dir).output();
    let _ = std::fs::remove_dir_all(&dir);
    let _ = std::fs::remove_file(note(project, at));
    let _ = git::command(project).args(["worktree", "prune"]).output();
}

/// One file as it stands; one that is gone is gone there too.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let _ = std::fs::remove_file(to);
    let Ok(meta) = from.symlink_metadata() else { return Ok(()) };
    std::fs::create_dir_all(to.parent().unwrap_or(to))?;
    if meta.is_symlink() {
        return link(&std::fs::read_link(from)?, to);
    }
    std::fs::copy(from, to)?;
    Ok(())
}

/// What git ignores at the top of the project: packages and builds that the checks need.
fn beside(project: &Path, dir: &Path) {
    let Ok(repository) = git2::Repository::open(project) else { return };
    let entries = std::fs::read_dir(project).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let is_ours = name == ".orchestrator" || name == ".git";
        if !is_ours
            && repository.is_path_ignored(Path::new(&name)).unwrap_or(false)
            && !dir.join(&name).exists()
        {
            let _ = link(&entry.path(), &dir.join(&name));
        }
    }
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> anyhow::Result<()> {
    Ok(std::os::unix::fs::symlink(to, at)?)
}

#[cfg(not(unix))]
fn link(_to: &Path, _at: &Path) -> anyhow::Result<()> {
    Ok(())
}
