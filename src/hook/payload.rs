//! Standard input: at most [`MAX_PAYLOAD`] bytes of JSON.

use std::io::Read;

use serde_json::Value;

/// Longest payload that is read, in bytes.
pub const MAX_PAYLOAD: usize = 8 << 20;

/// Why a payload tells nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Nothing came.
    #[error("its payload is empty")]
    Empty,
    /// Longer than [`MAX_PAYLOAD`].
    #[error("its payload is larger than {} MiB", MAX_PAYLOAD >> 20)]
    TooLong,
    /// Not JSON, cut off, or nested deeper than 127 levels.
    #[error("its payload is not JSON ({0})")]
    NotJson(#[from] serde_json::Error),
    /// JSON, but no object.
    #[error("its payload is not a JSON object")]
    NotAnObject,
    /// The pipe broke.
    #[error("its payload could not be read ({0})")]
    Broken(#[from] std::io::Error),
}

/// Reads standard input.
///
/// # Errors
/// Too long, or the pipe broke.
pub(super) fn read(input: &mut impl Read) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_PAYLOAD).unwrap_or(u64::MAX).saturating_add(1);
    input.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_PAYLOAD { Err(Unreadable::TooLong) } else { Ok(bytes) }
}

/// The payload as JSON. A byte order mark is stepped over (Cursor on Windows sends one); bytes that are not UTF-8
/// become replacement characters, so that a command with such a byte is still judged.
///
/// # Errors
/// Empty, not JSON, or not an object.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(Unreadable::Empty);
    }
    let value: Value = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text)?,
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(bytes))?,
    };
    if value.is_object() { Ok(value) } else { Err(Unreadable::NotAnObject) }
}
