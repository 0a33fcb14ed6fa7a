//! What we wrote last, by its hash: one side of every three-way merge.
//!
//! Responsible for: where the bytes of a hash stand, and that they are those bytes. The store of a project is
//! committed, so that whoever clones it can merge too.
//! Must not: write, or return bytes that do not fit their name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::disk::Disk;
use super::lock::sha256;

/// The directory beside a lock.
pub const DIR: &str = "base";

/// One directory of bases. Each file is named by the SHA-256 of its bytes.
#[derive(Debug, Clone, Default)]
pub struct Store {
    dir: PathBuf,
    names: BTreeSet<String>,
}

impl Store {
    /// The store in `dir`, which need not be there.
    ///
    /// # Errors
    /// A directory that cannot be listed.
    pub fn open(dir: PathBuf, disk: &dyn Disk) -> anyhow::Result<Self> {
        let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let names = disk.list(&dir)?.into_iter().filter_map(name).filter(|name| is_hash(name)).collect();
        Ok(Self { dir, names })
    }

    /// A store that holds nothing.
    pub fn empty(dir: PathBuf) -> Self {
        Self { dir, names: BTreeSet::new() }
    }

    /// Whether a file for this hash is there.
    pub fn has(&self, sha256: &str) -> bool {
        self.names.contains(sha256)
    }

    /// The hashes that files are there for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Where the bytes of a hash stand.
    pub fn path(&self, sha256: &str) -> PathBuf {
        self.dir.join(sha256)
    }

    /// The bytes of a hash; `None` when they are not there or are not those bytes.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(&self, hash: &str, disk: &dyn Disk) -> anyhow::Result<Option<Vec<u8>>> {
        if !self.has(hash) {
            return Ok(None);
        }
        let bytes = disk.read(&self.path(hash))?;
        Ok(bytes.and_then(|bytes| fitting(bytes, hash)))
    }
}

/// Git may have changed the line ends of what it checked out: that is undone.
fn fitting(bytes: Vec<u8>, hash: &str) -> Option<Vec<u8>> {
    if sha256(&bytes) == hash {
        return Some(bytes);
    }
    let plain = String::from_utf8(bytes).ok()?.replace("\r\n", "\n").into_bytes();
    (sha256(&plain) == hash).then_some(plain)
}

fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::disk::RealDisk;

    #[test]
    fn only_bytes_that_fit_their_name_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            crate::fs::atomic_write(&dir.path().join(name), text.as_bytes(), false).unwrap();
        };
        let (good, crlf, bad) = (sha256(b"a\n"), sha256(b"b\nc\n"), sha256(b"d\n"));
        put(&good, "a\n");
        put(&crlf, "b\r\nc\r\n");
        put(&bad, "something else\n");
        put("README", "not a hash\n");
        let store = Store::open(dir.path().to_owned(), &RealDisk).unwrap();
        assert_eq!(store.names().count(), 3);
        let read = |hash: &str| store.read(hash, &RealDisk).unwrap();
        assert_eq!(read(&good).as_deref(), Some(b"a\n".as_slice()));
        assert_eq!(read(&crlf).as_deref(), Some(b"b\nc\n".as_slice()));
        assert_eq!((read(&bad), read(&sha256(b"e"))), (None, None));
    }
}
