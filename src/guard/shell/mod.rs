//! What could this text run? A reader of shell source for a guard: not a shell, and not a checker of syntax.
//!
//! It gives every simple command that the text could run, in the order in which a shell would reach it, with
//! quoting removed and assignments, redirects and here-documents attached. Where the grammar leaves a choice it
//! takes the reading that runs more. It must not judge, look at the disk or know any command but the few
//! reserved words. Time is linear in the text: every character that is looked at is counted against a budget.
//!
//! Grammar: bash 5.2, of which POSIX `sh`, dash and the common part of zsh are subsets.

mod ansi_c;
mod brace;
mod case;
mod dollar;
mod grammar;
mod heredoc;
mod reader;
mod simple;
mod word;

use std::ops::Range;

pub use ansi_c::decode as decode_escapes;
pub use word::{Op, Part, Word};

/// Longest text that is read, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// Most simple commands that are read from one text.
pub const MAX_COMMANDS: usize = 10_000;
/// Longest body of a function that is kept as text, in bytes.
pub const MAX_SOURCE: usize = 1 << 16;
/// Deepest nesting of compound commands and substitutions.
pub const MAX_DEPTH: u32 = 64;

/// What is not closed where a list of commands runs into the end of the text.
pub const OPEN: &str = "a command, a loop or a bracket";

/// Why a text was not read to its end. What was read before is still there to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// A quote, substitution or compound command that never ends.
    #[error("{0} is never closed")]
    Unterminated(&'static str),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("it is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// Longer than [`MAX_TEXT`], more than [`MAX_COMMANDS`], or braces that multiply without end.
    #[error("it is too long to be read")]
    TooLong,
}

/// Everything that a text could run.
#[derive(Debug, Default)]
pub struct Script {
    /// In the order in which a shell would reach them; commands of a substitution stand before their
    /// user, those of a here-document behind it.
    pub commands: Vec<SimpleCommand>,
    /// Where directory and variables are separate; a command names its place in this list.
    pub scopes: Vec<Scope>,
    /// Functions that the text defines.
    pub functions: Vec<Function>,
    /// Set when the text was not read to its end.
    pub limit: Option<Limit>,
    /// How many characters were looked at, those looked at twice counted twice.
    pub steps: usize,
}

/// A stretch of the text with its own working directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The enclosing scope; the outermost is its own parent.
    pub parent: usize,
    /// True for a branch or loop body, which shares its parent's state but may not run at all;
    /// false for a subshell, whose changes end with it.
    pub branch: bool,
    /// A substitution: what its commands print goes into a word.
    pub captured: bool,
    /// A branch of an `if` or a `case`, of which at most one runs, and that once: the first of them.
    pub choice: Option<usize>,
}

/// A function definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its body, in [`Script::commands`].
    pub body: Range<usize>,
    /// The same as text; empty past [`MAX_SOURCE`].
    pub source: String,
}

/// One command: assignments, words, redirects.
#[derive(Debug, Clone, Default)]
pub struct SimpleCommand {
    /// `A=b` before the words, or of `export`, `declare` and the like.
    pub assignments: Vec<Assignment>,
    /// Program and arguments, braces expanded.
    pub words: Vec<Word>,
    /// In source order.
    pub redirects: Vec<Redirect>,
    /// Index into [`Script::scopes`].
    pub scope: usize,
    /// The commands whose output this one reads; empty without a pipe.
    pub upstream: Range<usize>,
    /// The redirects of the compound command around it that give it its input, as index into [`Script::commands`].
    pub inherited: Option<usize>,
    /// Without words, the redirects of a compound command: these are its commands.
    pub around: Range<usize>,
    /// Followed by `&`.
    pub background: bool,
    /// After `||`, or in a branch or loop: it may not run.
    pub conditional: bool,
}

/// One assignment.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The variable, without index.
    pub name: String,
    /// One word, or the elements of an array.
    pub values: Vec<Word>,
    /// `+=`, or one element of an array: the old value stays in play.
    pub append: bool,
    /// The elements of an array, or one of them.
    pub list: bool,
    /// Of a loop: each of the words may be the value.
    pub each: bool,
}

/// One redirect.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// What it does.
    pub kind: RedirectKind,
    /// The descriptor in front of it, as written; empty for the usual one.
    pub descriptor: String,
    /// The file, the descriptor, or the text of a here-document.
    pub target: Word,
}

/// What a redirect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectKind {
    /// `<`
    Read,
    /// `>`, `>|`, `&>`
    Write,
    /// `>>`, `&>>`
    Append,
    /// `<>`
    ReadWrite,
    /// `<&`
    DuplicateInput,
    /// `>&` with a descriptor
    Duplicate,
    /// `<<`, `<<-`, `<<<`: the target is the text itself
    Here,
}

/// Reads `text`. Never fails: what could not be read is said in [`Script::limit`].
pub fn read(text: &str) -> Script {
    if text.len() > MAX_TEXT {
        return Script { limit: Some(Limit::TooLong), ..Script::default() };
    }
    if text.contains('\0') {
        return reader::read(&text.replace('\0', ""));
    }
    reader::read(text)
}
