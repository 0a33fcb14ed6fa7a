//! What GitLab answers, as its documentation of version 4 says: <https://docs.gitlab.com/api/rest/>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stand_in::{World, page, parts, query};

const AT: &str = "2026-11-29T12:00:00.000Z";

fn not_found() -> (u16, Value, bool) {
    (404, json!({"message": "404 Not found"}), false)
}

pub(crate) fn answer(
    world: &mut World,
    method: &str,
    path: (&str, &str),
    body: &Value,
) -> (u16, Value, bool) {
    let Some(parts) = parts(path.0, "/api/v4/projects/g%2Fs%2Fr") else { return not_found() };
    let query = query(path.1);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let number = parts.get(1).and_then(|part| part.parse::<u64>().ok()).unwrap_or_default();
    match (method, parts.as_slice()) {
        ("GET", []) => (200, json!({"path_with_namespace": "g/s/r", "default_branch": "main"}), false),
        ("GET", ["issues"]) => issues(world, &query),
        ("POST", ["issues"]) => create(world, body),
        ("GET", ["issues", _]) => match world.issues.iter().find(|issue| issue["number"] == number) {
            Some(issue) => (200, shown(world, issue), false),
            None => not_found(),
        },
        ("PUT", ["issues", _]) => put(world, number, body),
        ("GET", ["issues" | "merge_requests", _, "notes"]) => {
            page(world.comments.get(&number).cloned().unwrap_or_default(), &query)
        }
        ("POST", [what @ ("issues" | "merge_requests"), _, "notes"]) => {
            let is_there = match *what {
                "issues" => world.issues.iter().any(|one| one["number"] == number),
                _ => world.pulls.iter().any(|one| one["iid"] == number),
            };
            if !is_there {
                return not_found();
            }
            let note = json!({"id": 1, "body": body["body"], "author": {"username": "bot"}, "created_at": AT,
                "system": false});
            world.comments.entry(number).or_default().push(note.clone());
            (201, note, false)
        }
        ("GET", ["labels"]) => page(world.labels.clone(), &query),
        ("POST", ["labels"]) => label(world, body),
        ("GET", ["merge_requests"]) => {
            let fits = |one: &&Value| one["source_branch"] == query["source_branch"];
            page(world.pulls.iter().filter(fits).cloned().collect(), &query)
        }
        ("POST", ["merge_requests"]) => open(world, body),
        ("GET", ["merge_requests", _]) => match world.pulls.iter().find(|one| one["iid"] == number) {
            Some(one) => (200, one.clone(), false),
            None => not_found(),
        },
        ("GET", ["merge_requests", _, "pipelines"] | ["pipelines"]) => page(world.runs.clone(), &query),
        ("GET", ["pipelines", _, "jobs"]) => page(world.jobs.clone(), &query),
        ("GET", ["repository", "branches", name]) => {
            world.branch(name).map_or_else(not_found, |said| (200, said, false))
        }
        _ => not_found(),
    }
}

fn shown(world: &World, issue: &Value) -> Value {
    let number = issue["number"].as_u64().unwrap();
    let notes = world.comments.get(&number).map_or(0, Vec::len);
    json!({"id": 1000 + number, "iid": number, "title": issue["title"], "description": issue["body"],
        "state": if issue["open"] == true { "opened" } else { "closed" }, "labels": issue["labels"],
        "author": {"username": "alice"}, "user_notes_count": notes, "created_at": AT, "updated_at": AT,
        "web_url": format!("https://gitlab.test/g/s/r/-/issues/{number}")})
}

fn issues(world: &World, query: &BTreeMap<String, String>) -> (u16, Value, bool) {
    let listed = world.listed(query, "opened");
    let all: Vec<Value> = listed.into_iter().rev().map(|issue| shown(world, issue)).collect();
    page(all, query)
}

fn create(world: &mut World, body: &Value) -> (u16, Value, bool) {
    let number = u64::try_from(world.issues.len() + 1).unwrap();
    let labels = body["labels"].as_str().unwrap().split(',').filter(|one| !one.is_empty());
    let labels: Value = labels.collect();
    let issue = world.file(number, &body["title"], &body["description"], &labels);
    (201, shown(world, &issue), false)
}

fn label(world: &mut World, body: &Value) -> (u16, Value, bool) {
    if world.labels.iter().any(|label| label["name"] == body["name"]) {
        return (409, json!({"message": "Label already exists"}), false);
    }
    if !body["color"].as_str().unwrap_or_default().starts_with('#') {
        return (400, json!({"message": {"color": ["must be a valid color code"]}}), false);
    }
    world.labels.push(body.clone());
    (201, body.clone(), false)
}

fn put(world: &mut World, number: u64, body: &Value) -> (u16, Value, bool) {
    let Some(issue) = world.issues.iter_mut().find(|issue| issue["number"] == number) else {
        return not_found();
    };
    if body["state_event"] == "close" {
        issue["open"] = json!(false);
    }
    if let Some(gone) = body["remove_labels"].as_str() {
        let gone: Vec<&str> = gone.split(',').collect();
        issue["labels"].as_array_mut().unwrap().retain(|label| !gone.contains(&label.as_str().unwrap()));
    }
    let issue = issue.clone();
    (200, shown(world, &issue), false)
}

fn open(world: &mut World, body: &Value) -> (u16, Value, bool) {
    let branch = body["source_branch"].as_str().unwrap_or_default().to_owned();
    if world.pulls.iter().any(|one| one["source_branch"] == branch && one["state"] == "opened") {
        let why = "Another open merge request already exists for this source branch: !1";
        return (409, json!({"message": [why]}), false);
    }
    let number = u64::try_from(world.pulls.len() + 1).unwrap();
    let title = body["title"].as_str().unwrap();
    let one = json!({"id": 2000 + number, "iid": number, "title": title, "description": body["description"],
        "state": "opened", "draft": title.starts_with("Draft: "), "source_branch": branch,
        "target_branch": body["target_branch"], "sha": "0123456789abcdef", "author": {"username": "bot"},
        "web_url": format!("https://gitlab.test/g/s/r/-/merge_requests/{number}")});
    world.pulls.push(one.clone());
    (201, one, false)
}
