//! A person calls a skill by the name that the client gives it, and the model gets its text with the arguments.

use super::super::Platform;
use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::Sandbox;
use super::{Installed, Scope};

/// What the model is told when the person types `prompt`.
fn said(sandbox: &Sandbox, platform: Platform, prompt: &str) -> ModelServer {
    let model = ModelServer::start(sandbox, [Script::always([Step::say("played")])]);
    platform.open(sandbox, &model).turn(prompt).ended_with("played");
    model
}

/// `body` as the model must get it: whole, with the arguments in their place.
fn assert_told(model: &ModelServer, body: &str, arguments: &str) {
    let expected = body.replace("$ARGUMENTS", arguments);
    assert_ne!(expected, body, "the text has no arguments");
    for paragraph in expected.split("\n\n").filter(|paragraph| !paragraph.contains('$')) {
        assert!(model.was_told(paragraph.trim()), "{paragraph}");
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_runs_a_skill_by_name() {
    for (scope, prompt) in [(Scope::Default, "/so:grill foo bar"), (Scope::Project, "/grill foo bar")] {
        let sandbox = Sandbox::new(&format!("so-invoked-claude-{scope:?}"));
        let installed = Installed::new(&sandbox, Platform::Claude, scope);
        let model = said(&sandbox, Platform::Claude, prompt);
        assert_told(&model, &installed.skill("grill").body, "foo bar");
    }
}

/// Codex substitutes nothing: the text speaks of what the person wrote, and that stands beside it.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_runs_a_skill_by_name() {
    for (scope, prompt) in [(Scope::Default, "$so:grill foo bar"), (Scope::Project, "$grill foo bar")] {
        let sandbox = Sandbox::new(&format!("so-invoked-codex-{scope:?}"));
        let installed = Installed::new(&sandbox, Platform::Codex, scope);
        let model = said(&sandbox, Platform::Codex, prompt);
        let body = &installed.skill("grill").body;
        assert!(!body.contains('$'), "{body}");
        assert!(model.was_told(body) && model.was_told(prompt));
    }
}

/// Pi's interactive mode keeps `/debug` to itself, so ours has another name there.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_runs_a_prompt_by_name() {
    for scope in [Scope::Default, Scope::Project] {
        let sandbox = Sandbox::new(&format!("so-invoked-pi-{scope:?}"));
        let installed = Installed::new(&sandbox, Platform::Pi, scope);
        for name in ["grill", "so-debug"] {
            let prompt = installed.commands.iter().find(|item| item.name == name).unwrap();
            let model = said(&sandbox, Platform::Pi, &format!("/{name} foo bar"));
            assert_told(&model, &prompt.body, "foo bar");
        }
    }
}
