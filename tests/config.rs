//! Every key of the original has an answer, and the answers are true: what acts is read somewhere, what waits is not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use so::session::config::keys::{self, KEYS, Key, Kind, State};
use so::session::config::value::Value;
use so::session::config::{Config, block};

use crate::support::{assert_file, root};

fn original() -> String {
    std::fs::read_to_string(root().join("tests/config/original.md")).unwrap()
}

#[test]
fn every_key_of_the_original_has_an_answer() {
    let text = original();
    let mut answers: BTreeMap<String, String> = BTreeMap::new();
    for entry in block::read(&text).unwrap().entries {
        let answer = match keys::named(&entry.key).map(|key| key.state) {
            Some(State::Read) => "acts".to_owned(),
            Some(State::Loosens(value)) => format!("acts; `{value}` needs the person's approval"),
            Some(State::Later(what)) => format!("accepted; there is no {what} yet"),
            Some(State::Dropped { why, instead }) => format!("no effect: {why}. Instead: {instead}"),
            None if keys::is_head(&entry.key) => continue,
            None => panic!("`{}` of the original has no answer", entry.key),
        };
        answers.insert(entry.key, answer);
    }
    let mut page = String::new();
    for (key, answer) in answers {
        let _ = writeln!(page, "{key}: {answer}");
    }
    assert_file(&root().join("tests/config/answers.txt"), &page);
}

#[test]
fn a_block_of_the_original_has_no_findings_but_keys_without_effect() {
    let config = Config::of(&[("CLAUDE.md", &original())], &|_, _| false);
    let mut codes: Vec<_> = config.findings.sorted().iter().map(|finding| finding.code).collect();
    codes.dedup();
    assert_eq!(codes, ["dropped-key"]);
    assert!(config.findings.sorted().iter().all(|finding| finding.help.is_some()));
    assert!(config.is("templates-first") && config.is("loop-guard.enabled"), "a heading is no value");
}

/// The files that could read a key, without those that define them.
fn readers() -> String {
    let below = |dir: &str| {
        let own = root().join("src/session/config");
        let files =
            walkdir::WalkDir::new(root().join(dir)).into_iter().map(|entry| entry.unwrap().into_path());
        let kinds = |path: &Path| path.extension().is_some_and(|kind| kind == "rs" || kind == "md");
        let files = files.filter(move |path| kinds(path) && !path.starts_with(&own));
        files.map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>()
    };
    // Commands that are detected are read by the names of the gate's checks.
    ["src", "skills", "commands"].map(below).concat()
}

#[test]
fn what_acts_is_read_and_what_waits_is_not() {
    let readers = readers();
    let is_read = |name: &str| {
        readers.contains(&format!("(\"{name}\""))
            || readers.contains(&format!("\"{name}\"")) && name.contains('-')
            || readers.contains(&format!("so config explain {name}"))
    };
    for key in KEYS {
        match key.state {
            State::Read | State::Loosens(_) => assert!(is_read(key.name), "nothing reads `{}`", key.name),
            State::Later(_) if key.name.contains('-') => {
                assert!(!is_read(key.name), "`{}` is read: it acts", key.name);
            }
            State::Later(_) | State::Dropped { .. } => {}
        }
    }
}

/// Any value that a key may have, but a block of its own.
fn value(kind: Kind) -> Option<BoxedStrategy<Value>> {
    let text = "[a-z][a-z0-9./_-]{0,8}( [a-z0-9][a-z0-9./_=-]{0,8}){0,3}";
    let text = text.prop_filter("nothing", |text| text != "none" && text != "null");
    Some(match kind {
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Int(low, high) => (low..=high).prop_map(Value::Int).boxed(),
        Kind::IntByMode(low, high) => {
            let modes = proptest::sample::subsequence(vec!["deep", "feature", "housekeeping"], 0..=3);
            let modes = (modes, low..=high).prop_map(|(modes, number)| {
                modes.into_iter().map(|mode| (mode.to_owned(), number)).collect::<BTreeMap<_, _>>()
            });
            let of = |(number, modes): (i64, BTreeMap<_, _>)| {
                if modes.is_empty() { Value::Int(number) } else { Value::IntByMode(number, modes) }
            };
            (low..=high, modes).prop_map(of).boxed()
        }
        Kind::Share => (0..=100_u32).prop_map(|part| Value::Share(f64::from(part) / 100.0)).boxed(),
        Kind::Choice(choices) => proptest::sample::select(choices)
            .prop_map(|word| if word == "none" { Value::None } else { Value::Text(word.to_owned()) })
            .boxed(),
        Kind::Text | Kind::Command => text.prop_map(Value::Text).boxed(),
        Kind::List => proptest::collection::vec("[a-z][a-z0-9./-]{0,8}", 1..4).prop_map(Value::List).boxed(),
        Kind::Map => return None,
    })
}

fn settings() -> impl Strategy<Value = Vec<(&'static Key, Value)>> {
    let acts = |key: &&Key| matches!(key.state, State::Read | State::Loosens(_));
    let keys: Vec<(&'static Key, BoxedStrategy<Value>)> =
        KEYS.iter().filter(acts).filter_map(|key| Some((key, value(key.kind)?))).collect();
    let some = proptest::sample::subsequence(keys, 0..12);
    some.prop_flat_map(|some| some.into_iter().map(|(key, value)| (Just(key), value)).collect::<Vec<_>>())
}

/// The block as people write it: flat, as a list, or nested below the first part of a name.
fn written(settings: &[(&Key, Value)], as_list: bool, newline: &str) -> String {
    let mut lines = vec!["# Project".to_owned(), String::new(), block::HEADING.to_owned(), String::new()];
    let mut head = "";
    for (key, value) in settings {
        let (above, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if above != head && !above.is_empty() {
            lines.push(format!("{above}:"));
        }
        head = above;
        let indent = if above.is_empty() { "" } else { "  " };
        let bold = as_list && above.is_empty();
        lines.push(if bold { format!("- **{name}:** {value}") } else { format!("{indent}{name}: {value}") });
    }
    lines.extend(["", "## Next", "waves: none of ours"].map(str::to_owned));
    lines.join(newline)
}

proptest! {
    #[test]
    fn what_is_written_is_read(settings in settings(), as_list: bool, windows: bool) {
        let text = written(&settings, as_list, if windows { "\r\n" } else { "\n" });
        let config = Config::of(&[("AGENTS.md", &text)], &|_, _| true);
        prop_assert!(config.findings.is_empty(), "{:?}\n{text}", config.findings.sorted());
        for key in KEYS {
            let set = settings.iter().find(|(set, _)| set.name == key.name).map(|(_, value)| value.clone());
            let expected = set.unwrap_or_else(|| Config::default().get(key.name).value);
            prop_assert_eq!(config.get(key.name).value, expected, "{} in\n{}", key.name, &text);
        }
    }
}
