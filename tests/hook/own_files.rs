//! What edit tools may not change: the wiring of hooks in clients' settings, what only `so` writes, the repository; and
//! what a tool deletes is asked about as `rm` is.

use serde_json::{Value, json};
use so::hook::answer;
use so::hook::world::World;

use super::call;

const SETTINGS: &str = r#"{"model": "opus", "disableAllHooks": false, "hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "so hook claude PreToolUse"}]}]}}"#;

/// `deny`, `ask` or `allow`, from a project outside the temp directories.
fn decided(platform: &str, tool: &str, input: &Value) -> String {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    git2::Repository::init(dir.path()).unwrap();
    write(".claude/settings.json", SETTINGS);
    write(".codex/config.toml", "model = \"x\"\n\n[features]\nhooks = true\n");
    write("notes.txt", "unsaved");
    let payload = json!({"session_id": "s", "cwd": dir.path(), "permission_mode": "default", "tool_name": tool, "tool_input": input});
    let reply = answer(&call(platform, "PreToolUse"), payload.to_string().as_bytes(), &World::default());
    let said: Value = serde_json::from_str(&reply.stdout).unwrap_or_default();
    let decision = said.pointer("/hookSpecificOutput/permissionDecision").and_then(Value::as_str);
    decision.unwrap_or(if reply.code == 2 { "deny" } else { "allow" }).to_owned()
}

fn edit(path: &str, old: &str, new: &str) -> Value {
    json!({"file_path": path, "old_string": old, "new_string": new})
}

fn write(path: &str, content: &str) -> Value {
    json!({"file_path": path, "content": content})
}

#[test]
fn an_edit_tool_leaves_alone_what_guards_the_session() {
    let settings = ".claude/settings.json";
    for (tool, input, expected) in [
        ("Write", write(settings, r#"{"permissions": {"allow": []}}"#), "deny"),
        ("Write", write(settings, &SETTINGS.replace("opus", "haiku")), "allow"),
        ("Write", write(".claude/settings.local.json", r#"{"permissions": {"allow": []}}"#), "allow"),
        ("Write", write(".claude/settings.local.json", r#"{"disableAllHook\u0073": true}"#), "deny"),
        ("Edit", edit(settings, "\"*\"", "\"Foo\""), "deny"),
        ("Edit", edit(settings, "PreToolUse\": [", "PreToolUzz\": ["), "deny"),
        ("Edit", edit(settings, "claude PreToolUse", "claude PreToolUse; exit 0"), "deny"),
        ("Edit", edit(settings, "command\",", "prompt\","), "deny"),
        ("Edit", edit(settings, "false", "true"), "deny"),
        ("Edit", edit(settings, "opus", "haiku"), "allow"),
        (
            "MultiEdit",
            json!({"file_path": settings, "edits": [{"old_string": "opus", "new_string": "x"}, {"old_string": "false", "new_string": "true"}]}),
            "deny",
        ),
        (
            "mcp__fs__edit_file",
            json!({"path": settings, "edits": [{"oldText": "opus", "newText": "haiku"}]}),
            "allow",
        ),
        (
            "mcp__fs__edit_file",
            json!({"path": settings, "edits": [{"oldText": "false", "newText": "true"}]}),
            "deny",
        ),
        ("mcp__fs__move_file", json!({"source": settings, "destination": "x.json"}), "deny"),
        ("Write", write(".orchestrator/STATE.md", "x"), "deny"),
        ("Write", write(".orchestrator/runtime/scope.json", "{}"), "deny"),
        ("Write", write(".orchestrator/runtime/reports/T1.md", "done"), "allow"),
        ("Write", write(".orchestrator/runtime/reports/../scope.json", "{}"), "deny"),
        ("Write", write(".orchestrator/plan.yaml", "x"), "allow"),
        ("Write", write(".git/hooks/pre-commit", ""), "deny"),
        ("Write", write(".git/config", "[core]\n\thooksPath = /dev/null"), "deny"),
        ("Write", write(".git/HEAD", "x"), "deny"),
        ("Write", write(".git/info/exclude", "x"), "allow"),
        ("Write", write(".git/COMMIT_EDITMSG", "x"), "allow"),
        ("Write", write(".gitignore", "x"), "allow"),
        ("mcp__fs__delete_file", json!({"path": ".claude/settings.json"}), "deny"),
        ("mcp__fs__delete_file", json!({"path": "notes.txt"}), "deny"), // what asks, where nobody can be asked
        ("mcp__fs__delete_file", json!({"path": "gone.txt"}), "allow"),
        ("mcp__fs__move_file", json!({"source": "notes.txt", "destination": "other.txt"}), "allow"),
    ] {
        assert_eq!(decided("claude", tool, &input), expected, "{tool} {input}");
    }
}

#[test]
fn a_patch_of_codex_is_read_as_codex_reads_it() {
    for (patch, expected) in [
        ("*** Add File: notes/a.md\n+x", "allow"),
        (" *** Add File: /etc/x\n+a", "deny"),
        ("\t*** Update File: .codex/hooks.json\n@@\n-a\n+b", "deny"),
        ("*** Update File: .codex/config.toml\n@@\n-hooks = true\n+hooks = false", "deny"),
        ("*** Update File: .codex/config.toml\n@@\n-hooks = true\n+\"hook\\u0073\" = false", "deny"),
        ("*** Update File: .codex/config.toml\n@@\n-model = \"x\"\n+model = \"y\"", "allow"),
        (
            "*** Update File: .codex/config.toml\n*** Move to: c.toml\n@@\n-model = \"x\"\n+model = \"y\"",
            "deny",
        ),
        ("*** Delete File: notes.txt", "deny"), // what asks, where Codex does not
        ("*** Update File: notes.txt\n*** Move to: other.txt\n@@\n-unsaved\n+x", "allow"),
        ("garbage", "deny"),
        ("", "deny"),
    ] {
        let text = format!("*** Begin Patch\n{patch}\n*** End Patch");
        assert_eq!(decided("codex", "apply_patch", &json!({"command": text})), expected, "{patch}");
    }
    assert_eq!(
        decided("codex", "apply_patch", &json!({"command": "*** Begin Patch\n*** Add File: a\n+x"})),
        "deny"
    );
}
