//! Plugin × platform → artifacts. The whole backend of every platform: it interprets the `[[emit]]` rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Environment;
use serde_json::{Map, Value, json};

use super::descriptor::{EmitRule, Platform, Scope};
use super::readers::{self, Room, Rooms, Target};
use super::render::{self, set};
use super::voice::{self, Voice};
use crate::compile::artifact::{ArtifactSet, Edit, Place, Root};
use crate::compile::model::{Item, Kind, Plugin, Resource, SoLine, Vocabulary};
use crate::compile::source::{ask, body};
use crate::diagnostic::{Finding, Findings};
use crate::rel_path::RelPath;

/// What the artifacts are for.
pub struct Options<'a> {
    /// The program that hooks call; an absolute path in an install.
    pub bin: &'a str,
    /// Where packages stand, one directory a platform; `None` in a build that stands nowhere yet.
    pub packages: Option<PathBuf>,
    /// All platforms there are: their clients may read what a project install writes.
    pub known: &'a [Platform],
    /// Texts of `templates/`, by file name.
    pub templates: &'a BTreeMap<&'a str, &'a str>,
}

/// Compiles a plugin for some targets at once, so that what one client reads of another's is written once.
pub fn emit(
    plugin: &Plugin,
    targets: &[Target<'_>],
    options: &Options<'_>,
    vocabulary: &Vocabulary<'_>,
    findings: &mut Findings,
) -> ArtifactSet {
    let rooms = readers::share(targets, options.known);
    let mut set = ArtifactSet::default();
    for (at, target) in targets.iter().enumerate() {
        let env = render::environment();
        let voices = BTreeMap::new();
        let mut emitter = Emitter {
            plugin,
            target,
            at,
            rooms: &rooms,
            options,
            vocabulary,
            env,
            voices,
            findings,
            set: &mut set,
        };
        for rule in target.platform.emit.iter().filter(|rule| rule.scopes.contains(&target.scope)) {
            emitter.rule(rule);
        }
        emitter.mirrors();
    }
    set
}

/// One target at work.
pub(super) struct Emitter<'a> {
    pub(super) plugin: &'a Plugin,
    pub(super) target: &'a Target<'a>,
    at: usize,
    rooms: &'a Rooms<'a>,
    pub(super) options: &'a Options<'a>,
    vocabulary: &'a Vocabulary<'a>,
    pub(super) env: Environment<'static>,
    voices: BTreeMap<(Kind, bool), Arc<Voice>>,
    findings: &'a mut Findings,
    set: &'a mut ArtifactSet,
}

impl Emitter<'_> {
    fn rule(&mut self, rule: &EmitRule) {
        if let Some(kind) = rule.each {
            for item in self.plugin.of(kind) {
                self.each(rule, item);
            }
        } else if let Some(file) = rule.file.as_ref().or(rule.merge.as_ref()) {
            self.whole(rule, file);
        }
    }

    /// One file, or edits in one.
    fn whole(&mut self, rule: &EmitRule, file: &str) {
        let rules = self.rooms.get(&(self.at, Kind::Rule));
        let context = self.plugin_context(rule, rules);
        let Some(path) = self.text(file, &context) else { return };
        if !self.wanted(rule, &context) {
            return;
        }
        let Some(text) = self.template(rule, &context) else { return };
        let Some(place) = self.place(rule.root, &path) else { return };
        if rule.merge.is_some() {
            self.add_edits(rule, place, &text);
        } else {
            self.add_file(place, text.into_bytes(), rule.executable);
        }
    }

    fn add_edits(&mut self, rule: &EmitRule, place: Place, text: &str) {
        let edits: Vec<Edit> = match serde_json::from_str(text) {
            Ok(edits) => edits,
            Err(error) => return self.broken(&format!("the edits for `{place}` are not valid: {error}")),
        };
        let Some(format) = rule.format else {
            return self.broken(&format!("the edits for `{place}` have no `format`"));
        };
        if edits.is_empty() {
            return;
        }
        self.check_instructions(&edits);
        if let Err(error) = self.set.add_edits(&self.target.platform.id, place, format, edits) {
            self.broken(&error.to_string());
        }
    }

    /// A client stops reading its instruction files at some size; what stands behind it is lost without a word.
    fn check_instructions(&mut self, edits: &[Edit]) {
        let Some(limit) = self.target.platform.limits.instructions else { return };
        for edit in edits {
            if let Edit::Block { text, .. } = edit
                && text.len() > limit
            {
                let title = &self.target.platform.title;
                let message = format!(
                    "the rules have {} bytes together; {title} reads {limit} of all instructions",
                    text.len()
                );
                let help = "shorten them, or make skills of those that are not always needed";
                self.findings.push(Finding::error("instructions-too-long", "rules", message).help(help));
            }
        }
    }

    fn add_file(&mut self, place: Place, bytes: Vec<u8>, executable: bool) {
        let bytes = match tidy(&place, bytes) {
            Ok(bytes) => bytes,
            Err(message) => return self.broken(&message),
        };
        if let Err(error) = self.set.add_file(&self.target.platform.id, place, bytes, executable) {
            self.broken(&error.to_string());
        }
    }

    /// One file for one item, with the files beside it.
    fn each(&mut self, rule: &EmitRule, item: &Item) {
        let kind = rule.taken_as.unwrap_or(item.kind);
        let Some(room) = self.rooms.get(&(self.at, kind)) else { return };
        let voice = self.voice(rule, kind, room);
        let mut context = self.item_context(rule, item, room);
        if !self.wanted(rule, &context) {
            return;
        }
        let Some(path) = rule.path.as_ref().and_then(|path| self.text(path, &context)) else { return };
        let Some(place) = self.place(rule.root, &path) else { return };
        let foreign = !item.template && item.kind == Kind::Skill;
        if foreign && rule.resources.is_none() && self.set.get(&place).is_some() {
            return; // The author ships this file, and what they wrote stands.
        }
        if foreign && place.path.file_name() == "SKILL.md" {
            self.add_file(place, item.text.clone().into_bytes(), false);
        } else {
            let Some(body) = self.body(item, &voice, room) else { return };
            set(&mut context, "pre_approved", json!(self.pre_approved(item, &body)));
            set(&mut context, "body", json!(body));
            let Some(text) = self.template(rule, &context) else { return };
            self.check_lines(item, &text);
            self.add_file(place, text.into_bytes(), rule.executable);
        }
        if let Some(to) = &rule.resources {
            // Files beside a skill are read, not invoked: nothing is substituted in them.
            let voice = Arc::new(Voice::new(&self.plugin.manifest.name, &room.readers, false));
            self.resources(rule, item, &voice, to, &context);
        }
    }

    /// Some clients want rules short.
    fn check_lines(&mut self, item: &Item, text: &str) {
        let lines = text.lines().count();
        if let Some(limit) =
            self.target.platform.limits.rule_lines.filter(|limit| item.kind == Kind::Rule && lines > *limit)
        {
            let message =
                format!("the rule has {lines} lines; {} wants at most {limit}", self.target.platform.title);
            self.findings.push(Finding::warning("long-rule", item.path.as_str(), message));
        }
    }

    /// How outputs of this kind speak; the same for all items.
    pub(super) fn voice(&mut self, rule: &EmitRule, kind: Kind, room: &Room<'_>) -> Arc<Voice> {
        let new = || Arc::new(Voice::new(&self.plugin.manifest.name, &room.readers, rule.arguments));
        Arc::clone(self.voices.entry((kind, rule.arguments)).or_insert_with(new))
    }

    fn resources(&mut self, rule: &EmitRule, item: &Item, voice: &Arc<Voice>, to: &str, context: &Value) {
        let Some(dir) = self.text(to, context) else { return };
        for resource in &item.resources {
            let path = format!("{dir}/{}", resource.path);
            let Some(place) = self.place(rule.root, &path) else { continue };
            let Some(bytes) = self.resource_bytes(item, resource, voice) else { continue };
            let nested_text = path.ends_with(".md") && resource.path.as_str().contains('/');
            let header = rule
                .resource_header
                .as_ref()
                .filter(|_| nested_text)
                .and_then(|header| self.text(header, context));
            let bytes = [header.unwrap_or_default().trim_start().as_bytes(), &bytes].concat();
            self.add_file(place, bytes, resource.executable);
        }
    }

    /// Markdown beside a skill that is a template is one too.
    fn resource_bytes(&mut self, item: &Item, resource: &Resource, voice: &Arc<Voice>) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(&resource.bytes).ok();
        let Some(text) = text.filter(|_| item.template && resource.path.as_str().ends_with(".md")) else {
            return Some(resource.bytes.clone());
        };
        let source = format!("skills/{}/{}", item.name, resource.path);
        let text = self.render_text(&source, text, 0, voice, item)?;
        self.foreign_words(&source, &text, self.rooms.get(&(self.at, item.kind))?);
        Some(text.into_bytes())
    }

    /// Repeats parts of the package where the client looks for them; a build that stands nowhere has no need to.
    fn mirrors(&mut self) {
        let platform = self.target.platform;
        if self.options.packages.is_none() {
            return;
        }
        let context = json!({"plugin": self.plugin.manifest});
        for mirror in platform.mirror.iter().filter(|mirror| mirror.scopes.contains(&self.target.scope)) {
            let (Some(from), Some(to)) = (self.text(&mirror.from, &context), self.text(&mirror.to, &context))
            else {
                return;
            };
            let copies: Vec<_> = self
                .set
                .files_of(&platform.id, &from)
                .map(|(rest, bytes, x)| (format!("{to}/{rest}"), bytes, x))
                .collect();
            for (path, bytes, executable) in copies {
                if let Some(place) = self.place(Root::Home, &path) {
                    self.add_file(place, bytes, executable);
                }
            }
        }
    }

    /// The item's text for these readers.
    pub(super) fn body(&mut self, item: &Item, voice: &Arc<Voice>, room: &Room<'_>) -> Option<String> {
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
        voice: &Arc<Voice>,
        item: &Item,
    ) -> Option<String> {
        let (asks, _) = ask::extract(text);
        let env = voice::body_environment(self.plugin, voice, asks.list);
        let report = item.report.as_ref().map(|report| format!("```json\n{}\n```", report.example));
        let context = match report {
            Some(report) => json!({"report_contract": report}),
            None => json!({}),
        };
        match render::render(&env, &asks.body, &context) {
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
    fn pre_approved(&self, item: &Item, text: &str) -> Vec<SoLine> {
        if !item.template {
            return Vec::new();
        }
        let lines =
            body::so_lines(text).into_iter().filter_map(|(_, line)| (self.vocabulary.so_line)(&line).ok());
        lines.filter(|line| line.by_agent).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn wanted(&mut self, rule: &EmitRule, context: &Value) -> bool {
        let Some(when) = &rule.when else { return true };
        render::holds(&self.env, when, context).unwrap_or_else(|(message, _)| {
            self.broken(&format!("`when = {when:?}`: {message}"));
            false
        })
    }

    fn template(&mut self, rule: &EmitRule, context: &Value) -> Option<String> {
        let template = match (&rule.template, &rule.template_file) {
            (Some(text), _) => Some(text.as_str()),
            (None, Some(name)) => self.options.templates.get(name.as_str()).copied(),
            (None, None) => None,
        };
        let Some(template) = template else {
            self.broken("an `emit` rule has no template");
            return None;
        };
        self.text(template, context)
    }

    fn text(&mut self, template: &str, context: &Value) -> Option<String> {
        render::render(&self.env, template, context)
            .map_err(|(message, line)| self.broken(&format!("a template, line {line}: {message}")))
            .ok()
    }

    fn place(&mut self, root: Root, path: &str) -> Option<Place> {
        match RelPath::new(path) {
            Ok(path) => {
                let platform = (root == Root::Package).then(|| self.target.platform.id.clone());
                Some(Place { root, platform, path })
            }
            Err(error) => {
                if !self.findings.has_errors() {
                    self.findings.push(Finding::error("bad-path", path, error.to_string()));
                }
                None
            }
        }
    }

    /// Something is wrong with the platform's file, not with the tree. A tree that has errors of its own can cause it,
    /// so it is only said of a sound one.
    fn broken(&mut self, message: &str) {
        if self.findings.has_errors() {
            return;
        }
        let path = format!("platforms/{}.toml", self.target.platform.id);
        self.findings.push(Finding::error("platform", path, message));
    }
}

/// JSON is printed again, indented, and TOML is parsed: a template that yields broken text is noticed here.
fn tidy(place: &Place, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let path = place.path.as_str();
    let text = || std::str::from_utf8(&bytes).map_err(|error| format!("`{place}`: {error}"));
    if path.ends_with(".json") && !path.contains("/skills/") {
        let value: Map<String, Value> =
            serde_json::from_str(text()?).map_err(|error| format!("`{place}`: {error}"))?;
        let mut pretty = serde_json::to_vec_pretty(&value).map_err(|error| error.to_string())?;
        pretty.push(b'\n');
        return Ok(pretty);
    }
    if path.ends_with(".toml") && !path.contains("/skills/") {
        toml_edit::Document::parse(text()?).map_err(|error| format!("`{place}`: {error}"))?;
    }
    Ok(bytes)
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
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// The targets of a build: each platform alone, in its default scope.
pub fn alone(platform: &Platform, scope: Option<Scope>) -> Target<'_> {
    Target { platform, scope: scope.unwrap_or_else(|| platform.default_scope()) }
}
