//! The person's go in the chat approves the plan as it was set, and nobody else's does.

use serde_json::{Value, json};
use so::hook::world::World;
use so::hook::{Call, answer};
use so::session::person::Why;

use super::Project;

const PLAN: &str = "goal: one file\ntasks:\n  - {id: T1, title: one, role: Impl-Core, files: [one.txt], acceptance: [{run: test -f one.txt}]}\n";

fn project() -> Project {
    let project = Project::new();
    project.so(&["session", "start"]);
    project.write(".orchestrator/runtime/draft.yaml", PLAN);
    project.so(&["plan", "set", ".orchestrator/runtime/draft.yaml"]);
    project
}

fn world(project: &Project) -> World {
    World {
        state: Some(project.home.join(".local/state/so")),
        now: 1_800_000_000_000,
        entrypoint: "cli".into(),
        typed: Some(|_| Ok(None)),
        ..World::default()
    }
}

/// What the model is told of a prompt.
fn told(project: &Project, world: &World, platform: &str, prompt: &str, fields: &Value) -> String {
    let (event, key) = match platform {
        "cursor" => ("beforeSubmitPrompt", "prompt"),
        "pi" => ("input", "text"),
        _ => ("UserPromptSubmit", "prompt"),
    };
    let mut payload = json!({"session_id": "one", "cwd": project.root, key: prompt});
    payload.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let call = Call { platform: platform.into(), event: event.into(), from_project: false };
    answer(&call, payload.to_string().as_bytes(), world).stdout
}

fn is_approved(project: &Project) -> bool {
    project.json(&["plan", "show"])["approved"] == true
}

#[test]
fn a_plain_go_approves_what_was_set() {
    for (platform, prompt, fields) in [
        ("claude", "/so:go", json!({})),
        ("claude", "/go\n", json!({})),
        ("codex", "$so:go", json!({})),
        ("pi", " /go ", json!({"source": "interactive", "hasUI": true})),
    ] {
        let project = project();
        let told = told(&project, &world(&project), platform, prompt, &fields);
        assert!(is_approved(&project), "{platform} {prompt}: {told}");
        assert!(platform == "pi" || told.contains("then so close"), "{platform} {prompt}: {told}");
        let approval = &project.json(&["plan", "show"])["approval"];
        assert_eq!((&approval["by"], &approval["at"]), (&json!("go"), &json!("2027-01-15T08:00:00Z")));
    }
}

#[test]
fn the_express_path_is_three_calls_and_a_go() {
    let project = project();
    told(&project, &world(&project), "claude", "/so:go", &json!({}));
    let status = project.json(&["wave", "status"]);
    assert_eq!((&status["next"]["step"], &status["next"]["command"]), (&json!("work"), &json!("so close")));
    assert!(status["waves"][0]["snapshot"].is_number(), "{status:#}");
    assert!(project.read(".orchestrator/runtime/scope.json").contains("one.txt"));
    project.write("one.txt", "one\n");
    let said = project.so(&["close"]);
    assert!(said.contains("closed the session") && said.contains("T1: done"), "{said}");
    assert_eq!(project.git(&["show", "--name-only", "--format=", "HEAD"]), "one.txt\n");
}

#[test]
fn a_go_on_waves_leaves_their_start_to_a_command() {
    let project = project();
    project.so(&["plan", "set", "--full", ".orchestrator/runtime/draft.yaml"]);
    let told = told(&project, &world(&project), "claude", "/so:go", &json!({}));
    assert!(told.contains("next: so wave start") && is_approved(&project), "{told}");
    assert!(project.read(".orchestrator/runtime/scope.json").is_empty());
}

#[test]
fn anything_else_approves_nothing() {
    let project = project();
    let person = world(&project);
    let shell = World { typed: Some(|_| Err(Why::Shell)), ..person.clone() };
    let headless = World { entrypoint: "sdk-cli".into(), ..person.clone() };
    for (world, prompt, fields, says) in [
        (&person, "go", json!({}), ""),
        (&person, "please /so:go", json!({}), ""),
        (&person, "/so:going", json!({}), ""),
        (&person, "/so:go but leave T1 out", json!({}), "said more than go"),
        (&person, "/so:go", json!({"agent_id": "a1"}), "a subagent has sent this"),
        (&shell, "/so:go", json!({}), "an agent's shell has sent this"),
        (&headless, "/so:go", json!({}), "no person sits before this session"),
    ] {
        let told = told(&project, world, "claude", prompt, &fields);
        assert!(told.contains(says) && (!says.is_empty() || !told.contains("plan")), "{prompt}: {told}");
        assert!(!is_approved(&project), "{prompt}");
    }
    project.write(".orchestrator/plan.yaml", &PLAN.replace("one.txt", "two.txt"));
    assert!(!told(&project, &person, "claude", "/so:go", &json!({})).contains("approved"));
    assert!(!is_approved(&project), "a plan that was changed since it was set");
}
