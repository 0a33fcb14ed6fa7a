//! Claude Code lists everything that was installed, under our names and no others, and reports no error.

use std::path::Path;

use serde_json::Value;

use super::super::claude::{Claude, init};
use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::Sandbox;
use super::super::{Client, Platform, Turn, so_all};
use super::{Installed, Scope, names, package};

/// One turn that says nothing, for its `init` line and its request.
fn started(sandbox: &Sandbox) -> (Turn, ModelServer) {
    let model = ModelServer::start(sandbox, [Script::always([Step::say("played")])]);
    let turn = Claude::new(sandbox, &model).turn("play").ended_with("played");
    (turn, model)
}

/// What the `init` line lists under `kind` after the install and not before, sorted.
fn added(before: &Turn, after: &Turn, kind: &str) -> Vec<String> {
    let listed = |turn: &Turn| -> Vec<String> {
        let names = init(turn)[kind].as_array().into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    };
    let known = listed(before);
    let mut new: Vec<_> = listed(after).into_iter().filter(|name| !known.contains(name)).collect();
    new.sort();
    new
}

fn events(hooks: &Path) -> usize {
    let text = std::fs::read_to_string(hooks).unwrap_or_else(|_| r#"{"hooks":{}}"#.into());
    let value: Value = serde_json::from_str(&text).unwrap();
    value["hooks"].as_object().unwrap().len()
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_loads_the_plugin() {
    let sandbox = Sandbox::new("so-loads-claude");
    let (before, _) = started(&sandbox);
    let installed = Installed::new(&sandbox, Platform::Claude, Scope::Default);
    let claude = Claude::offline(&sandbox);

    let plugins = claude.plugins();
    assert_eq!(plugins.len(), 1, "{plugins:?}");
    assert_eq!((&plugins[0]["id"], &plugins[0]["enabled"]), (&"so@so".into(), &true.into()));
    assert!(plugins[0].get("errors").is_none(), "{plugins:?}");

    let market = package(&sandbox, Platform::Claude);
    let plugin = market.join("plugins/so");
    for directory in [&market, &plugin] {
        claude.validate(directory).success();
    }
    let details = claude.details("so@so");
    let hooks = events(&plugin.join("hooks/hooks.json")) + events(&plugin.join("hooks/extra.json"));
    let skills = installed.skills.len() + installed.commands.len();
    for count in [
        format!("Skills ({skills})"),
        format!("Agents ({})", installed.agents.len()),
        format!("Hooks ({hooks})"),
    ] {
        assert!(hooks > 0 && details.contains(&count), "{count}: {details}");
    }

    let (after, _) = started(&sandbox);
    assert_eq!(added(&before, &after, "agents"), names(&installed.agents, "so:"));
    let invocable = names(installed.skills.iter().chain(&installed.commands), "so:");
    assert_eq!(added(&before, &after, "skills"), invocable);
    assert_eq!(added(&before, &after, "slash_commands"), invocable);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_loads_the_files_of_a_project() {
    let sandbox = Sandbox::new("so-loads-claude-project");
    let (before, _) = started(&sandbox);
    let installed = Installed::new(&sandbox, Platform::Claude, Scope::Project);
    let (after, _) = started(&sandbox);
    assert_eq!(added(&before, &after, "agents"), names(&installed.agents, ""));
    assert_eq!(added(&before, &after, "slash_commands"), names(&installed.skills, ""));
}

/// Cursor reads `.claude/skills` too, so there the skills stand below `.claude/commands`, where the client
/// takes every nested Markdown file for a command as well.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_loads_its_share_of_a_project_for_all() {
    let sandbox = Sandbox::new("so-loads-claude-shared");
    let (before, _) = started(&sandbox);
    so_all(&sandbox, "install", &["--scope", "project"]).success();
    let installed = Installed::read(&sandbox, Platform::Claude, Scope::Project);
    assert!(!sandbox.project.join(".claude/skills").exists());
    let nested = walkdir::WalkDir::new(sandbox.project.join(".claude/commands")).min_depth(3);
    assert!(nested.into_iter().any(|entry| entry.is_ok()), "no skill has a reference: nothing is proven");

    let (after, model) = started(&sandbox);
    assert_eq!(added(&before, &after, "agents"), names(&installed.agents, ""));
    assert_eq!(added(&before, &after, "slash_commands"), names(&installed.skills, ""));
    for item in installed.offered() {
        assert!(model.was_told(&item.description), "{}", item.name);
    }
    assert!(!model.was_told(":references:"), "a reference is offered as a command");
}
