//! Each directory of `tests/merge` is a case: `before.*` (none: no file), `edits.json` (format, edits, fates) and
//! `after.*`. Applying gives `after`, applying again changes nothing, taking back gives `before`.

use std::path::Path;

use serde::Deserialize;
use so::compile::artifact::{Edit, Format};
use so::install::merge::{apply, merge, revert};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    format: Format,
    edits: Vec<Edit>,
    /// What becomes of each edit.
    #[serde(default)]
    fates: Vec<String>,
    /// The error, when the file is refused.
    error: Option<String>,
}

fn read(dir: &Path, stem: &str) -> Option<String> {
    let mut files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files
        .find(|path| path.file_stem().is_some_and(|name| name == stem))
        .map(|path| std::fs::read_to_string(path).unwrap())
}

#[test]
fn every_case_applies_and_comes_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/merge");
    let mut dirs: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    dirs.sort();
    assert!(dirs.len() >= 15, "the cases are there");
    for dir in dirs {
        check(&dir);
    }
}

fn check(dir: &Path) {
    let name = dir.file_name().unwrap().to_string_lossy().into_owned();
    let case: Case =
        serde_json::from_str(&read(dir, "edits").unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let before = read(dir, "before");
    let applied = match (apply(case.format, before.as_deref(), &case.edits), &case.error) {
        (Ok(applied), None) => applied,
        (Err(error), Some(expected)) => return assert_eq!(error.to_string(), *expected, "{name}"),
        (other, _) => panic!("{name}: {other:?}"),
    };
    let fates: Vec<String> = applied
        .notes
        .iter()
        .map(|note| serde_json::to_value(note.fate).unwrap().as_str().unwrap().to_owned())
        .collect();
    assert_eq!(applied.text, read(dir, "after"), "{name}: after");
    assert_eq!(fates, case.fates, "{name}: fates");
    let again = merge(case.format, applied.text.as_deref(), &applied.record, &case.edits, false).unwrap();
    assert_eq!((&again.text, &again.record), (&applied.text, &applied.record), "{name}: again");
    let back = revert(case.format, applied.text.as_deref(), &applied.record).unwrap();
    assert_eq!(back.text, before, "{name}: taken back");
}
