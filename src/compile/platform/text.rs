//! The texts of items for their readers: bodies rendered, and what must not stand in them.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::Environment;

use super::emit::Emitter;
use super::readers::Room;
use super::render::{Context, render, value};
use super::voice::{self, Voice};
use crate::compile::model::{Item, Kind, Resource, SoLine};
use crate::compile::source::{ask, body};
use crate::diagnostic::Finding;

impl Emitter<'_> {
    /// The environment in which outputs of this kind speak; the same for all items. `substitutes` says whether arguments
    /// are substituted in the output.
    pub(super) fn voice(
        &mut self,
        kind: Kind,
        substitutes: bool,
        room: &Room<'_>,
    ) -> Arc<Environment<'static>> {
        let new = || {
            let voice = Arc::new(Voice::new(&self.plugin.manifest.name, &room.readers, substitutes));
            Arc::new(voice::body_environment(self.plugin, &voice))
        };
        Arc::clone(self.voices.entry((kind, substitutes)).or_insert_with(new))
    }

    /// The item's text for these readers.
    pub(super) fn body(&mut self, item: &Item, voice: &Environment<'_>, room: &Room<'_>) -> Option<String> {
        if !item.template {
            return Some(item.body().trim_matches(['\r', '\n']).to_owned());
        }
        let text = self.render_text(item.path.as_str(), item.body(), item.body_start, voice, item)?;
        self.foreign_words(item.path.as_str(), &text, room);
        Some(text.trim_matches('\n').to_owned())
    }

    fn render_text(
        &mut self,
        path: &str,
        text: &str,
        start: usize,
        voice: &Environment<'_>,
        item: &Item,
    ) -> Option<String> {
        let (asks, _) = ask::extract(text);
        let report = item.report.as_ref().map(|report| format!("```json\n{}\n```", report.example));
        let mut context = Context::of([("asks", value(asks.list))]);
        if let Some(report) = report {
            context.set("report_contract", report.into());
        }
        match render(voice, &asks.body, &context) {
            Ok(text) => Some(text),
            Err((message, line)) => {
                let span = line_span(text, line);
                let finding =
                    Finding::error("template", path, message).at(start + span.start..start + span.end);
                self.findings
                    .push(finding.help("see CONTRIBUTING.md, “Bodies”, for what a template can use"));
                None
            }
        }
    }

    /// Text for one client does not talk about another.
    fn foreign_words(&mut self, path: &str, text: &str, room: &Room<'_>) {
        let own: BTreeSet<&str> =
            room.readers.iter().flat_map(|reader| reader.platform.words.iter()).map(String::as_str).collect();
        for other in self.options.known {
            for word in other.words.iter().filter(|word| !own.contains(word.as_str())) {
                if contains_word(text, word) {
                    let names: Vec<_> =
                        room.readers.iter().map(|reader| reader.platform.title.as_str()).collect();
                    let message = format!("the text for {} speaks of `{word}`", names.join(" and "));
                    let help = format!(
                        "put it inside {{% if platform == \"{}\" %}}, or say it without naming a client",
                        other.id
                    );
                    let source = self
                        .plugin
                        .items
                        .iter()
                        .find(|item| item.path.as_str() == path)
                        .map_or("", |item| &item.text);
                    let span = source.find(word.as_str()).map_or(0..0, |at| at..at + word.len());
                    self.findings.push(Finding::error("foreign-platform", path, message).at(span).help(help));
                }
            }
        }
    }

    /// The `so …` lines of a text that an agent may run.
    pub(super) fn pre_approved(&self, item: &Item, text: &str) -> Vec<SoLine> {
        if !item.template {
            return Vec::new();
        }
        let lines =
            body::so_lines(text).into_iter().filter_map(|(_, line)| (self.vocabulary.so_line)(&line).ok());
        lines.filter(|line| line.by_agent).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Markdown beside a skill that is a template is one too.
    pub(super) fn resource_bytes(
        &mut self,
        item: &Item,
        resource: &Resource,
        voice: &Environment<'_>,
    ) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(&resource.bytes).ok();
        let Some(text) = text.filter(|_| item.template && resource.path.as_str().ends_with(".md")) else {
            return Some(resource.bytes.clone());
        };
        let source = format!("skills/{}/{}", item.name, resource.path);
        let text = self.render_text(&source, text, 0, voice, item)?;
        self.foreign_words(&source, &text, self.rooms.get(&(self.at, item.kind))?);
        Some(text.into_bytes())
    }
}

/// The bytes of line `line` (from 1), without its newline.
fn line_span(text: &str, line: usize) -> std::ops::Range<usize> {
    let mut start = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            return start..start + content.trim_end().len();
        }
        start += content.len();
    }
    0..0
}

/// Whether `word` stands in `text` with no letter or digit around it.
fn contains_word(text: &str, word: &str) -> bool {
    memchr::memmem::find_iter(text.as_bytes(), word).any(|at| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}
