//! The person's yes to `so` without a question: the real clients run what a session needs and ask for the rest, and what
//! is the person's alone stays refused.

use serde_json::Value;

use super::super::claude::{Claude, denials};
use super::super::codex::Codex;
use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::Sandbox;
use super::super::{Platform, install};

/// What the agent runs: by name, by path, with an argument; what is asked for all the same; what is the person's alone.
fn commands(sandbox: &Sandbox) -> [String; 6] {
    let so = sandbox.program().display().to_string();
    [
        "so status".to_owned(),
        format!("{so} status"),
        format!("{so} status --json"),
        format!("{so} gate run full"),
        format!("{so} allow"),
        format!("{so} uninstall --yes"),
    ]
}

/// How many of them run without a question.
const UNASKED: usize = 3;

fn model(sandbox: &Sandbox, commands: &[String]) -> ModelServer {
    let mut steps: Vec<Step> = commands.iter().map(|command| Step::shell(command.as_str())).collect();
    steps.push(Step::say("played"));
    ModelServer::start(sandbox, [Script::always(steps)])
}

/// What was refused or asked for, after an install with these options.
fn claude(name: &str, options: &[&str]) -> Vec<String> {
    let sandbox = Sandbox::new(name);
    install(&sandbox, Platform::Claude, options).success();
    let model = model(&sandbox, &commands(&sandbox));
    let turn = Claude::new(&sandbox, &model).turn_allowing("play", "default", "Read").ended_with("played");
    assert!(sandbox.so(&["status"]).success().stdout.contains("so 0."), "it was taken back");
    denials(&turn).iter().map(|input| input["command"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_runs_what_the_person_said_yes_to() {
    let all = commands(&Sandbox::new("so-agents-claude")).to_vec();
    let named = |list: &[String]| list.iter().map(|one| one.replace("-yes", "")).collect::<Vec<_>>();
    let asked = claude("so-agents-claude-yes", &["--agents", "run"]);
    assert_eq!(asked.len(), all.len() - UNASKED, "{asked:?}");
    assert!(named(&asked).iter().all(|one| !one.contains(" status")), "{asked:?}");
    let asked = claude("so-agents-claude-no", &[]);
    assert_eq!(asked.len(), all.len(), "{asked:?}");
}

/// What Codex asked for, and what the model was told of each command.
fn codex(name: &str, options: &[&str]) -> (Vec<String>, Vec<String>) {
    let sandbox = Sandbox::new(name);
    install(&sandbox, Platform::Codex, options).success();
    let commands = commands(&sandbox);
    let model = model(&sandbox, &commands);
    let codex = Codex::new(&sandbox, &model);
    codex.trust_project();
    codex.trust_hooks();
    let mut server = codex.app_server();
    let thread = server.start_asking(&sandbox.project);
    let seen = server.prompt(&thread, &sandbox.project, "play");
    let asks = seen.iter().filter(|message| message["method"] == "item/commandExecution/requestApproval");
    let asked = asks.map(|ask| command_of(&ask["params"])).collect();
    assert!(sandbox.so(&["status"]).success().stdout.contains("so 0."), "it was taken back");
    (asked, (0..commands.len()).map(|at| model.result(0, at).unwrap_or_default()).collect())
}

fn command_of(params: &Value) -> String {
    params["command"].as_str().map_or_else(|| params.to_string(), str::to_owned)
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_runs_what_the_person_said_yes_to() {
    let (asked, told) = codex("so-agents-codex-yes", &["--agents", "run"]);
    assert!(asked.iter().all(|one| !one.contains(" status")), "{asked:#?}");
    assert!(asked.iter().any(|one| one.contains("gate run")), "{asked:#?}");
    assert!(told[1].contains("guard: active"), "{told:#?}");
    for refused in &told[4..] {
        assert!(refused.contains("which only the person does"), "{told:#?}");
    }
    let (asked, told) = codex("so-agents-codex-no", &[]);
    assert_eq!(asked.iter().filter(|one| one.contains(" status")).count(), UNASKED, "{asked:#?}\n{told:#?}");
}
