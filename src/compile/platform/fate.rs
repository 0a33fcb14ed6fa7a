//! What becomes of one key of a tree on one client: the rows of `[fields]` in `platforms/<id>.toml`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::descriptor::Scope;

/// What becomes of something that the tree says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// The client has the same thing.
    Native,
    /// It is said in the client's own words.
    Translated,
    /// Other means of the client have the same effect.
    Emulated,
    /// A part of the effect is lost.
    Degraded,
    /// Nothing of it arrives.
    Dropped,
}

impl Fate {
    /// All of them, best first.
    pub const ALL: [Self; 5] =
        [Self::Native, Self::Translated, Self::Emulated, Self::Degraded, Self::Dropped];

    /// Whether the client does less than the tree says.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::Degraded | Self::Dropped)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Translated => "translated",
            Self::Emulated => "emulated",
            Self::Degraded => "degraded",
            Self::Dropped => "dropped",
        })
    }
}

/// A fate with its reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Row {
    /// What becomes of it.
    pub fate: Fate,
    /// How, or why not; never empty for a loss.
    pub reason: String,
}

impl Row {
    /// A row of code, where other data of the descriptor decides.
    pub fn new(fate: Fate, reason: impl Into<String>) -> Self {
        Self { fate, reason: reason.into() }
    }
}

/// What a descriptor says of one key, and where a scope differs.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct FieldFate {
    row: Row,
    at: BTreeMap<Scope, Row>,
}

impl FieldFate {
    /// The row that holds in `scope`.
    pub fn at(&self, scope: Scope) -> &Row {
        self.at.get(&scope).unwrap_or(&self.row)
    }
}

/// The forms in which a row is written: one word, or a table.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Word(Fate),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    fate: Fate,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    at: BTreeMap<Scope, WrittenRow>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenRow {
    Word(Fate),
    Table {
        fate: Fate,
        #[serde(default)]
        reason: String,
    },
}

impl TryFrom<Written> for FieldFate {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let table = match written {
            Written::Word(fate) => Table { fate, reason: String::new(), at: BTreeMap::new() },
            Written::Table(table) => table,
        };
        let of = |written: WrittenRow| match written {
            WrittenRow::Word(fate) => Row::new(fate, ""),
            WrittenRow::Table { fate, reason } => Row::new(fate, reason),
        };
        let at: BTreeMap<_, _> = table.at.into_iter().map(|(scope, written)| (scope, of(written))).collect();
        let row = Row::new(table.fate, table.reason);
        if at.values().chain([&row]).any(|row| row.fate.is_loss() && row.reason.is_empty()) {
            return Err("what is degraded or dropped needs a `reason`".to_owned());
        }
        Ok(Self { row, at })
    }
}
