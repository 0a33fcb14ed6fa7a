//! Keys and types of a plan: what stands there, with its place. Whether it makes sense is not asked here.

use std::ops::Range;

use super::{Acceptance, Mode, Plan, Priority, Role, Task};
use crate::diagnostic::{Finding, Findings};
use crate::plain::is_hidden;
use crate::suggest::nearest;
use crate::yaml::{Node, Value};

const KEYS: &[&str] = &["goal", "mode", "tasks"];
const TASK_KEYS: &[&str] =
    &["id", "title", "issue", "files", "acceptance", "depends", "role", "agent", "priority"];
const ACCEPTANCE: &str = "`- run: \"COMMAND\"` or `- text: \"what has to be so\"`";

/// Something and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What.
    pub value: T,
    /// Its bytes in the text.
    pub span: Range<usize>,
}

impl<T> Spanned<T> {
    fn map<U>(self, of: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: of(self.value), span: self.span }
    }
}

/// A plan as it is written.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The goal.
    pub goal: Option<Spanned<String>>,
    /// The mode, where one stands.
    pub mode: Option<Mode>,
    /// The tasks that could be read at all.
    pub tasks: Vec<Sketch>,
}

/// A task as it is written.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// Where it begins.
    pub span: Range<usize>,
    /// Its id.
    pub id: Option<Spanned<String>>,
    /// Its role.
    pub role: Option<Spanned<Role>>,
    /// Its files.
    pub files: Vec<Spanned<String>>,
    /// Its dependencies.
    pub depends: Vec<Spanned<String>>,
    /// What proves it.
    pub acceptance: Vec<Spanned<Acceptance>>,
    /// The other fields.
    rest: Rest,
}

#[derive(Debug, Clone, Default)]
struct Rest {
    title: Option<Spanned<String>>,
    issue: Option<u64>,
    agent: Option<Spanned<String>>,
    priority: Priority,
}

impl Draft {
    /// The plan, if nothing is missing; of the mode `usual` where it names none.
    pub fn plan(&self, usual: Mode) -> Option<Plan> {
        let tasks = self.tasks.iter().map(Sketch::task).collect::<Option<Vec<_>>>()?;
        Some(Plan { goal: self.goal.as_ref()?.value.clone(), mode: self.mode.unwrap_or(usual), tasks })
    }
}

impl Sketch {
    /// A task that was not written as keys, as yet without files, dependencies and proofs.
    pub(super) fn new(id: Spanned<String>, title: Spanned<String>, role: Spanned<Role>) -> Self {
        Self {
            span: id.span.clone(),
            id: Some(id),
            role: Some(role),
            files: Vec::new(),
            depends: Vec::new(),
            acceptance: Vec::new(),
            rest: Rest { title: Some(title), ..Rest::default() },
        }
    }

    /// Its sentences and names, each with what it is called.
    pub(super) fn sentences(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        let title = self.rest.title.iter().map(|title| ("title", title));
        title.chain(self.rest.agent.iter().map(|agent| ("agent", agent)))
    }

    fn task(&self) -> Option<Task> {
        let plain = |list: &[Spanned<String>]| list.iter().map(|one| one.value.clone()).collect();
        Some(Task {
            id: self.id.as_ref()?.value.clone(),
            title: self.rest.title.as_ref()?.value.clone(),
            issue: self.rest.issue,
            files: plain(&self.files),
            acceptance: self.acceptance.iter().map(|one| one.value.clone()).collect(),
            depends: plain(&self.depends),
            role: self.role.as_ref()?.value,
            agent: self.rest.agent.as_ref().map(|agent| agent.value.clone()),
            priority: self.rest.priority,
        })
    }
}

/// Reads the tree of `path`.
pub fn read(path: &str, node: &Node<'_>, findings: &mut Findings) -> Draft {
    let mut reader = Reader { path, findings };
    reader.plan(node)
}

struct Reader<'r> {
    path: &'r str,
    findings: &'r mut Findings,
}

type Entries<'n, 'a> = &'n [(crate::yaml::Key<'a>, Node<'a>)];

impl Reader<'_> {
    fn error(&mut self, code: &'static str, span: &Range<usize>, message: String, help: impl Into<String>) {
        self.findings.push(Finding::error(code, self.path, message).at(span.clone()).help(help));
    }

    fn wrong<T>(&mut self, node: &Node<'_>, what: &str, wanted: &str) -> Option<T> {
        let found = match &node.value {
            Value::Empty => "nothing".to_owned(),
            Value::Scalar(scalar) => format!("`{}`", cut(&scalar.text)),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "keys of its own".to_owned(),
        };
        // A list or table is pointed at by its first line only.
        let end = if matches!(node.value, Value::Scalar(_)) { node.span.end } else { node.span.start };
        let span = node.span.start..end;
        self.error("wrong-type", &span, format!("`{what}` is {found}"), format!("write {wanted}"));
        None
    }

    fn plan(&mut self, node: &Node<'_>) -> Draft {
        let Value::Table(entries) = &node.value else {
            let help = "begin with `goal: \"…\"`; `so plan schema` prints a plan to fill in";
            self.error("no-plan", &(node.span.start..node.span.start), "this is no plan".to_owned(), help);
            return Draft::default();
        };
        self.known(entries, KEYS, "a plan");
        let mut draft = Draft { goal: self.goal(node), mode: self.mode(node), tasks: Vec::new() };
        match node.get("tasks").map(|tasks| (&tasks.value, tasks)) {
            Some((Value::List(tasks), _)) if !tasks.is_empty() => {
                draft.tasks = tasks.iter().filter_map(|task| self.task(task)).collect();
            }
            Some((Value::List(_) | Value::Empty, tasks)) => {
                let help = "write at least one `- id: …` below it";
                self.error("no-tasks", &tasks.span, "the plan has no tasks".to_owned(), help);
            }
            Some((_, tasks)) => {
                let wanted = "a list of tasks, each beginning `- id: …`";
                draft.tasks = self.wrong(tasks, "tasks", wanted).unwrap_or_default();
            }
            None => self.error(
                "no-tasks",
                &(0..0),
                "the plan has no `tasks`".to_owned(),
                "`so plan schema` prints a plan to fill in",
            ),
        }
        draft
    }

    fn goal(&mut self, node: &Node<'_>) -> Option<Spanned<String>> {
        let Some(goal) = node.get("goal") else {
            let help = "say in one sentence what is different afterwards: `goal: \"…\"`";
            self.error("no-goal", &(0..0), "the plan has no `goal`".to_owned(), help);
            return None;
        };
        self.text(goal, "goal")
    }

    fn mode(&mut self, node: &Node<'_>) -> Option<Mode> {
        let word = self.text(node.get("mode")?, "mode")?;
        let mode = word.value.parse();
        if let Err(why) = &mode {
            let help = suggestion(&word.value, Mode::ALL.map(Mode::word).iter().copied())
                .unwrap_or_else(|| "write `feature`, `deep` or `housekeeping`".to_owned());
            self.error("unknown-mode", &word.span, String::clone(why), help);
        }
        mode.ok()
    }

    fn known(&mut self, entries: Entries<'_, '_>, keys: &[&str], of: &str) {
        for (key, _) in entries.iter().filter(|(key, _)| !keys.contains(&key.text.as_ref())) {
            let help = suggestion(&key.text, keys.iter().copied())
                .unwrap_or_else(|| format!("{of} has: {}", keys.join(", ")));
            self.error("unknown-key", &key.span, format!("unknown key `{}`", cut(&key.text)), help);
        }
    }

    fn task(&mut self, node: &Node<'_>) -> Option<Sketch> {
        let Value::Table(entries) = &node.value else {
            return self.wrong(node, "tasks", "each task as keys: `- id: T1`, then `title: \"…\"` below it");
        };
        self.known(entries, TASK_KEYS, "a task");
        let span = node.span.start..node.span.start;
        let id = self.required(node, "id", "a short name, such as `T1`");
        let title = self.required(node, "title", "what is done, in one sentence");
        Some(Sketch {
            role: self.role(node),
            files: self.list(node, "files", "globs: `files: [src/billing/**]`"),
            depends: self.list(node, "depends", "ids of tasks: `depends: [T1]`"),
            acceptance: self.acceptance(node),
            rest: Rest {
                title,
                issue: self.issue(node),
                agent: node.get("agent").and_then(|agent| self.text(agent, "agent")),
                priority: self.priority(node),
            },
            id,
            span,
        })
    }

    fn required(&mut self, node: &Node<'_>, key: &str, wanted: &str) -> Option<Spanned<String>> {
        if let Some(value) = node.get(key) {
            return self.text(value, key);
        }
        let span = node.span.start..node.span.start;
        self.error("missing-key", &span, format!("a task without `{key}`"), format!("add `{key}:` {wanted}"));
        None
    }

    /// One line of text; numbers and truth values are the text that stands there.
    fn text(&mut self, node: &Node<'_>, what: &str) -> Option<Spanned<String>> {
        let Value::Scalar(scalar) = &node.value else { return self.wrong(node, what, "a text") };
        let text = scalar.text.trim();
        if text.is_empty() {
            return self.wrong(node, what, "a text");
        }
        Some(Spanned { value: text.to_owned(), span: node.span.clone() })
    }

    fn role(&mut self, node: &Node<'_>) -> Option<Spanned<Role>> {
        let word = self.required(
            node,
            "role",
            "when it is done: discovery, impl-core, impl-polish, quality or finalization",
        )?;
        if let Ok(value) = word.value.parse() {
            return Some(Spanned { value, span: word.span });
        }
        let words = Role::ALL.map(|role| role.word().to_lowercase());
        let help = suggestion(&word.value.to_lowercase(), words.iter().map(String::as_str))
            .unwrap_or_else(|| format!("write one of {}", words.join(", ")));
        self.error("unknown-role", &word.span, format!("`{}` is no role", cut(&word.value)), help);
        None
    }

    fn list(&mut self, node: &Node<'_>, key: &str, wanted: &str) -> Vec<Spanned<String>> {
        let Some(value) = node.get(key) else { return Vec::new() };
        match &value.value {
            Value::Empty => Vec::new(),
            Value::List(items) => items.iter().filter_map(|item| self.text(item, key)).collect(),
            _ => self.wrong(value, key, &format!("a list of {wanted}")).unwrap_or_default(),
        }
    }

    fn issue(&mut self, node: &Node<'_>) -> Option<u64> {
        let node = node.get("issue").filter(|node| node.value != Value::Empty)?;
        let number = match &node.value {
            Value::Scalar(scalar) => scalar.text.trim_start_matches('#').parse().ok(),
            _ => None,
        };
        number.or_else(|| self.wrong(node, "issue", "the number of an issue: `issue: 12`"))
    }

    fn priority(&mut self, node: &Node<'_>) -> Priority {
        let Some(node) = node.get("priority").filter(|node| node.value != Value::Empty) else {
            return Priority::default();
        };
        let Some(word) = self.text(node, "priority") else { return Priority::default() };
        let found = Priority::ALL.into_iter().find(|one| one.word().eq_ignore_ascii_case(&word.value));
        found.unwrap_or_else(|| {
            self.wrong(node, "priority", "critical, high, medium or low").unwrap_or_default()
        })
    }

    fn acceptance(&mut self, node: &Node<'_>) -> Vec<Spanned<Acceptance>> {
        match node.get("acceptance").map(|value| (&value.value, value)) {
            Some((Value::List(items), _)) if !items.is_empty() => {
                items.iter().filter_map(|item| self.proof(item)).collect()
            }
            Some((Value::Scalar(_) | Value::Table(_), value)) => {
                self.wrong(value, "acceptance", &format!("a list of {ACCEPTANCE}")).unwrap_or_default()
            }
            found => {
                let at = found.map_or(node.span.start, |(_, value)| value.span.start);
                let message = "a task that nothing proves".to_owned();
                self.error(
                    "no-acceptance",
                    &(at..at),
                    message,
                    format!("below `acceptance:` add {ACCEPTANCE}"),
                );
                Vec::new()
            }
        }
    }

    fn proof(&mut self, node: &Node<'_>) -> Option<Spanned<Acceptance>> {
        let Value::Table(entries) = &node.value else {
            return self.wrong(node, "acceptance", &format!("each as {ACCEPTANCE}"));
        };
        self.known(entries, &["text", "run"], "an acceptance");
        match (node.get("text"), node.get("run")) {
            (Some(text), None) => self.text(text, "text").map(|text| text.map(Acceptance::Text)),
            (None, Some(run)) => self.text(run, "run").map(|run| run.map(Acceptance::Run)),
            (Some(_), Some(_)) => self.wrong(node, "acceptance", "`text` and `run` as two items of the list"),
            (None, None) => self.wrong(node, "acceptance", &format!("each as {ACCEPTANCE}")),
        }
    }
}

fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|known| format!("did you mean `{known}`?"))
}

/// What is quoted in a message stays short and on its line.
fn cut(text: &str) -> String {
    let plain = |c: char| if is_hidden(c) { '·' } else { c };
    let mut short: String = text.chars().take(60).map(plain).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
