//! What a close wants of the remote and of the forge: the branch pushed, a request opened, issues answered and closed,
//! carryover issues created. It is written into the queue first; the queue does each thing once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::integrate::{REMOTE, has_remote};
use super::{Closed, Evidence, Integrate, Wanted, planned};
use crate::clock;
use crate::glob::{Case, Glob};
use crate::session::forge::body::{
    self, CarryFacts, CommentFacts, CommentTask, Mention, RequestFacts, Row, code, tame,
};
use crate::session::forge::model::Reason;
use crate::session::forge::queue::{self, Act, Entry, Ran};
use crate::session::forge::{is_shared, labels, template};
use crate::session::plan::{Priority, Task};
use crate::session::state;
use crate::session::templates::Purpose;
use crate::session::wave::Outcome;

/// Files of a task that are named.
const FILES: usize = 8;
/// Open questions that are taken over.
const QUESTIONS: usize = 5;
/// The forge gets at least so long.
const LEAST: Duration = Duration::from_secs(10);

/// Does what can be done now; a sentence where the close has to be called again.
pub(super) fn publish(
    wanted: &Wanted<'_>,
    closed: &mut Closed,
    until: Instant,
) -> anyhow::Result<Option<String>> {
    let entries = entries(wanted, closed)?;
    if !entries.is_empty() {
        queue::add(wanted.project, &entries)?;
    }
    let ran = queue::run(wanted.project, until.max(Instant::now() + LEAST))?;
    if ran.again {
        let left: Vec<String> = ran.left.iter().map(Entry::intent).collect();
        let why = ran.why.map(|why| format!(" ({why})")).unwrap_or_default();
        return Ok(Some(format!("{} to do: {}{why}", ran.left.len(), left.join(", "))));
    }
    let session = &wanted.session.id;
    let own = |entry: &&Entry| entry.session == *session;
    let push = ran.done.iter().chain(&ran.left).find(|entry| entry.id == id(session, "push"));
    closed.integrated = Some(sentence(wanted, closed, push, &ran));
    let said = ran.done.iter().filter(own).filter(|entry| !matches!(entry.act, Act::Push { .. }));
    closed.forge = said.filter_map(|entry| entry.done.as_ref()).map(words).collect();
    closed.waiting = ran.left.iter().map(|entry| waiting(entry, &ran)).collect();
    let number = |entry: &Entry| {
        let task = entry.id.strip_prefix(&id(session, "carry-"))?.to_owned();
        Some((task, entry.done.as_ref()?.number?))
    };
    closed.carryover = ran.done.iter().filter_map(number).collect();
    Ok(None)
}

/// What would be done, as clauses.
pub(super) fn preview(wanted: &Wanted<'_>, closed: &Closed) -> anyhow::Result<Vec<String>> {
    let mut closed = closed.clone();
    if !closed.files.own().is_empty() {
        closed.commits.push(closed.parent.clone());
    }
    let words = |entry: &Entry| match &entry.act {
        Act::Carry { .. } => format!("{}, unless its acceptance holds by then", entry.intent()),
        _ => entry.intent(),
    };
    Ok(entries(wanted, &closed)?.iter().map(words).collect())
}

fn words(done: &queue::Done) -> String {
    if done.url.is_empty() { done.how.clone() } else { format!("{}: {}", done.how, done.url) }
}

/// Why an entry waits.
pub(crate) fn waiting(entry: &Entry, ran: &Ran) -> String {
    let why = if entry.refused.is_empty() {
        let needed = entry.needs.as_ref().and_then(|id| ran.left.iter().find(|left| left.id == *id));
        match (needed, &ran.why) {
            (Some(needed), None) => format!("it needs first: {}", needed.intent()),
            (_, Some(why)) => why.to_string(),
            (None, None) => String::new(),
        }
    } else {
        entry.refused.clone()
    };
    if why.is_empty() { entry.intent() } else { format!("{}: {why}", entry.intent()) }
}

fn id(session: &str, what: &str) -> String {
    format!("{session}/{what}")
}

/// Whether the commits leave this machine.
fn leaves(wanted: &Wanted<'_>, closed: &Closed) -> bool {
    wanted.integrate != Integrate::Local
        && !closed.commits.is_empty()
        && has_remote(wanted.project)
        && !closed.branch.is_empty()
        && (wanted.integrate == Integrate::Direct || !is_shared(wanted.project, REMOTE, &closed.branch))
}

fn sentence(wanted: &Wanted<'_>, closed: &Closed, push: Option<&Entry>, ran: &Ran) -> String {
    let branch = &closed.branch;
    match push {
        Some(Entry { done: Some(done), .. }) => done.how.clone(),
        Some(entry) => {
            let why = if entry.refused.is_empty() {
                ran.why.as_ref().map(ToString::to_string).unwrap_or_default()
            } else {
                entry.refused.clone()
            };
            format!("committed on `{branch}`; it could not be pushed: {why}")
        }
        None if closed.commits.is_empty() => "nothing was committed".to_owned(),
        None if wanted.integrate == Integrate::Local || !has_remote(wanted.project) => {
            format!("committed on `{branch}`; nothing was pushed")
        }
        None => format!("committed; `{branch}` is protected and was not pushed"),
    }
}

/// Everything that this close wants, in its order.
fn entries(wanted: &Wanted<'_>, closed: &Closed) -> anyhow::Result<Vec<Entry>> {
    let session = wanted.session;
    let base = Entry {
        session: session.id.clone(),
        label: session.label.clone(),
        since: clock::now_ms(),
        place: wanted.place.cloned(),
        ..Entry::default()
    };
    let entry = |what: &str, act| Entry { id: id(&session.id, what), act, ..base.clone() };
    let mut entries = Vec::new();
    let leaves = leaves(wanted, closed);
    if leaves {
        let commit = closed.commits.last().unwrap_or(&closed.parent).clone();
        let (remote, branch) = (REMOTE.to_owned(), closed.branch.clone());
        let direct = wanted.integrate == Integrate::Direct;
        entries.push(entry("push", Act::Push { remote, branch, commit, direct }));
    }
    if wanted.place.is_none() || wanted.integrate == Integrate::Local {
        return Ok(entries);
    }
    let needs = leaves.then(|| id(&session.id, "push"));
    let mut names = Vec::new();
    if leaves && wanted.integrate == Integrate::Pr {
        let request = Entry { needs: needs.clone(), ..entry("request", open(wanted, closed)?) };
        names.push(request.id.clone());
        entries.push(request);
    }
    for (evidence, task) in carried(wanted, closed) {
        let act = carry(wanted, evidence, task)?;
        entries.push(entry(&format!("carry-{}", task.id), act));
    }
    // What was committed and cannot leave closes nothing.
    let delivers = leaves || closed.commits.is_empty();
    for (number, tasks) in by_issue(wanted, closed) {
        let done = tasks.iter().all(|one| one.result == Outcome::Done);
        let body = comment(wanted, &tasks, done)?;
        let mut said = entry(&format!("comment-{number}"), Act::Comment { number, of_request: false, body });
        said.needs.clone_from(&needs);
        said.names.clone_from(&names);
        let carries = tasks.iter().filter(|one| one.carried);
        said.names.extend(carries.map(|one| id(&session.id, &format!("carry-{}", one.task))));
        let after = Some(said.id.clone());
        entries.push(said);
        if done && delivers && wanted.closes_issues {
            let act = Act::Settle { number, reason: Reason::Completed };
            entries.push(Entry { needs: after, ..entry(&format!("close-{number}"), act) });
        }
    }
    Ok(entries)
}

/// The evidence of the tasks that have an issue.
fn by_issue<'a>(wanted: &Wanted<'_>, closed: &'a Closed) -> BTreeMap<u64, Vec<&'a Evidence>> {
    let mut issues: BTreeMap<u64, Vec<&Evidence>> = BTreeMap::new();
    for task in planned(wanted) {
        let evidence = closed.tasks.iter().find(|one| one.task == task.id);
        if let (Some(issue), Some(evidence)) = (task.issue, evidence) {
            issues.entry(issue).or_default().push(evidence);
        }
    }
    issues
}

fn carried<'a>(wanted: &Wanted<'a>, closed: &'a Closed) -> impl Iterator<Item = (&'a Evidence, &'a Task)> {
    let wanted = *wanted;
    let carried = closed.tasks.iter().filter(|one| one.carried);
    carried.filter_map(move |one| Some((one, planned(&wanted).find(|task| task.id == one.task)?)))
}

/// The request with the table of evidence.
pub(super) fn open(wanted: &Wanted<'_>, closed: &Closed) -> anyhow::Result<Act> {
    let goal = wanted.agreed.map_or("Work of one session", |agreed| agreed.plan.goal.as_str());
    let issues = by_issue(wanted, closed).into_iter().map(|(number, tasks)| Mention {
        number,
        closes: !wanted.closes_issues && tasks.iter().all(|one| one.result == Outcome::Done),
    });
    let left = closed.tasks.iter().filter(|one| one.carried);
    let facts = RequestFacts {
        goal: tame(goal),
        label: wanted.session.label.clone(),
        gate: closed.gate.map(|gate| gate.word().to_owned()).unwrap_or_default(),
        rows: closed.tasks.iter().flat_map(|one| rows(wanted, closed, one)).collect(),
        issues: issues.collect(),
        carried: left.map(|one| format!("{} ({})", tame(&one.title), one.result.word())).collect(),
        unplanned: cut(closed.files.unplanned.iter().map(|path| code(path)).collect()),
    };
    let mut text = body::request(&facts)?;
    if wanted.follows_templates
        && let Some(template) = template::default(&template::of(wanted.project, Purpose::PullRequest))
    {
        text = template::filled(&template.body, &text);
    }
    let title = subject(wanted.project, closed).unwrap_or_else(|| tame(goal));
    let head = head(wanted, &closed.branch);
    Ok(Act::Open { head, base: String::new(), title, body: text, draft: true })
}

/// The branch as the forge names it: with its owner where it stands in another repository than the requests.
fn head(wanted: &Wanted<'_>, branch: &str) -> String {
    let elsewhere = wanted.place.filter(|place| place.remote != REMOTE).and_then(|place| {
        let rules = crate::session::forge::Rules { remote: Some(REMOTE.to_owned()), ..Default::default() };
        let own = crate::session::forge::find(wanted.project, &rules).ok()?;
        let owner = own.path.split('/').next()?.to_owned();
        (own.path != place.path).then_some(owner)
    });
    elsewhere.map_or(branch.to_owned(), |owner| format!("{owner}:{branch}"))
}

/// What the last commit says in its first line.
fn subject(project: &Path, closed: &Closed) -> Option<String> {
    let repository = git2::Repository::open(project).ok()?;
    let id = git2::Oid::from_str(closed.commits.last()?).ok()?;
    let commit = repository.find_commit(id).ok()?;
    let summary = String::from_utf8_lossy(commit.summary_bytes()?).into_owned();
    Some(tame(&summary)).filter(|summary| !summary.is_empty())
}

fn rows(wanted: &Wanted<'_>, closed: &Closed, one: &Evidence) -> Vec<Row> {
    let files = planned(wanted).find(|task| task.id == one.task).map(|task| files(closed, task));
    let first = Row {
        task: format!("{} {}: {}", tame(&one.task), tame(&one.title), one.result.word()),
        files: files.unwrap_or_default(),
        reviewer: if one.reviewer.is_empty() { "-".to_owned() } else { tame(&one.reviewer) },
        ..Row::default()
    };
    let mut rows: Vec<Row> = one
        .accepted
        .iter()
        .map(|(what, exit)| Row {
            acceptance: if exit == "-" { tame(what) } else { code(what) },
            exit: exit.clone(),
            ..Row::default()
        })
        .collect();
    if rows.is_empty() {
        rows.push(Row { acceptance: "-".to_owned(), exit: "-".to_owned(), ..Row::default() });
    }
    if let Some(row) = rows.first_mut() {
        *row = Row { acceptance: row.acceptance.clone(), exit: row.exit.clone(), ..first };
    }
    rows
}

/// The committed files of a task.
fn files(closed: &Closed, task: &Task) -> String {
    let globs: Vec<Glob> =
        task.files.iter().filter_map(|glob| Glob::new(glob, Case::Sensitive).ok()).collect();
    let own = closed.files.own().into_iter().filter(|path| globs.iter().any(|glob| glob.matches(path)));
    let names = cut(own.map(|path| code(&path)).collect());
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

/// The first of some names, and how many more there are.
fn cut(mut names: Vec<String>) -> Vec<String> {
    let more = names.len().saturating_sub(FILES);
    names.truncate(FILES);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names
}

fn note(wanted: &Wanted<'_>, task: &str) -> String {
    wanted.report.notes.get(task).map(|note| tame(note)).unwrap_or_default()
}

/// A task's own texts: commands as code, words tamed.
fn lines(items: &[String]) -> Vec<String> {
    items.iter().map(|item| tame(item)).collect()
}

/// The carryover issue of a task.
pub(super) fn carry(wanted: &Wanted<'_>, one: &Evidence, task: &Task) -> anyhow::Result<Act> {
    let questions =
        state::read(wanted.project)?.map(|state| state.items("Open Questions")).unwrap_or_default();
    let names = cut(task.files.iter().map(|glob| code(glob)).collect());
    let facts = CarryFacts {
        task: tame(&one.task),
        title: tame(&one.title),
        result: one.result.word().to_owned(),
        label: wanted.session.label.clone(),
        completed: lines(&one.proof),
        remains: lines(&one.missing),
        files: names.join(", "),
        note: note(wanted, &one.task),
        revisit: revisit(one, task.priority).to_owned(),
        questions: questions.iter().take(QUESTIONS).map(|question| tame(question)).collect(),
        issue: task.issue,
    };
    let (mut text, mut more) = (body::carryover(&facts)?, Vec::new());
    if wanted.follows_templates
        && let Some(own) = template::named(&template::of(wanted.project, Purpose::Issue), "carryover")
    {
        text = template::filled(&own.body, &text);
        more.clone_from(&own.labels);
    }
    Ok(Act::Carry {
        key: body::carry_key(&one.title, task.issue),
        title: body::carry_title(&one.title, one.result == Outcome::Failed),
        body: text,
        priority: labels::priority(task.priority).to_owned(),
        labels: more,
    })
}

fn revisit(one: &Evidence, priority: Priority) -> &'static str {
    match (one.result, priority) {
        (Outcome::Failed, _) => {
            "Before anything else is tried at these files: the way that was taken does not lead there."
        }
        (_, Priority::Critical | Priority::High) => "At the start of the next session.",
        (_, Priority::Medium) => "When the next session is planned.",
        (_, Priority::Low) => "When something else is done at these files.",
    }
}

fn comment(wanted: &Wanted<'_>, tasks: &[&Evidence], done: bool) -> anyhow::Result<String> {
    let tasks = tasks.iter().map(|one| CommentTask {
        title: tame(&one.title),
        result: one.result.word().to_owned(),
        proof: lines(&one.proof),
        missing: lines(&one.missing),
        note: note(wanted, &one.task),
    });
    body::comment(&CommentFacts { done, label: wanted.session.label.clone(), tasks: tasks.collect() })
}
