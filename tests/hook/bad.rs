//! What cannot be read is refused by guards and ignored by observers: every event of every client.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use so::hook::event::EventKind;
use so::hook::wire::{self, Reply};

use super::{reply, wired};

/// On an idle machine it is a tenth of a second; the rest is for a busy one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the client would not run the call.
fn refuses(reply: &Reply) -> bool {
    let value: Value = serde_json::from_str(&reply.stdout).unwrap_or_default();
    let denied = value.pointer("/hookSpecificOutput/permissionDecision") == Some(&json!("deny"))
        || value["permission"] == "deny"
        || value["block"] == true;
    reply.code == 2 && !reply.stderr.is_empty() || reply.code == 0 && denied
}

fn timed(platform: &str, native: &str, payload: &[u8], case: &str) -> Reply {
    let started = Instant::now();
    let reply = reply(platform, native, payload);
    assert!(started.elapsed() < PATIENCE, "{case} on {platform} {native}: {:?}", started.elapsed());
    reply
}

/// Bytes that are no payload of any event.
fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    let whole = br#"{"session_id":"s","cwd":"/x","tool_name":"Bash","tool_input":{"command":"ls"}}"#;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(50_000), close.repeat(50_000));
    vec![
        ("empty", Vec::new()),
        ("only a byte order mark", b"\xef\xbb\xbf".to_vec()),
        ("only spaces", b"   \n".to_vec()),
        ("null", b"null".to_vec()),
        ("a list", b"[]".to_vec()),
        ("a text", b"\"ls\"".to_vec()),
        ("not JSON", b"not json".to_vec()),
        ("truncated", whole[..whole.len() - 2].to_vec()),
        ("two objects", [whole.as_slice(), whole].concat()),
        ("bad UTF-8", br#"{"cwd":"/x","command":"XX"}"#.map(|b| if b == b'X' { 0xff } else { b }).to_vec()),
        ("UTF-16", "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a NUL inside", b"{\"cwd\": \"/x\", \0\"command\": \"ls\"}".to_vec()),
        ("nested 50,000 deep", deep("[", "]").into_bytes()),
        ("nested 50,000 deep inside", format!("{{\"tool_input\": {}}}", deep("[", "]")).into_bytes()),
        ("objects nested 50,000 deep", deep("{\"a\":", "}").into_bytes()),
        (
            "larger than 8 MiB",
            format!("{{\"cwd\": \"/x\", \"pad\": \"{}\"}}", "x".repeat(9 << 20)).into_bytes(),
        ),
    ]
}

#[test]
fn bytes_that_are_no_payload() {
    for (case, payload) in unreadable() {
        for (platform, native, guard) in wired() {
            let reply = timed(&platform, &native, &payload, case);
            if guard {
                assert!(refuses(&reply), "{case} got through {platform} {native}: {reply:?}");
            } else {
                assert_eq!(reply, Reply::silence(), "{case} on {platform} {native}");
            }
        }
    }
}

/// Objects in which what a guard needs is missing or of another type. Observers make the best of them.
#[test]
fn payloads_that_say_too_little() {
    let odd = [Value::Null, json!(3), json!(["ls"]), json!({"ls": "ls"}), json!(true)];
    let mut cases =
        vec![json!({}), json!({"cwd": "/x"}), json!({"cwd": "/x", "tool_name": "Bash", "toolName": "bash"})];
    for value in odd {
        cases.push(json!({"cwd": "/x", "tool_name": value, "toolName": value, "command": value}));
        cases.push(json!({"cwd": "/x", "session_id": value, "conversation_id": value, "tool_name": value,
            "prompt": value, "messages": value, "agent_id": value, "last_assistant_message": value}));
        cases.push(json!({"cwd": value, "workspace_roots": value, "tool_name": "Bash", "toolName": "bash",
            "command": "ls", "tool_input": {"command": "ls"}, "input": {"command": "ls"}}));
        cases.push(json!({"cwd": "relative", "tool_name": "Bash", "toolName": "bash", "tool_input": value,
            "input": value, "tool_response": value, "content": value, "edits": value, "command": value}));
    }
    for payload in cases {
        for (platform, native, guard) in wired() {
            let reply = timed(&platform, &native, payload.to_string().as_bytes(), "odd");
            let starts = wire::of(&platform).unwrap().kind(&native) == Some(EventKind::SessionStart);
            if guard {
                // A client names the tools of its own; a call of no tool that it knows loses nothing.
                let unknown = ["preToolUse", "beforeMCPExecution"].contains(&native.as_str());
                assert!(refuses(&reply) || unknown, "{payload} got through {platform} {native}: {reply:?}");
            } else {
                assert_eq!((reply.code, reply.stderr.as_str()), (0, ""), "{payload} on {platform} {native}");
                assert!(starts || reply.stdout.is_empty(), "{payload} on {platform} {native}: {reply:?}");
            }
        }
    }
}

/// How each client asks about a shell command, MCP servers included.
fn asked(command: &str) -> Vec<(&'static str, &'static str, Value)> {
    let at = "/home/dev/project";
    let input = json!({"command": command});
    vec![
        ("claude", "PreToolUse", json!({"cwd": at, "tool_name": "Bash", "tool_input": input})),
        ("claude", "PreToolUse", json!({"cwd": at, "tool_name": "mcp__x__run_command", "tool_input": input})),
        ("codex", "PreToolUse", json!({"cwd": at, "tool_name": "Bash", "tool_input": input})),
        ("cursor", "beforeShellExecution", json!({"cwd": at, "command": command})),
        ("cursor", "preToolUse", json!({"cwd": at, "tool_name": "Shell", "tool_input": input})),
        (
            "cursor",
            "beforeMCPExecution",
            json!({"workspace_roots": [at], "tool_name": "run_command", "tool_input": input.to_string()}),
        ),
        ("pi", "tool_call", json!({"cwd": at, "toolName": "bash", "input": input, "hasUI": false})),
    ]
}

#[test]
fn commands_that_cannot_be_read_to_their_end() {
    let cases = [
        ("3 MB", format!("echo {}", "x".repeat(3 << 20))),
        ("1 MiB and one", format!("echo {}", "x".repeat(1 << 20))),
        ("20,000 segments", "echo x; ".repeat(20_000)),
        ("20,000 pipes", format!("echo x{}", " | cat".repeat(20_000))),
        ("20,000 substitutions", format!("echo {}", "$(date) ".repeat(20_000))),
        ("deep substitutions", format!("{}true{}", "$(".repeat(50_000), ")".repeat(50_000))),
        ("deep groups", format!("{}true{}", "{ ".repeat(50_000), "; }".repeat(50_000))),
        ("deep subshells", format!("{}true{}", "( ".repeat(50_000), " )".repeat(50_000))),
        ("braces that multiply", format!("echo {}", "{a,b}".repeat(40))),
        ("single quote", "echo 'x".to_owned()),
        ("double quote", "echo \"x".to_owned()),
        ("ANSI-C quote", "echo $'x".to_owned()),
        ("substitution", "echo $(date".to_owned()),
        ("backquote", "echo `date".to_owned()),
        ("parameter", "echo ${x".to_owned()),
        ("arithmetic", "echo $((1 + ".to_owned()),
        ("process substitution", "diff <(ls".to_owned()),
        ("group", "{ ls".to_owned()),
        ("subshell", "( ls".to_owned()),
        ("if", "if true; then ls".to_owned()),
        ("loop", "while true; do ls".to_owned()),
        ("case", "case x in a) ls".to_owned()),
        ("function", "f() { ls".to_owned()),
        ("array", "a=(1 2".to_owned()),
        ("here-document", "cat <<EOF\nls".to_owned()),
        ("3,000 here-documents", format!("cat {}", "<<E ".repeat(3_000))),
        ("50,000 parentheses", "(".repeat(50_000)),
        ("backslash", "ls \\".to_owned()),
        ("quote behind a NUL", "echo \0'x".to_owned()),
    ];
    for (case, command) in cases {
        for (platform, native, payload) in asked(&command) {
            let reply = timed(platform, native, payload.to_string().as_bytes(), case);
            assert!(refuses(&reply), "{case} got through {platform} {native}: {reply:?}");
        }
    }
}

/// Calls of tools for files that no client could run as such a call, and twins that it could.
#[test]
fn edits_whose_input_cannot_be_read() {
    let whole = "*** Begin Patch\n*** Add File: src/a.rs\n+a\n*** End Patch";
    let cases = [
        ("claude", "Edit", json!({}), true),
        ("claude", "Edit", Value::Null, true),
        ("claude", "Edit", json!([]), true),
        ("claude", "Edit", json!("x"), true),
        ("claude", "Edit", json!({"file_path": 5}), true),
        ("claude", "Edit", json!({"file_path": "src/a.rs", "old_string": 5, "new_string": "a"}), true),
        ("claude", "Edit", json!({"file_path": "src/a.rs", "old_string": "b", "new_string": "a"}), false),
        ("claude", "Write", json!({"content": "a"}), true),
        ("claude", "Write", json!({"file_path": "", "content": "a"}), true),
        ("claude", "Write", json!({"file_path": "src/a.rs", "content": {"a": 1}}), true),
        ("claude", "Write", json!({"file_path": "src/a.rs", "content": "a"}), false),
        ("claude", "MultiEdit", json!({"file_path": "src/a.rs", "edits": "x"}), true),
        ("claude", "MultiEdit", json!({"file_path": "src/a.rs", "edits": [5]}), true),
        ("claude", "MultiEdit", json!({"file_path": "src/a.rs", "edits": [{"old_string": 5}]}), true),
        ("claude", "MultiEdit", json!({"file_path": "src/a.rs", "edits": [{"old_string": "a"}]}), false),
        ("claude", "NotebookEdit", json!({"new_source": "a"}), true),
        ("claude", "NotebookEdit", json!({"notebook_path": "a.ipynb", "new_source": "a"}), false),
        ("claude", "mcp__x__write_file", json!("x"), true),
        ("claude", "mcp__x__write_file", json!({"path": 5}), true),
        ("claude", "mcp__x__write_file", json!({"path": "src/a.rs"}), false),
        ("claude", "mcp__x__read_file", json!({"path": 5}), false),
        ("codex", "apply_patch", json!({"command": ""}), true),
        ("codex", "apply_patch", json!({"command": "garbage"}), true),
        ("codex", "apply_patch", json!({"command": 5}), true),
        ("codex", "apply_patch", json!({"command": whole.replace("\n*** End Patch", "")}), true),
        ("codex", "apply_patch", json!({"command": whole}), false),
    ];
    for (platform, tool, input, is_broken) in cases {
        let payload = json!({"cwd": "/home/dev/project", "tool_name": tool, "tool_input": input});
        let reply = reply(platform, "PreToolUse", payload.to_string().as_bytes());
        assert_eq!(refuses(&reply), is_broken, "{platform} {payload}: {reply:?}");
    }
}
