//! Task lists of other tools as plans: spec-kit and `OpenSpec` (`tasks.md`), superpowers (plans with `### Task N:`), and
//! the fenced block of YAML in a plan that people read.
//!
//! A section of a list becomes a task, its open boxes become what has to be so, the paths it names become its files.
//! What is checked off is done and left out. Formats as of spec-kit's and superpowers' templates of 2026.

use std::collections::BTreeSet;
use std::ops::Range;

use super::check::MAX_TASKS;
use super::draft::{Draft, Sketch, Spanned};
use super::{Acceptance, Role};
use crate::glob::{Case, Glob};

/// Longest text taken from one box.
const WORDS: usize = 300;

/// The plan in a fenced block of a Markdown text, with everything before it blanked out so that places stay.
pub fn block(text: &str) -> Option<(String, Range<usize>)> {
    let mut start = None;
    for line in lines(text) {
        let fence = line.text.trim_start();
        match start {
            None if fence.starts_with("```yaml") || fence.starts_with("```yml") => start = Some(line.end),
            Some(from) if fence.starts_with("```") => {
                let inner = text.get(from..line.start).unwrap_or_default();
                if inner.lines().any(|line| line.starts_with("goal:")) {
                    let before = text.get(..from).unwrap_or_default();
                    let blank: String =
                        before.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
                    return Some((blank + inner, from..line.start));
                }
                start = None;
            }
            _ => {}
        }
    }
    None
}

/// Whether a text is a list of tasks for people, not a plan.
pub fn is_list(text: &str) -> bool {
    let mut found = false;
    for line in outside_fences(text) {
        if line.text.starts_with("tasks:") {
            return false;
        }
        found |= open_box(line.text).is_some() || is_done(line.text) || numbered(line.text).is_some();
    }
    found
}

/// Reads a list of tasks.
pub fn read(path: &str, text: &str) -> Draft {
    let mut sections = sections(text);
    sections.retain(|section| !section.proofs.is_empty());
    sections.truncate(MAX_TASKS + 1); // one too many is told
    // The order of the list holds: what is followed by an earlier kind of work is done with it.
    for at in (1..sections.len()).rev() {
        let later = sections.get(at).map(|section| section.role);
        if let (Some(section), Some(later)) = (sections.get_mut(at - 1), later) {
            section.role = section.role.min(later);
        }
    }
    let tasks = (0..sections.len()).filter_map(|at| sketch(path, text, &sections, at)).collect();
    let goal = Spanned { value: goal(path, text), span: 0..0 };
    Draft { goal: Some(goal), mode: None, tasks }
}

/// One section that becomes a task.
struct Section {
    id: String,
    title: String,
    span: Range<usize>,
    role: Role,
    /// spec-kit: a story that may be done beside others.
    is_story: bool,
    /// superpowers: the boxes are steps; commands that pass are the proof.
    is_numbered: bool,
    files: Vec<Spanned<String>>,
    proofs: Vec<Spanned<Acceptance>>,
}

fn sections(text: &str) -> Vec<Section> {
    let mut list: Vec<Section> = Vec::new();
    let mut run: Option<Spanned<String>> = None;
    let has_numbered = outside_fences(text).any(|line| numbered(line.text).is_some());
    for line in outside_fences(text) {
        if let Some(section) = head(&line, has_numbered, list.len()) {
            passed(&mut list, run.take());
            list.push(section);
            continue;
        }
        let Some(section) = list.last_mut() else { continue };
        if is_done(line.text) {
            continue;
        }
        section.files.extend(paths(&line, section.is_numbered));
        if let Some(words) = open_box(line.text) {
            section.add(words, line.span());
        }
        if let Some(command) = command(line.text) {
            run = Some(Spanned { value: command.to_owned(), span: line.span() });
        } else if line.text.trim_start().starts_with("Expected:") && line.text.contains("FAIL") {
            run = None;
        }
        // What is run before the next words and is not meant to fail.
        let said = !line.text.trim().is_empty();
        passed(&mut list, run.take_if(|run| said && run.span != line.span()));
    }
    passed(&mut list, run);
    list.iter_mut().for_each(Section::settle);
    list
}

/// A command that is meant to pass proves the last section.
fn passed(list: &mut [Section], run: Option<Spanned<String>>) {
    if let (Some(section), Some(Spanned { value, span })) = (list.last_mut(), run) {
        section.proofs.push(Spanned { value: Acceptance::Run(value), span });
    }
}

impl Section {
    fn add(&mut self, words: &str, span: Range<usize>) {
        let words: String = words.replace("**", "").chars().take(WORDS).collect();
        self.proofs.push(Spanned { value: Acceptance::Text(words), span });
    }

    /// Where boxes are steps, the last command that passes proves the task, or else all steps together.
    fn settle(&mut self) {
        let mut seen = BTreeSet::new();
        self.files.retain(|file| seen.insert(file.value.clone()));
        if !self.is_numbered || self.proofs.is_empty() {
            return;
        }
        let last = self.proofs.iter().rev().find(|proof| matches!(proof.value, Acceptance::Run(_))).cloned();
        let words = Acceptance::Text("every step of the task is done".to_owned());
        self.proofs = vec![last.unwrap_or(Spanned { value: words, span: self.span.clone() })];
    }
}

/// The section that this line begins, if it does.
fn head(line: &Line<'_>, has_numbered: bool, count: usize) -> Option<Section> {
    let section = |id: String, title: &str, is_story: bool| Section {
        id,
        title: title.trim().replace("**", ""),
        span: line.span(),
        role: Role::ImplCore,
        is_story,
        is_numbered: has_numbered,
        files: Vec::new(),
        proofs: Vec::new(),
    };
    if has_numbered {
        return numbered(line.text).map(|(number, title)| section(format!("T{number}"), title, false));
    }
    let title = line.text.strip_prefix("## ")?.trim();
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let (id, title) = match title.strip_prefix("Phase ") {
        Some(rest) => (format!("P{}", number(rest)), rest.split_once(':').map_or(rest, |(_, title)| title)),
        None => (
            format!("T{}", number(title)),
            title.trim_start_matches(|c: char| c.is_ascii_digit() || ". )".contains(c)),
        ),
    };
    let id = if id.len() > 1 { id } else { format!("{id}{}", count + 1) };
    Some(Section { role: role(title), ..section(id, title, title.contains("User Story")) })
}

/// When a section is done, by the words of its heading.
fn role(title: &str) -> Role {
    let title = title.to_lowercase();
    let has = |words: &[&str]| title.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    if has(&["documentation", "docs", "archive", "release", "changelog"]) {
        Role::Finalization
    } else if has(&["test", "tests", "testing", "validation", "validate", "verification", "verify"]) {
        Role::Quality
    } else if has(&["polish", "cleanup", "refactoring"]) {
        Role::ImplPolish
    } else {
        Role::ImplCore
    }
}

fn sketch(path: &str, text: &str, sections: &[Section], at: usize) -> Option<Sketch> {
    let section = sections.get(at)?;
    let before = sections.get(..at)?;
    // Stories wait for what is no story, and for those that they share files with; all else comes in order.
    let waits = |other: &&Section| {
        if section.is_story && other.is_story {
            meet(section, other)
        } else {
            section.is_story || other.is_story
        }
    };
    let mut depends: Vec<&Section> = before.iter().filter(waits).collect();
    depends.extend(before.last().filter(|last| !section.is_story && !last.is_story));
    let depends =
        depends.into_iter().map(|other| Spanned { value: other.id.clone(), span: section.span.clone() });
    let line = crate::diagnostic::line_column(text, section.span.start).0;
    let at = |value: String| Spanned { value, span: section.span.clone() };
    let title = at(format!("{} ({path}:{line})", section.title));
    let role = Spanned { value: section.role, span: section.span.clone() };
    let mut sketch = Sketch::new(at(section.id.clone()), title, role);
    sketch.files.clone_from(&section.files);
    sketch.depends = depends.collect();
    sketch.acceptance.clone_from(&section.proofs);
    Some(sketch)
}

fn meet(one: &Section, other: &Section) -> bool {
    let globs = |section: &Section| -> Vec<Glob> {
        section.files.iter().filter_map(|file| Glob::new(&file.value, Case::Sensitive).ok()).collect()
    };
    let others = globs(other);
    globs(one)
        .iter()
        .any(|one| others.iter().any(|other| one.may_meet(other) && one.overlap(other).is_some()))
}

/// `**Goal:** …`, the title, or the directory of the change.
fn goal(path: &str, text: &str) -> String {
    let said = outside_fences(text)
        .find_map(|line| line.text.strip_prefix("**Goal:**").or(line.text.strip_prefix("**Goal**:")));
    let title = || outside_fences(text).find_map(|line| line.text.strip_prefix("# "));
    let goal = said.or_else(title).map(|goal| goal.trim().trim_start_matches("Tasks:").trim());
    let named = goal.filter(|goal| !goal.is_empty() && !goal.eq_ignore_ascii_case("tasks"));
    let change = || path.trim_end_matches("/tasks.md").rsplit('/').next().unwrap_or(path);
    named.unwrap_or_else(change).to_owned()
}

/// `### Task 3: Title`.
fn numbered(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("### ").or(line.strip_prefix("## "))?.strip_prefix("Task ")?;
    let (number, title) = rest.split_once(':')?;
    let number = number.trim();
    (!number.is_empty() && number.len() < 6 && number.chars().all(|c| c.is_ascii_digit() || c == '.'))
        .then_some((number, title))
}

fn boxed<'a>(line: &'a str, marks: &[&str]) -> Option<&'a str> {
    let rest = line.trim_start().strip_prefix(['-', '*'])?.trim_start();
    marks.iter().find_map(|mark| rest.strip_prefix(mark)).map(str::trim).filter(|words| !words.is_empty())
}

fn open_box(line: &str) -> Option<&str> {
    boxed(line, &["[ ]"])
}

fn is_done(line: &str) -> bool {
    boxed(line, &["[x]", "[X]"]).is_some()
}

/// Run: `command`.
fn command(line: &str) -> Option<&str> {
    let line = line.trim_start().trim_start_matches("- ");
    let rest = line.strip_prefix("Run:").or(line.strip_prefix("**Run:**"))?.trim();
    let command = rest.strip_prefix('`')?.split('`').next()?;
    Some(command.trim()).filter(|command| !command.is_empty())
}

/// Paths that a line names: in backticks, or with a slash and an extension. Where a list says `Create: …` for files,
/// only those lines count.
fn paths(line: &Line<'_>, listed: bool) -> Vec<Spanned<String>> {
    const KINDS: &[&str] = &["create:", "modify:", "test:", "delete:", "update:"];
    let lower = line.text.trim_start().trim_start_matches("- ").to_lowercase();
    if listed && !KINDS.iter().any(|kind| lower.starts_with(kind)) || lower.starts_with("run:") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, piece) in line.text.split('`').enumerate() {
        let is_quoted = at % 2 == 1;
        let words: Vec<&str> = if is_quoted { vec![piece] } else { piece.split_whitespace().collect() };
        found.extend(words.into_iter().filter_map(|word| as_path(word, is_quoted)));
    }
    found.into_iter().map(|value| Spanned { value, span: line.span() }).collect()
}

fn as_path(word: &str, is_quoted: bool) -> Option<String> {
    let word = word.trim_matches(|c: char| "()[],;\"'".contains(c)).trim_end_matches(['.', ':']);
    // `file.py:12-34` names lines.
    let word = match word.rsplit_once(':') {
        Some((file, lines)) if lines.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ',') => file,
        _ => word,
    };
    let plain = |c: char| c.is_alphanumeric() || "/._-+@*".contains(c);
    if word.is_empty() || !word.chars().all(plain) || word.starts_with(['/', '-', '@']) || word.contains("//")
    {
        return None;
    }
    let name = word.trim_end_matches('/').rsplit('/').next().unwrap_or(word);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_file = extension.is_some_and(|extension| {
        (1..=6).contains(&extension.len()) && extension.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    let has_slash = word.contains('/');
    match () {
        () if is_file && (has_slash || is_quoted) => Some(word.to_owned()),
        () if word.ends_with('/') => Some(word.to_owned()),
        () if is_quoted && has_slash => Some(format!("{word}/")),
        () => None,
    }
}

/// A line with its place.
struct Line<'t> {
    text: &'t str,
    start: usize,
    end: usize,
}

impl Line<'_> {
    fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        Line { text: line.trim_end_matches(['\n', '\r']), start, end: at }
    })
}

fn outside_fences(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut fenced = false;
    lines(text).filter(move |line| {
        let is_fence = line.text.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}
