//! Files that would be removed or overwritten, compared with the last commit and the index.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use git2::{Index, ObjectType, Oid, Repository};

use super::{Loss, MAX_ENTRIES, Target, regenerable, stamps};
use crate::guard::names::Names;

/// Largest file that is hashed; a larger one counts as unsaved.
const MAX_HASHED: u64 = 64 << 20;
/// Enough names to show and to know that there are more.
const ENOUGH: usize = super::NAMED + 1;

/// Without looking at contents: everything is unsaved but what the build makes again or is not there to overwrite.
pub(super) fn assumed(targets: &[Target], project: &Path) -> Loss {
    let repository = Repository::discover(project).ok();
    let ignored = |path: &Path| {
        // What is not there would be a directory: `build/` among the ignored ones means only those.
        let path = if path.symlink_metadata().is_ok() { path.to_path_buf() } else { path.join("") };
        repository.as_ref().is_some_and(|repository| repository.is_path_ignored(path).unwrap_or(false))
    };
    let lost: Vec<String> = targets
        .iter()
        .filter(|target| !(target.single && !target.children && target.path.symlink_metadata().is_err()))
        // One file with a name that is not known yet: most likely a new one, unless a pattern finds it there.
        .filter(|target| !(target.overwritten && target.children) || finds_any(target))
        .filter(|target| match target.named.as_ref().and_then(Names::patterns) {
            Some(names) => !names
                .iter()
                .all(|name| regenerable::file_name(name) || regenerable::directory_name(name, project)),
            None => !regenerable::is(&target.path, project, ignored),
        })
        .map(|target| described(target, project))
        .collect();
    if lost.is_empty() { Loss::Nothing } else { Loss::Unsaved(lost) }
}

/// Whether a pattern stands for what is there already.
fn finds_any(target: &Target) -> bool {
    let Some(names) = &target.named else { return false };
    let entries = std::fs::read_dir(&target.path).into_iter().flatten().flatten().take(MAX_ENTRIES);
    let mut files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
    files.any(|entry| names.matches(&format!("/{}", entry.file_name().to_string_lossy())))
}

/// Names of what would be lost; `None` when there was too much to look at.
pub(super) fn lost(targets: &[Target], project: &Path) -> Option<Vec<String>> {
    let mut look = Look::new(project);
    for target in targets {
        if let (Some(like), Some(dir)) = (&target.like, target.path.parent()) {
            let target = Target { named: Some(like.clone()), children: true, ..Target::tree(dir) };
            look.entries(&target, dir)?;
        } else if target.children {
            look.entries(target, &target.path)?;
        } else {
            look.tree(&target.path)?;
        }
        if look.lost.len() >= ENOUGH {
            break;
        }
    }
    Some(look.lost)
}

struct Look<'p> {
    project: &'p Path,
    saved: Option<Saved>,
    left: usize,
    lost: Vec<String>,
}

/// What git can give back. What each of thousands of files is compared with is read once.
struct Saved {
    repository: Repository,
    root: PathBuf,
    head: Option<Oid>,
    index: Option<Index>,
    /// When the index was written, in nanoseconds since 1970.
    written: i128,
}

impl<'p> Look<'p> {
    fn new(project: &'p Path) -> Self {
        let saved = Repository::discover(project).ok().and_then(|repository| {
            let root = repository.workdir()?.canonicalize().ok()?;
            Some(Saved::of(repository, root))
        });
        Self { project, saved, left: MAX_ENTRIES, lost: Vec::new() }
    }

    /// The entries of a directory that the target means.
    fn entries(&mut self, target: &Target, dir: &Path) -> Option<()> {
        let Ok(entries) = std::fs::read_dir(dir) else { return Some(()) };
        for entry in entries.flatten() {
            self.left = self.left.checked_sub(1)?;
            if self.lost.len() >= ENOUGH {
                break;
            }
            let path = entry.path();
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            // A shell's pattern passes over hidden entries; `find` does not.
            let dotted = |pattern: &String| pattern.starts_with('.');
            let patterns = target.named.as_ref().and_then(Names::patterns);
            let hidden = !target.deep
                && shown.starts_with('.')
                && !patterns.is_some_and(|patterns| patterns.iter().any(dotted));
            let spared = name == ".git"
                && target.deep
                && target.named.as_ref().is_some_and(|names| !names.reaches_repository());
            let below = path.strip_prefix(&target.path).unwrap_or(&path);
            let below = format!("/{}", below.to_string_lossy());
            let kept = target.overwritten && entry.file_type().is_ok_and(|kind| kind.is_dir());
            let named = target.named.as_ref().is_none_or(|names| names.matches(&below));
            let meant = named && !(hidden || spared || kept);
            if meant {
                self.tree(&path)?;
            } else if target.deep && entry.file_type().is_ok_and(|kind| kind.is_dir()) && name != ".git" {
                self.entries(target, &path)?;
            }
        }
        Some(())
    }

    /// A file, or everything below a directory.
    fn tree(&mut self, path: &Path) -> Option<()> {
        let Ok(meta) = path.symlink_metadata() else { return Some(()) };
        if self.lost.len() >= ENOUGH
            || regenerable::is(path, self.project, |path| self.ignored(path)) && !self.tracked_below(path)
        {
            return Some(());
        }
        if path.file_name().is_some_and(|name| name == ".git") {
            self.lost.push(format!("the repository {}", shown(path, self.project)));
            return Some(());
        }
        if meta.is_dir() {
            for entry in std::fs::read_dir(path).ok()?.flatten() {
                self.left = self.left.checked_sub(1)?;
                self.tree(&entry.path())?;
            }
        } else if !self.is_saved(path, &meta) {
            self.lost.push(shown(path, self.project));
        }
        Some(())
    }

    fn ignored(&self, path: &Path) -> bool {
        self.saved.as_ref().is_some_and(|saved| saved.repository.is_path_ignored(path).unwrap_or(false))
    }

    /// Whether git tracks anything at or below `path`.
    fn tracked_below(&self, path: &Path) -> bool {
        let Some(saved) = &self.saved else { return false };
        let (Some(relative), Some(index)) = (saved.relative(path), &saved.index) else { return false };
        index.find_prefix(&relative).is_ok()
    }

    /// Nothing in it, or the same bytes are in the last commit or the index.
    fn is_saved(&self, path: &Path, meta: &Metadata) -> bool {
        let link = meta.file_type().is_symlink();
        if meta.len() == 0 || !(meta.is_file() || link) {
            return true;
        }
        let Some(saved) = &self.saved else { return false };
        let Some(relative) = saved.relative(path) else { return false };
        if saved.is_untouched(&relative, meta) {
            return true;
        }
        if meta.len() > MAX_HASHED {
            return false;
        }
        let hash = if link {
            std::fs::read_link(path)
                .ok()
                .and_then(|to| Oid::hash_object(ObjectType::Blob, to.as_os_str().as_encoded_bytes()).ok())
        } else {
            Oid::hash_file(ObjectType::Blob, path).ok()
        };
        hash.is_some_and(|hash| saved.holds(&relative, hash))
    }
}

impl Saved {
    fn of(repository: Repository, root: PathBuf) -> Self {
        let head = repository.head().and_then(|head| head.peel_to_tree()).map(|tree| tree.id()).ok();
        let index = repository.index().ok();
        let written = stamps::written(&repository);
        Self { repository, root, head, index, written }
    }

    fn relative(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(&self.root).ok().map(Path::to_path_buf)
    }

    /// Whether the file is, by all that the file system tells of it, the one whose bytes git has put into the index.
    fn is_untouched(&self, relative: &Path, meta: &Metadata) -> bool {
        let entry = self.index.as_ref().and_then(|index| index.get_path(relative, 0));
        entry.is_some_and(|entry| {
            stamps::untouched(&entry, meta, self.written)
                && self.repository.odb().is_ok_and(|store| store.exists(entry.id))
        })
    }

    fn holds(&self, relative: &Path, hash: Oid) -> bool {
        let entry = self.index.as_ref().and_then(|index| index.get_path(relative, 0));
        if entry.is_some_and(|entry| entry.id == hash) {
            return true;
        }
        let tree = self.head.and_then(|head| self.repository.find_tree(head).ok());
        tree.and_then(|tree| tree.get_path(relative).ok()).is_some_and(|entry| entry.id() == hash)
    }
}

/// A target for people: entries by their patterns, where there are some.
fn described(target: &Target, project: &Path) -> String {
    let path = shown(&target.path, project);
    let path = if path.is_empty() { ".".to_owned() } else { path };
    match target.named.as_ref().and_then(Names::patterns) {
        Some(names) => format!("{} in {path}", names.iter().take(3).cloned().collect::<Vec<_>>().join(", ")),
        None => path,
    }
}

fn shown(path: &Path, project: &Path) -> String {
    path.strip_prefix(project).unwrap_or(path).display().to_string()
}
