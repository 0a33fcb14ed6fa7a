//! Programs under a time limit, each in a process group of its own, so that nothing a client starts
//! outlives its test. No client's protocol is known here beyond "one JSON object a line".

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A turn takes 2 to 7 seconds on an idle machine; the rest is for a busy one.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// How long an ended program's grandchildren may hold its output open.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Ran {
    /// `None`: ended by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) elapsed: Duration,
}

/// A child that takes its whole process group with it when dropped.
struct Group(Child);

/// A program that is spoken with, a JSON object a line each way.
pub(crate) struct Dialogue {
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    stderr: Receiver<String>,
    _group: Group,
}

/// Runs to the end with an empty stdin.
///
/// # Panics
/// Past [`LIMIT`], with what was written until then.
pub(crate) fn run(command: &mut Command) -> Ran {
    let started = Instant::now();
    let mut group = Group::start(command.stdin(Stdio::null()));
    let stdout = collect(group.0.stdout.take().unwrap());
    let stderr = collect(group.0.stderr.take().unwrap());
    let status = loop {
        if let Some(status) = group.0.try_wait().unwrap() {
            break Some(status);
        }
        if started.elapsed() > LIMIT {
            break None;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let elapsed = started.elapsed();
    let (stdout, stderr) = group.end_with(&stdout, &stderr);
    let Some(status) = status else { panic!("{command:?} did not end\n{stdout}\n{stderr}") };
    Ran { code: status.code(), stdout, stderr, elapsed }
}

impl Ran {
    /// Passes itself on if the program exited with 0.
    pub(crate) fn success(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// Every line of stdout that is JSON; clients mix in plain words.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Stdout as one JSON value.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, elapsed } = self;
        write!(f, "exit {code:?} after {elapsed:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

impl Group {
    fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Waits briefly for both outputs to close, then ends what still holds them open.
    fn end_with(self, stdout: &Receiver<String>, stderr: &Receiver<String>) -> (String, String) {
        let out = stdout.recv_timeout(GRACE);
        let err = stderr.recv_timeout(GRACE);
        drop(self);
        let or_rest = |text: Result<String, _>, rest: &Receiver<String>| text.or_else(|_| rest.recv());
        (or_rest(out, stdout).unwrap_or_default(), or_rest(err, stderr).unwrap_or_default())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The group outlives its first process; "no such process" is the usual answer here.
        let group = format!("-{}", self.0.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status());
        drop(self.0.wait());
    }
}

impl Dialogue {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut group = Group::start(command.stdin(Stdio::piped()));
        let stderr = collect(group.0.stderr.take().unwrap());
        let stdout = BufReader::new(group.0.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let values =
                stdout.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
            for value in values {
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        Self { stdin: group.0.stdin.take(), lines, stderr, _group: group }
    }

    pub(crate) fn send(&mut self, message: &Value) {
        writeln!(self.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    /// The next object from the program.
    ///
    /// # Panics
    /// If there is none before [`LIMIT`], or the program has ended.
    pub(crate) fn next(&mut self) -> Value {
        match self.lines.recv_timeout(LIMIT) {
            Ok(value) => value,
            Err(RecvTimeoutError::Timeout) => panic!("no answer within {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the program ended: {}", self.stderr.recv_timeout(GRACE).unwrap_or_default())
            }
        }
    }
}

/// Reads to the end in a thread; the text arrives once, when the pipe closes.
fn collect(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(pipe.read_to_end(&mut bytes));
        drop(sender.send(String::from_utf8_lossy(&bytes).into_owned()));
    });
    receiver
}

#[test]
fn output_that_a_grandchild_holds_open_does_not_hang() {
    let started = Instant::now();
    let ran = run(Command::new("sh").args(["-c", "echo out; echo err >&2; sleep 9 & exit 3"]));
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(3), "out\n", "err\n"));
    assert!(started.elapsed() < Duration::from_secs(8));
}
