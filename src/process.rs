//! Programs that this one starts: a process group of their own, a limit of time, and nothing left running.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// A process that takes its group with it when it is dropped.
#[derive(Debug)]
pub struct Group(pub Child);

/// Gives what is started a process group of its own: it is ended with all that it starts, and does not end with us.
#[cfg(unix)]
pub fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Gives what is started a process group of its own; here there are none.
#[cfg(not(unix))]
pub fn own_group(_command: &mut Command) {}

/// Waits for a process at most `limit`; how it ended, `None` while it runs.
///
/// # Errors
/// The system does not say.
pub fn ended(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let took = begun.elapsed();
        if took >= limit {
            return Ok(None);
        }
        // What is short is seen at once; what takes long is not asked for without end.
        let pause = (took / 16).clamp(Duration::from_millis(1), Duration::from_millis(100));
        std::thread::sleep(pause.min(limit.saturating_sub(took)));
    }
}

/// The same, and past the limit it is ended; then `None`.
pub fn ended_by(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let status = ended(child, limit).ok().flatten();
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    status
}

/// The exit code; 128 and more for a signal.
#[cfg(unix)]
pub fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// The exit code.
#[cfg(not(unix))]
pub fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(128)
}

/// Ends everything in the process group of `leader`.
#[cfg(unix)]
pub fn kill_group(leader: u32) {
    if let Some(id) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
    }
}

/// Ends everything in the process group of `leader`; here there are none.
#[cfg(not(unix))]
pub fn kill_group(_leader: u32) {}

impl Drop for Group {
    fn drop(&mut self) {
        kill_group(self.0.id());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> io::Result<Child> {
        let mut command = Command::new("sh");
        own_group(command.args(["-c", script]));
        command.spawn()
    }

    #[test]
    fn the_end_is_seen_and_the_limit_kept() {
        let status = ended(&mut shell("exit 3").unwrap(), Duration::from_secs(9)).unwrap().unwrap();
        assert_eq!(code(status), 3);
        let begun = Instant::now();
        let mut slow = shell("sleep 9").unwrap();
        assert!(ended(&mut slow, Duration::from_millis(50)).unwrap().is_none());
        assert!(ended_by(&mut slow, Duration::from_millis(50)).is_none());
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(slow.try_wait().unwrap().is_some(), "it is ended");
    }

    #[test]
    fn a_group_goes_as_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("late");
        let group = Group(shell(&format!("(sleep 1; touch '{}') & wait", file.display())).unwrap());
        drop(group);
        std::thread::sleep(Duration::from_millis(1_300));
        assert!(!file.exists());
    }
}
