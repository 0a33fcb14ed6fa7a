//! The person's one-time exceptions: what was refused, the code that allows it once, and what the person allows for
//! good.
//!
//! A refusal gets a four-letter code that only the person sees. Typed back by the person, the code allows exactly that
//! command, in that directory, once and for ten minutes. Who typed it is not judged here: callers have
//! asked that first. A code is never stored, only a seal of it, because an agent may
//! read every file of the person.

mod code;
mod grants;
mod mask;
mod refusals;
mod tries;
mod trust;

pub use code::{Code, Seal};
pub use grants::{GRANTED_MS, Taken, allow, take};
pub use mask::{masked, without_secrets};
pub use refusals::{KEPT, KEPT_MS, MISSES, NotFound, Refusal, Seat, peek, recent, record, renew, spend};
pub use tries::{Thing, again};
pub use trust::{Exception, Trust};

use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A clock that is set right may go back by as much, in milliseconds; what lies further ahead was not written here.
const SKEW_MS: u64 = 60 * 1000;

/// What makes two acts the same: the kind of tool, where, and the text to the byte.
pub fn identity(tool: &str, cwd: &Path, text: &str) -> String {
    let mut hash = Sha256::new();
    for part in [tool.as_bytes(), cwd.as_os_str().as_encoded_bytes(), text.as_bytes()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).map_or('0', |digit| char::from(*digit));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
