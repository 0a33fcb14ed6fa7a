//! What the reports of a session propose: their sentences become proposals of their own.

use std::path::Path;

use super::proposal::What;
use super::write::{self, Proposed};
use super::{FILES, INSIGHT, Said, ledger};
use crate::plain;

/// So many of one session at most: what matters is short.
const MOST: usize = 20;

/// A sentence of a report, and the files that its author had in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence<'a> {
    /// It.
    pub text: &'a str,
    /// The files; none where nobody said.
    pub files: &'a [String],
    /// Who says so: a task, or nothing for the session.
    pub by: &'a str,
}

/// Puts them before the person; what was proposed, kept or rejected before is not proposed again. Gives how many wait
/// anew.
///
/// # Errors
/// A file cannot be written.
pub fn offer(project: &Path, sentences: &[Sentence<'_>], session: &str, now: &str) -> anyhow::Result<usize> {
    let mut new = 0;
    for sentence in sentences.iter().filter(|one| !one.text.trim().is_empty()).take(MOST) {
        let said = said(project, sentence);
        let proposed = write::propose(project, What::Keep(said), session, now)?;
        new += usize::from(matches!(proposed, Proposed::Waits(_) | Proposed::Again(_)));
    }
    Ok(new)
}

fn said(project: &Path, sentence: &Sentence<'_>) -> Said {
    let text: String = sentence.text.trim().chars().take(INSIGHT).collect();
    let named = paths(project, &text);
    let own = sentence.files.iter().filter(|path| ledger::is_path(path)).cloned();
    let files = if named.is_empty() { own.take(FILES).collect() } else { named };
    let evidence = if sentence.by.is_empty() {
        String::new()
    } else {
        format!("seen in task {}", plain::line(sentence.by, 40))
    };
    Said { kind: "note".to_owned(), subject: String::new(), insight: text, evidence, files }
}

/// The files and directories of the project that a sentence names.
pub fn paths(project: &Path, text: &str) -> Vec<String> {
    let trim = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && !"._-/*".contains(c));
        word.split(':').next().unwrap_or_default().trim_end_matches('.').to_owned()
    };
    let is_there = |word: &String| {
        word.contains(['/', '.'])
            && ledger::is_path(word)
            && project.join(word.trim_end_matches('/')).exists()
    };
    let mut found: Vec<String> = Vec::new();
    for path in text.split_whitespace().map(trim).filter(is_there) {
        if !found.contains(&path) && found.len() < FILES {
            found.push(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_a_sentence_names_are_its_files() {
        let dir = tempfile::tempdir().unwrap();
        crate::fs::atomic_write(&dir.path().join("src/parser/lex.rs"), b"", false).unwrap();
        crate::fs::atomic_write(&dir.path().join("Makefile.in"), b"", false).unwrap();
        let text = "In `src/parser/lex.rs:12`, and (src/parser/), tabs count; see Makefile.in. Not src/gone.rs, ../x, /etc/passwd or e.g. that.";
        assert_eq!(paths(dir.path(), text), ["src/parser/lex.rs", "src/parser/", "Makefile.in"]);
    }
}
