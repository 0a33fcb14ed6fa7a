//! Gates: what each check can end as, what is held against what, and a runner that nobody's end ends.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use super::Project;
use crate::support::so;

const GATES: &str = ".orchestrator/policy/gates.yaml";

fn project(checks: &str) -> Project {
    let project = Project::new();
    project.write(".gitignore", "ran\n");
    project.write(GATES, &format!("checks:\n{checks}"));
    project.commit("gates");
    project
}

/// What the gate says once it has ended.
fn gate(project: &Project, variant: &str) -> Value {
    for _ in 0..60 {
        let result = project.json(&["gate", "run", variant]);
        if result["result"] != "running" {
            return result;
        }
    }
    panic!("it does not end");
}

fn status(result: &Value, name: &str) -> String {
    let checks = result["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap()["status"].as_str().unwrap().to_owned()
}

#[test]
fn each_check_ends_as_one_of_these() {
    let project = project(
        "  - {name: pass, command: sh ok.sh}\n  - {name: fail, command: sh no.sh}\n  - {name: missing, command: no-such-tool --x}\n  \
         - {name: stub, command: echo ok}\n  - {name: refused, command: git push --force origin main}\n  \
         - {name: absent}\n  - {name: off, command: sh ok.sh, skip: true}\n  - {name: hang, command: sleep 100, minutes: 0}\n",
    );
    project.write("ok.sh", "echo 3 passed in 0.01s\n");
    project.write("no.sh", "echo 'FAILED t.py::a - no'; echo '1 failed, 2 passed in 0.1s'; exit 1\n");
    let result = gate(&project, "full");
    for (name, expected) in [
        ("pass", "pass"),
        ("fail", "fail"),
        ("missing", "missing"),
        ("stub", "stub"),
        ("refused", "refused"),
        ("absent", "absent"),
        ("off", "skipped-by-config"),
        ("hang", "timeout"),
    ] {
        assert_eq!(status(&result, name), expected, "{name}: {result:#}");
    }
    assert_eq!(
        (&result["result"], &result["green"], &result["ok"]),
        (&"red".into(), &false.into(), &false.into())
    );
    let (code, said) = project.refused(&["gate", "run", "full"]);
    assert!(code == 1 && said.contains("red gate full") && said.contains("FAILED t.py::a"), "{said}");
}

#[test]
fn what_failed_before_is_no_news_and_what_did_not_is() {
    let project = project("  - {name: test, command: sh test.sh}\n");
    let tests = |failing: &[&str], passed: u32| {
        let lines: String = failing.iter().map(|name| format!("echo 'FAILED {name} - no'; ")).collect();
        project.write(
            "test.sh",
            &format!(
                "{lines}echo '{} failed, {passed} passed in 0.1s'\nexit {}\n",
                failing.len(),
                u8::from(!failing.is_empty())
            ),
        );
    };
    tests(&["a", "b"], 5);
    assert_eq!(gate(&project, "full")["result"], "red", "there is no baseline");
    assert_eq!(gate(&project, "baseline")["result"], "red");
    assert_eq!(gate(&project, "full")["result"], "no-worse");
    tests(&["a"], 6);
    assert_eq!(gate(&project, "incremental")["result"], "no-worse");
    tests(&["a", "c"], 5);
    let red = gate(&project, "incremental");
    assert!(red["result"] == "red" && red["reasons"][0].as_str().unwrap().contains('c'), "{red:#}");
    tests(&[], 6);
    let fallen = gate(&project, "incremental");
    assert!(fallen["result"] == "red" && fallen["reasons"][0] == "test: 6 tests, 7 before", "{fallen:#}");
    tests(&[], 7);
    assert_eq!(gate(&project, "incremental")["result"], "green");
}

#[test]
fn the_same_files_are_checked_once() {
    let project = project("  - {name: test, command: sh test.sh}\n");
    project.write("test.sh", "echo ran >> ran; echo made > made.txt\n");
    project.write("made.txt", "made\n");
    for variant in ["incremental", "full", "incremental"] {
        assert_eq!(gate(&project, variant)["result"], "green");
    }
    assert_eq!(project.read("ran"), "ran\n");
    project.commit("the same files, committed");
    assert_eq!(gate(&project, "full")["result"], "green");
    assert_eq!(project.read("ran"), "ran\n", "a commit changes no file");
    project.write("README.md", "changed\n");
    gate(&project, "full");
    assert_eq!(project.read("ran"), "ran\nran\n");
}

/// Clients end a call after a while, with its whole process group.
#[cfg(unix)]
#[test]
fn a_call_that_is_ended_ends_no_check() {
    use std::os::unix::process::CommandExt as _;
    let project = project("  - {name: test, command: sh test.sh}\n");
    project.write("test.sh", "echo ran >> ran; sleep 3; echo end >> ran\n");
    let mut call = so(&project.home);
    call.current_dir(&project.root).args(["gate", "run", "full"]).stdout(Stdio::null()).process_group(0);
    let mut call = call.spawn().unwrap();
    while project.read("ran").is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let group = format!("-{}", call.id());
    std::process::Command::new("kill").args(["-KILL", "--", &group]).status().unwrap();
    call.wait().unwrap();
    assert_eq!(gate(&project, "full")["result"], "green");
    assert_eq!(project.read("ran"), "ran\nend\n", "it was not run twice");
}

/// A runner that is killed is noticed and started again.
#[cfg(target_os = "linux")]
#[test]
fn a_runner_that_dies_is_no_end() {
    let project = project("  - {name: test, command: exec sh test.sh}\n");
    // The runner is what has started the shell that runs the check.
    project.write("test.sh", "echo ran >> ran\n[ \"$(wc -l < ran)\" -gt 1 ] || kill -KILL $PPID\nsleep 1\n");
    assert_eq!(gate(&project, "full")["result"], "green");
    assert_eq!(project.read("ran"), "ran\nran\n");
}

#[test]
fn a_file_of_gates_that_is_wrong_is_named() {
    let project = project("  - {name: test, comand: sh test.sh}\n");
    let (code, said) = project.refused(&["gate", "run", "full"]);
    assert!(
        code == 2 && said.contains("gates.yaml") && said.contains("comand") && said.contains("line 2"),
        "{said}"
    );
}

#[test]
fn names_of_files_are_handed_over_as_they_are() {
    let project = project("  - {name: format, command: 'sh format.sh \"$@\"', in: [file]}\n");
    project.write("format.sh", "printf '%s\\n' \"$@\" > ran\n");
    let said = project.so(&["gate", "run", "file", "a b.txt", "$(touch x)"]);
    assert!(said.contains("green gate file"), "{said}");
    assert_eq!(project.read("ran"), "a b.txt\n$(touch x)\n");
    assert!(!project.root.join("x").exists());
}

#[test]
fn what_changes_while_it_is_checked_is_checked_again() {
    let project = project("  - {name: slow, command: sh slow.sh}\n");
    project.write("slow.sh", "echo x >> ran; cp state seen; touch begun; sleep 1; ! grep -q bad seen\n");
    project.write(".gitignore", "ran\nseen\nbegun\n");
    project.write("state", "good\n");
    project.commit("slow");
    let result = std::thread::scope(|scope| {
        let running = scope.spawn(|| gate(&project, "full"));
        while !project.root.join("begun").exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        project.write("state", "bad\n");
        running.join().unwrap()
    });
    assert_eq!(result["result"], "red", "the files that are there now: {result:#}");
    assert_eq!(project.read("ran"), "x\nx\n");

    // Checks that write every time end all the same.
    let project = self::project("  - {name: writes, command: sh writes.sh}\n");
    project.write("writes.sh", "date +%N >> written; echo x >> ran\n");
    project.commit("writes");
    assert_eq!(gate(&project, "full")["result"], "green");
    assert_eq!(gate(&project, "full")["result"], "green");
    assert_eq!(project.read("ran"), "x\nx\n", "what it left behind is known");
}
