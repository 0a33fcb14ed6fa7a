//! The answer to one command text.

use std::borrow::Cow;
use std::fmt;

use super::rules::{self, Rule};
use super::writes::{Ran, Write};

/// Words of git commands that a warning may be about.
const MOVING: &[&str] = &["stash", "rebase", "--amend", "reset"];

/// What becomes of the command; the order is severity, `max` joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Nothing is lost, or nothing is known against it.
    #[default]
    Allow,
    /// A person has to say yes.
    Ask,
    /// Not from here.
    Deny,
}

/// What people are told about a rule, wherever it is written.
#[derive(Debug, Clone)]
pub struct About {
    /// Stable, and reads well after "allow".
    pub name: Cow<'static, str>,
    /// Why, in one clause.
    pub reason: Cow<'static, str>,
    /// A safe way to the same end, as a sentence.
    pub instead: Cow<'static, str>,
    /// Where it is written.
    pub origin: Origin,
}

/// Where a rule is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In this program.
    Program,
    /// In a pack that an overlay switches on.
    Pack {
        /// The pack.
        name: String,
        /// The overlay.
        by: String,
    },
    /// In an overlay.
    Overlay {
        /// As people know it.
        path: String,
        /// Where the rule begins.
        line: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program => f.write_str("so"),
            Self::Pack { name, .. } => write!(f, "pack {name}"),
            Self::Overlay { path, line } => write!(f, "{path}:{line}"),
        }
    }
}

impl From<&'static Rule> for About {
    fn from(rule: &'static Rule) -> Self {
        let Rule { name, reason, instead, .. } = *rule;
        Self { name: name.into(), reason: reason.into(), instead: instead.into(), origin: Origin::Program }
    }
}

/// One rule that has something against one command.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: About,
    /// How much it has against it.
    pub decision: Decision,
    /// What is wrong with this very command, without a full stop; may be empty.
    pub detail: String,
    /// The command as the rule saw it.
    pub command: String,
}

impl Finding {
    /// One sentence for the one who sent the command: what, why, what instead.
    pub fn message(&self) -> String {
        format!("{}: {}. {}", self.rule.name, self.because(), self.rule.instead)
    }

    /// Whether it is about files, commits or stashes of the project that would be lost; its detail names them.
    pub fn is_of_loss(&self) -> bool {
        rules::OF_LOSS.contains(&&*self.rule.name)
    }

    /// The reason, with what is special about this command.
    pub fn because(&self) -> String {
        if self.detail.is_empty() {
            return self.rule.reason.clone().into_owned();
        }
        format!("{} ({})", self.rule.reason, self.detail)
    }
}

/// One command as it was judged, for `so guard explain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How many wrappers were seen through to get here.
    pub depth: u32,
    /// The words, unknown ones shown as `…`.
    pub command: String,
}

/// Everything found about one command text.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// What is against it, in the order of the text.
    pub findings: Vec<Finding>,
    /// What the model should know about a command that runs all the same.
    pub warnings: Vec<Finding>,
    /// What was judged.
    pub steps: Vec<Step>,
    /// What judging took: characters read, and bytes of words, texts and variables made.
    pub work: usize,
    /// What it runs, where [`Context::notes`](super::Context::notes) asks for it.
    pub ran: Vec<Ran>,
    /// What it writes, as far as the commands name it; on the same condition.
    pub writes: Vec<Write>,
}

impl Verdict {
    /// The strictest of all findings.
    pub fn decision(&self) -> Decision {
        self.strictest().map_or(Decision::Allow, |finding| finding.decision)
    }

    /// Whether others at work in the same tree would change it: work that is lost may be theirs, and so may the
    /// commits and stashes that a git command moves.
    pub(super) fn depends_on_peers(&self) -> bool {
        let lost = |finding: &Finding| rules::OF_LOSS.contains(&finding.rule.name.as_ref());
        let moves = |step: &Step| {
            step.command.contains("git") && MOVING.iter().any(|word| step.command.contains(word))
        };
        self.findings.iter().any(lost) || self.steps.iter().any(moves)
    }

    /// The first of the strictest findings.
    pub fn strictest(&self) -> Option<&Finding> {
        let most = self.findings.iter().map(|finding| finding.decision).max()?;
        self.findings.iter().find(|finding| finding.decision == most)
    }
}
