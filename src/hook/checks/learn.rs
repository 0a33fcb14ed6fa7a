//! `learn`: the person decides in the chat what is kept of what agents propose to remember.
//!
//! What is typed here goes no further: it is for `so`, and a learning says nothing to the model before it is kept. Only
//! the exact words count, so that a prompt that begins like them stays a prompt.

use std::fmt::Write as _;
use std::path::Path;

use super::{Check, OnFailure};
use crate::clock;
use crate::hook::consent::person;
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::session::learn::write::{self, Decided};
use crate::session::learn::{Change, ledger, proposal};

/// The check.
pub(super) const CHECK: Check = Check {
    name: "learn",
    events: &[EventKind::UserPromptSubmit],
    on_failure: OnFailure::Open,
    about: "keeps or drops, at the person's word in the chat, what agents propose to remember",
    run,
};

const ELSEWHERE: &str = "Run it in a terminal of your own, outside all agents.";
/// Characters of one learning.
const LINE: usize = 400;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    /// Show what waits.
    Show,
    Approve(Vec<String>),
    Reject(Vec<String>),
    Seen(String, Change),
    Forget(String),
}

fn run(event: &Event, world: &World) -> Outcome {
    let Some(wish) = parse(&event.prompt) else { return Outcome::default() };
    let Some(project) = world.project(&event.cwd) else { return Outcome::default() };
    if wish != Wish::Show
        && let Err(why) = person(event, world)
    {
        return Outcome::kept(format!("so keeps nothing: {why}. {ELSEWHERE}"));
    }
    let said = act(&project, &wish, &clock::stamp_of(world.now));
    Outcome::kept(said.unwrap_or_else(|error| format!("so keeps nothing: {error:#}")))
}

/// `so learn`, `so learn approve [ID…]`, `so learn reject ID…`, `so learn confirm|contradict|forget ID`.
fn parse(prompt: &str) -> Option<Wish> {
    if !prompt.trim_start().starts_with("so learn") {
        return None; // most prompts
    }
    let words: Vec<&str> = prompt.split_whitespace().take(64).collect();
    let (["so", "learn"], rest) = words.split_at_checked(2)? else { return None };
    let Some((verb, ids)) = rest.split_first() else { return Some(Wish::Show) };
    // An id has a digit or is eight letters of hex: no word of a sentence is one.
    let is_id = |id: &str| {
        (3..=80).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && (id.bytes().any(|byte| byte.is_ascii_digit()) || id.len() == 8)
    };
    if !ids.iter().all(|id| is_id(id)) {
        return None;
    }
    let all = || ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    match (*verb, ids) {
        ("approve", _) => Some(Wish::Approve(all())),
        ("reject", [_, ..]) => Some(Wish::Reject(all())),
        ("confirm", [id]) => Some(Wish::Seen((*id).to_owned(), Change::Confirmed)),
        ("contradict", [id]) => Some(Wish::Seen((*id).to_owned(), Change::Contradicted)),
        ("forget", [id]) => Some(Wish::Forget((*id).to_owned())),
        ("list", []) => Some(Wish::Show),
        _ => None,
    }
}

fn act(project: &Path, wish: &Wish, now: &str) -> anyhow::Result<String> {
    match wish {
        Wish::Show => Ok(waiting(project)),
        Wish::Approve(ids) => write::approve(project, ids, now).map(|all| decided(&all)),
        Wish::Reject(ids) => write::reject(project, ids, now).map(|all| decided(&all)),
        Wish::Seen(id, change) => {
            let learning = write::change(project, id, *change, "the person said so", now)?;
            let strength = learning.age.strength(clock::ms_of(now));
            Ok(format!("{}, now {strength:.2}: {} {}", change.word(), learning.id, learning.said.line(LINE)))
        }
        Wish::Forget(id) => {
            let learning = write::forget(project, id, now)?;
            Ok(format!("forgotten: {} {}", learning.id, learning.said.line(LINE)))
        }
    }
}

fn decided(all: &[Decided]) -> String {
    let mut text = String::new();
    for Decided { proposal, did } in all {
        let _ = writeln!(text, "{did}: {} {}", proposal.id, proposal.line(LINE));
    }
    if text.is_empty() { "no proposal waits".to_owned() } else { format!("{text}in {}", ledger::FILE) }
}

fn waiting(project: &Path) -> String {
    let all = proposal::waiting(project);
    let mut text = String::new();
    for one in &all {
        let _ = writeln!(text, "{} {}", one.id, one.line(LINE));
    }
    if text.is_empty() {
        return "no proposal waits".to_owned();
    }
    format!("{text}to keep all: so learn approve; some: so learn approve ID…; not to: so learn reject ID…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_words_are_read() {
        let approve = |ids: &[&str]| Some(Wish::Approve(ids.iter().map(|id| (*id).to_owned()).collect()));
        for (text, expected) in [
            ("so learn", Some(Wish::Show)),
            (" so learn list\n", Some(Wish::Show)),
            ("so learn approve", approve(&[])),
            ("so learn approve 3f9a1b2c 00aa", approve(&["3f9a1b2c", "00aa"])),
            ("so learn approve deadbeef", approve(&["deadbeef"])),
            ("so learn reject 3f9a", Some(Wish::Reject(vec!["3f9a".into()]))),
            ("so learn confirm 3f9a", Some(Wish::Seen("3f9a".into(), Change::Confirmed))),
            ("so learn contradict 3f9a", Some(Wish::Seen("3f9a".into(), Change::Contradicted))),
            ("so learn forget 3f9a", Some(Wish::Forget("3f9a".into()))),
            ("so learn reject", None),
            ("so learn forget", None),
            ("so learn approve the first one", None),
            ("so learn approve them all", None),
            ("so learn how the parser works", None),
            ("so learning is fun", None),
            ("please so learn approve", None),
            ("So learn approve", None),
            ("`so learn approve`", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
