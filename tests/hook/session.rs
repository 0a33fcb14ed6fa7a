//! Checks on the events around a call: what they say to whom, what they record, and that outside a session they do
//! neither.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use so::hook::answer;
use so::hook::world::World;
use so::session::presence::Presence;
use so::store::Store;

use super::{call, payload};

/// A project with the world around it.
struct Place {
    dir: tempfile::TempDir,
    world: World,
    calls: Cell<usize>,
}

impl Place {
    fn new(status: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World { state: Some(dir.path().join("state")), now: 61_000, ..World::default() };
        let place = Self { dir, world, calls: Cell::new(0) };
        std::fs::create_dir_all(place.project().join(".git")).unwrap();
        if !status.is_empty() {
            place.write(".orchestrator/STATE.md", &format!("---\nsession: one\nstatus: {status}\n---\n"));
        }
        place
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn store(&self) -> Store {
        self.world.store(&self.project()).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The reply to one event of session `one` with more `fields`.
    fn tell(&self, platform: &str, event: &str, fields: &Value) -> Value {
        let mut payload = json!({"session_id": "one", "conversation_id": "one", "cwd": self.project()});
        payload.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let reply = answer(&call(platform, event), payload.to_string().as_bytes(), &self.world);
        assert_eq!((reply.code, reply.stderr.as_str()), (0, ""));
        serde_json::from_str(&reply.stdout).unwrap_or_default()
    }

    /// What the model is told after a shell call, another one each time.
    fn after(&self, platform: &str, more: &Value) -> String {
        self.calls.set(self.calls.get() + 1);
        let input = json!({"command": format!("ls {}", self.calls.get())});
        let (event, mut fields) = match platform {
            "cursor" => ("postToolUse", json!({"tool_name": "Shell", "tool_input": input})),
            "pi" => ("tool_result", json!({"toolName": "bash", "input": input, "isError": false})),
            _ => ("PostToolUse", json!({"tool_name": "Bash", "tool_input": input})),
        };
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        text_of(&self.tell(platform, event, &fields))
    }

    fn records(&self, file: &str) -> Vec<Value> {
        self.store().lines(file)
    }
}

/// The text for the model, wherever the client has it.
fn text_of(reply: &Value) -> String {
    let places = ["/hookSpecificOutput/additionalContext", "/additional_context", "/context"];
    let text = places.iter().find_map(|place| reply.pointer(place)).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// What the one who ends is sent back with.
fn again_of(reply: &Value) -> String {
    let places = ["/reason", "/followup_message", "/again"];
    let text = places.iter().find_map(|place| reply.pointer(place)).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

#[test]
fn the_persons_note_is_given_once_on_every_client() {
    for platform in super::PLATFORMS {
        let place = Place::new("active");
        assert_eq!(place.after(platform, &json!({})), "");
        place.write(".orchestrator/STEER.md", "Leave the parser alone.\n```\nx\n```\n");
        let told = place.after(platform, &json!({}));
        assert!(told.contains("````\nLeave the parser alone.\n```\nx\n```\n````"), "{platform}: {told}");
        assert_eq!(place.after(platform, &json!({})), "", "{platform}: twice");
        place.write(".orchestrator/STEER.md", &"ä".repeat(3000));
        let told = place.after(platform, &json!({}));
        assert_eq!(told.matches('ä').count(), 1000, "{platform}");
    }
}

#[test]
fn a_note_is_for_the_main_thread_of_an_open_session_and_no_link() {
    let closed = Place::new("completed");
    closed.write(".orchestrator/STEER.md", "x");
    assert_eq!(closed.after("claude", &json!({})), "");
    let place = Place::new("active");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", place.project().join(".orchestrator/STEER.md")).unwrap();
    assert_eq!(place.after("claude", &json!({})), "");
    let _ = std::fs::remove_file(place.project().join(".orchestrator/STEER.md"));
    place.write(".orchestrator/STEER.md", "x");
    assert_eq!(place.after("claude", &json!({"agent_id": "a"})), "");
    assert_ne!(place.after("claude", &json!({})), "");
}

/// Pi's `turn_end` has no room for text: the note waits for the next result.
#[test]
fn what_an_event_cannot_carry_comes_with_the_next_that_can() {
    let place = Place::new("active");
    place.write(".orchestrator/STEER.md", "Leave the parser alone.");
    assert_eq!(place.tell("pi", "turn_end", &json!({"turnIndex": 0})), Value::Null);
    assert!(place.after("pi", &json!({})).contains("Leave the parser alone."));
    assert_eq!(place.after("pi", &json!({})), "");
}

#[test]
fn all_done_in_an_open_wave_is_asked_about_once_a_wave() {
    let stop = |place: &Place, said: &str, active: bool| {
        let fields = json!({"last_assistant_message": said, "stop_hook_active": active});
        again_of(&place.tell("codex", "Stop", &fields))
    };
    let place = Place::new("active");
    assert_eq!(stop(&place, "All done.", false), "", "there is no wave");
    place.write(".orchestrator/runtime/scope.json", r#"{"wave": 1}"#);
    assert_eq!(stop(&place, "Two tasks are left.", false), "");
    assert_eq!(stop(&place, "All done.", true), "", "it has been sent back already");
    assert!(stop(&place, "All done.", false).contains("still open"));
    assert_eq!(stop(&place, "All done.", false), "");
    place.write(".orchestrator/runtime/scope.json", r#"{"wave": 2}"#);
    let pi = json!({"messages": [{"role": "assistant", "content": [{"type": "text", "text": "Everything is done."}]}]});
    assert!(again_of(&place.tell("pi", "agent_end", &pi)).contains("still open"));
    let closed = Place::new("completed");
    closed.write(".orchestrator/runtime/scope.json", r#"{"wave": 1}"#);
    assert_eq!(stop(&closed, "All done.", false), "");
}

fn report(more: &Value) -> String {
    let mut report = json!({
        "task": "T1", "result": "done", "verdict": "PROCEED", "summary": "Read it.", "files": [], "findings": [],
        "questions": [], "learnings": [], "tasks": [], "unrequested": [],
    });
    report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("Here it is.\n\n```json\n{report}\n```\n")
}

fn reviewer(said: &str, active: bool) -> Value {
    json!({"agent_id": "a", "agent_type": "so:session-reviewer", "last_assistant_message": said,
        "stop_hook_active": active})
}

#[test]
fn a_report_that_is_missing_or_wrong_is_sent_back_once() {
    let place = Place::new("active");
    place.tell("claude", "SubagentStart", &reviewer("", false));
    let end = |said: &str, active| again_of(&place.tell("claude", "SubagentStop", &reviewer(said, active)));
    assert!(end("I am done.", false).contains("no fenced block"));
    assert!(end("```json\n{\n```", false).contains("not JSON"));
    let wrong = report(&json!({"verdict": "FINE", "extra": 1}));
    let told = end(&wrong, false);
    assert!(told.contains("`verdict` must be one of PROCEED") && told.contains("`extra`"), "{told}");
    assert_eq!(end(&wrong, true), "", "once");
    assert_eq!(end(&report(&json!({})), false), "");
    let records = place.records("agents.jsonl");
    let events: Vec<_> = records.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["start", "sent-back", "sent-back", "sent-back", "stop", "stop"]);
    assert!(records[4]["faults"].is_array() && records[5]["report"]["verdict"] == "PROCEED", "{records:?}");
    assert_eq!(records[5]["seconds"], 0);
}

#[test]
fn agents_of_others_owe_no_report_and_nobody_does_outside_a_session() {
    let place = Place::new("active");
    let other = json!({"agent_id": "a", "agent_type": "general-purpose", "last_assistant_message": "done"});
    assert_eq!(place.tell("claude", "SubagentStop", &other), Value::Null);
    assert_eq!(place.records("agents.jsonl").len(), 1);
    let closed = Place::new("");
    assert_eq!(closed.tell("claude", "SubagentStop", &reviewer("done", false)), Value::Null);
    assert!(closed.records("agents.jsonl").is_empty());
}

#[test]
fn any_agent_owes_a_report_of_the_task_that_it_took_on() {
    let place = Place::new("active");
    let scope = json!({"wave": 1, "role": "Impl-Core", "enforcement": "warn", "tasks": {"T1": ["src/**"]}});
    let file = place.project().join(so::session::scope::FILE);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, scope.to_string()).unwrap();
    let ends = |agent: &str, said: &str, again: bool| {
        let end = json!({"agent_id": agent, "agent_type": "general-purpose", "last_assistant_message": said,
            "stop_hook_active": again});
        again_of(&place.tell("claude", "SubagentStop", &end))
    };
    assert_eq!(ends("a", "done", false), "", "it is on no task");
    let start = json!({"agent_id": "a", "tool_name": "Bash", "tool_input": {"command": "so task start T1"}});
    place.tell("claude", "PreToolUse", &start);
    let told = ends("a", "done", false);
    assert!(told.contains("no fenced block") && told.contains("\"result\": \"done\""), "{told}");
    assert_eq!(ends("a", "done", true), "", "once");
    assert_eq!(ends("a", &report(&json!({"more": "of its own"})), false), "");
    assert_eq!(ends("b", "done", false), "", "another one is on no task");
}

#[test]
fn who_is_sent_back_is_still_at_work() {
    let place = Place::new("active");
    let peers = || Presence::peers(&place.store(), "other", None);
    place.tell("claude", "SessionStart", &json!({"source": "startup"}));
    place.tell("claude", "SubagentStart", &reviewer("", false));
    assert_eq!(peers(), 2);
    place.tell("claude", "SubagentStop", &reviewer("no report", false));
    assert_eq!(peers(), 2);
    place.tell("claude", "SubagentStop", &reviewer("no report", true));
    assert_eq!(peers(), 1);
    // Cursor does not say which subagent has ended, only of what kind.
    let begin = json!({"subagent_id": "c", "subagent_type": "reviewer"});
    place.tell("cursor", "subagentStart", &begin);
    let before = peers();
    place.tell("cursor", "subagentStop", &json!({"subagent_type": "reviewer", "summary": "done"}));
    assert_eq!(peers(), before - 1);
}

#[test]
fn a_session_that_ends_with_its_work_open_is_abandoned() {
    for (platform, event, state, reason, expected) in [
        ("claude", "SessionEnd", "active", "other", Some("abandoned")),
        ("codex", "SessionEnd", "active", "other", Some("abandoned")),
        ("cursor", "sessionEnd", "active", "user_close", Some("abandoned")),
        ("pi", "session_shutdown", "active", "quit", Some("abandoned")),
        ("claude", "SessionEnd", "active", "clear", Some("ended")),
        ("pi", "session_shutdown", "active", "reload", Some("ended")),
        ("claude", "SessionEnd", "paused", "other", Some("ended")),
        ("claude", "SessionEnd", "completed", "other", None),
        ("claude", "SessionEnd", "", "other", None),
    ] {
        let place = Place::new(state);
        place.tell(platform, event, &json!({"reason": reason}));
        let records = place.records("sessions.jsonl");
        let status = records.first().and_then(|line| line["status"].as_str());
        assert_eq!(status, expected, "{platform} {state} {reason}");
    }
    let place = Place::new("active");
    place.tell("claude", "SessionEnd", &json!({"reason": "other", "session_id": "another"}));
    assert_eq!(place.records("sessions.jsonl")[0]["status"], "ended", "the work is not that session's");
}

#[test]
fn a_session_in_another_tree_is_no_peer_where_it_was() {
    let place = Place::new("");
    let elsewhere = place.dir.path().join("elsewhere");
    std::fs::create_dir_all(elsewhere.join(".git")).unwrap();
    let peers = |at: &Path| Presence::peers(&place.world.store(at).unwrap(), "other", None);
    place.tell("claude", "SessionStart", &json!({"source": "startup"}));
    assert_eq!(peers(&place.project()), 1);
    let below = place.project().join("src");
    let go = |to: &Path| place.after("claude", &json!({"cwd": to}));
    go(&below);
    assert_eq!((peers(&place.project()), peers(&elsewhere)), (1, 0), "a directory of the same tree");
    go(&elsewhere);
    assert_eq!((peers(&place.project()), peers(&elsewhere)), (0, 1));
    go(&below);
    assert_eq!((peers(&place.project()), peers(&elsewhere)), (1, 0));
}

/// The one answer to an event is also that to those it stands for.
#[test]
fn emulated_events_are_answered_in_the_native_form() {
    let place = Place::new("active");
    let failed = "/bin/bash: line 1: rg: command not found\n";
    let codex = place.after("codex", &json!({"tool_response": failed}));
    assert!(codex.contains("not installed here"), "{codex}");
    let content = json!([{"type": "text", "text": "bash: rg: command not found"}]);
    let pi = place.after("pi", &json!({"isError": true, "content": content}));
    assert!(pi.contains("not installed here"), "{pi}");
    let output = json!({"output": "bash: rg: command not found", "exitCode": 127}).to_string();
    let cursor = place.after("cursor", &json!({"tool_output": output}));
    assert!(cursor.contains("not installed here"), "{cursor}");
    assert_eq!(place.after("codex", &json!({"tool_response": "rg: command not found in the manual"})), "");
}

#[test]
fn nothing_is_written_in_the_project() {
    let place = Place::new("");
    for (platform, native, _) in super::wired() {
        let name = match native.as_str() {
            "preToolUse" => "preToolUse.Write".to_owned(),
            "postToolUse" => "postToolUse.Shell".to_owned(),
            "tool_call" | "tool_result" => format!("{native}.bash"),
            "PreToolUse" | "PostToolUse" => format!("{native}.Bash"),
            other => other.to_owned(),
        };
        let bytes = payload(&format!("{platform}/{name}.json"));
        let mut value: Value = serde_json::from_slice(&bytes).unwrap();
        value["cwd"] = json!(place.project());
        value["workspace_roots"] = json!([place.project()]);
        answer(&call(&platform, &native), value.to_string().as_bytes(), &place.world);
    }
    let left: Vec<_> =
        std::fs::read_dir(place.project()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".git"]);
}
