//! What debugging leaves behind, in lines that were added since the last commit.

use std::path::Path;

use crate::git;

/// One leftover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Below the project.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// What it is.
    pub what: &'static str,
}

/// File endings and what is left behind in such files. A word counts where nothing of a name stands before it.
const LEFTOVERS: &[(&[&str], &[&str])] = &[
    (&["rs"], &["dbg!(", "todo!("]),
    (&["py"], &["breakpoint()", "pdb.set_trace(", "import pdb", "import ipdb"]),
    (
        &["js", "jsx", "ts", "tsx", "mjs", "cjs", "vue", "svelte"],
        &["debugger;", "console.log(", "console.debug("],
    ),
    (
        &["test.js", "test.ts", "test.tsx", "test.jsx", "spec.js", "spec.ts", "spec.tsx"],
        &["it.only(", "test.only(", "describe.only(", "fdescribe(", "fit("],
    ),
    (&["rb"], &["binding.pry", "binding.irb", "byebug"]),
    (&["go"], &["runtime.Breakpoint()", "spew.Dump("]),
    (&["php"], &["var_dump(", "dd("]),
    (&["ex", "exs"], &["IEx.pry"]),
];

/// What debugging left in the added lines of `project`, working tree and index included.
///
/// # Errors
/// The repository cannot be read.
pub fn leftovers(project: &Path) -> anyhow::Result<Vec<Leftover>> {
    let Ok(repository) = git2::Repository::open(project) else { return Ok(Vec::new()) };
    let head = repository.head().and_then(|head| head.peel_to_tree()).ok();
    let mut options = git2::DiffOptions::new();
    options
        .context_lines(0)
        .include_untracked(true)
        .recurse_untracked_dirs(true)
        .show_untracked_content(true);
    let diff = repository.diff_tree_to_workdir_with_index(head.as_ref(), Some(&mut options))?;
    let mut found = Vec::new();
    diff.foreach(
        &mut |_, _| true,
        None,
        None,
        Some(&mut |delta, _, line| {
            let path = delta.new_file().path_bytes().map(git::path).unwrap_or_default();
            let path = path.to_string_lossy().into_owned();
            if line.origin() == '+'
                && let Some(what) = of(&path, &String::from_utf8_lossy(line.content()))
            {
                found.push(Leftover { path, line: line.new_lineno().unwrap_or_default(), what });
            }
            true
        }),
    )?;
    Ok(found)
}

fn of(path: &str, text: &str) -> Option<&'static str> {
    let code = text.trim_start();
    if ["//", "#", "*"].iter().any(|comment| code.starts_with(comment)) {
        return None;
    }
    let is_of = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(&format!(".{ending}")));
    let words = LEFTOVERS.iter().filter(|(endings, _)| is_of(endings)).flat_map(|(_, words)| words.iter());
    let stands_alone = |word: &&&str| {
        code.match_indices(**word).any(|(at, _)| {
            let before = code.get(..at).and_then(|before| before.chars().next_back());
            before.is_none_or(|c| !c.is_alphanumeric() && !"_.\"'`".contains(c))
        })
    };
    words.copied().find(|word| stands_alone(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_counts() {
        for (path, line, expected) in [
            ("a.rs", "    dbg!(x);", Some("dbg!(")),
            ("a.rs", "    // dbg!(x);", None),
            ("a.rs", "let s = \"dbg!(\";", None),
            ("a.py", "  breakpoint()", Some("breakpoint()")),
            ("a.ts", "console.log(1)", Some("console.log(")),
            ("a.ts", "myconsole.log(1)", None),
            ("a.test.ts", "it.only('x', f)", Some("it.only(")),
            ("a.ts", "benefit(1)", None),
            ("a.md", "console.log(1)", None),
        ] {
            assert_eq!(of(path, line), expected, "{path}: {line}");
        }
    }
}
