//! The last refusals of a project: what `so allow` can allow.
//!
//! JSON lines, the oldest first. Writing one is on the hot path, so the file is cut by lines, never parsed there.

use serde::{Deserialize, Serialize};

use super::SKEW_MS;
use super::code::{Code, Seal};
use crate::store::Store;

/// So many are kept.
pub const KEPT: usize = 20;
/// So long, in milliseconds.
pub const KEPT_MS: u64 = 24 * 60 * 60 * 1000;
/// After so many wrong codes within [`KEPT_MS`] every code is void.
pub const MISSES: usize = 5;

const FILE: &str = "refusals.jsonl";
const WRONG: &str = "wrong-codes";

/// One refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Refusal {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The rule or check that refused.
    pub rule: String,
    /// The command on one line, shortened, secrets masked.
    pub text: String,
    /// What [`identity`](super::identity) says of it.
    pub identity: String,
    /// Where it would have run.
    pub cwd: String,
    /// The platform's id.
    pub platform: String,
    /// The client's session.
    pub session: String,
    /// The subagent, if it was one.
    pub agent: String,
    /// The client's process: its id, and when it started.
    pub client: Option<(u32, u64)>,
    /// The client's name for the call.
    pub call: String,
    /// The seal of its code; empty when no code can allow it.
    pub seal: String,
}

/// Where the person sits who types a code: before one session of one client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seat {
    /// The platform's id.
    pub platform: String,
    /// The client's session.
    pub session: String,
    /// The client's process: its id, and when it started.
    pub client: Option<(u32, u64)>,
}

impl Seat {
    fn is_of(&self, refusal: &Refusal) -> bool {
        (&self.platform, &self.session, self.client) == (&refusal.platform, &refusal.session, refusal.client)
    }
}

/// Why a code finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFound {
    /// No refusal of the last 24 hours has it.
    Unknown,
    /// Two have it.
    Ambiguous,
    /// It is of another session, or of a client that was started anew since.
    Elsewhere,
    /// It is one wrong code too many: all codes are void now.
    Void,
    /// The record cannot be written.
    Unwritable,
}

/// Keeps a refusal. `false` when this very call was recorded before: of two wirings one speaks to the person.
pub fn record(store: &Store, refusal: &Refusal) -> anyhow::Result<bool> {
    let line = serde_json::to_string(refusal)?;
    let call = serde_json::to_string(&refusal.call)?;
    let is_same = |old: &str| {
        !refusal.call.is_empty()
            && old.contains(&refusal.identity)
            && old.contains(&format!("\"call\":{call}"))
    };
    let mut is_new = true;
    store.update(FILE, |text| {
        let lines: Vec<&str> = text.lines().collect();
        is_new = !lines.iter().rev().take(KEPT).any(|old| is_same(old));
        let kept = lines.iter().skip(lines.len().saturating_sub(KEPT - 1));
        let mut text: String = kept.flat_map(|line| [line, "\n"]).collect();
        text.push_str(&line);
        text.push('\n');
        is_new.then_some(text)
    })?;
    Ok(is_new)
}

/// The refusals of the last 24 hours, the newest last.
pub fn recent(store: &Store, now: u64) -> Vec<Refusal> {
    parse(&store.read(FILE), now)
}

/// The refusal that `code` was given to, which stays as it is. Without a seat the person sits at a terminal of their
/// own, where every code of the project counts.
pub fn peek(store: &Store, code: &Code, seat: Option<&Seat>, now: u64) -> Result<Refusal, NotFound> {
    found(&recent(store, now), code, seat).cloned()
}

/// The refusal that `code` was given to; the code is spent. A wrong one is counted.
pub fn spend(store: &Store, code: &Code, seat: Option<&Seat>, now: u64) -> Result<Refusal, NotFound> {
    let mut result = Err(NotFound::Unwritable);
    let written = store.update(FILE, |text| {
        let mut all = parse(&text, now);
        result = found(&all, code, seat).cloned();
        let refusal = result.as_ref().ok()?;
        // The same act may have been refused often: one yes is one yes.
        let same = all
            .iter_mut()
            .filter(|other| other.identity == refusal.identity && seat.is_none_or(|seat| seat.is_of(other)));
        same.for_each(|other| other.seal.clear());
        lines(&all)
    });
    match result {
        Err(NotFound::Unknown) => Err(missed(store, now)),
        Ok(_) if written.is_err() => Err(NotFound::Unwritable),
        result => result,
    }
}

/// Gives a refusal one more code, for a person who has lost sight of the first.
pub fn renew(store: &Store, refusal: &Refusal, now: u64) -> Option<Code> {
    let code = Code::new()?;
    let seal = code.seal()?.to_text();
    let mut done = false;
    let written = store.update(FILE, |text| {
        let mut all = parse(&text, now);
        let same = all.iter_mut().rfind(|other| other.at == refusal.at && other.identity == refusal.identity);
        same?.seal = seal;
        done = true;
        lines(&all)
    });
    (written.is_ok() && done).then_some(code)
}

fn found<'a>(all: &'a [Refusal], code: &Code, seat: Option<&Seat>) -> Result<&'a Refusal, NotFound> {
    let fits = |refusal: &&Refusal| Seal::parse(&refusal.seal).is_some_and(|seal| seal.fits(code));
    let (here, elsewhere): (Vec<_>, Vec<_>) =
        all.iter().rev().filter(fits).partition(|refusal| seat.is_none_or(|seat| seat.is_of(refusal)));
    let mut here = here.into_iter();
    match (here.next(), here.next()) {
        (None, _) if !elsewhere.is_empty() => Err(NotFound::Elsewhere),
        (None, _) => Err(NotFound::Unknown),
        (Some(one), None) => Ok(one),
        (Some(one), Some(other)) if one.identity == other.identity => Ok(one),
        _ => Err(NotFound::Ambiguous),
    }
}

/// Counts a wrong code; who guesses takes all codes away.
fn missed(store: &Store, now: u64) -> NotFound {
    let mut count = 0;
    let counted = store.update(WRONG, |text| {
        let recent = |line: &&str| line.parse::<u64>().is_ok_and(|at| at <= now && now - at < KEPT_MS);
        let mut text: String = text.lines().filter(recent).flat_map(|line| [line, "\n"]).collect();
        text.extend([now.to_string().as_str(), "\n"]);
        count = text.lines().count();
        Some(if count < MISSES { text } else { String::new() })
    });
    if counted.is_ok() && count < MISSES {
        return NotFound::Unknown;
    }
    let voided = store.update(FILE, |text| {
        let mut all = parse(&text, now);
        for refusal in &mut all {
            refusal.seal.clear();
        }
        lines(&all)
    });
    if voided.is_ok() { NotFound::Void } else { NotFound::Unwritable }
}

fn parse(text: &str, now: u64) -> Vec<Refusal> {
    let all = text.lines().filter_map(|line| serde_json::from_str::<Refusal>(line).ok());
    // One from the future was not written by this clock.
    all.filter(|refusal| refusal.at <= now + SKEW_MS && now.saturating_sub(refusal.at) < KEPT_MS).collect()
}

fn lines(all: &[Refusal]) -> Option<String> {
    let lines: Result<Vec<_>, _> = all.iter().map(serde_json::to_string).collect();
    Some(lines.ok()?.into_iter().map(|line| line + "\n").collect())
}
