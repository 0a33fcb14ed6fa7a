//! Pi lists everything that was installed, and starts even when `so` is gone.

use std::fs;

use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::pi::Pi;
use super::super::sandbox::Sandbox;
use super::super::{Client, Platform, install, so_all};
use super::{Installed, Scope, names};

fn assert_loads(sandbox: &Sandbox, scope: Scope) {
    let installed = Installed::read(sandbox, Platform::Pi, scope);
    let listed = Pi::offline(sandbox).commands();
    let mut found: Vec<_> =
        listed.iter().map(|command| command["name"].as_str().unwrap().to_owned()).collect();
    found.sort();
    let mut wanted = names(&installed.skills, "skill:");
    wanted.extend(names(&installed.commands, ""));
    wanted.sort();
    assert_eq!(found, wanted);
    assert!(!installed.commands.is_empty());

    let model = ModelServer::start(sandbox, [Script::always([Step::say("played")])]);
    Pi::new(sandbox, &model).turn("play").ended_with("played");
    for skill in &installed.skills {
        assert_eq!(!skill.user_only, model.was_told(&skill.description), "{}", skill.name);
    }
}

/// The extension is the one thing that can say that `so` is gone, so its saying so also proves it loaded.
fn assert_starts_without_so(name: &str, scope: Scope) {
    let sandbox = Sandbox::new(name);
    Installed::new(&sandbox, Platform::Pi, scope);
    fs::remove_file(sandbox.program()).unwrap();
    let steps = [Step::shell("echo ran > shell.txt"), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    let turn = Pi::new(&sandbox, &model).turn("play").ended_with("played");
    assert_eq!(sandbox.read("shell.txt"), "ran\n", "a machine with no so is not stopped");
    assert!(model.was_told("not guarded"), "nobody was told: {}", turn.stderr);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_loads_the_package() {
    let sandbox = Sandbox::new("so-loads-pi");
    install(&sandbox, Platform::Pi, Scope::Default.options()).success();
    assert_loads(&sandbox, Scope::Default);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_loads_the_files_of_a_project() {
    let sandbox = Sandbox::new("so-loads-pi-project");
    install(&sandbox, Platform::Pi, Scope::Project.options()).success();
    assert_loads(&sandbox, Scope::Project);
}

/// Codex writes the skills that Pi reads too.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_loads_its_share_of_a_project_for_all() {
    let sandbox = Sandbox::new("so-loads-pi-shared");
    so_all(&sandbox, "install", Scope::Project.options()).success();
    assert!(!sandbox.project.join(".pi/skills").exists());
    assert_loads(&sandbox, Scope::Project);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_starts_when_so_is_gone() {
    assert_starts_without_so("so-gone-pi", Scope::Default);
    assert_starts_without_so("so-gone-pi-project", Scope::Project);
}
