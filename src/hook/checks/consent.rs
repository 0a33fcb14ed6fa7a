//! `consent`: the person types `so allow CODE` into the chat, and what was refused may run once.
//!
//! What the person typed to good effect goes on to the model, which then tries again: its code is spent by then. All
//! else that names a code is kept back, so that the model never sees a code that still counts.

use std::fmt::Write as _;

use super::{Check, OnFailure};
use crate::guard::consent::{self, Code, NotFound, Refusal, Seat, Trust};
use crate::hook::consent::{AT_THE_PROMPT, person, save};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::store::Store;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "consent",
    events: &[EventKind::UserPromptSubmit],
    on_failure: OnFailure::Open,
    about: "lets the person allow once what was refused, by a code typed into the chat",
    run,
};

/// What was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Once,
    /// Show what would be kept.
    Always,
    AlwaysYes,
    /// A code, and more that means nothing here.
    Unclear,
}

fn run(event: &Event, world: &World) -> Outcome {
    let Some((code, wish)) = parse(&event.prompt) else { return Outcome::default() };
    let Some(store) = world.store(&event.cwd) else { return Outcome::default() };
    let seat = match person(event, world) {
        Ok(seat) => seat,
        Err(why) => return Outcome::kept(format!("so allows nothing: {why}. {ELSEWHERE}")),
    };
    match wish {
        // “so allow that file to change” is an ordinary prompt, unless the word is a code.
        Wish::Unclear if consent::peek(&store, &code, Some(&seat), world.now).is_err() => Outcome::default(),
        Wish::Unclear => Outcome::kept(format!("type `so allow {code}` and nothing else")),
        Wish::Once => once(&store, &code, &seat, event, world),
        Wish::Always => preview(&store, &code, &seat, event, world),
        Wish::AlwaysYes => always(&store, &code, &seat, event, world),
    }
}

const ELSEWHERE: &str = "Type `so allow` in a terminal of your own, outside all agents.";

/// `so allow CODE [always here [yes]]`.
fn parse(prompt: &str) -> Option<(Code, Wish)> {
    let words: Vec<&str> = prompt.split_whitespace().take(8).collect();
    let (["so", "allow", code], rest) = words.split_at_checked(3)? else { return None };
    let wish = match rest {
        [] => Wish::Once,
        ["always", "here"] => Wish::Always,
        ["always", "here", "yes"] => Wish::AlwaysYes,
        _ => Wish::Unclear,
    };
    Some((Code::parse(code)?, wish))
}

fn once(store: &Store, code: &Code, seat: &Seat, event: &Event, world: &World) -> Outcome {
    match consent::allow(store, code, Some(seat), world.now) {
        Ok(refusal) => {
            let minutes = consent::GRANTED_MS / 60_000;
            let mut note = format!("allowed once, for {minutes} minutes: {}", refusal.text);
            if let Err(why) = save(&event.cwd, world, AT_THE_PROMPT) {
                let _ = write!(note, "\n{why}");
            }
            allowed(&refusal, &note, "once")
        }
        Err(why) => Outcome::kept(not_found(why)),
    }
}

fn allowed(refusal: &Refusal, note: &str, how: &str) -> Outcome {
    let text = format!(
        "The person has allowed {how} what so refused as {}: `{}`. Run exactly that again, in {}, unchanged; nothing \
         else is allowed by it.",
        refusal.rule, refusal.text, refusal.cwd
    );
    Outcome::context(text).and(Outcome::note(note))
}

fn not_found(why: NotFound) -> &'static str {
    match why {
        NotFound::Unknown => {
            "so allows nothing: no refusal of the last 24 hours in this project has this code"
        }
        NotFound::Elsewhere => {
            "so allows nothing: this code was shown in another session, or before this client was started; let the \
             agent try again for a new one"
        }
        NotFound::Ambiguous => {
            "so allows nothing: two refusals have this code; let the agent try again for a new one"
        }
        NotFound::Void => {
            "so allows nothing: too many wrong codes, so none counts any more; let the agent try again for a new one"
        }
        NotFound::Unwritable => "so allows nothing: its record cannot be written",
    }
}

/// Shows what would be kept; the code still counts.
fn preview(store: &Store, code: &Code, seat: &Seat, event: &Event, world: &World) -> Outcome {
    let refusal = match consent::peek(store, code, Some(seat), world.now) {
        Ok(refusal) => refusal,
        Err(why) => return Outcome::kept(not_found(why)),
    };
    match trust_with(&refusal, event, world) {
        Ok((file, old, new)) => {
            let mut text = format!("so would write to {file}:\n");
            for line in new.lines().filter(|line| !old.lines().any(|old| old == *line)) {
                let _ = writeln!(text, "+{line}");
            }
            let _ =
                write!(text, "to allow it for good in this directory, type: so allow {code} always here yes");
            Outcome::kept(text)
        }
        Err(error) => Outcome::kept(format!("so allows nothing: {error}")),
    }
}

fn always(store: &Store, code: &Code, seat: &Seat, event: &Event, world: &World) -> Outcome {
    let refusal = match consent::spend(store, code, Some(seat), world.now) {
        Ok(refusal) => refusal,
        Err(why) => return Outcome::kept(not_found(why)),
    };
    let written = trust_with(&refusal, event, world).and_then(|(file, _, new)| {
        crate::fs::atomic_write(file.as_ref(), new.as_bytes(), false).map(|()| file)
    });
    match written {
        Ok(file) => {
            allowed(&refusal, &format!("allowed for good, in {file}: {}", refusal.text), "from now on")
        }
        Err(error) => Outcome::kept(format!("so allows nothing: {error:#}")),
    }
}

/// The person's file, its text, and its text with one exception more.
fn trust_with(refusal: &Refusal, event: &Event, world: &World) -> anyhow::Result<(String, String, String)> {
    let project = world.project(&event.cwd);
    let (Some(config), Some(project)) = (&world.config, project) else {
        anyhow::bail!("there is no home directory to keep it in")
    };
    let file = config.join(Trust::FILE);
    let old = std::fs::read_to_string(&file).unwrap_or_default();
    let today = crate::clock::date_of(world.now);
    let new = Trust::parse(&old)?.with(&project, refusal, &today).to_text();
    Ok((file.display().to_string(), old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_words_are_read() {
        let parsed = |text: &str| parse(text).map(|(code, word)| (code.to_string(), word));
        let k7qd = |wish| Some(("K7QD".to_owned(), wish));
        for (text, expected) in [
            ("so allow K7QD", k7qd(Wish::Once)),
            ("  so allow k7qd \n", k7qd(Wish::Once)),
            ("so allow K7QD always here", k7qd(Wish::Always)),
            ("so allow K7QD always here yes", k7qd(Wish::AlwaysYes)),
            ("so allow K7QD please", k7qd(Wish::Unclear)),
            ("so allow K7QD always here yes yes", k7qd(Wish::Unclear)),
            ("so allow", None),
            ("so allow me to explain", None),
            ("`so allow K7QD`", None),
            ("please so allow K7QD", None),
            ("So allow K7QD", None),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }
}
