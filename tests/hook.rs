//! Payloads of four clients in, exact replies out.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use so::hook::{Decision, Event, EventKind, MAX_PAYLOAD, Outcome, Platform, Reply, ToolCall, World, answer, wire};

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads").join(name);
    serde_json::from_slice(&std::fs::read(path).expect("a payload")).expect("JSON")
}

fn world(cursor_wired: &dyn Fn(Option<&Path>) -> bool) -> World<'_> {
    World { entrypoint: Some("cli".to_owned()), cwd: PathBuf::from("/home/dev/project"), cursor_wired }
}

fn decode(platform: Platform, native: &str, file: &str) -> Event {
    wire::decode(platform, EventKind::of(Some(platform), native), native, &fixture(file), &world(&|_| false))
}

fn reply(platform: &str, native: &str, payload: &Value) -> Reply {
    answer(platform, native, Ok(payload.to_string().into_bytes()), &world(&|_| false))
}

fn silent(reply: &Reply) -> bool {
    *reply == Reply::default()
}

#[test]
fn tool_calls_are_read_from_every_client() {
    let shell = |command: &str| ToolCall::Shell { command: command.to_owned() };
    let edit = |path: &str| ToolCall::Edit { paths: vec![PathBuf::from(path)] };
    for (platform, native, file, expected) in [
        (Platform::Claude, "PreToolUse", "claude/PreToolUse.Bash.json", shell("echo hi > ran.txt")),
        (Platform::Claude, "PreToolUse", "claude/PreToolUse.Edit.json", edit("/home/dev/project/allowed.txt")),
        (Platform::Claude, "PreToolUse", "claude/PreToolUse.Agent.json", ToolCall::Agent { agent: "demo:reviewer".to_owned() }),
        (Platform::Claude, "PreToolUse", "claude/PreToolUse.Skill.json", ToolCall::Skill { skill: "demo:greet".to_owned() }),
        (Platform::Codex, "PreToolUse", "codex/PreToolUse.Bash.json", shell("echo hello > ran.txt")),
        (Platform::Codex, "PreToolUse", "codex/PreToolUse.apply_patch.json", ToolCall::ApplyPatch { paths: vec!["protected.txt".into()] }),
        (Platform::Cursor, "beforeShellExecution", "cursor/beforeShellExecution.json", shell("echo hi > ran.txt")),
        (Platform::Cursor, "preToolUse", "cursor/preToolUse.Write.json", edit("/home/dev/project/a.txt")),
        (Platform::Cursor, "preToolUse", "cursor/preToolUse.Delete.json", ToolCall::Delete { path: "/etc/passwd".into() }),
        (Platform::Cursor, "beforeMCPExecution", "cursor/beforeMCPExecution.json",
            ToolCall::Mcp { tool: "run".to_owned(), command: Some("git push --force".to_owned()) }),
        (Platform::Pi, "tool_call", "pi/tool_call.bash.json", shell("rm -rf /tmp/x/victim")),
        (Platform::Pi, "tool_call", "pi/tool_call.edit.json", edit("allowed.txt")),
        (Platform::Pi, "tool_call", "pi/tool_call.read.json", ToolCall::Other { tool: "read".to_owned() }),
    ] {
        let event = decode(platform, native, file);
        assert_eq!(event.tool, Some(expected), "{file}");
        assert_eq!(event.kind, EventKind::PreToolUse, "{file}");
        assert_eq!(event.cwd, Path::new("/home/dev/project"), "{file}");
    }
    let subagent = decode(Platform::Claude, "PreToolUse", "claude/PreToolUse.Bash.in-subagent.json");
    assert_eq!(subagent.agent.as_deref(), Some("a94aacfe86faa0d85"));
}

#[test]
fn an_allowed_call_is_answered_with_silence() {
    for (platform, native, file) in [
        ("claude", "PreToolUse", "claude/PreToolUse.Edit.json"),
        ("codex", "PreToolUse", "codex/PreToolUse.spawn_agent.json"),
        ("cursor", "beforeShellExecution", "cursor/beforeShellExecution.json"),
        ("pi", "tool_call", "pi/tool_call.read.json"),
        ("claude", "Stop", "claude/Stop.json"),
        ("claude", "UserPromptSubmit", "claude/UserPromptSubmit.json"),
        ("codex", "Stop", "codex/Stop.json"),
    ] {
        assert!(silent(&reply(platform, native, &fixture(file))), "{file}");
    }
}

#[test]
fn a_denied_call_is_answered_in_the_bytes_that_each_client_obeys() {
    let reason = "force-push: it can erase commits of others on the remote. Push with --force-with-lease, or push to a new branch.";
    let nested = format!(
        "{{\"hookSpecificOutput\":{{\"hookEventName\":\"PreToolUse\",\"permissionDecision\":\"deny\",\"permissionDecisionReason\":\"{reason}\"}}}}\n"
    );
    let claude = json!({"cwd": "/home/dev/project", "tool_name": "Bash", "tool_input": {"command": "git push -f"}});
    let pi = json!({"cwd": "/home/dev/project", "toolName": "bash", "input": {"command": "git push -f"}, "hasUI": true});
    for (platform, native, payload, expected) in [
        ("claude", "PreToolUse", &claude, nested.clone()),
        ("codex", "PreToolUse", &claude, nested),
        ("cursor", "beforeShellExecution", &json!({"cwd": "", "workspace_roots": ["/home/dev/project"], "command": "git push -f"}),
            format!("{{\"permission\":\"deny\",\"user_message\":\"{reason}\",\"agent_message\":\"{reason}\"}}\n")),
        ("cursor", "beforeMCPExecution", &fixture("cursor/beforeMCPExecution.json"),
            format!("{{\"permission\":\"deny\",\"user_message\":\"{reason}\",\"agent_message\":\"{reason}\"}}\n")),
        ("pi", "tool_call", &pi, format!("{{\"block\":true,\"reason\":\"{reason}\"}}\n")),
    ] {
        assert_eq!(reply(platform, native, payload), Reply { stdout: expected, stderr: String::new(), code: 0 }, "{platform}");
    }
    assert!(!silent(&reply("cursor", "preToolUse", &fixture("cursor/preToolUse.Delete.json"))));
}

#[test]
fn an_ask_is_asked_only_where_it_was_seen_to_be_asked() {
    let word = |platform: &str, native: &str, mut payload: Value| {
        payload["cwd"] = json!("/home/dev/project");
        let reply = reply(platform, native, &payload);
        let value: Value = serde_json::from_str(&reply.stdout).expect("JSON");
        let nested = value["hookSpecificOutput"]["permissionDecision"].as_str();
        let flat = value["permission"].as_str();
        let pi = if value["block"] == true { "deny" } else { "ask" };
        nested.or(flat).unwrap_or(pi).to_owned()
    };
    let bash = |mode: &str| json!({"permission_mode": mode, "tool_name": "Bash", "tool_input": {"command": "npm publish"}});
    for mode in ["default", "acceptEdits", "plan"] {
        assert_eq!(word("claude", "PreToolUse", bash(mode)), "ask", "{mode}");
    }
    for mode in ["bypassPermissions", "dontAsk", "new", ""] {
        assert_eq!(word("claude", "PreToolUse", bash(mode)), "deny", "{mode}");
    }
    assert_eq!(word("codex", "PreToolUse", bash("default")), "deny");
    assert_eq!(word("cursor", "beforeShellExecution", json!({"command": "npm publish"})), "deny");
    let pi = |ui: bool| json!({"toolName": "bash", "input": {"command": "npm publish"}, "hasUI": ui});
    assert_eq!(word("pi", "tool_call", pi(true)), "ask");
    assert_eq!(word("pi", "tool_call", pi(false)), "deny");
    let headless = World { entrypoint: Some("sdk-cli".to_owned()), ..world(&|_| false) };
    let mut payload = bash("default");
    payload["cwd"] = json!("/home/dev/project");
    let reply = answer("claude", "PreToolUse", Ok(payload.to_string().into_bytes()), &headless);
    assert!(reply.stdout.contains("\"deny\""));
}

#[test]
fn what_cannot_be_read_stops_a_guard_and_nothing_else() {
    let deep = format!("{{\"a\":{}", "[".repeat(50_000));
    for bytes in [&b""[..], b"  \n", b"{", b"[]", b"null", b"nonsense", deep.as_bytes(), b"\xff\xfe{}"] {
        for (platform, native) in [("claude", "PreToolUse"), ("codex", "PreToolUse"), ("cursor", "preToolUse"), ("pi", "tool_call")] {
            let reply = answer(platform, native, Ok(bytes.to_vec()), &world(&|_| false));
            assert!(reply.stdout.contains("so could not read this call"), "{platform} {bytes:?}: {reply:?}");
        }
        for (platform, native) in [("claude", "Stop"), ("codex", "SessionStart"), ("cursor", "sessionEnd"), ("pi", "tool_result")] {
            assert!(silent(&answer(platform, native, Ok(bytes.to_vec()), &world(&|_| false))), "{platform} {native}");
        }
    }
    for (platform, native) in [("claude", "Nonsense"), ("", ""), ("emacs", "PreToolUse"), ("cursor", "PreToolUse")] {
        let reply = reply(platform, native, &json!({}));
        assert_eq!(reply.code, 2, "{platform} {native}");
        assert!(reply.stdout.is_empty() && !reply.stderr.is_empty());
    }
    assert!(MAX_PAYLOAD >= 8 << 20);
}

#[test]
fn bytes_that_are_odd_but_readable_are_read() {
    let payload = json!({"cwd": "/home/dev/project", "tool_name": "Bash", "tool_input": {"command": "git push -f X"}}).to_string();
    let mut with_mark = b"\xef\xbb\xbf".to_vec();
    with_mark.extend(payload.bytes());
    let bad_byte: Vec<u8> = payload.bytes().map(|byte| if byte == b'X' { 0xff } else { byte }).collect();
    for bytes in [with_mark, bad_byte] {
        let reply = answer("claude", "PreToolUse", Ok(bytes), &world(&|_| false));
        assert!(reply.stdout.contains("force-push"), "{reply:?}");
    }
    for command in [json!(["git", "push", "-f"]), json!("git\u{0} push -f")] {
        let payload = json!({"cwd": "/x", "tool_name": "Bash", "tool_input": {"command": command}});
        assert!(reply("codex", "PreToolUse", &payload).stdout.contains("force-push"));
    }
    let without = json!({"cwd": "/x", "tool_name": "Bash", "tool_input": {}});
    assert!(reply("claude", "PreToolUse", &without).stdout.contains("deny"), "a shell call without a command");
}

#[test]
fn cursor_running_claudes_hooks_is_answered_once() {
    let payload = json!({"cwd": "/x", "cursor_version": "3.9", "permission_mode": "default",
        "tool_name": "Shell", "tool_input": {"command": "git push -f"}});
    let bytes = payload.to_string().into_bytes();
    assert!(silent(&answer("claude", "PreToolUse", Ok(bytes.clone()), &world(&|_| true))));
    assert!(answer("claude", "PreToolUse", Ok(bytes), &world(&|_| false)).stdout.contains("deny"));
}

#[test]
fn a_session_is_told_what_is_enforced() {
    for (platform, native, file, key) in [
        ("claude", "SessionStart", "claude/SessionStart.json", "/hookSpecificOutput/additionalContext"),
        ("codex", "SessionStart", "codex/SessionStart.json", "/hookSpecificOutput/additionalContext"),
        ("cursor", "sessionStart", "cursor/sessionStart.json", "/additional_context"),
        ("pi", "session_start", "pi/session_start.json", "/context"),
    ] {
        let value: Value = serde_json::from_str(&reply(platform, native, &fixture(file)).stdout).expect("JSON");
        let banner = value.pointer(key).and_then(Value::as_str).expect("a banner");
        assert!(banner.starts_with("so guards this session"), "{platform}");
        assert!(banner.len() < 1_000, "at most 300 tokens");
    }
}

#[test]
fn the_strictest_decision_counts_and_three_reasons_are_shown() {
    let ask = |reason: &str| Decision::Ask(vec![reason.to_owned()]);
    let deny = |reason: &str| Decision::Deny(vec![reason.to_owned()]);
    assert_eq!(ask("a").join(deny("b")).join(Decision::Allow), deny("b"));
    assert_eq!(Decision::Allow.join(ask("a")), ask("a"));
    let many = ["a", "b", "b", "c", "d"].into_iter().map(deny).fold(Decision::Allow, Decision::join);
    assert_eq!(many.text(), "a\nb\nc");
    assert_eq!(Outcome::deny("x").join(Outcome::default()), Outcome::deny("x"));
}
