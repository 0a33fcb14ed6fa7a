//! What the forges say differently: the request for each thing, and how its answer is read. Pure; one file a forge.

use serde_json::Value;

use super::call::{Method, Request};
use super::labels::Label;
use super::model::{Check, Comment, Issue, Opening, Pull, Reason, Run, State};
use super::place::{Kind, Place};

/// A forge's interface. Paths of lists take `&page=N` behind them.
pub(super) trait Dialect: Sync {
    /// Issues with all of `labels`, the youngest first.
    fn issues(&self, at: &Place, state: State, labels: &[String], size: usize) -> String;
    fn issue(&self, at: &Place, number: u64) -> String;
    fn read_issue(&self, value: &Value) -> Option<Issue>;
    fn create_issue(&self, at: &Place, title: &str, body: &str, labels: &[String]) -> Request;
    /// The comments of an issue, or of a request.
    fn comments(&self, at: &Place, number: u64, of_request: bool) -> String;
    /// `None` for what the forge itself noted.
    fn read_comment(&self, value: &Value) -> Option<Comment>;
    fn comment(&self, at: &Place, number: u64, of_request: bool, text: &str) -> Request;
    fn close(&self, at: &Place, number: u64, reason: Reason) -> Request;
    /// Takes labels from an issue.
    fn unlabel(&self, at: &Place, number: u64, labels: &[String]) -> Vec<Request>;
    fn labels(&self, at: &Place) -> String;
    fn create_label(&self, at: &Place, label: &Label) -> Request;
    /// All requests from a branch, open or not.
    fn requests(&self, at: &Place, head: &str) -> String;
    fn request(&self, at: &Place, number: u64) -> String;
    fn read_request(&self, value: &Value) -> Option<Pull>;
    fn open_request(&self, at: &Place, opening: &Opening) -> Request;
    fn repository(&self, at: &Place) -> String;
    fn branch(&self, at: &Place, name: &str) -> String;
    fn runs(&self, at: &Place, branch: Option<&str>, size: usize) -> String;
    fn read_runs(&self, value: &Value) -> Vec<Run>;
    /// The jobs of a run.
    fn jobs(&self, at: &Place, run: u64) -> String;
    fn read_jobs(&self, value: &Value) -> Vec<Check>;
    /// Where the checks of a request stand: each is a list of checks, or of runs where `true`.
    fn checks(&self, at: &Place, request: &Pull) -> Vec<(String, bool)>;
}

/// The dialect of a kind.
pub(super) fn of(kind: Kind) -> &'static dyn Dialect {
    match kind {
        Kind::GitHub => &super::github::GitHub,
        Kind::GitLab => &super::gitlab::GitLab,
    }
}

/// A request with a body.
pub(super) fn with(method: Method, path: String, body: Value) -> Request {
    Request { method, path, body: Some(body) }
}

/// A value of a path or a query, encoded.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(["%", &format!("{byte:02X}")]);
        }
    }
    out
}

/// A text of an object; empty where there is none.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The elements of a list.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_paths_are_encoded() {
        assert_eq!(encoded("g/s p/ü:owner{repo}?&#"), "g%2Fs%20p%2F%C3%BC%3Aowner%7Brepo%7D%3F%26%23");
    }
}
