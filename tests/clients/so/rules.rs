//! Rules that are always on reach the model in its first request, whoever wrote the tree.

use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::Sandbox;
use super::super::{Platform, install};
use super::Scope;

/// Two rules: one that is always on, one for certain files.
const ALWAYS: &str = "Write short sentences.";
const FOR_TESTS: &str = "A test can fail.";

/// Installs a tree of two rules.
fn assert_told(name: &str, platform: Platform, scope: Scope) {
    let sandbox = Sandbox::new(name);
    sandbox.write(
        "../tree/rules/tone.md",
        &format!("---\ndescription: \"Tone.\"\nalways: true\n---\n\n{ALWAYS}\n"),
    );
    let globs = "globs: [\"tests/**\"]";
    sandbox.write(
        "../tree/rules/tests.md",
        &format!("---\ndescription: \"Tests.\"\n{globs}\n---\n\n{FOR_TESTS}\n"),
    );
    let tree = sandbox.root.join("tree");
    let mut options = vec!["--source", tree.to_str().unwrap()];
    options.extend(scope.options());
    install(&sandbox, platform, &options).success();
    let model = ModelServer::start(&sandbox, [Script::always([Step::say("played")])]);
    platform.open(&sandbox, &model).turn("play").ended_with("played");
    assert!(model.was_told(ALWAYS), "{platform:?} {scope:?}: the rule is not in the request");
    // Claude Code attaches such a rule when a matching file is read; the others are told for which files it is.
    let told = model.was_told(FOR_TESTS);
    assert_eq!(told, platform != Platform::Claude, "{platform:?} {scope:?}: the rule for certain files");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_is_told_rules() {
    assert_told("so-rules-claude", Platform::Claude, Scope::Default);
    assert_told("so-rules-claude-project", Platform::Claude, Scope::Project);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_is_told_rules() {
    assert_told("so-rules-codex", Platform::Codex, Scope::Default);
    assert_told("so-rules-codex-project", Platform::Codex, Scope::Project);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_is_told_rules() {
    assert_told("so-rules-pi", Platform::Pi, Scope::Default);
    assert_told("so-rules-pi-project", Platform::Pi, Scope::Project);
}
