//! The install wing: merges as data and as properties, whole trees installed and taken back.

mod merge_cases;
mod merge_properties;
mod trees;
