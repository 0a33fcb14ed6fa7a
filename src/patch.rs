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
    /// What exactly is replaced by what, one after the other, where that is said.
    pub parts: Vec<Part>,
}

/// One replacement in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// What stands there before.
    pub old: String,
    /// What stands there afterwards.
    pub new: String,
    /// Where it is looked for.
    pub stretch: Stretch,
    /// The line of the file behind which it stands, of a patch.
    pub behind: Option<String>,
}

/// Where in a file a replacement is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stretch {
    /// Where it is found first.
    #[default]
    First,
    /// Wherever it is found.
    All,
    /// At the first lines that are like it.
    Lines,
}

/// How an edit changes a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChangeKind {
    /// Parts of it are replaced.
    #[default]
    Part,
    /// It is written anew: `new` is all of it.
    Whole,
    /// It is removed.
    Removed,
    /// It is moved away.
    Moved,
}

/// What an edit makes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// It stays: what should be replaced is not there.
    Same,
    /// This.
    Text(String),
    /// The edit does not say.
    Unknown,
}

impl Change {
    /// What becomes of `before`; `usual` says where a part is looked for that does not say so itself.
    pub fn applied(&self, before: &str, usual: Stretch) -> After {
        match self.kind {
            ChangeKind::Removed | ChangeKind::Moved => After::Unknown,
            ChangeKind::Whole => After::Text(self.new.clone()),
            ChangeKind::Part if self.parts.is_empty() => After::Unknown,
            ChangeKind::Part => {
                let mut text = before.to_owned();
                let mut line = 0;
                for part in &self.parts {
                    match replaced(&text, part, usual, &mut line) {
                        After::Text(after) => text = after,
                        other => return other,
                    }
                }
                After::Text(text)
            }
        }
    }
}

fn replaced(text: &str, part: &Part, usual: Stretch, line: &mut usize) -> After {
    let all = part.stretch == Stretch::All || usual == Stretch::All;
    match (part.stretch, part.old.as_str()) {
        (Stretch::Lines, _) => lines_replaced(text, part, line),
        (_, "") if text.is_empty() => After::Text(part.new.clone()),
        (_, "") => After::Unknown, // somewhere
        (_, old) if text.contains(old) => {
            After::Text(if all { text.replace(old, &part.new) } else { text.replacen(old, &part.new, 1) })
        }
        // Claude Code takes straight quotes and curly ones for the same.
        (_, old) if straight(text).contains(&straight(old)) => After::Unknown,
        _ => After::Same,
    }
}

fn straight(text: &str) -> String {
    text.replace(['‘', '’'], "'").replace(['“', '”'], "\"")
}

/// A part of a patch: whole lines, behind the line that it names, blanks around them left aside where they must be.
fn lines_replaced(text: &str, part: &Part, from: &mut usize) -> After {
    let mut lines: Vec<&str> = text.lines().collect();
    let new: Vec<&str> = part.new.lines().collect();
    if let Some(behind) = &part.behind {
        let Some(at) = place_of(&lines, &[behind.as_str()], *from) else { return After::Same };
        *from = at + 1;
    }
    let old: Vec<&str> = part.old.lines().collect();
    let at = if old.is_empty() { Some(lines.len()) } else { place_of(&lines, &old, *from) };
    let Some(at) = at else { return After::Same };
    lines.splice(at..at + old.len(), new.iter().copied());
    *from = at + new.len();
    After::Text(lines.join("\n"))
}

fn place_of(lines: &[&str], wanted: &[&str], from: usize) -> Option<usize> {
    let ways: [fn(&str) -> &str; 3] = [|line| line, str::trim_end, str::trim];
    let rest = lines.get(from..)?;
    ways.iter().find_map(|way| {
        let fits = |window: &[&str]| window.iter().zip(wanted).all(|(line, old)| way(line) == way(old));
        rest.windows(wanted.len()).position(fits).map(|at| from + at)
    })
}

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";

/// The files that a patch in Codex's own format touches, by its headers (seen with Codex 0.169.0): blanks around a
/// header do not count, those before a name belong to it. `None`: Codex would not read it either.
pub fn of_codex(patch: &str) -> Option<Vec<Change>> {
    let mut lines: Vec<&str> = patch.trim().lines().collect();
    if lines.first().is_some_and(|line| line.starts_with("<<")) {
        lines = lines.get(1..lines.len().saturating_sub(1))?.to_vec(); // a here-document that no shell has seen
    }
    let framed = lines.first()?.trim() == BEGIN && lines.last()?.trim() == END;
    let mut changes: Vec<Change> = Vec::new();
    let mut at = 0;
    for line in lines.get(1..lines.len().saturating_sub(1)).filter(|_| framed)? {
        // Newer versions take a header where this one takes a line that stays: it counts as both.
        let stays =
            line.starts_with(' ') && changes.get(at).is_some_and(|change| change.kind == ChangeKind::Part);
        if let Some(change) = header(line) {
            if line.trim_start().starts_with("*** Move to: ")
                && let Some(from) = changes.last_mut()
            {
                from.kind = ChangeKind::Moved;
            }
            changes.push(change);
            at = if stays { at } else { changes.len() - 1 };
        }
        if let Some(change) = changes.get_mut(at).filter(|_| stays || header(line).is_none()) {
            take(change, line);
            part(change, line);
        }
    }
    Some(changes).filter(|changes| !changes.is_empty())
}

/// A line of what a patch replaces, those that stay included.
fn part(change: &mut Change, line: &str) {
    let behind = line.trim_end().strip_prefix("@@");
    if behind.is_some() || change.parts.is_empty() {
        let behind = behind.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned());
        let behind = behind.filter(|line| !line.is_empty());
        change.parts.push(Part { stretch: Stretch::Lines, behind, ..Part::default() });
    }
    let Some(last) = change.parts.last_mut().filter(|_| !line.starts_with("@@")) else { return };
    let (mark, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
    if mark != "+" {
        last.old.extend([rest, "\n"]);
    }
    if mark != "-" {
        last.new.extend([rest, "\n"]);
    }
}

fn header(line: &str) -> Option<Change> {
    const HEADERS: [(&str, ChangeKind); 4] = [
        ("*** Add File: ", ChangeKind::Whole),
        ("*** Update File: ", ChangeKind::Part),
        ("*** Delete File: ", ChangeKind::Removed),
        ("*** Move to: ", ChangeKind::Part),
    ];
    HEADERS.iter().find_map(|(header, kind)| {
        let path = PathBuf::from(line.trim().strip_prefix(header)?);
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
    fn a_patch_is_read_as_codex_reads_it() {
        // What 0.169.0 did with each of these: the files it touched, or nothing where it refused.
        for (patch, expected) in [
            ("*** Begin Patch\n*** Add File: a\n+x\n*** End Patch", Some(vec!["a"])),
            ("\n*** Begin Patch\r\n*** Add File: a\r\n+x\r\n*** End Patch\r\n", Some(vec!["a"])),
            ("*** Begin Patch\n \t*** Add File: a\n+x\n*** End Patch", Some(vec!["a"])),
            ("*** Begin Patch\n\u{a0}\u{b}*** Add File: a\n+x\n*** End Patch", Some(vec!["a"])),
            ("*** Begin Patch\n*** Add File:   a\n+x\n*** End Patch", Some(vec!["  a"])),
            ("<<'EOF'\n*** Begin Patch\n*** Add File: a\n+x\n*** End Patch\nEOF", Some(vec!["a"])),
            ("*** Begin Patch\n*** Environment ID: x\n*** Delete File: a\n*** End Patch", Some(vec!["a"])),
            (
                "*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n-x\n*** End Patch",
                Some(vec!["a", "b"]),
            ),
            ("*** Begin Patch\n*** Add File: a\n+x\n+*** Add File: b\n*** End Patch", Some(vec!["a"])),
            // Newer versions: a header.
            (
                "*** Begin Patch\n*** Update File: a\n@@\n *** Delete File: b\n+x\n*** End Patch",
                Some(vec!["a", "b"]),
            ),
            ("*** Begin Patch\n*** Add File: a\n+x\n", None),
            ("*** Begin Patch\n*** Add File: a\n+x\n*** End Patch\nmore", None),
            ("hello\n*** Begin Patch\n*** Add File: a\n+x\n*** End Patch", None),
            ("*** begin patch\n*** add file: a\n+x\n*** end patch", None),
            ("*** Begin Patch\n*** End Patch", None),
            ("garbage", None),
            ("", None),
        ] {
            let paths = |changes: Vec<Change>| -> Vec<String> {
                changes.iter().map(|change| change.path.display().to_string()).collect()
            };
            assert_eq!(
                of_codex(patch).map(paths),
                expected.map(|names| names.iter().map(|n| (*n).to_owned()).collect()),
                "{patch}"
            );
        }
        let changes =
            of_codex("*** Begin Patch\n*** Update File: a\n *** Add File: b\n+x\n*** End Patch").unwrap();
        assert_eq!(changes[0].new, "x\n");
    }

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
