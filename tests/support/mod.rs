//! What several tests need: running `so`, and comparing with files that a person has looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The top of the project.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `so` with an environment of its own: no home but `home`, no colour, no variables of a client.
pub(crate) fn so(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_so"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", home).env("NO_COLOR", "1");
    command
}

/// Stdout as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Stderr as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below `dir` with its bytes; symbolic links as the text of their target.
pub(crate) fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let name = entry.path().strip_prefix(dir).unwrap().to_string_lossy().into_owned();
        if entry.file_type().is_file() {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        } else if entry.file_type().is_symlink() {
            files.insert(
                name,
                std::fs::read_link(entry.path()).unwrap().to_string_lossy().into_owned().into_bytes(),
            );
        }
    }
    files
}

/// Whether expected files are to be written anew: `SNAPSHOTS=overwrite cargo test`.
pub(crate) fn overwrite() -> bool {
    std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite")
}

/// Compares `actual` with the files below `dir`.
pub(crate) fn assert_tree(dir: &Path, actual: &BTreeMap<String, Vec<u8>>) {
    if overwrite() {
        let _ = std::fs::remove_dir_all(dir);
        for (path, bytes) in actual {
            let file = dir.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
    }
    let expected = tree(dir);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&expected),
        names(actual),
        "the files below {} (SNAPSHOTS=overwrite rewrites them)",
        dir.display()
    );
    for (path, bytes) in &expected {
        assert_text(
            &dir.join(path),
            &String::from_utf8_lossy(bytes),
            &String::from_utf8_lossy(&actual[path]),
        );
    }
}

/// Compares text with a file.
pub(crate) fn assert_file(file: &Path, actual: &str) {
    if overwrite() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, actual).unwrap();
    }
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    assert_text(file, &expected, actual);
}

fn assert_text(file: &Path, expected: &str, actual: &str) {
    if expected != actual {
        let diff = similar::TextDiff::from_lines(expected, actual);
        panic!("{} differs (SNAPSHOTS=overwrite rewrites it):\n{}", file.display(), diff.unified_diff());
    }
}
