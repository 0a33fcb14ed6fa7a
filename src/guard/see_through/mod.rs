//! Commands inside commands: wrappers, shells, `find -exec`, `xargs`, interpreters.
//!
//! Each file knows one family and gives what would run; judging is not done here.

mod container;
mod erase;
mod escape;
mod find;
mod guess;
mod handed;
mod interpreter;
mod launch;
mod made;
mod prefix;
mod remote;
mod shells;
mod token;
mod variables;
mod windows;
mod xargs;

use std::path::PathBuf;
use std::rc::Rc;

use super::arg::{Arg, Call, UNKNOWN};
use super::container::Container;
use super::flow::Flow;
use super::names::Names;

pub(super) use find::{deleted as deleted_by_find, listed as listed_by_find};
pub(super) use guess::begins_harmfully;
pub(super) use handed::strings;
pub(super) use interpreter::written as written_by_interpreter;
pub(super) use shells::only_parses;

/// Everything below `root`, at any depth.
pub(super) fn below(root: &Arg) -> Arg {
    find::below(root, Names::default())
}

/// What a wrapper would run.
#[derive(Debug, Clone)]
pub(super) enum Inner {
    /// One command line.
    Words {
        /// Program and arguments.
        words: Vec<Arg>,
        /// Variables set for it.
        set: Vec<(String, String)>,
        /// Where it runs.
        at: At,
        /// What it reads, where that differs from its wrapper.
        input: Option<Flow>,
    },
    /// A text for a shell.
    Text {
        /// The text.
        text: String,
        /// `$0`, `$1`, …
        positional: Vec<Arg>,
        /// Where it runs.
        at: At,
        /// It may be no text for a shell: what cannot be read in it says nothing.
        guessed: bool,
    },
    /// Words that may be a command line: what cannot be read in them says nothing.
    Guessed(Vec<Arg>),
    /// Something that cannot be known.
    Opaque,
}

/// Where something inside a wrapper runs.
#[derive(Debug, Clone, Default)]
pub(super) enum At {
    /// Where the wrapper runs.
    #[default]
    Same,
    /// In this directory.
    Dir(Arg),
    /// On another machine, or in a container of which nothing is known.
    Elsewhere,
    /// In a container, and in this directory of ours that is mounted there.
    Container(Rc<Container>, Option<PathBuf>),
}

impl Inner {
    fn words(words: Vec<Arg>) -> Self {
        Self::Words { words, set: Vec::new(), at: At::Same, input: None }
    }

    fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), positional: Vec::new(), at: At::Same, guessed: false }
    }

    /// Whether it may be run or may be data.
    pub(super) fn is_guess(&self) -> bool {
        matches!(self, Self::Guessed(_) | Self::Text { guessed: true, .. })
    }

    /// A text that may be for a shell.
    fn guess(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), positional: Vec::new(), at: At::Same, guessed: true }
    }

    /// Whether it runs where our files are not.
    pub(super) fn is_elsewhere(&self) -> bool {
        let at = |at: &At| matches!(at, At::Elsewhere | At::Container(..));
        matches!(self, Self::Words { at: place, .. } | Self::Text { at: place, .. } if at(place))
    }

    /// The container that it runs in.
    pub(super) fn container(&self) -> Option<Rc<Container>> {
        match self {
            Self::Words { at: At::Container(container, _), .. } => Some(container.clone()),
            _ => None,
        }
    }

    /// The directory it runs in; `None` if that cannot be told.
    pub(super) fn cwd(&self, call: &Call<'_>) -> Option<PathBuf> {
        match self {
            Self::Words { at, .. } | Self::Text { at, .. } => match at {
                At::Same => call.cwd.clone(),
                At::Elsewhere => None,
                At::Container(_, dir) => dir.clone(),
                At::Dir(dir) if dir.dynamic => None,
                At::Dir(dir) => super::place::absolute(&dir.text, call.cwd.as_deref()),
            },
            Self::Guessed(_) => call.cwd.clone(),
            Self::Opaque => None,
        }
    }
}

/// The program without its directory.
pub(super) fn program_name(text: &str) -> &str {
    let name = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// Everything that `call` would run besides itself.
pub(super) fn inside(program: &Arg, call: &Call<'_>) -> Vec<Inner> {
    let mut found = prefix::inside(call);
    found.extend(shells::inside(call));
    found.extend(find::inside(call));
    found.extend(xargs::inside(call));
    found.extend(remote::inside(call));
    found.extend(interpreter::inside(call));
    found.extend(launch::inside(call));
    found.extend(escape::inside(call));
    found.extend(variables::inside(call));
    found.extend(windows::inside(call));
    if found.len() > 1 {
        once(&mut found);
    }
    if found.is_empty() && !program.dynamic {
        found = guess::inside(call);
    }
    if program.printed && program.dynamic {
        found.extend(program.flow.texts.iter().map(Inner::guess));
    }
    if program.flow.decoded || program.flow.fetched {
        found.push(Inner::Opaque);
    }
    found
}

/// Takes out guesses at texts that are run for certain.
fn once(found: &mut Vec<Inner>) {
    let certain: Vec<String> = found
        .iter()
        .filter_map(|inner| match inner {
            Inner::Text { text, guessed: false, .. } => Some(text.clone()),
            _ => None,
        })
        .collect();
    found.retain(|inner| !matches!(inner, Inner::Text { text, guessed: true, .. } if certain.contains(text)));
}

/// The programs that one with an unknown name has to be judged as, given its arguments.
pub(super) fn could_be(call: &Call<'_>) -> Vec<&'static str> {
    let letters = |arg: &Arg| arg.text.strip_prefix('-').map(str::to_owned).unwrap_or_default();
    let cluster = |arg: &Arg| {
        let letters = letters(arg);
        !letters.is_empty() && letters.chars().all(|letter| "rRfivd".contains(letter))
    };
    let recursive =
        |arg: &Arg| cluster(arg) && letters(arg).contains(['r', 'R']) || arg.text == "--recursive";
    let mut names = Vec::new();
    // `git rm` is left to `sudo`: as a verb of another program it is too common.
    if call.first() != "rm" {
        names.push("git");
    }
    // `$TOOL install -r list` is no `rm`; `$TOOL -r list` may be, and so may `$TOOL list -rf`.
    let first = call.args.first().is_some_and(recursive);
    if first || call.args.iter().any(|arg| recursive(arg) && letters(arg).contains('f')) {
        names.push("rm");
    }
    if call.args.iter().any(|arg| arg.text.starts_with("of=")) {
        names.push("dd");
    }
    names
}

/// The programs that a pattern in place of a name would most likely be: `/bin/r[m]`.
pub(super) fn matching(pattern: &str) -> impl Iterator<Item = &'static str> {
    const NAMES: &[&str] = &[
        "rm", "git", "dd", "find", "shred", "unlink", "truncate", "mv", "cp", "sudo", "env", "xargs", "bash",
        "sh", "chmod", "chown", "mkfs", "wipefs",
    ];
    let last = program_name(pattern);
    NAMES.iter().copied().filter(move |name| last.len() > 1 && super::names::matches(last, name))
}

/// Whether the first operand of this program is a file of shell commands.
pub(super) fn runs_files(name: &str) -> bool {
    matches!(name, "source" | ".") || shells::SHELLS.contains(&name)
}

/// Whether it runs programs of another language than the shell's.
pub(super) fn interprets(name: &str) -> bool {
    interpreter::is_one(name)
}

/// Words as text for a shell.
pub(super) fn quoted(args: &[Arg]) -> String {
    args.iter().map(|arg| crate::plain::shell_word(&arg.text)).collect::<Vec<_>>().join(" ")
}

/// Words joined as `eval`, `ssh` and `watch` join them.
fn joined(args: &[Arg]) -> String {
    args.iter().map(|arg| arg.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// `{}` in `words` replaced by `value`; whether there was one.
fn replaced(words: &[Arg], mark: &str, value: &Arg) -> (Vec<Arg>, bool) {
    let mut any = false;
    let words = words
        .iter()
        .map(|word| {
            if mark.is_empty() || !word.text.contains(mark) {
                return word.clone();
            }
            any = true;
            let unknown = value.text.contains(UNKNOWN);
            Arg {
                text: word.text.replace(mark, &value.text),
                dynamic: value.dynamic || unknown,
                glob: word.glob || value.glob,
                named: value.named.as_ref().map(|names| match word.text.rsplit_once(mark) {
                    // `{}/x` is an entry of what was listed, `{}.x` a neighbour: both go by their own names.
                    Some((_, behind)) if !behind.is_empty() => {
                        let (dir, name) = behind.rsplit_once('/').unwrap_or(("", behind));
                        Names::of(if behind.contains('/') && !dir.contains('*') {
                            name.to_owned()
                        } else {
                            format!("*{name}")
                        })
                    }
                    _ => names.clone(),
                }),
                ..word.clone()
            }
        })
        .collect();
    (words, any)
}
