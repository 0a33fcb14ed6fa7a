//! GitLab's interface, version 4: <https://docs.gitlab.com/api/rest/>.

use serde_json::{Value, json};

use super::call::{Method, Request};
use super::dialect::{Dialect, encoded, list, text, with};
use super::labels::Label;
use super::model::{Check, Comment, Issue, Opening, Outcome, Pull, Reason, Run, State};
use super::place::Place;

pub(super) struct GitLab;

fn project(at: &Place) -> String {
    format!("projects/{}", encoded(&at.path))
}

impl Dialect for GitLab {
    fn issues(&self, at: &Place, state: State, labels: &[String], size: usize) -> String {
        let state = match state {
            State::Open => "opened",
            State::Closed => "closed",
            State::All => "all",
        };
        let labels =
            if labels.is_empty() { String::new() } else { format!("&labels={}", encoded(&labels.join(","))) };
        format!("{}/issues?state={state}{labels}&order_by=created_at&sort=desc&per_page={size}", project(at))
    }

    fn issue(&self, at: &Place, number: u64) -> String {
        format!("{}/issues/{number}", project(at))
    }

    fn read_issue(&self, value: &Value) -> Option<Issue> {
        let label = |label: &Value| label.as_str().map(str::to_owned);
        Some(Issue {
            number: value.get("iid")?.as_u64()?,
            title: text(value, "/title"),
            body: text(value, "/description"),
            open: text(value, "/state") == "opened",
            labels: list(value, "/labels").filter_map(label).collect(),
            author: text(value, "/author/username"),
            created: text(value, "/created_at"),
            updated: text(value, "/updated_at"),
            comments: value.get("user_notes_count").and_then(Value::as_u64).unwrap_or_default(),
            url: text(value, "/web_url"),
            is_request: false,
        })
    }

    fn create_issue(&self, at: &Place, title: &str, body: &str, labels: &[String]) -> Request {
        let body = json!({"title": title, "description": body, "labels": labels.join(",")});
        with(Method::Post, format!("{}/issues", project(at)), body)
    }

    fn comments(&self, at: &Place, number: u64, of_request: bool) -> String {
        format!("{}?sort=asc&per_page=100", notes(at, number, of_request))
    }

    fn read_comment(&self, value: &Value) -> Option<Comment> {
        let is_system = value.get("system").and_then(Value::as_bool).unwrap_or_default();
        let body = value.get("body")?.as_str()?.to_owned();
        (!is_system).then(|| Comment {
            author: text(value, "/author/username"),
            created: text(value, "/created_at"),
            body,
            url: String::new(),
        })
    }

    fn comment(&self, at: &Place, number: u64, of_request: bool, text: &str) -> Request {
        with(Method::Post, notes(at, number, of_request), json!({"body": text}))
    }

    fn close(&self, at: &Place, number: u64, _reason: Reason) -> Request {
        with(Method::Put, self.issue(at, number), json!({"state_event": "close"}))
    }

    fn unlabel(&self, at: &Place, number: u64, labels: &[String]) -> Vec<Request> {
        vec![with(Method::Put, self.issue(at, number), json!({"remove_labels": labels.join(",")}))]
    }

    fn labels(&self, at: &Place) -> String {
        format!("{}/labels?per_page=100", project(at))
    }

    fn create_label(&self, at: &Place, label: &Label) -> Request {
        let body =
            json!({"name": label.name, "color": format!("#{}", label.color), "description": label.about});
        with(Method::Post, format!("{}/labels", project(at)), body)
    }

    fn requests(&self, at: &Place, head: &str) -> String {
        let head = head.rsplit(':').next().unwrap_or(head);
        format!("{}/merge_requests?source_branch={}&state=all&per_page=100", project(at), encoded(head))
    }

    fn request(&self, at: &Place, number: u64) -> String {
        format!("{}/merge_requests/{number}", project(at))
    }

    fn read_request(&self, value: &Value) -> Option<Pull> {
        let state = text(value, "/state");
        Some(Pull {
            number: value.get("iid")?.as_u64()?,
            title: text(value, "/title"),
            body: text(value, "/description"),
            state: if state == "opened" { "open".to_owned() } else { state },
            draft: value.get("draft").and_then(Value::as_bool).unwrap_or_default(),
            branch: text(value, "/source_branch"),
            base: text(value, "/target_branch"),
            sha: text(value, "/sha"),
            author: text(value, "/author/username"),
            url: text(value, "/web_url"),
        })
    }

    fn open_request(&self, at: &Place, opening: &Opening) -> Request {
        // A draft is one by its title here.
        let title = if opening.draft { format!("Draft: {}", opening.title) } else { opening.title.clone() };
        let body = json!({"source_branch": opening.head, "target_branch": opening.base, "title": title,
            "description": opening.body});
        with(Method::Post, format!("{}/merge_requests", project(at)), body)
    }

    fn repository(&self, at: &Place) -> String {
        project(at)
    }

    fn branch(&self, at: &Place, name: &str) -> String {
        format!("{}/repository/branches/{}", project(at), encoded(name))
    }

    fn runs(&self, at: &Place, branch: Option<&str>, size: usize) -> String {
        let branch = branch.map(|branch| format!("&ref={}", encoded(branch))).unwrap_or_default();
        format!("{}/pipelines?per_page={size}{branch}", project(at))
    }

    fn read_runs(&self, value: &Value) -> Vec<Run> {
        let read = |run: &Value| Run {
            id: run.get("id").and_then(Value::as_u64).unwrap_or_default(),
            name: match text(run, "/name") {
                name if name.is_empty() => "pipeline".to_owned(),
                name => name,
            },
            branch: text(run, "/ref"),
            sha: text(run, "/sha"),
            outcome: outcome(run),
            created: text(run, "/created_at"),
            url: text(run, "/web_url"),
        };
        list(value, "").map(read).collect()
    }

    fn jobs(&self, at: &Place, run: u64) -> String {
        format!("{}/pipelines/{run}/jobs?per_page=100", project(at))
    }

    fn read_jobs(&self, value: &Value) -> Vec<Check> {
        let read = |job: &Value| {
            let may_fail = job.get("allow_failure").and_then(Value::as_bool).unwrap_or_default();
            let outcome = match outcome(job) {
                Outcome::Fail if may_fail => Outcome::Skipped,
                other => other,
            };
            Check { name: text(job, "/name"), outcome, step: text(job, "/stage"), url: text(job, "/web_url") }
        };
        list(value, "").map(read).collect()
    }

    fn checks(&self, at: &Place, request: &Pull) -> Vec<(String, bool)> {
        vec![(format!("{}/merge_requests/{}/pipelines?per_page=1", project(at), request.number), true)]
    }
}

fn notes(at: &Place, number: u64, of_request: bool) -> String {
    let what = if of_request { "merge_requests" } else { "issues" };
    format!("{}/{what}/{number}/notes", project(at))
}

fn outcome(run: &Value) -> Outcome {
    match text(run, "/status").as_str() {
        "success" => Outcome::Pass,
        "skipped" | "manual" | "scheduled" => Outcome::Skipped,
        "failed" | "canceled" | "canceling" => Outcome::Fail,
        _ => Outcome::Running,
    }
}
