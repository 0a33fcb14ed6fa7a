//! A session from its start to its close in the real clients, with a person before them: the plan is agreed by a go in
//! the chat, a gate is red and mended, a review is asked for, the right files are committed, and the task that was not
//! done is an issue at the forge, once. Killed in the middle of a wave, it is taken up and closed in any other client.

use serde_json::json;

use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::{Sandbox, write};
use super::super::screen::Screen;
use super::super::{Platform, install};
use crate::forge::stand_in::StandIn;

const PLAN: &str = "\
goal: two files are told
tasks:
  - {id: T1, title: tell one, issue: 1, role: Impl-Core, files: [one/**], acceptance: [{run: grep -q done one/a.txt}]}
  - {id: T2, title: tell two, role: Impl-Core, files: [two/**], acceptance: [{text: two is told}]}
  - {id: T3, title: test them, role: Quality, files: [three/**], acceptance: [{run: test -f three/c.txt}]}
  - {id: T4, title: tell four, issue: 2, role: Quality, priority: high, files: [four/**], acceptance: [{run: test -f four/d.txt}]}
";
/// The first file makes the test fail, and the second mends it.
const TEST: &str = "test ! -f one/a.txt || test -f one/b.txt\n";
const CONFIG: &str =
    "## Session Config\n\ntest-command: sh test.sh\nlint-command: none\ntypecheck-command: none\n";

/// A project that has the file of instructions which each client reads, and work in progress of the person.
fn project(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(name);
    sandbox.write("AGENTS.md", CONFIG);
    sandbox.write("test.sh", TEST);
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "-qm", "tests"]);
    sandbox.write("notes.txt", "the person's own\n");
    sandbox
}

/// What the model does, by name, so that the test can ask for the answer.
struct Model<'a> {
    sandbox: &'a Sandbox,
    steps: Vec<(&'static str, Step)>,
}

impl<'a> Model<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        Self { sandbox, steps: Vec::new() }
    }

    /// By its path: the login shell that Codex runs has a path of its own.
    fn so(mut self, name: &'static str, command: &str) -> Self {
        let program = self.sandbox.program();
        self.steps.push((name, Step::shell(format!("{} {command}", program.display()))));
        self
    }

    fn write(mut self, file: &'static str, text: &str) -> Self {
        self.steps.push((file, Step::Write { path: self.sandbox.project.join(file), text: text.into() }));
        self
    }

    fn say(mut self, words: &'static str) -> Self {
        self.steps.push((words, Step::say(words)));
        self
    }

    /// From the start to the end of the first wave's gate.
    fn begins(self) -> Self {
        self.so("start", "session start --mode feature")
            .so("set", &format!("plan set --full - <<'EOF'\n{PLAN}EOF"))
            .so("early", "wave start")
            .say("Please look at the plan.")
            .so("wave", "wave start")
            .so("T1", "task start T1")
            .write("one/a.txt", "done\n")
            .so("T2", "task start T2")
            .write("two/a.txt", "two\n")
            .so("red", &finish(&[("T1", "done"), ("T2", "done")]))
    }

    /// From the red gate to the close.
    fn ends(self) -> Self {
        self.so("T1 again", "task start T1")
            .write("one/b.txt", "mended\n")
            .so("mended", &finish(&[("T1", "done"), ("T2", "done")]))
            .so("review", "task start review")
            .so("reviewed", &finish(&[("T1", "done"), ("T2", "done"), ("review", "PROCEED")]))
            .so("wave 2", "wave start 2")
            .so("T3", "task start T3")
            .write("three/c.txt", "three\n")
            .so("through", &finish(&[("T3", "done"), ("T4", "dropped")]))
            .so("reviewed 2", &finish(&[("T3", "done"), ("T4", "dropped"), ("review", "PROCEED")]))
            .say("Every wave is through.")
            .so("close", "close")
            .say("Everything is closed.")
            .so("again", "close")
            .say("It was closed already.")
    }

    fn start(&self) -> ModelServer {
        ModelServer::start(self.sandbox, [Script::always(self.steps.iter().map(|(_, step)| step.clone()))])
    }

    /// What the model was told of its step called `name`.
    fn told(&self, server: &ModelServer, name: &str) -> String {
        let is_call = |step: &Step| !matches!(step, Step::Say(_));
        let calls = self.steps.iter().filter(|(_, step)| is_call(step));
        let at = calls.map(|(name, _)| *name).position(|other| other == name).unwrap();
        server.result(0, at).unwrap_or_else(|| panic!("{name} was not done"))
    }

    fn assert_told(&self, server: &ModelServer, expected: &[(&str, &str)]) {
        for (name, words) in expected {
            let told = self.told(server, name);
            assert!(told.contains(words), "{name}: no {words:?} in\n{told}");
        }
    }
}

fn finish(reports: &[(&str, &str)]) -> String {
    let report = |(task, result): &(&str, &str)| match *task {
        "review" => json!({"task": task, "verdict": result, "findings": []}),
        _ => json!({"task": task, "result": result, "summary": "told"}),
    };
    let reports = json!({"reports": reports.iter().map(report).collect::<Vec<_>>()});
    format!("wave finish --report - <<'EOF'\n{reports}\nEOF")
}

/// How the person types a command of ours.
fn typed(platform: Platform, command: &str) -> String {
    match platform {
        Platform::Claude => format!("/so:{command}"),
        // A blank closes the list of what could be meant.
        Platform::Codex => format!("$so:{command} "),
        Platform::Pi => format!("/{command}"),
    }
}

/// The person closes it, and again by mistake.
fn close(platform: Platform, screen: &Screen) {
    screen.wait("Every wave is through.");
    for answer in ["Everything is closed.", "It was closed already."] {
        screen.type_line(&typed(platform, "close"));
        screen.wait(answer);
    }
}

const BEGUN: &[(&str, &str)] = &[
    ("start", "started"),
    ("set", "2 waves"),
    ("early", "has not agreed"),
    ("wave", "so task start T1"),
    ("T1", "files: one/**"),
    ("red", "gate: test: fail"),
];
const ENDED: &[(&str, &str)] = &[
    ("mended", "so task start review"),
    ("review", "Review wave 1"),
    ("reviewed", "so wave start 2"),
    ("wave 2", "so task start T3"),
    ("reviewed 2", "so close"),
    ("close", "carried over  tell four"),
    ("close", "closed the session"),
    ("again", "no session is open"),
];

fn assert_closed(sandbox: &Sandbox) {
    let committed = sandbox.git(&["show", "--name-only", "--format=", "HEAD"]);
    assert_eq!(committed.lines().collect::<Vec<_>>(), ["one/a.txt", "one/b.txt", "three/c.txt", "two/a.txt"]);
    assert_eq!(sandbox.git(&["log", "--format=%s"]).lines().count(), 3, "one commit");
    assert_eq!(sandbox.git(&["status", "--porcelain", "notes.txt"]), " M notes.txt\n");
    let state = sandbox.read(".orchestrator/STATE.md");
    assert!(state.contains("status: completed") && state.contains("### Wave 2"), "{state}");
    let records = sandbox.read(".orchestrator/metrics/sessions.jsonl");
    assert_eq!(records.lines().count(), 1, "{records}");
}

#[track_caller]
fn prove(platform: Platform) {
    let sandbox = project(&format!("so-lifecycle-{}", platform.id()));
    let forge = StandIn::github();
    forge.issue("Tell one", "", &["status:in-progress"]);
    forge.issue("Tell four", "", &["status:in-progress"]);
    sandbox.write("AGENTS.md", &format!("{CONFIG}forge-hosts: [{} github]\n", forge.host));
    sandbox.git(&["commit", "-q", "--amend", "-m", "tests", "AGENTS.md"]);
    sandbox.at_github(&forge);
    install(&sandbox, platform, &[]).success();
    let model = Model::new(&sandbox).begins().ends();
    let server = model.start();
    platform.open(&sandbox, &server).accept_hooks();
    let screen = Screen::open(platform, &sandbox, &server);
    screen.type_line("Tell two files.");
    screen.wait("Please look at the plan.");
    screen.type_line(&typed(platform, "go"));
    close(platform, &screen);
    model.assert_told(&server, BEGUN);
    model.assert_told(&server, ENDED);
    assert_closed(&sandbox);
    assert_carried(&sandbox, &forge);
}

/// At the forge each thing was made once: the request, the comments, and the issue of what was not done.
fn assert_carried(sandbox: &Sandbox, forge: &StandIn) {
    let world = forge.world();
    let titles: Vec<_> = world.issues.iter().map(|issue| issue["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Tell one", "Tell four", "[Carryover] tell four"]);
    assert_eq!(world.comments.values().map(Vec::len).collect::<Vec<_>>(), [1, 1], "{:#?}", world.comments);
    assert_eq!(world.pulls.len(), 1, "{:#?}", world.pulls);
    let branch = world.pulls[0]["head"]["ref"].as_str().unwrap();
    let remote = sandbox.root.join("remote.git");
    let sent = sandbox.git(&["--git-dir", remote.to_str().unwrap(), "rev-parse", branch]);
    assert_eq!(sent, sandbox.git(&["rev-parse", "HEAD"]));
}

/// From the start to the close in each client, with the real `gh`.
mod gh {
    use super::{Platform, prove};

    #[test]
    #[ignore = "drives the real clients and gh; tests/run includes it"]
    fn claude_goes_from_start_to_close() {
        prove(Platform::Claude);
    }

    #[test]
    #[ignore = "drives the real clients and gh; tests/run includes it"]
    fn codex_goes_from_start_to_close() {
        prove(Platform::Codex);
    }

    #[test]
    #[ignore = "drives the real clients and gh; tests/run includes it"]
    fn pi_goes_from_start_to_close() {
        prove(Platform::Pi);
    }
}

/// Killed while the first wave is mended in `from`, taken up in `to`.
#[track_caller]
fn prove_moved(from: Platform, to: Platform) {
    let sandbox = project(&format!("so-moved-{}-{}", from.id(), to.id()));
    for platform in [from, to] {
        install(&sandbox, platform, &[]).success();
    }
    let model = Model::new(&sandbox).begins().say("I look for the fault.");
    let server = model.start();
    from.open(&sandbox, &server).accept_hooks();
    let screen = Screen::open(from, &sandbox, &server);
    screen.type_line("Tell two files.");
    screen.wait("Please look at the plan.");
    screen.type_line(&typed(from, "go"));
    screen.wait("I look for the fault.");
    screen.kill();
    model.assert_told(&server, BEGUN);
    drop(server);

    let model = Model::new(&sandbox).so("resume", "session resume").ends();
    let server = model.start();
    to.open(&sandbox, &server).accept_hooks();
    let screen = Screen::open(to, &sandbox, &server);
    screen.type_line("Go on.");
    close(to, &screen);
    model.assert_told(&server, &[("resume", "so wave finish")]);
    model.assert_told(&server, ENDED);
    assert_closed(&sandbox);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn a_session_of_claude_is_closed_in_codex_and_in_pi() {
    prove_moved(Platform::Claude, Platform::Codex);
    prove_moved(Platform::Claude, Platform::Pi);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn a_session_of_codex_is_closed_in_claude_and_in_pi() {
    prove_moved(Platform::Codex, Platform::Claude);
    prove_moved(Platform::Codex, Platform::Pi);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn a_session_of_pi_is_closed_in_claude_and_in_codex() {
    prove_moved(Platform::Pi, Platform::Claude);
    prove_moved(Platform::Pi, Platform::Codex);
}

/// Pi keeps the last 20,000 tokens, which is all of so short a conversation.
fn compacts_anything(sandbox: &Sandbox) {
    let file = sandbox.home.join(".pi/agent/settings.json");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "{}".to_owned());
    let mut settings: serde_json::Value = serde_json::from_str(&text).unwrap();
    settings["compaction"] = json!({"enabled": true, "keepRecentTokens": 50});
    write(&file, &settings.to_string());
}

/// The conversation is cut in the middle of a wave: what is told to the model next names the right command, before it
/// has asked anything.
#[track_caller]
fn prove_compacted(platform: Platform) {
    let sandbox = project(&format!("so-compacted-{}", platform.id()));
    install(&sandbox, platform, &[]).success();
    if platform == Platform::Pi {
        compacts_anything(&sandbox);
    }
    let model = Model::new(&sandbox).begins().say("I look for the fault.");
    let program = sandbox.program();
    let asks = [Step::shell(format!("{} wave status", program.display())), Step::say("Now I know.")];
    let steps = model.steps.iter().map(|(_, step)| step.clone());
    let server = ModelServer::start(&sandbox, [Script::when("where we stand", asks), Script::always(steps)]);
    platform.open(&sandbox, &server).accept_hooks();
    let screen = Screen::open(platform, &sandbox, &server);
    screen.type_line("Tell two files.");
    screen.wait("Please look at the plan.");
    screen.type_line(&typed(platform, "go"));
    screen.wait("I look for the fault.");
    let before = server.requests().len();
    screen.type_line("/compact");
    let begun = std::time::Instant::now();
    while server.requests().len() == before && begun.elapsed() < std::time::Duration::from_secs(30) {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    std::thread::sleep(std::time::Duration::from_secs(3));
    screen.type_line("Say where we stand.");
    screen.wait("Now I know.");
    let after = server.requests().into_iter().find(|request| request.script == Some(0)).unwrap();
    assert!(!after.holds("Please look at the plan."), "{platform:?} did not compact");
    let is_told = after.holds("The next step is `so wave finish`");
    assert!(is_told, "{platform:?} was not told: {:#}", after.body);
    let told = server.result(0, 0).unwrap();
    assert!(told.contains("next: so wave finish"), "{told}");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_knows_the_next_command_after_a_compaction() {
    prove_compacted(Platform::Claude);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_knows_the_next_command_after_a_compaction() {
    prove_compacted(Platform::Codex);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_knows_the_next_command_after_a_compaction() {
    prove_compacted(Platform::Pi);
}
