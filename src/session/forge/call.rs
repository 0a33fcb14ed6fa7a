//! One call of a forge by its own program: `gh api` or `glab api`, as an argument vector, the body on stdin, bounded in
//! time and size. What went wrong is told apart by what has to be done about it.
//!
//! Both programs take the same flags here, and with `--include` both say the status and the headers before the body.
//! They are run outside the project, so that nothing that stands in it speaks for them.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::place::{Kind, Place};
use crate::{env, plain, process};

/// Bytes of one answer at most.
const MOST: u64 = 16 << 20;
/// Of what a program says, so much is shown.
const SHOWN: usize = 200;

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// It reads.
    Get,
    /// It makes something.
    Post,
    /// It changes something.
    Patch,
    /// It changes something, on GitLab.
    Put,
    /// It takes something away.
    Delete,
}

impl Method {
    fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// The path below the root of the interface, with its query; every value in it is encoded.
    pub path: String,
    /// What is sent.
    pub body: Option<Value>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status of HTTP.
    pub status: u16,
    /// There is another page.
    pub has_next: bool,
    /// The body; null where there is none.
    pub body: Value,
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The program is not there.
    #[error("`{0}` is not installed")]
    Missing(&'static str),
    /// Nobody is logged in.
    #[error("nobody is logged in at {1}: {0} auth login --hostname {1}")]
    SignedOut(&'static str, String),
    /// The forge cannot be reached, or does not work just now.
    #[error("the forge cannot be reached: {0}")]
    Offline(String),
    /// Too many requests were made.
    #[error("the forge takes no more requests for now: {0}")]
    Limited(String),
    /// It took too long.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// Another process is at it.
    #[error("another process is at it: {0}")]
    Busy(String),
    /// The forge does not want it.
    #[error("the forge refuses it ({0}): {1}")]
    Refused(u16, String),
    /// It cannot be made sense of.
    #[error("the answer cannot be understood: {0}")]
    Odd(String),
}

impl Failure {
    /// Whether the same call may succeed later, without anything being changed.
    pub fn is_later(&self) -> bool {
        !matches!(self, Self::Refused(..) | Self::Odd(_))
    }
}

/// Who calls: the place, how long one call may take, and a lock that the program holds too.
///
/// The lock's file is the program's stderr. A lock of the system belongs to the open file, so it is held as long as the
/// program runs, even when this process is ended: who comes next waits until the request is through.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Where.
    pub place: &'a Place,
    /// How long.
    pub limit: Duration,
    /// The lock.
    pub lock: Option<&'a File>,
}

impl Caller<'_> {
    /// Makes one request.
    ///
    /// # Errors
    /// It brought no answer, or one that is not a success.
    pub fn ask(&self, request: &Request) -> Result<Reply, Failure> {
        let program = program(self.place.kind);
        let path = env::which(program).filter(|path| path.is_absolute()).ok_or(Failure::Missing(program))?;
        let io = |error: std::io::Error| Failure::Offline(error.to_string());
        let mut said = self.stderr().map_err(io)?;
        let mut command = command(&path, self.place, request);
        command.stdin(body(request).map_err(io)?).stdout(Stdio::piped());
        command.stderr(said.try_clone().map_err(io)?);
        let mut child = command.spawn().map_err(io)?;
        let (output, code) = self.wait(&mut child)?;
        said.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut errors = Vec::new();
        said.take(MOST).read_to_end(&mut errors).map_err(io)?;
        self.judge(&output, &String::from_utf8_lossy(&errors), code)
    }

    /// What the program says goes to the lock, or where nobody else sees it.
    fn stderr(&self) -> std::io::Result<File> {
        let file = self.lock.map_or_else(tempfile::tempfile, File::try_clone)?;
        file.set_len(0)?;
        Ok(file)
    }

    fn wait(&self, child: &mut Child) -> Result<(Vec<u8>, Option<i32>), Failure> {
        let until = Instant::now() + self.limit;
        let (send, receive) = std::sync::mpsc::channel();
        let output = child.stdout.take();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = output.map(|output| output.take(MOST).read_to_end(&mut bytes));
            let _ = send.send(read.is_some_and(|read| read.is_ok()).then_some(bytes));
        });
        let late = || Failure::Late(self.limit);
        let output = receive.recv_timeout(self.limit).map_err(|_| late());
        let ended = output.and_then(|output| {
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(500));
            let status = process::ended(child, left).map_err(|_| late())?.ok_or_else(late)?;
            Ok((output.unwrap_or_default(), Some(process::code(status))))
        });
        if ended.is_err() {
            process::kill_group(child.id());
            let _ = child.wait();
        }
        ended
    }

    fn judge(&self, output: &[u8], errors: &str, code: Option<i32>) -> Result<Reply, Failure> {
        let Some((status, headers, body)) = split(output) else {
            return Err(self.silent(errors, code));
        };
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
        if !(200..300).contains(&status) {
            return Err(self.refused(status, &header, body));
        }
        let text = body.trim_ascii();
        let body = if text.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(text) };
        let body = body.map_err(|error| Failure::Odd(error.to_string()))?;
        let has_next = header("link").is_some_and(|link| link.contains("rel=\"next\""))
            || header("x-next-page").is_some_and(|page| !page.trim().is_empty());
        Ok(Reply { status, has_next, body })
    }

    /// An answer that is not a success.
    fn refused<'h>(&self, status: u16, header: &dyn Fn(&str) -> Option<&'h str>, body: &[u8]) -> Failure {
        let said = message(body);
        let is_limit = header("retry-after").is_some()
            || header("x-ratelimit-remaining") == Some("0")
            || header("ratelimit-remaining") == Some("0")
            || said.to_ascii_lowercase().contains("rate limit");
        match status {
            401 => self.signed_out(),
            403 | 429 if is_limit || status == 429 => Failure::Limited(said),
            500.. => Failure::Offline(format!("it answers {status}: {said}")),
            404 => Failure::Refused(404, format!("{said}; it is not there, or this login may not see it")),
            _ => Failure::Refused(status, said),
        }
    }

    /// No answer at all: what the program says of it.
    fn silent(&self, errors: &str, code: Option<i32>) -> Failure {
        let lower = errors.to_ascii_lowercase();
        let said = plain::line(errors, SHOWN);
        let about_login =
            ["auth login", "not logged in", "no token", "authentication required", "unauthenticated"];
        let about_flags = ["unknown flag", "unknown command", "unknown shorthand", "accepts 1 arg"];
        // `gh` ends with 4 where it wants a login.
        if code == Some(4) || about_login.iter().any(|words| lower.contains(words)) {
            self.signed_out()
        } else if about_flags.iter().any(|words| lower.contains(words)) {
            Failure::Odd(said)
        } else {
            Failure::Offline(if said.is_empty() { "it says nothing".to_owned() } else { said })
        }
    }

    fn signed_out(&self) -> Failure {
        Failure::SignedOut(program(self.place.kind), self.place.host.clone())
    }
}

/// The program of a kind.
pub fn program(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "gh",
        Kind::GitLab => "glab",
    }
}

fn command(program: &Path, place: &Place, request: &Request) -> Command {
    let mut command = Command::new(program);
    command.args(["api", "--include", "--method", request.method.word()]);
    if place.kind == Kind::GitHub {
        command.args(["-H", "Accept: application/vnd.github+json", "-H", "X-GitHub-Api-Version: 2022-11-28"]);
    }
    if request.body.is_some() {
        command.args(["-H", "Content-Type: application/json", "--input", "-"]);
    }
    // The environment alone is not heard by every `glab`.
    if place.kind == Kind::GitLab && !place.host.contains(':') {
        command.args(["--hostname", &place.host]);
    }
    command.arg(&request.path);
    // Both take a host with a port from here only.
    match place.kind {
        Kind::GitHub => command.env("GH_HOST", &place.host),
        Kind::GitLab => command.env("GITLAB_HOST", &place.host),
    };
    for name in
        ["GH_REPO", "GH_DEBUG", "DEBUG", "GH_FORCE_TTY", "CLICOLOR_FORCE", "GLAB_DEBUG", "GLAB_DEBUG_HTTP"]
    {
        command.env_remove(name);
    }
    for (name, value) in [
        ("GH_PROMPT_DISABLED", "1"),
        ("GH_NO_UPDATE_NOTIFIER", "1"),
        ("GH_NO_EXTENSION_UPDATE_NOTIFIER", "1"),
        ("GH_PAGER", "cat"),
        ("PAGER", "cat"),
        ("NO_COLOR", "1"),
        ("NO_PROMPT", "1"),
        ("GLAB_CHECK_UPDATE", "false"),
        ("GLAB_SEND_TELEMETRY", "false"),
    ] {
        command.env(name, value);
    }
    command.current_dir(outside());
    process::own_group(&mut command);
    command
}

/// A directory that is in no repository.
fn outside() -> PathBuf {
    let temp = std::env::temp_dir();
    temp.ancestors().last().map_or(temp.clone(), Path::to_path_buf)
}

/// The body as a file that has no name: it is there in full, whatever becomes of this process.
fn body(request: &Request) -> std::io::Result<Stdio> {
    let Some(body) = &request.body else { return Ok(Stdio::null()) };
    let mut file = tempfile::tempfile()?;
    file.write_all(body.to_string().as_bytes())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file.into())
}

/// Status, headers (names in lower case) and body.
type Parts<'a> = (u16, Vec<(String, String)>, &'a [u8]);

fn split(output: &[u8]) -> Option<Parts<'_>> {
    let mut rest = output;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        Some(String::from_utf8_lossy(line).trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.strip_prefix("HTTP/")?.split(' ');
    let status = words.nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Some((status, headers, rest))
}

/// What the body of a refusal says: its message, and what it complains of.
fn message(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return plain::line(&String::from_utf8_lossy(body), SHOWN);
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let field = |name: &str| value.get(name).filter(|value| !value.is_null()).map(text);
    let mut parts: Vec<String> =
        ["message", "error", "error_description"].iter().filter_map(|name| field(name)).collect();
    for error in value.get("errors").and_then(Value::as_array).into_iter().flatten() {
        parts.push(error.get("message").map_or_else(|| text(error), text));
    }
    let said = if parts.is_empty() { value.to_string() } else { parts.join(": ") };
    plain::line(&said, SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stdout, stderr and exit of the program, and what is made of them.
    const ANSWERS: &[(&str, &str, i32, &str)] = &[
        ("HTTP/2.0 200 OK\nLink: <u>; rel=\"next\"\r\n\r\n[1]", "", 0, "200 true [1]"),
        ("HTTP/1.1 200 OK\nX-Next-Page: \r\n\r\n[]", "", 0, "200 false []"),
        ("HTTP/1.1 204 No Content\n\r\n", "", 0, "204 false null"),
        ("HTTP/1.1 200 OK\n\r\n<html>", "", 0, "the answer cannot be understood"),
        (
            "HTTP/1.1 401 Unauthorized\n\r\n{}",
            "",
            1,
            "later: nobody is logged in at github.com: gh auth login",
        ),
        (
            "HTTP/1.1 403 Forbidden\nX-Ratelimit-Remaining: 0\r\n\r\n{}",
            "",
            1,
            "later: the forge takes no more",
        ),
        (
            "HTTP/1.1 403 Forbidden\n\r\n{\"message\": \"You have exceeded a secondary rate limit\"}",
            "",
            1,
            "later: the forge takes no more",
        ),
        ("HTTP/1.1 403 Forbidden\n\r\n{\"message\": \"no\"}", "", 1, "the forge refuses it (403): no"),
        ("HTTP/1.1 429 Too Many Requests\n\r\n", "", 1, "later: the forge takes no more"),
        ("HTTP/1.1 502 Bad Gateway\n\r\n<html>", "", 1, "later: the forge cannot be reached: it answers 502"),
        (
            "HTTP/1.1 422 X\n\r\n{\"message\": \"Validation Failed\", \"errors\": [{\"message\": \"a\"}, \"b\"]}",
            "",
            1,
            "the forge refuses it (422): Validation Failed: a: b",
        ),
        (
            "HTTP/1.1 409 X\n\r\n{\"message\": {\"title\": [\"is taken\"]}}",
            "",
            1,
            "the forge refuses it (409): {\"title\":[\"is taken\"]}",
        ),
        ("", "error connecting to github.com", 1, "later: the forge cannot be reached: error connecting"),
        ("", "To get started with GitHub CLI, please run:  gh auth login", 4, "later: nobody is logged in"),
        ("", "unknown flag: --include", 1, "the answer cannot be understood: unknown flag"),
        ("", "", 2, "later: the forge cannot be reached: it says nothing"),
    ];

    #[test]
    fn answers_are_told_apart_by_what_they_ask_for() {
        let place = Place { host: "github.com".into(), ..Place::default() };
        let caller = Caller { place: &place, limit: Duration::from_secs(1), lock: None };
        let said = |output: &str, errors: &str, code: &i32| match caller.judge(
            output.as_bytes(),
            errors,
            Some(*code),
        ) {
            Ok(reply) => format!("{} {} {}", reply.status, reply.has_next, reply.body),
            Err(failure) => format!("{}{failure}", if failure.is_later() { "later: " } else { "" }),
        };
        for (output, errors, code, expected) in ANSWERS {
            let said = said(output, errors, code);
            assert!(said.starts_with(expected), "{output:?} {errors:?}: {said}");
        }
    }
}
