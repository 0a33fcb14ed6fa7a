//! Ended by the system at any moment, with no room left, or where nothing may be written: nothing that was said to be
//! done is lost, nothing is half written, and the same command goes on.
#![expect(clippy::print_stderr, reason = "a test that cannot run here says so")]
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Project, kills};
use crate::support::{so, stderr, stdout};

const PLAN: &str = "\
goal: two files
tasks:
  - {id: T1, title: one, role: Impl-Core, files: [one/**], acceptance: [{run: test -f one/a}]}
  - {id: T2, title: two, role: Finalization, files: [two/**], acceptance: [{run: test -f two/b}]}
";

fn project() -> Project {
    let project = Project::new();
    project.write("AGENTS.md", "# A\n\n## Session Config\n\ntest-command: sh test.sh\n");
    project.write("test.sh", "true; test ! -f broken\n");
    project.commit("tests");
    project.so(&["session", "start"]);
    project.write(".orchestrator/runtime/draft.yaml", PLAN);
    project.so(&["plan", "set", "--full", ".orchestrator/runtime/draft.yaml"]);
    project.so(&["plan", "approve"]);
    project
}

/// Runs a command and ends it after a while; whether it was through by then, and had succeeded.
fn killed(project: &Project, args: &[&str], after: Duration) -> bool {
    let mut command = so(&project.home);
    command.current_dir(&project.root).args(args).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap().success()
}

#[test]
fn a_note_that_was_taken_stays_whatever_happens_to_the_next() {
    let project = Project::new();
    project.so(&["session", "start"]);
    let begun = Instant::now();
    project.so(&["state", "deviate", "the first one"]);
    let took = u64::try_from(begun.elapsed().as_micros()).unwrap();
    let mut taken = Vec::new();
    for number in kills(200).map(u64::from) {
        let note = format!("note {number}.");
        // From before the file is read to after it was replaced.
        if killed(&project, &["state", "deviate", &note], Duration::from_micros(took * (number % 50) / 30)) {
            taken.push(note);
        }
        assert!(project.read(".orchestrator/STATE.md").starts_with("---\n"), "after {number}");
    }
    let all = kills(200).count();
    assert!(
        (3..all - 3).contains(&taken.len()),
        "{} of {all} were through: the kills hit nothing",
        taken.len()
    );
    project.so(&["state", "deviate", "the last one"]);
    let state = project.json(&["state", "show"]).to_string() + &project.read(".orchestrator/STATE.md");
    for note in taken {
        assert!(state.contains(&note), "{note} is lost");
    }
    let left: Vec<_> = std::fs::read_dir(project.root.join(".orchestrator"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("STATE") && name != "STATE.md")
        .collect();
    assert!(left.len() <= 2, "what was half written is cleared: {left:?}");
}

/// Each step of two waves is ended somewhere and repeated: every wave begins once and ends once.
#[test]
fn a_wave_goes_on_where_it_was_ended() {
    for at in kills(40).map(u64::from) {
        let project = project();
        let mut steps = 0;
        loop {
            let next = project.json(&["wave", "status"])["next"]["command"].as_str().unwrap().to_owned();
            if next == "so close" {
                break;
            }
            let args: Vec<&str> = next.split(' ').skip(1).collect();
            if next.contains("finish") {
                project.write("one/a", "");
                project.write("two/b", "");
            }
            if steps % 2 == 0 {
                killed(&project, &args, Duration::from_millis((at * 7 + steps * 3) % 90));
            } else {
                assert_ne!(project.run(&args).status.code(), Some(2), "after {at}: {next}");
            }
            // The review of a wave is its author's here.
            let said = project.json(&["wave", "status"])["next"]["step"].clone();
            if said == "review" {
                project.write(
                    ".orchestrator/runtime/said.json",
                    r#"{"reports": [{"task": "review", "verdict": "PROCEED"}]}"#,
                );
                project.run(&["wave", "finish", "--report", ".orchestrator/runtime/said.json"]);
            }
            steps += 1;
            assert!(steps < 40, "after {at}: it does not come to an end: {next}");
        }
        let waves = project.json(&["wave", "status"])["waves"].clone();
        let numbers: Vec<_> = waves.as_array().unwrap().iter().map(|wave| wave["number"].as_u64()).collect();
        assert_eq!(numbers, [Some(1), Some(2)], "after {at}: {waves:#}");
        let events = project.read(".orchestrator/metrics/events.jsonl");
        for (event, limit) in [("orchestrator.wave.started", 2), ("orchestrator.wave.finished", 2)] {
            assert!(events.matches(event).count() <= limit, "after {at}: {events}");
        }
        let state = project.read(".orchestrator/STATE.md");
        assert_eq!(state.matches("### Wave 1").count(), 1, "after {at}: {state}");
    }
}

/// A directory in which a person without rights may read only. The tests may be run by one who may everything.
#[test]
fn where_nothing_may_be_written_it_says_so_and_leaves_everything() {
    let project = project();
    let before = project.read(".orchestrator/STATE.md");
    let program = project.home.join("so");
    std::fs::copy(env!("CARGO_BIN_EXE_so"), &program).unwrap();
    for dir in [project.home.clone(), project.root.clone()] {
        open_all(&dir);
    }
    let locked = project.root.join(".orchestrator");
    chmod(&locked, 0o555);
    chmod(&locked.join("runtime"), 0o555);
    for args in [
        &["state", "deviate", "x"][..],
        &["plan", "set", ".orchestrator/runtime/draft.yaml"],
        &["wave", "start"],
    ] {
        let Some(output) = as_nobody(&project, &program, args) else {
            eprintln!("!!! SKIPPED: this system has no `setpriv`, so nobody without rights can be played");
            return;
        };
        let said = stdout(&output) + &stderr(&output);
        assert!(output.status.code() == Some(2) && said.contains(".orchestrator"), "{args:?}: {said}");
    }
    chmod(&locked, 0o755);
    chmod(&locked.join("runtime"), 0o755);
    assert_eq!(project.read(".orchestrator/STATE.md"), before);
    assert_eq!(project.json(&["wave", "status"])["waves"].as_array().unwrap().len(), 0);
}

fn chmod(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Everybody may read, write and enter.
fn open_all(dir: &std::path::Path) {
    let status = std::process::Command::new("chmod").args(["-R", "a+rwX"]).arg(dir).status().unwrap();
    assert!(status.success());
    let parent = dir.parent().unwrap();
    chmod(parent, 0o755);
}

fn as_nobody(project: &Project, program: &std::path::Path, args: &[&str]) -> Option<std::process::Output> {
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program).args(args);
    command.current_dir(&project.root).env_clear().env("HOME", &project.home).env("PATH", "/usr/bin:/bin");
    command
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*");
    command.output().ok()
}

/// A file system of two hundred kilobytes that is filled up.
#[test]
#[ignore = "mounts a file system; tests/run includes it where that is allowed"]
fn with_no_room_left_it_says_so_and_keeps_what_was() {
    let project = project();
    let dir = project.root.join(".orchestrator");
    let kept = project.home.join("kept");
    std::fs::create_dir_all(&kept).unwrap();
    let sh = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.args(["-m", "sh", "-c", script]).current_dir(&project.root).env("HOME", &project.home);
        command.env("SO", env!("CARGO_BIN_EXE_so")).env("DIR", &dir).env("KEPT", &kept).output()
    };
    let script = "set -e; cp -a $DIR/. $KEPT; mount -t tmpfs -o size=200k none $DIR; cp -a $KEPT/. $DIR
        cat /dev/zero > $DIR/runtime/filler 2>/dev/null || true
        cp $DIR/STATE.md $KEPT/before
        set +e; $SO state deviate x > $KEPT/said 2>&1; echo $? > $KEPT/code
        $SO wave start >> $KEPT/said 2>&1; echo $? >> $KEPT/code
        cp $DIR/STATE.md $KEPT/after; rm $DIR/runtime/filler; $SO state deviate y; echo $? >> $KEPT/code";
    let output = sh(script).unwrap();
    if String::from_utf8_lossy(&output.stderr).contains("unshare failed") {
        eprintln!("!!! SKIPPED: no file system may be mounted here");
        return;
    }
    let read = |name: &str| std::fs::read_to_string(kept.join(name)).unwrap_or_default();
    assert_eq!(read("code"), "2\n2\n0\n", "{}{}", read("said"), stderr(&output));
    assert!(read("said").contains("No space left"), "{}", read("said"));
    assert_eq!(read("before"), read("after"));
}
