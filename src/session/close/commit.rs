//! One commit of some files and nothing else, through `git`, so that hooks and signing run.
//!
//! `git commit --only` takes the files as they are in the working tree and leaves alone what else is staged.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::secrets;
use crate::git;
use crate::guard::undo::ReadOnly;
use crate::process;

/// The line of a message that tells a session's commits.
pub(super) const TRAILER: &str = "So-Session";

/// Commits `paths` of the working tree with `message`; its id.
///
/// # Errors
/// Git or one of its hooks refuses; the index is as before then.
pub(super) fn commit(project: &Path, paths: &[String], message: &str) -> anyhow::Result<String> {
    writable(project)?;
    let new = untracked(project, paths)?;
    // Git commits only what it knows of; a promise to add is taken back when the commit fails.
    if !new.is_empty() {
        run(project, &["add", "--intent-to-add", "--force"], &new, "make new files known to git")?;
    }
    let message = message.trim_end();
    let output = fed(project, &["commit", "--quiet", "--only", "-m", message], paths)?;
    if !output.status.success() {
        if !new.is_empty() {
            let _ = run(project, &["reset", "--quiet"], &new, "take the promise back");
        }
        bail!("git does not commit: {}", said(&output));
    }
    head(project)
}

/// Whether git's own files can be written, asked before anything is: in a client's sandbox they cannot.
fn writable(project: &Path) -> anyhow::Result<()> {
    let Ok(repository) = git2::Repository::open(project) else { return Ok(()) };
    for dir in [repository.path(), repository.commondir()] {
        let made = tempfile::Builder::new().prefix("so-").tempfile_in(dir);
        if let Err(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) =
            made.map_err(|error| error.kind())
        {
            return Err(ReadOnly { path: dir.to_path_buf() }.into());
        }
    }
    Ok(())
}

/// Waits until git is through that a close has started which was ended since.
pub(super) fn settle(project: &Path) {
    const LIMIT: Duration = Duration::from_secs(10);
    let Ok(repository) = git2::Repository::open(project) else { return };
    let (lock, until) = (repository.path().join("index.lock"), Instant::now() + LIMIT);
    while lock.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The commit that is checked out; empty before the first.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn head(project: &Path) -> anyhow::Result<String> {
    let output = git::command(project).args(["rev-parse", "--verify", "--quiet", "HEAD"]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether the commit that is checked out is `session`'s own, made on top of `parent`.
///
/// # Errors
/// Git cannot be run.
pub(super) fn is_made(project: &Path, parent: &str, session: &str) -> anyhow::Result<bool> {
    let format = format!("--format=%P%n%(trailers:key={TRAILER},valueonly)");
    let output = git::command(project).args(["log", "-1", &format]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines();
    Ok(lines.next() == Some(parent) && lines.any(|line| line.trim() == session))
}

/// Secrets in the lines that `paths` add, as `path:line: what`.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn secrets(project: &Path, paths: &[String]) -> anyhow::Result<Vec<String>> {
    let Ok(repository) = git2::Repository::open(project) else { return Ok(Vec::new()) };
    let head = repository.head().and_then(|head| head.peel_to_tree()).ok();
    let mut options = git2::DiffOptions::new();
    options
        .context_lines(0)
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .show_untracked_content(true);
    options.disable_pathspec_match(true);
    for path in paths {
        options.pathspec(path);
    }
    let diff = repository.diff_tree_to_workdir_with_index(head.as_ref(), Some(&mut options))?;
    let mut found = Vec::new();
    diff.foreach(
        &mut |_, _| true,
        None,
        None,
        Some(&mut |delta, _, line| {
            let text = String::from_utf8_lossy(line.content());
            if line.origin() == '+'
                && let Some(what) = secrets::in_line(&text)
            {
                let path = delta.new_file().path_bytes().map(git::path).unwrap_or_default();
                found.push(format!("{}:{}: {what}", path.display(), line.new_lineno().unwrap_or_default()));
            }
            true
        }),
    )?;
    Ok(found)
}

fn untracked(project: &Path, paths: &[String]) -> anyhow::Result<Vec<String>> {
    let repository = git2::Repository::open(project)?;
    let is_new = |path: &&String| {
        repository
            .status_file(Path::new(path.as_str()))
            .is_ok_and(|status| status.contains(git2::Status::WT_NEW))
    };
    Ok(paths.iter().filter(is_new).cloned().collect())
}

fn run(project: &Path, args: &[&str], paths: &[String], what: &str) -> anyhow::Result<()> {
    let output = fed(project, args, paths)?;
    if output.status.success() { Ok(()) } else { bail!("failed to {what}: {}", said(&output)) }
}

/// Runs git with paths that are taken as they are, however they are written.
fn fed(project: &Path, args: &[&str], paths: &[String]) -> anyhow::Result<Output> {
    let mut command = git::command(project);
    command.args(["--literal-pathspecs"]).args(args).args(["--pathspec-from-file=-", "--pathspec-file-nul"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Who ends this call does not end git in the middle, which would leave its lock behind.
    process::own_group(&mut command);
    let mut child = command.spawn().context("failed to run git")?;
    let list = paths.join("\0");
    if let Some(mut input) = child.stdin.take() {
        input.write_all(list.as_bytes())?;
    }
    child.wait_with_output().context("failed to run git")
}

/// The end of what git and its hooks say.
pub(super) fn said(output: &Output) -> String {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let end = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default();
    if end.is_empty() { "it says nothing".to_owned() } else { end.join("\n") }
}
