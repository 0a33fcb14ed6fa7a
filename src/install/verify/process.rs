//! A client as a program: an environment of its own, a limit, and nothing left running.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::interrupt::Interrupts;
use crate::process::{Group, ended, own_group};

const LATE: &str = "it does not answer in time (--limit gives it longer)";
/// Bytes of an output that are kept.
const KEPT: u64 = 8 << 20;
/// How often it is looked whether the person has had enough.
const LOOK: Duration = Duration::from_millis(100);
/// How long something that a client left running may hold its output open.
const GRACE: Duration = Duration::from_millis(300);
/// Variables that say how text is written and who runs this: no key, no address, no switch.
const PASSED: [&str; 7] = ["LANG", "LC_ALL", "LC_CTYPE", "USER", "LOGNAME", "SHELL", "SYSTEMROOT"];

/// How a client is started.
#[derive(Debug, Clone)]
pub(super) struct Client<'a> {
    pub(super) program: &'a Path,
    pub(super) path: &'a OsString,
    pub(super) home: &'a Path,
    pub(super) cwd: &'a Path,
    pub(super) env: Vec<(&'static str, String)>,
    pub(super) until: Instant,
    pub(super) interrupts: &'a Interrupts,
}

/// What a client printed.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// A client that is spoken with, one JSON object a line each way.
pub(super) struct Dialogue<'a> {
    child: Group,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    stderr: Receiver<String>,
    until: Instant,
    interrupts: &'a Interrupts,
}

impl Client<'_> {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(args).current_dir(self.cwd).env_clear();
        for name in PASSED {
            command.envs(crate::env::var_os(name).map(|value| (name, value)));
        }
        // A person's own wrapper of a client may call `so` before it starts it: that `so` asks nobody.
        command.env("PATH", self.path).env("HOME", self.home).env("SO_ASKED", "1").env("TERM", "dumb");
        command.env("TMPDIR", self.home).envs(self.env.iter().map(|(name, value)| (*name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        own_group(&mut command);
        command
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It could not be started, or took too long.
    pub(super) fn run(&self, args: &[&str]) -> Result<Ran, String> {
        let mut group = Group(self.command(args).spawn().map_err(|error| error.to_string())?);
        let stdout = collect(group.0.stdout.take());
        let stderr = collect(group.0.stderr.take());
        let code = loop {
            let left = self.until.saturating_duration_since(Instant::now());
            match ended(&mut group.0, left.min(LOOK)) {
                Ok(Some(status)) => break status.success(),
                Ok(None) if self.interrupts.check().is_err() => return Err("interrupted".to_owned()),
                Ok(None) if left.is_zero() => return Err(LATE.to_owned()),
                Ok(None) => {}
                Err(error) => return Err(error.to_string()),
            }
        };
        let quick = |text: &Receiver<String>| text.recv_timeout(GRACE).ok();
        let (out, err) = (quick(&stdout), quick(&stderr));
        drop(group);
        Ok(Ran {
            success: code,
            stdout: out.or_else(|| stdout.recv().ok()).unwrap_or_default(),
            stderr: err.or_else(|| stderr.recv().ok()).unwrap_or_default(),
        })
    }

    /// Begins to speak with it.
    ///
    /// # Errors
    /// It could not be started.
    pub(super) fn speak(&self, args: &[&str]) -> Result<Dialogue<'_>, String> {
        let mut command = self.command(args);
        let mut child = Group(command.stdin(Stdio::piped()).spawn().map_err(|error| error.to_string())?);
        let stderr = collect(child.0.stderr.take());
        let (send, lines) = channel();
        if let Some(stdout) = child.0.stdout.take() {
            std::thread::spawn(move || {
                let lines = BufReader::new(stdout.take(KEPT)).lines().map_while(Result::ok);
                for value in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
                    if send.send(value).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Dialogue {
            stdin: child.0.stdin.take(),
            child,
            lines,
            stderr,
            until: self.until,
            interrupts: self.interrupts,
        })
    }
}

impl Dialogue<'_> {
    /// Says one object.
    pub(super) fn say(&mut self, message: &Value) {
        if let Some(stdin) = &mut self.stdin {
            let _ = writeln!(stdin, "{message}"); // one that is gone is noticed when its answer is waited for
        }
    }

    /// The first answer that fits.
    ///
    /// # Errors
    /// It ended, with its last words; or it took too long.
    pub(super) fn hear(&mut self, fits: impl Fn(&Value) -> bool) -> Result<Value, String> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left.min(LOOK)) {
                Ok(value) if fits(&value) => return Ok(value),
                Err(_) if self.interrupts.check().is_err() => return Err("interrupted".to_owned()),
                Err(_) if left.is_zero() => return Err(LATE.to_owned()),
                Err(RecvTimeoutError::Disconnected) if self.is_running() => return Err(LATE.to_owned()),
                Err(RecvTimeoutError::Disconnected) => {
                    let words = self.stderr.recv_timeout(GRACE).unwrap_or_default();
                    return Err(format!("it ended: {}", first_line(&words)));
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn is_running(&mut self) -> bool {
        std::thread::sleep(Duration::from_millis(50)); // its output closes a moment before it ends
        matches!(self.child.0.try_wait(), Ok(None))
    }
}

/// The first line with something on it, without colours.
pub(super) fn first_line(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    plain.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().chars().take(300).collect()
}

/// Reads to the end in a thread; the text comes once.
fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            let _ = pipe.take(KEPT).read_to_end(&mut bytes);
        }
        let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receive
}
