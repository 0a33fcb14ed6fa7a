//! Commands that `so` itself runs, for a plan, a gate or a config: judged like anything an agent runs, then run apart.
//!
//! Nobody can be asked while a gate runs, so that a question counts as a refusal. What runs has its own process group,
//! no input, a limit of time, and a log that a flood of output cannot fill.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::guard::{self, Context, Decision};
use crate::{env, process};

/// Bytes of the beginning and of the end of an output that a log keeps.
pub const KEPT: u64 = 1 << 20;

/// Why a command is not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{command}` is not run: {reason}")]
pub struct Refusal {
    /// The command.
    pub command: String,
    /// What the guard says.
    pub reason: String,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code; 128 and more for a signal.
    Code(i32),
    /// It took longer than it may.
    TimedOut,
}

/// Whether the guard lets `command` run in `project`.
///
/// # Errors
/// What is against it.
pub fn check(project: &Path, command: &str) -> Result<(), Refusal> {
    let context = Context::at(project).with_policy(env::config_dir().as_deref());
    let verdict = guard::check(command, &context);
    if verdict.decision() == Decision::Allow {
        return Ok(());
    }
    let reason = verdict.strictest().map(guard::Finding::message).unwrap_or_default();
    Err(Refusal { command: command.to_owned(), reason })
}

/// Runs a command in `project` as `sh -c`, with `args` as `"$@"`; its output goes to `log`.
///
/// # Errors
/// It cannot be started, or the log cannot be written.
pub fn run(project: &Path, command: &str, args: &[String], log: &Path, limit: Duration) -> io::Result<Ended> {
    let (reader, writer) = io::pipe()?;
    let mut shell = Command::new("sh");
    shell.args(["-c", command, "so"]).args(args).current_dir(project);
    shell.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    process::own_group(&mut shell);
    let mut child = shell.spawn()?;
    drop(shell); // its ends of the pipe would keep the reader waiting
    let mut file = File::create(log)?;
    let (send, done) = mpsc::channel();
    std::thread::spawn(move || send.send(copy(reader, &mut file)));
    let ended = wait(&mut child, limit)?;
    // What it left running in the background goes with it.
    if ended == Ended::TimedOut || done.recv_timeout(Duration::from_secs(1)).is_err() {
        process::kill_group(child.id());
        let _ = child.wait();
        let _ = done.recv_timeout(Duration::from_secs(1));
    }
    Ok(ended)
}

fn wait(child: &mut Child, limit: Duration) -> io::Result<Ended> {
    Ok(process::ended(child, limit)?.map_or(Ended::TimedOut, |status| Ended::Code(process::code(status))))
}

/// Copies the beginning as it comes, and the end when it has come.
fn copy(mut from: impl io::Read, to: &mut File) -> io::Result<()> {
    let (mut total, mut tail, mut chunk) = (0_u64, Vec::new(), vec![0; 1 << 16]);
    loop {
        let read = from.read(&mut chunk)?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        let room = usize::try_from(KEPT.saturating_sub(total)).unwrap_or(usize::MAX).min(read);
        let (head, rest) = bytes.split_at(room);
        to.write_all(head)?;
        tail.extend_from_slice(rest);
        total += read as u64;
        let kept = usize::try_from(KEPT).unwrap_or(usize::MAX);
        if tail.len() > 2 * kept {
            tail.drain(..tail.len() - kept);
        }
    }
    let kept = tail.len().min(usize::try_from(KEPT).unwrap_or(usize::MAX));
    let left_out = total.saturating_sub(KEPT).saturating_sub(kept as u64);
    if left_out > 0 {
        write!(to, "\n[… {left_out} bytes are left out …]\n")?;
    }
    to.write_all(tail.get(tail.len() - kept..).unwrap_or_default())
}

/// The end of a log, at most `bytes` of it, from the beginning of a line.
pub fn tail(log: &Path, bytes: u64) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let whole =
            if length > bytes { text.split_once('\n').map(|(_, rest)| rest.to_owned()) } else { None };
        Ok(whole.unwrap_or(text))
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_in(dir: &Path, command: &str, args: &[&str], limit: u64) -> (Ended, String) {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let log = dir.join("log");
        let ended = run(dir, command, &args, &log, Duration::from_millis(limit)).unwrap();
        (ended, String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned())
    }

    #[cfg(unix)]
    #[test]
    fn it_is_run_apart_and_ends() {
        let dir = tempfile::tempdir().unwrap();
        let run = |command: &str, args: &[&str], limit| run_in(dir.path(), command, args, limit);
        assert_eq!(
            run("printf '%s|' \"$@\"; exit 3", &["a b", "$(c)"], 10_000),
            (Ended::Code(3), "a b|$(c)|".into())
        );
        assert_eq!(run("cat; echo end", &[], 10_000), (Ended::Code(0), "end\n".into()));
        assert_eq!(run("kill -TERM $$", &[], 10_000).0, Ended::Code(143));
        assert_eq!(run("echo begun; sleep 60; echo never", &[], 300), (Ended::TimedOut, "begun\n".into()));
        let (ended, log) = run("sleep 60 & echo $!", &[], 10_000);
        assert_eq!(ended, Ended::Code(0));
        let gone = !Path::new("/proc").join(log.trim()).join("cwd").exists();
        assert!(gone || cfg!(not(target_os = "linux")), "what it left behind is still there");
    }

    #[cfg(unix)]
    #[test]
    fn a_flood_keeps_its_beginning_and_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let (ended, log) = run_in(dir.path(), "echo first; yes | head -c 8000000; echo last", &[], 30_000);
        assert_eq!(ended, Ended::Code(0));
        assert!(log.starts_with("first\n") && log.ends_with("last\n") && log.contains("bytes are left out"));
        assert!(log.len() < 3 << 20, "{}", log.len());
    }

    #[test]
    fn what_an_agent_may_not_run_nobody_runs_for_it() {
        let dir = tempfile::tempdir().unwrap();
        git2::Repository::init(dir.path()).unwrap();
        assert_eq!(check(dir.path(), "true"), Ok(()));
        let refused = check(dir.path(), "git push --force origin main").unwrap_err();
        assert!(refused.to_string().contains("force-push"), "{refused}");
    }
}
