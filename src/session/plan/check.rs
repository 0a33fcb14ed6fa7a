//! What the tasks of a plan say of each other: ids, files, dependencies and their order.
//!
//! Which tasks share a wave, and so may not share files, is [`super::layout`]'s question.

use std::collections::BTreeMap;
use std::ops::Range;

use super::draft::{Draft, Sketch, Spanned};
use super::{Acceptance, Mode};
use crate::diagnostic::{Finding, Findings};
use crate::glob::{Case, Glob};
use crate::plain::is_hidden;
use crate::session::gate::is_stub;
use crate::suggest::nearest;

/// What only the world outside of the text can tell.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Where a directory of the project leads through links, if that is outside of the project.
    pub escapes: &'a dyn Fn(&str) -> Option<String>,
    /// Why a command would not be run, if it would not.
    pub refuses: &'a dyn Fn(&str) -> Option<String>,
    /// The mode of a plan that names none.
    pub mode: Mode,
}

impl World<'_> {
    /// Nothing is known of the world: for a text that was checked before.
    pub fn unknown(mode: Mode) -> Self {
        Self { escapes: &|_| None, refuses: &|_| None, mode }
    }
}

/// More tasks than that are more than one session.
pub const MAX_TASKS: usize = 100;
/// More globs than that in one task say nothing.
const MAX_FILES: usize = 100;
/// Longest glob, in characters.
const MAX_GLOB: usize = 512;
/// Longest sentence, longest acceptance, in characters.
const MAX_SENTENCE: usize = 300;
const MAX_PROOF: usize = 4000;
/// Longest id.
const MAX_ID: usize = 32;

/// Finds what cannot be.
pub fn check(path: &str, draft: &Draft, world: World<'_>, findings: &mut Findings) {
    let mut checker = Checker { path, world, findings };
    if let Some(task) = draft.tasks.get(MAX_TASKS) {
        let message =
            format!("the plan has {} tasks; at most {MAX_TASKS} make one session", draft.tasks.len());
        checker.error(
            "too-many",
            &task.span,
            message,
            "keep what belongs to this session; the rest is issues",
        );
        return;
    }
    if let Some(goal) = &draft.goal {
        checker.shown("goal", &goal.value, &goal.span, MAX_SENTENCE);
    }
    let ids = checker.ids(&draft.tasks);
    for task in &draft.tasks {
        for (what, Spanned { value, span }) in task.sentences() {
            checker.shown(what, value, span, MAX_SENTENCE);
        }
        checker.files(task);
        checker.commands(task);
        checker.depends(task, &ids, &draft.tasks);
    }
    checker.cycle(&draft.tasks, &ids);
}

type Ids<'d> = BTreeMap<&'d str, usize>;

struct Checker<'c> {
    path: &'c str,
    world: World<'c>,
    findings: &'c mut Findings,
}

impl Checker<'_> {
    fn error(&mut self, code: &'static str, span: &Range<usize>, message: String, help: impl Into<String>) {
        self.findings.push(Finding::error(code, self.path, message).at(span.clone()).help(help));
    }

    fn ids<'d>(&mut self, tasks: &'d [Sketch]) -> Ids<'d> {
        let mut ids = Ids::new();
        for (at, task) in tasks.iter().enumerate() {
            let Some(Spanned { value, span }) = &task.id else { continue };
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if value.len() > MAX_ID || !value.chars().all(plain) || value.starts_with(['.', '-']) {
                let message = "this cannot be an id".to_owned();
                let help = format!("letters, digits, `.`, `_` and `-`, at most {MAX_ID}, such as `T1`");
                self.error("bad-id", span, message, help);
            }
            // An id names files too, and some disks do not tell case apart.
            if ids.keys().any(|known| known.eq_ignore_ascii_case(value)) {
                let message = format!("the id `{value}` stands here a second time");
                self.error("duplicate-id", span, message, "give each task an id of its own");
            } else {
                ids.insert(value, at);
            }
        }
        ids
    }

    fn files(&mut self, task: &Sketch) {
        let Some(role) = &task.role else { return };
        if task.files.is_empty() && !role.value.is_reader() {
            let message = format!("a task of {} that may touch nothing", role.value);
            self.error("no-files", &task.span, message, "name what it changes: `files: [src/billing/**]`");
        }
        if let Some(file) = task.files.get(MAX_FILES) {
            let message = format!("more than {MAX_FILES} globs in one task");
            self.error("too-many", &file.span, message, "write directories: `src/billing/**`");
            return;
        }
        for file in &task.files {
            if let Err((code, message, help)) = self.file(&file.value) {
                self.error(code, &file.span, message, help);
            }
        }
    }

    fn file(&self, file: &str) -> Result<(), (&'static str, String, &'static str)> {
        const INSIDE: &str = "name it from the top of the project: `src/billing/**`";
        let is_drive = file.as_bytes().get(1) == Some(&b':');
        if file.chars().any(is_hidden) {
            return Err((
                "hidden-character",
                "a glob with a character that is not shown".to_owned(),
                "delete it",
            ));
        }
        if file.chars().count() > MAX_GLOB {
            return Err((
                "bad-glob",
                format!("a glob of more than {MAX_GLOB} characters"),
                "make it shorter",
            ));
        }
        if file.starts_with(['/', '~', '\\']) || is_drive {
            return Err(("outside", format!("`{file}` is an absolute path"), INSIDE));
        }
        if file.split('/').any(|part| part == "..") {
            return Err(("outside", format!("`{file}` leaves the project"), INSIDE));
        }
        if let Err(why) = Glob::new(file, Case::Sensitive) {
            let help = "`*` and `**`, `?`, `[a-z]`, `{a,b}`; a `/` at the end is everything below";
            return Err(("bad-glob", format!("`{file}` means nothing: {why}"), help));
        }
        let file = file.trim_start_matches("./");
        let first = file.split('/').next().unwrap_or_default();
        if first == ".git" || first == ".orchestrator" {
            let message = format!("no task writes below `{first}`");
            return Err(("outside", message, "leave it out: git and `so` keep their own files"));
        }
        match (self.world.escapes)(literal(file)) {
            Some(to) => Err(("outside", format!("`{file}` leads out of the project, to `{to}`"), INSIDE)),
            None => Ok(()),
        }
    }

    fn commands(&mut self, task: &Sketch) {
        for Spanned { value, span } in &task.acceptance {
            let command = match value {
                Acceptance::Text(words) => {
                    self.shown("text", words, span, MAX_PROOF);
                    continue;
                }
                Acceptance::Run(command) => command,
            };
            self.shown("run", &command.replace(['\n', '\t'], " "), span, MAX_PROOF);
            if let Some(why) = (self.world.refuses)(command) {
                let message = format!("`so` would not run this: {why}");
                self.error("refused", span, message, "prove the task by a command that only looks");
            } else if is_stub(command) {
                let finding =
                    Finding::warning("proves-nothing", self.path, "this seems to be unable to fail");
                let help = "leave out what hides how the checking command ended";
                self.findings.push(finding.at(span.clone()).help(help));
            }
        }
    }

    /// What the person is shown has to be what it seems.
    fn shown(&mut self, what: &str, text: &str, span: &Range<usize>, most: usize) {
        if let Some(hidden) = text.chars().find(|character| is_hidden(*character)) {
            let message =
                format!("`{what}` holds a character that is not shown: U+{:04X}", u32::from(hidden));
            self.error("hidden-character", span, message, "delete it");
        }
        if text.chars().count() > most {
            let message = format!("`{what}` has more than {most} characters");
            self.error(
                "too-long",
                span,
                message,
                "say it shorter; details stand in the project's own documents",
            );
        }
    }

    fn depends(&mut self, task: &Sketch, ids: &Ids<'_>, tasks: &[Sketch]) {
        let own = task.id.as_ref().map(|id| id.value.as_str());
        for Spanned { value, span } in &task.depends {
            let Some(other) = ids.get(value.as_str()).and_then(|at| tasks.get(*at)) else {
                let help = nearest(value, ids.keys().copied()).map_or_else(
                    || format!("the tasks are {}", short(ids)),
                    |known| format!("did you mean `{known}`?"),
                );
                self.error("unknown-task", span, format!("there is no task `{value}`"), help);
                continue;
            };
            let (Some(role), Some(later)) = (&task.role, &other.role) else { continue };
            if own != Some(value) && later.value > role.value {
                let message = format!(
                    "`{}` is {} and depends on `{value}`, which is {} and comes later",
                    own.unwrap_or("it"),
                    role.value,
                    later.value
                );
                self.error(
                    "wrong-order",
                    span,
                    message,
                    "change the role of one of them, or drop the dependency",
                );
            }
        }
    }

    /// The first way from a task back to itself.
    fn cycle(&mut self, tasks: &[Sketch], ids: &Ids<'_>) {
        let next = |at: usize| -> Vec<usize> {
            let depends = tasks.get(at).map(|task| task.depends.as_slice()).unwrap_or_default();
            depends.iter().filter_map(|one| ids.get(one.value.as_str()).copied()).collect()
        };
        let Some(way) = cycle(tasks.len(), &next) else { return };
        let name = |at: &usize| tasks.get(*at).and_then(|task| task.id.as_ref()).map(|id| id.value.clone());
        let names: Vec<String> = way.iter().chain(way.first()).filter_map(name).collect();
        let span = way.first().and_then(|at| tasks.get(*at)).map(|task| {
            let towards = names.get(1).and_then(|to| task.depends.iter().find(|one| one.value == *to));
            towards.map_or(task.span.clone(), |one| one.span.clone())
        });
        let message = format!("the tasks wait for each other: {}", names.join(" → "));
        self.error("cycle", &span.unwrap_or(0..0), message, "drop one of these dependencies");
    }
}

/// Nodes that lead back to the first of them, in order; without recursion, for a plan may be one long chain.
fn cycle(count: usize, next: &dyn Fn(usize) -> Vec<usize>) -> Option<Vec<usize>> {
    let mut done = vec![false; count];
    for start in 0..count {
        let mut way: Vec<(usize, Vec<usize>)> = vec![(start, next(start))];
        while let Some((at, open)) = way.last_mut() {
            let Some(to) = open.pop() else {
                if let Some(done) = done.get_mut(*at) {
                    *done = true;
                }
                way.pop();
                continue;
            };
            if let Some(back) = way.iter().position(|(at, _)| *at == to) {
                return Some(way.iter().skip(back).map(|(at, _)| *at).collect());
            }
            if !done.get(to).copied().unwrap_or(true) {
                way.push((to, next(to)));
            }
        }
    }
    None
}

/// The directories that a glob names as they are.
pub fn literal(glob: &str) -> &str {
    let end = glob.find(['*', '?', '[', '{', '\\']).unwrap_or(glob.len());
    let plain = glob.get(..end).unwrap_or_default();
    if end == glob.len() { plain } else { plain.rsplit_once('/').map_or("", |(dir, _)| dir) }
}

fn short(ids: &Ids<'_>) -> String {
    let mut list: Vec<&str> = ids.keys().copied().take(8).collect();
    if ids.len() > list.len() {
        list.push("…");
    }
    list.join(", ")
}
