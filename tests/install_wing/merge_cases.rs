//! Each directory of `tests/merge` is a case: `before.*` (none: no file), `edits.json` (format, edits, fates) and
//! `after.*`. Applying gives `after`, applying again changes nothing, taking back gives `before`.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use so::compile::artifact::{Edit, Format};
use so::install::merge::{Fate, apply, merge, revert};

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

fn keys(at: &str) -> Vec<String> {
    at.split('/').map(str::to_owned).collect()
}

fn set(at: &str, value: Value) -> Edit {
    Edit::Set { at: keys(at), value, ours: false }
}

fn append(at: &str, value: Value) -> Edit {
    Edit::Append { at: keys(at), value }
}

/// Clients write their settings anew: what they reformat is still ours to take back, what they add is not.
#[test]
fn a_file_that_its_client_rewrote_gives_ours_back() {
    let edits =
        [set("plugins/so@so", json!({"enabled": true, "env": {"A": "1"}})), append("notify", json!("so"))];
    let ours = apply(Format::Toml, Some("model = \"x\"\n"), &edits).unwrap();
    let rewritten = "model = \"x\"\nnotify = [\n    \"so\",\n]\n\n[plugins.\"so@so\"]\nenabled = true\n\n[plugins.\"so@so\".env]\nA = \"1\"\n\n[tui]\nx = 1\n";
    let back = revert(Format::Toml, Some(rewritten), &ours.record).unwrap();
    assert_eq!(back.text.as_deref(), Some("model = \"x\"\n\n\n[tui]\nx = 1\n"));

    let edits = [
        set("enabledPlugins/so@so", json!(true)),
        append("hooks/stop", json!({"command": "so", "timeout": 5})),
    ];
    let ours = apply(Format::Json, None, &edits).unwrap();
    let rewritten = "{\"theme\":1,\"hooks\":{\"stop\":[{\"timeout\":5,\"command\":\"so\"}]},\"enabledPlugins\":{\"so@so\":true}}";
    let back = revert(Format::Json, Some(rewritten), &ours.record).unwrap();
    assert_eq!(back.text.as_deref(), Some("{\"theme\":1}"));
}

#[test]
fn what_the_person_wrote_into_ours_keeps_it() {
    let edits = [set("a/b", json!(1)), set("a/c", json!({"d": 1}))];
    let ours = apply(Format::Json, None, &edits).unwrap();
    let text = ours.text.unwrap().replace("\"d\": 1", "// why\n      \"d\": 1");
    let back = revert(Format::Json, Some(&text), &ours.record).unwrap();
    assert_eq!(
        back.text.as_deref(),
        Some("{\n  \"a\": {\n    \"c\": {\n      // why\n      \"d\": 1\n    }\n  }\n}\n")
    );
    assert_eq!(back.notes.iter().map(|note| note.fate).collect::<Vec<_>>(), [Fate::Edited, Fate::Removed]);

    let ours = apply(Format::Toml, None, &[set("a/b", json!(1)), set("a/c", json!(2))]).unwrap();
    let back = revert(Format::Toml, Some("[a]\nb = 1 # why\nc = 2\n"), &ours.record).unwrap();
    assert_eq!(back.text.as_deref(), Some("[a]\nb = 1 # why\n"));

    let ours =
        apply(Format::Markdown, Some("x\n"), &[Edit::Block { name: "so".into(), text: "ours\n".into() }])
            .unwrap();
    let text = ours.text.unwrap().replace("ours", "mine");
    let back = revert(Format::Markdown, Some(&text), &ours.record).unwrap();
    assert_eq!(back.text, Some(text));
    assert_eq!(back.notes[0].fate, Fate::Edited);
}

/// The second edit ends the last line, which the first one changed.
#[test]
fn a_last_line_without_an_end_that_holds_an_edit_comes_back() {
    let text = "[x]\nb = [1, 2]";
    let ours = apply(Format::Toml, Some(text), &[append("x/b", json!(3)), set("new/key", json!(1))]).unwrap();
    assert_eq!(ours.text.as_deref(), Some("[x]\nb = [1, 2, 3]\n\n[new]\nkey = 1\n"));
    let next = [append("x/b", json!(4)), set("new/key", json!(1)), set("new/more", json!(1))];
    let next = merge(Format::Toml, ours.text.as_deref(), &ours.record, &next, false).unwrap();
    assert_eq!(next.text.as_deref(), Some("[x]\nb = [1, 2, 4]\n\n[new]\nkey = 1\nmore = 1\n"));
    assert_eq!(revert(Format::Toml, next.text.as_deref(), &next.record).unwrap().text.as_deref(), Some(text));
}

/// A table cannot become a number where it stands.
#[test]
fn a_value_that_becomes_another_kind_of_value_moves() {
    let ours = apply(Format::Toml, None, &[append("a", json!({"x": 1}))]).unwrap();
    let next =
        merge(Format::Toml, ours.text.as_deref(), &ours.record, &[append("a", json!(1))], false).unwrap();
    assert_eq!(next.text.as_deref(), Some("a = [1]\n"));
    assert_eq!(revert(Format::Toml, next.text.as_deref(), &next.record).unwrap().text, None);
}

/// A client keeps its own notes under our name, and a person may switch us off there: both go when we go.
#[test]
fn a_key_that_is_ours_by_name_goes_with_all_that_was_written_under_it() {
    let ours = |at: &str, value: Value| Edit::Set { at: keys(at), value, ours: true };
    for (format, edit, rewritten, left) in [
        (
            Format::Json,
            ours("so", json!({"path": "/p", "seen": "1970"})),
            "{\n  \"other\": 1,\n  \"so\": {\n    \"path\": \"/p\",\n    \"seen\": \"2026\",\n    \"more\": true\n  }\n}\n",
            "{\n  \"other\": 1\n}\n",
        ),
        (
            Format::Toml,
            ours("plugins/so@so", json!({"enabled": true})),
            "model = \"x\"\n\n[plugins.\"so@so\"]\nenabled = false\nsince = 1\n",
            "model = \"x\"\n",
        ),
    ] {
        let applied = apply(format, Some(left), std::slice::from_ref(&edit)).unwrap();
        let kept =
            merge(format, Some(rewritten), &applied.record, std::slice::from_ref(&edit), false).unwrap();
        assert_eq!(kept.text.as_deref(), Some(rewritten), "an upgrade that wants the same leaves it");
        let back = revert(format, Some(rewritten), &kept.record).unwrap();
        assert_eq!(back.text.as_deref(), Some(left));
        assert_eq!(back.notes[0].fate, Fate::Removed);
    }
}
