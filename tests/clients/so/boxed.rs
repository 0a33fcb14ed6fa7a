//! Inside Codex's own sandbox git's files and the home directory are read-only and there is no network: a session works
//! all the same, says what it could not do, and needs one approval, for its close.

use super::super::clients;
use super::super::process::{Ran, run};
use super::super::sandbox::Sandbox;

const PLAN: &str = "goal: one file\ntasks:\n  - {id: T1, title: one, role: impl-core, files: [one/**], acceptance: [{run: test -f one/a}]}\n";

/// `so` as a command that the agent runs, in the sandbox that Codex puts around it by default.
fn boxed(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(clients().join("codex"));
    command.args(["sandbox", "-c", r#"sandbox_mode="workspace-write""#, "--"]);
    run(command.arg(sandbox.program()).args(arguments))
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn a_session_in_codexs_sandbox_needs_one_approval() {
    let sandbox = Sandbox::new("so-boxed");
    sandbox.write("AGENTS.md", "## Session Config\n\ntest-command: sh test.sh\n");
    sandbox.write("test.sh", "true\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "-qm", "tests"]);
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.write(".orchestrator/runtime/draft.yaml", PLAN);
    let closed = boxed(&sandbox, &["snapshot"]);
    assert!(closed.stderr.contains("cannot be written"), "the sandbox is none: {closed:?}");

    boxed(&sandbox, &["session", "start"]).success();
    boxed(&sandbox, &["plan", "set", ".orchestrator/runtime/draft.yaml"]).success();
    boxed(&sandbox, &["plan", "approve"]).success();
    let begun = boxed(&sandbox, &["wave", "start"]).success().stdout;
    assert!(begun.contains("nothing was saved before it") && begun.contains("so snapshot"), "{begun}");
    sandbox.write("one/a", "one\n");
    boxed(&sandbox, &["state", "deviate", "noted in the sandbox"]).success();
    assert!(boxed(&sandbox, &["gate", "run", "full"]).success().stdout.contains("green"));
    boxed(&sandbox, &["brief"]).success();

    let refused = boxed(&sandbox, &["close"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    for words in ["nothing is committed yet", ".git", "one approval", "so close"] {
        assert!(refused.stderr.contains(words), "no {words:?}: {}", refused.stderr);
    }
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
    assert!(sandbox.read(".orchestrator/STATE.md").contains("status: active"));

    let closed = sandbox.so(&["close"]).success().stdout;
    assert!(closed.contains("closed the session"), "{closed}");
    assert_eq!(sandbox.git(&["show", "--name-only", "--format=", "HEAD"]), "one/a\n");
    assert_eq!(sandbox.read(".orchestrator/metrics/sessions.jsonl").lines().count(), 1);
    assert!(sandbox.read(".orchestrator/STATE.md").contains("noted in the sandbox"));
}
