//! Codex lists everything that was installed and reports no error; trust once given to the hooks stays.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::codex::Codex;
use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::{Sandbox, write};
use super::super::{Client, Platform, install, so_all};
use super::{Installed, Scope, names};

/// `PreToolUse` as the keys of trust spell it.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The hooks that the client lists must be those of `file`, all with this status.
fn assert_hooks(codex: &Codex<'_>, file: &Path, status: &str) {
    let listed = codex.hooks();
    for complaints in ["warnings", "errors"] {
        assert_eq!(listed[complaints], json!([]), "{listed}");
    }
    let hooks = listed["hooks"].as_array().unwrap();
    for hook in hooks {
        assert_eq!((&hook["trustStatus"], &hook["enabled"]), (&status.into(), &true.into()), "{hook}");
    }
    let text: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let mut wanted: Vec<_> = text["hooks"].as_object().unwrap().keys().map(|name| snake(name)).collect();
    let mut found: Vec<_> = hooks
        .iter()
        .map(|hook| hook["key"].as_str().unwrap().rsplit(':').nth(2).unwrap().to_owned())
        .collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted, "{listed}");
}

/// Every skill is there with no error; the model is told of those that are for it, and of no other.
fn assert_skills(codex: &Codex<'_>, installed: &Installed, prefix: &str) {
    let listed = codex.skills();
    assert_eq!(listed["errors"], json!([]), "{listed}");
    let known: Vec<_> = listed["skills"].as_array().unwrap().iter().map(|skill| &skill["name"]).collect();
    for name in names(&installed.skills, prefix) {
        assert_eq!(known.iter().filter(|known| ***known == name).count(), 1, "{name} in {known:?}");
    }
    let told = codex.prompt_input("hello").to_string();
    for skill in &installed.skills {
        assert_eq!(!skill.user_only, told.contains(&skill.description), "{}: {told}", skill.name);
    }
    assert!(installed.skills.iter().any(|skill| skill.user_only), "no skill is for persons only");
}

/// A turn in which the model is offered our roles.
fn assert_roles(sandbox: &Sandbox, installed: &Installed) {
    let model = ModelServer::start(sandbox, [Script::always([Step::say("played")])]);
    let turn = Codex::new(sandbox, &model).turn("play").ended_with("played");
    for event in turn.events.iter().filter(|event| event["item"]["type"] == "error") {
        // It does not know the scripted model, and says so each time.
        assert!(event["item"]["message"].as_str().unwrap().contains("Model metadata"), "{event}");
    }
    assert!(!installed.agents.is_empty());
    for agent in &installed.agents {
        assert!(model.was_told(&format!("{}: {{", agent.name)), "{}", agent.name);
        assert!(model.was_told(&agent.description), "{}", agent.name);
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_loads_the_plugin() {
    let sandbox = Sandbox::new("so-loads-codex");
    let installed = Installed::new(&sandbox, Platform::Codex, Scope::Default);
    let codex = Codex::offline(&sandbox);
    assert_hooks(&codex, &sandbox.home.join(".codex/hooks.json"), "untrusted");
    codex.trust_hooks();
    assert_hooks(&codex, &sandbox.home.join(".codex/hooks.json"), "trusted");
    assert_skills(&codex, &installed, "so:");
    assert_roles(&sandbox, &installed);
}

fn assert_loads_project(name: &str, install: fn(&Sandbox)) {
    let sandbox = Sandbox::new(name);
    install(&sandbox);
    let installed = Installed::read(&sandbox, Platform::Codex, Scope::Project);
    let hooks = sandbox.project.join(".codex/hooks.json");
    let codex = Codex::offline(&sandbox);
    assert_eq!(codex.hooks()["hooks"], json!([]), "a project that nobody trusts has no hooks");
    codex.trust_project();
    assert_hooks(&codex, &hooks, "untrusted");
    codex.trust_hooks();
    assert_hooks(&codex, &hooks, "trusted");
    assert_skills(&codex, &installed, "");
    assert_roles(&sandbox, &installed);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_loads_the_files_of_a_trusted_project() {
    assert_loads_project("so-loads-codex-project", |sandbox| {
        drop(install(sandbox, Platform::Codex, Scope::Project.options()).success());
    });
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_loads_its_share_of_a_project_for_all() {
    assert_loads_project("so-loads-codex-shared", |sandbox| {
        drop(so_all(sandbox, "install", Scope::Project.options()).success());
    });
}

/// Trust hashes the text of a handler: neither a second install nor one that changes skills may touch it.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_trusts_on_after_an_upgrade() {
    let sandbox = Sandbox::new("so-trust-codex");
    let hooks = sandbox.home.join(".codex/hooks.json");
    let installed = Installed::new(&sandbox, Platform::Codex, Scope::Default);
    let codex = Codex::offline(&sandbox);
    codex.trust_hooks();
    let again = install(&sandbox, Platform::Codex, &[]).success();
    assert!(again.stdout.contains("nothing to do"), "{again}");
    assert_hooks(&codex, &hooks, "trusted");

    let old = &installed.offered().next().unwrap().description;
    let tree = edited_tree(&sandbox, old, "Use when the upgrade is to be seen.");
    install(&sandbox, Platform::Codex, &["--source", tree.to_str().unwrap()]).success();
    assert_hooks(&codex, &hooks, "trusted");
    let told = codex.prompt_input("hello").to_string();
    assert!(told.contains("Use when the upgrade is to be seen.") && !told.contains(old.as_str()), "{told}");
}

/// A copy of this project's own tree in which one text is another.
fn edited_tree(sandbox: &Sandbox, old: &str, new: &str) -> std::path::PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"));
    let to = sandbox.root.join("tree");
    for part in ["so.toml", "schemas", "skills", "commands", "agents", "rules", "styles"] {
        for entry in walkdir::WalkDir::new(from.join(part)).into_iter().filter_map(Result::ok) {
            if entry.file_type().is_file() {
                let text = fs::read_to_string(entry.path()).unwrap().replace(old, new);
                write(&to.join(entry.path().strip_prefix(from).unwrap()), &text);
            }
        }
    }
    to
}
