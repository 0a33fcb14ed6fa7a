//! Who reads what: in a project several clients read the same directories.
//!
//! Each kind of item is written once for each client that reads it, never twice for one. A text that several
//! clients read is written in words that are right for all of them.

use std::collections::BTreeMap;

use super::descriptor::{Arguments, Platform, Scope};
use super::render::environment;
use crate::compile::model::Kind;
use serde_json::json;

/// One platform in one scope.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The client.
    pub platform: &'a Platform,
    /// Where it goes.
    pub scope: Scope,
}

/// Where one target puts one kind, and for whom.
#[derive(Debug, Clone)]
pub(super) struct Room<'a> {
    /// The directory or file below the project; empty outside projects.
    pub(super) dir: String,
    /// Everybody who reads it, its writer first.
    pub(super) readers: Vec<Target<'a>>,
}

/// For each target (by position) and kind: its room, or nothing when another target's room serves it.
pub(super) type Rooms<'a> = BTreeMap<(usize, Kind), Room<'a>>;

/// Shares out the project's directories. `known` are all platforms: a client that somebody else on the team uses
/// reads the project too, and must not find an item twice.
pub(super) fn share<'a>(targets: &[Target<'a>], known: &'a [Platform]) -> Rooms<'a> {
    let mut rooms = Rooms::new();
    for kind in Kind::ALL {
        let mut order: Vec<usize> = (0..targets.len()).collect();
        order.sort_by_key(|at| {
            targets.get(*at).map(|target| (alternatives(target, kind).len(), target.platform.reads.len()))
        });
        let mut taken: Vec<(usize, String)> = Vec::new();
        for at in order {
            let Some(target) = targets.get(at) else { continue };
            if target.scope == Scope::User || alternatives(target, kind).is_empty() {
                rooms.insert((at, kind), Room { dir: String::new(), readers: vec![*target] });
            } else if !taken.iter().any(|(_, dir)| target.platform.reads.contains(dir)) {
                taken.push((at, choose(alternatives(target, kind), &taken, known)));
            }
        }
        for (at, dir) in taken {
            let Some(writer) = targets.get(at) else { continue };
            let others = targets.iter().filter(|other| {
                other.platform.id != writer.platform.id
                    && other.scope != Scope::User
                    && other.platform.reads.contains(&dir)
            });
            let readers = std::iter::once(writer).chain(others).copied().collect();
            rooms.insert((at, kind), Room { dir, readers });
        }
    }
    rooms
}

fn alternatives<'a>(target: &Target<'a>, kind: Kind) -> &'a [String] {
    target.platform.writes.get(&kind).map_or(&[], Vec::as_slice)
}

/// The first directory that gives nobody a second copy, else the first.
fn choose(alternatives: &[String], taken: &[(usize, String)], known: &[Platform]) -> String {
    let doubles = |dir: &String| {
        known.iter().any(|platform| {
            platform.reads.contains(dir)
                && taken.iter().any(|(_, other)| other != dir && platform.reads.contains(other))
        })
    };
    alternatives.iter().find(|dir| !doubles(dir)).or(alternatives.first()).cloned().unwrap_or_default()
}

/// How an output speaks: the words its readers have in common.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    /// The one reader's id; empty when there are several.
    pub(super) platform: String,
    pub(super) instruction_file: String,
    pub(super) can: BTreeMap<String, bool>,
    pub(super) ask: String,
    plugin: String,
    names: Vec<(Platform, Scope)>,
    arguments: Option<Arguments>,
}

/// What stands where a client substitutes nothing.
const ARGUMENT_WORDS: &str = "what the person wrote after the name";

impl Voice {
    /// The voice for `readers`; `substitutes` says whether arguments are substituted in this output at all.
    pub(super) fn new(plugin: &str, readers: &[Target<'_>], substitutes: bool) -> Self {
        let first = readers.first().map(|target| target.platform);
        let same = |value: fn(&Platform) -> String| {
            let mut values = readers.iter().map(|target| value(target.platform));
            values.next().filter(|first| values.all(|other| other == *first))
        };
        let mut can = first.map(|platform| platform.can.clone()).unwrap_or_default();
        for target in readers {
            for (name, value) in &mut can {
                *value &= target.platform.can.get(name).copied().unwrap_or(false);
            }
        }
        let arguments = first.and_then(|platform| platform.arguments.clone()).filter(|arguments| {
            substitutes && readers.iter().all(|target| target.platform.arguments.as_ref() == Some(arguments))
        });
        can.insert("arguments".into(), arguments.is_some());
        Self {
            platform: same(|platform| platform.id.clone()).unwrap_or_default(),
            instruction_file: same(|platform| platform.instruction_file.clone())
                .unwrap_or_else(|| "the project's instruction file".into()),
            can,
            ask: same(|platform| platform.ask.clone())
                .unwrap_or_else(|| include_str!("../../../templates/ask-list.md").into()),
            plugin: plugin.to_owned(),
            names: readers.iter().map(|target| (target.platform.clone(), target.scope)).collect(),
            arguments,
        }
    }

    /// How the readers name an item: the spelling they share, else plain words.
    pub(super) fn name(&self, kind: Kind, name: &str) -> String {
        let own = |(platform, scope): &(Platform, Scope)| platform.emitted_name(*scope, kind, name);
        // A skill has one file for all its readers, so the one who writes it has named it.
        let written = self.names.first().filter(|_| kind == Kind::Skill).map(own);
        let spelled = |reader: &(Platform, Scope)| {
            let (platform, scope) = reader;
            let names = platform.names.get(scope)?;
            let template = match kind {
                Kind::Command => &names.command,
                Kind::Agent => &names.agent,
                _ => &names.skill,
            };
            let id = written.clone().unwrap_or_else(|| own(reader));
            Some(fill(template, &json!({"plugin": self.plugin, "name": id})))
        };
        let mut spellings = self.names.iter().filter_map(spelled);
        match spellings.next() {
            Some(first) if spellings.all(|other| other == first) => first,
            _ => format!("the `{}` {}", written.as_deref().unwrap_or(name), kind.word()),
        }
    }

    /// All arguments.
    pub(super) fn arguments(&self) -> String {
        self.arguments.as_ref().map_or_else(|| ARGUMENT_WORDS.to_owned(), |arguments| arguments.all.clone())
    }

    /// The n-th argument, from 1.
    pub(super) fn argument(&self, n: usize) -> String {
        match &self.arguments {
            Some(arguments) => fill(&arguments.nth, &json!({"n": n})),
            None => format!("word {n} of {ARGUMENT_WORDS}"),
        }
    }

    /// `text` so that the client prints it instead of substituting it.
    pub(super) fn literal(&self, text: &str) -> String {
        match self.arguments.as_ref().and_then(|arguments| arguments.dollar.as_ref()) {
            Some(dollar) => text.replace('$', dollar),
            None => text.to_owned(),
        }
    }
}

/// A template of a descriptor; one that does not render shows itself.
fn fill(template: &str, context: &serde_json::Value) -> String {
    super::render::render(&environment(), template, context).unwrap_or_else(|_| template.to_owned())
}
