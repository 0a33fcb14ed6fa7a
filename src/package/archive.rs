//! Archives that are the same bytes whenever and wherever they are made: sorted, one time, no owner.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::Entry;

/// 1980-01-01, in seconds: the first day that every archive format can say.
const TIME: u64 = 315_532_800;

/// The files below one directory `top`, as `.tar.gz`.
pub(super) fn tar_gz(top: &str, files: &BTreeMap<String, Entry>) -> anyhow::Result<Vec<u8>> {
    // Neither a time nor a name nor the system stands in the head.
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    let mut tar = Builder::new(gzip);
    for dir in dirs(top, files) {
        tar.append_data(&mut header(EntryType::Directory, 0, 0o755), format!("{dir}/"), &b""[..])?;
    }
    for (path, (bytes, executable)) in files {
        let mode = if *executable { 0o755 } else { 0o644 };
        let size = u64::try_from(bytes.len())?;
        tar.append_data(
            &mut header(EntryType::Regular, size, mode),
            format!("{top}/{path}"),
            bytes.as_slice(),
        )?;
    }
    let mut gzip = tar.into_inner()?;
    gzip.flush()?;
    Ok(gzip.finish()?)
}

fn header(kind: EntryType, size: u64, mode: u32) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(TIME);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn dirs(top: &str, files: &BTreeMap<String, Entry>) -> BTreeSet<String> {
    let mut dirs = BTreeSet::from([top.to_owned()]);
    for path in files.keys() {
        let parts = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        dirs.extend(parts.map(|dir| format!("{top}/{dir}")));
    }
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_went_in_and_nothing_of_the_machine() {
        let files = BTreeMap::from([
            ("so".to_owned(), (b"program".to_vec(), true)),
            ("man/so.1".to_owned(), (b".TH".to_vec(), false)),
        ]);
        let bytes = tar_gz("top", &files).unwrap();
        assert_eq!(bytes, tar_gz("top", &files).unwrap());
        assert_eq!(bytes[4..10], [0, 0, 0, 0, 2, 255], "no time, no system");
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let head = entry.header();
            assert_eq!((head.uid().unwrap(), head.gid().unwrap(), head.mtime().unwrap()), (0, 0, TIME));
            (entry.path().unwrap().display().to_string(), head.mode().unwrap())
        });
        let expected = [("top/", 0o755), ("top/man/", 0o755), ("top/man/so.1", 0o644), ("top/so", 0o755)];
        assert_eq!(entries.collect::<Vec<_>>(), expected.map(|(path, mode)| (path.to_owned(), mode)));
    }
}
