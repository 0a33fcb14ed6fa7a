//! What is asked of the planner.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::artifact::{ArtifactSet, Place};
use crate::install::lock::Scope;

/// The tree that the artifacts were built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name, one plain directory name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it came from: `built in`, or a directory.
    pub origin: String,
}

/// What is asked of the planner.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// What `want` was built from.
    pub source: Source,
    /// The platforms to install. `want` is all that they need: what the lock holds for them beyond it is retired.
    pub platforms: BTreeMap<String, Scope>,
    /// The platforms to uninstall: from this project only ([`Scope::Project`]), from the person only
    /// ([`Scope::User`]), or wherever they are (`None`, [`Scope::Default`]).
    pub remove: BTreeMap<String, Option<Scope>>,
    /// The artifacts.
    pub want: &'a ArtifactSet,
    /// Puts back what the person deleted. Edited files are kept all the same.
    pub force: bool,
    /// Old names of items and the names that they have now, as the source declares them.
    pub renamed: BTreeMap<String, String>,
    /// What the person says to every conflict that has no answer of its own.
    pub answer: Answer,
    /// What the person says to the conflicts of some places.
    pub answers: BTreeMap<Place, Answer>,
    /// Texts that the person adopts, each with the text of ours that it was made from.
    pub overlays: BTreeMap<Place, (Vec<u8>, Vec<u8>)>,
    /// Places that the person wants left alone this time.
    pub skip: BTreeSet<Place>,
    /// The platforms whose agents may run `so` without a question, of those to install.
    pub unasked: BTreeSet<String>,
    /// Plans these places and no other.
    pub only: Option<BTreeSet<Place>>,
}

/// What the person says to a conflict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet: theirs stays, the new text is put aside.
    #[default]
    Open,
    /// Theirs stays, and that settles it.
    Mine,
    /// The new text replaces theirs.
    New,
    /// This text, made of both.
    Text(Vec<u8>),
}

impl<'a> Request<'a> {
    /// A request for nothing yet: platforms come next.
    pub fn new(source: Source, want: &'a ArtifactSet) -> Self {
        Self {
            source,
            platforms: BTreeMap::new(),
            remove: BTreeMap::new(),
            want,
            force: false,
            renamed: BTreeMap::new(),
            answer: Answer::Open,
            answers: BTreeMap::new(),
            overlays: BTreeMap::new(),
            skip: BTreeSet::new(),
            unasked: BTreeSet::new(),
            only: None,
        }
    }

    /// What the person says to a conflict at `place`.
    pub(super) fn answer(&self, place: &Place) -> &Answer {
        self.answers.get(place).unwrap_or(&self.answer)
    }
}
