//! Questions to the person, written as data: a fenced block with the info string `ask`.

use std::fmt::Write as _;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::frontmatter::too_much;
use crate::diagnostic::{Finding, Findings};

/// A question with fixed alternatives.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// At most 12 characters: the room in Claude Code's question tool.
    pub header: String,
    /// The question.
    pub question: String,
    /// Two to four.
    pub options: Vec<AskOption>,
    /// The label that stands when nobody can answer.
    pub default: String,
}

/// One answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskOption {
    /// What the person picks.
    pub label: String,
    /// Why one would.
    pub reason: String,
    /// Exactly one option of a question is.
    #[serde(default)]
    pub recommended: bool,
}

/// The `ask` blocks of a body and the body with each of them replaced by `{{ ask(N) }}`, line numbers kept.
pub(crate) struct Asks {
    pub(crate) list: Vec<Ask>,
    pub(crate) body: String,
}

/// Takes the blocks out of `body`.
pub(crate) fn extract(body: &str) -> (Asks, Vec<(Range<usize>, String)>) {
    let mut asks = Asks { list: Vec::new(), body: String::with_capacity(body.len()) };
    let mut problems = Vec::new();
    let mut block: Option<(usize, String)> = None;
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        match (&mut block, line.trim()) {
            (None, "```ask") => block = Some((at, String::new())),
            (None, _) => asks.body.push_str(line),
            (Some((start, yaml)), "```") => {
                let span = *start..at + line.trim_end().len();
                match parse(yaml) {
                    Ok(ask) => {
                        let blank = "\n".repeat(yaml.matches('\n').count() + 1);
                        let _ = writeln!(asks.body, "{{{{ ask({}) }}}}{{#{blank}#}}", asks.list.len());
                        asks.list.push(ask);
                    }
                    Err(message) => problems.push((span, message)),
                }
                block = None;
            }
            (Some((_, yaml)), _) => yaml.push_str(line),
        }
        at += line.len();
    }
    if let Some((start, _)) = block {
        problems.push((start..start + "```ask".len(), "the block has no closing ``` line".to_owned()));
    }
    (asks, problems)
}

/// Adds a finding for each block that cannot be asked.
pub(super) fn check(path: &str, body: &str, body_start: usize, findings: &mut Findings) {
    for (span, message) in extract(body).1 {
        let finding = Finding::error("bad-ask", path, format!("this question cannot be asked: {message}"));
        findings.push(finding.at(body_start + span.start..body_start + span.end));
    }
}

fn parse(yaml: &str) -> Result<Ask, String> {
    if let Some(why) = too_much(yaml) {
        return Err(why);
    }
    let ask: Ask = serde_yaml::from_str(yaml).map_err(|error| error.to_string())?;
    let labels: Vec<_> = ask.options.iter().map(|option| option.label.as_str()).collect();
    let recommended = ask.options.iter().filter(|option| option.recommended).count();
    if ask.header.chars().count() > 12 {
        return Err(format!("the header `{}` is longer than 12 characters", ask.header));
    }
    if !(2..=4).contains(&labels.len()) {
        return Err(format!("it has {} options; two to four are possible", labels.len()));
    }
    if recommended != 1 {
        return Err(format!("{recommended} options are recommended; exactly one must be"));
    }
    if !labels.contains(&ask.default.as_str()) {
        return Err(format!("the default `{}` is none of the options", ask.default));
    }
    if ask.options.iter().any(|option| option.reason.trim().is_empty() || option.label.trim().is_empty()) {
        return Err("every option needs a label and a reason".into());
    }
    Ok(ask)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "```ask\nheader: Next\nquestion: \"What now?\"\noptions:\n  - {label: A, reason: because, recommended: true}\n  - {label: B, reason: else}\ndefault: A\n```\n";

    #[test]
    fn keeps_the_number_of_lines() {
        let body = format!("one\n{GOOD}two\n");
        let (asks, problems) = extract(&body);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(asks.body.lines().count(), body.lines().count());
        assert_eq!(asks.list.len(), 1);
    }

    #[test]
    fn says_what_is_wrong() {
        for (from, to, part) in [
            ("header: Next", "header: A very long header", "12 characters"),
            (", recommended: true", "", "0 options are recommended"),
            ("default: A", "default: C", "none of the options"),
            ("  - {label: B, reason: else}\n", "", "1 options"),
            ("header: Next\n", "", "header"),
        ] {
            let (_, problems) = extract(&GOOD.replace(from, to));
            assert!(problems[0].1.contains(part), "{problems:?} lacks {part}");
        }
        assert!(extract("```ask\nheader: x\n").1[0].1.contains("closing"));
    }
}
