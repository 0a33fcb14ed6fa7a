//! What GitHub answers, as its documentation of version 2022-11-28 says: <https://docs.github.com/rest>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stand_in::{World, page, parts, query};

const AT: &str = "2026-11-29T12:00:00Z";

fn not_found() -> (u16, Value, bool) {
    (404, json!({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}), false)
}

pub(crate) fn answer(
    world: &mut World,
    method: &str,
    path: (&str, &str),
    body: &Value,
) -> (u16, Value, bool) {
    let Some(parts) = parts(path.0, "/api/v3/repos/o/r") else { return not_found() };
    let query = query(path.1);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let number = parts.get(1).and_then(|part| part.parse::<u64>().ok()).unwrap_or_default();
    match (method, parts.as_slice()) {
        ("GET", []) => (200, json!({"full_name": "o/r", "default_branch": "main"}), false),
        ("GET", ["issues"]) => issues(world, &query),
        ("POST", ["issues"]) => create(world, body),
        ("GET", ["issues", _]) => match world.issues.iter().find(|issue| issue["number"] == number) {
            Some(issue) => (200, shown(world, issue), false),
            None => not_found(),
        },
        ("PATCH", ["issues", _]) => patch(world, number, body),
        ("GET", ["issues", _, "comments"]) => {
            page(world.comments.get(&number).cloned().unwrap_or_default(), &query)
        }
        ("POST", ["issues", _, "comments"]) => {
            if !world.issues.iter().chain(&world.pulls).any(|one| one["number"] == number) {
                return not_found();
            }
            let comment = json!({"body": body["body"], "user": {"login": "bot"}, "created_at": AT,
                "html_url": format!("https://github.test/o/r/issues/{number}#c")});
            world.comments.entry(number).or_default().push(comment.clone());
            (201, comment, false)
        }
        ("DELETE", ["issues", _, "labels", name]) => unlabel(world, number, name),
        ("GET", ["labels"]) => page(world.labels.clone(), &query),
        ("POST", ["labels"]) => label(world, body),
        ("GET", ["pulls"]) => {
            let head = query["head"].clone();
            let head = head.strip_prefix("o:").unwrap_or("?").to_owned();
            let fits = |pull: &&Value| pull["head"]["ref"] == head;
            page(world.pulls.iter().filter(fits).cloned().collect(), &query)
        }
        ("POST", ["pulls"]) => open(world, body),
        ("GET", ["pulls", _]) => match world.pulls.iter().find(|pull| pull["number"] == number) {
            Some(pull) => (200, pull.clone(), false),
            None => not_found(),
        },
        ("GET", ["branches", name]) => world.branch(name).map_or_else(not_found, |said| (200, said, false)),
        ("GET", ["actions", "runs"]) => {
            let runs: Vec<Value> =
                world.runs.iter().filter(|run| run["head_branch"] == query["branch"]).cloned().collect();
            (200, json!({"total_count": runs.len(), "workflow_runs": runs}), false)
        }
        ("GET", ["actions", "runs", _, "jobs"]) => (200, json!({"jobs": world.jobs}), false),
        ("GET", ["commits", _, "check-runs"]) => (200, json!({"check_runs": world.jobs}), false),
        ("GET", ["commits", _, "status"]) => (
            200,
            json!({"state": "success", "statuses": [{"context": "ci/other", "state": "success"}]}),
            false,
        ),
        _ => not_found(),
    }
}

fn shown(world: &World, issue: &Value) -> Value {
    let labels: Vec<Value> =
        issue["labels"].as_array().unwrap().iter().map(|name| json!({"id": 1, "name": name})).collect();
    let number = issue["number"].as_u64().unwrap();
    let comments = world.comments.get(&number).map_or(0, Vec::len);
    json!({"number": number, "title": issue["title"], "body": issue["body"], "labels": labels,
        "state": if issue["open"] == true { "open" } else { "closed" }, "user": {"login": "alice"},
        "comments": comments, "created_at": AT, "updated_at": AT,
        "html_url": format!("https://github.test/o/r/issues/{number}")})
}

/// Issues and requests, the youngest first.
fn issues(world: &World, query: &BTreeMap<String, String>) -> (u16, Value, bool) {
    let listed = world.listed(query, "open");
    let mut all: Vec<Value> = listed.into_iter().map(|issue| shown(world, issue)).collect();
    if !query.contains_key("labels") {
        all.extend(world.pulls.iter().map(|pull| {
            let mut pull = pull.clone();
            pull["pull_request"] = json!({"url": "x"});
            pull["labels"] = json!([]);
            pull
        }));
    }
    all.sort_by_key(|issue| std::cmp::Reverse(issue["number"].as_u64()));
    page(all, query)
}

fn create(world: &mut World, body: &Value) -> (u16, Value, bool) {
    if body["title"].as_str().unwrap_or_default().is_empty() {
        let errors = json!([{"resource": "Issue", "code": "missing_field", "field": "title"}]);
        return (422, json!({"message": "Validation Failed", "errors": errors}), false);
    }
    let number = u64::try_from(world.issues.len() + world.pulls.len() + 1).unwrap();
    let labels = if body["labels"].is_array() { body["labels"].clone() } else { json!([]) };
    let issue = world.file(number, &body["title"], &body["body"], &labels);
    (201, shown(world, &issue), false)
}

fn patch(world: &mut World, number: u64, body: &Value) -> (u16, Value, bool) {
    let Some(issue) = world.issues.iter_mut().find(|issue| issue["number"] == number) else {
        return not_found();
    };
    if !["completed", "not_planned"].contains(&body["state_reason"].as_str().unwrap_or_default()) {
        return (422, json!({"message": "Validation Failed"}), false);
    }
    issue["open"] = json!(body["state"] != "closed");
    issue["reason"] = body["state_reason"].clone();
    let issue = issue.clone();
    (200, shown(world, &issue), false)
}

fn unlabel(world: &mut World, number: u64, name: &str) -> (u16, Value, bool) {
    let Some(issue) = world.issues.iter_mut().find(|issue| issue["number"] == number) else {
        return not_found();
    };
    let labels = issue["labels"].as_array_mut().unwrap();
    let before = labels.len();
    labels.retain(|label| label != name);
    if labels.len() == before { not_found() } else { (200, json!([]), false) }
}

fn label(world: &mut World, body: &Value) -> (u16, Value, bool) {
    if world.labels.iter().any(|label| label["name"] == body["name"]) {
        let errors = json!([{"resource": "Label", "code": "already_exists", "field": "name"}]);
        return (422, json!({"message": "Validation Failed", "errors": errors}), false);
    }
    let color = body["color"].as_str().unwrap_or_default();
    if color.len() != 6 || color.starts_with('#') {
        return (422, json!({"message": "Validation Failed"}), false);
    }
    world.labels.push(body.clone());
    (201, body.clone(), false)
}

fn open(world: &mut World, body: &Value) -> (u16, Value, bool) {
    let head = body["head"].as_str().unwrap_or_default().to_owned();
    let is_there = |pull: &Value| pull["head"]["ref"] == head && pull["state"] == "open";
    if world.pulls.iter().any(is_there) {
        let errors = json!([{"message": format!("A pull request already exists for o:{head}.")}]);
        return (422, json!({"message": "Validation Failed", "errors": errors}), false);
    }
    let number = u64::try_from(world.issues.len() + world.pulls.len() + 1).unwrap();
    let pull = json!({"number": number, "title": body["title"], "body": body["body"], "state": "open",
        "draft": body["draft"], "merged_at": null, "user": {"login": "bot"}, "created_at": AT, "updated_at": AT,
        "head": {"ref": head, "sha": "0123456789abcdef0123456789abcdef01234567"}, "base": {"ref": body["base"]},
        "html_url": format!("https://github.test/o/r/pull/{number}")});
    world.pulls.push(pull.clone());
    (201, pull, false)
}
