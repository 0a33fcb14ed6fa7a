//! Overlays on the disk: which files count, and how much of them is read.

use std::fs::File as OnDisk;
use std::io::{self, Read as _};
use std::path::Path;

use super::{Layer, Overlay, file, original};
use crate::diagnostic::Finding;

/// The largest file that is read.
const MAX_BYTES: u64 = 256 << 10;
const TOO_LARGE: &str = "it is larger than 256 KB";
/// The most overlays of one directory.
const MAX_FILES: usize = 20;
/// How many entries of a directory are looked at.
const MAX_ENTRIES: usize = 10_000;

/// Whether a file of a policy directory is an overlay of the guard: `guard.yaml` or `guard-NAME.yaml`.
pub fn is_overlay(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").and_then(|name| name.strip_prefix("guard"));
    stem.is_some_and(|rest| rest.is_empty() || rest.len() > 1 && rest.starts_with('-'))
}

/// Reads the overlays in `dir`, which people know as `shown`. No such directory: none.
pub(super) fn read(dir: &Path, shown: &str, layer: Layer, overlays: &mut Vec<Overlay>) {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        // What stands above it may be a file as well; then nobody has policies here.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            if dir.symlink_metadata().is_ok() {
                overlays.push(unread(
                    shown,
                    layer,
                    "it is a file",
                    "make it a directory, with policies in it",
                ));
            }
            return;
        }
        Err(error) => {
            return overlays.push(unread(
                shown,
                layer,
                &format!("it cannot be listed: {error}"),
                "mend its permissions",
            ));
        }
    };
    let mut looked = 0;
    let mut names: Vec<String> = entries
        .take(MAX_ENTRIES)
        .inspect(|_| looked += 1)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_overlay(name) || layer == Layer::Project && name == original::NAME)
        .collect();
    if looked == MAX_ENTRIES {
        overlays.push(unread(shown, layer, "it holds too many files to look at", "keep policies only in it"));
    }
    names.sort_unstable();
    for (at, name) in names.iter().enumerate() {
        let shown = format!("{shown}/{name}");
        overlays.push(if at >= MAX_FILES {
            unread(&shown, layer, "there are more than 20 overlays", "put their rules into one file")
        } else {
            match text(&dir.join(name)) {
                Ok(text) => overlay(&shown, layer, text),
                Err(why) => unread(&shown, layer, &why, "delete it, or write it anew as a small text file"),
            }
        });
    }
}

/// An overlay by its text.
pub(super) fn overlay(shown: &str, layer: Layer, text: String) -> Overlay {
    if text.len() as u64 > MAX_BYTES {
        return unread(shown, layer, TOO_LARGE, "delete what is not needed");
    }
    let (file, findings) =
        if shown.ends_with(".json") { original::parse(shown, &text) } else { file::parse(shown, &text) };
    Overlay { path: shown.to_owned(), layer, file, findings, text }
}

fn unread(shown: &str, layer: Layer, why: &str, help: &str) -> Overlay {
    let finding = Finding::error("unreadable", shown, format!("it is not in force: {why}")).help(help);
    let path = shown.to_owned();
    Overlay { path, layer, file: file::File::default(), findings: vec![finding], text: String::new() }
}

/// A pipe or a device would hold the guard up, so only plain files are opened.
fn text(path: &Path) -> Result<String, String> {
    let told = |error: io::Error| error.to_string();
    if !path.metadata().map_err(told)?.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    OnDisk::open(path).map_err(told)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(TOO_LARGE.to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}
