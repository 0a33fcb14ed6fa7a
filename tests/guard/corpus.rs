//! Recall and false positives on a corpus of labelled commands, named by `SO_CORPUS` (JSON lines: command, expect).

use std::path::Path;

use so::guard::{Decision, check};

use super::context;

#[test]
#[expect(clippy::print_stdout, reason = "a measurement is for the one who runs it")]
fn recall_and_false_positives() {
    let Ok(path) = std::env::var("SO_CORPUS") else {
        println!("SKIPPED: set SO_CORPUS to a corpus of labelled commands");
        return;
    };
    let text = std::fs::read_to_string(Path::new(&path)).expect("the corpus");
    let context = context();
    let (mut denied, mut missed, mut allowed, mut refused) = (0, Vec::new(), 0, Vec::new());
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        let case: serde_json::Value = serde_json::from_str(line).expect("a case");
        let command = case["command"].as_str().expect("a command");
        let verdict = check(command, &context);
        let found = verdict.decision();
        match (case["expect"].as_str(), found) {
            (Some("allow"), Decision::Allow) => allowed += 1,
            (Some("allow"), _) => {
                let finding = verdict.strictest().expect("a finding").message();
                refused.push(format!("line {number}: {command:?}: {finding}"));
            }
            (_, Decision::Allow) => {
                let category = case["category"].as_str().unwrap_or_default();
                missed.push(format!("line {number}: [{category}] {command:?}"));
            }
            _ => denied += 1,
        }
    }
    println!("MISSED\n{}\nREFUSED\n{}", missed.join("\n"), refused.join("\n"));
    println!(
        "recall {denied}/{} · false positives {}/{}",
        denied + missed.len(),
        refused.len(),
        allowed + refused.len()
    );
}
