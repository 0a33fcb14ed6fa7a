//! What a session costs in the real clients: the tokens that the model is sent beyond those of the same work without
//! `so`, and the calls of `so`. A token is counted as four bytes of what a request says: its texts, and the
//! descriptions of its tools; names and numbers that the client gives to messages say nothing.

use serde_json::{Value, json};

use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::{Sandbox, write as sandboxed};
use super::super::screen::Screen;
use super::super::{Platform, install};

const CONFIG: &str =
    "## Session Config\n\ntest-command: sh test.sh\nlint-command: none\ntypecheck-command: none\n";

fn project(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(name);
    sandbox.write("AGENTS.md", CONFIG);
    sandbox.write("test.sh", "true\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "-qm", "tests"]);
    // The login shell that Codex runs has a path of its own, as the person's profile makes it.
    let profile = format!("PATH={}:$PATH\n", sandbox.program().parent().unwrap().display());
    sandboxed(&sandbox.home.join(".profile"), &profile);
    sandbox
}

/// How a person types a command of ours.
fn typed(platform: Platform, command: &str, words: &str) -> String {
    match (platform, command) {
        (Platform::Claude, _) => format!("/so:{command} {words}").trim_end().to_owned(),
        (Platform::Codex, _) => format!("$so:{command} {words}"),
        (Platform::Pi, "session") => format!("/so-session {words}").trim_end().to_owned(),
        (Platform::Pi, _) => format!("/{command} {words}").trim_end().to_owned(),
    }
}

/// As an agent types it.
fn so(arguments: &str) -> Step {
    Step::shell(format!("so {arguments}"))
}

fn write(sandbox: &Sandbox, file: &str) -> Step {
    Step::Write { path: sandbox.project.join(file), text: "done\n".into() }
}

/// The tokens of the last request of script `script`. Where the sandbox happens to stand does not count: its
/// directories are as long as those of a person.
fn tokens(sandbox: &Sandbox, server: &ModelServer, script: usize) -> usize {
    let place = |text: &str| text.matches(sandbox.root.to_str().unwrap()).count();
    let longer = sandbox.root.as_os_str().len().saturating_sub("/home/person".len());
    let requests = server.requests();
    let of_script = requests.iter().filter(|request| request.script == Some(script));
    let longest = of_script.map(|request| {
        let texts = ["system", "instructions", "messages", "input"].map(|part| &request.body[part]);
        let bytes =
            texts.iter().map(|part| said(part)).sum::<usize>() + request.body["tools"].to_string().len();
        bytes - longer * place(&request.body.to_string())
    });
    longest.max().expect("the script was played") / 4
}

/// Bytes of the texts of a part of a request.
fn said(part: &Value) -> usize {
    const NAMES: &[&str] =
        &["call_id", "id", "phase", "role", "status", "tool_call_id", "tool_use_id", "type"];
    match part {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(said).sum(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !NAMES.contains(&name.as_str()))
            .map(|(_, field)| said(field))
            .sum(),
        _ => 0,
    }
}

/// The tokens of the same edits by a client that knows nothing of `so`, and has no role: with the first one of
/// anybody's, Codex describes its own roles too, in 540 tokens, and those are ours to answer for.
fn bare(platform: Platform, wish: &str, files: &[&str]) -> usize {
    let sandbox = project(&format!("so-cost-bare-{}-{}", platform.id(), files.len()));
    let steps = files.iter().map(|file| write(&sandbox, file)).chain([Step::say("It is done.")]);
    let server = ModelServer::start(&sandbox, [Script::always(steps)]);
    platform.open(&sandbox, &server).accept_hooks();
    let screen = Screen::open(platform, &sandbox, &server);
    screen.type_line(wish);
    screen.wait("It is done.");
    tokens(&sandbox, &server, 0)
}

const EXPRESS: &str = "\
goal: \"The greeting is told\"
tasks:
  - {id: T1, title: \"Tell the greeting\", role: impl-core, files: [one/**], acceptance: [{run: \"grep -q done one/a.txt\"}]}
";

/// One file by the express path: three calls of `so`, and at most 2,500 tokens more than without it.
#[track_caller]
fn prove_express(platform: Platform) {
    let wish = "Tell the greeting.";
    let bare = bare(platform, wish, &["one/a.txt"]);
    let sandbox = project(&format!("so-cost-express-{}", platform.id()));
    install(&sandbox, platform, &[]).success();
    let steps = [
        so("session start"),
        so(&format!("plan set - <<'EOF'\n{EXPRESS}EOF")),
        Step::say("Is this the plan?"),
        write(&sandbox, "one/a.txt"),
        Step::say("It is written."),
        so("close"),
        Step::say("It is closed."),
    ];
    let server = ModelServer::start(&sandbox, [Script::always(steps)]);
    platform.open(&sandbox, &server).accept_hooks();
    let screen = Screen::open(platform, &sandbox, &server);
    for (line, answer) in [
        (typed(platform, "session", wish), "Is this the plan?"),
        (typed(platform, "go", ""), "It is written."),
        (typed(platform, "close", ""), "It is closed."),
    ] {
        screen.type_line(&line);
        screen.wait(answer);
    }
    assert_eq!(sandbox.git(&["show", "--name-only", "--format=", "HEAD"]), "one/a.txt\n");
    let closed = server.result(0, 3).unwrap();
    assert!(closed.contains("T1: done"), "{closed}");
    let cost = tokens(&sandbox, &server, 0) - bare;
    say(&format!("{platform:?}: one file costs {cost} tokens more than the {bare} without so"));
    assert!(cost <= 2_500, "{platform:?}: {cost} tokens over {bare}");
}

#[expect(clippy::print_stderr, reason = "a number to be read, with --nocapture")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_does_one_file_cheaply() {
    prove_express(Platform::Claude);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_does_one_file_cheaply() {
    prove_express(Platform::Codex);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_does_one_file_cheaply() {
    prove_express(Platform::Pi);
}

const SIX: [(&str, &str, &str, &str); 6] = [
    ("T1", "The writer knows the format", "impl-core", "src/writer"),
    ("T2", "The store gives all rows", "impl-core", "src/store"),
    ("T3", "The list offers the export", "impl-polish", "src/list"),
    ("T4", "Errors say what to do", "impl-polish", "src/errors"),
    ("T5", "The limits are tested", "quality", "tests"),
    ("T6", "The manual names the export", "finalization", "docs"),
];

fn six() -> String {
    let task = |(id, title, role, dir): &(&str, &str, &str, &str)| {
        format!(
            "  - {{id: {id}, title: \"{title}\", role: {role}, agent: code-implementer, files: [{dir}/**], \
             acceptance: [{{run: \"test -f {dir}/a.txt\"}}]}}\n"
        )
    };
    format!(
        "goal: \"Reports can be exported as a file\"\ntasks:\n{}",
        SIX.iter().map(task).collect::<String>()
    )
}

fn fenced(report: &Value) -> String {
    format!("The work is described below.\n\n```json\n{report}\n```")
}

/// What an agent does with one task, and how it ends.
fn worker(sandbox: &Sandbox, (id, title, _, dir): (&str, &str, &str, &str)) -> Script {
    let file = format!("{dir}/a.txt");
    let report = json!({"task": id, "result": "done", "summary": title, "files": [file], "findings": [], "questions": [],
        "learnings": [], "commands_run": [{"command": format!("test -f {file}"), "exit": 0}],
        "acceptance": [{"criterion": title, "met": true, "evidence": format!("{file} is there")}]});
    let steps = [so(&format!("task start {id}")), write(sandbox, &file), Step::say(fenced(&report))];
    Script::when(&format!("Run `so task start {id}` first"), steps)
}

fn reviewer() -> Script {
    let report = json!({"task": "review", "result": "done", "verdict": "PROCEED", "summary": "it holds", "files": [],
        "findings": [], "questions": [], "learnings": [], "tasks": [], "unrequested": []});
    Script::when("Run `so task start review` first", [so("task start review"), Step::say(fenced(&report))])
}

fn send(agent: &str, task: &str) -> Step {
    let prompt = format!("Run `so task start {task}` first; it prints your brief.");
    Step::Spawn { agent: format!("so:{agent}"), prompt }
}

/// From the wish to the close with every skill on the way, six tasks in four waves and three reviews.
fn lead() -> Vec<Step> {
    let skill = |name: &str| Step::Skill { name: format!("so:{name}"), arguments: String::new() };
    let mut steps = vec![
        so("brief"),
        skill("session-start"),
        so("session start"),
        skill("session-plan"),
        so("plan schema"),
        so(&format!("plan set - <<'EOF'\n{}EOF", six())),
        Step::say("Is this the plan?"),
        skill("wave-executor"),
    ];
    for (tasks, is_reviewed) in
        [(&SIX[..2], true), (&SIX[2..4], true), (&SIX[4..5], true), (&SIX[5..], false)]
    {
        steps.push(so("wave start"));
        steps.extend(tasks.iter().map(|(id, ..)| send("code-implementer", id)));
        steps.push(so("wave finish"));
        if is_reviewed {
            steps.extend([send("session-reviewer", "review"), so("wave finish")]);
        }
    }
    let report = json!({"commits": [{"type": "feat", "subject": "reports can be exported as a file"}],
        "narrative": "Six tasks in four waves; nothing surprised."});
    steps.extend([
        Step::say("All waves are through."),
        skill("session-end"),
        so(&format!("close --report - <<'EOF'\n{report}\nEOF")),
        Step::say("It is closed."),
    ]);
    steps
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_leads_six_tasks_within_its_budget() {
    let platform = Platform::Claude;
    let bare = bare(platform, "Reports shall be exported as a file.", &[]);
    let sandbox = project("so-cost-six-claude");
    install(&sandbox, platform, &[]).success();
    let mut scripts: Vec<Script> = SIX.into_iter().map(|task| worker(&sandbox, task)).collect();
    scripts.push(reviewer());
    scripts.push(Script::always(lead()));
    let leader = scripts.len() - 1;
    let server = ModelServer::start(&sandbox, scripts);
    platform.open(&sandbox, &server).accept_hooks();
    let screen = Screen::open(platform, &sandbox, &server);
    for (line, answer) in [
        (typed(platform, "session", "Reports shall be exported as a file."), "Is this the plan?"),
        (typed(platform, "go", ""), "All waves are through."),
        (typed(platform, "close", ""), "It is closed."),
    ] {
        screen.type_line(&line);
        screen.wait(answer);
    }
    let files = sandbox.git(&["show", "--name-only", "--format=", "HEAD"]);
    assert_eq!(files.lines().count(), 6, "{files}");
    assert_eq!(sandbox.read(".orchestrator/metrics/sessions.jsonl").matches("\"done\":6").count(), 1);
    let cost = tokens(&sandbox, &server, leader) - bare;
    say(&format!(
        "{platform:?}: six tasks cost the leader {cost} tokens over the {bare} of an empty session"
    ));
    assert!(cost <= 25_000, "{cost} tokens");
}
