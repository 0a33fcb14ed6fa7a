//! The texts that go to a forge: what a request, a comment and a carryover issue say. Titles and notes in them come from
//! plans and models: they name nobody, close nothing and stay in their cell; lines with secrets are left out.

use anyhow::Context as _;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::plain;
use crate::session::close::secret_in;

/// Characters of a line that is taken over.
const LINE: usize = 300;
/// Characters of a title.
const TITLE: usize = 80;

const REQUEST: &str = include_str!("../../../templates/forge/pull-request.md");
const CARRYOVER: &str = include_str!("../../../templates/forge/carryover.md");
const COMMENT: &str = include_str!("../../../templates/forge/comment.md");

/// One line of the table of evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The task; empty below its first line.
    pub task: String,
    /// What had to be so.
    pub acceptance: String,
    /// How its command ended, or `-` for words.
    pub exit: String,
    /// The files that were committed for it.
    pub files: String,
    /// Who looked at it, and what they said.
    pub reviewer: String,
}

/// An issue that a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// Its number.
    pub number: u64,
    /// Merging the request closes it.
    pub closes: bool,
}

/// What a request says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RequestFacts {
    /// What the session was for.
    pub goal: String,
    /// The session.
    pub label: String,
    /// What the full gate said; empty where it was not run.
    pub gate: String,
    /// The evidence.
    pub rows: Vec<Row>,
    /// The issues.
    pub issues: Vec<Mention>,
    /// What is carried over.
    pub carried: Vec<String>,
    /// Files that were not planned.
    pub unplanned: Vec<String>,
}

/// What a carryover issue says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CarryFacts {
    /// The task.
    pub task: String,
    /// What it was to do.
    pub title: String,
    /// What became of it.
    pub result: String,
    /// The session.
    pub label: String,
    /// What holds.
    pub completed: Vec<String>,
    /// What does not.
    pub remains: Vec<String>,
    /// Where it was to be done.
    pub files: String,
    /// What the session says of it.
    pub note: String,
    /// When to look at it again.
    pub revisit: String,
    /// What nobody could answer.
    pub questions: Vec<String>,
    /// The issue that it came from.
    pub issue: Option<u64>,
}

/// What a comment on an issue says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CommentFacts {
    /// Everything that belongs to the issue is done.
    pub done: bool,
    /// The session.
    pub label: String,
    /// Its tasks.
    pub tasks: Vec<CommentTask>,
}

/// One task in a comment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CommentTask {
    /// What it was to do.
    pub title: String,
    /// What became of it.
    pub result: String,
    /// What holds.
    pub proof: Vec<String>,
    /// What does not.
    pub missing: Vec<String>,
    /// What the session says of it.
    pub note: String,
}

/// The body of a request.
///
/// # Errors
/// The template does not fit.
pub fn request(facts: &RequestFacts) -> anyhow::Result<String> {
    render(REQUEST, facts)
}

/// The body of a carryover issue.
///
/// # Errors
/// The template does not fit.
pub fn carryover(facts: &CarryFacts) -> anyhow::Result<String> {
    render(CARRYOVER, facts)
}

/// A comment on an issue.
///
/// # Errors
/// The template does not fit.
pub fn comment(facts: &CommentFacts) -> anyhow::Result<String> {
    render(COMMENT, facts)
}

fn render(template: &str, facts: &impl Serialize) -> anyhow::Result<String> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.add_template("body", template)?;
    let text = env.get_template("body")?.render(minijinja::value::Serde(facts));
    let text = text.context("failed to write the text for the forge")?;
    Ok(text.trim().lines().map(without_secret).collect::<Vec<_>>().join("\n"))
}

/// A line, or what it was when it holds a secret: what is on a forge is read by others.
fn without_secret(line: &str) -> String {
    secret_in(line).map_or_else(|| line.to_owned(), |what| format!("(left out: a line with {what})"))
}

/// Text of others on one line, where it can name nobody, close nothing and end no cell.
pub fn tame(text: &str) -> String {
    let mut tamed = String::new();
    for c in plain::line(text, LINE).chars() {
        match c {
            '|' => tamed.push_str("\\|"),
            '<' => tamed.push_str("&lt;"),
            // A space of no width: `@team` and `fixes #1` are read, and nothing happens.
            '@' | '#' | '!' => tamed.extend([c, '\u{200b}']),
            c => tamed.push(c),
        }
    }
    tamed
}

/// A command or a path as code, in a cell of a table.
pub fn code(text: &str) -> String {
    let line = plain::line(text, LINE).replace('|', "\\|");
    let fence = "`".repeat(line.split(|c| c != '`').map(str::len).max().unwrap_or_default() + 1);
    let space = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

/// The title of a carryover issue.
pub fn carry_title(title: &str, is_failed: bool) -> String {
    let failed = if is_failed { "[FAILED] " } else { "" };
    format!("[Carryover] {failed}{}", without_secret(&plain::line(title, TITLE)))
}

/// What names a task across sessions: its title and the issue that it came from.
pub fn carry_key(title: &str, issue: Option<u64>) -> String {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    digest(&format!("{title}\0{}", issue.unwrap_or_default()))
}

/// A line that nobody sees, by which what was made is known again.
pub fn marker(id: &str) -> String {
    format!("<!-- so:{} -->", digest(id))
}

/// The line of a carryover issue: it names the task and the session.
pub fn carry_marker(key: &str, session: &str) -> String {
    format!("{} session={} -->", carry_mark(key), digest(session))
}

/// How the line of every carryover issue of a task begins.
pub fn carry_mark(key: &str) -> String {
    format!("<!-- so:carryover task={key}")
}

/// Whether a line is a mark of ours.
pub fn is_mark(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("<!-- so:") && line.ends_with("-->")
}

/// The body with its marker.
pub fn marked(body: &str, marker: &str) -> String {
    format!("{}\n\n{marker}\n", body.trim_end())
}

/// The first 16 digits of a hash.
fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_stay_where_they_are_put() {
        let text = "a | b\n| c | @team fixes #1 <!-- so:0 --> \u{202e}x";
        assert_eq!(
            tame(text),
            "a \\| b \\| c \\| @\u{200b}team fixes #\u{200b}1 &lt;!\u{200b}-- so:0 --> ·x"
        );
        assert_eq!(code("a | `b`"), "`` a \\| `b` ``");
        assert_eq!(code("ls"), "`ls`");
        assert_eq!(carry_title("x\ny", true), "[Carryover] [FAILED] x y");
        assert_eq!(carry_key("A  b", None), carry_key("a b", None));
        assert_ne!(carry_key("a b", None), carry_key("a b", Some(3)));
    }

    #[test]
    fn every_body_reads_well() {
        let row = Row {
            task: "T1 write a: done".into(),
            acceptance: "`test -f a`".into(),
            exit: "0".into(),
            files: "`a`".into(),
            reviewer: "PROCEED".into(),
        };
        let facts = RequestFacts {
            goal: "One file".into(),
            label: "main-1".into(),
            gate: "green".into(),
            rows: vec![row],
            issues: vec![Mention { number: 3, closes: true }, Mention { number: 4, closes: false }],
            carried: vec!["T2 (failed)".into()],
            unplanned: vec!["`Cargo.lock`".into()],
        };
        let expected = "One file\n\n| task | acceptance | exit | files | reviewer |\n|---|---|---|---|---|\n\
            | T1 write a: done | `test -f a` | 0 | `a` | PROCEED |\n\nFull gate: **green**. Session `main-1`.\n\n\
            Closes #3\nPart of #4\n\nNot in it:\n\n- T2 (failed)\n\nChanged without being planned:\n\n\
            - `Cargo.lock`";
        assert_eq!(request(&facts).unwrap(), expected);
        let bare = RequestFacts { goal: "One".into(), label: "x".into(), ..RequestFacts::default() };
        let table =
            "One\n\n| task | acceptance | exit | files | reviewer |\n|---|---|---|---|---|\n\nSession `x`.";
        assert_eq!(request(&bare).unwrap(), table);
        let facts = CarryFacts {
            task: "T2".into(),
            title: "write b".into(),
            result: "failed".into(),
            label: "main-1".into(),
            completed: vec!["`true`: pass".into()],
            revisit: "At once.".into(),
            issue: Some(4),
            ..CarryFacts::default()
        };
        let expected = "## What was completed\n\n- `true`: pass\n\n## What remains\n\n- write b\n\n## Context\n\n\
            Left over from session `main-1`: task T2, failed.\n\n## Revisit when\n\nAt once.\n\n## Original issue\n\n#4";
        assert_eq!(carryover(&facts).unwrap(), expected);
        let task = CommentTask {
            title: "write b".into(),
            result: "partial".into(),
            proof: vec!["`true`: pass".into()],
            missing: vec!["`false`: fail".into()],
            note: "the disk is full".into(),
        };
        let facts = CommentFacts { done: false, label: "main-1".into(), tasks: vec![task] };
        let expected = "Not finished in session `main-1`.\n\n**write b**: partial\n- [x] `true`: pass\n\
            - [ ] `false`: fail\n\nthe disk is full";
        assert_eq!(comment(&facts).unwrap(), expected);
    }
}
