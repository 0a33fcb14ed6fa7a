//! What each client here would really load, cut, ignore, shadow or run twice.
//!
//! Responsible for: what stands on disk (whoever wrote it), what the client answers when it is asked, and the
//! difference, compared with what the locks say. One file is one client; what all of them share is data
//! (`[loads]` in `platforms/*.toml`).
//! Must not: print; run anybody's hook; let a client write anywhere but in a scratch home; let a request leave the
//! machine; start a client in a project that the person has not opened in it.

mod claude;
mod codex;
mod compare;
mod cursor;
mod hooks;
mod instructions;
mod listen;
mod opened;
mod pi;
mod process;
mod scan;
mod scratch;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::settings;
use super::target::Roots;
use crate::compile::artifact::Place;
use crate::compile::model::Kind;
use crate::compile::platform::Platform;
use crate::interrupt::Interrupts;

/// One thing that is not as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// A stable name.
    pub code: String,
    /// What is wrong, in one sentence without a full stop.
    pub what: String,
    /// What mends it, as a clause.
    pub mend: String,
}

impl Finding {
    /// A finding.
    pub fn new(code: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { code: code.to_owned(), what: what.into(), mend: mend.into() }
    }
}

/// Something that a lock says we wrote.
#[derive(Debug, Clone)]
pub struct Written {
    /// As the lock names it.
    pub place: Place,
    /// Where it is on this machine.
    pub path: PathBuf,
    /// It is for a project, so the client reads it there only.
    pub in_project: bool,
}

/// What is asked.
pub struct Ask<'a> {
    /// Of this client.
    pub platform: &'a Platform,
    /// Its program; none when there is none, or it must not be started.
    pub program: Option<PathBuf>,
    /// Where things stand.
    pub roots: &'a Roots,
    /// Whole files that the locks own.
    pub written: Vec<Written>,
    /// The directories in which it finds programs.
    pub path: OsString,
    /// The first program of a shell text and its arguments, as far as they are plain words.
    pub words: fn(&str) -> Vec<String>,
    /// A program on `PATH`.
    pub which: fn(&str) -> Option<PathBuf>,
    /// What the client may take to answer all of its questions.
    pub limit: Duration,
    /// The person may have had enough.
    pub interrupts: Interrupts,
}

/// How a client was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "where", content = "why")]
pub enum Asked {
    /// In the project.
    Project,
    /// Outside of it, about what the person has everywhere; why not in it.
    Home(String),
    /// Not at all; why.
    Not(String),
}

/// What is known of one client.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The platform's id.
    pub client: String,
    /// The version that it says it is.
    pub version: Option<String>,
    /// How it was asked.
    pub asked: Asked,
    /// How many items of each kind it loads.
    pub loads: BTreeMap<Kind, usize>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is worth knowing and not wrong.
    pub notes: Vec<String>,
}

/// What a client says it loaded.
#[derive(Debug, Default)]
struct Answer {
    /// By the first kind of a set of names: the names, as [`scan::Item::name`] has them.
    names: BTreeMap<Kind, Vec<String>>,
    version: Option<String>,
    findings: Vec<Finding>,
    notes: Vec<String>,
}

/// A plugin or package that the client loads.
#[derive(Debug, Clone)]
struct Package {
    /// What stands before the names of its items.
    prefix: String,
    dir: PathBuf,
    /// It is on for this project only.
    in_project: bool,
}

/// Asks a client.
type Question = fn(&Ask<'_>, &Seen<'_>) -> Result<Answer, String>;

/// What only one client does.
struct Protocol {
    id: &'static str,
    /// The plugins or packages that are on.
    packages: fn(&Roots) -> Vec<Package>,
    /// How it is asked; none when it cannot be.
    ask: Option<Question>,
    /// What only its own rules say of files.
    own: fn(&Ask<'_>, &[scan::Item]) -> Vec<Finding>,
}

/// What is known before a client is asked.
struct Seen<'a> {
    /// How it is started, and where.
    client: process::Client<'a>,
    scratch: &'a scratch::Scratch,
    packages: &'a [Package],
    /// It is started in the project.
    in_project: bool,
}

const PROTOCOLS: &[Protocol] = &[claude::PROTOCOL, codex::PROTOCOL, cursor::PROTOCOL, pi::PROTOCOL];

/// Looks at everything of one client.
pub fn check(ask: &Ask<'_>) -> Report {
    let protocol = PROTOCOLS.iter().find(|protocol| protocol.id == ask.platform.id);
    let packages = protocol.map(|protocol| (protocol.packages)(ask.roots)).unwrap_or_default();
    let scan::Scanned { items, mut findings, .. } = scan::scan(ask, &packages);
    findings.extend(compare::missing(ask));
    findings.extend(compare::twice(ask, &items));
    findings.extend(compare::taken(ask, &items));
    findings.extend(hooks::check(ask, &packages));
    findings.extend(instructions::check(ask));
    findings.extend(protocol.map(|protocol| (protocol.own)(ask, &items)).unwrap_or_default());
    let mut report = Report {
        client: ask.platform.id.clone(),
        version: None,
        asked: Asked::Not(String::new()),
        loads: BTreeMap::new(),
        findings,
        notes: Vec::new(),
    };
    let (asked, answer) = put(ask, protocol, &packages);
    report.asked = asked;
    if let Some(answer) = &answer {
        report.version.clone_from(&answer.version);
        report.findings.extend(answer.findings.iter().cloned());
        report.notes.extend(answer.notes.iter().cloned());
    }
    let in_project = report.asked == Asked::Project;
    let lost = compare::not_loaded(ask, &items, answer.as_ref(), in_project);
    for item in items.iter().filter(|item| !lost.contains(&item.path)) {
        *report.loads.entry(item.kind).or_default() += 1;
    }
    report.findings.extend(compare::tell_lost(ask, &items, &lost, &report.findings));
    report.findings.sort();
    report.findings.dedup();
    report
}

/// Asks the client, where that can be done.
fn put(ask: &Ask<'_>, protocol: Option<&Protocol>, packages: &[Package]) -> (Asked, Option<Answer>) {
    let title = &ask.platform.title;
    let not = |why: String| (Asked::Not(why), None);
    let Some(question) = protocol.and_then(|protocol| protocol.ask) else {
        return not(format!("{title} has no command that says what it loaded"));
    };
    let Some(program) = ask.program.as_deref() else { return not("it is not on PATH".to_owned()) };
    let scratch = match scratch::Scratch::new(ask.platform, ask.roots) {
        Ok(scratch) => scratch,
        Err(error) => return not(format!("no scratch home could be made for it: {error}")),
    };
    let closed = opened::why_not(ask.platform, ask.roots);
    let in_project = ask.roots.project.as_deref().filter(|_| closed.is_none());
    let cwd = in_project.unwrap_or(&scratch.empty).to_path_buf();
    let client = process::Client {
        program,
        path: &ask.path,
        home: &scratch.home,
        cwd: &cwd,
        until: Instant::now() + ask.limit,
        interrupts: &ask.interrupts,
        env: Vec::new(),
    };
    let seen = Seen { client, scratch: &scratch, packages, in_project: in_project.is_some() };
    let (version, answer) = std::thread::scope(|scope| {
        let version = scope.spawn(|| version(&seen.client));
        let answer = question(ask, &seen);
        (version.join().ok().flatten(), answer)
    });
    match answer {
        Ok(answer) => {
            let answer = Some(Answer { version, ..answer });
            if in_project.is_some() {
                return (Asked::Project, answer);
            }
            (Asked::Home(closed.unwrap_or_else(|| "there is no project here".to_owned())), answer)
        }
        Err(why) => {
            let finding = Finding::new(
                "no-answer",
                format!("{title} does not say what it loaded: {why}"),
                format!(
                    "start `{}` yourself and see what it says",
                    ask.platform.detect.programs.first().map_or("", String::as_str)
                ),
            );
            (Asked::Not(why), Some(Answer { version, findings: vec![finding], ..Answer::default() }))
        }
    }
}

impl Ask<'_> {
    /// How a path is shown.
    fn shown(&self, path: &Path) -> String {
        settings::shown(self.roots, path)
    }

    /// The set of names that `kind` belongs to.
    fn set(&self, kind: Kind) -> Kind {
        let one = &self.platform.loads.one_name;
        one.first().copied().filter(|_| one.contains(&kind)).unwrap_or(kind)
    }

    /// What puts back what was installed.
    fn again(&self, options: &str) -> String {
        format!("the person runs: so install --platform {}{options}", self.platform.id)
    }
}

/// The first version number in what a client says of itself; Pi says it on stderr.
fn version(client: &process::Client<'_>) -> Option<String> {
    let ran = client.run(&["--version"]).ok()?;
    let text = format!("{} {}", ran.stdout, ran.stderr);
    let is_version = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    text.split_whitespace().find(is_version).map(str::to_owned)
}

/// Up to five names, and how many more.
fn some(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
