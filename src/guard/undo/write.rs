//! Files put into the working tree, each whole or not at all, never through a link.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use super::tree;
use crate::git;

/// A file to put into place.
pub(super) struct Content<'c> {
    pub(super) bytes: &'c [u8],
    /// In git's words.
    pub(super) mode: i32,
    /// The bits it had, where they are known.
    pub(super) permissions: Option<u32>,
}

/// Writes below `root`; half-written files lie in `temporary`, which is not part of the working tree.
pub(super) struct Writer {
    root: PathBuf,
    temporary: PathBuf,
}

impl Writer {
    /// What an interrupted run left in `temporary` goes.
    pub(super) fn new(root: &Path, temporary: PathBuf) -> io::Result<Self> {
        let _ = std::fs::remove_dir_all(&temporary);
        std::fs::create_dir_all(&temporary)?;
        Ok(Self { root: root.to_path_buf(), temporary })
    }

    /// Puts a file or link at `path`, and tells what it is on the disk. At any moment the old one or the new one is
    /// there. Not synced to the disk one by one: the snapshot has them all.
    pub(super) fn put(&self, path: &[u8], content: &Content<'_>) -> io::Result<Metadata> {
        let target = self.target(path)?;
        let parent = target.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(parent)?;
        match moved(&self.temporary, &target, content) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => moved(parent, &target, content),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                std::fs::remove_dir(&target)?; // only an empty one goes
                moved(&self.temporary, &target, content)
            }
            done => done,
        }
    }

    /// Takes a file or link away, and directories that hold nothing any more.
    pub(super) fn take(&self, path: &[u8]) -> io::Result<()> {
        let target = self.target(path)?;
        std::fs::remove_file(&target)?;
        for dir in target.ancestors().skip(1).take_while(|dir| *dir != self.root) {
            if std::fs::remove_dir(dir).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Gives a file the permission bits it had.
    pub(super) fn permit(&self, path: &[u8], bits: u32) -> io::Result<()> {
        permit(&self.target(path)?, bits)
    }

    /// Where `path` is: inside the working tree, outside any repository, with no link on the way. A snapshot may be
    /// forged, and a link could lead anywhere.
    fn target(&self, path: &[u8]) -> io::Result<PathBuf> {
        let relative = git::path(path);
        let plain = |part: Component<'_>| matches!(part, Component::Normal(name) if !name.eq_ignore_ascii_case(".git"));
        if path.is_empty() || path.contains(&0) || !relative.components().all(plain) {
            return Err(io::Error::other("it is not a path inside the working tree"));
        }
        let target = self.root.join(relative);
        let mut parents = target.ancestors().skip(1).take_while(|dir| *dir != self.root);
        if parents.any(Path::is_symlink) {
            return Err(io::Error::other("a link is on the way to it"));
        }
        Ok(target)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.temporary);
    }
}

fn moved(dir: &Path, target: &Path, content: &Content<'_>) -> io::Result<Metadata> {
    let file = dir.join(".so-undo");
    let _ = std::fs::remove_file(&file);
    let made = make(&file, target, content).and_then(|()| file.symlink_metadata());
    let moved = made.and_then(|meta| std::fs::rename(&file, target).map(|()| meta));
    moved.inspect_err(|_| drop(std::fs::remove_file(&file)))
}

fn make(file: &Path, target: &Path, content: &Content<'_>) -> io::Result<()> {
    if content.mode == tree::LINK {
        return link(&git::path(content.bytes), file);
    }
    let mut out = create(file, content.mode == tree::PROGRAM)?;
    out.write_all(content.bytes)?;
    let old = target.symlink_metadata().ok().filter(Metadata::is_file);
    set_permissions(&out, content, old.as_ref())
}

/// The permission bits of a file; `None` on systems without them.
#[cfg(unix)]
pub(super) fn permissions(meta: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(meta.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
pub(super) fn permissions(_meta: &Metadata) -> Option<u32> {
    None
}

#[cfg(unix)]
fn create(file: &Path, executable: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(if executable { 0o777 } else { 0o666 }).open(file)
}

#[cfg(not(unix))]
fn create(file: &Path, _executable: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(file)
}

/// The bits that were saved; else those of the file that is there, which git's mode makes a program or not.
#[cfg(unix)]
fn set_permissions(file: &File, content: &Content<'_>, old: Option<&Metadata>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let kept = old
        .and_then(permissions)
        .map(|bits| if content.mode == tree::PROGRAM { bits | ((bits & 0o444) >> 2) } else { bits & !0o111 });
    match content.permissions.or(kept) {
        Some(bits) => file.set_permissions(std::fs::Permissions::from_mode(bits)),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn set_permissions(_file: &File, _content: &Content<'_>, _old: Option<&Metadata>) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn permit(file: &Path, bits: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(bits))
}

#[cfg(not(unix))]
fn permit(_file: &Path, _bits: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
fn link(_to: &Path, _at: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "links are not written on this system"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_outside_the_working_tree_or_into_a_repository() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let writer = Writer::new(&root, dir.path().join("temporary")).unwrap();
        let content = Content { bytes: b"x", mode: tree::FILE, permissions: None };
        for path in ["../x", "a/../../x", "/x", "", "a/.git/hooks/pre-commit", ".GIT/config", ".."] {
            assert!(writer.put(path.as_bytes(), &content).is_err(), "{path}");
            assert!(writer.take(path.as_bytes()).is_err(), "{path}");
        }
        writer.put(b"a/.gitignore", &content).unwrap();
        assert_eq!(std::fs::read(root.join("a/.gitignore")).unwrap(), b"x");
    }
}
