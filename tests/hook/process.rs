//! The program itself, as a client starts it: closed and open ends, no home, nowhere to remember, and a panic.
#![cfg(unix)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use so::hook::Call;

use super::{shell, wired};
use crate::support::{so, stderr, stdout};

/// A payload that every event of every client could have sent.
fn payload(command: &str, cwd: &Path) -> String {
    let (_, mut value) = shell("claude", command);
    let more = json!({
        "cwd": cwd, "session_id": "s", "conversation_id": "s", "command": command, "toolName": "bash",
        "input": {"command": command}, "reason": "other", "source": "startup",
    });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value.to_string()
}

/// Runs `so hook PLATFORM EVENT` through `redirect`, a piece of shell, with `stdin`.
fn run(mut command: Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin); // it may have ended already
    child.wait_with_output().unwrap()
}

fn hook(home: &Path, platform: &str, event: &str) -> Command {
    let mut command = so(home);
    command.args(["hook", platform, event]);
    command
}

fn through_shell(home: &Path, line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("HOME", home).args(["-c", &format!("exec {} {line}", env!("CARGO_BIN_EXE_so"))]);
    command
}

fn is_refusal(output: &Output) -> bool {
    match output.status.code() {
        Some(2) => stderr(output).contains("refused"),
        Some(0) => stdout(output).contains("\"deny\"") || stdout(output).contains("\"block\":true"),
        _ => false,
    }
}

const DANGER: &str = "git push --force origin main";

#[test]
fn every_event_ends_well_whatever_it_reads() {
    let home = tempfile::tempdir().unwrap();
    for stdin in [&b""[..], b"{", b"\xff\xfe\0"] {
        for (platform, native, guard) in wired() {
            let output = run(hook(home.path(), &platform, &native), stdin);
            if guard {
                assert!(is_refusal(&output), "{platform} {native}: {output:?}");
            } else {
                assert!(
                    output.status.success() && output.stdout.is_empty(),
                    "{platform} {native}: {output:?}"
                );
            }
        }
    }
}

#[test]
fn closed_ends_let_nothing_through() {
    let home = tempfile::tempdir().unwrap();
    let stdin = payload(DANGER, home.path());
    let run = |line: &str| run(through_shell(home.path(), line), stdin.as_bytes());
    assert!(is_refusal(&run("hook claude PreToolUse <&-")), "no payload");
    for ends in [">&-", ">&- 2>&-", "> /dev/full", "> /dev/full 2>&-"] {
        let output = run(&format!("hook claude PreToolUse {ends}"));
        assert_eq!(output.status.code(), Some(2), "{ends}: {output:?}");
    }
    for ends in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let output = run(&format!("hook claude Stop {ends}"));
        assert_eq!(output.status.code(), Some(0), "{ends}: {output:?}");
    }
}

#[test]
fn a_guard_does_not_wait_for_a_payload_that_never_ends() {
    let home = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let mut child = hook(home.path(), "codex", "PreToolUse")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let open = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(open);
    assert!(is_refusal(&output) && stderr(&output).contains("2 seconds"), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}

#[test]
fn without_a_home_or_a_memory_the_judgement_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let project = dir.path().join("project");
    std::fs::create_dir_all(project.join(".git")).unwrap();
    let not_a_directory = dir.path().join("file");
    std::fs::write(&not_a_directory, "").unwrap();
    for (name, value) in [("HOME", None), ("XDG_STATE_HOME", Some(&not_a_directory))] {
        for (platform, native, guard) in wired() {
            let command = || {
                let mut command = hook(dir.path(), &platform, &native);
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
                command
            };
            let harmless = run(command(), payload("ls -la", &project).as_bytes());
            assert_eq!(harmless.status.code(), Some(0), "{name} {platform} {native}: {harmless:?}");
            assert!(!is_refusal(&harmless), "{name} {platform} {native}: {harmless:?}");
            if guard && native != "preToolUse" && native != "beforeMCPExecution" {
                let denied = run(command(), payload(DANGER, &project).as_bytes());
                assert!(is_refusal(&denied), "{name} {platform} {native}: {denied:?}");
            }
        }
    }
    let left: Vec<_> = std::fs::read_dir(&project).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".git"], "nothing is written inside the project");
}

/// The other half of the next test, which starts it in a process of its own.
#[test]
fn panics() {
    let Ok(event) = std::env::var("SO_TEST_EVENT") else { return };
    so::hook::speak_before_dying(&Call { platform: "claude".into(), event, from_project: false });
    std::thread::spawn(|| panic!("an error of ours")).join().unwrap();
}

#[test]
fn a_panic_refuses_and_disturbs_no_observer() {
    for (event, code) in [("PreToolUse", 2), ("Stop", 0), ("NoSuchEvent", 2)] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "--nocapture", "hook::process::panics"]);
        let output = run(
            {
                command.env("SO_TEST_EVENT", event);
                command
            },
            b"",
        );
        assert_eq!(output.status.code(), Some(code), "{event}: {output:?}");
        assert_eq!(stderr(&output).contains("refused by so: an internal error"), code == 2, "{event}");
    }
}

/// Nothing that a client could take for an answer stands beside it.
#[test]
fn one_answer_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let output = run(hook(home.path(), "claude", "PreToolUse"), payload(DANGER, home.path()).as_bytes());
    let value: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(value["hookSpecificOutput"]["permissionDecision"], "deny");
    assert_eq!(stderr(&output), "");
}
