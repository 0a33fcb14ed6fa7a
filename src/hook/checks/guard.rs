//! `guard`: would this shell command, or a file that a tool deletes, lose something that nothing can give back?

use super::{Check, OnFailure, reading};
use crate::guard::consent::Thing;
use crate::guard::{Decision, Finding};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "guard",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Closed,
    about: "refuses shell commands that would lose what nothing can give back",
    run,
};

/// No code lifts these: what guards the session is changed from a terminal, and a yes to what cannot be read is a yes
/// to anything.
const UNLIFTED: &[&str] = &["change-hooks", "unreadable"];

fn run(event: &Event, world: &World) -> Outcome {
    let read = reading::shell(event, world).or_else(|| reading::deletion(event, world));
    let Some(verdict) = read else { return Outcome::default() };
    let against = verdict.findings.iter().filter(|finding| finding.decision != Decision::Allow);
    let warned = verdict.warnings.iter().fold(Outcome::default(), |sum, warning| {
        sum.and(Outcome::context(format!("so warns: {}", warning.message())))
    });
    against.fold(warned, |sum, finding| {
        let verdict = Outcome::verdict(finding.decision, finding.message()).about(things(finding));
        let stays = UNLIFTED.contains(&&*finding.rule.name);
        sum.and(if stays { verdict } else { verdict.of_rule(&finding.rule.name) })
    })
}

/// Rules about a place: another place is another thing. Those about files of the project name them.
const OF_PLACES: &[&str] = &["delete-outside", "delete-unknown", "overwrite-device", "change-permissions"];

/// What a finding is about, however the command is spelled.
fn things(finding: &Finding) -> Vec<Thing> {
    let (name, detail) = (&*finding.rule.name, finding.detail.split("; ").next().unwrap_or_default());
    if finding.is_of_loss() && !detail.is_empty() {
        let names = detail.split(", ").filter(|name| !name.is_empty());
        return names
            .map(|name| if name == "…" { Thing::MoreFiles } else { Thing::File(name.to_owned()) })
            .collect();
    }
    let rule = Thing::Other(name.to_owned());
    if OF_PLACES.contains(&name) {
        let words = detail.split_whitespace().map(|word| word.trim_matches(['`', ',', '(', ')']));
        let places: Vec<Thing> = words.filter(|word| word.starts_with(['/', '~'])).map(place).collect();
        return if places.is_empty() { vec![Thing::Other(format!("{name} {detail}"))] } else { places };
    }
    std::iter::once(rule).chain(refs(&finding.command)).collect()
}

/// A place outside the project.
fn place(path: &str) -> Thing {
    Thing::Other(format!("place {}", path.trim_end_matches(['/', '*'])))
}

/// The branches of a remote that a push is about, whatever it would do to them.
fn refs(command: &str) -> Vec<Thing> {
    let words = command.split_whitespace().skip_while(|word| *word != "push").skip(1);
    let named = words.filter(|word| !word.starts_with('-')).skip(1);
    let target = |word: &str| {
        let name = word.trim_start_matches('+').rsplit(':').next()?;
        Some(Thing::Other(format!("ref {}", name.strip_prefix("refs/heads/").unwrap_or(name))))
    };
    named.filter_map(target).collect()
}
