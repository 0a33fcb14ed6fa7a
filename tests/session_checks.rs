//! Checks that act only while a session is open: what each tells, and that it is silent without one.

use std::path::Path;

use serde_json::{Value, json};
use so::hook::world::World;
use so::hook::{Call, answer};

/// A project, and the world around it.
struct Place {
    dir: tempfile::TempDir,
    world: World,
}

impl Place {
    fn new(open: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World { state: Some(dir.path().join("state")), ..World::default() };
        let place = Self { dir, world };
        std::fs::create_dir_all(place.project().join(".git")).unwrap();
        if open {
            place.write(".orchestrator/STATE.md", "---\nstatus: active\n---\n");
        }
        place
    }

    fn project(&self) -> std::path::PathBuf {
        self.dir.path().join("project")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What Claude Code's model is told on one event that is not refused.
    fn told(&self, event: &str, fields: &Value) -> String {
        let value = self.answer(event, fields);
        assert_eq!(value.pointer("/hookSpecificOutput/permissionDecision"), None, "{value}");
        let text = value.pointer("/hookSpecificOutput/additionalContext").and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    fn answer(&self, event: &str, fields: &Value) -> Value {
        let mut payload = json!({"session_id": "one", "cwd": self.project()});
        payload.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let call = Call { platform: "claude".into(), event: event.into(), from_project: false };
        let reply = answer(&call, payload.to_string().as_bytes(), &self.world);
        assert_eq!(reply.code, 0);
        serde_json::from_str(&reply.stdout).unwrap_or_default()
    }

    /// Why a shell command is refused; empty when it is not.
    fn refused(&self, command: &str) -> String {
        self.denied(&json!({"tool_name": "Bash", "tool_input": {"command": command}}))
    }

    fn denied(&self, call: &Value) -> String {
        let value = self.answer("PreToolUse", call);
        let reason = value.pointer("/hookSpecificOutput/permissionDecisionReason").and_then(Value::as_str);
        reason.unwrap_or_default().to_owned()
    }

    fn shell(&self, command: &str) -> String {
        self.told("PreToolUse", &json!({"tool_name": "Bash", "tool_input": {"command": command}}))
    }

    fn edit(&self, path: &str, old: &str, new: &str) -> String {
        let input = json!({"file_path": self.project().join(path), "old_string": old, "new_string": new});
        self.told("PreToolUse", &json!({"tool_name": "Edit", "tool_input": input}))
    }

    fn after(&self, command: &str, result: &str) -> String {
        let input = json!({"command": command, "description": format!("{result} {command}")});
        self.told("PostToolUse", &json!({"tool_name": "Bash", "tool_input": input, "tool_response": result}))
    }

    /// Whether nothing is remembered but that hooks answer.
    fn store_is_empty(&self) -> bool {
        !walkdir::WalkDir::new(self.dir.path().join("state")).into_iter().flatten().any(|entry| {
            entry.file_type().is_file() && !entry.path().to_string_lossy().contains("/answered.")
        })
    }
}

#[test]
fn without_a_session_they_are_silent_and_write_nothing() {
    let place = Place::new(false);
    place.write(".github/ISSUE_TEMPLATE/bug.md", "# Bug");
    assert_eq!(place.shell("gh issue create -t x"), "");
    assert_eq!(place.edit("tsconfig.json", "\"strict\": true", ""), "");
    for _ in 0..5 {
        assert_eq!(place.after("cargo test", "1 failed"), "");
    }
    assert_eq!(
        place.told("PreToolUse", &json!({"tool_name": "Skill", "tool_input": {"skill": "so:debug"}})),
        ""
    );
    assert!(place.store_is_empty());
}

#[test]
fn a_template_is_named_until_it_was_shown() {
    let place = Place::new(true);
    assert_eq!(place.shell("gh issue create -t x"), "", "there is no template");
    place.write(".github/ISSUE_TEMPLATE/bug.md", "# Bug");
    assert!(place.shell("gh issue create -t x").contains("so ack templates"));
    assert_eq!(place.shell("gh pr create --fill"), "", "there is no template for pull requests");
    assert_eq!(place.shell("echo so ack templates"), "");
    assert!(place.shell("gh issue create -t x").contains("so ack templates"), "echo shows nothing");
    assert_eq!(place.shell("so ack templates"), "");
    assert_eq!(place.shell("gh issue create -t x"), "");
}

#[test]
fn the_thirteenth_issue_is_told() {
    let place = Place::new(true);
    for _ in 0..20 {
        assert_eq!(place.shell("gh issue create -t refused"), "", "what was only asked for is not counted");
    }
    for _ in 0..6 {
        assert_eq!(place.shell("gh issue create -t a && gh issue create -t b"), "");
        place.after("gh issue create -t a && gh issue create -t b", "made");
    }
    assert!(place.shell("glab issue create -t c").contains("issue 13 of this session"));
}

#[test]
fn an_edit_that_loosens_a_check_is_told() {
    let place = Place::new(true);
    assert!(place.edit("tsconfig.json", "\"strict\": true", "").contains("strict flags"));
    assert_eq!(place.edit("tsconfig.json", "\"target\": \"es2020\"", "\"target\": \"es2022\""), "");
}

#[test]
fn where_enforcement_is_strict_such_an_edit_is_asked_about() {
    let place = Place::new(true);
    place.write("tsconfig.json", "{ \"compilerOptions\": { \"strict\": true } }");
    assert!(
        place.edit("tsconfig.json", "true", "false").contains("so: this edit"),
        "told, the value alone says it"
    );
    place.write("CLAUDE.md", "## Session Config\nenforcement: strict\n");
    let input = json!({"file_path": place.project().join("tsconfig.json"), "old_string": "true", "new_string": "false"});
    let refused = place.denied(&json!({"tool_name": "Edit", "tool_input": input}));
    assert!(refused.contains("strict flags"), "{refused}");
}

#[test]
fn a_loop_is_told_whatever_the_call_says_of_itself() {
    let place = Place::new(true);
    let results = ["1 failed in 0.31s", "1 failed in 0.29s", "1 failed in 0.30s", "1 failed in 0.33s"];
    let told: Vec<String> = results.iter().map(|result| place.after("cargo test", result)).collect();
    assert_eq!(told[..2], ["", ""]);
    assert!(told[2].contains("third time") && told[3].contains("Stop"), "{told:?}");
    assert_eq!(place.after("cargo test", "all passed"), "", "another result is progress");
}

/// The files that a session wrote, as its close will know them.
#[test]
fn a_patch_through_the_shell_is_an_edit() {
    let place = Place::new(true);
    let patch = "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: one.txt\n+one\n*** End Patch\nEOF";
    for command in [patch, "echo two > two.txt", "cat <<'EOF'\napply_patch three.txt\nEOF"] {
        place.told(
            "PostToolUse",
            &json!({"tool_name": "Bash", "tool_input": {"command": command}, "tool_response": ""}),
        );
    }
    let store = so::store::Store::of(place.world.state.as_deref().unwrap(), &place.project());
    let noted: Vec<_> =
        store.lines(so::session::edits::FILE).iter().map(|line| line["path"].clone()).collect();
    assert_eq!(noted, ["one.txt"]);
}

#[test]
fn skills_are_counted() {
    let place = Place::new(true);
    for _ in 0..2 {
        place.told("PreToolUse", &json!({"tool_name": "Skill", "tool_input": {"skill": "so:debug"}}));
    }
    let store = place.world.store(Path::new(&place.project())).unwrap();
    assert_eq!(store.lines("usage.jsonl").len(), 2);
}

#[test]
fn a_project_can_be_strict_about_it_or_leave_it() {
    let place = Place::new(true);
    place.write(".github/ISSUE_TEMPLATE/bug.md", "# Bug");
    place.write("CLAUDE.md", "## Session Config\nenforcement: strict\n");
    assert!(place.refused("gh issue create -t x").contains("so ack templates"));
    assert_eq!(place.refused("so ack templates"), "");
    assert_eq!(place.refused("gh issue create -t x"), "");
    place.write("CLAUDE.md", "## Session Config\nissue-budget:\n  mode: strict\n  max-per-session: 3\n");
    for title in ["a", "b", "c"] {
        assert_eq!(place.refused(&format!("gh issue create -t {title}")), "");
        place.after(&format!("gh issue create -t {title}"), "made");
    }
    assert!(place.refused("gh issue create -t d").contains("more than 3"));
    // What loosens does not count: nobody approved it.
    place.write("CLAUDE.md", "## Session Config\nconfig-protection:\n  mode: off\n");
    assert!(place.edit("tsconfig.json", "\"strict\": true", "").contains("strict flags"));
}

#[test]
fn the_third_attempt_at_a_refused_target_is_told_to_stop_however_it_is_spelled() {
    let place = Place::new(false);
    let stops = |command: &str| place.refused(command).contains("Stop, and ask the person");
    assert!(!stops("git push --force origin main"));
    assert!(!stops("rm -rf /etc/ssl"), "another target");
    assert!(!stops("git push -uf origin main"));
    let said = place.refused("env A=1 git push origin +main");
    assert!(said.contains("Stop, and ask the person"), "{said}");
    assert!(!stops("rm -rf /etc/ssl"));
    assert!(place.refused("git push --force-with-lease").is_empty());
}

/// By what would be lost: whatever the rule, the command and the other files beside it.
#[test]
fn the_third_attempt_is_known_by_what_would_be_lost_across_rules() {
    let attempts: &[(&[&str], &str)] = &[
        (&["git reset --hard", "git checkout -f HEAD", "git restore ."], "all changes"),
        (&["rm notes.txt", "git clean -f notes.txt", ": > notes.txt"], "one file by three rules"),
        (&["git checkout kept.txt", "git restore kept.txt", "git reset --hard"], "a superset"),
        (&["git push -f origin topic", "git push origin :topic", "git push origin +HEAD:topic"], "a branch"),
        (&["rm -rf /etc/ssl", "find /etc/ssl -delete", "mv /etc/ssl/ /tmp"], "a place"),
        (&["so allow K7QD", "bash -c 'so allow ACDE'", "setsid so trust"], "the person's words"),
        (
            &["rm .claude/settings.json", "echo {} > .claude/settings.json", "so hook claude x"],
            "control plane",
        ),
    ];
    for (commands, what) in attempts {
        let place = dirty();
        let said: Vec<bool> =
            commands.iter().map(|command| place.refused(command).contains("Stop, and ask")).collect();
        assert_eq!(said, [false, false, true], "{what}: {commands:?}");
    }
    let place = dirty();
    for command in ["rm notes.txt", "git checkout kept.txt", "rm -rf /etc/ssl", "rm -rf /etc/pam.d"] {
        let said = place.refused(command);
        assert!(!said.is_empty() && !said.contains("Stop, and ask"), "other things: {command}: {said}");
    }
}

#[test]
fn the_third_attempt_to_edit_outside_is_told_to_stop() {
    let place = dirty();
    let edit = |path: &str, new: &str| {
        let input = json!({"file_path": path, "old_string": "a", "new_string": new});
        place.answer("PreToolUse", &json!({"tool_name": "Edit", "tool_input": input})).to_string()
    };
    let said: Vec<bool> =
        ["b", "c", "d"].iter().map(|new| edit("/etc/passwd", new).contains("Stop, and ask")).collect();
    assert_eq!(said, [false, false, true]);
    assert!(!edit("/etc/shadow", "b").contains("Stop, and ask"));
}

/// A repository with one changed and one untracked file.
fn dirty() -> Place {
    let place = Place::new(false);
    std::fs::remove_dir_all(place.project().join(".git")).unwrap();
    let git = |words: &str| {
        let mut git = std::process::Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@b.c"]).args(words.split(' '));
        assert!(git.current_dir(place.project()).output().unwrap().status.success(), "{words}");
    };
    git("init -q");
    place.write("kept.txt", "one");
    place.write(".claude/settings.json", "{}");
    git("add -A");
    git("commit -qm one");
    place.write("kept.txt", "two");
    place.write("notes.txt", "unsaved");
    place
}
