//! Cursor: no command says what it loaded, so only its documented rules are applied to files.

use serde_json::Value;

use super::scan::Item;
use super::{Ask, Finding, Protocol};
use crate::compile::model::Kind;

pub(super) const PROTOCOL: Protocol = Protocol { id: "cursor", packages: |_| Vec::new(), ask: None, own };

fn own(ask: &Ask<'_>, items: &[Item]) -> Vec<Finding> {
    items.iter().filter(|item| item.kind == Kind::Rule).flat_map(|item| rule(ask, item)).collect()
}

/// What is wrong with the head or the size of a rule.
fn rule(ask: &Ask<'_>, item: &Item) -> Vec<Finding> {
    let shown = ask.shown(&item.path);
    let mut found = Vec::new();
    if item.head.get("globs").is_some_and(|globs| !globs.is_string() && !globs.is_null()) {
        let what = format!(
            "`globs` in {shown} is no text: Cursor wants one with commas, such as `src/**/*.ts, docs/**`"
        );
        found.push(Finding::new("rule-head", what, "write it as one text"));
    }
    if item.head.get("alwaysApply").is_some_and(|value| !value.is_boolean()) {
        let what = format!("`alwaysApply` in {shown} is neither true nor false");
        found.push(Finding::new("rule-head", what, "write `true` or `false`, without quotes"));
    }
    let is_set =
        |key: &str| item.head.get(key).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    let always = item.head.get("alwaysApply") == Some(&Value::Bool(true));
    if found.is_empty() && !always && !is_set("globs") && !is_set("description") {
        let what = format!(
            "{shown} has neither `alwaysApply: true` nor `globs` nor `description`: Cursor never applies it by itself"
        );
        found.push(Finding::new("rule-head", what, "give it one of them, or write @NAME each time"));
    }
    if let Some(limit) = ask.platform.limits.rule_lines.filter(|limit| item.lines > *limit) {
        let what = format!("{shown} has {} lines; Cursor advises {limit} at most", item.lines);
        found.push(Finding::new("rule-long", what, "split it"));
    }
    found
}
