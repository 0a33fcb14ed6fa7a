//! The plain part of YAML, read fast and with the place of everything: block and flow lists and tables, plain and
//! quoted scalars, comments.
//!
//! What is read here means the same to every YAML reader; whatever could surprise (anchors, tags, several documents,
//! folded texts, duplicate keys, tabs) is refused with a way to write it plainly. The time is linear. `serde_yaml` does
//! the rest of the program's YAML; this reader exists because a hook reads policies before every command.

mod flow;
mod reader;
mod scalar;

use std::borrow::Cow;
use std::ops::Range;

/// One value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'a> {
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value<'a>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing behind a key.
    Empty,
    /// A text, a number or a word such as `true`; [`Scalar::is_text`] tells.
    Scalar(Scalar<'a>),
    /// `- a`, `[a]`.
    List(Vec<Node<'a>>),
    /// `key: value`, `{key: value}`, in the order of the text; no key stands twice.
    Table(Vec<(Key<'a>, Node<'a>)>),
}

/// A scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar<'a> {
    /// Without quotes and escapes.
    pub text: Cow<'a, str>,
    /// Whether it was in quotes.
    pub quoted: bool,
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<'a> {
    /// Its bytes.
    pub span: Range<usize>,
    /// Its text.
    pub text: Cow<'a, str>,
}

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Where.
    pub span: Range<usize>,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
}

impl Error {
    fn at(span: Range<usize>, message: &str, help: &'static str) -> Self {
        Self { span, message: message.to_owned(), help }
    }
}

/// Reads one document. An empty one is [`Value::Empty`].
///
/// # Errors
/// The first thing that is not plain YAML.
pub fn read(text: &str) -> Result<Node<'_>, Error> {
    reader::Reader::new(text).document()
}

impl Scalar<'_> {
    /// Whether YAML takes it for a text, not for nothing, a truth value or a number.
    pub fn is_text(&self) -> bool {
        self.quoted || !scalar::is_special(&self.text)
    }
}

impl<'a> Node<'a> {
    /// The value behind `key`, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        let Value::Table(entries) = &self.value else { return None };
        entries.iter().find(|(found, _)| found.text == key).map(|(_, node)| node)
    }
}
