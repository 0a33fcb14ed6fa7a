//! STATE.md: the crash record of one working tree, which people and agents read and only `so` writes.
//!
//! One writer API: [`update`] holds an OS lock, reads the file again, changes it and replaces it durably. After a crash
//! at any point the old or the new file is there. Unknown keys and sections survive every write, byte for byte.

mod document;

use std::fs::OpenOptions;
use std::path::Path;

use anyhow::{Context as _, anyhow};
pub use document::{Document, Malformed};

use super::open::STATE;
use crate::fs;

/// So many approaches that failed are kept; the oldest go.
pub const AVOIDED: usize = 10;
/// So many open questions are kept; of those the answered go first.
pub const QUESTIONS: usize = 20;

const LOCK: &str = ".orchestrator/runtime/state.lock";
const DEVIATIONS: &str = "Deviations";
const AVOID: &str = "What Not To Retry";
const ASK: &str = "Open Questions";

/// Reads the state of a working tree; `None` when there is none.
///
/// # Errors
/// It is there and cannot be read or told apart; with the line.
pub fn read(project: &Path) -> anyhow::Result<Option<Document>> {
    let Some(bytes) = fs::read_optional(&project.join(STATE))? else { return Ok(None) };
    let text = String::from_utf8(bytes).with_context(|| format!("`{STATE}` is not UTF-8"))?;
    let document =
        Document::parse(text).with_context(|| format!("`{STATE}` cannot be read; nothing was changed"))?;
    Ok(Some(document))
}

/// Changes the state of a working tree while nobody else does.
///
/// # Errors
/// There is no state, it cannot be read, or it cannot be written; the file is as before then.
pub fn update<T>(
    project: &Path,
    change: impl FnOnce(&mut Document) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let _lock = lock(project)?;
    let mut document =
        read(project)?.ok_or_else(|| anyhow!("no session was ever started in this working tree"))?;
    let before = document.clone();
    let result = change(&mut document)?;
    if document != before {
        fs::atomic_write(&project.join(STATE), document.text().as_bytes(), false)?;
    }
    Ok(result)
}

/// Held, nobody else writes the state.
pub(super) fn lock(project: &Path) -> anyhow::Result<std::fs::File> {
    let path = project.join(LOCK);
    let locked = || -> std::io::Result<std::fs::File> {
        std::fs::create_dir_all(path.parent().unwrap_or(project))?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    locked().with_context(|| format!("failed to lock `{}`", path.display()))
}

impl Document {
    /// Notes that the work went another way than planned.
    pub fn deviate(&mut self, now: &str, text: &str) {
        let mut items = self.items(DEVIATIONS);
        items.push(format!("- [{now}] {}", one_line(text)));
        self.set_section(DEVIATIONS, &items.join("\n"));
    }

    /// Notes what failed and why, so that nobody tries it again.
    pub fn avoid(&mut self, today: &str, what: &str, why: &str) {
        let session = self.get("session").unwrap_or_default();
        let mut items = self.items(AVOID);
        items.push(format!("- **{}** ({session}, {today})\n  - why: {}", one_line(what), one_line(why)));
        items.drain(..items.len().saturating_sub(AVOIDED));
        self.set_section(AVOID, &items.join("\n"));
    }

    /// Notes a question that somebody has to answer; its number among the questions, from 1.
    pub fn ask(&mut self, text: &str) -> usize {
        let mut items = self.items(ASK);
        items.push(format!("- [ ] {}", one_line(text)));
        while items.len() > QUESTIONS {
            let answered = items.iter().position(|item| !is_open(item)).unwrap_or(0);
            items.remove(answered);
        }
        self.set_section(ASK, &items.join("\n"));
        items.len()
    }

    /// Answers the question `number`, counted from 1.
    ///
    /// # Errors
    /// There is no such question, or it was answered before.
    pub fn answer(&mut self, number: usize, text: &str) -> anyhow::Result<()> {
        let mut items = self.items(ASK);
        let count = items.len();
        let item = number.checked_sub(1).and_then(|at| items.get_mut(at));
        let item = item.ok_or_else(|| anyhow!("there is no question {number}; there are {count}"))?;
        if !is_open(item) {
            return Err(anyhow!("question {number} was answered before: {item}"));
        }
        *item = format!("{} → {}", item.replacen("- [ ]", "- [x]", 1), one_line(text));
        self.set_section(ASK, &items.join("\n"));
        Ok(())
    }

    /// What went another way than planned, oldest first.
    pub fn deviations(&self) -> Vec<String> {
        self.items(DEVIATIONS)
    }

    /// What should not be tried again, oldest first.
    pub fn avoided(&self) -> Vec<String> {
        self.items(AVOID)
    }

    /// All questions, answered ones too, in the order of their numbers.
    pub fn questions(&self) -> Vec<String> {
        self.items(ASK)
    }
}

fn is_open(question: &str) -> bool {
    question.starts_with("- [ ]")
}

/// Text for one list item: what a model or a person sends must not open a section or a key of its own.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Document {
        Document::parse("---\nsession: s\nstatus: active\n---\n").unwrap()
    }

    #[test]
    fn notes_are_capped_and_hostile_text_stays_one_item() {
        let mut state = empty();
        for number in 0..15 {
            state.avoid("2026-11-22", &format!("way {number}"), "it\n## Current Wave\nbreaks");
        }
        let avoided = state.avoided();
        assert_eq!(avoided.len(), AVOIDED);
        assert!(avoided[0].starts_with("- **way 5** (s, 2026-11-22)\n  - why: it ## Current Wave breaks"));
        assert_eq!(state.section("Current Wave"), None);
    }

    #[test]
    fn open_questions_stay_longer_than_answered_ones() {
        let mut state = empty();
        for number in 1..=QUESTIONS {
            assert_eq!(state.ask(&format!("question {number}")), number);
        }
        state.answer(3, "because").unwrap();
        assert!(
            state.answer(3, "again").is_err()
                && state.answer(0, "x").is_err()
                && state.answer(99, "x").is_err()
        );
        state.ask("one more");
        let questions = state.questions();
        assert_eq!(questions.len(), QUESTIONS);
        assert!(!questions.iter().any(|question| question.contains("question 3")));
        assert_eq!(questions[0], "- [ ] question 1");
    }

    #[test]
    fn many_writers_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(STATE);
        fs::atomic_write(&file, empty().text().as_bytes(), false).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..64 {
                let project = dir.path();
                scope.spawn(move || {
                    update(project, |state| {
                        state.deviate("now", &format!("writer {writer}"));
                        Ok(())
                    })
                    .unwrap();
                });
            }
        });
        assert_eq!(read(dir.path()).unwrap().unwrap().deviations().len(), 64);
    }

    #[test]
    fn a_broken_file_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(STATE);
        assert!(update(dir.path(), |_| Ok(())).is_err());
        fs::atomic_write(&file, b"# no frontmatter\n", false).unwrap();
        let error = format!("{:#}", update(dir.path(), |_| Ok(())).unwrap_err());
        assert!(error.contains("STATE.md") && error.contains("line 1"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), b"# no frontmatter\n");
    }
}
