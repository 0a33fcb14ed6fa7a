//! Git's own test for a file that nobody has touched since it was put into the index: what the file system tells of it,
//! which spares reading thousands of files.
//!
//! Responsible for: comparing that. Must not: call a file touched for good; whoever needs to know reads it.

use std::fs::Metadata;

use git2::{IndexEntry, IndexTime, Repository};

/// Times in nanoseconds since 1970, the others as the index holds them, in 32 bits.
#[derive(Debug, PartialEq, Eq)]
struct Stamps {
    mtime: i128,
    ctime: i128,
    inode: u32,
    size: u32,
}

/// Whether the file with `meta` is the one of `entry`. One as young as the index, which was `written` then, may have
/// changed since it was compared.
pub(super) fn untouched(entry: &IndexEntry, meta: &Metadata, written: i128) -> bool {
    let now = stamps(meta);
    now.mtime < written && now == Stamps::of(entry)
}

/// When the index was written; without one nothing is older.
pub(super) fn written(repository: &Repository) -> i128 {
    repository.path().join("index").metadata().map_or(i128::MIN, |meta| stamps(&meta).mtime)
}

fn nanoseconds(seconds: i64, rest: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}

impl Stamps {
    fn of(entry: &IndexEntry) -> Self {
        let time = |time: &IndexTime| nanoseconds(time.seconds().into(), time.nanoseconds().into());
        Self { mtime: time(&entry.mtime), ctime: time(&entry.ctime), inode: entry.ino, size: entry.file_size }
    }
}

#[cfg(unix)]
fn stamps(meta: &Metadata) -> Stamps {
    use std::os::unix::fs::MetadataExt;
    let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
    Stamps {
        mtime: nanoseconds(meta.mtime(), meta.mtime_nsec()),
        ctime: nanoseconds(meta.ctime(), meta.ctime_nsec()),
        inode: low(meta.ino()),
        size: low(meta.size()),
    }
}

/// Nothing that an index could hold: every file is read.
#[cfg(not(unix))]
fn stamps(_: &Metadata) -> Stamps {
    Stamps { mtime: i128::MAX, ctime: i128::MAX, inode: 0, size: 0 }
}
