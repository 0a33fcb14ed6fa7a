//! Files that are written beside their place first, brought to the disk together, and then renamed.
//!
//! Responsible for: one wait for the disk however many files there are; modes; no link in the way.
//! Must not: know what is written.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Makes what was written to these files survive a power cut. Their names are another matter: [`sync_names`].
pub(super) fn sync(files: &[PathBuf]) -> anyhow::Result<()> {
    for file in files {
        start(file);
    }
    // Windows brings only what was opened for writing to the disk; elsewhere a file may be read-only.
    let open = |file: &Path| std::fs::File::options().read(true).write(cfg!(windows)).open(file);
    together(files, |file| open(file)?.sync_all()).context("failed to bring the files to the disk")
}

/// Makes it survive a power cut that these paths are there, or are not there any more.
pub(super) fn sync_names(paths: impl IntoIterator<Item = PathBuf>) -> anyhow::Result<()> {
    let near = |path: PathBuf| path.ancestors().skip(1).find(|dir| dir.is_dir()).map(Path::to_path_buf);
    let dirs: BTreeSet<PathBuf> = paths.into_iter().filter_map(near).collect();
    let dirs: Vec<PathBuf> = dirs.into_iter().collect();
    together(&dirs, sync_dir).context("failed to bring the directories to the disk")
}

/// Has the disk begin with the file, and does not wait for it.
#[cfg(target_os = "linux")]
fn start(path: &Path) {
    use rustix::fs::{Advice, fadvise};
    if let Ok(file) = std::fs::File::open(path) {
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}

#[cfg(not(target_os = "linux"))]
fn start(_path: &Path) {}

/// Waits for the disk with all at once: a file system that is asked for many things together does them in one go, and
/// does not wait for what others have written, as it would if it were told to bring everything to the disk.
fn together(paths: &[PathBuf], sync: impl Fn(&Path) -> io::Result<()> + Sync) -> io::Result<()> {
    const WAITING: usize = 16;
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<()> {
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            sync(path)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..paths.len().min(WAITING)).map(|_| scope.spawn(work)).collect();
        let own = work();
        let all = others
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())));
        all.fold(own, io::Result::and)
    })
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
