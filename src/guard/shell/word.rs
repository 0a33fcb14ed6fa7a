//! A word before expansion: pieces of text, and the places where the shell would put something else.

use std::ops::Range;

/// One word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// In source order; neighbours of equal quoting are one piece.
    pub parts: Vec<Part>,
}

/// One piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Plain text, quotes removed.
    Text {
        /// The text.
        text: String,
        /// Quoted text holds no patterns, tildes or braces.
        quoted: bool,
    },
    /// `$name`, `${name…}`.
    Param {
        /// The variable, a digit or one of `@*#?-$!`.
        name: String,
        /// What the braces do with it.
        op: Op,
        /// An unquoted one is split into words.
        quoted: bool,
    },
    /// `$(…)`, `` `…` ``: what these commands print.
    Output {
        /// Index range in [`super::Script::commands`].
        commands: Range<usize>,
        /// An unquoted one is split into words.
        quoted: bool,
    },
    /// `<(…)`, `>(…)`: the name of a pipe to these commands.
    Pipe {
        /// Index range in [`super::Script::commands`].
        commands: Range<usize>,
    },
    /// `$((…))`: some number.
    Number,
}

/// What `${name…}` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// The value.
    Plain,
    /// `:-` `-`: the word where there is no value.
    Default(Word),
    /// `:=` `=`: the same, and the variable has that value from then on.
    Assign(Word),
    /// `:+` `+`: the word where there is a value.
    Alternative(Word),
    /// `${name[@]}`: all of them.
    All,
    /// `${name[key]}`, `${name[$i]}`: any one of them.
    Any,
    /// `${name[*]}`: all of them, in quotes as one word.
    Joined,
    /// `${name[2]}`: one of them, counted from the end below zero.
    Element(i64),
    /// Anything else (`%` `#` `/` `:` `^` `,` `@`), with what stands behind the name.
    Transform(Word),
    /// `${!name}`: the value of the variable whose name is the value.
    Indirect,
}

impl Word {
    /// A word of plain text.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text { text: text.into(), quoted: true }] }
    }

    /// Whether any part is put in by the shell.
    pub fn is_dynamic(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Text { .. }))
    }

    /// The text, if the shell puts nothing in. Patterns, tildes and quotes are not looked at.
    pub fn as_literal(&self) -> Option<String> {
        let mut all = String::new();
        for part in &self.parts {
            let Part::Text { text, .. } = part else { return None };
            all.push_str(text);
        }
        Some(all)
    }

    /// The text of a word without any quotes or expansions: what reserved words must be.
    pub fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text { text, quoted: false }] => Some(text),
            _ => None,
        }
    }

    /// Adds text behind the last piece.
    pub(super) fn push_text(&mut self, more: &str, more_quoted: bool) {
        if let Some(Part::Text { text, quoted }) = self.parts.last_mut()
            && *quoted == more_quoted
        {
            text.push_str(more);
            return;
        }
        self.parts.push(Part::Text { text: more.to_owned(), quoted: more_quoted });
    }

    /// Adds any piece.
    pub(super) fn push(&mut self, part: Part) {
        self.parts.push(part);
    }
}
