//! One thing to do at a forge, and what came of it.

use serde::{Deserialize, Serialize};

use super::model::Reason;
use super::place::Place;

/// One thing to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Its name; the same thing has the same one.
    pub id: String,
    /// The session that wants it; empty for none.
    pub session: String,
    /// What that session is called.
    pub label: String,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// The forge; a push needs none.
    pub place: Option<Place>,
    /// What.
    pub act: Act,
    /// The entry that has to be done before.
    pub needs: Option<String>,
    /// Entries whose pages are named in the text.
    pub names: Vec<String>,
    /// When it was tried last, in milliseconds since 1970; 0 for never. It may have been done then.
    pub tried: u64,
    /// Why the forge does not want it.
    pub refused: String,
    /// What came of it.
    pub done: Option<Done>,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Act {
    /// A branch is pushed.
    Push {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
        /// The commit that has to be on it.
        commit: String,
        /// The person trusts pushes to the default branch.
        direct: bool,
    },
    /// A request is opened.
    Open {
        /// The branch; `owner:branch` for one of another repository.
        head: String,
        /// Where it should come to; empty for the default branch.
        base: String,
        /// In one line.
        title: String,
        /// The text.
        body: String,
        /// It is not ready for review.
        draft: bool,
    },
    /// A carryover issue is created, unless the task has one.
    Carry {
        /// What names the task.
        key: String,
        /// The title.
        title: String,
        /// The text.
        body: String,
        /// The priority's name.
        priority: String,
        /// Labels of the template.
        labels: Vec<String>,
    },
    /// An issue is created.
    Create {
        /// The title.
        title: String,
        /// The text.
        body: String,
        /// The labels.
        labels: Vec<String>,
    },
    /// Something is said.
    Comment {
        /// The number of the issue or request.
        number: u64,
        /// It is a request.
        of_request: bool,
        /// The text.
        body: String,
    },
    /// The status labels of an issue are taken away and it is closed.
    Settle {
        /// Its number.
        number: u64,
        /// Why.
        reason: Reason,
    },
}

impl Default for Act {
    fn default() -> Self {
        Self::Settle { number: 0, reason: Reason::Completed }
    }
}

/// What came of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// As a clause: `opened draft pull request #3`.
    pub how: String,
    /// The number of what was made.
    pub number: Option<u64>,
    /// Its page.
    pub url: String,
}

impl Entry {
    /// What it does, as a clause in the infinitive: `open a request for so/main-1`.
    pub fn intent(&self) -> String {
        match &self.act {
            Act::Push { branch, .. } => format!("push `{branch}`"),
            Act::Open { head, .. } => format!("open a request for `{head}`"),
            Act::Carry { title, .. } | Act::Create { title, .. } => format!("create the issue “{title}”"),
            Act::Comment { number, .. } => format!("comment on {number}"),
            Act::Settle { number, .. } => format!("close {number}"),
        }
    }
}
