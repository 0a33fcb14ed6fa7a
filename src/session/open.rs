//! Whether a session is open in a working tree, as the frontmatter of its STATE.md says.

use std::io::Read as _;
use std::path::Path;

/// Where the state of a session stands in a working tree.
pub const STATE: &str = ".orchestrator/STATE.md";

/// The frontmatter stands in the first bytes; more is not read.
const HEAD: u64 = 8 << 10;

/// The plain `key: value` lines of the frontmatter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head(Vec<(String, String)>);

/// Whether a session is open: `status: active` or `paused`.
pub fn is_open(project: &Path) -> bool {
    head(project).is_some_and(|head| head.is_open())
}

/// The frontmatter of the state file; `None` without one.
pub fn head(project: &Path) -> Option<Head> {
    let mut head = Vec::new();
    std::fs::File::open(project.join(STATE)).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    if lines.next()?.trim_end() != "---" {
        return None;
    }
    let inside = lines.take_while(|line| line.trim_end() != "---");
    let pairs = inside.filter_map(|line| line.split_once(':'));
    let plain = |value: &str| value.trim().trim_matches(['"', '\'']).to_owned();
    Some(Head(pairs.map(|(key, value)| (key.to_owned(), plain(value))).collect()))
}

impl Head {
    /// The value of a key, if it has one.
    pub fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(name, _)| name == key)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether the session is open.
    pub fn is_open(&self) -> bool {
        matches!(self.get("status"), Some("active" | "paused"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_frontmatter_says_so() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_open(dir.path()));
        std::fs::create_dir_all(dir.path().join(".orchestrator")).unwrap();
        for (text, open) in [
            ("---\nsession: x\nstatus: active\n---\n", true),
            ("---\nstatus: \"paused\"\n---\n", true),
            ("---\nstatus: completed\n---\n", false),
            ("---\nsession: x\n---\nstatus: active\n", false),
            ("status: active\n", false),
        ] {
            crate::fs::replace(&dir.path().join(STATE), text.as_bytes(), false).unwrap();
            assert_eq!(is_open(dir.path()), open, "{text}");
        }
    }
}
