//! How often commands that people really run are refused or asked about. `SO_REAL` names them (JSON lines: command, cwd):
//! workflow steps, recipes, package scripts, blocks of READMEs, each with a clean clone of its repository as `cwd`.
//!
//! Each is judged twice: where it is run, and as if every file held unsaved work. `SO_REAL_OUT` gets what was not let
//! through, one JSON line each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use so::guard::{Context, Decision, check};

use super::context;

/// As a hook would judge in `cwd`, or without a look at it.
fn at(cwd: &Path, assume_dirty: bool) -> Context {
    let home = Path::new("/home/user");
    Context {
        cwd: cwd.to_path_buf(),
        project: so::guard::project_of(cwd, Some(home)),
        assume_dirty,
        ..context()
    }
}

/// How many of the commands count for one environment, and which rules speak there.
#[derive(Default)]
struct Count {
    by_rule: BTreeMap<String, usize>,
    commands: BTreeSet<String>,
}

#[test]
#[expect(clippy::print_stdout, reason = "a measurement is for the one who runs it")]
fn what_people_really_run_is_let_through() {
    let Ok(path) = std::env::var("SO_REAL") else {
        println!("SKIPPED: set SO_REAL to commands that people run");
        return;
    };
    let text = std::fs::read_to_string(path).expect("the commands");
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect();
    let mut counts = [Count::default(), Count::default()];
    let mut common = BTreeMap::<&str, usize>::new();
    let mut out = String::new();
    for case in &cases {
        let (command, cwd) =
            (case["command"].as_str().expect("a command"), case["cwd"].as_str().expect("a place"));
        *common.entry(command).or_default() += 1;
        let mut line = case.clone();
        for (count, (name, dirty)) in counts.iter_mut().zip([("clean", false), ("dirty", true)]) {
            // A look that took too long says something about this machine's load, not about the command.
            let judged = || check(command, &at(Path::new(cwd), dirty));
            let mut tries = std::iter::repeat_with(judged).take(if dirty { 1 } else { 3 });
            let first = tries.next().expect("a verdict");
            let allowed = |verdict: &so::guard::Verdict| verdict.decision() == Decision::Allow;
            let verdict = if allowed(&first) { first } else { tries.find(allowed).unwrap_or(first) };
            if verdict.decision() != Decision::Allow {
                let finding = verdict.strictest().expect("a finding");
                *count.by_rule.entry(finding.rule.name.to_string()).or_default() += 1;
                count.commands.insert(command.to_owned());
                line[name] = json!([finding.rule.name, verdict.decision(), finding.because()]);
            }
        }
        if line.get("clean").is_some() || line.get("dirty").is_some() {
            out.push_str(&line.to_string());
            out.push('\n');
        }
    }
    let mut common: Vec<_> = common.into_iter().collect();
    common.sort_by_key(|(command, times)| (std::cmp::Reverse(*times), *command));
    for (name, count) in ["in a clean clone", "as if all were unsaved"].iter().zip(&counts) {
        let top: Vec<_> =
            common.iter().take(1_000).filter(|(command, _)| count.commands.contains(*command)).collect();
        let sum: usize = count.by_rule.values().sum();
        println!(
            "{name}: {sum} of {} ({} different): {:?}",
            cases.len(),
            count.commands.len(),
            count.by_rule
        );
        println!("  among the 1,000 commonest: {top:?}");
    }
    if let Ok(path) = std::env::var("SO_REAL_OUT") {
        std::fs::write(path, out).expect("written");
    }
}
