//! The rule book: one file a rule, one slice of all.

pub(crate) mod change_hooks;
mod change_permissions;
mod clients;
mod decode_and_run;
mod delete_outside;
mod delete_remote_branch;
pub(crate) mod delete_unknown;
mod delete_unsaved;
mod discard_work;
pub(super) mod download_and_run;
mod drop_database;
mod force_push;
pub(crate) mod fork_bomb;
pub(crate) mod git;
mod overwrite_device;
mod publish;
mod rewrite_history;
mod rewrite_pushed;
mod share_stash;
mod skip_checks;

use super::{Call, Decision};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Stable, and reads well after "allow".
    pub name: &'static str,
    /// Why, in one clause.
    pub reason: &'static str,
    /// A safe way to the same end, as a sentence. Never a way around the rule.
    pub instead: &'static str,
    /// What it has against one command, with what is special about this one; `Allow` with words is a warning.
    pub judge: fn(&Call<'_>) -> Vec<(Decision, String)>,
}

/// All rules, in the order in which the rule book lists them.
pub const ALL: &[&Rule] = &[
    &change_hooks::RULE,
    &delete_outside::RULE,
    &delete_unsaved::RULE,
    &delete_unknown::RULE,
    &discard_work::RULE,
    &force_push::RULE,
    &delete_remote_branch::RULE,
    &rewrite_history::RULE,
    &overwrite_device::RULE,
    &change_permissions::RULE,
    &decode_and_run::RULE,
    &download_and_run::RULE,
    &drop_database::RULE,
    &publish::RULE,
    &skip_checks::RULE,
    &fork_bomb::RULE,
    &rewrite_pushed::RULE,
    &share_stash::RULE,
    &UNREADABLE,
];

impl Rule {
    /// Whether it only warns.
    pub fn warns(&self) -> bool {
        WARNING.contains(&self.name)
    }
}

/// Rules that only warn.
const WARNING: &[&str] = &[rewrite_pushed::RULE.name, share_stash::RULE.name];

/// Rules about work that is lost. While others work in the same tree, it may be theirs, and nobody is asked.
pub(super) const OF_LOSS: &[&str] = &[delete_unsaved::RULE.name, discard_work::RULE.name];

/// What guards a session is changed by the person; edits by tools are held to it too.
pub const CHANGE_HOOKS: &Rule = &change_hooks::RULE;

/// What cannot be read is not allowed.
pub const UNREADABLE: Rule = Rule {
    name: "unreadable",
    reason: "what this would run cannot be known before it runs",
    instead: "Write the command out in plain words, one step at a time.",
    judge: |_| Vec::new(),
};

/// Nothing against it.
pub(crate) const NOTHING: Vec<(Decision, String)> = Vec::new();

/// One thing against it.
pub(crate) fn found(decision: Decision, detail: impl Into<String>) -> Vec<(Decision, String)> {
    vec![(decision, detail.into())]
}
