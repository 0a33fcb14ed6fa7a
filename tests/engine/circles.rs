//! An agent that goes round in circles is told so, its wave is sent back with the reason, its files can be taken back,
//! and the second time the person decides.

use serde_json::{Value, json};
use so::hook::world::World;
use so::hook::{Call, answer};

use super::Project;

const PLAN: &str = "\
goal: two files
tasks:
  - {id: T1, title: one, role: Impl-Core, files: [one/**], acceptance: [{run: grep -q done one/a.txt}]}
  - {id: T2, title: two, role: Impl-Core, files: [two/**], acceptance: [{run: test -f two/b.txt}]}
";

/// What the agent `a1` is told after an event of Claude Code.
fn tell(project: &Project, event: &str, fields: &Value) -> String {
    let world = World {
        state: Some(project.home.join(".local/state/so")),
        now: so::clock::now_ms(),
        ..World::default()
    };
    let mut payload =
        json!({"session_id": "s", "cwd": project.root, "agent_id": "a1", "agent_type": "worker"});
    payload.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let call = Call { platform: "claude".into(), event: event.into(), from_project: false };
    answer(&call, payload.to_string().as_bytes(), &world).stdout
}

fn starts(project: &Project) {
    let input = json!({"command": "so task start T1"});
    for event in ["PreToolUse", "PostToolUse"] {
        tell(project, event, &json!({"tool_name": "Bash", "tool_use_id": "t", "tool_input": input}));
    }
}

/// Writes the file as it was and as it was not, again and again; all that is told.
fn circles(project: &Project) -> String {
    let edit = |text: &str| {
        project.write("one/a.txt", text);
        let input = json!({"file_path": project.root.join("one/a.txt"), "content": text});
        let response = json!({"filePath": "one/a.txt"});
        let fields =
            json!({"tool_name": "Write", "tool_use_id": "t", "tool_input": input, "tool_response": response});
        tell(project, "PostToolUse", &fields)
    };
    ["x\n", "y\n", "x\n", "y\n", "x\n", "y\n"].map(edit).concat()
}

#[test]
fn circles_are_told_sent_back_and_then_the_persons() {
    let project = Project::new();
    project.write("AGENTS.md", "## Session Config\n\ntest-command: none\nlint-command: none\n");
    project.write("two/b.txt", "two\n");
    project.commit("settings");
    project.so(&["session", "start"]);
    project.write(".orchestrator/runtime/draft.yaml", PLAN);
    project.so(&["plan", "set", "--full", ".orchestrator/runtime/draft.yaml"]);
    project.so(&["plan", "approve"]);
    project.so(&["wave", "start"]);
    starts(&project);
    let told = circles(&project);
    assert_eq!(told.matches("back and forth 3 times").count(), 1, "{told}");

    let fix = project.json(&["wave", "finish"]);
    let why = fix["next"]["why"].to_string();
    assert_eq!((&fix["next"]["step"], &fix["next"]["tasks"]), (&json!("fix"), &json!(["T1"])), "{fix:#}");
    assert!(why.contains("T1: `one/a.txt` was edited back") && why.contains("so undo T1"), "{why}");
    project.so(&["undo", "T1", "--yes"]);
    assert!(!project.root.join("one/a.txt").exists() && project.root.join("two/b.txt").exists());

    starts(&project);
    circles(&project);
    let stop = project.json(&["wave", "finish"]);
    let why = stop["next"]["why"].to_string();
    assert!(stop["next"]["step"] == "stop" && why.contains("round in circles 2 times"), "{stop:#}");
}

#[test]
fn who_takes_too_many_turns_is_told_to_stop() {
    let project = Project::new();
    project.write("AGENTS.md", "## Session Config\n\ntest-command: none\nlint-command: none\nmax-turns: 2\n");
    project.commit("settings");
    project.so(&["session", "start"]);
    project.write(".orchestrator/runtime/draft.yaml", PLAN);
    project.so(&["plan", "set", "--full", ".orchestrator/runtime/draft.yaml"]);
    project.so(&["plan", "approve"]);
    project.so(&["wave", "start"]);
    let call = |at: usize| {
        let input = json!({"command": format!("make part{at}")});
        let response = json!({"stdout": format!("{at}"), "stderr": ""});
        tell(
            &project,
            "PostToolUse",
            &json!({"tool_name": "Bash", "tool_use_id": "t", "tool_input": input, "tool_response": response}),
        )
    };
    assert_eq!(call(0), "", "nobody works on a task yet");
    starts(&project);
    let told = [1, 2, 3, 4].map(|at| {
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        call(at)
    });
    // Its beginning is the first.
    assert!(told[0].contains("2 turns on T1") && told[2].contains("4 turns on T1, twice"), "{told:?}");
    assert!(told[1].is_empty() && told[3].is_empty(), "each once: {told:?}");
}
