//! The transcripts of `docs/claude.md`, `codex.md` and `pi.md`: what stands there stands on the client's own screen.
//! The screens are left in `target/clients/transcript-NAME/`, for whoever writes the pages.

use super::hooks::push_from_elsewhere;
use super::model_server::ModelServer;
use super::model_server::script::{Script, Step};
use super::sandbox::{Sandbox, write};
use super::screen::Screen;
use super::{Platform, install};
use crate::support::root;

const CONFIG: &str = "## Session Config\n\ntest-command: test -f greeting.txt || test -f notes.txt\n\
                      lint-command: none\ntypecheck-command: none\nintegrate: local\n";
const PLAN: &str = "\
goal: a greeting is there
tasks:
  - {id: T1, title: write the greeting, role: Impl-Core, files: [greeting.txt], acceptance: [{run: grep -q Hello greeting.txt}]}
";

fn prove(platform: Platform, go: &str) {
    let sandbox = Sandbox::new(&format!("transcript-{}", platform.id()));
    for file in ["AGENTS.md", "CLAUDE.md"] {
        sandbox.write(file, CONFIG);
    }
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "-qm", "settings"]);
    push_from_elsewhere(&sandbox);
    install(&sandbox, platform, &[]).success();
    // By its path: the login shell that Codex runs has a path of its own.
    let program =
        if platform == Platform::Codex { sandbox.program().display().to_string() } else { "so".into() };
    let so = |words: &str| Step::shell(format!("{program} {words}"));
    let model = ModelServer::start(
        &sandbox,
        [Script::always([
            Step::shell("git push --force origin main"),
            Step::say("It was refused."),
            so("session start --mode feature"),
            so(&format!("plan set - <<'EOF'\n{PLAN}EOF")),
            Step::say("Please look at the plan."),
            Step::Write { path: sandbox.project.join("greeting.txt"), text: "Hello\n".into() },
            so("close"),
            Step::say("Everything is closed."),
        ])],
    );
    platform.open(&sandbox, &model).accept_hooks();

    let screen = Screen::open(platform, &sandbox, &model);
    screen.type_line("Push it, by force.");
    let refusal = screen.wait("It was refused.");
    screen.type_line("Write the greeting.");
    let plan = screen.wait("Please look at the plan.");
    screen.type_line(go);
    let closed = screen.wait("Everything is closed.");
    let session = [plan, closed].concat();
    write(&sandbox.root.join("refusal.txt"), &refusal);
    write(&sandbox.root.join("session.txt"), &session);
    let shown = |screen: &str| screen.replace(sandbox.program().to_str().unwrap(), "so");
    let page = std::fs::read_to_string(root().join(format!("docs/{}.md", platform.id()))).unwrap();
    holds(&shown(&refusal), &page, "## The first refusal");
    holds(&shown(&session), &page, "## The first session");
}

/// Every line of the transcript below `heading` stands on the screen; `[..]` is what differs.
fn holds(screen: &str, page: &str, heading: &str) {
    let transcript = page.split(heading).nth(1).and_then(|rest| rest.split("```text\n").nth(1));
    let transcript = transcript.and_then(|rest| rest.split("```").next());
    let transcript = transcript.unwrap_or_else(|| panic!("no transcript below {heading}"));
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = screen.lines().map(squeezed).collect();
    for wanted in transcript.lines().map(squeezed).filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = wanted.split("[..]").collect();
        assert!(
            lines.iter().any(|line| in_order(line, &parts)),
            "no line {wanted:?} on the screen:\n{screen}"
        );
    }
}

fn in_order(line: &str, parts: &[&str]) -> bool {
    let mut rest = Some(line);
    for part in parts {
        rest = rest.and_then(|rest| Some(rest.split_once(part.trim())?.1));
    }
    rest.is_some()
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn the_page_of_claude_shows_its_screen() {
    prove(Platform::Claude, "/so:go");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn the_page_of_codex_shows_its_screen() {
    // A blank closes the list of what could be meant.
    prove(Platform::Codex, "$so:go ");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn the_page_of_pi_shows_its_screen() {
    prove(Platform::Pi, "/go");
}
