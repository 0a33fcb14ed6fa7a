//! Where a path leads, and what that place is.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::arg::{Arg, UNKNOWN};
use super::{Call, Context, Inside};

/// What a path that would be removed or overwritten is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Cannot be told before the command runs.
    Unknown,
    /// Below a temp directory: may be thrown away.
    Temp,
    /// Below the project. `children`: not the entry itself, but what is in it.
    Project { path: PathBuf, children: bool },
    /// The repository's own data.
    Repository,
    /// The root, a system tree, the home, a temp root, the project root or something around one of them.
    Protected(&'static str),
    /// Any other place.
    Outside(PathBuf),
    /// `/dev/null` and other things that hold no data.
    Nowhere,
}

/// Top-level directories that belong to the system.
const SYSTEM: &[&str] = &[
    "bin",
    "boot",
    "dev",
    "etc",
    "home",
    "lib",
    "lib32",
    "lib64",
    "media",
    "mnt",
    "opt",
    "proc",
    "root",
    "run",
    "sbin",
    "srv",
    "sys",
    "usr",
    "var",
    "Applications",
    "Library",
    "System",
    "Users",
    "Volumes",
    "private",
    "cores",
    "nix",
];

/// Whether a top-level directory of this name belongs to the system.
pub(super) fn is_system(name: &str) -> bool {
    SYSTEM.contains(&name) && name != "opt"
}

/// The place that `arg` names when `call` removes or overwrites it.
pub fn place(arg: &Arg, call: &Call<'_>) -> Place {
    let text = arg.text.as_str();
    let (known, cut) = match text.find(UNKNOWN) {
        Some(at) => (text.get(..at).unwrap_or_default(), true),
        None => (text, false),
    };
    if known.is_empty() {
        return if cut { Place::Unknown } else { Place::Nowhere };
    }
    let (dir, children) = pattern_dir(known, arg.glob, cut);
    let Some(path) = absolute(&dir, call.cwd.as_deref()) else { return Place::Unknown };
    if let Some(container) = call.container.filter(|_| text.starts_with('/') && !call.earlier.has_moved()) {
        match container.inside(&path, children) {
            Inside::Own => return Place::Temp,
            Inside::Here(here) if !cut => return classify(&here, children, call.context),
            Inside::Here(_) | Inside::Unknown => {}
        }
    }
    let path = call.earlier.through(path, !children && !cut);
    if cut && !children_only(known) {
        // A name of which the beginning is known: `/tmp/build-$ID`.
        let parent = path.clone();
        return classify(
            &parent.join(format!("x{}", known.rsplit('/').next().unwrap_or_default())),
            false,
            call.context,
        );
    }
    classify(&path, children, call.context)
}

/// Whether nothing is known of the last part: `dir/$x`.
fn children_only(known: &str) -> bool {
    known.ends_with('/')
}

/// The directory before the first pattern or unknown part, and whether it is its entries that are meant.
fn pattern_dir(known: &str, glob: bool, cut: bool) -> (String, bool) {
    let stop = if glob { known.find(['*', '?', '[']) } else { None };
    let stop = stop.or(cut.then_some(known.len()));
    let Some(stop) = stop else { return (known.to_owned(), false) };
    let before = known.get(..stop).unwrap_or_default();
    match before.rfind('/') {
        Some(0) => ("/".to_owned(), true),
        Some(slash) => (before.get(..slash).unwrap_or_default().to_owned(), true),
        None => (".".to_owned(), true),
    }
}

/// A text as absolute path without `.` and `..`; `None` if it depends on an unknown directory.
pub(super) fn absolute(text: &str, cwd: Option<&Path>) -> Option<PathBuf> {
    let path = Path::new(text);
    if path.is_absolute() {
        return Some(lexical(path));
    }
    Some(lexical(&cwd?.join(path)))
}

/// Resolves `.` and `..` without looking at the disk.
fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

/// Symlinks resolved on the deepest part that exists; with `entry` the last part stays itself.
pub(super) fn resolved(path: &Path, entry: bool) -> PathBuf {
    let mut rest: Vec<OsString> = Vec::new();
    let mut at = path.to_path_buf();
    if entry && let Some(name) = at.file_name().map(std::ffi::OsStr::to_owned) {
        rest.push(name);
        at.pop();
    }
    loop {
        if let Ok(real) = at.canonicalize() {
            return rest.iter().rev().fold(real, |path, part| path.join(part));
        }
        match at.file_name().map(std::ffi::OsStr::to_owned) {
            Some(name) => rest.push(name),
            None => return path.to_path_buf(),
        }
        at.pop();
    }
}

fn classify(path: &Path, children: bool, context: &Context) -> Place {
    // A link to a place is removed as a link, but its contents are the contents of that place.
    let path = resolved(path, !children);
    // What a real path starts with is real itself, and need not be looked up.
    let project = context.project.as_deref();
    let project =
        project.map(
            |project| {
                if path.starts_with(project) { project.to_path_buf() } else { resolved(project, false) }
            },
        );
    if let Some(place) = device(&path) {
        return place;
    }
    if let Some(place) = in_project(&path, children, project.as_deref()) {
        return place;
    }
    for root in &context.temp {
        for root in [root.clone(), resolved(root, false)] {
            if path == root {
                return Place::Protected("a temp root, shared by all programs");
            }
            if path.starts_with(&root) {
                return Place::Temp;
            }
        }
    }
    let home = context.home.as_deref();
    if path.parent().is_none() {
        return Place::Protected("the root of the file system");
    }
    if home.is_some_and(|home| home.starts_with(&path)) {
        return Place::Protected("the home directory");
    }
    let mut parts = path.components().skip(1).filter_map(|part| part.as_os_str().to_str());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(top), None, None) if SYSTEM.contains(&top) => Place::Protected("a system tree"),
        (Some("usr" | "etc" | "boot" | "sys" | "proc" | "lib" | "bin" | "sbin" | "System"), Some(_), _) => {
            Place::Protected("a system tree")
        }
        (Some("home" | "Users"), Some(_), None) => Place::Protected("a home directory"),
        _ => Place::Outside(path),
    }
}

/// Files below `/dev`: disks are judged by `overwrite-device`, the rest holds no data.
fn device(path: &Path) -> Option<Place> {
    let rest = path.strip_prefix("/dev").ok()?;
    let first = rest.components().next()?.as_os_str().to_str()?;
    match first {
        "null" | "zero" | "full" | "random" | "urandom" | "stdin" | "stdout" | "stderr" | "tty" | "fd"
        | "ptmx" | "pts" => Some(Place::Nowhere),
        "shm" if rest.components().count() > 1 => Some(Place::Temp),
        _ => None,
    }
}

fn in_project(path: &Path, children: bool, project: Option<&Path>) -> Option<Place> {
    let project = project?;
    if path == project {
        return Some(if children {
            Place::Project { path: path.to_path_buf(), children: true }
        } else {
            Place::Protected("the project itself")
        });
    }
    if project.starts_with(path) {
        return Some(Place::Protected("a directory that holds the project"));
    }
    let inner = path.strip_prefix(project).ok()?;
    if inner.components().any(|part| part.as_os_str() == ".git") {
        // A lock that a killed git left behind holds nothing.
        let lock = path.extension().is_some_and(|extension| extension == "lock");
        return Some(if lock && !children { Place::Nowhere } else { Place::Repository });
    }
    Some(Place::Project { path: path.to_path_buf(), children })
}

/// A pattern of which the fixed part lies below a temp root: wherever it leads, nothing there is kept.
fn stays_below_temp(pattern: &str, context: &Context) -> bool {
    let (dir, _) = pattern_dir(pattern, true, false);
    let fixed = lexical(Path::new(&dir));
    let below = |root: &PathBuf| fixed.starts_with(root) && fixed != *root;
    !pattern.contains(UNKNOWN) && !pattern.contains("..") && context.temp.iter().any(below)
}

/// Where `cd args` leads; `None` if that cannot be told.
pub(super) fn changed_dir(args: &[Arg], cwd: Option<&Path>, context: &Context) -> Option<PathBuf> {
    let target = args.iter().find(|arg| arg.text == "-" || !arg.text.starts_with('-'));
    match target {
        None => context.home.clone(),
        Some(arg) if arg.glob && stays_below_temp(&arg.text, context) => absolute(&arg.text, cwd),
        Some(arg) if arg.text == "-" || arg.text.contains(UNKNOWN) || arg.glob || arg.dynamic => None,
        Some(arg) => absolute(&arg.text, cwd),
    }
}
