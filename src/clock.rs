//! The clock, read in one place; everything else gets the time as a value.

/// Today in UTC, as `YYYY-MM-DD`.
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
