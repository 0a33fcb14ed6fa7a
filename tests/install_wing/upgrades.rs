//! Random edits of a person's between random versions: nothing of either side is lost, and nothing is done twice.
//!
//! `SO_UPGRADE_CASES=10000` tries more. Every line that a side adds has a mark of its own, so that a line that is lost
//! is found whatever the merge was.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;
use so::compile::artifact::{ArtifactSet, Edit, Format, Place, Root};
use so::install::plan::{Answer, Kind, Request};
use so::rel_path::RelPath;

use super::memory::{Memory, request, uninstall};

/// The texts of a version: three files of ours, and what it puts into files of others.
#[derive(Debug, Clone)]
struct Version {
    files: Vec<(&'static str, String)>,
    block: String,
    number: u64,
}

const FILES: [&str; 3] = [".cursor/rules/a.mdc", ".cursor/commands/go.md", ".orchestrator/run.sh"];
const MARKDOWN: &str = "---\nname: a\ndescription: What it does.\nmodel: fast\n---\n\n# Title\n\nA paragraph that\nruns on.\n\n\
    - one\n- two\n  more of two\n- three\n\n## Section\n\n1. first\n2. second\n\n```sh\nls\n- not an item\n```\n\n## Last\n\nThe end.\n";
const SCRIPT: &str = "#!/bin/sh\nset -e\n\nfor file in *; do\n  echo \"$file\"\ndone\n\nexit 0\n";

/// One change of a text.
#[derive(Debug, Clone)]
enum Change {
    Insert(Index, Look),
    Replace(Index),
    Delete(Index),
}

/// What an inserted line looks like.
#[derive(Debug, Clone, Copy)]
enum Look {
    Text,
    Item,
    Heading,
    Key,
}

fn change() -> impl Strategy<Value = Change> {
    let look = select(vec![Look::Text, Look::Item, Look::Heading, Look::Key]);
    prop_oneof![
        3 => (any::<Index>(), look).prop_map(|(at, look)| Change::Insert(at, look)),
        2 => any::<Index>().prop_map(Change::Replace),
        1 => any::<Index>().prop_map(Change::Delete),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    proptest::collection::vec(change(), 0..4)
}

/// The changed text; every new line carries `mark` and a number.
fn changed(text: &str, changes: &[Change], mark: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (number, change) in changes.iter().enumerate() {
        match change {
            Change::Insert(at, look) => {
                let at = at.index(lines.len() + 1);
                lines.insert(
                    at,
                    match look {
                        Look::Text => format!("{mark}{number} says so"),
                        Look::Item => format!("- {mark}{number}"),
                        Look::Heading => format!("## {mark}{number}"),
                        Look::Key => format!("{mark}{number}: x"),
                    },
                );
            }
            Change::Replace(at) if !lines.is_empty() => {
                let at = at.index(lines.len());
                lines[at] = format!("{} {mark}{number}r", lines[at]);
            }
            Change::Delete(at) if !lines.is_empty() => drop(lines.remove(at.index(lines.len()))),
            _ => {}
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// What a person does with one file.
#[derive(Debug, Clone)]
enum Act {
    Nothing,
    Edit(Vec<Change>, Form),
    Delete,
}

/// How their editor saves.
#[derive(Debug, Clone, Copy)]
enum Form {
    Plain,
    Crlf,
    Bom,
    Unended,
}

fn act() -> impl Strategy<Value = Act> {
    let form = prop_oneof![
        5 => Just(Form::Plain), 1 => Just(Form::Crlf), 1 => Just(Form::Bom), 1 => Just(Form::Unended)
    ];
    prop_oneof![
        2 => Just(Act::Nothing),
        5 => (changes(), form).prop_map(|(changes, form)| Act::Edit(changes, form)),
        1 => Just(Act::Delete),
    ]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    proptest::collection::vec(act(), 4)
}

fn versions() -> impl Strategy<Value = Vec<Version>> {
    proptest::collection::vec(proptest::collection::vec(changes(), 4), 2).prop_map(|steps| {
        let first = [MARKDOWN, MARKDOWN, SCRIPT].map(str::to_owned);
        let files = FILES.into_iter().zip(first).collect();
        let mut all = vec![Version { files, block: "- read this\n- and this\n".to_owned(), number: 0 }];
        for (at, step) in steps.iter().enumerate() {
            let last = &all[at];
            let mark = format!("new{at}x");
            let files = last.files.iter().zip(step);
            let files = files.map(|((path, text), changes)| (*path, changed(text, changes, &mark))).collect();
            let block = changed(&last.block, &step[3], &mark);
            all.push(Version { files, block, number: at as u64 + 1 });
        }
        all
    })
}

fn place(root: Root, path: &str) -> Place {
    Place { root, platform: None, path: RelPath::new(path).unwrap() }
}

impl Version {
    fn set(&self) -> ArtifactSet {
        let mut set = ArtifactSet::default();
        for (path, text) in &self.files {
            set.add_file("cursor", place(Root::Project, path), text.clone().into_bytes(), false).unwrap();
        }
        let edits = vec![Edit::Block { name: "so".to_owned(), text: self.block.clone() }];
        set.add_edits("cursor", place(Root::Project, "AGENTS.md"), Format::Markdown, edits).unwrap();
        let hook = json!({"command": format!("so hook {}", self.number)});
        let edits = vec![Edit::Append { at: vec!["hooks".to_owned()], value: hook }];
        set.add_edits("cursor", place(Root::Home, ".cursor/hooks.json"), Format::Json, edits).unwrap();
        set
    }
}

/// The files that the acts are about.
fn edited() -> Vec<PathBuf> {
    FILES.iter().copied().chain(["AGENTS.md"]).map(|path| Path::new("/p").join(path)).collect()
}

fn perform(memory: &mut Memory, acts: &[Act], mark: &str) {
    for (path, act) in edited().iter().zip(acts) {
        let Some(bytes) = memory.files.get(path).cloned() else { continue };
        match act {
            Act::Nothing => {}
            Act::Delete => memory.write(path, None),
            Act::Edit(changes, form) => {
                let text = String::from_utf8(bytes).unwrap();
                // What stands in our block of a file of theirs they change inside it too; its markers they leave.
                let text = changed_around(&text, changes, mark);
                memory.write(path, Some(dressed(&text, *form).as_bytes()));
            }
        }
    }
}

fn changed_around(text: &str, changes: &[Change], mark: &str) -> String {
    let plain = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    match (plain.split_once("<!-- so:so -->\n"), plain.rsplit_once("<!-- /so:so -->")) {
        (Some((before, _)), Some((head, after))) => {
            let inner = head.split_once("<!-- so:so -->\n").unwrap().1;
            format!("{before}<!-- so:so -->\n{}<!-- /so:so -->{after}", changed(inner, changes, mark))
        }
        _ => changed(&plain, changes, mark),
    }
}

fn dressed(text: &str, form: Form) -> String {
    match form {
        Form::Plain => text.to_owned(),
        Form::Crlf => text.replace('\n', "\r\n"),
        Form::Bom => format!("\u{feff}{text}"),
        Form::Unended => text.trim_end_matches('\n').to_owned(),
    }
}

/// The marks of one side in a text, in their order.
fn marks(text: &str, mark: &str) -> Vec<String> {
    let words = text.split(|sign: char| !sign.is_ascii_alphanumeric());
    words.filter(|word| word.starts_with(mark)).map(str::to_owned).collect()
}

fn set_of(marks: Vec<String>) -> BTreeSet<String> {
    marks.into_iter().collect()
}

/// The texts that were put aside.
fn aside(memory: &Memory) -> String {
    let conflicts = memory.files.iter().filter(|(path, _)| path.to_string_lossy().contains("/conflicts/"));
    conflicts.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect()
}

fn upgrade(memory: &mut Memory, versions: &[Version], from: usize, to: usize) {
    upgrade_by(memory, versions, (from, to), &str::to_owned);
}

/// As [`upgrade`], with what the merge made of the first file changed by `breaks`.
fn upgrade_by(
    memory: &mut Memory,
    versions: &[Version],
    (from, to): (usize, usize),
    breaks: &dyn Fn(&str) -> String,
) {
    let before = memory.clone();
    let set = versions[to].set();
    let plan = memory.run(&request(&set, &format!("{to}.0.0")));
    let first = &edited()[0];
    if let Some(text) = memory.files.get(first).map(|bytes| String::from_utf8(bytes.clone()).unwrap()) {
        memory.write(first, Some(breaks(&text).as_bytes()));
    }
    for (at, path) in edited().iter().enumerate() {
        let (was, now) = (before.files.get(path), memory.files.get(path));
        let text = |bytes: Option<&Vec<u8>>| {
            bytes.map(|b| String::from_utf8(b.clone()).unwrap()).unwrap_or_default()
        };
        let (was, now, is_deleted) = (text(was), text(now), was.is_none());
        assert!(!is_deleted || !memory.files.contains_key(path), "{} came back", path.display());
        // Every mark of the person's is where it was, in its order.
        let mine: Vec<_> = marks(&now, "mine");
        let lost: Vec<_> = marks(&was, "mine").into_iter().filter(|mark| !mine.contains(mark)).collect();
        assert!(lost.is_empty(), "{} lost {lost:?}\n{was}\n---\n{now}", path.display());
        assert_eq!(mine, marks(&was, "mine"), "{}: in another order\n{was}\n---\n{now}", path.display());
        // Every line that the new version brought is there, or stands in a named conflict.
        let source =
            |version: &Version| version.files.get(at).map_or(version.block.clone(), |(_, text)| text.clone());
        let (old, new) = (source(&versions[from]), source(&versions[to]));
        let step = plan.steps.iter().find(|step| step.path == *path).unwrap();
        if step.conflicts() || is_deleted {
            assert_eq!(was, now, "a conflict changes nothing");
            assert!(is_deleted || at == 3 || aside(memory).contains(&new), "the new text is kept");
            continue;
        }
        let brought = &set_of(marks(&new, "new")) - &set_of(marks(&old, "new"));
        let there = set_of(marks(&now, "new"));
        assert!(brought.is_subset(&there), "{} left {brought:?} out\n{now}", path.display());
        let retired = &set_of(marks(&old, "new")) - &set_of(marks(&new, "new"));
        let kept: Vec<_> = now.lines().filter(|line| marks(line, "mine").is_empty()).collect();
        let stayed = retired.iter().find(|mark| kept.iter().any(|line| marks(line, "new").contains(mark)));
        assert!(stayed.is_none(), "{} kept {stayed:?}\n{now}", path.display());
    }
}

/// A merge that is right passes; one that loses, leaves out, brings back or reorders lines turns the property red.
#[test]
fn a_broken_merge_is_found() {
    let version = |text: &str, number| {
        let mut files: Vec<_> = FILES.iter().map(|path| (*path, SCRIPT.to_owned())).collect();
        files[0].1 = text.to_owned();
        Version { files, block: "- read this\n".to_owned(), number }
    };
    let old = MARKDOWN.replace("- three", "- three new0x0");
    let new = old.replace("- three new0x0", "- three").replace("The end.", "The end.\nnew1x0 says so");
    let versions = [version(&old, 0), version(&new, 1)];
    let is_found = |breaks: &dyn Fn(&str) -> String| {
        let mut memory = Memory::new();
        memory.run(&request(&versions[0].set(), "0.0.0"));
        let mine = old.replace("- one\n", "- one\n- mine1x0\n").replace("# Title", "# Title mine1x1r");
        memory.write(&edited()[0], Some(mine.as_bytes()));
        let run = std::panic::AssertUnwindSafe(|| upgrade_by(&mut memory, &versions, (0, 1), breaks));
        std::panic::catch_unwind(run).is_err()
    };
    let without = |mark: &'static str| {
        move |text: &str| text.lines().filter(|line| !line.contains(mark)).collect::<Vec<_>>().join("\n")
    };
    assert!(!is_found(&str::to_owned));
    assert!(is_found(&without("mine1x0")), "a line of the person's is lost");
    assert!(is_found(&without("new1x0")), "a line of the new version is left out");
    assert!(is_found(&|text| text.replace("- three", "- three new0x0")), "a retired line is back");
    let swapped =
        |text: &str| text.replace("mine1x0", "x").replace("mine1x1r", "mine1x0").replace("- x", "- mine1x1r");
    assert!(is_found(&swapped), "the person's lines stand in another order");
}

fn cases() -> u32 {
    std::env::var("SO_UPGRADE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_of_either_side_is_lost(
        versions in versions(),
        first in acts(),
        second in acts(),
        skips in any::<bool>(),
        foreign in any::<bool>(),
    ) {
        let mut memory = Memory::new();
        memory.write(Path::new("/p/AGENTS.md"), Some(b"# Theirs\n\nmine0own\n"));
        memory.write(Path::new("/p/.cursor/rules/theirs.mdc"), Some(b"theirs\n"));
        let (mut first, mut second) = (first, second);
        if foreign {
            // Where theirs goes, ours may come.
            for acts in [&mut first, &mut second] {
                acts[1] = if matches!(acts[1], Act::Delete) { Act::Nothing } else { acts[1].clone() };
            }
            memory.write(Path::new("/p/.cursor/commands/go.md"), Some(b"their own mine0go\n"));
        }
        let before = memory.clone();
        memory.run(&request(&versions[0].set(), "0.0.0"));
        perform(&mut memory, &first, "mine1x");
        let mut at = 0;
        if !skips {
            upgrade(&mut memory, &versions, 0, 1);
            perform(&mut memory, &second, "mine2x");
            at = 1;
        }
        upgrade(&mut memory, &versions, at, 2);
        // Taken back, exactly the person's tree is left: what they had, and what they edited as it is.
        let last = memory.clone();
        let plan = memory.run(&uninstall(&ArtifactSet::default()));
        let ours = |path: &Path| path.starts_with("/h") || path.to_string_lossy().contains("/.orchestrator/") && !path.ends_with("run.sh");
        for (path, bytes) in &memory.files {
            prop_assert!(!ours(path), "{} is left", path.display());
            let was = last.files.get(path);
            prop_assert!(path.ends_with("AGENTS.md") || was == Some(bytes), "{} was changed", path.display());
        }
        for (path, bytes) in &last.files {
            let left = plan.steps.iter().any(|step| step.path == *path && matches!(step.kind, Kind::Leave));
            let theirs = before.files.contains_key(path);
            let there = memory.files.get(path);
            if path.ends_with("AGENTS.md") {
                let text = String::from_utf8_lossy(there.map_or(&[][..], Vec::as_slice)).into_owned();
                let old = String::from_utf8_lossy(bytes).into_owned();
                prop_assert!(marks(&text, "mine") == marks(&old, "mine") || !left && marks(&text, "mine").contains(&"mine0own".to_owned()));
            } else {
                prop_assert_eq!(there.is_some(), (left || theirs) && !ours(path), "{}", path.display());
            }
        }
        let unused = memory.dirs.iter().find(|dir| !before.dirs.contains(*dir) && !memory.files.keys().any(|path| path.starts_with(dir)));
        prop_assert!(unused.is_none(), "{unused:?} is left");
    }

    #[test]
    fn what_the_person_decides_is_settled(versions in versions(), first in acts(), answer in 0..3_usize) {
        let mut memory = Memory::new();
        let set = versions[2].set();
        memory.run(&request(&versions[0].set(), "0.0.0"));
        perform(&mut memory, &first, "mine1x");
        let plan = memory.run(&request(&set, "2.0.0"));
        for step in plan.conflicts() {
            let mine = memory.files.get(&step.path).cloned();
            let decided = [Answer::Mine, Answer::New, Answer::Text(b"of both\n".to_vec())][answer].clone();
            let is_text = step.place.path.as_str() != "AGENTS.md";
            let decided = if is_text || answer < 2 { decided } else { Answer::Mine };
            let request = Request {
                platforms: std::collections::BTreeMap::new(),
                answers: [(step.place.clone(), decided.clone())].into(),
                only: Some([step.place.clone()].into()),
                ..request(&set, "2.0.0")
            };
            memory.apply(&memory.plan(&request));
            let now = memory.files.get(&step.path).cloned();
            match decided {
                Answer::Mine => prop_assert_eq!(now, mine),
                Answer::Text(text) => prop_assert_eq!(now, Some(text)),
                _ if is_text => prop_assert_eq!(now, versions[2].files.iter().find(|(path, _)| *path == step.place.path.as_str()).map(|(_, text)| text.clone().into_bytes())),
                _ => {}
            }
        }
        let again = memory.plan(&request(&set, "2.0.0"));
        prop_assert_eq!(again.conflicts().count(), 0, "{:#?}", again.steps);
        prop_assert!(again.is_empty(), "{:?} {:?} {:?}", again.records.iter().map(|change| &change.path).collect::<Vec<_>>(), again.locks, again.steps.iter().filter(|step| step.changes()).collect::<Vec<_>>());
        prop_assert!(!memory.files.keys().any(|path| path.to_string_lossy().contains("/conflicts/")));
    }
}
