//! The files inside the binary: the canonical tree, the platforms and the templates.

use std::collections::BTreeMap;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Every embedded file by path, sorted.
pub fn files() -> &'static [(&'static str, &'static [u8])] {
    FILES
}

/// The text of one file.
pub fn text(path: &str) -> Option<&'static str> {
    let at = FILES.binary_search_by_key(&path, |(path, _)| path).ok()?;
    std::str::from_utf8(FILES.get(at)?.1).ok()
}

/// The texts of one top-level folder, by file name.
pub fn texts(folder: &str) -> BTreeMap<&'static str, &'static str> {
    FILES
        .iter()
        .filter_map(|(path, bytes)| {
            let name = path.strip_prefix(folder)?.strip_prefix('/')?;
            Some((name, std::str::from_utf8(bytes).ok()?))
        })
        .collect()
}
