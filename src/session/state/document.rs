//! STATE.md as text with known places: frontmatter keys and `##` sections are read and spliced, everything else stays
//! as it is, byte for byte. What the keys and sections mean is no business of this file.

use std::ops::Range;

/// A state file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    text: String,
}

/// Why a text is no state file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It does not begin with `---`.
    #[error("line 1: the file does not begin with a line `---`")]
    NoFrontmatter,
    /// The frontmatter has no end.
    #[error("line {0}: the frontmatter that begins in line 1 has no closing `---`")]
    Unclosed(usize),
    /// A key stands twice.
    #[error("line {1}: `{0}` is set twice in the frontmatter")]
    Twice(String, usize),
}

impl Document {
    /// Takes a text; anything that is not frontmatter or a section is kept and ignored.
    ///
    /// # Errors
    /// The frontmatter cannot be told from the rest, or says two things.
    pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
        let document = Self { text: text.into() };
        if document.text.lines().next().is_none_or(|line| line.trim_end() != FENCE) {
            return Err(Malformed::NoFrontmatter);
        }
        let Some(range) = document.frontmatter() else {
            return Err(Malformed::Unclosed(document.text.lines().count()));
        };
        let mut seen: Vec<&str> = Vec::new();
        for (number, line) in document.slice(range).lines().enumerate() {
            if let Some(key) = key_of(line) {
                if seen.contains(&key) {
                    return Err(Malformed::Twice(key.to_owned(), number + 2));
                }
                seen.push(key);
            }
        }
        Ok(document)
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of a top-level frontmatter key on one line, without quotes; `None` when the key is not there.
    pub fn get(&self, key: &str) -> Option<String> {
        let value = self.value(key)?;
        Some(unquoted(self.slice(value).trim()))
    }

    /// Sets a top-level key to a value on one line; lines below it that belong to the old value go.
    pub fn set(&mut self, key: &str, value: &str) {
        let value = quoted(value);
        let line = format!("{key}: {value}{}", self.ending());
        if let Some(range) = self.entry(key) {
            self.text.replace_range(range, &line);
        } else if let Some(front) = self.frontmatter() {
            self.text.insert_str(front.end, &line);
        }
    }

    /// Removes a top-level key with everything that belongs to it.
    pub fn unset(&mut self, key: &str) {
        if let Some(range) = self.entry(key) {
            self.text.replace_range(range, "");
        }
    }

    /// The text below the heading `## NAME`, up to the next heading of that rank; `None` without one.
    pub fn section(&self, name: &str) -> Option<&str> {
        self.body(name).map(|range| self.slice(range))
    }

    /// Replaces the text of a section, which is made at the end when it is not there.
    pub fn set_section(&mut self, name: &str, body: &str) {
        let end = self.ending();
        let mut body = body.trim_end().replace("\r\n", "\n").replace('\n', end);
        if !body.is_empty() {
            body.push_str(end);
        }
        let lead = if body.is_empty() { "" } else { end };
        if let Some(range) = self.body(name) {
            let gap = if range.end == self.text.len() { "" } else { end };
            self.text.replace_range(range, &format!("{lead}{body}{gap}"));
            return;
        }
        if !self.text.ends_with('\n') {
            self.text.push_str(end);
        }
        for part in [end, "## ", name, end, lead, &body] {
            self.text.push_str(part);
        }
    }

    /// The lines of a section that begin a list item, each with the lines that belong to it.
    pub fn items(&self, name: &str) -> Vec<String> {
        let mut items: Vec<String> = Vec::new();
        for line in self.section(name).unwrap_or_default().lines() {
            if line.starts_with("- ") {
                items.push(line.to_owned());
            } else if let Some(last) = items.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
                last.push('\n');
                last.push_str(line);
            }
        }
        items
    }

    /// The top-level frontmatter keys, in order.
    pub fn keys(&self) -> Vec<String> {
        let front = self.frontmatter().map(|front| self.slice(front)).unwrap_or_default();
        front.lines().filter_map(key_of).map(str::to_owned).collect()
    }

    /// The names of the sections, in order.
    pub fn sections(&self) -> Vec<String> {
        let start = self.frontmatter().map_or(0, |front| front.end);
        let mut fenced = false;
        let heading = |line: &str| {
            fenced ^= line.trim_start().starts_with("```");
            line.strip_prefix("## ").filter(|_| !fenced).map(|name| name.trim_end().to_owned())
        };
        self.slice(start..self.text.len()).lines().filter_map(heading).collect()
    }

    fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// The line end that the file uses.
    fn ending(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The lines between the two fences.
    fn frontmatter(&self) -> Option<Range<usize>> {
        let mut lines = lines(&self.text);
        let start = lines.next()?.end;
        let close = lines.find(|line| self.slice(line.clone()).trim_end() == FENCE)?;
        Some(start..close.start)
    }

    /// The lines of a top-level key: its own and the indented or listed ones below it.
    fn entry(&self, key: &str) -> Option<Range<usize>> {
        let front = self.frontmatter()?;
        let mut found: Option<Range<usize>> = None;
        for line in lines(self.slice(front.clone())) {
            let range = front.start + line.start..front.start + line.end;
            let text = self.slice(range.clone());
            match &mut found {
                None if key_of(text) == Some(key) => found = Some(range),
                Some(found) if text.starts_with([' ', '\t']) || text.starts_with("- ") => {
                    found.end = range.end;
                }
                Some(_) => break,
                None => {}
            }
        }
        found
    }

    /// What stands behind the colon of a key, on its own line.
    fn value(&self, key: &str) -> Option<Range<usize>> {
        let entry = self.entry(key)?;
        let line = self.slice(entry.clone());
        let colon = line.find(':')?;
        let end = line.find('\n').unwrap_or(line.len());
        Some(entry.start + colon + 1..entry.start + end)
    }

    /// The text of a section without its heading. A heading inside fenced code is none.
    fn body(&self, name: &str) -> Option<Range<usize>> {
        let start = self.frontmatter().map_or(0, |front| front.end);
        let (mut fenced, mut begun) = (false, None);
        for line in lines(self.slice(start..self.text.len())) {
            let range = start + line.start..start + line.end;
            let text = self.slice(range.clone());
            if text.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            if fenced || !text.starts_with("## ") {
                continue;
            }
            match begun {
                Some(begun) => return Some(begun..range.start),
                None if text.trim_end() == format!("## {name}") => begun = Some(range.end),
                None => {}
            }
        }
        begun.map(|begun| begun..self.text.len())
    }
}

const FENCE: &str = "---";

/// The ranges of all lines with their ends.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some(start..*at)
    })
}

/// The key of a top-level `key: value` line.
fn key_of(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    (plain && (rest.is_empty() || rest.starts_with(char::is_whitespace))).then_some(key)
}

/// A value that YAML reads as the same text: bare where that is safe, else a JSON string, which YAML reads too.
fn quoted(value: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-./+@_".contains(c);
    let time = value.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && value.chars().all(|c| safe(c) || c == ':');
    let list = value.starts_with('[') && value.ends_with(']');
    if !value.is_empty() && value.chars().all(safe) || time || list {
        value.to_owned()
    } else {
        serde_json::Value::from(value).to_string()
    }
}

fn unquoted(value: &str) -> String {
    if value.starts_with('"') {
        return serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('"').to_owned());
    }
    let single = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    single.map_or_else(|| value.to_owned(), |inner| inner.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATE: &str = "---\nschema-version: 1\nsession: main-2026\nissues: [1, 2]\nmission-status:\n  - id: m-1\n    task: x\n\
        status: active\nx-mine: {a: 1}\n---\n\n# Notes of mine\n\n## Current Wave\n\nWave 2\n\n## Odd Section\nkept\n```\n## not one\n```\n\n\
        ## Deviations\n\n- one\n- two\n  more of two\n";

    fn state() -> Document {
        Document::parse(STATE).unwrap()
    }

    #[test]
    fn keys_and_sections_are_read() {
        let state = state();
        assert_eq!(state.get("session").as_deref(), Some("main-2026"));
        assert_eq!(state.get("issues").as_deref(), Some("[1, 2]"));
        assert_eq!(state.get("nothing"), None);
        assert_eq!(state.section("Current Wave").map(str::trim), Some("Wave 2"));
        assert!(state.section("Odd Section").unwrap().contains("## not one"));
        assert_eq!(state.section("not one"), None);
        assert_eq!(state.items("Deviations"), ["- one", "- two\n  more of two"]);
    }

    #[test]
    fn a_change_touches_nothing_else() {
        let mut state = state();
        state.set("status", "completed");
        assert_eq!(state.text(), STATE.replace("status: active", "status: completed"));
        state.set("status", "active");
        state.set_section("Current Wave", "Wave 2");
        assert_eq!(state.text(), STATE);
        state.unset("mission-status");
        assert_eq!(state.text(), STATE.replace("mission-status:\n  - id: m-1\n    task: x\n", ""));
    }

    #[test]
    fn what_is_not_there_is_added() {
        let mut state = state();
        state.set("branch", "feature: x");
        assert_eq!(state.get("branch").as_deref(), Some("feature: x"));
        state.set_section("Open Questions", "- [ ] why");
        assert_eq!(state.items("Open Questions"), ["- [ ] why"]);
        assert!(
            state.text().starts_with(&STATE[..20])
                && state.text().contains("x-mine: {a: 1}\nbranch: \"feature: x\"\n---\n")
        );
    }

    #[test]
    fn what_is_broken_is_named_with_its_line() {
        for (text, error) in [
            ("", "line 1: the file does not begin with a line `---`"),
            ("---\na: 1\n", "line 2: the frontmatter that begins in line 1 has no closing `---`"),
            ("---\na: 1\na: 2\n---\n", "line 3: `a` is set twice in the frontmatter"),
        ] {
            assert_eq!(Document::parse(text).unwrap_err().to_string(), error);
        }
    }

    proptest! {
        #[test]
        fn any_value_and_any_body_come_back(
            value in "[^\\r\\n]{0,30}",
            body in "([a-z -]{0,12}\n){0,4}",
            crlf in any::<bool>(),
        ) {
            let text = if crlf { STATE.replace('\n', "\r\n") } else { STATE.to_owned() };
            let mut state = Document::parse(text.clone()).unwrap();
            prop_assert_eq!(state.text(), text.as_str());
            prop_assume!(!value.starts_with('['));
            state.set("note", &value);
            prop_assert_eq!(state.get("note"), Some(value));
            state.set_section("Deviations", &body);
            state.set_section("New", &body);
            let read = state.section("New").unwrap().replace("\r\n", "\n");
            prop_assert_eq!(read.trim(), body.trim());
            let again = Document::parse(state.text()).unwrap();
            prop_assert_eq!(&again, &state);
            prop_assert!(!crlf || !state.text().replace("\r\n", "").contains('\n'));
            let untouched = Document::parse(text).unwrap();
            prop_assert_eq!(state.section("Odd Section"), untouched.section("Odd Section"));
        }
    }
}
