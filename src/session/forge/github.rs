//! GitHub's interface, version 2022-11-28: <https://docs.github.com/rest>. Not the `gh issue` and `gh pr` commands: they
//! ask for fields that GitHub has since removed, so that older ones fail; this interface is versioned.

use serde_json::{Value, json};

use super::call::{Method, Request};
use super::dialect::{Dialect, encoded, list, text, with};
use super::labels::Label;
use super::model::{Check, Comment, Issue, Opening, Outcome, Pull, Reason, Run, State};
use super::place::Place;

pub(super) struct GitHub;

fn repo(at: &Place) -> String {
    format!("repos/{}", at.path)
}

impl Dialect for GitHub {
    fn issues(&self, at: &Place, state: State, labels: &[String], size: usize) -> String {
        let state = match state {
            State::Open => "open",
            State::Closed => "closed",
            State::All => "all",
        };
        let labels =
            if labels.is_empty() { String::new() } else { format!("&labels={}", encoded(&labels.join(","))) };
        format!("{}/issues?state={state}{labels}&sort=created&direction=desc&per_page={size}", repo(at))
    }

    fn issue(&self, at: &Place, number: u64) -> String {
        format!("{}/issues/{number}", repo(at))
    }

    fn read_issue(&self, value: &Value) -> Option<Issue> {
        Some(Issue {
            number: value.get("number")?.as_u64()?,
            title: text(value, "/title"),
            body: text(value, "/body"),
            open: text(value, "/state") == "open",
            labels: list(value, "/labels").map(|label| text(label, "/name")).collect(),
            author: text(value, "/user/login"),
            created: text(value, "/created_at"),
            updated: text(value, "/updated_at"),
            comments: value.get("comments").and_then(Value::as_u64).unwrap_or_default(),
            url: text(value, "/html_url"),
            is_request: value.get("pull_request").is_some_and(|request| !request.is_null()),
        })
    }

    fn create_issue(&self, at: &Place, title: &str, body: &str, labels: &[String]) -> Request {
        let body = json!({"title": title, "body": body, "labels": labels});
        with(Method::Post, format!("{}/issues", repo(at)), body)
    }

    fn comments(&self, at: &Place, number: u64, _of_request: bool) -> String {
        format!("{}/issues/{number}/comments?per_page=100", repo(at))
    }

    fn read_comment(&self, value: &Value) -> Option<Comment> {
        Some(Comment {
            author: text(value, "/user/login"),
            created: text(value, "/created_at"),
            body: value.get("body")?.as_str()?.to_owned(),
            url: text(value, "/html_url"),
        })
    }

    fn comment(&self, at: &Place, number: u64, _of_request: bool, text: &str) -> Request {
        with(Method::Post, format!("{}/issues/{number}/comments", repo(at)), json!({"body": text}))
    }

    fn close(&self, at: &Place, number: u64, reason: Reason) -> Request {
        let reason = match reason {
            Reason::Completed => "completed",
            Reason::NotPlanned => "not_planned",
        };
        with(Method::Patch, self.issue(at, number), json!({"state": "closed", "state_reason": reason}))
    }

    fn unlabel(&self, at: &Place, number: u64, labels: &[String]) -> Vec<Request> {
        let path = |label: &String| format!("{}/issues/{number}/labels/{}", repo(at), encoded(label));
        let taken =
            labels.iter().map(|label| Request { method: Method::Delete, path: path(label), body: None });
        taken.collect()
    }

    fn labels(&self, at: &Place) -> String {
        format!("{}/labels?per_page=100", repo(at))
    }

    fn create_label(&self, at: &Place, label: &Label) -> Request {
        let body = json!({"name": label.name, "color": label.color, "description": label.about});
        with(Method::Post, format!("{}/labels", repo(at)), body)
    }

    fn requests(&self, at: &Place, head: &str) -> String {
        let owner = at.path.split('/').next().unwrap_or_default();
        let head = if head.contains(':') { head.to_owned() } else { format!("{owner}:{head}") };
        format!("{}/pulls?head={}&state=all&per_page=100", repo(at), encoded(&head))
    }

    fn request(&self, at: &Place, number: u64) -> String {
        format!("{}/pulls/{number}", repo(at))
    }

    fn read_request(&self, value: &Value) -> Option<Pull> {
        let is_merged = value.get("merged_at").is_some_and(|at| !at.is_null());
        Some(Pull {
            number: value.get("number")?.as_u64()?,
            title: text(value, "/title"),
            body: text(value, "/body"),
            state: if is_merged { "merged".to_owned() } else { text(value, "/state") },
            draft: value.get("draft").and_then(Value::as_bool).unwrap_or_default(),
            branch: text(value, "/head/ref"),
            base: text(value, "/base/ref"),
            sha: text(value, "/head/sha"),
            author: text(value, "/user/login"),
            url: text(value, "/html_url"),
        })
    }

    fn open_request(&self, at: &Place, opening: &Opening) -> Request {
        let Opening { head, base, title, body, draft } = opening;
        let body = json!({"title": title, "head": head, "base": base, "body": body, "draft": draft});
        with(Method::Post, format!("{}/pulls", repo(at)), body)
    }

    fn repository(&self, at: &Place) -> String {
        repo(at)
    }

    fn branch(&self, at: &Place, name: &str) -> String {
        format!("{}/branches/{}", repo(at), encoded(name))
    }

    fn runs(&self, at: &Place, branch: Option<&str>, size: usize) -> String {
        let branch = branch.map(|branch| format!("&branch={}", encoded(branch))).unwrap_or_default();
        format!("{}/actions/runs?per_page={size}{branch}", repo(at))
    }

    fn read_runs(&self, value: &Value) -> Vec<Run> {
        let read = |run: &Value| Run {
            id: run.get("id").and_then(Value::as_u64).unwrap_or_default(),
            name: text(run, "/name"),
            branch: text(run, "/head_branch"),
            sha: text(run, "/head_sha"),
            outcome: outcome(run),
            created: text(run, "/created_at"),
            url: text(run, "/html_url"),
        };
        list(value, "/workflow_runs").map(read).collect()
    }

    fn jobs(&self, at: &Place, run: u64) -> String {
        format!("{}/actions/runs/{run}/jobs?per_page=100", repo(at))
    }

    fn read_jobs(&self, value: &Value) -> Vec<Check> {
        let read = |job: &Value| {
            let failed = list(job, "/steps").find(|step| text(step, "/conclusion") == "failure");
            Check {
                name: text(job, "/name"),
                outcome: outcome(job),
                step: failed.map(|step| text(step, "/name")).unwrap_or_default(),
                url: text(job, "/html_url"),
            }
        };
        // Checks of a commit stand under `check_runs`, what other services said of it under `statuses`.
        let jobs = list(value, "/jobs").chain(list(value, "/check_runs")).map(read);
        let said = list(value, "/statuses").map(|status| Check {
            name: text(status, "/context"),
            outcome: match text(status, "/state").as_str() {
                "success" => Outcome::Pass,
                "pending" => Outcome::Running,
                _ => Outcome::Fail,
            },
            step: text(status, "/description"),
            url: text(status, "/target_url"),
        });
        jobs.chain(said).collect()
    }

    fn checks(&self, at: &Place, request: &Pull) -> Vec<(String, bool)> {
        let commit = format!("{}/commits/{}", repo(at), encoded(&request.sha));
        vec![
            (format!("{commit}/check-runs?per_page=100"), false),
            (format!("{commit}/status?per_page=100"), false),
        ]
    }
}

fn outcome(run: &Value) -> Outcome {
    if text(run, "/status") != "completed" {
        return Outcome::Running;
    }
    match text(run, "/conclusion").as_str() {
        "success" => Outcome::Pass,
        "skipped" | "neutral" => Outcome::Skipped,
        _ => Outcome::Fail,
    }
}
