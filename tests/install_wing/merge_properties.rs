//! What holds for every document and every set of edits: all comes back to the byte, nothing foreign moves.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use so::compile::artifact::{Edit, Format};
use so::install::merge::{Fate, Record, apply, merge, revert};

/// A JSON value with a layout of its own.
#[derive(Debug, Clone)]
enum Node {
    Atom(&'static str),
    Array(Vec<Node>, Layout),
    Object(Vec<(&'static str, Node)>, Layout),
}

#[derive(Debug, Clone, Copy)]
struct Layout {
    lines: bool,
    trailing_comma: bool,
    pad: &'static str,
    comment: Option<&'static str>,
}

const KEYS: &[&str] = &["hooks", "PreToolUse", "a", "b", "x y", "version", "ü"];

fn layout() -> impl Strategy<Value = Layout> {
    let comment = select(vec![None, None, None, Some("// one"), Some("/* two, \"x\" */")]);
    (any::<bool>(), any::<bool>(), select(vec!["", " ", "  "]), comment)
        .prop_map(|(lines, trailing_comma, pad, comment)| Layout { lines, trailing_comma, pad, comment })
}

fn node() -> impl Strategy<Value = Node> {
    let atom =
        select(vec!["1", "true", "null", "\"s\"", "\"// no\"", "-1.5e3", "\"é\\n\""]).prop_map(Node::Atom);
    atom.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (vec(inner.clone(), 0..4), layout()).prop_map(|(items, layout)| Node::Array(items, layout)),
            object(inner),
        ]
    })
}

fn object(inner: impl Strategy<Value = Node>) -> impl Strategy<Value = Node> {
    (vec((select(KEYS), inner), 0..4), layout()).prop_map(|(mut pairs, layout)| {
        let mut seen = Vec::new();
        pairs.retain(|(key, _)| {
            !seen.contains(key) && {
                seen.push(*key);
                true
            }
        });
        Node::Object(pairs, layout)
    })
}

fn write(node: &Node, depth: usize, indent: &str, out: &mut String) {
    let (brackets, layout, items): (_, _, Vec<(Option<&str>, &Node)>) = match node {
        Node::Atom(text) => return out.push_str(text),
        Node::Array(items, layout) => (['[', ']'], layout, items.iter().map(|item| (None, item)).collect()),
        Node::Object(pairs, layout) => {
            (['{', '}'], layout, pairs.iter().map(|(key, value)| (Some(*key), value)).collect())
        }
    };
    let lines = layout.lines || layout.comment.is_some_and(|comment| comment.starts_with("//"));
    let line =
        |depth: usize| if lines { format!("\n{}", indent.repeat(depth)) } else { layout.pad.to_owned() };
    out.push(brackets[0]);
    for (index, (key, value)) in items.iter().enumerate() {
        out.push_str(&line(depth + 1));
        if let Some(key) = key {
            out.extend(["\"", key, "\":", layout.pad]);
        }
        write(value, depth + 1, indent, out);
        if index + 1 < items.len() || layout.trailing_comma {
            out.push(',');
        }
    }
    if let Some(comment) = layout.comment {
        out.extend([layout.pad, comment]);
    }
    out.push_str(&line(depth));
    out.push(brackets[1]);
}

/// Around the value: byte order mark, line ends, comments, the last line's end.
fn dress(mut text: String, bom: bool, crlf: bool, head: &str, last: &str) -> String {
    text = format!("{head}{text}{last}");
    if crlf {
        text = text.replace('\n', "\r\n");
    }
    if bom { format!("\u{feff}{text}") } else { text }
}

fn json_text() -> impl Strategy<Value = String> {
    let head = select(vec!["", "", "// head\n", "\n"]);
    let last = select(vec!["", "\n", "\n\n", "\n// end\n"]);
    (object(node()), select(vec!["  ", "\t", "    "]), any::<bool>(), any::<bool>(), head, last).prop_map(
        |(root, indent, bom, crlf, head, last)| {
            let mut text = String::new();
            write(&root, 0, indent, &mut text);
            dress(text, bom, crlf, head, last)
        },
    )
}

fn path() -> impl Strategy<Value = Vec<String>> {
    vec(select(KEYS), 1..4).prop_map(|keys| keys.into_iter().map(str::to_owned).collect())
}

fn value() -> impl Strategy<Value = Value> {
    let values = vec![
        json!(1),
        json!(true),
        json!("s"),
        json!("a#b"),
        json!(["x", 2]),
        json!({"command": "/opt/so hook", "timeout": 5}),
        json!({"matcher": "Bash", "hooks": [{"type": "command", "command": "so"}]}),
        json!({}),
    ];
    select(values)
}

/// Edits of which no two are for one key, and none goes through the value of another.
fn edits() -> impl Strategy<Value = Vec<Edit>> {
    vec((path(), value(), any::<bool>()), 0..6).prop_map(|all| {
        let mut kept: Vec<Edit> = Vec::new();
        for (at, value, set) in all {
            let edit = if set { Edit::Set { at, value, ours: false } } else { Edit::Append { at, value } };
            if !kept.iter().any(|old| clashes(old, &edit)) {
                kept.push(edit);
            }
        }
        kept
    })
}

fn clashes(a: &Edit, b: &Edit) -> bool {
    let parts = |edit: &Edit| match edit {
        Edit::Set { at, .. } => (at.clone(), true),
        Edit::Append { at, .. } => (at.clone(), false),
        Edit::Block { name, .. } => (vec![name.clone()], true),
    };
    let ((a_at, a_set), (b_at, b_set)) = (parts(a), parts(b));
    if a_at == b_at { a_set || b_set || a == b } else { a_at.starts_with(&b_at) || b_at.starts_with(&a_at) }
}

fn newer(edits: &[Edit], choice: &[bool], fresh: &Value) -> Vec<Edit> {
    let mut flags = choice.iter().cycle();
    let renewed = edits.iter().filter_map(|edit| match (flags.next(), flags.next()) {
        (Some(true), _) => Some(edit.clone()),
        (_, Some(true)) => None,
        _ => Some(match edit {
            Edit::Set { at, .. } => Edit::Set { at: at.clone(), value: fresh.clone(), ours: false },
            Edit::Append { at, .. } => Edit::Append { at: at.clone(), value: json!({"new": fresh}) },
            Edit::Block { name, .. } => Edit::Block { name: name.clone(), text: "new\nlines\n".to_owned() },
        }),
    });
    let mut unique: Vec<Edit> = Vec::new();
    for edit in renewed {
        if !unique.contains(&edit) {
            unique.push(edit);
        }
    }
    unique
}

/// Apply, apply again, go to another version, take all back.
fn round_trip(
    format: Format,
    text: Option<&str>,
    edits: &[Edit],
    next: &[Edit],
) -> Result<(), TestCaseError> {
    let first =
        apply(format, text, edits).map_err(|error| TestCaseError::fail(format!("{error}\n{text:?}")))?;
    let again = merge(format, first.text.as_deref(), &first.record, edits, false).unwrap();
    prop_assert_eq!(&again.text, &first.text, "a second run changes nothing");
    prop_assert_eq!(&again.record, &first.record);
    let back = revert(format, first.text.as_deref(), &first.record).unwrap();
    prop_assert_eq!(back.text.as_deref(), text, "after:\n{}", first.text.unwrap_or_default());
    let stored: Record = serde_json::from_str(&serde_json::to_string(&first.record).unwrap()).unwrap();
    prop_assert_eq!(&stored, &first.record, "a record survives its lock");
    let second = merge(format, first.text.as_deref(), &stored, next, false).unwrap();
    let back = revert(format, second.text.as_deref(), &second.record).unwrap();
    prop_assert_eq!(
        back.text.as_deref(),
        text,
        "after the new version:\n{}",
        second.text.unwrap_or_default()
    );
    Ok(())
}

fn read_json(text: &str) -> Value {
    let parsed = jsonc_parser::parse_to_ast(
        text.trim_start_matches('\u{feff}'),
        &jsonc_parser::CollectOptions::default(),
        &jsonc_parser::ParseOptions::default(),
    );
    parsed.unwrap().value.unwrap().into()
}

fn read_toml(text: &str) -> Value {
    toml_edit::de::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

/// What the document says with `edits` in it, worked out without any text.
fn model(mut root: Value, edits: &[Edit]) -> Value {
    for edit in edits {
        match edit {
            Edit::Set { at, value, .. } => put(&mut root, at, value, true),
            Edit::Append { at, value } => put(&mut root, at, value, false),
            Edit::Block { .. } => {}
        }
    }
    root
}

fn put(here: &mut Value, at: &[String], value: &Value, set: bool) {
    match (here, at) {
        (Value::Object(map), [key]) if set => drop(map.entry(key.clone()).or_insert(value.clone())),
        (Value::Object(map), [key, rest @ ..]) => {
            let empty = if rest.is_empty() { json!([]) } else { json!({}) };
            put(map.entry(key.clone()).or_insert(empty), rest, value, set);
        }
        (Value::Array(items), []) if !set && !items.contains(value) => items.push(value.clone()),
        _ => {}
    }
}

fn toml_text() -> impl Strategy<Value = String> {
    let root = select(vec![
        "a = 1",
        "b = \"x\" # why",
        "version = 1.0",
        "tools.web = true",
        "x = { a = 1 }",
        "# note",
        "",
    ]);
    let body = select(vec![
        "a = 1",
        "  b = [1, 2]",
        "b = [\n  1, # one\n  2,\n]",
        "ü = 'q'",
        "# note",
        "",
        "hooks.a = true",
        "PreToolUse = [ ]",
    ]);
    let header = select(vec![
        "[a]",
        "[b]",
        "[hooks]",
        "[hooks.PreToolUse]",
        "  [version] # v",
        "[[hooks.PreToolUse]]",
        "[a.b]",
        "[\"x y\"]",
    ]);
    let table =
        (header, vec(body, 0..4)).prop_map(|(header, lines)| format!("{header}\n{}", lines.join("\n")));
    let last = select(vec!["", "\n", "\n\n"]);
    (vec(root, 0..4), vec(table, 0..4), any::<bool>(), any::<bool>(), last).prop_filter_map(
        "not TOML",
        |(root, tables, bom, crlf, last)| {
            let text = root.into_iter().map(str::to_owned).chain(tables).collect::<Vec<_>>().join("\n");
            let text = dress(text, bom, crlf, "", last);
            toml_edit::Document::parse(text.trim_start_matches('\u{feff}').to_owned()).is_ok().then_some(text)
        },
    )
}

fn toml_edits() -> impl Strategy<Value = Vec<Edit>> {
    let keys = vec(select(vec!["hooks", "PreToolUse", "a", "b", "ü", "x y", "new"]), 1..4);
    let at = keys.prop_map(|keys| keys.into_iter().map(str::to_owned).collect::<Vec<String>>());
    let value =
        select(vec![json!(1), json!(true), json!("a#b"), json!(["x"]), json!({"path": "/so", "on": true})]);
    vec((at, value, any::<bool>()), 0..6).prop_map(|all| {
        let mut kept: Vec<Edit> = Vec::new();
        for (at, value, set) in all {
            let edit = if set { Edit::Set { at, value, ours: false } } else { Edit::Append { at, value } };
            if !kept.iter().any(|old| clashes(old, &edit)) {
                kept.push(edit);
            }
        }
        kept
    })
}

fn markdown_text() -> impl Strategy<Value = String> {
    let line =
        select(vec!["# Title", "", "text", "  - item", "<!-- a comment -->", "```", "## Session Config"]);
    (vec(line, 0..8), any::<bool>(), any::<bool>(), select(vec!["", "\n", "\n\n"]))
        .prop_map(|(lines, bom, crlf, last)| dress(lines.join("\n"), bom, crlf, "", last))
}

fn blocks() -> impl Strategy<Value = Vec<Edit>> {
    let text = select(vec!["one\n", "one\n\ntwo\n", "", "no end", "# A\n"]);
    vec(text, 0..4).prop_map(|texts| {
        let block =
            |(index, text): (usize, &str)| Edit::Block { name: format!("b{index}"), text: text.to_owned() };
        texts.into_iter().enumerate().map(block).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_comes_back(text in json_text(), edits in edits(), choice in vec(any::<bool>(), 1..9), fresh in value()) {
        round_trip(Format::Json, Some(&text), &edits, &newer(&edits, &choice, &fresh))?;
    }

    #[test]
    fn json_says_what_was_asked_and_nothing_else(text in json_text(), edits in edits()) {
        let after = apply(Format::Json, Some(&text), &edits).unwrap().text.unwrap();
        prop_assert_eq!(read_json(&after), model(read_json(&text), &edits), "{}", after);
    }

    #[test]
    fn json_without_a_file_comes_and_goes(edits in edits(), choice in vec(any::<bool>(), 1..9), fresh in value()) {
        round_trip(Format::Json, None, &edits, &newer(&edits, &choice, &fresh))?;
    }

    #[test]
    fn toml_comes_back(text in toml_text(), edits in toml_edits(), choice in vec(any::<bool>(), 1..9)) {
        round_trip(Format::Toml, Some(&text), &edits, &newer(&edits, &choice, &json!("v2")))?;
    }

    #[test]
    fn toml_says_what_was_asked_and_nothing_else(text in toml_text(), edits in toml_edits()) {
        let after = apply(Format::Toml, Some(&text), &edits).unwrap();
        let added: Vec<Edit> =
            edits.into_iter().zip(&after.notes).filter(|(_, note)| note.fate == Fate::Added).map(|(edit, _)| edit).collect();
        let after = after.text.unwrap();
        prop_assert_eq!(read_toml(&after), model(read_toml(&text), &added), "{}", after);
    }

    #[test]
    fn markdown_comes_back(text in markdown_text(), edits in blocks(), choice in vec(any::<bool>(), 1..9)) {
        round_trip(Format::Markdown, Some(&text), &edits, &newer(&edits, &choice, &json!(0)))?;
    }

    #[test]
    fn what_the_person_adds_around_ours_stays(edits in edits(), text in json_text(), theirs in vec((path(), value()), 0..4)) {
        let ours = apply(Format::Json, Some(&text), &edits).unwrap();
        let inside_ours = |at: &[String]| edits.iter().any(|edit| matches!(edit, Edit::Set { at: set, .. } if at.starts_with(set)));
        let theirs: Vec<Edit> = theirs
            .into_iter()
            .filter(|(at, _)| !inside_ours(at))
            .map(|(at, value)| Edit::Append { at, value })
            .collect();
        let both = apply(Format::Json, ours.text.as_deref(), &theirs).unwrap();
        let added: Vec<Edit> =
            theirs.into_iter().zip(&both.notes).filter(|(_, note)| note.fate == Fate::Added).map(|(edit, _)| edit).collect();
        let left = revert(Format::Json, both.text.as_deref(), &ours.record).unwrap().text.unwrap();
        prop_assert_eq!(read_json(&left), model(read_json(&text), &added), "{}", left);
    }
}
