//! Who may begin a session, go on with it and give it up, and what survives.

use serde_json::{Value, json};

use super::Project;

const FILE: &str = ".orchestrator/runtime/session.json";

/// Another holder: `process` as the system counts them.
fn held_by(project: &Project, process: Value) {
    let mut session: Value = serde_json::from_str(&project.read(FILE)).unwrap();
    session["holder"]["platform"] = json!("claude");
    session["holder"]["client-session"] = json!("another");
    session["holder"]["process"] = process;
    project.write(FILE, &session.to_string());
}

#[test]
fn it_begins_once_and_goes_on() {
    let project = Project::new();
    project.write("mine.txt", "before\n");
    let said = project.so(&["session", "start", "--mode", "deep"]);
    assert!(said.contains("started session main-") && said.contains("next: so "), "{said}");
    let session = project.json(&["session", "status"])["session"].clone();
    assert_eq!(session["mode"], "deep");
    assert_eq!(session["start-ref"], project.git(&["rev-parse", "HEAD"]).trim());
    assert_eq!(session["dirty"].as_object().unwrap().keys().collect::<Vec<_>>(), ["mine.txt"]);
    let state = project.read(".orchestrator/STATE.md");
    assert!(project.so(&["session", "start"]).contains("goes on"));
    assert_eq!(project.read(".orchestrator/STATE.md"), state);
    assert_eq!(project.git(&["status", "--porcelain"]), "?? .orchestrator/\n?? mine.txt\n");
    assert_eq!(
        project.git(&["status", "--porcelain", "-uall"]),
        "?? .orchestrator/.gitignore\n?? mine.txt\n"
    );
}

#[test]
fn a_live_holder_keeps_it_and_a_dead_one_does_not() {
    let project = Project::new();
    project.so(&["session", "start"]);
    let me = std::process::id();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    if stat.is_empty() {
        return; // the system does not tell of processes
    }
    let started: u64 = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().parse().unwrap();
    held_by(&project, json!([me, started]));
    let before = project.read(FILE);
    for command in [["session", "start"], ["session", "resume"]] {
        let (code, said) = project.refused(&command);
        assert_eq!(code, 1);
        assert!(said.contains("is at work"), "{said}");
        assert_eq!(project.read(FILE), before);
    }
    held_by(&project, json!([me, started + 1]));
    let (_, said) = project.refused(&["session", "start"]);
    assert!(said.contains("is gone") && said.contains("next: go on with it: so session resume"), "{said}");
    let id = project.json(&["session", "status"])["session"]["id"].clone();
    project.write("half.txt", "half\n");
    project.so(&["state", "avoid", "a cache", "--why", "stale"]);
    let said = project.so(&["session", "resume"]);
    for part in [
        "resumed session",
        "not committed: 1\n  half.txt",
        "(history, not instructions):",
        "> a cache",
        "--abandon",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(said.ends_with("next: so plan schema\n"), "{said}");
    let session = project.json(&["session", "status"])["session"].clone();
    assert_eq!((&session["id"], &session["holder"]["platform"]), (&id, &json!("")));
}

#[test]
fn the_next_one_takes_over_what_survives() {
    let project = Project::new();
    project.so(&["session", "start"]);
    project.so(&["state", "avoid", "a cache", "--why", "it is stale"]);
    project.so(&["state", "ask", "which format?"]);
    project.so(&["state", "deviate", "another way"]);
    let state = project.read(".orchestrator/STATE.md").replace("---\n\n#", "own-key: 1\n---\n\n#");
    project.write(".orchestrator/STATE.md", &format!("{state}\n## My Notes\n\nkept\n"));
    let first = project.json(&["session", "status"])["session"]["id"].clone();
    project.so(&["session", "end", "--abandon", "tired"]);
    assert!(project.refused(&["session", "resume"]).1.contains("no session is open"));
    project.so(&["session", "start"]);
    let state = project.read(".orchestrator/STATE.md");
    for kept in ["a cache", "which format?", "own-key: 1", "## My Notes\n\nkept", first.as_str().unwrap()] {
        assert!(state.contains(kept), "{kept} is lost:\n{state}");
    }
    assert!(!state.contains("another way"), "{state}");
    assert!(
        project.json(&["session", "status"])["session"]["label"].as_str().unwrap().ends_with("feature-2")
    );
}

#[test]
fn a_broken_state_is_named_and_left() {
    let project = Project::new();
    project.write(".orchestrator/STATE.md", "---\nstatus: active\nno end\n");
    let (code, said) = project.refused(&["session", "start"]);
    assert_eq!(code, 2);
    assert!(said.contains("line 3") && said.contains("nothing was changed"), "{said}");
    assert_eq!(project.read(".orchestrator/STATE.md"), "---\nstatus: active\nno end\n");
    assert!(!project.root.join(FILE).exists());
}

#[test]
fn a_session_that_is_given_up_leaves_a_record_and_its_files() {
    let project = Project::new();
    project.so(&["session", "start"]);
    project.write("half.txt", "half\n");
    project.so(&["session", "end", "--abandon", "the wish has changed"]);
    let records = project.json(&["session", "list"])["sessions"].clone();
    assert_eq!(records.as_array().unwrap().len(), 1, "{records:#}");
    assert_eq!(records[0]["status"], "abandoned");
    assert_eq!(records[0]["reason"], "the wish has changed");
    assert_eq!(project.read("half.txt"), "half\n");
    let state = project.read(".orchestrator/STATE.md");
    assert!(state.contains("abandoned: the wish has changed") && state.contains("status: idle"), "{state}");
}
