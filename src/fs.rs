//! Files written so that a crash leaves the old or the new content, and errors that name the path.

use std::fs::TryLockError;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Reads a file; `None` when nothing is there.
///
/// # Errors
/// Everything but "not found", with the path.
pub fn read_optional(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("failed to read `{}`", path.display())),
    }
}

/// Reads a file that must be there, as text.
///
/// # Errors
/// Not there, not readable, not UTF-8; with the path.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))
}

/// Replaces `path` with `bytes`: a temporary file beside it, synced, renamed over it, the directory synced.
/// After a crash the old or the new content is there, whole. Mode bits of an existing file are kept;
/// `executable` sets the three execute bits of a new one. Missing parent directories are created.
///
/// # Errors
/// Any step that failed, with the path. The old file is untouched then.
pub fn atomic_write(path: &Path, bytes: &[u8], executable: bool) -> anyhow::Result<()> {
    write_steps(path, bytes, executable, Durable::Yes)
        .with_context(|| format!("failed to write `{}`", path.display()))
}

/// As [`atomic_write`], without waiting for the disk: for what can be made again. After a power cut the file may be
/// empty; after anything else the old or the new content is there, whole.
///
/// # Errors
/// Any step that failed, with the path. The old file is untouched then.
pub fn replace(path: &Path, bytes: &[u8], executable: bool) -> anyhow::Result<()> {
    write_steps(path, bytes, executable, Durable::No)
        .with_context(|| format!("failed to write `{}`", path.display()))
}

/// Whether a write is on the disk before it is reported as done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durable {
    Yes,
    No,
}

fn write_steps(path: &Path, bytes: &[u8], executable: bool, durable: Durable) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let mut temp = tempfile::Builder::new().prefix(".so-").tempfile_in(parent)?;
    temp.write_all(bytes)?;
    set_mode(temp.as_file(), path, executable)?;
    if durable == Durable::Yes {
        temp.as_file().sync_all()?;
    }
    temp.persist(path).map_err(|error| error.error)?;
    if durable == Durable::Yes { sync_dir(parent) } else { Ok(()) }
}

#[cfg(unix)]
fn set_mode(file: &std::fs::File, path: &Path, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = match std::fs::metadata(path) {
        Ok(old) => old.permissions().mode() & 0o7777,
        Err(_) if executable => 0o755,
        Err(_) => 0o644,
    };
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &std::fs::File, _path: &Path, _executable: bool) -> io::Result<()> {
    Ok(())
}

/// Whether the file may be run; never on systems without such a bit.
#[cfg(unix)]
pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Whether the file may be run; never on systems without such a bit.
#[cfg(not(unix))]
pub fn is_executable(_file: &Path) -> bool {
    false
}

/// Locks a file, waiting for others until `until`; whether it is locked now.
///
/// # Errors
/// The file system has no locks.
pub fn lock_until(file: &std::fs::File, until: Instant) -> io::Result<bool> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Makes a rename in `dir` survive a power cut.
///
/// # Errors
/// The disk does not take it.
#[cfg(unix)]
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    std::fs::File::open(dir)?.sync_all()
}

/// Makes a rename in `dir` survive a power cut.
///
/// # Errors
/// None here.
#[cfg(not(unix))]
pub fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(()) // Windows has no handle for it; the rename itself is journalled by NTFS.
}
