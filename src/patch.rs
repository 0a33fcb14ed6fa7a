//! Patches as text: which files they change, and what they take out and put in.

use std::path::PathBuf;

/// What one edit does to one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// As the client or the patch names it; may be relative.
    pub path: PathBuf,
    /// What is taken out; empty when nobody says.
    pub old: String,
    /// What is put in.
    pub new: String,
    /// How `new` relates to the file.
    pub kind: ChangeKind,
}

/// How an edit changes a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChangeKind {
    /// Parts of it are replaced.
    #[default]
    Part,
    /// It is written anew: `new` is all of it.
    Whole,
    /// It is removed, or moved away.
    Removed,
}

/// The files that a patch in Codex's own format touches, by its headers (Codex 0.169.0).
pub fn of_codex(patch: &str) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for line in patch.lines() {
        if let Some(change) = header(line) {
            changes.push(change);
        } else if let Some(change) = changes.last_mut() {
            take(change, line);
        }
    }
    changes
}

fn header(line: &str) -> Option<Change> {
    const HEADERS: [(&str, ChangeKind); 4] = [
        ("*** Add File: ", ChangeKind::Whole),
        ("*** Update File: ", ChangeKind::Part),
        ("*** Delete File: ", ChangeKind::Removed),
        ("*** Move to: ", ChangeKind::Part),
    ];
    HEADERS.iter().find_map(|(header, kind)| {
        let path = PathBuf::from(line.strip_prefix(header)?.trim());
        Some(Change { path, kind: *kind, ..Change::default() })
    })
}

/// The files that a unified diff touches, with `strip` leading parts taken off their names as `patch -p` does it.
pub fn of_unified(patch: &str, strip: usize) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut lines = patch.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(old) = line.strip_prefix("--- ") else {
            if let Some(change) = changes.last_mut() {
                take(change, line);
            }
            continue;
        };
        let Some(new) =
            lines.next_if(|next| next.starts_with("+++ ")).and_then(|next| next.strip_prefix("+++ "))
        else {
            continue;
        };
        let both = [name(old, strip), name(new, strip)];
        let [old, new] = both.each_ref().map(Option::as_ref);
        for path in [new, old.filter(|old| Some(*old) != new)].into_iter().flatten() {
            changes.push(Change { path: PathBuf::from(path), ..Change::default() });
        }
    }
    changes
}

/// `a/src/x.rs<TAB>date` without what is not its name; nothing for `/dev/null`.
fn name(header: &str, strip: usize) -> Option<String> {
    let name = header.split('\t').next()?.trim().trim_matches('"');
    let stripped: Vec<&str> = name.split('/').skip(strip).collect();
    let plain = name.rsplit('/').next().unwrap_or(name);
    let name = if name == "/dev/null" {
        return None;
    } else if stripped.is_empty() {
        plain.to_owned()
    } else {
        stripped.join("/")
    };
    Some(name).filter(|name| !name.is_empty())
}

fn take(change: &mut Change, line: &str) {
    match line.split_at_checked(1) {
        Some(("-", rest)) => change.old.extend([rest, "\n"]),
        Some(("+", rest)) => change.new.extend([rest, "\n"]),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unified_diff_names_its_files() {
        let patch = "diff --git a/src/a.rs b/src/a.rs\n--- a/src/a.rs\t2026\n+++ b/src/a.rs\n@@ -1 +1 @@\n-old\n+new\n\
                     --- /dev/null\n+++ b/made.rs\n@@ -0,0 +1 @@\n+x\n--- a/gone.rs\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
        let changes = of_unified(patch, 1);
        let names: Vec<_> = changes.iter().map(|change| change.path.to_str().unwrap()).collect();
        assert_eq!(names, ["src/a.rs", "made.rs", "gone.rs"]);
        assert_eq!((changes[0].old.as_str(), changes[0].new.as_str()), ("old\n", "new\n"));
    }
}
