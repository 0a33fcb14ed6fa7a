//! How bodies speak: the names, placeholders and questions of the clients that read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::descriptor::{Arguments, Platform, Scope, ask_list};
use super::readers::Target;
use super::render::{Context, environment, render, value};
use crate::compile::model::{Kind, Plugin};

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
            ask: same(|platform| platform.ask.clone()).unwrap_or_else(ask_list),
            plugin: plugin.to_owned(),
            names: readers.iter().map(|target| (target.platform.clone(), target.scope)).collect(),
            arguments,
        }
    }

    /// How the readers name an item: the spelling they share, else plain words.
    fn name(&self, env: &Environment<'_>, kind: Kind, name: &str) -> String {
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
            Some(fill(env, template, &Context::of([("plugin", value(&self.plugin)), ("name", id.into())])))
        };
        let mut spellings = self.names.iter().filter_map(spelled);
        match spellings.next() {
            Some(first) if spellings.all(|other| other == first) => first,
            _ => format!("the `{}` {}", written.as_deref().unwrap_or(name), kind.word()),
        }
    }

    /// All arguments.
    fn arguments(&self) -> String {
        self.arguments.as_ref().map_or_else(|| ARGUMENT_WORDS.to_owned(), |arguments| arguments.all.clone())
    }

    /// The n-th argument, from 1.
    fn argument(&self, env: &Environment<'_>, n: usize) -> String {
        match &self.arguments {
            Some(arguments) => fill(env, &arguments.nth, &Context::of([("n", n.into())])),
            None => format!("word {n} of {ARGUMENT_WORDS}"),
        }
    }

    /// `text` so that the client prints it instead of substituting it.
    fn literal(&self, text: &str) -> String {
        match self.arguments.as_ref().and_then(|arguments| arguments.dollar.as_ref()) {
            Some(dollar) => text.replace('$', dollar),
            None => text.to_owned(),
        }
    }
}

/// A template of a descriptor; one that does not render shows itself.
fn fill(env: &Environment<'_>, template: &str, context: &Context) -> String {
    render(env, template, context).unwrap_or_else(|_| template.to_owned())
}

/// The environment of bodies: the names of items as this output's readers use them. The questions of a body are in its
/// context, as `asks`.
pub(super) fn body_environment(plugin: &Plugin, voice: &Arc<Voice>) -> Environment<'static> {
    let mut env = environment();
    let items: Arc<Vec<(Kind, bool, String)>> = Arc::new(
        plugin.items.iter().map(|item| (item.kind, item.user_invocable, item.name.clone())).collect(),
    );
    for kind in [Kind::Command, Kind::Skill, Kind::Agent] {
        let (items, voice) = (Arc::clone(&items), Arc::clone(voice));
        env.add_function(kind.word(), move |state: &State<'_, '_>, name: String| {
            let fits = |(of, invocable, known): &(Kind, bool, String)| {
                *known == name && (*of == kind || kind == Kind::Command && *of == Kind::Skill && *invocable)
            };
            if items.iter().any(fits) {
                return Ok(voice.name(state.env(), kind, &name));
            }
            Err(Error::new(ErrorKind::InvalidOperation, format!("the tree has no {} `{name}`", kind.word())))
        });
    }
    let nth = Arc::clone(voice);
    env.add_function("arg", move |state: &State<'_, '_>, n: usize| nth.argument(state.env(), n));
    env.add_global("args", voice.arguments());
    let dollar = Arc::clone(voice);
    env.add_function("literal", move |text: String| dollar.literal(&text));
    env.add_global("can", Value::from(voice.can.clone()));
    env.add_global("platform", voice.platform.clone());
    env.add_global("instruction_file", voice.instruction_file.clone());
    let asking = Arc::clone(voice);
    env.add_function("ask", move |state: &State<'_, '_>, n: usize| {
        let asks = state.lookup("asks").unwrap_or_default();
        match asks.get_item_by_index(n) {
            Ok(ask) if !ask.is_undefined() => state.env().render_str(&asking.ask, ask),
            _ => Err(Error::new(ErrorKind::InvalidOperation, "no such question")),
        }
    });
    env
}
