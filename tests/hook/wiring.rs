//! What an install wires, called as the client calls it: each command as its documentation says, in its directory.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use so::hook::checks;
use so::hook::event::EventKind;

use super::payload;
use crate::compiled::{emit, files, parse, platforms};
use crate::support::{so, stderr, stdout};

/// The built-in tree binds every check to every event that it answers, in the order in which they run.
#[test]
fn the_tree_binds_what_the_checks_answer() {
    let plugin = parse(".");
    let bound: BTreeMap<&str, Vec<&str>> = plugin
        .hooks
        .iter()
        .map(|hook| (hook.event.as_str(), hook.checks.iter().map(String::as_str).collect()))
        .collect();
    for kind in EventKind::ALL {
        let answer: Vec<_> =
            checks::ALL.iter().filter(|check| check.events.contains(&kind)).map(|check| check.name).collect();
        assert_eq!(bound.get(kind.name()).cloned().unwrap_or_default(), answer, "{}", kind.name());
    }
}

/// A home and a project with one install in it.
struct Installed {
    dir: tempfile::TempDir,
}

impl Installed {
    fn new(platform: &str, options: &[&str]) -> Self {
        let installed = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(installed.project().join(".git")).unwrap();
        std::fs::create_dir_all(installed.home()).unwrap();
        let mut command = so(&installed.home());
        // No client is there to be asked for its version.
        command.env("PATH", "/usr/bin:/bin").args(["--project", installed.project().to_str().unwrap()]);
        let output =
            command.args(["install", "--yes", "--platform", platform]).args(options).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        installed
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// Runs one handler as Cursor documents it.
    fn as_cursor(&self, cwd: &Path, command: &str, path: &str, stdin: &Value) -> Output {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .current_dir(cwd)
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", path)
            .env("CURSOR_PROJECT_DIR", self.project())
            .env("CURSOR_VERSION", "3.9.16")
            .env("CLAUDE_PROJECT_DIR", self.project())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.to_string().as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

/// The entries of Cursor's flat list: event, command, whether it fails closed.
fn cursor(file: &Path) -> Vec<(String, String, bool)> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut all = Vec::new();
    for (event, entries) in file["hooks"].as_object().unwrap() {
        for entry in entries.as_array().unwrap() {
            let command = entry["command"].as_str().unwrap().to_owned();
            all.push((event.clone(), command, entry["failClosed"] == true));
        }
    }
    all
}

const SYSTEM: &str = "/usr/bin:/bin";

/// The documented payload of one event, in this project; shell calls run `command`.
fn cursor_payload(event: &str, project: &Path, command: &str) -> Value {
    let file = match event {
        "preToolUse" => "preToolUse.Write",
        "postToolUse" => "postToolUse.Shell",
        other => other,
    };
    let text = String::from_utf8(payload(&format!("cursor/{file}.json"))).unwrap();
    let mut value: Value =
        serde_json::from_str(&text.replace("/home/dev/project", project.to_str().unwrap())).unwrap();
    if event == "beforeShellExecution" {
        value["command"] = json!(command);
    }
    value
}

#[test]
fn cursors_entries_answer_as_documented() {
    for (options, file, cwd) in [
        (&[][..], "home/.cursor/hooks.json", "home/.cursor"),
        (&["--scope", "project"], "project/.cursor/hooks.json", "project"),
    ] {
        let installed = Installed::new("cursor", options);
        let at = |path: &str| installed.dir.path().join(path);
        if !options.is_empty() {
            // A project's launcher looks for `so` where people put it.
            let bin = at("home/.local/bin");
            std::fs::create_dir_all(&bin).unwrap();
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_so"), bin.join("so")).unwrap();
        }
        let entries = cursor(&at(file));
        let events: BTreeSet<_> = entries.iter().map(|(event, ..)| event.as_str()).collect();
        for event in
            ["beforeShellExecution", "postToolUse", "afterFileEdit", "stop", "subagentStart", "sessionEnd"]
        {
            assert!(events.contains(event), "{event} is not wired in {file}");
        }
        for (event, command, fails_closed) in &entries {
            let guard = event.starts_with("before") && event.ends_with("Execution") || event == "preToolUse";
            assert_eq!(*fails_closed, guard, "{event}");
            let run = |text: &str| {
                let stdin = cursor_payload(event, &installed.project(), text);
                installed.as_cursor(&at(cwd), command, SYSTEM, &stdin)
            };
            let harmless = run("ls");
            assert!(harmless.status.success(), "{event}: {harmless:?}");
            let silent = event != "sessionStart";
            assert_eq!(harmless.stdout.is_empty(), silent, "{event}: {harmless:?}");
            if event == "beforeShellExecution" {
                let value: Value = serde_json::from_str(&stdout(&run("git push -f"))).unwrap();
                assert_eq!(value["permission"], "deny");
            }
        }
    }
}

/// A bystander without `so` is told once a session, and stopped only if they asked for it.
#[test]
fn committed_wiring_without_so() {
    let installed = Installed::new("cursor", &["--scope", "project"]);
    let file = installed.project().join(".cursor/hooks.json");
    // No place that the launcher looks into holds one.
    let bin = installed.dir.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for program in ["sh", "cat"] {
        std::os::unix::fs::symlink(Path::new("/bin").join(program), bin.join(program)).unwrap();
    }
    for armed in [false, true] {
        if armed {
            std::fs::create_dir_all(installed.home().join(".config/so")).unwrap();
            std::fs::write(installed.home().join(".config/so/armed"), "").unwrap();
        }
        for (event, command, guard) in cursor(&file) {
            let stdin = cursor_payload(&event, &installed.project(), "ls");
            let output = installed.as_cursor(&installed.project(), &command, bin.to_str().unwrap(), &stdin);
            let told = event == "sessionStart";
            let refused = armed && guard;
            assert_eq!(output.status.code(), Some(if refused { 2 } else { 0 }), "{event}: {output:?}");
            assert_eq!(stderr(&output).contains("refused"), refused, "{event}");
            assert_eq!(stdout(&output).contains("not guarded"), told, "{event}: {output:?}");
        }
    }
}

/// What the built-in tree becomes for one platform in its default scope, as JSON by path.
fn emitted(platform: &str) -> BTreeMap<String, Value> {
    let known = platforms();
    let platform = known.iter().find(|known| known.id == platform).unwrap();
    let target = [so::compile::platform::Target { platform, scope: platform.default_scope() }];
    let files = files(&emit(&parse("."), &target, &known));
    files.into_iter().filter_map(|(path, bytes)| Some((path, serde_json::from_slice(&bytes).ok()?))).collect()
}

fn events(file: &Value) -> Vec<&str> {
    file["hooks"].as_object().unwrap().keys().map(String::as_str).collect()
}

/// One name that a version does not know switches off the whole file it stands in.
#[test]
fn claudes_guard_stands_apart_from_younger_events() {
    let files = emitted("claude");
    let file =
        |end: &str| files.iter().find(|(path, _)| path.ends_with(end)).map(|(_, value)| value).unwrap();
    let old =
        BTreeSet::from(["PreToolUse", "PostToolUse", "SessionEnd", "SessionStart", "Stop", "SubagentStop"]);
    assert_eq!(events(file("hooks/hooks.json")).into_iter().collect::<BTreeSet<_>>(), old);
    let young = events(file("hooks/extra.json"));
    assert!(young.contains(&"PostToolBatch") && young.iter().all(|event| !old.contains(event)), "{young:?}");
    assert_eq!(file("plugin.json")["hooks"], json!(["./hooks/extra.json"]));
    let claude = platforms().into_iter().find(|platform| platform.id == "claude").unwrap();
    for native in claude.hooks.events.values().flat_map(|support| &support.native) {
        assert!(native.since.is_some(), "{}", native.name);
    }
}

#[test]
fn codex_has_one_handler_an_event_within_its_limits() {
    let files = emitted("codex");
    let hooks = &files.iter().find(|(path, _)| path.ends_with("hooks.json")).unwrap().1["hooks"];
    for (event, groups) in hooks.as_object().unwrap() {
        let [group] = groups.as_array().unwrap().as_slice() else { panic!("{event}: {groups}") };
        let [handler] = group["hooks"].as_array().unwrap().as_slice() else { panic!("{event}: {group}") };
        let most = if event == "SessionEnd" { 3 } else { 10 };
        assert!(handler["timeout"].as_u64().unwrap() <= most, "{event}: {handler}");
    }
}
