//! Would bytes be lost that git, the build or nobody's need can give back?
//!
//! Only rules that need this answer ask for it: it walks directories and opens the repository. It has
//! [`TIME`] and [`MAX_ENTRIES`]; past either, everything counts as unsaved.

mod files;
mod git;
pub(in crate::guard) mod regenerable;
mod stamps;
pub(in crate::guard) mod upstream;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use super::Context;
use super::names::Names;

/// How long looking may take.
const TIME: Duration = Duration::from_millis(300);
/// How many directory entries are looked at.
const MAX_ENTRIES: usize = 20_000;
/// How many lost things are named.
const NAMED: usize = 3;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::guard) enum Loss {
    /// Nothing that cannot be had again.
    Nothing,
    /// These, the first few by name.
    Unsaved(Vec<String>),
}

impl Loss {
    /// What would be lost, for people: at most three names.
    pub(in crate::guard) fn named(&self) -> Option<String> {
        let Self::Unsaved(names) = self else { return None };
        let mut shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if names.len() > NAMED {
            shown.push_str(", …");
        }
        Some(shown)
    }
}

/// Something that would be removed or overwritten.
#[derive(Debug, Clone)]
pub(in crate::guard) struct Target {
    /// The file or directory.
    pub path: PathBuf,
    /// Not the directory itself but its entries.
    pub children: bool,
    /// Only these entries.
    pub named: Option<Names>,
    /// Entries at any depth, not only direct ones.
    pub deep: bool,
    /// Overwritten, or a plain file: what is not there is not lost, however dirty the rest is.
    pub single: bool,
    /// Other bytes are put over one file; directories stay.
    pub overwritten: bool,
    /// Of its name only the beginning is known: on the disk, whatever begins so may be meant.
    pub like: Option<Names>,
}

impl Target {
    /// Nothing is there to be overwritten: most redirects write a new file, and need no look at the repository.
    fn is_absent(&self) -> bool {
        self.single && !self.children && self.like.is_none() && self.path.symlink_metadata().is_err()
    }

    /// What was moved away from `path`, as it was written: a pattern or an unknown name may be any entry there.
    pub(in crate::guard) fn moved_from(path: &Path) -> Self {
        let vague = |part: &std::path::Component<'_>| {
            part.as_os_str().to_string_lossy().contains(['*', '?', '[', super::UNKNOWN])
        };
        let known: PathBuf = path.components().take_while(|part| !vague(part)).collect();
        let last =
            path.file_name().filter(|_| path.parent() == Some(&known)).map(std::ffi::OsStr::to_string_lossy);
        let named =
            last.filter(|last| !last.contains(super::UNKNOWN)).map(|last| Names::of(last.into_owned()));
        Self { children: known != path, named: named.filter(|_| known != path), ..Self::tree(&known) }
    }

    /// A whole file or directory.
    pub(in crate::guard) fn tree(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            children: false,
            named: None,
            deep: false,
            single: false,
            overwritten: false,
            like: None,
        }
    }
}

/// What a git command throws away.
#[derive(Debug, Clone)]
pub(in crate::guard) enum Discard {
    /// Changes of tracked files: of these paths (none: all).
    Changes {
        /// Pathspecs.
        paths: Vec<String>,
        /// Staged changes too.
        staged: bool,
    },
    /// Files that git does not track.
    Untracked {
        /// Those that it does not ignore.
        new: bool,
        /// Those that it ignores.
        ignored: bool,
        /// Pathspecs (none: all).
        paths: Vec<String>,
    },
    /// Branches, with the commits that only they reach.
    Branches(Vec<String>),
    /// Stashed changes.
    Stash,
    /// Another working tree with what is unsaved in it.
    Worktree(PathBuf),
    /// A clean working tree, with commits that only it stands on.
    CleanWorktree(PathBuf),
    /// Tags, with the commits that only they reach.
    Tags(Vec<String>),
    /// Ignored files in the way of files that these revisions hold: git writes over them without asking.
    Expendable(Vec<String>),
    /// All that is unsaved, tracked or not: earlier commands may have changed which is which.
    Everything {
        /// Stashed changes too.
        stash: bool,
    },
}

/// Whether `path` lies in a directory that a toolchain makes again, whether or not git ignores it.
pub(in crate::guard) fn is_built(path: &Path, project: &Path) -> bool {
    regenerable::is(path, project, |_| false)
}

/// What removing or overwriting `targets` would lose.
pub(in crate::guard) fn of_paths(mut targets: Vec<Target>, context: &Context) -> Loss {
    targets.retain(|target| !target.is_absent());
    if targets.is_empty() {
        return Loss::Nothing;
    }
    let project = context.project.clone().unwrap_or_else(|| context.cwd.clone());
    if context.assume_dirty {
        return files::assumed(&targets, &project);
    }
    // Nothing is lost where nothing is. The common `> new.txt` costs one look instead of a thread and a repository.
    let place = |target: &Target| match &target.like {
        Some(_) => target.path.parent().map(Path::to_path_buf),
        None => Some(target.path.clone()),
    };
    // Nothing can be put over a directory: it stays as it is.
    let stays = |target: &Target| target.overwritten && !target.children && target.like.is_none();
    let there = |target: &Target| {
        place(target)
            .is_none_or(|path| path.symlink_metadata().is_ok_and(|meta| !(meta.is_dir() && stays(target))))
    };
    let targets: Vec<Target> = targets.into_iter().filter(there).collect();
    if targets.is_empty() {
        return Loss::Nothing;
    }
    let shown = targets.iter().map(|target| target.path.display().to_string()).collect();
    timed(shown, move || files::lost(&targets, &project))
}

/// What `discard` in the repository around `dir` would lose.
pub(in crate::guard) fn of_git(discard: Discard, dir: &Path, assume_dirty: bool) -> Loss {
    let unknown = vec!["unsaved changes".to_owned()];
    if assume_dirty {
        return Loss::Unsaved(unknown);
    }
    let dir = dir.to_path_buf();
    // Going from branch to branch is too common to be asked about because a look took long.
    let unknown = if matches!(discard, Discard::Expendable(_)) { Vec::new() } else { unknown };
    timed(unknown, move || git::lost(&discard, &dir))
}

/// Runs `look` for as long as it may take. A look that takes longer is left behind: the process ends soon.
fn timed(unknown: Vec<String>, look: impl FnOnce() -> Option<Vec<String>> + Send + 'static) -> Loss {
    match within(look).flatten() {
        Some(lost) if lost.is_empty() => Loss::Nothing,
        Some(lost) => Loss::Unsaved(lost),
        None if unknown.is_empty() => Loss::Nothing,
        None => Loss::Unsaved(unknown),
    }
}

/// What `look` finds in time.
fn within<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = send.send(look());
    });
    receive.recv_timeout(TIME).ok()
}
