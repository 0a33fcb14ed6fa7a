//! Plugin × platform → artifacts. The whole backend of every platform: it interprets the `[[emit]]` rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Environment;
use serde_json::{Map, Value};

use super::descriptor::{EmitRule, Platform};
use super::readers::{self, Rooms, Target};
use super::render::{self, Context, value};
use crate::compile::artifact::{ArtifactSet, Edit, Place, Root};
use crate::compile::model::{Item, Kind, Plugin, Vocabulary};
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
    /// What the person lets agents run without a question.
    pub unasked: Unasked<'a>,
}

/// Commands of this program that a client lets its agents run without asking the person.
#[derive(Debug, Clone, Default)]
pub struct Unasked<'a> {
    /// The subcommands, such as `plan show`.
    pub words: &'a [&'a str],
    /// The platforms for which the person said yes.
    pub platforms: BTreeSet<String>,
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
            head: Context::default(),
            voices,
            findings,
            set: &mut set,
        };
        emitter.head = emitter.plugin_context();
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
    pub(super) at: usize,
    pub(super) rooms: &'a Rooms<'a>,
    pub(super) options: &'a Options<'a>,
    pub(super) vocabulary: &'a Vocabulary<'a>,
    pub(super) env: Environment<'static>,
    pub(super) head: Context,
    pub(super) voices: BTreeMap<(Kind, bool), Arc<Environment<'static>>>,
    pub(super) findings: &'a mut Findings,
    set: &'a mut ArtifactSet,
}

impl<'a> Emitter<'a> {
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
        let context = self.whole_context(rule, rules);
        let Some(path) = self.text(file, &context) else { return };
        if !self.wanted(rule, &context) {
            return;
        }
        let Some(template) = self.template_of(rule) else { return };
        let Some(text) = self.text(template, &context) else { return };
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
        let voice = self.voice(kind, rule.arguments, room);
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
            let Some(template) = self.template_of(rule) else { return };
            if template.contains("pre_approved") {
                context.set("pre_approved", value(self.pre_approved(item, &body)));
            }
            context.set("body", body.into());
            let Some(text) = self.text(template, &context) else { return };
            self.check_lines(item, &text);
            self.add_file(place, text.into_bytes(), rule.executable);
        }
        if let Some(to) = &rule.resources {
            // Files beside a skill are read, not invoked: nothing is substituted in them.
            let voice = self.voice(kind, false, room);
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

    fn resources(
        &mut self,
        rule: &EmitRule,
        item: &Item,
        voice: &Environment<'_>,
        to: &str,
        context: &Context,
    ) {
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

    /// Repeats parts of the package where the client looks for them; a build that stands nowhere has no need to.
    fn mirrors(&mut self) {
        let platform = self.target.platform;
        if self.options.packages.is_none() {
            return;
        }
        let context = self.head.clone();
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

    fn wanted(&mut self, rule: &EmitRule, context: &Context) -> bool {
        let Some(when) = &rule.when else { return true };
        render::holds(&self.env, when, context).unwrap_or_else(|(message, _)| {
            self.broken(&format!("`when = {when:?}`: {message}"));
            false
        })
    }

    fn template_of<'r>(&mut self, rule: &'r EmitRule) -> Option<&'r str>
    where
        'a: 'r,
    {
        let template = match (&rule.template, &rule.template_file) {
            (Some(text), _) => Some(text.as_str()),
            (None, Some(name)) => self.options.templates.get(name.as_str()).copied(),
            (None, None) => None,
        };
        if template.is_none() {
            self.broken("an `emit` rule has no template");
        }
        template
    }

    fn text(&mut self, template: &str, context: &Context) -> Option<String> {
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
