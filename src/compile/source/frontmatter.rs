//! The YAML block at the top of a Markdown file, with the place of every key.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::diagnostic::Finding;

/// Brackets that may be open at once.
const MAX_OPEN: usize = 200;
/// Bytes of one block.
const MAX_YAML: usize = 64 << 10;

/// A file's frontmatter and where its body starts.
#[derive(Debug, Default)]
pub struct Frontmatter {
    /// The values, in the order of the file.
    pub values: Map<String, Value>,
    /// The place of each top-level key, for findings.
    spans: Vec<(String, Range<usize>)>,
    /// Where the text after the closing `---` line starts, in bytes.
    pub body_start: usize,
}

impl Frontmatter {
    /// The place of a key; of the opening line when the key is not there.
    pub fn span(&self, key: &str) -> Range<usize> {
        self.spans.iter().find(|(name, _)| name == key).map_or(0..3, |(_, span)| span.clone())
    }

    /// Splits and parses `text`.
    ///
    /// # Errors
    /// One finding: no block, a block that does not end, or a block that is not strict YAML.
    pub fn parse(path: &str, text: &str) -> Result<Self, Box<Finding>> {
        let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let first_line = text.get(bom..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        if first_line.trim_end() != "---" {
            let finding =
                Finding::error("frontmatter-missing", path, "the file does not start with a `---` line");
            return Err(Box::new(
                finding.at(0..first_line.len()).help("start with `---`, `description: \"…\"`, `---`"),
            ));
        }
        let start = bom + line_end(text, bom);
        let Some((end, body_start)) = closing_line(text, start) else {
            let finding =
                Finding::error("frontmatter-unclosed", path, "the frontmatter has no closing `---` line");
            return Err(Box::new(
                finding.at(bom..bom + 3).help("close it with a line that is `---` and nothing else"),
            ));
        };
        let yaml = text.get(start..end).unwrap_or_default();
        if let Some(why) = too_much(yaml) {
            let message = format!("the frontmatter is more than every client reads: {why}");
            let first = start..start + line_end(text, start);
            return Err(Box::new(Finding::error("yaml-syntax", path, message).at(first)));
        }
        let values =
            parse_yaml(yaml).map_err(|error| Box::new(yaml_finding(path, text, start, yaml, &error)))?;
        Ok(Self { values, spans: key_spans(yaml, start), body_start })
    }
}

/// Length of the line at `from`, its newline included.
fn line_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.find('\n').map_or(rest.len(), |at| at + 1)
}

/// Where the closing `---` line starts, and where the text after it starts.
fn closing_line(text: &str, start: usize) -> Option<(usize, usize)> {
    let mut at = start;
    while at < text.len() {
        let length = line_end(text, at);
        if text.get(at..at + length).is_some_and(|line| line.trim_end() == "---") {
            return Some((at, at + length));
        }
        at += length;
    }
    None
}

/// Why `yaml` is not given to the parser: its time grows with the square of the brackets that are open at once, ours
/// with the square of the keys, and a stranger's file must end.
pub(super) fn too_much(yaml: &str) -> Option<String> {
    if yaml.len() > MAX_YAML {
        return Some(format!("it has {} bytes; at most {MAX_YAML} are taken", yaml.len()));
    }
    too_deep(yaml)
}

/// Why a text is not given to a parser that goes down for each bracket.
pub(crate) fn too_deep(text: &str) -> Option<String> {
    let mut open = 0_usize;
    let deep = text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > MAX_OPEN
    });
    deep.then(|| format!("more than {MAX_OPEN} brackets are open at once"))
}

fn parse_yaml(yaml: &str) -> Result<Map<String, Value>, serde_yaml::Error> {
    if yaml.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_yaml::from_str(yaml)
}

fn yaml_finding(path: &str, text: &str, start: usize, yaml: &str, error: &serde_yaml::Error) -> Finding {
    let at = start + error.location().map_or(0, |location| location.index().min(yaml.len()));
    // The parser often stops at the start of the next line; the line before it is the one to mend.
    let at =
        if text.get(..at).is_some_and(|before| before.ends_with('\n')) && at > start { at - 1 } else { at };
    let line_start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let line = line_start..line_start + line_end(text, line_start).saturating_sub(1);
    let source = text.get(line.clone()).unwrap_or_default();
    let unquoted =
        source.split_once(": ").is_some_and(|(_, value)| value.contains(": ") && !value.starts_with('"'));
    let message = format!("the frontmatter is not valid YAML: {}", bare_message(error));
    let help = if unquoted {
        "put the value in double quotes: it contains `: `"
    } else {
        "quote strings with double quotes; some clients drop all metadata of a file whose YAML does not parse"
    };
    Finding::error("yaml-syntax", path, message).at(line).help(help)
}

/// The parser's message without its own "at line …", which counts from the block, not from the file.
fn bare_message(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// The places of the keys that stand at the start of a line.
fn key_spans(yaml: &str, start: usize) -> Vec<(String, Range<usize>)> {
    let mut spans = Vec::new();
    let mut at = 0;
    for line in yaml.split_inclusive('\n') {
        if let Some((key, _)) = line.split_once(':') {
            let name = key.trim_matches(['"', '\'']);
            if !name.is_empty() && !key.starts_with([' ', '\t', '#', '-']) {
                spans.push((name.to_owned(), start + at..start + at + key.len()));
            }
        }
        at += line.len();
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_where_each_key_stands() {
        let text = "\u{feff}---\r\nname: x\r\ndescription: \"y\"\r\n---\r\nBody\r\n";
        let front = Frontmatter::parse("f", text).unwrap();
        assert_eq!(text.get(front.span("description")), Some("description"));
        assert_eq!(text.get(front.body_start..), Some("Body\r\n"));
        assert_eq!(front.values.get("name").unwrap(), "x");
    }

    #[test]
    fn an_unquoted_colon_points_at_its_line() {
        let text = "---\nname: x\ndescription: Use when: it fits\n---\n";
        let finding = Frontmatter::parse("f", text).unwrap_err();
        assert_eq!(finding.code, "yaml-syntax");
        assert_eq!(text.get(finding.span.clone()), Some("description: Use when: it fits"));
        assert!(finding.help.clone().unwrap().contains("double quotes"));
    }

    #[test]
    fn an_unclosed_or_missing_block_is_said() {
        assert_eq!(Frontmatter::parse("f", "---\nname: x\n").unwrap_err().code, "frontmatter-unclosed");
        assert_eq!(Frontmatter::parse("f", "# Hi\n").unwrap_err().code, "frontmatter-missing");
        assert_eq!(Frontmatter::parse("f", "").unwrap_err().code, "frontmatter-missing");
        assert!(Frontmatter::parse("f", "---\n---\n").unwrap().values.is_empty());
    }
}
