//! The clock, read in one place; everything else gets the time as a value.

/// Today in UTC, as `YYYY-MM-DD`.
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// Now in UTC, as `YYYY-MM-DDTHH:MM:SSZ`.
pub fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Milliseconds since 1970 in UTC.
pub fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// Seconds since 1970 in UTC.
pub fn seconds() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The day in UTC of a time in milliseconds since 1970, as `YYYY-MM-DD`.
pub fn date_of(ms: u64) -> String {
    stamp_of(ms).chars().take_while(|c| *c != 'T').collect()
}

/// A time in milliseconds since 1970 in UTC, as `YYYY-MM-DDTHH:MM:SSZ`.
pub fn stamp_of(ms: u64) -> String {
    let at = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time in milliseconds since 1970 in UTC, as `YYYY-MM-DDTHH:MM:SSZ`.
pub fn moment_of(ms: u64) -> String {
    let at = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The time of day in UTC of a moment, as `HH:MM`.
pub fn time_of(at: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(at).unwrap_or_default().strftime("%H:%M").to_string()
}

/// The milliseconds since 1970 of a `YYYY-MM-DDTHH:MM:SSZ`; 0 for anything else.
pub fn ms_of(text: &str) -> u64 {
    let at = text.parse::<jiff::Timestamp>().ok();
    at.and_then(|at| u64::try_from(at.as_millisecond()).ok()).unwrap_or_default()
}
