//! Globs: a table of cases, another implementation as the reference, and what two of them have in common.

use proptest::prelude::*;
use so::glob::{Case, Glob};

use crate::support::root;

fn rows(section: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("tests/glob.md")).unwrap();
    let section = text.split("\n# ").find(|part| part.trim_start_matches("# ").starts_with(section)).unwrap();
    let cells = |line: &str| {
        line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    section.lines().filter(|line| line.starts_with("| `")).map(cells).collect()
}

#[test]
fn every_glob_means_what_the_table_says() {
    let rows = rows("Globs");
    assert!(rows.len() > 50);
    for row in rows {
        let [glob, path, expected] = row.as_slice() else { panic!("{row:?}") };
        let answer = |case| Glob::new(glob, case).map(|glob| glob.matches(path));
        let found = match (answer(Case::Sensitive), answer(Case::Insensitive)) {
            (Err(why), _) => {
                assert!(why.contains(expected.trim_matches('`')), "{glob}: {why}");
                continue;
            }
            (Ok(true), _) => "yes",
            (Ok(false), Ok(true)) => "where case does not count",
            _ => "no",
        };
        assert_eq!(found, expected, "{glob} {path}");
    }
}

#[test]
fn two_globs_have_in_common_what_the_table_says() {
    for row in rows("Two globs") {
        let [one, two, expected] = row.as_slice() else { panic!("{row:?}") };
        let glob = |text: &String| Glob::new(text, Case::Sensitive).unwrap();
        let (one, two) = (glob(one), glob(two));
        let expected = Some(expected.clone()).filter(|path| !path.is_empty());
        assert_eq!(one.overlap(&two), expected, "{one:?} {two:?}");
        assert_eq!(two.overlap(&one).is_some(), expected.is_some(), "{one:?} {two:?}");
    }
}

/// Patterns of a small alphabet, so that they meet.
fn pattern() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a", "b", "ab", "*", "?", "a*", "*b", "[ab]", "[!a]", "{a,b}", "{a*,bb}", "**",
    ]);
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"))
}

proptest! {
    #[test]
    fn the_reference_says_the_same(pattern in pattern(), path in "[ab]{1,2}(/[ab]{1,2}){0,4}") {
        let reference = globset::GlobBuilder::new(&pattern).literal_separator(true).build().unwrap();
        let glob = Glob::new(&pattern, Case::Sensitive).unwrap();
        prop_assert_eq!(glob.matches(&path), reference.compile_matcher().is_match(&path));
    }

    #[test]
    fn a_witness_is_one_and_what_both_match_has_one(one in pattern(), two in pattern(), path in "[ab]{1,2}(/[ab]{1,2}){0,4}") {
        let glob = |text: &str| Glob::new(text, Case::Sensitive).unwrap();
        let (one, two) = (glob(&one), glob(&two));
        match one.overlap(&two) {
            Some(path) => prop_assert!(one.matches(&path) && two.matches(&path), "{}", path),
            None => prop_assert!(!(one.matches(&path) && two.matches(&path)), "{}", path),
        }
    }

    #[test]
    fn no_pattern_panics(pattern in "[ab/*?\\[\\]{},!\\\\.é-]{0,24}", path in "[ab/.é]{0,12}") {
        if let Ok(glob) = Glob::new(&pattern, Case::Insensitive) {
            glob.matches(&path);
            glob.overlap(&glob);
        }
    }
}
