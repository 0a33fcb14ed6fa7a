//! Every event of the real clients: each arrives once for what happened, its answer reaches whom it is meant for, and
//! no client calls an answer an error.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::claude::Claude;
use super::codex::{Codex, hook_runs};
use super::model_server::ModelServer;
use super::model_server::script::{Script, Step};
use super::sandbox::{Sandbox, write};
use super::{Client as _, Platform, install};

/// The person's note, and what is told of a program that is not there.
const NOTE: &str = "Leave the parser alone.";
const HINT: &str = "The program or package is not installed here";

/// A project with an open session, an open wave and a note, in which every hook call is written down.
fn prepare(platform: Platform, name: &str) -> Sandbox {
    let sandbox = Sandbox::new(&format!("events-{name}-{}", platform.id()));
    install(&sandbox, platform, &[]).success();
    sandbox.write(".orchestrator/STATE.md", "---\nstatus: active\n---\n");
    sandbox.write(".orchestrator/runtime/scope.json", "{\"wave\": 1}");
    sandbox.write(".orchestrator/STEER.md", NOTE);
    let program = sandbox.program();
    let real = sandbox.root.join("real-so");
    fs::rename(&program, &real).unwrap();
    let calls = sandbox.root.join("calls");
    let script =
        format!("#!/bin/sh\necho \"$3\" >> '{}'\nexec '{}' \"$@\"\n", calls.display(), real.display());
    write(&program, &script);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox
}

/// How often each native event was told.
fn calls(sandbox: &Sandbox) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(sandbox.root.join("calls")).unwrap_or_default().lines() {
        *counts.entry(line.to_owned()).or_default() += 1;
    }
    counts
}

/// The lines of a file in what is remembered of the project.
fn records(sandbox: &Sandbox, file: &str) -> Vec<Value> {
    let text = remembered(sandbox, |path| path.ends_with(file)).map(|path| fs::read_to_string(path).unwrap());
    text.unwrap_or_default().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn remembered(sandbox: &Sandbox, wanted: impl Fn(&PathBuf) -> bool) -> Option<PathBuf> {
    let all = walkdir::WalkDir::new(sandbox.home.join(".local/state/so")).into_iter().flatten();
    let mut files = all.map(walkdir::DirEntry::into_path).filter(|path| path.is_file());
    files.find(|path| path.extension() != Some("lock".as_ref()) && wanted(path))
}

fn report() -> String {
    let report = json!({
        "task": "T1", "result": "done", "verdict": "PROCEED", "summary": "Read it.", "files": [], "findings": [],
        "questions": [], "learnings": [], "tasks": [], "unrequested": [],
    });
    format!("```json\n{report}\n```")
}

/// A call that works, one that fails, `more`, and a claim that is asked about once.
fn script(more: impl IntoIterator<Item = Step>) -> Script {
    let mut steps = vec![Step::shell("echo one"), Step::shell("no_such_program_x")];
    steps.extend(more);
    steps.extend([Step::say("All done."), Step::say("played")]);
    Script::always(steps)
}

/// The reviewer forgets its report, and is sent back for it.
fn reviewer() -> Script {
    Script::when("SUBTASK", [Step::say("I am done."), Step::say(report())])
}

fn assert_told_once(model: &ModelServer, text: &str) {
    let last = model.requests().into_iter().rfind(|request| request.results.len() > 1).unwrap();
    assert_eq!(last.body.to_string().matches(text).count(), 1, "{text}");
}

/// What every client's session leaves behind.
fn assert_common(sandbox: &Sandbox, model: &ModelServer) {
    assert_told_once(model, NOTE);
    assert_told_once(model, HINT);
    assert_told_once(model, "a wave of this session is still open");
    let ended = records(sandbox, "sessions.jsonl");
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!(ended[0]["status"], "abandoned", "{ended:?}");
}

fn assert_reviewed(sandbox: &Sandbox) {
    let agents = records(sandbox, "agents.jsonl");
    let events: Vec<_> = agents.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["start", "sent-back", "stop"], "{agents:?}");
    assert_eq!(agents[2]["report"]["verdict"], "PROCEED", "{agents:?}");
}

fn assert_calls(sandbox: &Sandbox, expected: &[(&str, usize)]) {
    let seen = calls(sandbox);
    for (event, times) in expected {
        assert_eq!(seen.get(*event).copied().unwrap_or(0), *times, "{event} in {seen:?}");
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_tells_every_event_once() {
    let sandbox = prepare(Platform::Claude, "all");
    let more = [
        Step::Spawn { agent: "so:session-reviewer".into(), prompt: "SUBTASK please".into() },
        Step::shell("cd inner"),
        Step::shell("cd .."),
    ];
    sandbox.write("inner/.git/HEAD", "ref: refs/heads/main\n");
    let model = ModelServer::start(&sandbox, [reviewer(), script(more)]);
    let turn = Claude::new(&sandbox, &model).turn("play");
    for event in turn.events.iter().filter(|event| event["subtype"] == "hook_response") {
        assert_eq!((&event["outcome"], &event["exit_code"]), (&json!("success"), &json!(0)), "{event}");
    }
    turn.ended_with("played");
    assert_common(&sandbox, &model);
    assert_reviewed(&sandbox);
    assert_calls(
        &sandbox,
        &[
            ("SessionStart", 1),
            ("PreToolUse", 5),
            ("PostToolUse", 4),
            ("PostToolUseFailure", 1),
            ("PostToolBatch", 5),
            ("SubagentStart", 1),
            ("SubagentStop", 2),
            ("Stop", 2),
            ("SessionEnd", 1),
        ],
    );
    let tree = |path: &PathBuf| {
        path.to_string_lossy().contains("/inner-") && path.parent().unwrap().ends_with("sessions")
    };
    let left = remembered(&sandbox, tree).unwrap();
    let left: Value = serde_json::from_str(&fs::read_to_string(left).unwrap()).unwrap();
    assert_eq!(left["is_away"], true, "it was in the inner tree for one call: {left}");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_tells_every_event_once() {
    let sandbox = prepare(Platform::Codex, "all");
    let more =
        [Step::Spawn { agent: "session-reviewer".into(), prompt: "SUBTASK please".into() }, Step::Wait(0)];
    let model = ModelServer::start(&sandbox, [reviewer(), script(more)]);
    let codex = Codex::new(&sandbox, &model);
    codex.accept_hooks();
    let turn = codex.turn("play");
    turn.ended_with("played");
    assert_common(&sandbox, &model);
    assert_reviewed(&sandbox);
    assert_calls(
        &sandbox,
        &[
            ("SessionStart", 1),
            ("PreToolUse", 4),
            ("PostToolUse", 4),
            ("SubagentStart", 1),
            ("SubagentStop", 2),
            ("Stop", 2),
            ("SessionEnd", 1),
        ],
    );
}

/// The app server alone says how hooks fared. A second prompt is another turn, here in another directory.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_calls_no_answer_an_error() {
    let sandbox = prepare(Platform::Codex, "status");
    sandbox.write("sub/file", "");
    let model = ModelServer::start(
        &sandbox,
        [
            reviewer(),
            Script::when("second", [Step::shell("echo two"), Step::say("played")]),
            script([Step::shell("git push --force origin main")]),
        ],
    );
    let codex = Codex::new(&sandbox, &model);
    codex.accept_hooks();
    let mut server = codex.app_server();
    let thread = server.start(&sandbox.project);
    let first = server.prompt(&thread, &sandbox.project, "play");
    let known = || {
        let file = remembered(&sandbox, |path| path.to_string_lossy().contains("/sessions/codex.")).unwrap();
        let text = fs::read_to_string(file).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let before = known();
    let second = server.prompt(&thread, &sandbox.project.join("sub"), "second");
    let after = known();
    assert_ne!(before["turn"], after["turn"], "another turn is the end of a batch");
    assert_eq!(after["cwd"], json!(sandbox.project.join("sub")), "{after}");

    let runs = [hook_runs(&first), hook_runs(&second)].concat();
    assert!(runs.len() > 8, "{runs:?}");
    for run in &runs {
        let blocks = ["preToolUse", "stop"].contains(&run["eventName"].as_str().unwrap());
        let status = run["status"].as_str().unwrap();
        assert!(status == "completed" || blocks && status == "blocked", "{run}");
        // What only the person is shown is a warning to this client.
        let for_person = |entry: &Value| entry["text"].as_str().unwrap().starts_with("to allow this once");
        let entries = run["entries"].as_array().unwrap().iter().filter(|entry| !for_person(entry));
        assert!(entries.clone().all(|entry| entry["kind"] != "error" && entry["kind"] != "warning"), "{run}");
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_tells_every_event_once() {
    let sandbox = prepare(Platform::Pi, "all");
    let model = ModelServer::start(&sandbox, [script([])]);
    let turn = Platform::Pi.open(&sandbox, &model).turn("play");
    assert_eq!(turn.stderr, "");
    // Without a terminal the client prints nothing of a round that an extension asks for; it is played all the same.
    turn.ended_with("All done.");
    assert_common(&sandbox, &model);
    assert_calls(
        &sandbox,
        &[
            ("session_start", 1),
            ("tool_call", 2),
            ("tool_result", 2),
            ("turn_end", 2),
            ("agent_end", 2),
            ("session_shutdown", 1),
        ],
    );
}

/// Wired by the person and by the project, an event that guards nothing is answered once.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn two_wirings_tell_the_model_once() {
    for platform in [Platform::Claude, Platform::Codex, Platform::Pi] {
        let sandbox = prepare(platform, "twice");
        // The launcher asks the program for its name before it calls it.
        install(&sandbox, platform, &["--scope", "project"]).success();
        let model = ModelServer::start(&sandbox, [script([])]);
        let client = platform.open(&sandbox, &model);
        client.accept_hooks();
        client.turn("play");
        assert_common(&sandbox, &model);
    }
}

/// A younger event than the client knows costs only the file that it stands in.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claudes_guard_survives_an_event_that_it_does_not_know() {
    let sandbox = prepare(Platform::Claude, "unknown");
    let extra = sandbox.home.join(".local/share/so/so/claude/plugins/so/hooks/extra.json");
    let mut hooks: Value = serde_json::from_str(&fs::read_to_string(&extra).unwrap()).unwrap();
    hooks["hooks"]["NotYetHeardOf"] = hooks["hooks"]["PostToolBatch"].clone();
    fs::write(&extra, hooks.to_string()).unwrap();
    sandbox.write("notes.txt", "not committed\n");
    let steps = [Step::shell("git reset --hard"), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    Claude::new(&sandbox, &model).turn("play").ended_with("played");
    assert_eq!(sandbox.read("notes.txt"), "not committed\n");
    assert_calls(&sandbox, &[("PreToolUse", 1), ("PostToolBatch", 0)]);
}
