//! Waves from the agreed plan to the last gate, and what the one next step is.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use super::Project;
use crate::support::{so, stderr, stdout};

const PLAN: &str = "\
goal: two files
mode: feature
tasks:
  - {id: T1, title: one, role: Impl-Core, files: [one/**], acceptance: [{run: grep -q done one/a.txt}]}
  - {id: T2, title: two, role: Impl-Core, files: [two/**], acceptance: [{text: two is told}]}
  - {id: T3, title: three, role: Quality, files: [three/**], acceptance: [{run: test -f three/c.txt}]}
";

/// A session with an agreed plan in waves; its test is `sh test.sh`.
fn project(plan: &str) -> Project {
    let project = Project::new();
    project.write(
        "AGENTS.md",
        "# A\n\n## Session Config\n\ntest-command: sh test.sh\nlint-command: none\ntypecheck-command: none\n",
    );
    project.write("test.sh", "test ! -f broken\n");
    project.commit("tests");
    project.so(&["session", "start"]);
    project.write(".orchestrator/runtime/draft.yaml", plan);
    project.so(&["plan", "set", "--full", ".orchestrator/runtime/draft.yaml"]);
    project.so(&["plan", "approve"]);
    project
}

fn finish(project: &Project, reports: &Value) -> Value {
    let mut command = so(&project.home);
    command.current_dir(&project.root).args(["wave", "finish", "--json", "--report", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(json!({"reports": reports}).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)))
}

fn next(project: &Project) -> String {
    project.json(&["wave", "status"])["next"]["command"].as_str().unwrap().to_owned()
}

#[test]
fn a_plan_is_worked_through() {
    let project = project(PLAN);
    assert_eq!(next(&project), "so wave start 1");
    let said = project.so(&["wave", "start"]);
    assert!(said.contains("Run `so task start T1` first") && said.contains("saved as snapshot"), "{said}");
    let brief = project.so(&["task", "start", "T1"]);
    assert!(
        brief.contains("files: one/**") && brief.contains("`grep -q done one/a.txt` succeeds"),
        "{brief}"
    );

    // Nobody has done anything.
    let fix = finish(&project, &json!([]));
    assert_eq!(
        (&fix["next"]["step"], &fix["next"]["tasks"]),
        (&json!("fix"), &json!(["T1", "T2"])),
        "{fix:#}"
    );
    assert_eq!(next(&project), "so wave finish");
    let brief = project.so(&["task", "start", "T1"]);
    assert!(brief.contains("It was not done yet"), "{brief}");

    // Said to be done, and the gate is red.
    project.write("one/a.txt", "done\n");
    project.write("two/b.txt", "two\n");
    project.write("broken", "");
    let said = json!([{"task": "T1", "result": "done", "summary": "one"}, {"task": "T2", "result": "done", "summary": "two"}]);
    let fix = finish(&project, &said);
    assert_eq!(fix["next"]["step"], "fix", "{fix:#}");
    assert!(fix["next"]["why"][0].as_str().unwrap().starts_with("gate: test: fail"), "{fix:#}");

    std::fs::remove_file(project.root.join("broken")).unwrap();
    let review = finish(&project, &said);
    assert_eq!(review["next"]["step"], "review", "{review:#}");
    let brief = project.so(&["task", "start", "review"]);
    assert!(brief.contains("Review wave 1") && brief.contains("one/a.txt"), "{brief}");
    let reviewed = json!([said[0], said[1], {"task": "review", "verdict": "PROCEED", "findings": [
        {"severity": "low", "confidence": 90, "file": "one/a.txt", "line": 1, "claim": "right", "evidence": "`done`", "fix": "none"},
        {"severity": "low", "confidence": 90, "file": "one/a.txt", "line": 1, "claim": "made up", "evidence": "`nowhere`", "fix": "none"},
    ]}]);
    let done = finish(&project, &reviewed);
    assert_eq!(done["next"], json!({"step": "proceed", "wave": 2}), "{done:#}");
    assert_eq!(done["wave"]["findings"].as_array().unwrap().len(), 1, "what is not there is dropped");
    assert_eq!(next(&project), "so wave start 2");
    assert!(!project.root.join(".orchestrator/runtime/scope.json").exists());
    assert!(project.read(".orchestrator/STATE.md").contains("### Wave 1 — Impl-Core (gate green)"));
}

#[test]
fn a_plan_that_changed_is_no_longer_agreed_to() {
    let project = project(PLAN);
    project.so(&["wave", "start"]);
    let plan = project.read(".orchestrator/plan.yaml");
    project.write(".orchestrator/plan.yaml", &plan.replace("two files", "other files"));
    for command in [["wave", "start"], ["wave", "finish"]] {
        let (code, said) = project.refused(&command);
        assert!(code == 2 && said.contains("changed since it was set"), "{said}");
    }
}

#[test]
fn what_failed_before_does_not_stop_a_wave() {
    let project = Project::new();
    project.write("AGENTS.md", "# A\n\n## Session Config\n\ntest-command: sh test.sh\n");
    project.write("test.sh", "exit 1\n");
    project.commit("red");
    project.so(&["session", "start"]);
    project.write(".orchestrator/runtime/draft.yaml", "goal: x\ntasks:\n  - {id: T1, title: one, role: Finalization, files: [one/**], acceptance: [{run: test -f one/a}]}\n");
    project.so(&["plan", "set", "--full", ".orchestrator/runtime/draft.yaml"]);
    project.so(&["plan", "approve"]);
    project.so(&["wave", "start"]);
    project.write("one/a", "");
    let done = finish(&project, &json!([]));
    assert_eq!(
        (&done["next"]["step"], &done["gate"]["result"]),
        (&json!("proceed"), &json!("no-worse")),
        "{done:#}"
    );
    assert_eq!(next(&project), "so close");
}

#[test]
fn a_wave_that_does_not_get_better_is_the_persons() {
    let project = project(PLAN);
    project.so(&["wave", "start"]);
    for expected in ["fix", "fix", "stop"] {
        assert_eq!(finish(&project, &json!([]))["next"]["step"], expected);
    }
}
