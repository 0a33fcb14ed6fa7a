//! When a task is done, and how much it matters.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What kind of work a task is; the order is the order of the waves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Reads and reports; writes nothing.
    Discovery,
    /// What everything else stands on.
    #[serde(rename = "Impl-Core")]
    ImplCore,
    /// What makes it whole.
    #[serde(rename = "Impl-Polish")]
    ImplPolish,
    /// Production files are made simpler, then tests deeper.
    Quality,
    /// Documents, release notes, what is left.
    Finalization,
}

impl Role {
    /// All of them, in the order of the waves.
    pub const ALL: [Self; 5] =
        [Self::Discovery, Self::ImplCore, Self::ImplPolish, Self::Quality, Self::Finalization];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Discovery => "Discovery",
            Self::ImplCore => "Impl-Core",
            Self::ImplPolish => "Impl-Polish",
            Self::Quality => "Quality",
            Self::Finalization => "Finalization",
        }
    }

    /// Whether it only reads.
    pub fn is_reader(self) -> bool {
        self == Self::Discovery
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRole;

impl FromStr for Role {
    type Err = NoRole;

    /// In any case; `impl core` and `impl_core` too.
    fn from_str(text: &str) -> Result<Self, NoRole> {
        let wanted = text.trim().to_lowercase().replace(['_', ' '], "-");
        Self::ALL.into_iter().find(|role| role.word().to_lowercase() == wanted).ok_or(NoRole)
    }
}

/// How much a task matters: critical and high ones carry themselves over when they are not done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Nothing else counts without it.
    Critical,
    /// It has to be done soon.
    High,
    /// As usual.
    #[default]
    Medium,
    /// It can wait.
    Low,
}

impl Priority {
    /// All of them, what matters most first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}
