//! What the strict reader accepts means the same to a full one.

use proptest::prelude::*;
use serde_yaml::Value as Full;
use so::yaml::{Node, Value, read};

/// Equal, scalar by scalar. A plain scalar that is no text to YAML is only compared where the full reader says text.
fn same(ours: &Node<'_>, full: &Full) -> bool {
    match (&ours.value, full) {
        (Value::Empty, Full::Null) => true,
        (Value::Scalar(scalar), Full::String(text)) => scalar.text == text.as_str(),
        (Value::Scalar(scalar), Full::Null | Full::Bool(_) | Full::Number(_)) => !scalar.is_text(),
        (Value::List(items), Full::Sequence(list)) => {
            items.len() == list.len() && items.iter().zip(list).all(|(item, full)| same(item, full))
        }
        (Value::Table(entries), Full::Mapping(table)) => {
            entries.len() == table.len()
                && entries
                    .iter()
                    .all(|(key, node)| table.get(key.text.as_ref()).is_some_and(|full| same(node, full)))
        }
        _ => false,
    }
}

fn agree(text: &str) -> Result<bool, String> {
    let Ok(ours) = read(text) else { return Ok(false) };
    match serde_yaml::from_str::<Full>(text) {
        Ok(full) if same(&ours, &full) => Ok(true),
        Ok(full) => Err(format!("{text:?} is {ours:?}, not {full:?}")),
        Err(error) => Err(format!("{text:?} is no YAML: {error}; read as {ours:?}")),
    }
}

const PIECES: &[&str] = &[
    "a",
    "b c",
    "key",
    ": ",
    ":",
    "- ",
    "-",
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "\n  - ",
    "# x",
    " # y",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    "\"",
    "'",
    "\"q: r\"",
    "'it''s'",
    "\\n",
    "a: b",
    "name: x",
    "\r\n",
    "1",
    "true",
    "~",
    "é",
    "&",
    "*x",
    "!t",
    "|",
    "> ",
    "---\n",
    "\t",
    "  ",
    "?",
    "? ",
    "{-f,--force}",
    "--dry-run=*",
    "x:y",
    "[a, 'b']",
    "{a: b, c: [d]}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_means_the_same_to_a_full_reader(pieces in prop::collection::vec(0..PIECES.len(), 0..14)) {
        let text: String = pieces.iter().map(|at| PIECES[*at]).collect();
        if let Err(difference) = agree(&text) {
            return Err(TestCaseError::fail(difference));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,60}") {
        if let Err(error) = read(&text) {
            prop_assert!(error.span.start <= error.span.end);
        }
    }
}

#[test]
fn the_plain_part_is_accepted() {
    for text in [
        "",
        "# nothing\n",
        "---\na: b\n",
        "packs: [kubernetes, 'cloud']\n",
        "rules:\n- name: x # why\n  match:\n    - a b\n    - \"c: d\"\n  except: []\n- name: y\n\ntighten:\n  publish: deny\n",
        "a:\n  b:\n    c: {d: e, f: [g,\n  h]}\n",
        "match: kubectl delete {ns,namespace} --all=*\n",
        "url: https://example.org/#x\r\n'k': 'it''s'\r\n",
        "- - a\n  - b\n- c\n",
    ] {
        assert_eq!(agree(text), Ok(true), "{text:?}: {:?}", read(text));
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (text, place, part) in [
        ("a: b\na: c\n", 5..6, "second time"),
        ("a: b\n  c\n", 7..8, "goes on nothing"),
        ("a: b: c\n", 4..5, "colon"),
        ("a: &x b\n", 3..7, "anchor"),
        ("a: \"b\n", 3..5, "quote"),
        ("a: [b\n", 3..4, "bracket"),
        ("a: |\n  b\n", 3..4, "several lines"),
        ("a:\tb\n", 2..3, "tab"),
        ("just text\nmore\n", 10..14, "belongs to nothing"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.message.contains(part), "{text:?}: {error:?}");
        assert_eq!(error.span, place, "{text:?}: {error:?}");
        assert!(!error.help.is_empty());
    }
}

#[test]
fn long_texts_take_linear_time() {
    let started = std::time::Instant::now();
    for text in [
        "[a,".repeat(90_000),
        "a, ".repeat(90_000),
        format!("[{}]", "a,".repeat(130_000)),
        "- ".repeat(130_000),
    ] {
        let _ = read(&text);
        let _ = read(&format!("x: [{text}"));
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
}
