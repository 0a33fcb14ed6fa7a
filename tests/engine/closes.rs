//! Closes: the right files and no others, once, whatever happens in the middle.

use std::process::Stdio;
use std::time::Instant;

use serde_json::{Value, json};

use super::{Project, kills};
use crate::support::{so, tree};

const PLAN: &str = "\
goal: one file is written
tasks:
  - {id: T1, title: write a, role: Impl-Core, files: [src/**], acceptance: [{run: test -f src/a.txt}]}
";

/// A session on the express path; its work is done.
fn project() -> Project {
    let project = Project::new();
    project.write("AGENTS.md", "# A\n\n## Session Config\n\ntest-command: sh test.sh\n");
    project.write("test.sh", "test ! -f broken\n");
    project.write("before.txt", "old\n");
    project.write("staged.txt", "old\n");
    project.write("src/gone.txt", "old\n");
    project.commit("tests");
    project.write("before.txt", "mine\n");
    project.write("staged.txt", "mine\n");
    project.git(&["add", "staged.txt"]);
    works(&project);
    project.write("src/ä b$(c).txt", "b\n");
    std::fs::remove_file(project.root.join("src/gone.txt")).unwrap();
    project.write("notes.txt", "whose?\n");
    project
}

/// A session with its plan agreed, its wave open and its work done.
pub(super) fn works(project: &Project) {
    project.so(&["session", "start"]);
    project.write(".orchestrator/runtime/draft.yaml", PLAN);
    project.so(&["plan", "set", ".orchestrator/runtime/draft.yaml"]);
    project.so(&["plan", "approve"]);
    project.so(&["wave", "start"]);
    project.write("src/a.txt", "a\n");
}

fn committed(project: &Project) -> Vec<String> {
    let names = project.git(&["-c", "core.quotePath=false", "show", "--name-status", "--format=", "HEAD"]);
    names.lines().map(|line| line.replace('\t', " ")).collect()
}

#[test]
fn the_sessions_own_files_are_committed_and_no_others() {
    let project = project();
    project.write(".orchestrator/runtime/report.json", r#"{"learnings": ["the tests need LANG=C"]}"#);
    let said = project.so(&["close", "--report", ".orchestrator/runtime/report.json"]);
    assert!(said.contains("gate: green") && said.contains("closed the session"), "{said}");
    assert!(said.contains("leave notes.txt") && said.contains("leave before.txt"), "{said}");
    assert_eq!(committed(&project), ["A src/a.txt", "D src/gone.txt", "A src/ä b$(c).txt"]);
    let message = project.git(&["log", "-1", "--format=%B"]);
    assert!(message.starts_with("feat: one file is written\n\n- write a\n\nSo-Session: "), "{message}");
    let status = project.git(&["status", "--porcelain"]);
    assert_eq!(
        status, " M before.txt\nM  staged.txt\n?? .orchestrator/\n?? notes.txt\n",
        "what was staged stays so"
    );
    let records = project.json(&["session", "list"])["sessions"].clone();
    assert_eq!(
        (records.as_array().unwrap().len(), &records[0]["tasks"]["done"]),
        (1, &json!(1)),
        "{records:#}"
    );
    let line: Value =
        serde_json::from_str(project.read(".orchestrator/metrics/sessions.jsonl").trim()).unwrap();
    assert_eq!(line["proposed_learnings"], json!(["the tests need LANG=C"]));
    assert!(project.read(".orchestrator/STATE.md").contains("status: completed"));
    assert!(project.refused(&["close"]).1.contains("no session is open"));
    // What readers of the original's records ask for.
    let line: Value =
        serde_json::from_str(project.read(".orchestrator/metrics/sessions.jsonl").trim()).unwrap();
    assert_eq!((&line["schema_version"], &line["session_type"]), (&json!(2), &json!("feature")), "{line:#}");
    for (field, is_one) in [
        ("session_id", Value::is_string as fn(&Value) -> bool),
        ("started_at", Value::is_string),
        ("completed_at", Value::is_string),
        ("total_waves", Value::is_u64),
        ("waves", Value::is_array),
        ("total_agents", Value::is_u64),
        ("total_files_changed", Value::is_u64),
        ("duration_seconds", Value::is_u64),
    ] {
        assert!(is_one(&line[field]), "{field}: {line:#}");
    }
    for field in ["complete", "partial", "failed", "spiral"] {
        assert!(line["agent_summary"][field].is_u64(), "{field}: {line:#}");
    }
}

#[test]
fn a_preview_changes_nothing() {
    let project = project();
    let before = tree(&project.root);
    let said = project.so(&["close", "--dry-run"]);
    assert!(said.contains("commit src/a.txt") && said.contains("nothing was changed"), "{said}");
    let after = tree(&project.root);
    let changed: Vec<_> = after
        .iter()
        .filter(|(path, bytes)| before.get(*path) != Some(*bytes))
        .map(|(path, _)| path)
        .collect();
    assert!(changed.is_empty() && before.len() == after.len(), "{changed:?}");
}

#[test]
fn red_gates_refusing_hooks_and_secrets_stop_it() {
    let project = project();
    let head = project.git(&["rev-parse", "HEAD"]);
    let unchanged = |why: &str| assert_eq!(project.git(&["rev-parse", "HEAD"]), head, "{why}");
    project.write("broken", "");
    let (code, said) = project.refused(&["close"]);
    assert!(code == 1 && said.contains("red gate full") && said.contains("nothing was committed"), "{said}");
    unchanged("red");
    std::fs::remove_file(project.root.join("broken")).unwrap();

    let token = ["ghp_", "a8Kd03jfLs92mQpz71XcVb64nTyUe05RwHgI"].concat();
    project.write("src/key.txt", &format!("token = {token}\n"));
    let (code, said) = project.refused(&["close"]);
    assert!(code == 1 && said.contains("src/key.txt:1: a GitHub token"), "{said}");
    unchanged("a secret");
    std::fs::remove_file(project.root.join("src/key.txt")).unwrap();

    let hook = project.root.join(".git/hooks/pre-commit");
    std::fs::write(&hook, "#!/bin/sh\necho 'not like this' >&2\nexit 1\n").unwrap();
    std::process::Command::new("chmod").arg("+x").arg(&hook).status().unwrap();
    let status = project.git(&["status", "--porcelain"]);
    let (code, said) = project.refused(&["close"]);
    assert!(code == 2 && said.contains("not like this"), "{said}");
    unchanged("a hook");
    assert_eq!(project.git(&["status", "--porcelain"]), status, "the index is as before");
    std::fs::remove_file(hook).unwrap();
    project.so(&["close"]);
    assert_eq!(committed(&project).len(), 3);
}

#[test]
fn what_is_not_done_is_carried() {
    let project = project();
    std::fs::remove_file(project.root.join("src/a.txt")).unwrap();
    let head = project.git(&["rev-parse", "HEAD"]);
    let (code, said) = project.refused(&["close"]);
    assert!(
        code == 1 && said.contains("nothing was committed") && said.contains("so close --carry"),
        "{said}"
    );
    assert_eq!(project.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(project.json(&["close"])["ask"]["tasks"][0]["task"], "T1");
    let said = project.so(&["close", "--carry"]);
    assert!(
        said.contains("T1: not-started, carried over") && said.contains("`test -f src/a.txt`: fail"),
        "{said}"
    );
    let state = project.read(".orchestrator/STATE.md");
    assert!(state.contains("## Carryover\n\n- write a (not-started)"), "{state}");
    assert!(state.contains("recommendations: [\"write a (not-started)\"]"), "{state}");
    project.so(&["session", "start"]);
    assert!(project.read(".orchestrator/STATE.md").contains("## Carryover\n\n- write a (not-started)"));
}

#[test]
fn directories_that_are_left_are_named_once() {
    let project = project();
    for number in 0..20 {
        project.write(&format!("built/deep/{number}.o"), "o\n");
    }
    let said = project.so(&["close"]);
    assert!(said.contains("leave built/ (20 files): it is not in the plan"), "{said}");
    assert!(!said.contains("built/deep") && said.contains("leave notes.txt: it is not"), "{said}");
}

#[test]
fn the_default_branch_is_left_for_one_of_its_own() {
    let project = project();
    let remote = project.home.join("remote.git");
    project.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    project.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    project.git(&["push", "-q", "origin", "main"]);
    let main = project.git(&["rev-parse", "main"]);
    let said = project.so(&["close"]);
    assert!(said.contains("pushed `so/main-"), "{said}");
    assert_eq!(project.git(&["rev-parse", "main", "origin/main"]), format!("{main}{main}"));
    let branch = project.git(&["branch", "--show-current"]);
    let pushed = project.git(&["rev-parse", &format!("origin/{}", branch.trim())]);
    assert_eq!(pushed, project.git(&["rev-parse", "HEAD"]));
}

/// The person's own file makes the tests pass here; the commit is without it.
#[test]
fn what_is_committed_is_judged_without_the_files_of_others() {
    let project = Project::new();
    project.write("AGENTS.md", "## Session Config\n\ntest-command: sh test.sh\n");
    project.write(
        "test.sh",
        "echo ran >> ran; test -f tool && { ! test -f src/a.txt || test -f helper.txt; }\n",
    );
    project.write(".gitignore", "tool\nran\n");
    project.write("tool", "a package that git ignores\n");
    project.commit("tests");
    project.write("helper.txt", "the person's\n");
    works(&project);
    let head = project.git(&["rev-parse", "HEAD"]);
    let (code, said) = project.refused(&["close"]);
    let why = "what would be committed fails without what is left (helper.txt)";
    assert!(code == 1 && said.contains(why) && said.contains("nothing was committed"), "{said}");
    assert_eq!(project.git(&["rev-parse", "HEAD"]), head);

    project.git(&["add", "helper.txt"]);
    project.git(&["commit", "-qm", "the person's"]);
    let said = project.so(&["close"]);
    assert!(said.contains("gate: green"), "{said}");
    assert_eq!(committed(&project), ["A src/a.txt"]);
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1, "the copy is gone");
    assert!(!project.root.join(".orchestrator/runtime/committed").exists());
}

/// The project never passed without the person's file: that is no fault of this session.
#[test]
fn what_was_committed_before_may_need_the_files_of_others() {
    let project = Project::new();
    project.write("AGENTS.md", "## Session Config\n\ntest-command: test -f mine.cfg\n");
    project.commit("tests");
    project.write("mine.cfg", "the person's\n");
    works(&project);
    let said = project.so(&["close"]);
    assert!(said.contains("gate: green") && said.contains("leave mine.cfg"), "{said}");
    assert_eq!(committed(&project), ["A src/a.txt"]);
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1, "the copies are gone");
}

/// Ended anywhere, alone or with its whole process group, and called again: one commit, one record, no stuck lock.
#[cfg(unix)]
#[test]
fn nothing_is_done_twice() {
    use std::os::unix::process::CommandExt as _;
    let whole = project();
    let begun = Instant::now();
    whole.so(&["close"]);
    let took = begun.elapsed();
    let mut ended = 0;
    for (number, at) in kills(40).enumerate() {
        let project = project();
        let before = project.git(&["rev-list", "--count", "HEAD"]);
        let mut command = so(&project.home);
        command.current_dir(&project.root).arg("close").process_group(0);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(took * at / 40);
        if number % 2 == 0 {
            child.kill().unwrap();
        } else {
            let group = format!("-{}", child.id());
            let _ = std::process::Command::new("kill")
                .args(["-KILL", "--", &group])
                .stderr(Stdio::null())
                .status();
        }
        ended += u32::from(!child.wait().unwrap().success());
        for _ in 0..20 {
            let closed = project.json(&["close"]);
            if closed["step"] == "closed"
                || closed["error"]["message"].as_str().is_some_and(|why| why.contains("no session"))
            {
                break;
            }
            assert_eq!(closed["step"], "wait", "after {at}: {closed:#}");
        }
        let count = |text: &str| text.trim().parse::<u32>().unwrap();
        let after = project.git(&["rev-list", "--count", "HEAD"]);
        assert_eq!(count(&after), count(&before) + 1, "after {at}");
        let records: Value = project.json(&["session", "list"])["sessions"].clone();
        assert_eq!(records.as_array().unwrap().len(), 1, "after {at}: {records:#}");
        assert_eq!(records[0]["commits"][0], project.git(&["rev-parse", "HEAD"]).trim(), "after {at}");
        assert!(project.read(".orchestrator/STATE.md").contains("status: completed"), "after {at}");
        assert!(!project.root.join(".git/index.lock").exists(), "after {at}");
    }
    assert!(ended > 4, "only {ended} were ended before they were through");
}
