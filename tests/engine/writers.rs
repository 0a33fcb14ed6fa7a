//! Sixty-four writers at once, on the state and on every file of JSON lines: nothing is lost and nothing is torn.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use so::guard::consent::{self, Refusal};
use so::lines;
use so::session::learn::write::{self, Proposed};
use so::session::learn::{Change, Said, What, ledger, proposal};
use so::session::receipt::{self, Receipt};
use so::session::records;
use so::store::Store;

use super::Project;
use crate::support::{root, so};

const WRITERS: usize = 64;

type Write<'w> = Box<dyn Fn(&Value) -> anyhow::Result<()> + Sync + 'w>;

/// Each a process of its own.
#[test]
fn sixty_four_processes_lose_nothing() {
    let project = Project::new();
    project.so(&["session", "start"]);
    let start = |writer: usize| {
        let mut command = so(&project.home);
        command.current_dir(&project.root).args(["state", "deviate", &format!("writer {writer}.")]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let all: Vec<_> = (0..WRITERS).map(start).collect();
    for mut writer in all {
        assert!(writer.wait().unwrap().success());
    }
    let state = project.read(".orchestrator/STATE.md");
    for writer in 0..WRITERS {
        assert_eq!(state.matches(&format!("writer {writer}.\n")).count(), 1, "writer {writer}: {state}");
    }
}

/// One file of JSON lines: where it is, how one line gets into it, and what tells the lines apart.
struct Lines<'w> {
    path: PathBuf,
    write: Write<'w>,
    id: &'static str,
    /// So many are kept.
    kept: usize,
}

/// The files of JSON lines that the sources name, so that a new one cannot be forgotten here.
fn named() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in walkdir::WalkDir::new(root().join("src")).into_iter().filter_map(Result::ok) {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        for (end, _) in text.match_indices(".jsonl\"") {
            let start = text[..end].rfind(['"', '/']).unwrap() + 1;
            names.insert(format!("{}.jsonl", &text[start..end]));
        }
    }
    names
}

const NOW: &str = "2026-11-20T08:00:00Z";

/// What a line says, as a learning.
fn text(line: &Value) -> Said {
    let insight = line["id"].as_str().unwrap().to_owned() + " " + line["text"].as_str().unwrap();
    Said { kind: "note".into(), insight, ..Said::default() }
}

fn propose(root: &Path, line: &Value) -> anyhow::Result<Proposed> {
    write::propose(root, What::Keep(text(line)), "s", NOW)
}

/// How `name` is written by whoever writes it, in the project and in what is remembered of it.
fn written<'w>(name: &'w str, root: &'w Path, store: &'w Store) -> Vec<Lines<'w>> {
    let path = store.path(name);
    let own = name.to_owned();
    let append: Write<'w> = Box::new(move |line| store.append(&own, line));
    let plain = |path: PathBuf, write: Write<'w>| Lines { path, write, id: "id", kept: usize::MAX };
    match name {
        "events.jsonl" => {
            let write = move |line: &Value| records::event(root, "now", "orchestrator.test.ran", line);
            vec![plain(records::dir(root).join(records::EVENTS), Box::new(write))]
        }
        // Sessions of ours, and those of clients.
        "sessions.jsonl" => {
            let write = move |line: &Value| records::session(root, line);
            vec![plain(records::dir(root).join(records::SESSIONS), Box::new(write)), plain(path, append)]
        }
        "learnings.jsonl" => {
            // One that the original has left; ours holds what happens to it.
            let old = json!({"id": "old", "insight": "so it is", "created_at": "2026-01-01T00:00:00Z"});
            lines::append(&ledger::original(root), &old, lines::Keeping::default()).unwrap();
            let write = move |line: &Value| {
                let evidence = line["id"].as_str().unwrap().to_owned() + line["text"].as_str().unwrap();
                write::change(root, "old", Change::Confirmed, &evidence, NOW).map(|_| ())
            };
            vec![Lines { id: "evidence", kept: WRITERS, ..plain(ledger::path(root), Box::new(write)) }]
        }
        "proposals.jsonl" => {
            let write = move |line: &Value| propose(root, line).map(|_| ());
            vec![Lines { kept: 50, ..plain(proposal::path(root), Box::new(write)) }]
        }
        // What is over the moment it is kept.
        "learnings-archive.jsonl" => {
            let write = move |line: &Value| {
                while !matches!(propose(root, line)?, Proposed::Waits(_)) {
                    std::thread::yield_now(); // others wait for their turn too
                }
                write::approve(root, &[text(line).id()], NOW)?;
                write::prune(root, u64::MAX / 2).map(|_| ())
            };
            vec![Lines {
                id: "insight",
                kept: WRITERS,
                ..plain(records::dir(root).join(name), Box::new(write))
            }]
        }
        "agents.jsonl" | "edits.jsonl" | "signs.jsonl" | "usage.jsonl" | "unguarded.jsonl" => {
            vec![plain(path, append)]
        }
        "receipts.jsonl" => {
            let write = move |line: &Value| {
                let [sha256, session] = ["id", "text"].map(|key| line[key].as_str().unwrap().to_owned());
                receipt::leave(store, Receipt { sha256, session, at: 1, ..Receipt::default() })
            };
            vec![Lines { path, write: Box::new(write), id: "sha256", kept: 64 }]
        }
        "refusals.jsonl" => {
            let write = move |line: &Value| {
                let [call, text] = ["id", "text"].map(|key| line[key].as_str().unwrap().to_owned());
                assert!(consent::record(store, &Refusal { call, text, ..Refusal::default() })?);
                Ok(())
            };
            vec![Lines { path, write: Box::new(write), id: "call", kept: consent::KEPT }]
        }
        _ => panic!("say here how {name} is written"),
    }
}

#[test]
fn every_file_of_lines_keeps_every_line() {
    for name in named() {
        let project = Project::new();
        let store = Store::of(&project.home.join("state"), &project.root);
        written(&name, &project.root, &store).iter().for_each(keeps_every_line);
    }
}

fn keeps_every_line(file: &Lines<'_>) {
    // Longer than a page of a pipe or of a disk, so that a write in two parts would show.
    let text = "x".repeat(9_000);
    let each = if file.kept < usize::MAX { 1 } else { 5 };
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (text, write) = (&text, &file.write);
            scope.spawn(move || {
                for line in 0..each {
                    write(&json!({"id": format!("{writer}-{line}"), "text": text})).unwrap();
                }
            });
        }
    });
    let lines = std::fs::read_to_string(&file.path).unwrap();
    let id = |line| serde_json::from_str::<Value>(line).unwrap()[file.id].to_string();
    let ids: BTreeSet<String> = lines.lines().map(id).collect();
    let expected = (WRITERS * each).min(file.kept);
    assert_eq!((lines.lines().count(), ids.len()), (expected, expected), "{}", file.path.display());
}
