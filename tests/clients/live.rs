//! Never off in silence, in the real clients: an agent whose hooks do not run is told so by its first `so`, with the
//! reason, before anything else; where they run it hears nothing.

use super::codex::Codex;
use super::model_server::ModelServer;
use super::model_server::script::{Script, Step};
use super::sandbox::{Sandbox, write};
use super::{Platform, install};

/// What the model is shown when the agent runs `so status`, after `sabotage`.
fn told(name: &str, platform: Platform, accept: bool, sabotage: fn(&Sandbox)) -> String {
    told_by("SO status", name, platform, accept, sabotage)
}

/// The same of another text.
fn told_by(text: &str, name: &str, platform: Platform, accept: bool, sabotage: fn(&Sandbox)) -> String {
    let sandbox = Sandbox::new(&format!("live-{name}"));
    install(&sandbox, platform, &[]).success();
    // Codex starts login shells, whose PATH is the system's.
    let status = text.replace("SO", &sandbox.program().display().to_string());
    let steps = [Step::shell(&status), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    let client = platform.open(&sandbox, &model);
    if accept {
        client.accept_hooks();
    }
    sabotage(&sandbox);
    client.turn("play").ended_with("played");
    model.result(0, 0).expect("the model saw what the command printed")
}

/// The announcement with this reason stands before what the command itself prints.
fn assert_announced(told: &str, reason: &str) {
    let announced = told.find("GUARD NOT ACTIVE in ").unwrap_or_else(|| panic!("nothing was said: {told}"));
    let status = told.find("hooks: full").unwrap_or_else(|| panic!("no status: {told}"));
    assert!(announced < status, "{told}");
    let line = told[announced..].lines().next().unwrap();
    assert!(line.contains(reason), "{reason}: {line}");
}

fn settings(sandbox: &Sandbox, text: &str) {
    sandbox.write(".claude/settings.json", text);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_says_when_it_is_not_guarded() {
    let off = |sandbox: &Sandbox| settings(sandbox, r#"{"disableAllHooks": true}"#);
    let told = told("claude-off", Platform::Claude, true, off);
    assert_announced(&told, "`disableAllHooks` is true in .claude/settings.json");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_says_when_the_plugin_is_disabled() {
    let off = |sandbox: &Sandbox| settings(sandbox, r#"{"enabledPlugins": {"so@so": false}}"#);
    let told = told("claude-plugin", Platform::Claude, true, off);
    assert_announced(&told, "the plugin `so@so` is switched off in .claude/settings.json");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_says_when_its_hooks_are_not_trusted() {
    let told = told("codex-untrusted", Platform::Codex, false, |_| {});
    assert_announced(&told, "the hook PreToolUse of so is not trusted");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_says_when_a_trusted_project_switches_hooks_off() {
    let off = |sandbox: &Sandbox| sandbox.write(".codex/config.toml", "[features]\nhooks = false\n");
    let told = told("codex-feature", Platform::Codex, true, off);
    assert_announced(&told, "`hooks = false` stands below [features] in .codex/config.toml");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_says_when_its_extension_is_left_out() {
    let off = |sandbox: &Sandbox| {
        let package = sandbox.home.join(".local/share/so/so/pi");
        let text = format!(r#"{{"packages": [{{"source": {package:?}, "extensions": []}}]}}"#);
        write(&sandbox.project.join(".pi/settings.json"), &text);
    };
    let told = told("pi-package", Platform::Pi, true, off);
    assert_announced(&told, "the package of so is listed in .pi/settings.json without its extension");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn a_guarded_agent_hears_nothing() {
    for platform in [Platform::Claude, Platform::Codex, Platform::Pi] {
        let told = told(&format!("{}-right", platform.id()), platform, true, |_| {});
        assert!(told.contains("guard: active"), "{platform:?}: {told}");
        assert!(!told.contains("GUARD NOT ACTIVE"), "{platform:?}: {told}");
    }
}

/// The frame that a client puts around a text does not hide which text it is.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn a_guarded_agent_hears_nothing_whatever_stands_around_the_call() {
    let text =
        "cd . && for i in 1 2; do SO status 2>&1 | cat; done; x=$(SO status 2>&1)\necho \"it's: $x\" | cat";
    for platform in [Platform::Claude, Platform::Codex, Platform::Pi] {
        let told = told_by(text, &format!("{}-around", platform.id()), platform, true, |_| {});
        assert!(told.matches("guard: active").count() >= 3, "{platform:?}: {told}");
        assert!(!told.contains("GUARD NOT ACTIVE"), "{platform:?}: {told}");
    }
}

/// What we compute of the trust that the client keeps is what the client says.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn the_doctor_agrees_with_codex_on_trust() {
    let sandbox = Sandbox::new("live-codex-trust");
    install(&sandbox, Platform::Codex, &[]).success();
    let wrong = |sandbox: &Sandbox| sandbox.so(&["doctor"]).stdout.contains("is not trusted");
    assert!(wrong(&sandbox));
    Codex::offline(&sandbox).trust_hooks();
    let found = sandbox.so(&["doctor"]);
    assert_eq!(found.code, Some(0), "{}", found.stdout);
}
