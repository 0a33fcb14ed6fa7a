//! The guard.
pub mod shell;
