//! What the person has allowed: one run of one act, within ten minutes.

use serde::{Deserialize, Serialize};

use super::SKEW_MS;
use super::code::Code;
use super::refusals::{NotFound, Refusal, Seat, spend};
use crate::store::Store;

/// So long a grant waits for its act, in milliseconds.
pub const GRANTED_MS: u64 = 10 * 60 * 1000;
/// Of two wirings both see the same call; so long after it was allowed the other one is answered alike.
const SAME_CALL_MS: u64 = 10 * 1000;

const FILE: &str = "grants.json";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Grant {
    identity: String,
    /// Where it was typed, and where alone it counts; a terminal of the person's own speaks for all sessions.
    seat: Option<Seat>,
    until: u64,
    /// The call that has used it, and when.
    used: Option<(String, u64)>,
}

/// How an act is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// This call has used the grant.
    Now,
    /// This very call has used it a moment ago.
    Already,
    /// There is no grant.
    No,
}

/// Spends `code` and grants what it stands for; gives what was refused.
pub fn allow(store: &Store, code: &Code, seat: Option<&Seat>, now: u64) -> Result<Refusal, NotFound> {
    let refusal = spend(store, code, seat, now)?;
    let granted = store.update(FILE, |text| {
        let mut grants = parse(&text, now);
        grants.retain(|grant| grant.identity != refusal.identity || grant.seat.as_ref() != seat);
        let (identity, seat) = (refusal.identity.clone(), seat.cloned());
        grants.push(Grant { identity, seat, until: now + GRANTED_MS, used: None });
        serde_json::to_string(&grants).ok()
    });
    granted.map(|()| refusal).map_err(|_| NotFound::Unwritable)
}

/// Uses the grant for an act, if there is one: of any number of processes one gets it. Where the caller sits is asked
/// only then.
pub fn take(store: &Store, identity: &str, seat: &dyn Fn() -> Option<Seat>, call: &str, now: u64) -> Taken {
    if !store.read(FILE).contains(identity) {
        return Taken::No; // most refusals end here, without a lock
    }
    let seat = seat();
    let mut taken = Taken::No;
    let written = store.update(FILE, |text| {
        let mut grants = parse(&text, now);
        let counts =
            |grant: &&mut Grant| grant.identity == identity && (grant.seat.is_none() || grant.seat == seat);
        let is_same_call = |grant: &Grant| grant.used.as_ref().is_none_or(|(by, _)| by == call);
        let grant = grants.iter_mut().filter(|grant| is_same_call(grant)).find(counts)?;
        taken = match &grant.used {
            None => Taken::Now,
            Some((by, at)) if by == call && !call.is_empty() && now.saturating_sub(*at) < SAME_CALL_MS => {
                Taken::Already
            }
            Some(_) => Taken::No,
        };
        if taken != Taken::Now {
            return None;
        }
        grant.used = Some((call.to_owned(), now));
        serde_json::to_string(&grants).ok()
    });
    if written.is_ok() { taken } else { Taken::No }
}

/// Those that still count. One that ends later than a grant can was not written here.
fn parse(text: &str, now: u64) -> Vec<Grant> {
    let mut grants: Vec<Grant> = serde_json::from_str(text).unwrap_or_default();
    grants.retain(|grant| now < grant.until && grant.until - now <= GRANTED_MS + SKEW_MS);
    grants
}
