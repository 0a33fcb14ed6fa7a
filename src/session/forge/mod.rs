//! The forge that a project is at: issues, requests and checks in one vocabulary over GitHub's `gh` and GitLab's `glab`.
//!
//! [`place`] says where a project is, [`call`] makes one request, `github` and `gitlab` know what the two say differently,
//! [`Forge`] is what there is to ask and to do. What is to be done whatever happens goes through [`queue`]: it does each
//! thing once, and keeps what has to wait for the network. Nothing here believes what a forge says: texts of others are
//! data.

pub mod body;
pub mod call;
mod dialect;
mod entry;
mod github;
mod gitlab;
pub mod labels;
pub mod model;
pub mod place;
pub mod queue;
pub mod template;
mod work;

use std::fs::File;
use std::time::Duration;

use serde_json::Value;

use call::{Caller, Failure, Method, Reply, Request};
use dialect::Dialect;
use labels::Label;
use model::{Check, Comment, Issue, Opening, Outcome, Pull, Reason, Run, State};
pub use place::{Kind, Place, Rules, find};
pub use work::is_shared;

/// How long one request may take.
pub const LIMIT: Duration = Duration::from_secs(20);
/// Elements of a page.
const SIZE: usize = 100;
/// Pages that are read at most.
const PAGES: usize = 100;

/// A forge that can be asked.
#[derive(Debug, Clone, Copy)]
pub struct Forge<'a> {
    caller: Caller<'a>,
}

/// Items, and whether there are more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// There are more.
    pub more: bool,
}

impl<'a> Forge<'a> {
    /// The forge at `place`; one request takes at most `limit`.
    pub fn at(place: &'a Place, limit: Duration) -> Self {
        Self { caller: Caller { place, limit, lock: None } }
    }

    /// The same, with a lock that each request holds until it is through.
    fn holding(self, lock: &'a File) -> Self {
        Self { caller: Caller { lock: Some(lock), ..self.caller } }
    }

    fn place(&self) -> &'a Place {
        self.caller.place
    }

    fn says(&self) -> &'static dyn Dialect {
        dialect::of(self.place().kind)
    }

    fn get(&self, path: String) -> Result<Reply, Failure> {
        self.caller.ask(&Request { method: Method::Get, path, body: None })
    }

    /// Walks through a list page by page until `each` has enough; whether something was left out.
    fn walk(&self, path: &str, each: &mut dyn FnMut(&Value) -> bool) -> Result<bool, Failure> {
        for page in 1..=PAGES {
            let reply = self.get(format!("{path}&page={page}"))?;
            let items = reply.body.as_array().ok_or_else(|| odd("a list"))?;
            for (at, item) in items.iter().enumerate() {
                if !each(item) {
                    return Ok(reply.has_next || at + 1 < items.len());
                }
            }
            if !reply.has_next {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Issues with all of `labels`, the youngest first, at most `most`; requests are none.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn issues(&self, state: State, labels: &[String], most: usize) -> Result<Listed<Issue>, Failure> {
        let mut items = Vec::new();
        // GitHub lists requests among them, which are passed over.
        let size = (most * 2).clamp(10, SIZE);
        let more = self.each_issue(state, labels, size, &mut |issue| {
            if items.len() < most {
                items.push(issue);
                return true;
            }
            false
        })?;
        Ok(Listed { items, more })
    }

    fn each_issue(
        &self,
        state: State,
        labels: &[String],
        size: usize,
        each: &mut dyn FnMut(Issue) -> bool,
    ) -> Result<bool, Failure> {
        let path = self.says().issues(self.place(), state, labels, size);
        let mut is_full = false;
        self.walk(&path, &mut |value| {
            let issue = self.says().read_issue(value).filter(|issue| !issue.is_request);
            is_full = issue.is_some_and(|issue| !each(issue));
            !is_full
        })
        .map(|more| is_full || more)
    }

    /// One issue.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn issue(&self, number: u64) -> Result<Issue, Failure> {
        let reply = self.get(self.says().issue(self.place(), number))?;
        self.says().read_issue(&reply.body).ok_or_else(|| odd("an issue"))
    }

    /// The comments of an issue or a request, the oldest first.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn comments(&self, number: u64, of_request: bool) -> Result<Vec<Comment>, Failure> {
        let mut found = Vec::new();
        let path = self.says().comments(self.place(), number, of_request);
        self.walk(&path, &mut |value| {
            found.extend(self.says().read_comment(value));
            true
        })?;
        Ok(found)
    }

    fn create_issue(&self, title: &str, body: &str, labels: &[String]) -> Result<Issue, Failure> {
        let reply = self.caller.ask(&self.says().create_issue(self.place(), title, body, labels))?;
        self.says().read_issue(&reply.body).ok_or_else(|| odd("an issue"))
    }

    fn comment(&self, number: u64, of_request: bool, text: &str) -> Result<Comment, Failure> {
        let reply = self.caller.ask(&self.says().comment(self.place(), number, of_request, text))?;
        self.says().read_comment(&reply.body).ok_or_else(|| odd("a comment"))
    }

    fn close(&self, number: u64, reason: Reason) -> Result<(), Failure> {
        self.caller.ask(&self.says().close(self.place(), number, reason)).map(drop)
    }

    /// Takes labels away; those that are gone already are no failure.
    fn unlabel(&self, number: u64, labels: &[String]) -> Result<(), Failure> {
        for request in self.says().unlabel(self.place(), number, labels) {
            match self.caller.ask(&request) {
                Ok(_) | Err(Failure::Refused(404, _)) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// The labels of the project.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn labels(&self) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        self.walk(&self.says().labels(self.place()), &mut |value| {
            names.push(dialect::text(value, "/name"));
            true
        })?;
        Ok(names)
    }

    /// Creates a label; one that is there meanwhile is no failure.
    fn create_label(&self, label: &Label) -> Result<(), Failure> {
        match self.caller.ask(&self.says().create_label(self.place(), label)) {
            Err(Failure::Refused(409 | 422, why)) if why.contains("already") || why.contains("taken") => {
                Ok(())
            }
            answer => answer.map(drop),
        }
    }

    /// The requests from a branch, open or not.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn requests(&self, head: &str) -> Result<Vec<Pull>, Failure> {
        let mut found = Vec::new();
        self.walk(&self.says().requests(self.place(), head), &mut |value| {
            found.extend(self.says().read_request(value));
            true
        })?;
        Ok(found)
    }

    /// One request.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn request(&self, number: u64) -> Result<Pull, Failure> {
        let reply = self.get(self.says().request(self.place(), number))?;
        self.says().read_request(&reply.body).ok_or_else(|| odd("a request"))
    }

    /// Opens a request; not as a draft where the forge has none.
    fn open_request(&self, opening: &Opening) -> Result<Pull, Failure> {
        let reply = match self.caller.ask(&self.says().open_request(self.place(), opening)) {
            Err(Failure::Refused(422, why)) if opening.draft && why.to_lowercase().contains("draft") => {
                let opening = Opening { draft: false, ..opening.clone() };
                self.caller.ask(&self.says().open_request(self.place(), &opening))?
            }
            answer => answer?,
        };
        self.says().read_request(&reply.body).ok_or_else(|| odd("a request"))
    }

    /// The branch that others start from.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn default_branch(&self) -> Result<String, Failure> {
        let reply = self.get(self.says().repository(self.place()))?;
        let name = dialect::text(&reply.body, "/default_branch");
        if name.is_empty() { Err(odd("a repository")) } else { Ok(name) }
    }

    /// Whether the forge protects a branch; one that is not there is not protected.
    fn is_protected(&self, branch: &str) -> Result<bool, Failure> {
        match self.get(self.says().branch(self.place(), branch)) {
            Ok(reply) => Ok(reply.body.get("protected").and_then(Value::as_bool).unwrap_or_default()),
            Err(Failure::Refused(404, _)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// The last runs of workflows or pipelines, the youngest first.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn runs(&self, branch: Option<&str>, size: usize) -> Result<Vec<Run>, Failure> {
        let reply = self.get(self.says().runs(self.place(), branch, size.clamp(1, SIZE)))?;
        Ok(self.says().read_runs(&reply.body))
    }

    /// The jobs of a run.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn jobs(&self, run: u64) -> Result<Vec<Check>, Failure> {
        let reply = self.get(self.says().jobs(self.place(), run))?;
        Ok(self.says().read_jobs(&reply.body))
    }

    /// The checks of a request's last commit, what failed first.
    ///
    /// # Errors
    /// The forge does not say.
    pub fn checks(&self, request: &Pull) -> Result<Vec<Check>, Failure> {
        let mut found = Vec::new();
        for (path, is_run) in self.says().checks(self.place(), request) {
            let reply = self.get(path)?;
            if is_run {
                for run in self.says().read_runs(&reply.body) {
                    found.extend(self.jobs(run.id)?);
                }
            } else {
                found.extend(self.says().read_jobs(&reply.body));
            }
        }
        found.sort_by_key(|check| check.outcome);
        Ok(found)
    }
}

/// The worst of some outcomes; `None` of none.
pub fn worst(outcomes: impl Iterator<Item = Outcome>) -> Option<Outcome> {
    outcomes.min()
}

fn odd(what: &str) -> Failure {
    Failure::Odd(format!("it is not {what}"))
}
