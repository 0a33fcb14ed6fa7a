//! The one course of every merge: take back, replace, add, check.
//!
//! Responsible for: pairing recorded edits with wanted ones, and each edit's fate.
//! Must not: know a notation; each step asks one for a new text.

use serde_json::Value;

use super::pairs::pair;
use super::{
    Done, Fate, Look, Made, Manner, MergeError, Merged, Note, Record, Side, json, markdown, section, toml,
};
use crate::compile::artifact::{Edit, Format};
use crate::install::three_way::{self, Outcome};

const BOM: char = '\u{feff}';

/// Applies `want` to a text that holds nothing of ours yet; `None` is a missing file.
///
/// # Errors
/// See [`MergeError`].
pub fn apply(format: Format, text: Option<&str>, want: &[Edit]) -> Result<Merged, MergeError> {
    merge(format, text, &Record::default(), want, false)
}

/// Takes back everything in `past` that is still there as we wrote it.
///
/// # Errors
/// See [`MergeError`].
pub fn revert(format: Format, text: Option<&str>, past: &Record) -> Result<Merged, MergeError> {
    merge(format, text, past, &[], false)
}

/// Whether `edit` holds in `text`, whoever wrote it.
///
/// # Errors
/// See [`MergeError`].
pub fn holds(format: Format, text: &str, edit: &Edit) -> Result<bool, MergeError> {
    Ok(look(format, text.strip_prefix(BOM).unwrap_or(text), edit)? == Look::Same)
}

/// Brings a text from what `past` records to what `want` says: recorded edits that are not wanted are taken back,
/// changed ones are replaced in place, new ones are added. What the person removed stays removed unless forced.
///
/// # Errors
/// See [`MergeError`]. The text is never half-edited.
pub fn merge(
    format: Format,
    text: Option<&str>,
    past: &Record,
    want: &[Edit],
    manner: impl Into<Manner>,
) -> Result<Merged, MergeError> {
    let Manner { force, settle } = manner.into();
    if text.is_none() && (want.is_empty() || (!past.done.is_empty() && !force)) {
        return Ok(all_gone(past, want));
    }
    let (bom, body) =
        text.and_then(|text| text.strip_prefix(BOM)).map_or(("", text), |body| ("\u{feff}", Some(body)));
    let record =
        Record { created: text.is_none() || past.created, done: Vec::new(), made: past.made.clone() };
    let text = body.unwrap_or_default().to_owned();
    let mut run = Run { format, text, record, notes: Vec::new(), force, settle };
    let bare = bare_last_line(format, &run.text, past, want)?;
    let pairs = pair(&past.done, want);
    for done in pairs.dropped.iter().rev() {
        run.take_back(done)?;
    }
    for (old, new) in &pairs.kept {
        run.keep(old, new)?;
    }
    for new in &pairs.fresh {
        run.add(new)?;
    }
    for made in &mut run.record.made {
        if let Made::FinalNewline { line } = made
            && line.is_empty()
        {
            line.clone_from(&bare);
        }
    }
    run.finish(bom)
}

/// What the last line is without our edits, when it may get a line end from us.
fn bare_last_line(format: Format, text: &str, past: &Record, want: &[Edit]) -> Result<String, MergeError> {
    if want.is_empty() || text.is_empty() || text.ends_with('\n') {
        return Ok(String::new());
    }
    let bare = if past.done.is_empty() { None } else { revert(format, Some(text), past)?.text };
    Ok(section::last_line_hash(bare.as_deref().unwrap_or(text)))
}

/// The file is missing and stays so.
fn all_gone(past: &Record, want: &[Edit]) -> Merged {
    let note = |edit: &Edit| Note::new(edit, Fate::Gone, Some("the file is not there"));
    let edits: Vec<&Edit> =
        if want.is_empty() { past.done.iter().map(|d| &d.edit).collect() } else { want.iter().collect() };
    let record = if want.is_empty() { Record::default() } else { past.clone() };
    Merged { text: None, record, notes: edits.into_iter().map(note).collect() }
}

struct Run {
    format: Format,
    text: String,
    record: Record,
    notes: Vec<Note>,
    force: bool,
    settle: Option<Side>,
}

impl Run {
    fn take_back(&mut self, done: &Done) -> Result<(), MergeError> {
        if done.held {
            self.note(&done.edit, Fate::Held, "it was there before us: it stays");
            return Ok(());
        }
        match self.look(&done.edit)? {
            Look::Same if self.remove(done)? => self.note(&done.edit, Fate::Removed, ""),
            Look::Missing => self.note(&done.edit, Fate::Gone, "already gone"),
            Look::Other(there) if self.remove_ours(done, &there)? => self.note(&done.edit, Fate::Removed, ""),
            Look::Same | Look::Other(_) | Look::Blocked(_) => {
                self.note(&done.edit, Fate::Edited, "you edited it: it stays, and is yours now");
            }
        }
        Ok(())
    }

    fn keep(&mut self, old: &Done, new: &Edit) -> Result<(), MergeError> {
        if old.edit == *new || old.held {
            return self.keep_same(old, new);
        }
        match self.look(&old.edit)? {
            Look::Same => self.update(old, new),
            _ if self.look(new)? == Look::Same => {
                self.hold(
                    Done { edit: new.clone(), ..old.clone() },
                    Fate::Kept,
                    "your edit and the new version agree",
                );
                Ok(())
            }
            Look::Missing => self.gone(old, new),
            Look::Other(there) if is_ours(&old.edit) => {
                self.update(&Done { edit: with(&old.edit, there), ..old.clone() }, new)
            }
            Look::Other(there) => self.edited(old, new, there),
            Look::Blocked(_) => {
                let why = "you edited it and the new version differs: yours stays";
                self.hold(old.clone(), Fate::Conflict, why);
                Ok(())
            }
        }
    }

    /// The person has another value, and so has the new version.
    fn edited(&mut self, old: &Done, new: &Edit, there: Value) -> Result<(), MergeError> {
        match self.settle {
            Some(Side::New) => {
                return self.update(&Done { edit: with(&old.edit, there), ..old.clone() }, new);
            }
            Some(Side::Mine) => {
                let done = Done { edit: new.clone(), ..old.clone() };
                self.hold(done, Fate::Edited, "yours stays, as you decided");
                return Ok(());
            }
            None => {}
        }
        if let Some(text) = self.both(&old.edit, new)? {
            self.text = text;
            let why = "yours and the new version, both";
            self.hold(Done { edit: new.clone(), ..old.clone() }, Fate::Merged, why);
        } else {
            let why = "you edited it and the new version differs: yours stays";
            self.hold(old.clone(), Fate::Conflict, why);
        }
        Ok(())
    }

    /// The text with the person's edits of a block and those of the new version, when they do not overlap.
    fn both(&self, old: &Edit, new: &Edit) -> Result<Option<String>, MergeError> {
        let (Edit::Block { name, text: base }, Edit::Block { text: next, .. }) = (old, new) else {
            return Ok(None);
        };
        let Some(mine) = markdown::inner(&self.text, name)? else { return Ok(None) };
        match three_way::merge("block.md", base.as_bytes(), mine.as_bytes(), next.as_bytes()) {
            Outcome::Merged(merged) => {
                let text = String::from_utf8_lossy(&merged.bytes).into_owned();
                markdown::replace(&self.text, old, &Edit::Block { name: name.clone(), text })
            }
            Outcome::Conflict(_) => Ok(None),
        }
    }

    fn keep_same(&mut self, old: &Done, new: &Edit) -> Result<(), MergeError> {
        match self.look(new)? {
            Look::Same => {
                let fate = if old.held { Fate::Held } else { Fate::Kept };
                self.hold(old.clone(), fate, "");
            }
            Look::Missing => return self.gone(old, new),
            Look::Other(_) if is_ours(new) => self.hold(old.clone(), Fate::Kept, ""),
            Look::Other(_) | Look::Blocked(_) => self.hold(old.clone(), Fate::Edited, "you edited it"),
        }
        Ok(())
    }

    fn gone(&mut self, old: &Done, new: &Edit) -> Result<(), MergeError> {
        if self.force {
            return self.insert(new);
        }
        self.hold(old.clone(), Fate::Gone, "you removed or rewrote it: not put back (--force does)");
        Ok(())
    }

    /// Replaces our old value by our new one, where it stands.
    fn update(&mut self, old: &Done, new: &Edit) -> Result<(), MergeError> {
        if matches!(new, Edit::Append { .. }) && self.look(new)? == Look::Same {
            self.remove(old)?;
            self.hold(Done { edit: new.clone(), held: true, lead: String::new() }, Fate::Held, "");
            return Ok(());
        }
        let replaced = match self.format {
            Format::Json => json::replace(&self.text, &old.edit, new)?,
            Format::Toml => toml::replace(&self.text, &old.edit, new)?,
            Format::Markdown => markdown::replace(&self.text, &old.edit, new)?,
        };
        match replaced {
            Some(text) if look(self.format, &text, new)? == Look::Same => {
                self.text = text;
                self.hold(Done { edit: new.clone(), ..old.clone() }, Fate::Updated, "");
            }
            Some(_) => {
                self.remove(old)?; // it cannot be written there: another kind of value
                self.add(new)?;
            }
            None => self.hold(old.clone(), Fate::Conflict, "your comments stand in it: it stays as it is"),
        }
        Ok(())
    }

    fn add(&mut self, new: &Edit) -> Result<(), MergeError> {
        match self.look(new)? {
            Look::Missing => self.insert(new)?,
            Look::Same => {
                let done = Done { edit: new.clone(), held: true, lead: String::new() };
                self.hold(done, Fate::Held, "it was there already");
            }
            Look::Other(_) | Look::Blocked(_) if self.settle == Some(Side::Mine) => {
                let done = Done { edit: new.clone(), held: true, lead: String::new() };
                self.hold(done, Fate::Held, "yours stays, as you decided");
            }
            Look::Other(_) => self.note(new, Fate::Conflict, "another value stands there: it stays"),
            Look::Blocked(why) => self.note(new, Fate::Conflict, &why),
        }
        Ok(())
    }

    fn insert(&mut self, new: &Edit) -> Result<(), MergeError> {
        let made = &mut self.record.made;
        let (text, lead) = match self.format {
            Format::Json => (json::insert(&self.text, new, made)?, String::new()),
            Format::Toml => toml::insert(&self.text, new, made)?,
            Format::Markdown => markdown::insert(&self.text, new, made)?,
        };
        self.text = text;
        if self.look(new)? != Look::Same {
            return Err(MergeError::NotHeld(label(new)));
        }
        self.hold(Done { edit: new.clone(), held: false, lead }, Fate::Added, "");
        Ok(())
    }

    /// Whether it could be removed; what holds the person's comments cannot.
    fn remove(&mut self, done: &Done) -> Result<bool, MergeError> {
        let made = &mut self.record.made;
        let removed = match self.format {
            Format::Json => json::remove(&self.text, &done.edit, made)?,
            Format::Toml => toml::remove(&self.text, done, made)?,
            Format::Markdown => markdown::remove(&self.text, done)?,
        };
        let found = removed.is_some();
        self.text = removed.unwrap_or_else(|| std::mem::take(&mut self.text));
        Ok(found)
    }

    /// Takes back a key that is ours by its name, with what the client made of it.
    fn remove_ours(&mut self, done: &Done, there: &Value) -> Result<bool, MergeError> {
        Ok(is_ours(&done.edit)
            && self.remove(&Done { edit: with(&done.edit, there.clone()), ..done.clone() })?)
    }

    fn look(&self, edit: &Edit) -> Result<Look, MergeError> {
        look(self.format, &self.text, edit)
    }

    fn hold(&mut self, done: Done, fate: Fate, why: &str) {
        self.note(&done.edit, fate, why);
        self.record.done.push(done);
    }

    fn note(&mut self, edit: &Edit, fate: Fate, why: &str) {
        self.notes.push(Note::new(edit, fate, Some(why).filter(|why| !why.is_empty())));
    }

    fn finish(mut self, bom: &str) -> Result<Merged, MergeError> {
        if !self.record.done.iter().any(|done| !done.held) {
            self.close()?;
        }
        let nothing = self.record.created && self.record.done.is_empty() && self.text.is_empty();
        let text = (!nothing).then(|| format!("{bom}{}", self.text));
        if nothing {
            self.record = Record::default();
        }
        Ok(Merged { text, record: self.record, notes: self.notes })
    }

    /// Nothing of ours is left: what was made around our edits goes too.
    fn close(&mut self) -> Result<(), MergeError> {
        for made in std::mem::take(&mut self.record.made).into_iter().rev() {
            match made {
                Made::Root { before } if json::is_bare_root(&self.text, &before)? => self.text = before,
                Made::FinalNewline { line } => {
                    self.text = section::unend_line(&self.text, &line)
                        .unwrap_or_else(|| std::mem::take(&mut self.text));
                }
                Made::Root { .. } | Made::Container { .. } | Made::Filled { .. } => {}
            }
        }
        Ok(())
    }
}

/// Whether the key is ours by its name.
fn is_ours(edit: &Edit) -> bool {
    matches!(edit, Edit::Set { ours: true, .. })
}

/// The edit as if it had said `value`.
fn with(edit: &Edit, value: Value) -> Edit {
    match edit {
        Edit::Set { at, ours, .. } => Edit::Set { at: at.clone(), value, ours: *ours },
        other => other.clone(),
    }
}

fn look(format: Format, text: &str, edit: &Edit) -> Result<Look, MergeError> {
    match format {
        Format::Json => json::look(text, edit),
        Format::Toml => toml::look(text, edit),
        Format::Markdown => markdown::look(text, edit),
    }
}

impl Note {
    fn new(edit: &Edit, fate: Fate, why: Option<&str>) -> Self {
        Self { what: label(edit), fate, why: why.map(str::to_owned) }
    }
}

/// What an edit is called in front of a person.
fn label(edit: &Edit) -> String {
    match edit {
        Edit::Set { at, .. } => at.join("."),
        Edit::Append { at, value } => format!("{}[] {}", at.join("."), short(&value.to_string())),
        Edit::Block { name, .. } => format!("block so:{name}"),
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
