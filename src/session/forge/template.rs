//! The repository's own templates, honoured: what an issue or a request has to say here, and our own texts put into it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use crate::session::templates::{self, Purpose};

/// A longer template is none.
const MOST: usize = 64 << 10;

/// One template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// Its file, below the project.
    pub path: PathBuf,
    /// Its name without the ending, in lower case.
    pub name: String,
    /// What a title begins with.
    pub title: String,
    /// Labels that it sets.
    pub labels: Vec<String>,
    /// The text; of a form, a heading for each of its fields.
    pub body: String,
    /// The headings that an issue has to have.
    pub required: Vec<String>,
}

/// The templates for `purpose`.
pub fn of(project: &Path, purpose: Purpose) -> Vec<Template> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(project.join(&path)).ok().filter(|text| text.len() <= MOST)?;
        Some(parse(path, &text))
    };
    templates::of(project, purpose).into_iter().filter_map(read).collect()
}

/// The template that a text without a choice follows: the only one, or the one called `default`.
pub fn default(templates: &[Template]) -> Option<&Template> {
    match templates {
        [only] => Some(only),
        all => all.iter().find(|one| one.name == "default"),
    }
}

/// The template called `name`, with or without its ending.
pub fn named<'a>(templates: &'a [Template], name: &str) -> Option<&'a Template> {
    let name = name.to_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    templates.iter().find(|one| one.name == name || one.name == stem)
}

/// Reads a template: Markdown with a head, or one of GitHub's forms.
pub fn parse(path: PathBuf, text: &str) -> Template {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_form = path.extension().is_some_and(|end| end != "md");
    let (head, body) = if is_form { (text, "") } else { split(text) };
    let head: Value = serde_yaml::from_str(head).unwrap_or_default();
    let mut template = Template {
        path,
        name,
        title: text_of(&head, "title"),
        labels: labels(&head),
        body: body.trim().to_owned(),
        required: Vec::new(),
    };
    if is_form {
        form(&head, &mut template);
    } else {
        template.required = headings(body).into_iter().map(|(_, heading)| heading).collect();
    }
    template
}

/// Head and body of a Markdown file.
fn split(text: &str) -> (&str, &str) {
    let rest = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"));
    let parts = rest.and_then(|rest| {
        let end = rest.find("\n---")?;
        let after = rest.get(end + 4..)?;
        Some((rest.get(..end)?, after.split_once('\n').map_or("", |(_, body)| body)))
    });
    parts.unwrap_or(("", text))
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

/// `labels: bug, ui` or a list.
fn labels(head: &Value) -> Vec<String> {
    let Some(labels) = head.get("labels") else { return Vec::new() };
    let texts: Vec<&str> = match labels.as_sequence() {
        Some(items) => items.iter().filter_map(Value::as_str).collect(),
        None => labels.as_str().map(|all| all.split(',').collect()).unwrap_or_default(),
    };
    texts.into_iter().map(|label| label.trim().to_owned()).filter(|label| !label.is_empty()).collect()
}

/// A form as GitHub shows it when it is sent: a heading for each field.
fn form(head: &Value, template: &mut Template) {
    for field in head.get("body").and_then(Value::as_sequence).into_iter().flatten() {
        let kind = text_of(field, "type");
        let label =
            field.get("attributes").map(|attributes| text_of(attributes, "label")).unwrap_or_default();
        if kind == "markdown" || label.is_empty() {
            continue;
        }
        template.body.extend(["### ", &label, "\n\n"]);
        let is_required = field
            .get("validations")
            .and_then(|validations| validations.get("required"))
            .and_then(Value::as_bool)
            .unwrap_or_default();
        if is_required {
            template.required.push(label);
        }
    }
    template.body.truncate(template.body.trim_end().len());
}

/// The headings of a text with the places of their lines; not those in code and in comments.
fn headings(text: &str) -> Vec<(Range<usize>, String)> {
    let (mut found, mut at, mut fence, mut hidden) = (Vec::new(), 0, None::<&str>, false);
    for line in text.split_inclusive('\n') {
        let place = at..at + line.len();
        at = place.end;
        let line = line.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark));
        match (fence, mark) {
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, Some(mark)) => fence = Some(mark),
            _ => {}
        }
        let was_hidden = hidden;
        hidden = match (line.rfind("<!--"), line.rfind("-->")) {
            (Some(begin), Some(end)) => begin > end,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => hidden,
        };
        let title = line.trim_start_matches('#');
        let depth = line.len() - title.len();
        if fence.is_none() && !was_hidden && (1..=6).contains(&depth) && title.starts_with(' ') {
            found.push((place, title.trim().trim_end_matches('#').trim().to_owned()));
        }
    }
    found
}

fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let kept = text.chars().filter(|c| c.is_alphanumeric() || *c == ' ');
        kept.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
    };
    plain(one) == plain(other)
}

/// The required headings that a text lacks.
pub fn missing<'a>(template: &'a Template, text: &str) -> Vec<&'a str> {
    let there = headings(text);
    let lacks = |wanted: &&String| !there.iter().any(|(_, heading)| is_same(heading, wanted));
    template.required.iter().filter(lacks).map(String::as_str).collect()
}

/// Our own text put into a template: a section of ours goes below the heading of the same name, the rest to the end.
pub fn filled(template: &str, own: &str) -> String {
    let there = headings(template);
    let sections = headings(own);
    let start = sections.first().map_or(own.len(), |(place, _)| place.start);
    let mut rest = own.get(..start).unwrap_or_default().trim().to_owned();
    let mut into: Vec<(usize, String)> = Vec::new();
    for (at, (place, heading)) in sections.iter().enumerate() {
        let end = sections.get(at + 1).map_or(own.len(), |(next, _)| next.start);
        let text = own.get(place.end..end).unwrap_or_default().trim();
        match there.iter().find(|(_, known)| is_same(known, heading)) {
            Some((known, _)) => into.push((known.end, format!("\n{text}\n"))),
            None => rest.extend(["\n\n## ", heading, "\n\n", text]),
        }
    }
    into.sort_by_key(|(at, _)| *at);
    let (mut out, mut from) = (String::new(), 0);
    for (at, text) in into {
        out.push_str(template.get(from..at).unwrap_or_default());
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&text);
        from = at;
    }
    out.push_str(template.get(from..).unwrap_or_default());
    format!("{}\n\n{}", out.trim(), rest.trim()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKDOWN: &str = "---\nname: Bug\ntitle: '[Bug] '\nlabels: bug, ui\n---\n## What happens\n\n<!-- ## not one\n\
        ## nor this -->\n```\n# code\n```\n\n## Steps ##\n1.\n";

    #[test]
    fn markdown_and_forms_say_what_has_to_be_there() {
        let template = parse("t/bug.md".into(), MARKDOWN);
        assert_eq!((template.name.as_str(), template.title.as_str()), ("bug", "[Bug]"));
        assert_eq!(template.labels, ["bug", "ui"]);
        assert_eq!(template.required, ["What happens", "Steps"]);
        assert_eq!(missing(&template, "### what happens?\nx\n"), ["Steps"]);
        let form = "name: F\nlabels: [new]\nbody:\n- type: markdown\n  attributes: {value: hi}\n- type: input\n  \
            attributes: {label: Why}\n  validations: {required: true}\n- type: textarea\n  attributes: {label: More}\n";
        let template = parse("t/feature.yml".into(), form);
        assert_eq!(template.body, "### Why\n\n### More");
        assert_eq!((template.required, template.labels), (vec!["Why".to_owned()], vec!["new".to_owned()]));
        assert_eq!(parse("t/x.md".into(), "---\n: [broken\n---\ntext").body, "text");
    }

    #[test]
    fn our_sections_go_below_the_headings_of_the_same_name() {
        let own = "Intro\n\n## Steps\n\n- one\n\n## Context\n\nthis\n";
        let text = filled("## What happens\n\n## Steps\n1.\n", own);
        assert_eq!(text, "## What happens\n\n## Steps\n\n- one\n1.\n\nIntro\n\n## Context\n\nthis");
        assert_eq!(filled("", "## A\n\nx"), "## A\n\nx");
    }
}
