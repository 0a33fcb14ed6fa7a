//! An install at a terminal waits until the person has trusted our hooks in the real Codex.

use super::super::codex::Codex;
use super::super::sandbox::Sandbox;
use crate::safety::asked::Terminal;

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn an_install_waits_until_codex_trusts_the_hooks() {
    let sandbox = Sandbox::new("so-waits-codex");
    let line = format!("'{}' install --platform codex --agents ask", sandbox.program().display());
    let mut terminal = Terminal::start(&line, &sandbox.command("so"));
    terminal.answer("Install this?", "\r");
    terminal.answer("Enter puts it off", "");
    Codex::offline(&sandbox).trust_hooks();
    terminal.answer("Codex CLI trusts them", "");
    terminal.answer("What the clients loaded:", "");
    let (screen, code) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("put off") && !screen.contains("untrusted"), "{screen}");
}
