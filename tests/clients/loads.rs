//! What each client says it has loaded. Nothing here asks a model, except for Claude's `init` line, which is
//! printed before the first request.

use super::claude::{self, Claude};
use super::codex::{Codex, hook_runs};
use super::model_server::ModelServer;
use super::model_server::script::{Script, Step};
use super::pi::Pi;
use super::sandbox::Sandbox;
use super::{Client, Platform, fixture};

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_loads_what_is_installed_by_hand() {
    let sandbox = Sandbox::new("loads-claude");
    fixture::install(&sandbox, Platform::Claude);
    let claude = Claude::offline(&sandbox);

    let plugins = claude.plugins();
    assert_eq!(plugins.len(), 1, "{plugins:?}");
    assert_eq!(plugins[0]["id"], "hand@hand");
    assert_eq!(plugins[0]["enabled"], true);
    assert!(plugins[0].get("errors").is_none(), "{plugins:?}");
    for directory in ["market", "market/plugin"] {
        claude.validate(&sandbox.root.join(directory)).success();
    }
    let details = claude.details("hand@hand");
    assert!(details.contains("Skills (1)  greet") && details.contains("Hooks (1)  PreToolUse"), "{details}");

    let model = ModelServer::start(&sandbox, [Script::always([Step::say("played")])]);
    let turn = Claude::new(&sandbox, &model).turn("/hand:greet").ended_with("played");
    assert!(claude::lists(&turn, "skills", "hand:greet"));
    assert!(model.was_told("Say hello."));
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_refuses_a_plugin_with_an_unknown_event() {
    let sandbox = Sandbox::new("loads-claude-broken");
    fixture::install(&sandbox, Platform::Claude);
    let hooks = sandbox.root.join("market/plugin/hooks/hooks.json");
    super::sandbox::write(&hooks, r#"{"hooks":{"Unheard":[]}}"#);
    let validated = Claude::offline(&sandbox).validate(&sandbox.root.join("market/plugin"));
    assert_eq!(validated.code, Some(1), "{validated}");
    let plugins = Claude::offline(&sandbox).plugins();
    assert!(plugins[0].get("errors").is_some(), "{plugins:?}");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_loads_what_is_installed_by_hand() {
    let sandbox = Sandbox::new("loads-codex");
    fixture::install(&sandbox, Platform::Codex);
    let codex = Codex::offline(&sandbox);

    let listed = codex.hooks();
    assert_eq!(listed["warnings"], serde_json::json!([]), "{listed}");
    assert_eq!(listed["hooks"][0]["trustStatus"], "untrusted", "{listed}");
    codex.trust_hooks();
    assert_eq!(codex.hooks()["hooks"][0]["trustStatus"], "trusted");

    let skills = codex.skills();
    let named = skills["skills"].as_array().unwrap().iter().any(|skill| skill["name"] == "greet");
    assert!(named && skills["errors"] == serde_json::json!([]), "{skills}");
    assert!(codex.prompt_input("hello").to_string().contains("greet: Greets by hand."));

    let steps = [Step::shell("git reset --hard"), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    let notes = Codex::new(&sandbox, &model).app_server().turn(&sandbox.project, "play");
    let statuses: Vec<_> = hook_runs(&notes).iter().map(|run| run["status"].clone()).collect();
    assert_eq!(statuses, ["blocked"]);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_loads_what_is_installed_by_hand() {
    let sandbox = Sandbox::new("loads-pi");
    fixture::install(&sandbox, Platform::Pi);
    let commands = Pi::offline(&sandbox).commands();
    assert!(commands.iter().any(|command| command["name"] == "skill:greet"), "{commands:?}");
}
