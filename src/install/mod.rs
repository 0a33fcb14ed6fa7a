//! Brings artifacts to a disk, and back off it.
//!
//! One planner stands behind install, upgrade, uninstall and every preview: [`plan::plan`] compares what was written
//! last (the [`lock`]), what is on disk and what is wanted; [`diff`] shows the plan; [`apply::apply`] is the only
//! writer.

pub mod apply;
pub mod base;
pub mod diff;
pub mod disk;
pub mod dist;
pub mod fresh;
pub mod journal;
pub mod lock;
pub mod merge;
pub mod others;
pub mod plan;
pub mod rollback;
pub mod settings;
mod stage;
pub mod target;
pub mod three_way;
pub mod verify;
pub mod version;
