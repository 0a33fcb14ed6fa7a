//! One whole file from three sides: `base` (what we wrote last), `mine` (what the person has) and `new` (what this
//! version would write).
//!
//! Responsible for: a text that holds what both sides changed, or the places where they overlap. A byte order mark,
//! line ends and a missing final newline are not lines: each stays as the side that changed it wants it.
//! Must not: touch a disk, guess a base, or return a text that `check` has not held against all three sides.

mod check;
mod front;
mod lines;
mod markdown;
mod units;

use std::ops::Range;

/// What became of three sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Both sides' changes, in one text.
    Merged(Merged),
    /// Both sides changed the same lines, or the file is not text.
    Conflict(Vec<Range<usize>>),
}

/// A text that holds what both sides changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many places only the person changed.
    pub mine: usize,
    /// How many places only the new version changed.
    pub new: usize,
}

/// A merged text without its form.
#[derive(Debug, Default)]
struct Joined {
    text: String,
    mine: usize,
    new: usize,
}

/// Lines of `mine`, from 1, that both sides changed.
type Overlaps = Vec<Range<usize>>;

/// How a notation is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    Markdown,
    Json,
    Toml,
    Text,
}

/// Merges the file called `name`, of which only the extension counts.
pub fn merge(name: &str, base: &[u8], mine: &[u8], new: &[u8]) -> Outcome {
    let (Some(base), Some(mine), Some(new)) = (Side::read(base), Side::read(mine), Side::read(new)) else {
        return Outcome::Conflict(Vec::new());
    };
    let notation = notation(name);
    let joined = match join(notation, &base.text, &mine.text, &new.text) {
        Ok(joined) => joined,
        Err(overlaps) => return Outcome::Conflict(overlaps),
    };
    let sides = [base.text.as_str(), &mine.text, &new.text];
    if !check::holds(sides, &joined.text) || !check::is_valid(notation, sides, &joined.text) {
        return Outcome::Conflict(Vec::new());
    }
    let form = Form::choose(base.form, mine.form, new.form);
    Outcome::Merged(Merged { bytes: form.dress(&joined.text), mine: joined.mine, new: joined.new })
}

/// The merge with markers where both sides changed the same lines, for an editor.
pub fn with_markers(base: &[u8], mine: &[u8], new: &[u8]) -> Option<String> {
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let (base, mine, new) = (text(base)?, text(mine)?, text(new)?);
    let mut merge = similar::TextMerge::from_lines(base, mine, new);
    merge.conflict_style(similar::ConflictStyle::Diff3).labels("base", "mine", "new");
    Some(merge.to_string())
}

fn join(notation: Notation, base: &str, mine: &str, new: &str) -> Result<Joined, Overlaps> {
    if mine == base || mine == new {
        return Ok(Joined { text: new.to_owned(), mine: 0, new: usize::from(new != base) });
    }
    if new == base {
        return Ok(Joined { text: mine.to_owned(), mine: 1, new: 0 });
    }
    match notation {
        Notation::Markdown => markdown::join(base, mine, new),
        Notation::Json | Notation::Toml | Notation::Text => lines::join(base, mine, new, &|_| None),
    }
}

fn notation(name: &str) -> Notation {
    match name.rsplit('.').next().unwrap_or_default() {
        "md" | "mdc" | "markdown" => Notation::Markdown,
        "json" => Notation::Json,
        "toml" => Notation::Toml,
        _ => Notation::Text,
    }
}

/// A side as text with plain line ends, the last one ended.
struct Side {
    text: String,
    form: Form,
}

/// What a text has beside its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    bom: bool,
    /// Every line ends with a carriage return too.
    crlf: bool,
    /// The last line is ended.
    ended: bool,
}

impl Side {
    /// `None` when it is not text.
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?;
        let (bom, text) = text.strip_prefix('\u{feff}').map_or((false, text), |rest| (true, rest));
        let crlf = text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count();
        let ended = text.is_empty() || text.ends_with('\n');
        let mut text = if crlf { text.replace("\r\n", "\n") } else { text.to_owned() };
        if !ended {
            text.push('\n');
        }
        Some(Self { text, form: Form { bom, crlf, ended } })
    }
}

impl Form {
    /// What the person changed counts, else what the new version has.
    fn choose(base: Self, mine: Self, new: Self) -> Self {
        let pick = |of: fn(Self) -> bool| if of(mine) == of(base) { of(new) } else { of(mine) };
        Self { bom: pick(|form| form.bom), crlf: pick(|form| form.crlf), ended: pick(|form| form.ended) }
    }

    fn dress(self, text: &str) -> Vec<u8> {
        let text = if self.ended { text } else { text.strip_suffix('\n').unwrap_or(text) };
        let text = if self.crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        let bom = if self.bom { "\u{feff}" } else { "" };
        format!("{bom}{text}").into_bytes()
    }
}

#[cfg(test)]
mod tests;
