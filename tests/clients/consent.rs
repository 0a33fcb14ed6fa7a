//! The person's channel in the real clients: a code that the person sees and the model does not, and a line in the
//! chat that lets one command run once.

use serde_json::json;

use super::hooks::push_from_elsewhere;
use super::model_server::ModelServer;
use super::model_server::script::{Script, Step};
use super::pi::Pi;
use super::process::Dialogue;
use super::sandbox::Sandbox;
use super::screen::Screen;
use super::{Platform, install};

const PUSH: &str = "git push --force origin main";
const OTHER: &str = "git push --force origin main:other";
const REFUSED: &str = "refused by so:";

/// The person reads a code and types it; the model tries another command, the allowed one, and that once more.
fn prove(platform: Platform) {
    let sandbox = Sandbox::new(&format!("consent-{}", platform.id()));
    push_from_elsewhere(&sandbox);
    install(&sandbox, platform, &[]).success();
    let [push, other] = [PUSH, OTHER].map(Step::shell);
    let steps =
        [push.clone(), Step::say("it was refused"), other, push.clone(), push, Step::say("it was allowed")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    platform.open(&sandbox, &model).accept_hooks();

    let screen = Screen::open(platform, &sandbox, &model);
    screen.type_line("please push");
    let shown = screen.wait("it was refused");
    let code = shown.split("type: so allow ").nth(1).unwrap_or_else(|| panic!("no code is shown:\n{shown}"));
    let code = code.get(..4).unwrap().to_owned();
    let told = model.result(0, 0).unwrap();
    assert!(told.contains(REFUSED), "{told}");
    assert!(model.requests().len() > 1 && !model.was_told(&code), "the model was told {code}");
    assert!(remote_log(&sandbox).contains("only there"));

    screen.type_line(&format!("so allow {code}"));
    let shown = screen.wait("it was allowed");
    assert!(shown.contains("allowed once"), "{shown}");
    let results: Vec<_> = (1..4).map(|step| model.result(0, step).unwrap_or_default()).collect();
    assert!(results[0].contains(REFUSED), "another command: {results:?}");
    assert!(!results[1].contains(REFUSED), "the command: {results:?}");
    assert!(results[2].contains(REFUSED), "a second run: {results:?}");
    assert!(!remote_log(&sandbox).contains("only there"), "it did not run");
}

fn remote_log(sandbox: &Sandbox) -> String {
    let remote = sandbox.root.join("remote.git");
    sandbox.git(&["-C", remote.to_str().unwrap(), "log", "--format=%s", "main"])
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_lets_the_person_allow_one_run() {
    prove(Platform::Claude);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_lets_the_person_allow_one_run() {
    prove(Platform::Codex);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_lets_the_person_allow_one_run() {
    prove(Platform::Pi);
}

/// The agent proposes to remember something and tries to keep it itself; then the person says one word, which the model
/// never reads.
fn prove_learning(platform: Platform) {
    let sandbox = Sandbox::new(&format!("learn-{}", platform.id()));
    install(&sandbox, platform, &[]).success();
    let so = |words: &str| Step::shell(format!("{} learn {words}", sandbox.program().display()));
    let steps = [
        so("propose --type convention --insight 'The tests need a clock.'"),
        so("approve"),
        Step::say("it waits for you"),
        Step::say("a further turn"),
    ];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    platform.open(&sandbox, &model).accept_hooks();
    let screen = Screen::open(platform, &sandbox, &model);
    screen.type_line("please remember that");
    screen.wait("it waits for you");
    let told: Vec<_> = (0..2).map(|step| model.result(0, step).unwrap_or_default()).collect();
    assert!(told[0].contains("proposed ") && told[1].contains(REFUSED), "{told:?}");
    assert_eq!(sandbox.read(LEARNINGS), "", "an agent has kept it");

    let asked = model.requests().len();
    screen.type_line("so learn approve");
    let shown = screen.wait("in .orchestrator/learnings.jsonl");
    assert!(shown.contains("kept: "), "{shown}");
    assert!(sandbox.read(LEARNINGS).contains("The tests need a clock."));
    assert_eq!(model.requests().len(), asked, "what the person decides was sent to the model");
}

const LEARNINGS: &str = ".orchestrator/learnings.jsonl";

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_keeps_a_learning_at_the_persons_word() {
    prove_learning(Platform::Claude);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_keeps_a_learning_at_the_persons_word() {
    prove_learning(Platform::Codex);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_keeps_a_learning_at_the_persons_word() {
    prove_learning(Platform::Pi);
}

/// A session without a person is shown no code, and a line with one goes nowhere.
fn prove_headless(platform: Platform) {
    let sandbox = Sandbox::new(&format!("consent-headless-{}", platform.id()));
    install(&sandbox, platform, &[]).success();
    let model = ModelServer::start(&sandbox, [Script::always([Step::say("played")])]);
    let client = platform.open(&sandbox, &model);
    client.accept_hooks();
    let turn = client.turn("so allow K7QD");
    assert_ne!(turn.text, "played");
    assert!(!model.was_told("K7QD"), "it was sent to the model");
    let proposed =
        sandbox.so(&["--project", sandbox.project.to_str().unwrap(), "learn", "propose", "--insight", "x"]);
    proposed.success();
    assert_ne!(client.turn("so learn approve").text, "played");
    assert_eq!(sandbox.read(LEARNINGS), "", "nobody has kept it");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn a_headless_run_grants_nothing() {
    prove_headless(Platform::Claude);
    prove_headless(Platform::Codex);
    prove_headless(Platform::Pi);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn a_program_that_drives_pi_is_no_person() {
    let sandbox = Sandbox::new("consent-rpc-pi");
    install(&sandbox, Platform::Pi, &[]).success();
    let model = ModelServer::start(&sandbox, [Script::always([Step::say("played")])]);
    let mut rpc = Dialogue::start(&mut Pi::new(&sandbox, &model).command(&["--mode", "rpc", "--no-session"]));
    rpc.send(&json!({"type": "prompt", "message": "so allow K7QD"}));
    let told = loop {
        let message = rpc.next();
        if message["method"] == "notify" {
            break message.to_string();
        }
    };
    assert!(told.contains("so allows nothing"), "{told}");
    assert!(model.requests().is_empty());
}
