//! The runner: a process of its own that outlives the call that started it, and how others wait for it.
//!
//! A run has one directory, named after what it looks at. Whoever finds no result and nobody at work starts it again,
//! so that a runner that was killed is no end.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::commands::{is_stub, missing};
use super::{
    BASELINE, Check, Configured, DIR, GateResult, Status, Variant, compare, counts, leftovers, tree,
};
use crate::session::judged::{self, Ended};
use crate::session::start::ignore;
use crate::{env, fs, process};

const REQUEST: &str = "request.json";
const RESULT: &str = "result.json";
const NOW: &str = "now";
const LOCK: &str = "lock";
/// A runner that was just started has not locked anything yet.
const GRACE: Duration = Duration::from_secs(3);
/// So often a run is started.
const ATTEMPTS: u32 = 3;
/// So many old runs are kept.
const KEPT: usize = 20;
/// Bytes at the end of a log that are searched for counts.
const READ: u64 = 4 << 20;
/// Leftovers that are named.
const NAMED: usize = 10;

/// A run that can be waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its name.
    pub key: String,
    /// How much is checked.
    pub variant: Variant,
    project: PathBuf,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It goes on: with what, and for how many seconds.
    Running(String, u64),
    /// It has ended.
    Done(Box<GateResult>),
}

/// What a runner is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Request {
    tree: String,
    paths: Vec<String>,
    checks: Vec<Wanted>,
    attempt: u32,
    /// The commands, and the programs that they start with.
    #[serde(default)]
    what: String,
    /// The run before left other files behind than it began with, and this one begins with those.
    #[serde(default)]
    is_second: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wanted {
    name: String,
    command: Option<String>,
    skipped: bool,
    seconds: u64,
}

/// Starts the checks, unless they have been made for this very tree or are being made.
///
/// What runs now is waited for first, even when files have changed since: two runs at once would disturb each other.
///
/// # Errors
/// The repository or the directory of results cannot be read or written.
pub fn start(
    project: &Path,
    variant: Variant,
    checks: &[Configured],
    paths: &[String],
) -> anyhow::Result<Ticket> {
    ignore(project)?;
    let tree = tree::hash(project)?;
    let what = what(project, checks, paths);
    let of = |key: String| Ticket { key, variant, project: project.to_path_buf() };
    let mut is_second = false;
    if let Some(last) = std::fs::read_to_string(last(project, &what)).ok().map(of) {
        if last.is_at_work() && last.result()?.is_none() {
            return Ok(last);
        }
        is_second = last.made()?.is_some_and(|made| made.after == tree);
        if is_second && last.holds_for_after()? {
            return Ok(last);
        }
    }
    let ticket = of(tree::short(&format!("{tree} {what}")));
    if ticket.made()?.is_some() {
        return Ok(ticket);
    }
    let wanted = checks.iter().map(|check| Wanted {
        name: check.name.clone(),
        command: check.command.clone(),
        skipped: check.is_skipped,
        seconds: check.limit.as_secs(),
    });
    let checks = wanted.collect();
    prune(&project.join(DIR));
    ticket.begin(&Request { tree, paths: paths.to_vec(), checks, attempt: 1, what, is_second })?;
    Ok(ticket)
}

/// Where the key of the last run of these commands stands.
fn last(project: &Path, what: &str) -> PathBuf {
    project.join(DIR).join(format!("last-{what}"))
}

/// Waits for a run at most `limit`; a runner that has died is started again.
///
/// # Errors
/// It died too often, or its result cannot be read.
pub fn wait(ticket: &Ticket, limit: Duration) -> anyhow::Result<Progress> {
    let until = Instant::now() + limit;
    let mut pause = Duration::from_millis(5);
    let mut ticket = ticket.clone();
    loop {
        if let Some(result) = ticket.result()? {
            let second = if ticket.holds_for_after()? { None } else { Some(ticket.second()?) };
            match second.filter(|second| second.key != ticket.key) {
                Some(second) => ticket = second,
                None => return Ok(Progress::Done(Box::new(result))),
            }
        } else if !ticket.is_at_work() && ticket.made()?.is_none() {
            ticket.again()?;
        }
        if Instant::now() >= until {
            let since = ticket.age(REQUEST).unwrap_or_default().as_secs();
            let what = std::fs::read_to_string(ticket.path(NOW)).unwrap_or_default();
            return Ok(Progress::Running(what, since));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// The runner itself: makes the checks of the run `key` and writes the result down. Nothing when another does.
///
/// # Errors
/// The run is not there, or its result cannot be written.
pub fn runner(project: &Path, key: &str) -> anyhow::Result<()> {
    if !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        bail!("`{key}` is no run");
    }
    let ticket = Ticket { key: key.to_owned(), variant: Variant::Full, project: project.to_path_buf() };
    let lock = File::options().write(true).create(true).truncate(false).open(ticket.path(LOCK))?;
    if lock.try_lock().is_err() || ticket.path(RESULT).exists() {
        return Ok(());
    }
    let request: Request = serde_json::from_slice(&std::fs::read(ticket.path(REQUEST))?)?;
    let mut checks = Vec::new();
    for (at, wanted) in request.checks.iter().enumerate() {
        let now = format!("{} ({} of {})", wanted.name, at + 1, request.checks.len());
        let _ = fs::replace(&ticket.path(NOW), now.as_bytes(), false);
        checks.push(ticket.check(wanted, &request.paths));
    }
    let after = tree::hash(project).unwrap_or_default();
    let made = Made { tree: request.tree, after, checks };
    let text = serde_json::to_vec_pretty(&made)?;
    fs::atomic_write(&ticket.path(RESULT), &text, false)
}

/// What a run found, whatever it is compared with later.
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    tree: String,
    after: String,
    checks: Vec<Check>,
}

impl Ticket {
    fn path(&self, name: &str) -> PathBuf {
        self.project.join(DIR).join(&self.key).join(name)
    }

    fn age(&self, name: &str) -> Option<Duration> {
        SystemTime::now().duration_since(self.path(name).metadata().ok()?.modified().ok()?).ok()
    }

    fn made(&self) -> anyhow::Result<Option<Made>> {
        let Some(bytes) = fs::read_optional(&self.path(RESULT))? else { return Ok(None) };
        let made = serde_json::from_slice(&bytes);
        made.with_context(|| format!("`{}` cannot be understood; remove it", self.path(RESULT).display()))
            .map(Some)
    }

    /// Writes down what is to be done, and starts it.
    fn begin(&self, request: &Request) -> anyhow::Result<()> {
        self.spawn(request)?;
        fs::replace(&last(&self.project, &request.what), self.key.as_bytes(), false)
    }

    /// The same checks of the files as they are now.
    fn second(&self) -> anyhow::Result<Self> {
        let request: Request = serde_json::from_slice(&std::fs::read(self.path(REQUEST))?)?;
        let tree = tree::hash(&self.project)?;
        let second = Self { key: tree::short(&format!("{tree} {}", request.what)), ..self.clone() };
        if second.made()?.is_none() {
            second.begin(&Request { tree, attempt: 1, is_second: true, ..request })?;
        }
        Ok(second)
    }

    /// Whether the result speaks of the files that were there at its end. When they are others than at the beginning,
    /// the checks wrote them or somebody else did, meanwhile: a second run tells, and one that differs again is taken
    /// for checks that write.
    fn holds_for_after(&self) -> anyhow::Result<bool> {
        let Some(made) = self.made()? else { return Ok(false) };
        if made.tree == made.after {
            return Ok(true);
        }
        let request = fs::read_optional(&self.path(REQUEST))?.unwrap_or_default();
        Ok(serde_json::from_slice::<Request>(&request).is_ok_and(|request| request.is_second))
    }

    /// The result, held against the baseline; a baseline is kept for later.
    fn result(&self) -> anyhow::Result<Option<GateResult>> {
        let Some(made) = self.made()? else { return Ok(None) };
        let before = if self.variant == Variant::Baseline { None } else { super::baseline(&self.project) };
        let (result, reasons) = compare::judge(&made.checks, before.as_ref());
        let green = result == super::Verdict::Green;
        let result = GateResult {
            variant: self.variant,
            result,
            green,
            checks: made.checks,
            reasons,
            tree: made.tree,
        };
        let baseline = self.project.join(DIR).join(BASELINE);
        if self.variant == Variant::Baseline && !baseline.exists() && self.holds_for_after()? {
            let text = serde_json::to_vec_pretty(&result)?;
            fs::atomic_write(&baseline, &text, false)?;
        }
        Ok(Some(result))
    }

    /// Whether a runner holds the lock, or was started just now.
    fn is_at_work(&self) -> bool {
        let Ok(lock) = File::options().write(true).open(self.path(LOCK)) else {
            return self.age(REQUEST).is_some_and(|age| age < GRACE);
        };
        matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
            || self.age(REQUEST).is_some_and(|age| age < GRACE)
    }

    fn again(&self) -> anyhow::Result<()> {
        let mut request: Request = serde_json::from_slice(&std::fs::read(self.path(REQUEST))?)?;
        if request.attempt >= ATTEMPTS {
            bail!(
                "the checks were started {ATTEMPTS} times and ended without a result; see the logs in `{DIR}/{}`",
                self.key
            );
        }
        request.attempt += 1;
        self.spawn(&request)
    }

    /// Starts the runner as nobody's child, in a process group of its own: whoever ends this call does not end it.
    fn spawn(&self, request: &Request) -> anyhow::Result<()> {
        fs::atomic_write(&self.path(REQUEST), &serde_json::to_vec_pretty(request)?, false)?;
        let program = std::env::current_exe().context("failed to find this program's own file")?;
        let script = r#""$0" --project "$1" gate runner "$2" >/dev/null 2>&1 </dev/null &"#;
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(program).arg(&self.project).arg(&self.key);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        process::own_group(&mut shell);
        shell.status().context("failed to start the checks")?;
        Ok(())
    }

    fn check(&self, wanted: &Wanted, paths: &[String]) -> Check {
        let command = wanted.command.clone().unwrap_or_default();
        let mut check = Check {
            name: wanted.name.clone(),
            command: command.clone(),
            status: Status::Absent,
            seconds: 0,
            counts: None,
            log: String::new(),
            findings: Vec::new(),
        };
        if wanted.skipped {
            check.status = Status::SkippedByConfig;
        } else if wanted.command.is_none() {
            check.status = Status::Absent;
        } else if let Err(refusal) = judged::check(&self.project, &command) {
            check.status = Status::Refused;
            check.findings.push(refusal.to_string());
        } else if let Some(program) = missing(&self.project, &command) {
            check.status = Status::Missing;
            check.findings.push(format!("`{program}` is not there"));
        } else if is_stub(&command) {
            check.status = Status::Stub;
            check.findings.push("it cannot fail".to_owned());
        } else {
            self.run(&mut check, wanted, paths);
        }
        check
    }

    fn run(&self, check: &mut Check, wanted: &Wanted, paths: &[String]) {
        let name: String =
            wanted.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let log = self.path(&format!("{name}.log"));
        check.log = format!("{DIR}/{}/{name}.log", self.key);
        let begun = Instant::now();
        let ended =
            judged::run(&self.project, &check.command, paths, &log, Duration::from_secs(wanted.seconds));
        check.seconds = begun.elapsed().as_secs();
        check.status = match ended {
            Ok(Ended::Code(0)) => Status::Pass,
            // What `sh` says of a program that it does not find.
            Ok(Ended::Code(127)) => Status::Missing,
            Ok(Ended::Code(code)) => {
                check.findings.push(format!("it ended with {code}"));
                Status::Fail
            }
            Ok(Ended::TimedOut) => {
                check.findings.push(format!("it took longer than {} s", wanted.seconds));
                Status::Timeout
            }
            Err(error) => {
                check.findings.push(format!("it could not be run: {error}"));
                Status::Fail
            }
        };
        check.counts = counts(&judged::tail(&log, READ));
        if wanted.name == "lint" {
            let left = leftovers(&self.project).unwrap_or_default();
            let named = left.iter().take(NAMED);
            check.findings.extend(
                named.map(|left| format!("{}:{}: {} was left behind", left.path, left.line, left.what)),
            );
        }
    }
}

/// What a result depends on beside the tree: the commands, and the programs that they start with.
fn what(project: &Path, checks: &[Configured], paths: &[String]) -> String {
    let mut all = String::new();
    for check in checks {
        let command = check.command.as_deref().unwrap_or_default();
        let skipped = if check.is_skipped { "skipped" } else { "" };
        let parts = [check.name.as_str(), command, skipped, &program(project, command)];
        all.push_str(&parts.join("\0"));
        all.push('\n');
    }
    tree::short(&format!("{all}{}", paths.join("\0")))
}

/// The file of the program that a command starts with, and when it was made: another version is another file.
fn program(project: &Path, command: &str) -> String {
    let first = command.split_whitespace().next().unwrap_or_default();
    let file = if first.contains('/') { Some(project.join(first)) } else { env::which(first) };
    let stamp = file.and_then(|file| {
        let meta = file.metadata().ok()?;
        let made = meta.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(format!("{} {} {}", file.display(), meta.len(), made.as_nanos()))
    });
    stamp.unwrap_or_default()
}

/// Removes the oldest runs.
fn prune(dir: &Path) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut runs: Vec<_> = entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    runs.sort();
    let surplus = runs.len().saturating_sub(KEPT);
    for (_, run) in runs.into_iter().take(surplus) {
        let _ = std::fs::remove_dir_all(run);
    }
}
