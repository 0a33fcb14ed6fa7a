//! `curl … | sh`: a stranger's text, run unread.

use super::decode_and_run::runs;
use super::{NOTHING, Rule, found};
use crate::guard::{Call, Decision};

/// The rule.
pub(in crate::guard) const RULE: Rule = Rule {
    name: "download-and-run",
    reason: "it runs text from the network that nobody has read",
    instead: "Download it into a file, show the file, then run it.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if runs(call, |flow, _| flow.fetched) { found(Decision::Ask, "") } else { NOTHING }
}
