//! One JSON line in, one JSON line out: verdicts for other programs.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, Decision, Finding, Verdict, check};

/// One question: `{"command", "cwd"?, "id"?}`.
#[derive(Debug, Deserialize)]
struct Question {
    command: String,
    cwd: Option<PathBuf>,
    id: Option<Value>,
}

/// The answer to one line. Every file counts as unsaved; an unreadable line is denied by the rule `unreadable`.
/// `config` is the person's configuration directory.
pub fn answer(line: &str, cwd: &Path, config: Option<&Path>) -> Value {
    let question: Question = match serde_json::from_str(line) {
        Ok(question) => question,
        Err(error) => {
            let reason = format!("the line is not a question: {error}");
            return json!({ "schema": 1, "decision": "deny", "rule": "unreadable", "reason": reason, "warnings": [] });
        }
    };
    let cwd = question.cwd.as_deref().unwrap_or(cwd);
    let context = Context { assume_dirty: true, ..Context::at(cwd).with_policy(config) };
    let mut answer = json!({ "schema": 1 });
    if let Some(fields) = answer.as_object_mut() {
        fields.extend(question.id.map(|id| ("id".to_owned(), id)));
        fields.extend(fields_of(&check(&question.command, &context)));
    }
    answer
}

/// `decision`, `rule`, `reason`, `instead` and `warnings` of a verdict.
pub fn fields_of(verdict: &Verdict) -> serde_json::Map<String, Value> {
    let mut fields = serde_json::Map::new();
    fields.insert("decision".to_owned(), json!(verdict.decision()));
    if let Some(finding) = verdict.strictest().filter(|finding| finding.decision != Decision::Allow) {
        fields.insert("rule".to_owned(), json!(finding.rule.name));
        fields.insert("reason".to_owned(), json!(finding.because()));
        fields.insert("instead".to_owned(), json!(finding.rule.instead));
    }
    fields.insert("warnings".to_owned(), verdict.warnings.iter().map(warning).collect());
    fields
}

fn warning(warning: &Finding) -> Value {
    json!({ "rule": warning.rule.name, "reason": warning.because(), "instead": warning.rule.instead })
}
