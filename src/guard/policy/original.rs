//! The original's `blocked-commands.json` (version 1), read as an overlay that tightens.
//!
//! Its own stock rules are substrings whose meaning our rules have already, so they make those stricter; a rule that a
//! team has added becomes a rule of ours.

use serde::Deserialize;

use super::file::{File, GO_ON, INSTEAD, Level, MAX_RULES, Rule, Tighten};
use super::pattern::Pattern;
use crate::diagnostic::Finding;

/// Its name in `.orchestrator/policy/`.
pub(super) const NAME: &str = "blocked-commands.json";

/// Its stock rules and ours; a stock rule without one says nothing new.
const STOCK: &[(&str, &str, &str)] = &[
    ("git-reset-hard", "git reset --hard", "discard-work"),
    ("git-reset-mixed", "git reset --mixed", ""),
    ("git-reset-soft", "git reset --soft", ""),
    ("git-checkout-discard", "git checkout --", "discard-work"),
    ("git-clean-force", "git clean -f", "discard-work"),
    ("git-clean-force-d", "git clean -fd", "discard-work"),
    ("git-stash-any", "git stash", ""),
    ("rm-rf-destructive", "rm -rf", "delete-unsaved"),
    ("git-push-force", "git push --force", "force-push"),
    ("git-push-force-short", "git push -f", "force-push"),
    ("git-push-force-with-lease", "git push --force-with-lease", ""),
    ("sql-drop-table-upper", "DROP TABLE", "drop-database"),
    ("sql-drop-table-lower", "drop table", "drop-database"),
    ("redirect-truncate-protected", ">", "delete-unsaved"),
];

#[derive(Deserialize)]
struct Blocked {
    #[serde(default)]
    rules: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    pattern: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    rationale: String,
}

/// Reads the file that people know as `path`.
pub(super) fn parse(path: &str, text: &str) -> (File, Vec<Finding>) {
    let mut file = File::default();
    let blocked: Blocked = match serde_json::from_str(text) {
        Ok(blocked) => blocked,
        Err(error) => {
            let at = offset(text, error.line(), error.column());
            let finding = Finding::error("no-json", path, format!("this cannot be read: {error}")).at(at..at);
            return (file, vec![finding.help("mend it, or move its rules to guard.yaml")]);
        }
    };
    let mut findings = Vec::new();
    for entry in blocked.rules.iter().take(MAX_RULES) {
        let at = text.find(&format!("\"{}\"", entry.id)).unwrap_or_default();
        let line = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let level = if entry.severity == "block" { Level::Deny } else { Level::Warn };
        let stock = STOCK.iter().find(|(id, pattern, _)| *id == entry.id && *pattern == entry.pattern);
        match (stock, level) {
            (Some(_), Level::Warn) => {}
            (Some((_, _, rule)), to) if !rule.is_empty() => {
                file.tighten.push(Tighten { rule: (*rule).to_owned(), to, line });
            }
            _ => match rule(entry, level, line) {
                Ok(rule) => file.rules.push(rule),
                Err(why) => {
                    let message = format!("the rule `{}` is not in force: {why}", entry.id);
                    let finding =
                        Finding::error("not-carried", path, message).at(at..at + entry.id.len() + 2);
                    findings.push(finding.help("write it as a rule of guard.yaml"));
                }
            },
        }
    }
    (file, findings)
}

fn rule(entry: &Entry, level: Level, line: usize) -> Result<Rule, String> {
    let first = entry.pattern.split(' ').next().unwrap_or_default();
    if first.is_empty() || !first.contains(|letter: char| letter.is_ascii_lowercase()) {
        return Err("its pattern does not begin with a program".to_owned());
    }
    let pattern = Pattern::parse(&entry.pattern)?;
    let reason =
        entry.rationale.trim_end_matches('.').chars().filter(|letter| !letter.is_control()).take(300);
    let reason: String = reason.collect();
    Ok(Rule {
        name: entry.id.chars().filter(|letter| !letter.is_control()).take(64).collect(),
        reason: if reason.is_empty() { "this project forbids it".to_owned() } else { reason },
        instead: if level == Level::Warn { GO_ON } else { INSTEAD }.to_owned(),
        level,
        line,
        matches: vec![pattern],
        except: Vec::new(),
    })
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before + column.saturating_sub(1)
}
