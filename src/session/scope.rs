//! What the open wave may touch: read from `.orchestrator/runtime/scope.json`, which only `so` writes.
//!
//! No file: no wave is open and nothing is held to a scope. A file that cannot be read is said, never taken for none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::glob::{Case, Glob};
use crate::guard;

/// Where the scope of an open wave stands, below the project.
pub const FILE: &str = ".orchestrator/runtime/scope.json";

/// What becomes of a write outside the scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// It is refused.
    Strict,
    /// The model is told.
    #[default]
    Warn,
    /// Nothing.
    Off,
}

impl Enforcement {
    /// What a project's setting says; what it does not know is the default.
    pub fn of(setting: Option<&str>) -> Self {
        match setting {
            Some("strict") => Self::Strict,
            Some("off") => Self::Off,
            _ => Self::Warn,
        }
    }

    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Warn => "warn",
            Self::Off => "off",
        }
    }
}

/// The open wave.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Its number.
    pub wave: u32,
    /// What kind of work it does, such as `Discovery` or `Impl-Core`.
    pub role: String,
    /// What becomes of a write outside it.
    pub enforcement: Enforcement,
    /// What the wave as a whole may touch; without it, what its tasks may.
    pub allowed: Vec<String>,
    /// What each task may touch.
    pub tasks: BTreeMap<String, Vec<String>>,
    /// Commands that this wave does not run.
    pub commands: Commands,
    /// Where reports go: the only place that a wave may write whose role is to read.
    pub report: Vec<String>,
    /// The project.
    #[serde(skip)]
    pub root: PathBuf,
    /// Whether case tells names apart there.
    #[serde(skip)]
    pub case: Case,
}

/// What the wave says about commands.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Commands {
    /// Beginnings of commands that are refused, such as `npm publish`.
    pub deny: Vec<String>,
}

/// What a scope has against a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// Who writes has not said which task it works on, and here it must.
    Unbound,
    /// The path, and the task whose file it is, if it is one's.
    Outside(String, Option<String>),
}

/// Roles that read, and write only their reports.
const READERS: &[&str] = &["discovery", "review", "research"];

impl Scope {
    /// The scope of the wave that is open in the project at `root`; `None` without one.
    ///
    /// # Errors
    /// A file that is there and cannot be read or understood, as a clause with its name.
    pub fn open(root: &Path) -> Result<Option<Self>, String> {
        let text = match std::fs::read(root.join(FILE)) {
            Ok(text) => text,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(format!("{FILE} cannot be read: {error}")),
        };
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err(format!("{FILE} holds no object"));
        }
        let mut scope: Self =
            serde_json::from_slice(&text).map_err(|error| format!("{FILE} cannot be understood: {error}"))?;
        // A disk on which the directory answers to capitals too takes both for one name.
        let shouted = root.join(".ORCHESTRATOR").symlink_metadata().is_ok();
        scope.case = if shouted { Case::Insensitive } else { Case::Sensitive };
        scope.root = guard::real(root, false).unwrap_or_else(|| root.to_path_buf());
        Ok(Some(scope))
    }

    /// Whether the role only reads.
    pub fn is_read_only(&self) -> bool {
        !self.role.is_empty()
            && self
                .role
                .split(['+', ',', '/'])
                .all(|role| READERS.contains(&role.trim().to_lowercase().as_str()))
    }

    /// The patterns that hold for one who works on `task`, or on none that is known.
    pub fn patterns(&self, task: Option<&str>) -> Vec<&str> {
        let own = task.and_then(|task| self.tasks.get(task));
        let all = self.tasks.values().flatten().chain(&self.allowed);
        let work: Vec<&String> = match own {
            _ if self.is_read_only() => Vec::new(),
            Some(own) => own.iter().collect(),
            None if self.allowed.is_empty() => all.collect(),
            None => self.allowed.iter().collect(),
        };
        work.into_iter().chain(&self.report).map(String::as_str).collect()
    }

    /// The path as globs name it; `None` outside the project. `path` is absolute.
    pub fn relative(&self, path: &Path, entry: bool) -> Option<String> {
        let real = guard::real(path, entry)?;
        let inner = real.strip_prefix(&self.root).ok()?;
        Some(inner.to_string_lossy().replace('\\', "/")).filter(|inner| !inner.is_empty() || !entry)
    }

    /// What is against a write to `path`, relative to the project, by one who works on `task`. `below`: not to this
    /// path, but somewhere below it.
    ///
    /// # Errors
    /// A pattern that means nothing.
    pub fn against(&self, task: Option<&str>, path: &str, below: bool) -> Result<Option<Against>, String> {
        if self.enforcement == Enforcement::Off {
            return Ok(None);
        }
        let is_report =
            self.takes(&self.report.iter().map(String::as_str).collect::<Vec<_>>(), path, below)?;
        if is_report {
            return Ok(None);
        }
        let must_say = self.enforcement == Enforcement::Strict && !self.tasks.is_empty();
        if must_say && task.is_none() && !self.is_read_only() {
            return Ok(Some(Against::Unbound));
        }
        if self.takes(&self.patterns(task), path, below)? {
            return Ok(None);
        }
        let shown =
            if below { format!("{path}/…").trim_start_matches('/').to_owned() } else { path.to_owned() };
        Ok(Some(Against::Outside(shown, self.task_of(path, below)?)))
    }

    /// Whether `path` belongs to `task`, or to the wave where no task is known.
    ///
    /// # Errors
    /// A pattern that means nothing.
    pub fn holds(&self, task: Option<&str>, path: &str) -> Result<bool, String> {
        self.takes(&self.patterns(task), path, false)
    }

    /// The first task whose file it is.
    pub fn task_of(&self, path: &str, below: bool) -> Result<Option<String>, String> {
        for (id, patterns) in &self.tasks {
            if self.takes(&patterns.iter().map(String::as_str).collect::<Vec<_>>(), path, below)? {
                return Ok(Some(id.clone()));
            }
        }
        Ok(None)
    }

    fn takes(&self, patterns: &[&str], path: &str, below: bool) -> Result<bool, String> {
        for pattern in patterns {
            let glob = self.glob(pattern)?;
            if if below { glob.covers(path) } else { glob.matches(path) } {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn glob(&self, pattern: &str) -> Result<Glob, String> {
        Glob::new(pattern, self.case)
            .map_err(|why| format!("{FILE} has a pattern `{pattern}` that means nothing: {why}"))
    }

    /// A file that both tasks may touch.
    ///
    /// # Errors
    /// A pattern that means nothing.
    pub fn overlap(&self, one: &str, other: &str) -> Result<Option<String>, String> {
        let globs = |task: &str| -> Result<Vec<Glob>, String> {
            self.tasks.get(task).into_iter().flatten().map(|pattern| self.glob(pattern)).collect()
        };
        let (ones, others) = (globs(one)?, globs(other)?);
        Ok(ones.iter().find_map(|one| others.iter().find_map(|other| one.overlap(other))))
    }

    /// The beginning of a command that this wave does not run, where `words` begin with it.
    pub fn denies(&self, words: &[String]) -> Option<&str> {
        let begins = |denied: &&String| {
            let mut parts = denied.split_whitespace().peekable();
            parts.peek().is_some()
                && parts
                    .enumerate()
                    .all(|(at, part)| words.get(at).is_some_and(|word| part == "*" || part == word))
        };
        self.commands.deny.iter().find(begins).map(String::as_str)
    }
}

/// What each task of the open wave is told, below the project: beside the rules, so that hooks need not read it.
pub const BRIEFS: &str = ".orchestrator/runtime/briefs.json";

/// What the tasks of the open wave are told, by task; empty without a wave.
pub fn briefs(root: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read(root.join(BRIEFS)).ok();
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// What is strange about the file, for people: keys that nobody knows and patterns that mean nothing.
pub fn findings(root: &Path) -> Vec<String> {
    const KEYS: &[&str] =
        &["allowed", "commands", "enforcement", "report", "role", "schema", "tasks", "wave"];
    let text = std::fs::read(root.join(FILE)).unwrap_or_default();
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(&text) else { return Vec::new() };
    let unknown = object.keys().filter(|key| !KEYS.contains(&key.as_str()));
    let mut found: Vec<String> =
        unknown.map(|key| format!("{FILE} has a key `{key}` that nobody knows")).collect();
    if let Ok(Some(scope)) = Scope::open(root) {
        let patterns = scope.tasks.values().flatten().chain(&scope.allowed).chain(&scope.report);
        found.extend(patterns.filter_map(|pattern| scope.glob(pattern).err()));
    }
    found
}

fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
