//! The way back of an apply, on disk before its first write.
//!
//! Responsible for: what each file and directory was before and is after; taking that back, after an error, after a
//! process that was killed, or because the person wants it. What is neither as it was nor as we left it stays.
//! Must not: decide what to write, or follow a project's journal out of that project.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::lock::sha256;
use super::stage;
use super::target::Roots;
use crate::compile::artifact::Root;
use crate::fs::read_optional;
use crate::rel_path::RelPath;

/// The name at the top of the home or of the project, while an apply runs.
const RUNNING: &str = ".so-install.journal";
/// The shape that this version writes.
const SCHEMA: u32 = 1;

/// Where the journal of one apply stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paths {
    /// While it runs.
    pub running: PathBuf,
    /// Afterwards, for a rollback; nowhere when nothing is left installed there.
    pub kept: Option<PathBuf>,
    /// The project that it must not leave; `None` when it reaches into the home.
    pub inside: Option<PathBuf>,
}

/// What an apply does, and what was there before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    schema: u32,
    /// Part of the names of temporary files.
    token: String,
    /// Seconds since 1970, to tell the later of two.
    pub at: i64,
    /// Files, in the order of their writing.
    pub files: Vec<Entry>,
    /// Directories that are made, deepest first.
    pub made: Vec<PathBuf>,
    /// Directories that are removed, deepest first, with their modes.
    pub removed: Vec<(PathBuf, u32)>,
}

/// One file of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// The place it was planned for; `None` for our own records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Bytes>,
    /// Its mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// The hash of what is there then; `None` when it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Bytes as a person can read them, when they are text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bytes {
    /// UTF-8.
    Text(String),
    /// Anything else, as hexadecimal digits.
    Hex(String),
}

/// What came of taking a journal back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Files that are as they were before.
    pub files: usize,
    /// Files that somebody changed since: they stay.
    pub kept: Vec<PathBuf>,
}

impl Bytes {
    /// As a person can read them.
    pub fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Hex(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }

    /// As they are.
    ///
    /// # Errors
    /// Digits that are none.
    pub fn to_vec(&self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Hex(hex) => {
                let byte = |at| hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
                (0..hex.len()).step_by(2).map(|at| byte(at).context("not hexadecimal")).collect()
            }
        }
    }
}

impl Paths {
    /// Where the journal stands of an apply that reaches into the home, or stays in the project.
    pub fn new(roots: &Roots, in_home: bool, keep: bool) -> Self {
        let (top, inside, root) = match &roots.project {
            Some(project) if !in_home => (project, Some(project.clone()), Root::Project),
            _ => (&roots.home, None, Root::Home),
        };
        let kept = kept(roots, root).filter(|_| keep);
        Self { running: top.join(RUNNING), kept, inside }
    }
}

/// Where the journal of the last apply is kept for a rollback.
pub fn kept(roots: &Roots, root: Root) -> Option<PathBuf> {
    let dir = roots.own_dir(root)?;
    Some(if root == Root::Project { dir.join("runtime") } else { dir }.join("last-install.json"))
}

impl Journal {
    /// A journal of nothing yet.
    pub fn new(token: String, at: i64) -> Self {
        Self { schema: SCHEMA, token, at, files: Vec::new(), made: Vec::new(), removed: Vec::new() }
    }

    /// The temporary file beside the file number `at`.
    pub(super) fn staged(&self, at: usize) -> Option<PathBuf> {
        let path = &self.files.get(at)?.path;
        Some(path.with_file_name(format!(".so-{}-{at}", self.token)))
    }

    /// The directories that come or go.
    pub(super) fn dirs(&self) -> impl Iterator<Item = PathBuf> {
        self.made.iter().cloned().chain(self.removed.iter().map(|(dir, _)| dir.clone()))
    }

    /// Writes the journal so that it is there, whole, whatever happens next.
    pub(super) fn save(&self, paths: &Paths) -> anyhow::Result<()> {
        let journal = match &paths.inside {
            Some(project) => self.map(|path| Ok(path.strip_prefix(project)?.to_path_buf()))?,
            None => self.clone(),
        };
        let new = unfinished(&paths.running);
        let write = || -> anyhow::Result<()> {
            let mut file = std::fs::File::create(&new)?;
            // It holds what stands in files of the person's, whoever may read those.
            stage::set_mode_io(&new, 0o600)?;
            file.write_all(&serde_json::to_vec(&journal)?)?;
            file.sync_all()?;
            std::fs::rename(&new, &paths.running)?;
            Ok(stage::sync_dir_of(&paths.running)?)
        };
        write().with_context(|| format!("failed to write `{}`", paths.running.display()))
    }

    /// Reads a journal; one that stands in a project may only name files of that project.
    ///
    /// # Errors
    /// Not a journal, another schema, a path that leaves the project.
    pub fn load(path: &Path, inside: Option<&Path>) -> anyhow::Result<Option<Self>> {
        let Some(bytes) = read_optional(path)? else { return Ok(None) };
        let parse = || -> anyhow::Result<Self> {
            let journal: Self = serde_json::from_slice(&bytes)?;
            let plain = journal.token.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if journal.schema != SCHEMA || !plain {
                bail!("it is of another version of `so`");
            }
            journal.map(|path| match inside {
                Some(project) => confined(project, path),
                None if path.is_absolute() => Ok(path.to_path_buf()),
                None => bail!("`{}` is not absolute", path.display()),
            })
        };
        let hint = "remove it if you do not need what it would take back";
        parse().with_context(|| format!("cannot use `{}`; {hint}", path.display())).map(Some)
    }

    fn map(&self, change: impl Fn(&Path) -> anyhow::Result<PathBuf>) -> anyhow::Result<Self> {
        let mut journal = self.clone();
        for entry in &mut journal.files {
            entry.path = change(&entry.path)?;
        }
        for dir in &mut journal.made {
            *dir = change(dir)?;
        }
        for (dir, _) in &mut journal.removed {
            *dir = change(dir)?;
        }
        Ok(journal)
    }

    /// Takes back what was done so far, and all that can be of it before it says what could not. Ended anywhere, it can
    /// begin anew.
    ///
    /// # Errors
    /// The first failure.
    pub fn take_back(&self) -> anyhow::Result<Undone> {
        self.take_back_with(&mut |_| {})
    }

    /// As [`Self::take_back`]; `before_each` is called before each step that changes the disk.
    fn take_back_with(&self, before_each: &mut dyn FnMut(&Path)) -> anyhow::Result<Undone> {
        let mut first = Ok(());
        let mut note = |result: anyhow::Result<()>| {
            if first.is_ok() {
                first = result;
            }
        };
        for (at, (dir, mode)) in self.removed.iter().enumerate().rev() {
            let staged = dir.with_file_name(format!(".so-{}-d{at}", self.token));
            note(make_again(dir, *mode, &staged, before_each));
        }
        let mut staged = Vec::new();
        let files =
            || self.files.iter().enumerate().filter_map(|(at, entry)| Some((entry, self.staged(at)?)));
        for (entry, path) in files() {
            before_each(&path);
            let _ = std::fs::remove_file(&path); // most are renamed by now
            match entry.stage(&path, before_each) {
                Ok(true) => staged.push(path),
                Ok(false) => {}
                Err(error) => note(Err(error)),
            }
        }
        stage::sync(&staged)?;
        let mut undone = Undone::default();
        for (entry, path) in files().collect::<Vec<_>>().into_iter().rev() {
            match entry.take_back(&path, before_each) {
                Ok(true) => undone.files += 1,
                Ok(false) => undone.kept.push(entry.path.clone()),
                Err(error) => note(Err(error)),
            }
        }
        for dir in &self.made {
            before_each(dir);
            let _ = std::fs::remove_dir(dir); // not empty: somebody else uses it by now
        }
        first.map(|()| undone)
    }
}

impl Entry {
    /// Whether the file is as we left it; `None` when it is as it was before.
    fn is_ours(&self, before: Option<&[u8]>) -> anyhow::Result<Option<bool>> {
        let now = read_optional(&self.path)?;
        let is_changed = now.as_deref() != before;
        Ok(is_changed.then(|| now.as_deref().map(sha256) == self.after))
    }

    fn before(&self) -> anyhow::Result<Option<Vec<u8>>> {
        self.before.as_ref().map(Bytes::to_vec).transpose()
    }

    /// Writes what was there to `staged`, if it has to come back.
    fn stage(&self, staged: &Path, before_each: &mut dyn FnMut(&Path)) -> anyhow::Result<bool> {
        let before = self.before()?;
        let (Some(bytes), Some(true)) = (&before, self.is_ours(before.as_deref())?) else { return Ok(false) };
        before_each(staged);
        stage::write(staged, &self.path, bytes, false)?;
        self.mode.map_or(Ok(()), |mode| stage::set_mode(staged, mode))?;
        Ok(true)
    }

    /// Puts back what was there; `false` when somebody changed the file since.
    fn take_back(&self, staged: &Path, before_each: &mut dyn FnMut(&Path)) -> anyhow::Result<bool> {
        let before = self.before()?;
        match self.is_ours(before.as_deref())? {
            None => return Ok(true),
            Some(false) => return Ok(false),
            Some(true) => before_each(&self.path),
        }
        match before {
            Some(_) => std::fs::rename(staged, &self.path),
            None => std::fs::remove_file(&self.path),
        }
        .with_context(|| format!("failed to put `{}` back", self.path.display()))?;
        Ok(true)
    }
}

/// Makes a directory beside its place and renames it: one that stands there has the mode that it had.
fn make_again(
    dir: &Path,
    mode: u32,
    staged: &Path,
    before_each: &mut dyn FnMut(&Path),
) -> anyhow::Result<()> {
    before_each(staged);
    let _ = std::fs::remove_dir(staged); // left by a run that was ended here
    if dir.is_dir() {
        return Ok(());
    }
    let mut make = || {
        std::fs::create_dir_all(staged)?;
        stage::set_mode_io(staged, mode)?;
        before_each(dir);
        std::fs::rename(staged, dir)
    };
    make().with_context(|| format!("failed to make `{}` again", dir.display()))
}

/// A path below a project that leads nowhere else.
fn confined(project: &Path, path: &Path) -> anyhow::Result<PathBuf> {
    let text = path.to_str().context("a path that is no text")?;
    let rel = RelPath::new(text)?;
    if rel.as_str().split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
        bail!("`{text}` is inside the repository's own data");
    }
    let path = project.join(rel.as_str());
    stage::refuse_links(project, &path)?;
    Ok(path)
}

fn unfinished(running: &Path) -> PathBuf {
    running.with_extension("journal.new")
}

/// The journals of applies that did not end: the home's, then the project's.
fn running(roots: &Roots) -> Vec<Paths> {
    let project = roots.project.iter().map(|_| Paths::new(roots, false, false));
    std::iter::once(Paths::new(roots, true, false)).chain(project).collect()
}

/// Whether an apply did not end here.
pub fn is_pending(roots: &Roots) -> bool {
    running(roots).iter().any(|paths| paths.running.exists())
}

/// Whether anything is left of an apply that was killed, be it a journal that was not begun with.
pub fn is_left(roots: &Roots) -> bool {
    running(roots).iter().any(|paths| paths.running.exists() || unfinished(&paths.running).exists())
}

/// Takes back an apply that did not end; the caller keeps others away ([`super::apply::alone`]). `None`: there was
/// none.
///
/// # Errors
/// A journal that cannot be used, a file that cannot be put back: the journal stays then.
pub fn recover(roots: &Roots) -> anyhow::Result<Option<Undone>> {
    recover_with(roots, &mut |_| {})
}

/// As [`recover`]; `before_each` is called before each step that changes the disk.
///
/// # Errors
/// As [`recover`].
pub fn recover_with(roots: &Roots, before_each: &mut dyn FnMut(&Path)) -> anyhow::Result<Option<Undone>> {
    let mut found = None;
    for paths in running(roots) {
        let _ = std::fs::remove_file(unfinished(&paths.running)); // nothing was begun with it
        if let Some(journal) = Journal::load(&paths.running, paths.inside.as_deref())? {
            let undone = journal.take_back_with(before_each)?;
            // After a power cut the journal must not be gone before what it took back is there.
            let written = journal.files.iter().map(|entry| entry.path.clone());
            stage::sync_names(written.chain(journal.dirs()))?;
            before_each(&paths.running);
            std::fs::remove_file(&paths.running)
                .with_context(|| format!("failed to remove `{}`", paths.running.display()))?;
            let total = found.get_or_insert_with(Undone::default);
            total.files += undone.files;
            total.kept.extend(undone.kept);
        }
    }
    Ok(found)
}
