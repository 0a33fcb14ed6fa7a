//! What kind of session it is: how much is looked into, how large waves are, how long an agent may go on.

pub mod suggest;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of a session.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One goal, by the express path or in waves.
    #[default]
    Feature,
    /// More discovery, reviewers after every wave, a larger breaker.
    Deep,
    /// Exclusive, no new behaviour, one wave.
    Housekeeping,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Feature, Self::Deep, Self::Housekeeping];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Deep => "deep",
            Self::Housekeeping => "housekeeping",
        }
    }

    /// How many turns of the model one agent may take before it is told.
    pub fn turns(self) -> u32 {
        match self {
            Self::Housekeeping => 8,
            Self::Feature => 15,
            Self::Deep => 25,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.word().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| format!("`{text}` is no mode: feature, deep or housekeeping"))
    }
}
