//! A container that a command is sent into: which of its paths are files of this machine.

use std::path::{Path, PathBuf};

use super::place::is_system;

/// What is known of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Where something is mounted, and where it lies on this machine; `None` for a volume. Without the list anything
    /// may be mounted anywhere.
    mounts: Option<Vec<(PathBuf, Option<PathBuf>)>>,
}

/// What a path in a container is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// The container's own: nobody's work, the image has it.
    Own,
    /// A path of this machine.
    Here(PathBuf),
    /// It cannot be told.
    Unknown,
}

/// What an image brings along and nobody mounts over: packages, their lists and pages, caches.
const OF_THE_IMAGE: &[&str] = &[
    "/usr/bin",
    "/usr/include",
    "/usr/lib",
    "/usr/sbin",
    "/usr/share/doc",
    "/usr/share/info",
    "/usr/share/locale",
    "/usr/share/man",
    "/var/cache",
    "/var/lib/apt/lists",
    "/root/.cache",
];

impl Container {
    /// One that a command starts, with what it mounts.
    pub(super) fn fresh(mounts: Vec<(PathBuf, Option<PathBuf>)>) -> Self {
        Self { mounts: Some(mounts) }
    }

    /// One that others have started.
    pub(super) fn running() -> Self {
        Self { mounts: None }
    }

    /// Whether others have started it, so that nothing is known of its mounts.
    pub(super) fn is_running(&self) -> bool {
        self.mounts.is_none()
    }

    /// The path of this machine that is mounted at `path`.
    pub(super) fn on_this_machine(&self, path: &Path) -> Option<PathBuf> {
        let mounts = self.mounts.as_ref()?;
        let reached = mounts.iter().filter_map(|(target, source)| {
            Some((target.as_os_str().len(), source.as_deref(), path.strip_prefix(target).ok()?))
        });
        // The innermost of them counts.
        let (_, source, rest) = reached.max_by_key(|(length, ..)| *length)?;
        Some(source?.join(rest))
    }

    /// What `path` is in there; with `children` its entries are meant.
    pub(super) fn inside(&self, path: &Path, children: bool) -> Inside {
        // The root and its directories are too much to be thrown away by a command that was read wrongly.
        let names = path.components().count() - 1 + usize::from(children);
        let top = path.components().nth(1).and_then(|name| name.as_os_str().to_str());
        let deep = names > 2 || names == 2 && top.is_some_and(|name| !is_system(name));
        let Some(mounts) = &self.mounts else {
            let image = OF_THE_IMAGE.iter().any(|dir| path.starts_with(dir));
            return if deep && image { Inside::Own } else { Inside::Unknown };
        };
        if let Some(here) = self.on_this_machine(path) {
            return Inside::Here(here);
        }
        let touches = mounts.iter().any(|(target, _)| target.starts_with(path) || path.starts_with(target));
        // By these names people mean what they have put there.
        let own = top.is_some_and(|name| matches!(name, "home" | "Users" | "srv" | "mnt" | "media"));
        if touches || own || !deep { Inside::Unknown } else { Inside::Own }
    }
}
