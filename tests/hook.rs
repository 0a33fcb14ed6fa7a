//! Hooks as the clients call them: recorded payloads in, exact replies out.

use serde_json::{Value, json};
use so::hook::event::EventKind;
use so::hook::wire::{self, Reply};
use so::hook::world::World;
use so::hook::{Call, answer};

use crate::support::root;

mod bad;
mod decode;
mod encode;
mod own_files;
mod process;
mod session;
mod wiring;

fn payload(file: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/payloads").join(file)).unwrap()
}

fn call(platform: &str, event: &str) -> Call {
    Call { platform: platform.into(), event: event.into(), from_project: false }
}

fn reply(platform: &str, event: &str, payload: &[u8]) -> Reply {
    answer(&call(platform, event), payload, &World::default())
}

/// What each client sends when it is about to run a shell command.
fn shell(platform: &str, command: &str) -> (&'static str, Value) {
    match platform {
        "cursor" => ("beforeShellExecution", json!({"cwd": "/home/dev/project", "command": command})),
        "pi" => (
            "tool_call",
            json!({"toolName": "bash", "input": {"command": command}, "cwd": "/home/dev/project", "hasUI": false}),
        ),
        _ => (
            "PreToolUse",
            json!({"cwd": "/home/dev/project", "tool_name": "Bash", "tool_input": {"command": command}}),
        ),
    }
}

const PLATFORMS: [&str; 4] = ["claude", "codex", "cursor", "pi"];

#[test]
fn the_compiler_and_the_hooks_know_the_same_events() {
    let names: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names, so::compile::model::EVENTS);
}

/// Every native event of every client: platform, name, and whether it guards.
fn wired() -> Vec<(String, String, bool)> {
    let mut all = Vec::new();
    for platform in crate::compiled::platforms() {
        for native in platform.hooks.events.values().flat_map(|support| &support.native) {
            all.push((platform.id.clone(), native.name.clone(), native.guard));
        }
    }
    all
}

#[test]
fn every_event_that_is_wired_is_known() {
    for platform in crate::compiled::platforms() {
        for (event, support) in &platform.hooks.events {
            for native in &support.native {
                let kind = wire::of(&platform.id).unwrap().kind(&native.name);
                assert_eq!(
                    kind.map(EventKind::name),
                    Some(event.as_str()),
                    "{} {}",
                    platform.id,
                    native.name
                );
                assert_eq!(kind.unwrap().is_guard(), native.guard, "{} {}", platform.id, native.name);
            }
        }
    }
}

#[test]
fn allow_is_silence_on_every_client() {
    for platform in PLATFORMS {
        let (event, payload) = shell(platform, "ls -la && git status");
        assert_eq!(reply(platform, event, payload.to_string().as_bytes()), Reply::silence(), "{platform}");
    }
}

#[test]
fn a_refusal_has_each_clients_own_form_and_the_same_words() {
    let words = "refused by so: force-push: it can erase commits of others on the remote. \
                 Push with --force-with-lease, or push to a new branch.";
    for platform in PLATFORMS {
        let (event, payload) = shell(platform, "git push --force origin main");
        let expected = match platform {
            "cursor" => json!({"permission": "deny", "user_message": words, "agent_message": words}),
            "pi" => json!({"block": true, "reason": words}),
            _ => json!({"hookSpecificOutput": {
                "hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": words}}),
        };
        let reply = reply(platform, event, payload.to_string().as_bytes());
        assert_eq!(serde_json::from_str::<Value>(&reply.stdout).unwrap(), expected, "{platform}");
        assert_eq!((reply.code, reply.stderr.as_str()), (0, ""), "{platform}");
    }
}

#[test]
fn the_session_start_banner_reaches_the_model_in_few_words() {
    for (platform, event, file, pointer) in [
        ("claude", "SessionStart", "claude/SessionStart.json", "/hookSpecificOutput/additionalContext"),
        ("codex", "SessionStart", "codex/SessionStart.json", "/hookSpecificOutput/additionalContext"),
        ("cursor", "sessionStart", "cursor/sessionStart.json", "/additional_context"),
        ("pi", "session_start", "pi/session_start.json", "/context"),
    ] {
        let reply = reply(platform, event, &payload(file));
        let value: Value = serde_json::from_str(&reply.stdout).unwrap();
        let text = value.pointer(pointer).and_then(Value::as_str).unwrap();
        assert!(text.len() <= 4 * 300, "{platform}: {} bytes", text.len());
    }
}

#[test]
fn a_platform_or_event_that_argv_does_not_name_is_a_guard() {
    for (platform, event) in [("", ""), ("claude", ""), ("claude", "PreToolUseX"), ("nope", "SessionStart")] {
        assert_eq!(reply(platform, event, b"{}").code, 2, "{platform} {event}");
    }
}

#[test]
fn a_byte_order_mark_is_tolerated() {
    let (event, payload) = shell("cursor", "git push -f");
    let with_bom = [b"\xef\xbb\xbf", payload.to_string().as_bytes()].concat();
    assert!(reply("cursor", event, &with_bom).stdout.contains("deny"));
}

#[test]
fn two_wirings_answer_once() {
    let home = tempfile::tempdir().unwrap();
    let world =
        World { home: Some(home.path().into()), data: Some(home.path().join("data")), ..World::default() };
    let (_, mut payload) = shell("claude", "git push -f");
    payload["cursor_version"] = json!("3.9.16");
    let text = payload.to_string();
    let claude = call("claude", "PreToolUse");
    assert!(answer(&claude, text.as_bytes(), &world).stdout.contains("deny"), "no wiring of Cursor's own");
    std::fs::create_dir_all(home.path().join(".cursor")).unwrap();
    std::fs::write(
        home.path().join(".cursor/hooks.json"),
        r#"{"hooks": {"beforeShellExecution": [{"command": "/usr/bin/so hook cursor beforeShellExecution"}]}}"#,
    )
    .unwrap();
    assert_eq!(answer(&claude, text.as_bytes(), &world), Reply::silence(), "Cursor's own wiring answers");

    let (_, payload) = shell("claude", "git push -f");
    let text = payload.to_string();
    let project = Call { from_project: true, ..claude };
    assert!(answer(&project, text.as_bytes(), &world).stdout.contains("deny"), "only the project is wired");
    let hooks = home.path().join("data/so/claude/plugins/so/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    std::fs::write(hooks.join("hooks.json"), "{}").unwrap();
    assert!(
        answer(&project, text.as_bytes(), &world).stdout.contains("deny"),
        "a guard answers all the same: the person's plugin may be switched off"
    );
    let start = Call { event: "SessionStart".into(), ..project };
    let started = self::payload("claude/SessionStart.json");
    assert_eq!(answer(&start, &started, &world), Reply::silence(), "the person's plugin tells the model");
}

/// The cases stand in `payloads/edits.jsonl`, with `$P` for the project.
#[test]
fn no_edit_by_a_tool_changes_what_guards_the_session() {
    let project = tempfile::tempdir().unwrap();
    let cases = String::from_utf8(payload("edits.jsonl")).unwrap();
    for line in cases.replace("$P", project.path().to_str().unwrap()).lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let [platform, event] = ["platform", "event"].map(|key| case[key].as_str().unwrap());
        let reply = reply(platform, event, case["payload"].to_string().as_bytes());
        assert_eq!(reply.stdout.contains("change-hooks"), case["refused"] == true, "{line}: {reply:?}");
    }
}

#[test]
fn the_guard_and_the_help_agree_on_what_is_the_persons() {
    let home = tempfile::tempdir().unwrap();
    let output = crate::support::so(home.path()).args(["help", "--who", "--json"]).output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    for row in value["commands"].as_array().unwrap() {
        let command = row["command"].as_str().unwrap();
        let (_, payload) = shell("claude", &format!("so {command}"));
        let refused =
            reply("claude", "PreToolUse", payload.to_string().as_bytes()).stdout.contains("change-hooks");
        let agents_may = ["anyone", "an agent inside its session"].map(Value::from).contains(&row["who"]);
        assert_eq!(refused, !agents_may, "so {command}");
    }
}
