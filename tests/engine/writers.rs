//! Sixty-four writers at once, on the state and on every file of JSON lines: nothing is lost and nothing is torn.

use std::process::Stdio;

use serde_json::json;
use so::session::records;
use so::store::Store;

use super::Project;
use crate::support::so;

const WRITERS: usize = 64;

type Write<'w> = Box<dyn Fn(&serde_json::Value) -> anyhow::Result<()> + Sync + 'w>;

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

#[test]
fn every_file_of_lines_keeps_every_line() {
    let project = Project::new();
    let store = Store::of(&project.home.join("state"), &project.root);
    // Longer than a page of a pipe or of a disk, so that a write in two parts would show.
    let text = "x".repeat(9_000);
    let events =
        |fields: &serde_json::Value| records::event(&project.root, "now", "orchestrator.test.ran", fields);
    let sessions = |fields: &serde_json::Value| records::session(&project.root, fields);
    let of_store = |name: &'static str| {
        let store = store.clone();
        move |fields: &serde_json::Value| store.append(name, fields)
    };
    let files: Vec<(std::path::PathBuf, Write<'_>)> = vec![
        (records::dir(&project.root).join(records::EVENTS), Box::new(events)),
        (records::dir(&project.root).join(records::SESSIONS), Box::new(sessions)),
        (store.path("agents.jsonl"), Box::new(of_store("agents.jsonl"))),
        (store.path("edits.jsonl"), Box::new(of_store("edits.jsonl"))),
        (store.path("signs.jsonl"), Box::new(of_store("signs.jsonl"))),
        (store.path("receipts.jsonl"), Box::new(of_store("receipts.jsonl"))),
    ];
    for (path, write) in &files {
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let text = &text;
                scope.spawn(move || {
                    for line in 0..5 {
                        write(&json!({"id": format!("{writer}-{line}"), "text": text})).unwrap();
                    }
                });
            }
        });
        let lines = std::fs::read_to_string(path).unwrap();
        let mut ids: Vec<String> = lines
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string())
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!((lines.lines().count(), ids.len()), (WRITERS * 5, WRITERS * 5), "{}", path.display());
    }
}
