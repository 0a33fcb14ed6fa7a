//! Doing one entry of the queue: it is looked for first where it may have been made before.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::call::Failure;
use super::model::{Issue, Opening, Pull, Reason, State};
use super::queue::{self, Act, Done, Entry, Queue};
use super::{Forge, LIMIT, body, labels};
use crate::{clock, git, plain, process};

/// A forge may need so long until its lists show what was made, in milliseconds. What was tried and is not there by then
/// was not made.
const LAG: u64 = 8_000;
/// How often it is looked meanwhile.
const LOOK: Duration = Duration::from_secs(1);
/// An issue that is older than the wish for it by so much is not it, in milliseconds. Clocks differ.
const SKEW: u64 = 86_400_000;
/// More issues than that are not looked through.
const RECENT: usize = 1_000;

/// Branches that are never pushed, whatever a forge says of them.
const PROTECTED: &[&str] = &["main", "master", "trunk", "develop", "production", "release"];

/// Does it; what was made before counts.
pub(super) fn perform(
    project: &Path,
    queue: &Queue,
    entry: &Entry,
    lock: Option<&File>,
    until: Instant,
) -> Result<Done, Failure> {
    let left = until.saturating_duration_since(Instant::now()).max(Duration::from_secs(2));
    let forge = entry.place.as_ref().map(|place| {
        let forge = Forge::at(place, LIMIT.min(left));
        lock.map_or(forge, |lock| forge.holding(lock))
    });
    if let Act::Push { .. } = &entry.act {
        return push(project, entry, forge, lock, left);
    }
    let forge = forge.ok_or_else(|| Failure::Odd("the entry names no forge".to_owned()))?;
    let work = Work { forge, entry, more: named(queue, entry) };
    match &entry.act {
        Act::Push { .. } => Err(Failure::Odd("a push is no request".to_owned())),
        Act::Open { .. } => work.open(),
        Act::Carry { .. } => work.carry(),
        Act::Create { title, body, labels } => work.create(title, body, labels),
        Act::Comment { number, of_request, body } => work.comment(*number, *of_request, body),
        Act::Settle { number, reason } => work.settle(*number, *reason),
    }
}

/// The pages of other entries, a line each.
fn named(queue: &Queue, entry: &Entry) -> String {
    let done = entry.names.iter().filter_map(|id| {
        let named = queue.entries.iter().find(|entry| entry.id == *id)?;
        let done = named.done.as_ref().filter(|done| !done.url.is_empty())?;
        Some(format!("\n- {}: {}", done.how, done.url))
    });
    let lines: String = done.collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

struct Work<'a> {
    forge: Forge<'a>,
    entry: &'a Entry,
    more: String,
}

impl Work<'_> {
    fn marker(&self) -> String {
        body::marker(&self.entry.id)
    }

    /// The body with the pages of other entries and a marker.
    fn full(&self, text: &str, marker: &str) -> String {
        body::marked(&format!("{}{}", text.trim_end(), self.more), marker)
    }

    /// What may have been made before: it is looked for until the forge's lists must show it.
    fn sought<T>(&self, mut look: impl FnMut() -> Result<Option<T>, Failure>) -> Result<Option<T>, Failure> {
        loop {
            let now = clock::now_ms();
            let found = look()?;
            let is_settled = self.entry.tried == 0 || now.saturating_sub(self.entry.tried) > LAG;
            if found.is_some() || is_settled {
                return Ok(found);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn open(&self) -> Result<Done, Failure> {
        let Act::Open { head, base, title, body, draft } = &self.entry.act else {
            return Err(Failure::Odd("it opens nothing".to_owned()));
        };
        let base = if base.is_empty() { self.forge.default_branch()? } else { base.clone() };
        if *head == base {
            return Err(Failure::Odd(format!("`{base}` cannot be requested into itself")));
        }
        let kind = self.forge.place().kind;
        let of = |how: &str, pull: &Pull| {
            let draft = if pull.draft { "draft " } else { "" };
            let how = format!("{how} {draft}{} {}{}", kind.request(), kind.mark(), pull.number);
            Done { how, number: Some(pull.number), url: pull.url.clone() }
        };
        let mut there = Vec::new();
        let own = self.sought(|| {
            there = self.forge.requests(head)?;
            Ok(there.iter().find(|pull| pull.body.contains(&self.marker())).cloned())
        })?;
        if let Some(own) = own {
            return Ok(of("opened", &own));
        }
        let full = self.full(body, &self.marker());
        if let Some(open) = there.iter().find(|pull| pull.state == "open") {
            self.say(open.number, true, &full)?;
            return Ok(of("added the evidence to", open));
        }
        let opening = Opening { head: head.clone(), base, title: title.clone(), body: full, draft: *draft };
        self.forge.open_request(&opening).map(|pull| of("opened", &pull))
    }

    fn carry(&self) -> Result<Done, Failure> {
        let Act::Carry { key, title, body, priority, labels: more } = &self.entry.act else {
            return Err(Failure::Odd("it carries nothing".to_owned()));
        };
        let there = self.forge.labels()?;
        let of = |how: &str, issue: &Issue| {
            let how = format!("{how} carryover issue #{}", issue.number);
            Done { how, number: Some(issue.number), url: issue.url.clone() }
        };
        let carryover = self.label("type", "carryover", &there)?;
        let (mark, own) = (body::carry_mark(key), body::carry_marker(key, &self.entry.session));
        let found = self.sought(|| {
            let mut found = None;
            self.forge.each_issue(State::All, std::slice::from_ref(&carryover), 100, &mut |issue| {
                let is_it = issue.body.contains(&own) || issue.open && issue.body.contains(&mark);
                found = is_it.then_some(issue);
                found.is_none()
            })?;
            // Labels are dropped in silence where the login may not set them.
            if found.is_none() && self.entry.tried > 0 {
                found = self.recent(&own)?;
            }
            Ok(found)
        })?;
        match found {
            Some(issue) if issue.body.contains(&own) => Ok(of("created", &issue)),
            Some(issue) => {
                self.say(issue.number, false, &self.full(body, &self.marker()))?;
                Ok(of("added to", &issue))
            }
            None => {
                let mut labels = vec![carryover];
                labels.push(self.label("priority", priority, &there)?);
                labels.push(self.label("status", "ready", &there)?);
                labels.extend(more.iter().filter(|label| there.contains(label)).cloned());
                self.forge
                    .create_issue(title, &self.full(body, &own), &labels)
                    .map(|issue| of("created", &issue))
            }
        }
    }

    /// The project's spelling of a label, which is created where it is missing. Who may not create labels goes on.
    fn label(&self, family: &str, name: &str, there: &[String]) -> Result<String, Failure> {
        let label = match labels::spelled(self.forge.place().kind, family, name, there) {
            Ok(spelled) => return Ok(spelled),
            Err(label) => label,
        };
        match self.forge.create_label(&label) {
            Err(failure) if failure.is_later() => Err(failure),
            _ => Ok(label.name),
        }
    }

    fn create(&self, title: &str, body: &str, labels: &[String]) -> Result<Done, Failure> {
        let known = if self.entry.tried > 0 { self.sought(|| self.recent(&self.marker()))? } else { None };
        let issue = match known {
            Some(issue) => issue,
            None => self.forge.create_issue(title, &self.full(body, &self.marker()), labels)?,
        };
        Ok(Done {
            how: format!("created issue #{}", issue.number),
            number: Some(issue.number),
            url: issue.url,
        })
    }

    /// An issue with this marker among those that are not older than the wish for it.
    fn recent(&self, marker: &str) -> Result<Option<Issue>, Failure> {
        let since = self.entry.since.saturating_sub(SKEW);
        let (mut found, mut seen) = (None, 0);
        self.forge.each_issue(State::All, &[], 100, &mut |issue| {
            seen += 1;
            let created = clock::ms_of(&issue.created);
            let is_old = created > 0 && created < since;
            found = issue.body.contains(marker).then_some(issue);
            found.is_none() && !is_old && seen < RECENT
        })?;
        Ok(found)
    }

    fn comment(&self, number: u64, of_request: bool, text: &str) -> Result<Done, Failure> {
        let url = self.say(number, of_request, &self.full(text, &self.marker()))?;
        Ok(Done { how: format!("commented on {}", self.name(number, of_request)), number: Some(number), url })
    }

    /// Says something once; the page of it.
    fn say(&self, number: u64, of_request: bool, text: &str) -> Result<String, Failure> {
        if self.entry.tried > 0 {
            let said = self.sought(|| {
                let said = self.forge.comments(number, of_request)?;
                Ok(said.into_iter().find(|comment| comment.body.contains(&self.marker())))
            })?;
            if let Some(said) = said {
                return Ok(said.url);
            }
        }
        self.forge.comment(number, of_request, text).map(|comment| comment.url)
    }

    fn settle(&self, number: u64, reason: Reason) -> Result<Done, Failure> {
        let issue = self.forge.issue(number)?;
        let status: Vec<String> =
            issue.labels.iter().filter(|label| labels::is_status(label)).cloned().collect();
        if !status.is_empty() {
            self.forge.unlabel(number, &status)?;
        }
        if issue.open {
            self.forge.close(number, reason)?;
        }
        Ok(Done { how: format!("closed #{number}"), number: Some(number), url: issue.url })
    }

    fn name(&self, number: u64, of_request: bool) -> String {
        let mark = if of_request { self.forge.place().kind.mark() } else { '#' };
        format!("{mark}{number}")
    }
}

/// Whether a branch is one of those that everybody shares: the remote's default one, or called like them.
pub fn is_shared(project: &Path, remote: &str, branch: &str) -> bool {
    let prefix = format!("refs/remotes/{remote}/");
    let default = git2::Repository::open(project).ok().and_then(|repository| {
        let head = repository.find_reference(&format!("{prefix}HEAD")).ok()?;
        let target = head.symbolic_target().ok().flatten()?.to_owned();
        target.strip_prefix(&prefix).map(str::to_owned)
    });
    default.as_deref() == Some(branch) || PROTECTED.contains(&branch)
}

fn push(
    project: &Path,
    entry: &Entry,
    forge: Option<Forge<'_>>,
    lock: Option<&File>,
    limit: Duration,
) -> Result<Done, Failure> {
    let Act::Push { remote, branch, commit, direct } = &entry.act else {
        return Err(Failure::Odd("it pushes nothing".to_owned()));
    };
    let done = Done { how: format!("pushed `{branch}` to {remote}"), ..Done::default() };
    if is_pushed(project, remote, branch, commit) {
        return Ok(done);
    }
    let protected = || Failure::Refused(0, format!("`{branch}` is protected"));
    if branch.is_empty() || branch.starts_with('-') || !direct && is_shared(project, remote, branch) {
        return Err(protected());
    }
    // Where the forge does not say, the remote does when it is pushed.
    if !branch.starts_with("so/") && forge.is_some_and(|forge| forge.is_protected(branch).unwrap_or_default())
    {
        return Err(protected());
    }
    let refspec = format!("refs/heads/{branch}:refs/heads/{branch}");
    let mut command = git::command(project);
    command.args(["push", "--quiet", "--set-upstream", "--", remote, &refspec]);
    // Nobody is there to be asked for a password.
    command.env("GIT_TERMINAL_PROMPT", "0").env("SSH_ASKPASS_REQUIRE", "force");
    process::own_group(&mut command);
    let io = |error: std::io::Error| Failure::Offline(error.to_string());
    let said = lock.map_or_else(tempfile::tempfile, File::try_clone).map_err(io)?;
    said.set_len(0).map_err(io)?;
    command.stdout(Stdio::null()).stderr(said.try_clone().map_err(io)?);
    let mut child = command.spawn().map_err(io)?;
    let noted = |process| match lock {
        Some(_) => queue::note_push(project, process).map_err(|error| Failure::Odd(error.to_string())),
        None => Ok(()),
    };
    noted(Some(child.id()))?;
    // A push that takes longer goes on: its hooks may run all tests. Who calls again waits for it.
    let Some(status) = process::ended(&mut child, limit).map_err(io)? else {
        return Err(Failure::Busy(format!("git push, process {}", child.id())));
    };
    noted(None)?;
    if status.success() { Ok(done) } else { Err(unpushed(said)) }
}

/// Why a push failed.
fn unpushed(mut said: File) -> Failure {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut text = String::new();
    let _ = said.seek(SeekFrom::Start(0)).and_then(|_| said.take(1 << 20).read_to_string(&mut text));
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let end = lines.get(lines.len().saturating_sub(6)..).unwrap_or_default().join("; ");
    let end = plain::line(&end, 400);
    let offline = [
        "Could not resolve host",
        "Connection refused",
        "Connection timed out",
        "timed out",
        "unreachable",
        "Failed to connect",
        "Could not read from remote repository",
        "Authentication failed",
        "terminal prompts disabled",
        "could not read Username",
    ];
    if offline.iter().any(|words| text.contains(words)) {
        Failure::Offline(end)
    } else {
        Failure::Refused(0, end)
    }
}

/// Whether the remote had the commit on the branch when it was last heard of.
fn is_pushed(project: &Path, remote: &str, branch: &str, commit: &str) -> bool {
    let Ok(repository) = git2::Repository::open(project) else { return false };
    let there = repository
        .find_reference(&format!("refs/remotes/{remote}/{branch}"))
        .ok()
        .and_then(|reference| reference.target());
    match (there, git2::Oid::from_str(commit)) {
        (Some(there), Ok(commit)) => {
            there == commit || repository.graph_descendant_of(there, commit).unwrap_or_default()
        }
        _ => false,
    }
}
