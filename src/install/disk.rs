//! What the planner asks a disk. It only looks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Missing,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe.
    Other,
}

/// Read access to files.
pub trait Disk {
    /// What stands at `path` itself, a link not followed.
    ///
    /// # Errors
    /// Everything but "not found", with the path.
    fn entry(&self, path: &Path) -> anyhow::Result<Entry>;

    /// The bytes of a file; `None` when nothing is there.
    ///
    /// # Errors
    /// Everything but "not found", with the path.
    fn read(&self, path: &Path) -> anyhow::Result<Option<Vec<u8>>>;

    /// Whether the file may be run.
    fn executable(&self, path: &Path) -> bool;

    /// The names in a directory, in any order; none when there is no directory.
    ///
    /// # Errors
    /// Everything but "not found", with the path.
    fn list(&self, path: &Path) -> anyhow::Result<Vec<PathBuf>>;

    /// The path with every link followed.
    ///
    /// # Errors
    /// A link to nothing, a loop; with the path.
    fn real(&self, path: &Path) -> anyhow::Result<PathBuf>;
}

/// A disk on which each path is looked at once: a plan asks for the directories above its files hundreds of times.
pub struct Once<'a> {
    disk: &'a dyn Disk,
    entries: RefCell<HashMap<OsString, Entry>>, // by bytes: paths compare part by part
}

impl<'a> Once<'a> {
    /// `disk`, of which nothing was seen yet.
    pub fn new(disk: &'a dyn Disk) -> Self {
        Self { disk, entries: RefCell::default() }
    }
}

impl Disk for Once<'_> {
    fn entry(&self, path: &Path) -> anyhow::Result<Entry> {
        if let Some(entry) = self.entries.borrow().get(path.as_os_str()) {
            return Ok(entry.clone());
        }
        let entry = self.disk.entry(path)?;
        self.entries.borrow_mut().insert(path.into(), entry.clone());
        Ok(entry)
    }

    fn read(&self, path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
        self.disk.read(path)
    }

    fn executable(&self, path: &Path) -> bool {
        self.disk.executable(path)
    }

    fn list(&self, path: &Path) -> anyhow::Result<Vec<PathBuf>> {
        self.disk.list(path)
    }

    fn real(&self, path: &Path) -> anyhow::Result<PathBuf> {
        self.disk.real(path)
    }
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn entry(&self, path: &Path) -> anyhow::Result<Entry> {
        let kind = match std::fs::symlink_metadata(path) {
            Ok(meta) => meta.file_type(),
            Err(error) if absent(&error) => return Ok(Entry::Missing),
            Err(error) => {
                return Err(error).with_context(|| format!("failed to look at `{}`", path.display()));
            }
        };
        Ok(if kind.is_symlink() {
            Entry::Link
        } else if kind.is_dir() {
            Entry::Directory
        } else if kind.is_file() {
            Entry::File
        } else {
            Entry::Other
        })
    }

    fn read(&self, path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
        crate::fs::read_optional(path)
    }

    fn executable(&self, path: &Path) -> bool {
        runs(path)
    }

    fn list(&self, path: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let read = match std::fs::read_dir(path) {
            Ok(read) => read,
            Err(error) if absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("failed to list `{}`", path.display())),
        };
        read.map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()
            .with_context(|| format!("failed to list `{}`", path.display()))
    }

    fn real(&self, path: &Path) -> anyhow::Result<PathBuf> {
        path.canonicalize().with_context(|| format!("failed to follow `{}`", path.display()))
    }
}

fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn runs(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(_path: &Path) -> bool {
    false // no such bit there
}
