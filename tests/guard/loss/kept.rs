//! What a world holds that nothing but itself can give back, and whether it still holds it after a command.
//!
//! - A file's bytes are kept where a file anywhere in the world has them, begins with them (it was appended to), or a
//!   commit that a reference or a reflog reaches, or an index, holds them as a blob.
//! - What was staged is kept as long as the object is there: git itself drops staged versions at every `git add`, and
//!   `git fsck --lost-found` gives them back for two weeks.
//! - A commit is kept as long as a reference or a reflog reaches it; of stash entries the files count, not the commits,
//!   because `git stash pop` puts the one in place of the other.
//! - What a build makes again is not missed, and neither are permissions, names and empty files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};

/// Everything that has to be there afterwards.
#[derive(Clone)]
pub(super) struct Kept {
    files: BTreeMap<PathBuf, Vec<u8>>,
    commits: BTreeSet<Oid>,
    staged: BTreeSet<Oid>,
    /// To see at once that nothing was touched.
    print: Print,
}

/// Directories that a build makes again, in every world.
const BUILT: &[&str] = &["target", "node_modules", "build", "__pycache__"];

/// Files of git that a person has written.
const OF_A_PERSON: &[&str] = &["hooks", "info"];

impl Kept {
    /// What `world` holds now.
    pub(super) fn of(world: &Path) -> Self {
        let git = Git::of(world);
        Self {
            files: [files(world, false), git.stashed.clone()].into_iter().flatten().collect(),
            commits: git.reached.clone(),
            staged: git.staged.clone(),
            print: print(world),
        }
    }

    /// The files that were changed, made or removed since.
    pub(super) fn touched(&self, world: &Path) -> BTreeSet<PathBuf> {
        let now = print(world);
        let other = |(path, about): &(&PathBuf, &Stat)| self.print.get(*path) != Some(about);
        let changed = now.iter().filter(other).map(|(path, _)| path.clone());
        changed.chain(self.print.keys().filter(|path| !now.contains_key(*path)).cloned()).collect()
    }

    /// What was there and is not any more.
    pub(super) fn missing(&self, world: &Path) -> Vec<String> {
        if self.touched(world).is_empty() {
            return Vec::new();
        }
        let now = files(world, true);
        let contents: BTreeSet<&[u8]> = now.values().map(Vec::as_slice).collect();
        let longer = |bytes: &[u8]| now.values().any(|other| other.starts_with(bytes));
        let gone: Vec<_> = self
            .files
            .iter()
            .filter(|(_, bytes)| !contents.contains(bytes.as_slice()) && !longer(bytes))
            .collect();
        let git = Git::of(world);
        let blob = |bytes: &[u8]| Oid::hash_object(ObjectType::Blob, bytes).expect("a hash");
        let lost = gone.into_iter().filter(|(path, bytes)| {
            let link = bytes.strip_prefix(LINK).unwrap_or(bytes);
            let oid = blob(link);
            let was_staged = self.staged.contains(&oid) && git.has(oid);
            !(git.held().contains(&oid) || was_staged) || is_of_git(path)
        });
        let files = lost.map(|(path, _)| path.display().to_string());
        let now: BTreeSet<Oid> = git.reached.union(&git.of_stash).copied().collect();
        let commits = self.commits.difference(&now).map(|oid| format!("commit {oid}"));
        let staged = self.staged.iter().filter(|oid| !git.has(**oid)).map(|oid| format!("staged {oid}"));
        files.chain(commits).chain(staged).collect()
    }
}

/// Before the target of a link, so that it is not taken for a file's bytes.
const LINK: &[u8] = b"link to ";

fn is_of_git(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == ".git")
}

fn walk(world: &Path) -> impl Iterator<Item = walkdir::DirEntry> + use<> {
    walkdir::WalkDir::new(world).into_iter().filter_map(Result::ok)
}

/// The bytes of all files that count; with `built` also of those that a build makes, where something may have gone.
fn files(world: &Path, also_built: bool) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in walk(world) {
        let path = entry.path().strip_prefix(world).expect("below").to_path_buf();
        let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let built = parts.iter().any(|part| BUILT.contains(&part.as_str()));
        let git = parts.iter().position(|part| part == ".git" || part.ends_with(".git"));
        let own =
            git.is_some_and(|at| parts.get(at + 1).is_none_or(|part| !OF_A_PERSON.contains(&part.as_str())));
        if built && !also_built || own {
            continue;
        }
        let bytes = if entry.file_type().is_symlink() {
            let target = std::fs::read_link(entry.path()).expect("a link");
            [LINK, target.as_os_str().as_encoded_bytes()].concat()
        } else if entry.file_type().is_file() {
            std::fs::read(entry.path()).unwrap_or_default()
        } else {
            continue;
        };
        if !bytes.is_empty() {
            found.insert(path, bytes);
        }
    }
    found
}

/// What is in a world as far as `stat` tells: kind and mode, for files the size and the time.
type Print = BTreeMap<PathBuf, Stat>;
type Stat = (u32, u64, i64, i64);

fn print(world: &Path) -> Print {
    use std::os::unix::fs::MetadataExt as _;
    let of = |entry: walkdir::DirEntry| {
        let meta = entry.metadata().ok()?;
        let path = entry.path().strip_prefix(world).ok()?.to_path_buf();
        let size = if meta.is_dir() { 0 } else { meta.len() };
        let time = if meta.is_file() { (meta.mtime(), meta.mtime_nsec()) } else { (0, 0) };
        let file = (meta.mode(), size, time.0, time.1);
        Some((path, file))
    };
    walk(world).filter_map(of).collect()
}

/// All repositories of a world.
struct Git {
    repositories: Vec<Repository>,
    /// Commits that something else than the stash reaches.
    reached: BTreeSet<Oid>,
    /// Commits that the stash reaches.
    of_stash: BTreeSet<Oid>,
    /// The files of stash entries.
    stashed: BTreeMap<PathBuf, Vec<u8>>,
    staged: BTreeSet<Oid>,
}

impl Git {
    fn of(world: &Path) -> Self {
        let is_repository = |path: &Path| path.join("HEAD").is_file() && path.join("objects").is_dir();
        let dirs: Vec<PathBuf> = walk(world)
            .filter(|entry| entry.file_type().is_dir() && is_repository(entry.path()))
            .map(walkdir::DirEntry::into_path)
            .collect();
        let mut git = Self {
            repositories: Vec::new(),
            reached: BTreeSet::new(),
            of_stash: BTreeSet::new(),
            stashed: BTreeMap::new(),
            staged: BTreeSet::new(),
        };
        for dir in dirs {
            let Ok(repository) = Repository::open(&dir) else { continue };
            git.reached.extend(reached(&repository, &dir, false));
            git.of_stash.extend(reached(&repository, &dir, true));
            for commit in git.of_stash.difference(&git.reached) {
                git.stashed.extend(stashed(&repository, *commit));
            }
            git.staged.extend(indexes(&dir).iter().flat_map(|index| index.iter()).map(|entry| entry.id));
            git.repositories.push(repository);
        }
        git
    }

    /// Whether any repository has the object.
    fn has(&self, oid: Oid) -> bool {
        self.repositories.iter().any(|repository| repository.odb().is_ok_and(|odb| odb.exists(oid)))
    }

    /// The blobs of all reached commits and of the indexes.
    fn held(&self) -> BTreeSet<Oid> {
        let mut blobs = self.staged.clone();
        for repository in &self.repositories {
            for commit in self.reached.union(&self.of_stash) {
                let Ok(tree) = repository.find_commit(*commit).and_then(|commit| commit.tree()) else {
                    continue;
                };
                let walked = tree.walk(TreeWalkMode::PreOrder, |_, entry| {
                    blobs.insert(entry.id());
                    TreeWalkResult::Ok
                });
                walked.expect("a tree");
            }
        }
        blobs
    }
}

/// The index of the main working tree and those of the linked ones.
fn indexes(dir: &Path) -> Vec<git2::Index> {
    let linked = std::fs::read_dir(dir.join("worktrees")).into_iter().flatten().flatten();
    let dirs = std::iter::once(dir.to_path_buf()).chain(linked.map(|entry| entry.path()));
    dirs.filter_map(|dir| git2::Index::open(&dir.join("index")).ok()).collect()
}

/// The files that a commit has and its first parent has not.
fn stashed(repository: &Repository, commit: Oid) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(commit) = repository.find_commit(commit) else { return Vec::new() };
    let tree = commit.tree().expect("a tree");
    let parent = commit.parent(0).and_then(|parent| parent.tree()).ok();
    let diff = repository.diff_tree_to_tree(parent.as_ref(), Some(&tree), None).expect("a difference");
    let new = diff.deltas().map(|delta| delta.new_file());
    let blob = |file: git2::DiffFile<'_>| {
        let bytes = repository.find_blob(file.id()).ok()?.content().to_vec();
        Some((Path::new("stash").join(commit.id().to_string()).join(file.path()?), bytes))
    };
    new.filter_map(blob).filter(|(_, bytes)| !bytes.is_empty()).collect()
}

/// The commits that references, heads and reflogs reach; of the stash, or of all others.
fn reached(repository: &Repository, dir: &Path, of_stash: bool) -> BTreeSet<Oid> {
    let mut tips: BTreeSet<Oid> = BTreeSet::new();
    let wanted = |name: &str| name.ends_with("refs/stash") == of_stash;
    for reference in repository.references().expect("references").flatten() {
        if !reference.name().is_ok_and(wanted) {
            continue;
        }
        tips.extend(reference.peel_to_commit().map(|commit| commit.id()));
    }
    let linked = std::fs::read_dir(dir.join("worktrees")).into_iter().flatten().flatten();
    for dir in std::iter::once(dir.to_path_buf()).chain(linked.map(|entry| entry.path())) {
        let head = std::fs::read_to_string(dir.join("HEAD")).unwrap_or_default();
        tips.extend(Oid::from_str(head.trim()).ok().filter(|_| !of_stash));
        let logs = walk(&dir.join("logs")).filter(|entry| entry.file_type().is_file());
        for log in logs.filter(|log| log.path().to_str().is_some_and(wanted)) {
            let text = std::fs::read_to_string(log.path()).unwrap_or_default();
            let ids = text.lines().flat_map(|line| line.split(' ').take(2));
            tips.extend(ids.filter_map(|id| Oid::from_str(id).ok()).filter(|id| !id.is_zero()));
        }
    }
    let mut walk = repository.revwalk().expect("a walk");
    for tip in tips {
        if repository.find_commit(tip).is_ok() {
            walk.push(tip).expect("a commit");
        }
    }
    walk.flatten().collect()
}
