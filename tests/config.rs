//! Every key of the original has an answer, and the answers are true: what acts is read somewhere, what waits is not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use so::session::config::keys::{self, KEYS, State};
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
