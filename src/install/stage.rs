//! Files that are written beside their place first, brought to the disk together, and then renamed.
//!
//! Responsible for: one wait for the disk however many files there are; modes; no link in the way.
//! Must not: know what is written.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::fs::sync_dir;

/// Writes `bytes` to `staged`, with the mode that `path` has, or that of a new file.
pub(super) fn write(staged: &Path, path: &Path, bytes: &[u8], executable: bool) -> anyhow::Result<()> {
    use std::io::Write as _;
    let steps = || -> io::Result<()> {
        let mut file = std::fs::File::options().write(true).create_new(true).open(staged)?;
        file.write_all(bytes)?;
        set_mode_io(staged, wanted_mode(path, executable))
    };
    steps().with_context(|| format!("failed to write `{}`", path.display()))
}

/// The execute bits of a program are added where it may be read.
fn wanted_mode(path: &Path, executable: bool) -> u32 {
    match (mode(path), executable) {
        (Some(mode), true) => mode | ((mode & 0o444) >> 2),
        (Some(mode), false) => mode,
        (None, true) => 0o755,
        (None, false) => 0o644,
    }
}

/// Makes what was written to these files, and the names in their directories, survive a power cut.
pub(super) fn sync(paths: &[PathBuf]) -> anyhow::Result<()> {
    sync_all(paths).context("failed to bring the files to the disk")
}

#[cfg(target_os = "linux")]
fn sync_all(paths: &[PathBuf]) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let mut devices = std::collections::BTreeSet::new();
    for dir in dirs(paths) {
        let file = std::fs::File::open(&dir)?;
        if devices.insert(file.metadata()?.dev()) {
            rustix::fs::syncfs(&file)?;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn sync_all(paths: &[PathBuf]) -> io::Result<()> {
    for path in paths.iter().filter(|path| path.is_file()) {
        std::fs::File::open(path)?.sync_all()?;
    }
    dirs(paths).iter().try_for_each(|dir| sync_dir(dir))
}

/// The directories of these files that are there.
fn dirs(paths: &[PathBuf]) -> std::collections::BTreeSet<PathBuf> {
    let near = |path: &PathBuf| path.ancestors().skip(1).find(|dir| dir.is_dir()).map(Path::to_path_buf);
    paths.iter().filter_map(near).collect()
}

/// Makes a rename survive a power cut.
pub(super) fn sync_dir_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_dir)
}

/// Refuses a path below `root` that a link has come to stand on.
pub(super) fn refuse_links(root: &Path, path: &Path) -> anyhow::Result<()> {
    for part in path.ancestors().take_while(|part| *part != root) {
        if part.is_symlink() {
            bail!("`{}` is a link: nothing is written through it", part.display());
        }
    }
    Ok(())
}

/// The mode of a file or directory, without what it is.
#[cfg(unix)]
pub(super) fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).ok().map(|meta| meta.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
pub(super) fn mode(_path: &Path) -> Option<u32> {
    None
}

pub(super) fn set_mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    set_mode_io(path, mode).with_context(|| format!("failed to set the mode of `{}`", path.display()))
}

#[cfg(unix)]
pub(super) fn set_mode_io(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn set_mode_io(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(()) // no such bits there
}
