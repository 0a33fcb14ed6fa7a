//! A path below some root, the same text on every system.

use std::fmt;
use std::path::{Path, PathBuf};

/// A relative path with `/` between its parts: never empty, never absolute, never leaving its root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct RelPath(String);

/// Why a text is not a [`RelPath`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RelPathError {
    /// Nothing there.
    #[error("the path is empty")]
    Empty,
    /// `/x`, `C:\x`, `\\server`.
    #[error("`{0}` is absolute")]
    Absolute(String),
    /// A `..`, a `.` or an empty part.
    #[error("`{0}` has a part that is empty, `.` or `..`")]
    Escapes(String),
    /// A name or character that some file system cannot hold.
    #[error("`{path}` cannot be written on every system: `{part}`")]
    NotPortable {
        /// The whole path.
        path: String,
        /// The part that is to blame.
        part: String,
    },
}

/// Device names that Windows reserves in every directory, with or without an extension.
const RESERVED: &[&str] = &[
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

impl RelPath {
    /// Checks and takes `text`.
    ///
    /// # Errors
    /// See [`RelPathError`].
    pub fn new(text: impl Into<String>) -> Result<Self, RelPathError> {
        let text = text.into();
        if text.is_empty() {
            return Err(RelPathError::Empty);
        }
        if text.starts_with(['/', '\\']) || text.as_bytes().get(1) == Some(&b':') {
            return Err(RelPathError::Absolute(text));
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(RelPathError::Escapes(text));
        }
        match text.split('/').find(|part| !portable(part)) {
            Some(part) => Err(RelPathError::NotPortable { part: part.to_owned(), path: text }),
            None => Ok(Self(text)),
        }
    }

    /// The text, with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file below `root`.
    pub fn below(&self, root: &Path) -> PathBuf {
        root.join(self.0.split('/').collect::<PathBuf>())
    }

    /// The path with `/` and `child` behind it.
    ///
    /// # Errors
    /// See [`RelPathError`].
    pub fn join(&self, child: &str) -> Result<Self, RelPathError> {
        Self::new(format!("{}/{child}", self.0))
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// What two paths share when a file system that ignores case cannot tell them apart.
    pub fn case_key(&self) -> String {
        self.0.to_lowercase()
    }
}

fn portable(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
    !RESERVED.contains(&stem.as_str())
        && !part.ends_with(['.', ' '])
        && !part.chars().any(|c| c.is_control() || "<>:\"|?*\\".contains(c))
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for RelPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_could_leave_the_root_or_not_be_written() {
        for bad in [
            "",
            "/etc",
            "\\\\s\\x",
            "C:/x",
            "a/../b",
            "..",
            "a//b",
            "./a",
            "a/",
            "nul",
            "x/COM1.md",
            "a:b",
            "x ",
        ] {
            assert!(RelPath::new(bad).is_err(), "{bad}");
        }
        for good in ["a", ".claude/skills/x/SKILL.md", "a.b/ü", "console.md"] {
            assert!(RelPath::new(good).is_ok(), "{good}");
        }
    }
}
