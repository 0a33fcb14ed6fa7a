//! Somebody clones a project whose wiring is committed and has no `so`: their client works, and says that nothing
//! is guarded. Who has asked for it is refused instead.

use std::fs;

use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::{Sandbox, write};
use super::super::{Platform, install};
use super::Scope;

/// One turn with one command in a project that is wired, on a machine without `so`.
fn play(platform: Platform, armed: bool) -> (Sandbox, ModelServer) {
    let kind = if armed { "armed" } else { "plain" };
    let sandbox = Sandbox::new(&format!("so-bystander-{}-{kind}", platform.id()));
    install(&sandbox, platform, Scope::Project.options()).success();
    fs::remove_file(sandbox.program()).unwrap();
    if armed {
        write(&sandbox.home.join(".config/so/armed"), "");
    }
    let steps = [Step::shell("echo ran > shell.txt"), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    let client = platform.open(&sandbox, &model);
    client.accept_hooks();
    client.turn("play").ended_with("played");
    drop(client);
    (sandbox, model)
}

fn assert_unharmed(platform: Platform) {
    let (sandbox, model) = play(platform, false);
    assert_eq!(sandbox.read("shell.txt"), "ran\n");
    assert!(model.was_told("so is not installed here: not guarded"));

    let (sandbox, model) = play(platform, true);
    assert_eq!(sandbox.read("shell.txt"), "");
    assert!(model.result(0, 0).unwrap().contains("guarded by so, which was not found on this machine"));
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_works_without_so() {
    assert_unharmed(Platform::Claude);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_works_without_so() {
    assert_unharmed(Platform::Codex);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_works_without_so() {
    assert_unharmed(Platform::Pi);
}
