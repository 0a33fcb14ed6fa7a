//! From drafts to a tree without errors: what no client could read is left out, and said.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use toml_edit::{Array, DocumentMut, Item, Table};

use super::draft::Draft;
use super::item::kebab;
use super::{Imported, Sketch, compare};
use crate::compile::artifact::ArtifactSet;
use crate::compile::loss;
use crate::compile::model::{Kind, Plugin, Vocabulary};
use crate::compile::platform::emit::{self, Options, Unasked};
use crate::compile::platform::{Platform, Scope, Target};
use crate::compile::source::tree::{Tree, TreeFile};
use crate::compile::source::{self};
use crate::diagnostic::{Finding, Findings, Severity};
use crate::rel_path::RelPath;

/// What is needed to compile a tree.
pub struct Compiler<'a> {
    /// All platforms.
    pub known: &'a [Platform],
    /// Texts of `templates/`.
    pub templates: &'a BTreeMap<&'a str, &'a str>,
    /// The words of the rest of the program.
    pub vocabulary: &'a Vocabulary<'a>,
}

impl Compiler<'_> {
    fn parse(&self, tree: &Tree, findings: &mut Findings) -> Plugin {
        source::parse(tree, self.vocabulary, findings)
    }

    pub(super) fn emit(&self, plugin: &Plugin, target: Target<'_>, findings: &mut Findings) -> ArtifactSet {
        let (known, templates) = (self.known, self.templates);
        let options = Options { bin: "so", packages: None, known, templates, unasked: Unasked::default() };
        emit::emit(plugin, &[target], &options, self.vocabulary, findings)
    }

    /// The errors of a tree, on every platform in every scope.
    fn errors(&self, tree: &Tree) -> (Plugin, Vec<Finding>) {
        let mut findings = Findings::default();
        let plugin = self.parse(tree, &mut findings);
        for platform in self.known {
            for scope in &platform.scopes {
                self.emit(&plugin, Target { platform, scope: *scope }, &mut findings);
            }
        }
        let errors = findings.sorted().into_iter().filter(|finding| finding.severity == Severity::Error);
        (plugin, errors.cloned().collect())
    }
}

/// Makes a tree of a sketch: what is an error becomes plainer, and what is one then is left out.
pub fn settle(mut sketch: Sketch, name: &str, platform: &Platform, compiler: &Compiler<'_>) -> Imported {
    without_a_text(&mut sketch);
    let mut tree = sketch.tree(name, platform, &[]);
    let (mut plugin, mut errors) = compiler.errors(&tree);
    // Each round mends at least one draft or takes one out.
    let rounds = 2 * sketch.drafts.len() + 2;
    for _ in 0..rounds {
        if errors.is_empty() || !mend(&errors, &mut sketch) {
            break;
        }
        tree = sketch.tree(name, platform, &[]);
        (plugin, errors) = compiler.errors(&tree);
    }
    // What no draft is to blame for stands in the head: servers first, then handlers.
    if !errors.is_empty() && sketch.without_head(&errors) {
        tree = sketch.tree(name, platform, &[]);
        (plugin, errors) = compiler.errors(&tree);
    }
    compare::again(&plugin, platform, compiler, &mut sketch);
    let everywhere: Vec<(&Platform, Vec<Scope>)> =
        compiler.known.iter().map(|platform| (platform, platform.scopes.clone())).collect();
    let losses = loss::losses(&plugin, &everywhere, compiler.known);
    for lost in losses.iter().filter(|loss| loss.protects) {
        let items: Vec<_> = lost.items.iter().cloned().collect();
        let what = format!("{} of {}", lost.field, items.join(", "));
        sketch.note("so.toml", what, format!("protects nobody on {}: {}", lost.platform, lost.reason));
    }
    let ids: Vec<String> = losses.into_iter().map(|loss| loss.id).collect();
    tree = sketch.tree(name, platform, &ids);
    let origins = sketch
        .drafts
        .iter()
        .filter_map(|draft| Some((RelPath::new(draft.path()).ok()?, draft.origin.clone())));
    let origins = origins.collect();
    sketch.notes.sort();
    sketch.notes.dedup();
    let errors = errors.into_iter().map(|error| format!("{}: {}", error.path, error.message)).collect();
    Imported { files: tree.files, origins, notes: sketch.notes, errors }
}

fn without_a_text(sketch: &mut Sketch) {
    let has = |draft: &Draft| {
        draft.kind != Kind::Skill
            || draft.files.is_empty()
            || draft.files.iter().any(|(path, _)| path.as_str() == "SKILL.md")
    };
    let (keep, lost): (Vec<_>, Vec<_>) = std::mem::take(&mut sketch.drafts).into_iter().partition(has);
    sketch.drafts = keep;
    for draft in lost {
        sketch.note(&draft.origin, "not taken", "the directory has no SKILL.md");
    }
}

/// Whether something was done about the errors.
fn mend(errors: &[Finding], sketch: &mut Sketch) -> bool {
    let mut done = false;
    let mut met = BTreeSet::new();
    for error in errors {
        let Some(at) = draft_of(error, sketch) else { continue };
        if !met.insert(at) {
            continue;
        }
        let Some(draft) = sketch.drafts.get_mut(at) else { continue };
        let origin = draft.origin.clone();
        let plainer = draft.template.take().is_some() && error.code != "duplicate-name";
        let why = if plainer {
            format!("it goes out as it is, with this client's placeholders: {}", error.message)
        } else {
            error.message.clone()
        };
        sketch.note(&origin, if plainer { "template" } else { "not taken" }, why);
        if !plainer && let Some(draft) = sketch.drafts.get_mut(at) {
            draft.name.clear();
        }
        done = true;
    }
    sketch.drafts.retain(|draft| !draft.name.is_empty());
    done
}

/// The draft that an error is about; of an error about all rules, the longest of them.
fn draft_of(error: &Finding, sketch: &Sketch) -> Option<usize> {
    let mut drafts = sketch.drafts.iter().enumerate();
    if error.path == Kind::Rule.folder() {
        let rules = drafts.filter(|(_, draft)| draft.kind == Kind::Rule);
        return rules.max_by_key(|(_, draft)| draft.text.len()).map(|(at, _)| at);
    }
    let own = |draft: &Draft| {
        let path = draft.path();
        error.path == path
            || path.strip_suffix("SKILL.md").is_some_and(|dir| format!("{}/", error.path).starts_with(dir))
    };
    let named = drafts.find(|(_, draft)| own(draft)).map(|(at, _)| at);
    // A platform's template that does not take what the item says to it.
    named.or_else(|| {
        sketch
            .drafts
            .iter()
            .position(|draft| draft.keys.keys().any(|key| key.starts_with("x-")))
            .filter(|_| error.code == "platform")
    })
}

impl Sketch {
    /// Leaves out servers and handlers; whether there were any.
    fn without_head(&mut self, errors: &[Finding]) -> bool {
        let there = !self.servers.is_empty() || !self.hooks.is_empty();
        let why = errors.first().map(|error| error.message.clone()).unwrap_or_default();
        if there {
            self.note("so.toml", "hooks and MCP servers are not taken", why);
            self.servers.clear();
            self.hooks.clear();
        }
        there
    }

    /// The tree that the drafts make, with the losses that it agrees to.
    fn tree(&self, name: &str, platform: &Platform, losses: &[String]) -> Tree {
        let mut files = BTreeMap::new();
        for draft in &self.drafts {
            if draft.files.is_empty() {
                let file = TreeFile { bytes: draft.render().into_bytes(), executable: false };
                files.extend(RelPath::new(draft.path()).ok().map(|path| (path, file)));
            }
            for (below, file) in &draft.files {
                let path = RelPath::new(format!("skills/{}/{below}", draft.name));
                files.extend(path.ok().map(|path| (path, file.clone())));
            }
        }
        let head = self.head(name, platform, losses);
        let head = TreeFile { bytes: head.into_bytes(), executable: false };
        files.extend(RelPath::new("so.toml").ok().map(|path| (path, head)));
        Tree { name: name.to_owned(), origin: name.to_owned(), files }
    }

    fn head(&self, name: &str, platform: &Platform, losses: &[String]) -> String {
        let mut head = DocumentMut::new();
        let short = Some(kebab(name))
            .filter(|name| !name.is_empty() && name != "so")
            .unwrap_or_else(|| "imported".into());
        head.insert("name", toml_edit::value(short));
        head.insert("version", toml_edit::value("0.1.0"));
        head.insert(
            "description",
            toml_edit::value(format!("Made of the files that {} reads.", platform.title)),
        );
        if !losses.is_empty() {
            let mut list = losses.iter().collect::<Array>();
            for entry in list.iter_mut() {
                entry.decor_mut().set_prefix("\n    ");
            }
            list.set_trailing("\n");
            list.set_trailing_comma(true);
            let mut table = Table::new();
            table.insert("accept", toml_edit::value(list));
            table.decor_mut().set_prefix("\n# What some client does not carry, as the import found it: read it, and mend what should not be so.\n");
            head.insert("losses", Item::Table(table));
        }
        if !self.hooks.is_empty() {
            let mut table = Table::new();
            for (event, commands) in &self.hooks {
                table.insert(event, toml_edit::value(commands.iter().cloned().collect::<Array>()));
            }
            head.insert("hooks", Item::Table(table));
        }
        if !self.servers.is_empty() {
            let mut servers = Table::new();
            servers.set_implicit(true);
            for (name, server) in &self.servers {
                servers.insert(name, Item::Table(table(server)));
            }
            head.insert("mcp", Item::Table(servers));
        }
        head.to_string()
    }
}

fn table(value: &Value) -> Table {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.as_str(), Item::Value(toml(value)?)))).collect()
}

/// JSON as TOML, which has no null.
fn toml(value: &Value) -> Option<toml_edit::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => list.iter().filter_map(toml).collect::<Array>().into(),
        Value::Object(map) => {
            let mut table = toml_edit::InlineTable::new();
            for (key, value) in map {
                table.insert(key, toml(value).unwrap_or_else(|| "".into()));
            }
            table.into()
        }
    })
}
