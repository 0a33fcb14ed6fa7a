//! The harness itself: each kind of step does in each client what it says, with no `so` in sight.

use super::Client;
use super::claude::{self, Claude};
use super::codex::Codex;
use super::model_server::ModelServer;
use super::model_server::script::{Script, Step};
use super::pi::Pi;
use super::sandbox::Sandbox;

/// Shell, write, edit; every client has these in some form.
fn common(sandbox: &Sandbox) -> Vec<Step> {
    let path = sandbox.project.join("made.txt");
    vec![
        Step::shell("echo ran > shell.txt"),
        Step::Write { path: path.clone(), text: "one\n".into() },
        Step::Edit { path, old: "one".into(), new: "two".into() },
    ]
}

fn assert_common(sandbox: &Sandbox) {
    assert_eq!(sandbox.read("shell.txt"), "ran\n");
    assert_eq!(sandbox.read("made.txt"), "two\n");
}

fn subagent() -> Script {
    Script::when("SUBTASK", [Step::shell("echo ran > sub.txt"), Step::say("subtask done")])
}

fn spawn(agent: &str) -> [Step; 2] {
    [Step::Spawn { agent: agent.into(), prompt: "SUBTASK please".into() }, Step::Wait(0)]
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_plays_every_step() {
    let sandbox = Sandbox::new("steps-claude");
    sandbox.write(".claude/skills/greet/SKILL.md", "---\ndescription: \"Greets.\"\n---\nSay hello to $0.\n");
    let mut steps = common(&sandbox);
    steps.extend(spawn("general-purpose"));
    steps.push(Step::Skill { name: "greet".into(), arguments: "Ada".into() });
    steps.push(Step::say("played"));
    let model = ModelServer::start(&sandbox, [subagent(), Script::always(steps)]);
    let turn = Claude::new(&sandbox, &model).turn("play").ended_with("played");
    assert_common(&sandbox);
    assert_eq!(sandbox.read("sub.txt"), "ran\n");
    assert!(claude::lists(&turn, "skills", "greet"));
    assert!(claude::denials(&turn).is_empty());
    assert!(model.was_told("Say hello to Ada."));
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_refuses_what_is_not_allowed() {
    let sandbox = Sandbox::new("steps-claude-denied");
    let steps = [Step::shell("touch a"), Step::shell("touch b"), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    let claude = Claude::new(&sandbox, &model);
    let turn = claude.turn_allowing("play", "default", "Bash(touch a)").ended_with("played");
    let denied = claude::denials(&turn);
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert_eq!(denied[0]["command"], "touch b");
}

/// The plain set has subagents and patches through the shell; `gpt-5.5` has a tool for patches only.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_plays_every_step() {
    for (model, subagents) in [("unknown-model", true), ("gpt-5.5", false)] {
        let sandbox = Sandbox::new(&format!("steps-codex-{model}"));
        let mut steps = common(&sandbox);
        steps.push(Step::Patch("*** Begin Patch\n*** Add File: patched.txt\n+ran\n*** End Patch\n".into()));
        if subagents {
            steps.extend(spawn("worker"));
        }
        steps.push(Step::say("played"));
        let server = ModelServer::start(&sandbox, [subagent(), Script::always(steps)]);
        Codex::new(&sandbox, &server).with_model(model).turn("play").ended_with("played");
        assert_common(&sandbox);
        assert_eq!(sandbox.read("patched.txt"), "ran\n", "{model}");
        assert_eq!(sandbox.read("sub.txt") == "ran\n", subagents, "{model}");
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_plays_in_code_mode() {
    let sandbox = Sandbox::new("steps-codex-code-mode");
    let steps = [Step::shell("echo ran > shell.txt"), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    Codex::new(&sandbox, &model).with_model("gpt-6-sol").turn("play").ended_with("played");
    assert_eq!(sandbox.read("shell.txt"), "ran\n");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_plays_every_step() {
    let sandbox = Sandbox::new("steps-pi");
    let mut steps = common(&sandbox);
    steps.push(Step::say("played"));
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    Pi::new(&sandbox, &model).turn("play").ended_with("played");
    assert_common(&sandbox);
}
