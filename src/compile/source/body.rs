//! What a Markdown body points at: files beside it, and lines for the command line.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// A link to a file, relative to the item.
pub(crate) struct Link {
    /// Where it stands in the body.
    pub(crate) span: Range<usize>,
    /// The path, without fragment.
    pub(crate) target: String,
}

/// All relative links and images of a body.
pub(crate) fn links(body: &str) -> Vec<Link> {
    Parser::new(body)
        .into_offset_iter()
        .filter_map(|(event, span)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some((dest_url, span)),
            _ => None,
        })
        .filter_map(|(url, span)| {
            let target = url.split(['#', '?']).next().unwrap_or_default();
            let outside =
                target.is_empty() || target.contains("://") || target.starts_with(['/', '<', '{', '$']);
            let scheme = target
                .split_once(':')
                .is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphabetic()));
            (!outside && !scheme).then(|| Link { span, target: target.to_owned() })
        })
        .collect()
}

/// The `so …` lines of a body: inline code that starts with `so`, and lines of code blocks that do.
pub(crate) fn so_lines(body: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut in_block = false;
    for (event, span) in Parser::new(body).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                in_block = !matches!(&kind, CodeBlockKind::Fenced(info) if info.as_ref() == "ask");
            }
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Code(code) => found.extend(so_line(&code).map(|line| (span, line))),
            Event::Text(text) if in_block => {
                let mut at = span.start;
                for line in text.split_inclusive('\n') {
                    found.extend(so_line(line).map(|found| (at..at + line.trim_end().len(), found)));
                    at += line.len();
                }
            }
            _ => {}
        }
    }
    found
}

/// The command line, when `text` is one that runs `so`.
fn so_line(text: &str) -> Option<String> {
    let line = text.trim().trim_start_matches("$ ");
    (line == "so" || line.starts_with("so ")).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_links_to_files_only() {
        let body =
            "[a](references/a.md#x) [b](https://x.y) [c](#d) ![e](img/e.png) [f](mailto:a@b) [g]({{ x }})";
        let targets: Vec<_> = links(body).into_iter().map(|link| link.target).collect();
        assert_eq!(targets, ["references/a.md", "img/e.png"]);
    }

    #[test]
    fn finds_lines_that_run_so() {
        let body = "Run `so check` or `sort x`, so be it.\n\n```sh\n$ so build --check\nsoon\n```\n";
        let lines: Vec<_> = so_lines(body).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["so check", "so build --check"]);
    }
}
