//! A plan that a person can read.
//!
//! Responsible for: the unified diff, one line per place that needs one, and the summary.
//! Must not: decide or print.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::merge::Fate;
use super::plan::{Kind, Plan, Step};

/// How a plan is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// New and removed files in full, and places where nothing happens.
    pub verbose: bool,
}

/// How many places each kind has, and what is left for the person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// By kind; kinds without a place are left out.
    pub steps: BTreeMap<Kind, usize>,
    /// The places with a conflict.
    pub conflicts: Vec<String>,
    /// Nothing on the disk would change.
    pub nothing_to_do: bool,
}

/// Counts a plan.
pub fn summary(plan: &Plan) -> Summary {
    let mut steps = BTreeMap::new();
    for step in &plan.steps {
        *steps.entry(step.kind).or_insert(0) += 1;
    }
    let conflicts = plan.conflicts().map(|step| step.place.to_string()).collect();
    Summary { steps, conflicts, nothing_to_do: plan.is_empty() }
}

impl Summary {
    /// One line: `12 to create, 2 to merge, 1 kept (yours)`.
    pub fn line(&self) -> String {
        let words = |kind| match kind {
            Kind::Create => Some("to create"),
            Kind::Update => Some("to update"),
            Kind::Merge => Some("to merge"),
            Kind::MergeText => Some("to merge with your edits"),
            Kind::Adopt => Some("there already"),
            Kind::Keep => Some("kept (yours)"),
            Kind::Conflict => Some("in conflict (yours stays)"),
            Kind::Remove => Some("to remove"),
            Kind::Leave => Some("left (you edited it)"),
            Kind::Gone => Some("stays deleted"),
            Kind::Unchanged => None,
        };
        let mut parts: Vec<String> = self
            .steps
            .iter()
            .filter_map(|(kind, count)| words(*kind).map(|words| format!("{count} {words}")))
            .collect();
        let whole = self.steps.get(&Kind::Conflict).copied().unwrap_or_default();
        if self.conflicts.len() > whole {
            parts.push(format!("{} with a key in conflict (yours stays)", self.conflicts.len() - whole));
        }
        if self.nothing_to_do {
            parts.insert(0, "nothing to do".to_owned());
        } else if parts.is_empty() {
            parts.push("only the record of what is installed changes".to_owned());
        }
        parts.join(", ")
    }
}

/// The whole plan as text: the diffs, what is kept or left and why, then the summary line.
pub fn render(plan: &Plan, style: &Style) -> String {
    let mut out = String::new();
    for step in &plan.steps {
        render_step(&mut out, step, *style);
    }
    let _ = writeln!(out, "{}", summary(plan).line());
    out
}

/// One step in one line: `update .cursor/rules/x.mdc`.
pub fn line(step: &Step) -> String {
    format!("{} {}", word(step.kind), step.place)
}

fn render_step(out: &mut String, step: &Step, style: Style) {
    let paint = Paint(style.color);
    if !step.changes() {
        if style.verbose || step.conflicts() || !matches!(step.kind, Kind::Unchanged | Kind::Adopt) {
            let _ = writeln!(out, "{} {}: {}", paint.warn(word(step.kind)), step.place, step.reason);
            render_notes(out, step, paint);
        }
        return;
    }
    let whole = matches!(step.kind, Kind::Create | Kind::Remove) && step.notes.is_empty();
    match (text(step.before.as_ref()), text(step.after.as_ref())) {
        (Some(before), Some(after)) if style.verbose || !whole => {
            let _ = writeln!(out, "{} {}: {}", paint.head(word(step.kind)), step.place, step.reason);
            unified(out, step, (before, after), paint);
        }
        (before, after) => {
            let size = size(step, before, after);
            let _ = writeln!(out, "{} {} ({size})", paint.head(word(step.kind)), step.place);
        }
    }
    render_notes(out, step, paint);
}

/// The text of bytes that are text; a missing file is the empty text.
fn text(bytes: Option<&Vec<u8>>) -> Option<&str> {
    let Some(bytes) = bytes else { return Some("") };
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn size(step: &Step, before: Option<&str>, after: Option<&str>) -> String {
    let bytes = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
    match (before, after) {
        (Some(before), Some(after)) => {
            let lines = before.lines().count().max(after.lines().count());
            format!("{lines} {}", if lines == 1 { "line" } else { "lines" })
        }
        _ => format!("binary, {} → {} bytes", bytes(&step.before), bytes(&step.after)),
    }
}

fn unified(out: &mut String, step: &Step, (before, after): (&str, &str), paint: Paint) {
    let name = |bytes: &Option<Vec<u8>>, side: &str| match bytes {
        Some(_) => format!("{side}/{}", step.place),
        None => "/dev/null".to_owned(),
    };
    let _ = writeln!(out, "{}", paint.head(&format!("--- {}", name(&step.before, "a"))));
    let _ = writeln!(out, "{}", paint.head(&format!("+++ {}", name(&step.after, "b"))));
    let diff = TextDiff::from_lines(before, after);
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        let _ = writeln!(out, "{}", paint.hunk(&hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches(['\n', '\r']);
            let _ = match change.tag() {
                ChangeTag::Delete => writeln!(out, "{}", paint.minus(&format!("-{line}"))),
                ChangeTag::Insert => writeln!(out, "{}", paint.plus(&format!("+{line}"))),
                ChangeTag::Equal => writeln!(out, " {line}"),
            };
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
}

/// The edits of which something has to be said.
fn render_notes(out: &mut String, step: &Step, paint: Paint) {
    for note in &step.notes {
        let quiet = matches!(note.fate, Fate::Added | Fate::Kept | Fate::Updated | Fate::Removed);
        if !quiet && let Some(why) = &note.why {
            let _ = writeln!(out, "  {} {why}", paint.warn(&format!("{}:", note.what)));
        }
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Create => "create",
        Kind::Update => "update",
        Kind::Merge | Kind::MergeText => "merge",
        Kind::Adopt => "adopt",
        Kind::Keep => "keep",
        Kind::Conflict => "conflict",
        Kind::Remove => "remove",
        Kind::Leave => "leave",
        Kind::Gone => "gone",
        Kind::Unchanged => "unchanged",
    }
}

/// Colours, or none.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn head(self, text: &str) -> String {
        self.with("1", text)
    }

    fn hunk(self, text: &str) -> String {
        self.with("36", text)
    }

    fn plus(self, text: &str) -> String {
        self.with("32", text)
    }

    fn minus(self, text: &str) -> String {
        self.with("31", text)
    }

    fn warn(self, text: &str) -> String {
        self.with("33", text)
    }
}
