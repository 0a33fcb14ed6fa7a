//! The install wing: merges as data and as properties, whole trees installed and taken back.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod crash;
mod memory;
mod merge_cases;
mod merge_properties;
mod trees;
mod upgrades;
