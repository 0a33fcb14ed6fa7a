//! Findings about files that people wrote: what is wrong, where, and what to do about it.
//!
//! A finding is not an error of this program. All findings of a run are collected, sorted and shown together;
//! the caller decides the exit code. Nothing here reads files or knows what a skill is.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A client would drop it, misread it or refuse it. The build fails.
    Error,
    /// Every client loads it, but not all of them do what the author wrote.
    Warning,
}

/// One thing that is wrong in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable kebab-case name, e.g. `unknown-key`. People write it into accept lists.
    pub code: &'static str,
    /// Whether the build fails.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The file, relative to the tree, with `/`.
    pub path: String,
    /// Byte range in the file; empty when the finding is about the whole file.
    pub span: Range<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// An error about the whole file; narrow it with [`Finding::at`].
    pub fn error(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            path: path.into(),
            span: 0..0,
            help: None,
        }
    }

    /// A warning about the whole file; narrow it with [`Finding::at`].
    pub fn warning(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, path, message) }
    }

    /// Points at a byte range of the file.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = span;
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything found in one run, with the texts it was found in.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
    }

    /// Whether anything found makes the build fail.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many there are of one severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them by path, then place, then code; the same finding met twice is listed once.
    pub fn sorted(&self) -> Vec<&Finding> {
        let mut list: Vec<&Finding> = self.list.iter().collect();
        list.sort_by(|a, b| {
            (&a.path, a.span.start, a.code, &a.message).cmp(&(&b.path, b.span.start, b.code, &b.message))
        });
        list.dedup();
        list
    }
}

/// Renders one finding with its source line underlined. `source` is the text of `finding.path`, if there is one.
pub fn render(finding: &Finding, source: Option<&str>, color: bool) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(finding.message.as_str()).id(finding.code);
    let group = match source {
        Some(text) if !text.is_empty() => {
            let span = clamp(text, &finding.span);
            Group::with_title(title).element(
                Snippet::source(text)
                    .path(finding.path.as_str())
                    .annotation(AnnotationKind::Primary.span(span)),
            )
        }
        _ => Group::with_title(title).element(annotate_snippets::Origin::path(finding.path.as_str())),
    };
    let group = match &finding.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    };
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text: String = renderer.render(&[group]);
    let _ = writeln!(text);
    text
}

/// Line and column (both from 1, column in characters) of a byte offset.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let offset = floor_boundary(text, offset);
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// A span that annotate-snippets accepts: inside the text, on character boundaries, not past its line's end.
fn clamp(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = floor_boundary(text, span.start);
    let end = floor_boundary(text, span.end.max(start));
    if start == end {
        let line_end = text.get(start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| start + at);
        return start..line_end;
    }
    start..end
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_file_line_underline_and_help() {
        let source = "---\nname: x\nnmae: y\n---\n";
        let finding = Finding::error("unknown-key", "skills/x/SKILL.md", "unknown key `nmae`")
            .at(12..16)
            .help("did you mean `name`?");
        let text = render(&finding, Some(source), false);
        for part in [
            "error[unknown-key]: unknown key `nmae`",
            "skills/x/SKILL.md:3:1",
            "^^^^",
            "did you mean `name`?",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn spans_outside_the_text_or_inside_a_character_do_not_panic() {
        for (start, end) in [(0, 0), (3, 900), (900, 1000), (1, 2), (2, 1)] {
            let span = start..end;
            let finding = Finding::warning("x", "f", "m").at(span);
            assert!(!render(&finding, Some("é\nb"), false).is_empty());
        }
    }

    #[test]
    fn the_same_finding_is_listed_once() {
        let mut findings = Findings::default();
        findings.push(Finding::error("b", "f", "m"));
        findings.push(Finding::error("a", "f", "m"));
        findings.push(Finding::error("b", "f", "m"));
        let codes: Vec<_> = findings.sorted().iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["a", "b"]);
    }
}
