//! What sessions learned about a project: proposed by anyone, kept by the person, shown where it matters.
//!
//! Two files of JSON lines in the main working tree, both only ever appended to:
//! - `.orchestrator/learnings.jsonl`, committed (`merge=union`): a line for each birth, in the original's form, and one
//!   for each thing that happened to it. What a learning is now is what all its lines make of it, in whatever order two
//!   branches have joined them. The original's own file is read before it and never written.
//! - `.orchestrator/metrics/proposals.jsonl`: what waits for the person, and what they decided.
//!
//! Whoever calls has made sure that the person speaks, where `write` says so. Texts of learnings are others': they are
//! shown line by line, each behind a mark.

pub mod age;
pub mod analyze;
pub mod kind;
pub mod ledger;
pub mod offer;
pub mod proposal;
pub mod relevant;
pub mod rule;
pub mod write;

use serde::Serialize;

pub use age::{Age, Change};
pub use ledger::{Event, Learning};
pub use proposal::{Proposal, What};
use sha2::{Digest as _, Sha256};

/// Characters of a subject at most.
pub const SUBJECT: usize = 100;
/// Characters of an insight, and of its evidence, at most.
pub const INSIGHT: usize = 1_000;
/// Paths of one learning at most.
pub const FILES: usize = 20;

/// What a learning says, before and after it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Its type: [`kind`].
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about, in a few words.
    pub subject: String,
    /// What is so.
    pub insight: String,
    /// What shows it.
    pub evidence: String,
    /// Files that it speaks of, relative to the project; none for all of it.
    #[serde(rename = "file_paths")]
    pub files: Vec<String>,
}

impl Said {
    /// The same text has the same id, whoever proposes it and whenever.
    pub fn id(&self) -> String {
        id(&[&self.subject, &self.insight])
    }

    /// `subject: insight` on one line of at most `most` characters.
    pub fn line(&self, most: usize) -> String {
        let subject = if self.subject.is_empty() { String::new() } else { format!("{}: ", self.subject) };
        crate::plain::line(&format!("{subject}{}", self.insight), most)
    }
}

/// Eight digits that tell texts apart, whatever their case and spaces.
pub(super) fn id(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        hash.update(plain.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// Why an id names nothing, or too much.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unknown {
    /// Nothing has it.
    #[error("nothing has the id `{0}`")]
    None(String),
    /// More than one begins so.
    #[error("more than one id begins with `{0}`")]
    Several(String),
}

/// The one of `ids` that is `wanted` or begins with it.
///
/// # Errors
/// None does, or several do.
pub fn find<'i>(wanted: &str, ids: impl Iterator<Item = &'i str>) -> Result<&'i str, Unknown> {
    let mut found = None;
    for id in ids {
        if id == wanted {
            return Ok(id);
        }
        if wanted.len() >= 3 && id.starts_with(wanted) {
            if found.is_some() {
                return Err(Unknown::Several(wanted.to_owned()));
            }
            found = Some(id);
        }
    }
    found.ok_or_else(|| Unknown::None(wanted.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_has_one_id_and_a_part_of_it_is_enough() {
        let said =
            |insight: &str| Said { subject: "Parser".into(), insight: insight.into(), ..Said::default() };
        assert_eq!(said("Tests need LANG=C").id(), said("tests  need\nlang=c").id());
        assert_ne!(said("Tests need LANG=C").id(), said("Tests need TZ=UTC").id());
        let ids = ["1234abcd", "1234ffff", "99990000"];
        let find = |wanted| find(wanted, ids.iter().copied());
        assert_eq!(find("9999"), Ok("99990000"));
        assert_eq!(find("1234abcd"), Ok("1234abcd"));
        assert_eq!(find("1234"), Err(Unknown::Several("1234".into())));
        assert_eq!(
            (find("99"), find("x")),
            (Err(Unknown::None("99".into())), Err(Unknown::None("x".into())))
        );
    }
}
