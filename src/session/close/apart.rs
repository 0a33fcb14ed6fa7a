//! The gate on what will be committed, where that is not what stands in the tree: files that are not the session's could
//! hide that its commit is broken.
//!
//! It is looked at in a working tree of its own, beside what git ignores there (installed packages, builds). What cannot
//! be made apart, as in a client's sandbox, or takes too long to, is not judged apart, and that is said.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Files, Step};
use crate::process::{self, Group};
use crate::session::gate::{self, GateResult, Progress, Status, Ticket, Verdict};
use crate::{fs, git, plain};

/// What will be committed, below the project.
const COMMITTED: &str = ".orchestrator/runtime/committed";
/// What is committed already.
const HEAD: &str = ".orchestrator/runtime/head";
/// How it is called where the close has to wait for it.
const BEFORE: &str = "what was committed before";
/// A tree that takes longer to lay out is not judged apart.
const CHECKOUT: Duration = Duration::from_secs(20);
/// Files that are named.
const NAMED: usize = 3;

/// How what will be committed was judged.
pub(super) enum Apart {
    /// The close does not go on: something runs, or what will be committed is red though the tree is not.
    Stops(Step),
    /// It goes on; why it could not be judged by itself, where it could not.
    Goes(Option<String>),
}

/// A working tree to judge in.
enum Made {
    At(PathBuf),
    /// None could be made, for this reason.
    Not(String),
    /// It is being made.
    Busy,
}

/// Judges what will be committed, where that is not the tree that `whole` was said of.
///
/// # Errors
/// The files cannot be copied, or the gate cannot be started.
pub(super) fn check(
    project: &Path,
    files: &Files,
    whole: &GateResult,
    gate: &dyn Fn(&Path) -> anyhow::Result<Ticket>,
    patience: Duration,
) -> anyhow::Result<Apart> {
    let is_all = files.left.is_empty() || files.own().is_empty();
    if is_all || whole.checks.iter().all(|check| check.command.is_empty()) {
        return Ok(Apart::Goes(None));
    }
    let until = Instant::now() + patience;
    let judge = |dir: &Path| gate::wait(&gate(dir)?, until.saturating_duration_since(Instant::now()));
    let committed = match made(project, COMMITTED, &files.own(), &whole.tree, until)? {
        Made::At(dir) => judge(&dir)?,
        Made::Not(why) => return Ok(Apart::Goes(Some(why))),
        Made::Busy => return Ok(waits("what will be committed", "it is laid out")),
    };
    let apart = match committed {
        Progress::Done(result) => result,
        Progress::Running(what, seconds) => {
            return Ok(waits("what will be committed", &format!("{what}, for {seconds} s")));
        }
    };
    if apart.result != Verdict::Red || lacks(&apart, whole) {
        return Ok(Apart::Goes(None));
    }
    // The project may need what is left with and without this session: then that is no news.
    let head = match made(project, HEAD, &[], &whole.tree, until)? {
        Made::At(dir) => Some(judge(&dir)?),
        Made::Not(_) => None,
        Made::Busy => return Ok(waits(BEFORE, "it is laid out")),
    };
    match head {
        Some(Progress::Done(head)) if !gate::is_worse(&apart, &head) => Ok(Apart::Goes(None)),
        Some(Progress::Running(what, seconds)) => Ok(waits(BEFORE, &format!("{what}, for {seconds} s"))),
        _ => Ok(Apart::Stops(Step::Red(Box::new(named(*apart, files))))),
    }
}

fn waits(of: &str, what: &str) -> Apart {
    Apart::Stops(Step::Wait(format!("{of}, by itself: {what}")))
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

/// HEAD with the files that are `own` as they stand, in a working tree `at`. One that was made of the same is used again.
fn made(project: &Path, at: &str, own: &[String], tree: &str, until: Instant) -> anyhow::Result<Made> {
    let (dir, note) = (project.join(at), beside(project, at, "of"));
    let of = format!("{tree}\n{}\n", own.join("\n"));
    let Some(lock) = hold(&beside(project, at, "lock"), until)? else { return Ok(Made::Busy) };
    if dir.is_dir() && fs::read_optional(&note)?.is_some_and(|made| made == of.as_bytes()) {
        return Ok(Made::At(dir));
    }
    clear(project, at);
    let left = until.saturating_duration_since(Instant::now());
    if let Some(why) = check_out(project, &dir, &lock, left.min(CHECKOUT))? {
        clear(project, at);
        return Ok(Made::Not(why));
    }
    for path in own {
        copy(&project.join(path), &dir.join(path))?;
    }
    link_ignored(project, &dir);
    if let Some(baseline) = fs::read_optional(&project.join(gate::DIR).join(gate::BASELINE))? {
        fs::atomic_write(&dir.join(gate::DIR).join(gate::BASELINE), &baseline, false)?;
    }
    fs::atomic_write(&note, of.as_bytes(), false)?;
    Ok(Made::At(dir))
}

/// The lock of whoever makes a tree; `None` when another holds it until `until`.
fn hold(path: &Path, until: Instant) -> anyhow::Result<Option<File>> {
    let file = File::options().read(true).append(true).create(true).open(path)?;
    Ok(fs::lock_until(&file, until)?.then_some(file))
}

/// Lays HEAD out in `dir`; why it could not be done in time, if it could not.
///
/// What git says goes to the lock: a lock of the system is held as long as anybody has the file open, so that who comes
/// next does not clear away under a git whose `so` was ended.
fn check_out(project: &Path, dir: &Path, lock: &File, limit: Duration) -> anyhow::Result<Option<String>> {
    let mut said = lock.try_clone()?;
    said.set_len(0)?;
    let mut command = git::command(project);
    // Hooks of a checkout are meant for a person's own. Twice by force: what was ended in the middle counts as locked.
    command.args(["-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--force", "--force"]);
    command.args(["--detach", "--"]).arg(dir).arg("HEAD");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.try_clone()?);
    process::own_group(&mut command);
    let mut git = Group(command.spawn()?);
    let Some(status) = process::ended(&mut git.0, limit)? else {
        return Ok(Some(format!("to lay it out takes longer than {} s", limit.as_secs())));
    };
    if status.success() {
        return Ok(None);
    }
    let mut text = String::new();
    said.seek(SeekFrom::Start(0))?;
    said.take(1 << 16).read_to_string(&mut text)?;
    let words = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    Ok(Some(format!("git does not lay it out: {}", plain::line(words, 160))))
}

/// A file beside a working tree: what it was made of, or who makes it.
fn beside(project: &Path, at: &str, ending: &str) -> PathBuf {
    project.join(format!("{at}.{ending}"))
}

/// Takes away what was made.
pub(super) fn remove(project: &Path) {
    for at in [COMMITTED, HEAD] {
        clear(project, at);
        let _ = std::fs::remove_file(beside(project, at, "lock"));
    }
}

fn clear(project: &Path, at: &str) {
    let dir = project.join(at);
    let _ = std::fs::remove_file(beside(project, at, "of"));
    if !dir.exists() && !is_known(project, &dir) {
        return;
    }
    // Git holds a tree that was ended in the middle for locked; it goes all the same.
    for args in [&["unlock", "--"][..], &["remove", "--force", "--"]] {
        let _ = git::command(project).arg("worktree").args(args).arg(&dir).output();
    }
    let _ = std::fs::remove_dir_all(&dir);
    let _ = git::command(project).args(["worktree", "prune"]).output();
}

/// Whether git has a working tree there, be it half made.
fn is_known(project: &Path, dir: &Path) -> bool {
    let Ok(repository) = git2::Repository::open(project) else { return false };
    let entries = std::fs::read_dir(repository.commondir().join("worktrees")).into_iter().flatten().flatten();
    let place = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("gitdir")).ok();
    entries.filter_map(place).any(|gitdir| Path::new(gitdir.trim()) == dir.join(".git"))
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
fn link_ignored(project: &Path, dir: &Path) {
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_to_lay_out_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path();
        for args in [
            &["init", "-q"][..],
            &["config", "filter.slow.smudge", "sleep 30; cat"],
            &["config", "user.email", "dev@example.invalid"],
            &["config", "user.name", "Dev"],
        ] {
            assert!(git::command(project).args(args).status().unwrap().success());
        }
        fs::atomic_write(&project.join(".gitattributes"), b"a filter=slow\n", false).unwrap();
        fs::atomic_write(&project.join("a"), b"x\n", false).unwrap();
        for args in [&["add", "."][..], &["commit", "-qm", "first"]] {
            assert!(git::command(project).args(args).status().unwrap().success());
        }
        let begun = Instant::now();
        let lock = hold(&project.join("lock"), begun).unwrap().unwrap();
        let at = project.join("apart");
        let why = check_out(project, &at, &lock, Duration::from_millis(300)).unwrap();
        assert_eq!(why.as_deref(), Some("to lay it out takes longer than 0 s"));
        drop(lock);
        let soon = Instant::now() + Duration::from_secs(5);
        assert!(hold(&project.join("lock"), soon).unwrap().is_some(), "nobody is at it any more");
        clear(project, "apart");
        assert!(!is_known(project, &at) && !at.exists());
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
