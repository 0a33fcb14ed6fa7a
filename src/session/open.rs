//! Whether a session is open in a working tree, as the frontmatter of its STATE.md says.

use std::io::Read as _;
use std::path::Path;

/// Where the state of a session stands in a working tree.
pub const STATE: &str = ".orchestrator/STATE.md";

/// The frontmatter stands in the first bytes; more is not read.
const HEAD: u64 = 8 << 10;

/// Whether a session is open: `status: active` or `paused`.
pub fn is_open(project: &Path) -> bool {
    status(project).is_some_and(|status| matches!(status.as_str(), "active" | "paused"))
}

/// The `status` in the frontmatter; `None` without a file or without the key.
pub fn status(project: &Path) -> Option<String> {
    let mut head = Vec::new();
    std::fs::File::open(project.join(STATE)).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    if lines.next()?.trim_end() != "---" {
        return None;
    }
    let line =
        lines.take_while(|line| line.trim_end() != "---").find_map(|line| line.strip_prefix("status:"))?;
    Some(line.trim().trim_matches(['"', '\'']).to_owned())
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
