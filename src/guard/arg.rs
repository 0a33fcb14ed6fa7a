//! A command after expansion, as rules see it.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::PathBuf;

use super::Context;
use super::container::Container;
use super::deletion::Deletion;
use super::earlier::Earlier;
use super::flow::Flow;
use super::names::Names;
use super::rules::git::Line;

/// Stands in a text for what cannot be known before the command runs.
pub const UNKNOWN: char = '\u{fffc}';

/// One word of a command after expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arg {
    /// The text; [`UNKNOWN`] stands for each unknown stretch.
    pub text: String,
    /// Something in it cannot be known, or only its likeliest value is.
    pub dynamic: bool,
    /// It holds an unquoted pattern character.
    pub glob: bool,
    /// What it stands for came out of a decoder or from the network.
    pub flow: Flow,
    /// It holds what a substituted command prints.
    pub printed: bool,
    /// `<(…)`: the commands behind the name.
    pub pipe: Option<Range<usize>>,
    /// For paths listed by `find`, whose text ends in `/*`: the entries at any depth that are meant.
    pub named: Option<Names>,
}

impl Arg {
    /// A known word.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A word that nothing is known about.
    pub fn unknown() -> Self {
        Self { text: UNKNOWN.to_string(), dynamic: true, ..Self::default() }
    }

    /// The text for people.
    pub fn shown(&self) -> String {
        self.text.replace(UNKNOWN, "…")
    }
}

/// One command with its wrappers taken off.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The program, without directory.
    pub name: &'a str,
    /// Its arguments.
    pub args: &'a [Arg],
    /// Where it runs; `None` when a `cd` before it could not be followed.
    pub cwd: Option<PathBuf>,
    /// What it reads on standard input.
    pub input: &'a Flow,
    /// Variables set in front of it, or exported before.
    pub assigned: &'a [(String, String)],
    /// What earlier commands of the same text have moved about.
    pub earlier: &'a Earlier,
    /// The container that it runs in, where something is known of it.
    pub container: Option<&'a Container>,
    /// The surroundings of the whole text.
    pub context: &'a Context,
    /// What is read out of it once for all rules.
    pub(super) memo: Memo,
}

/// What several rules ask of one command. A copy starts empty, because it is made to change the command.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// It as git's.
    pub(super) git: OnceCell<Line>,
    /// What it removes or overwrites.
    pub(super) deletions: OnceCell<Vec<Deletion>>,
}

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Call<'_> {
    /// Whether an argument is exactly `text`.
    pub fn has(&self, text: &str) -> bool {
        self.args.iter().any(|arg| arg.text == text)
    }

    /// The text of the first argument, empty without one.
    pub fn first(&self) -> &str {
        self.args.first().map_or("", |arg| arg.text.as_str())
    }

    /// The command on one line, at most 120 characters.
    pub fn shown(&self) -> String {
        show(std::iter::once(self.name).chain(self.args.iter().map(|arg| arg.text.as_str())))
    }
}

/// Words on one line, at most 120 characters; three dots stand for what cannot be known.
pub(super) fn show<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut line = String::with_capacity(128);
    let mut room = 120;
    for (at, word) in words.take(40).enumerate() {
        for character in (at > 0).then_some(' ').into_iter().chain(word.chars()) {
            if room == 0 {
                line.push('…');
                return line;
            }
            room -= 1;
            line.push(match character {
                '\n' => '⏎',
                UNKNOWN => '…',
                known => known,
            });
        }
    }
    line
}
