//! The library behind `so`. It has no stable interface: it exists so that tests and benches call the code directly.
//!
//! Six wings stand on one foundation. `compile` turns a tree of skills, commands and agents into artifacts;
//! `install` brings artifacts to a disk and back off it; `hook` answers one event of one client; `guard` judges
//! what a command would do; `session` knows who works here and on what; `cli` is the command line. See
//! ARCHITECTURE.md for the flows.

#![forbid(unsafe_code)]

pub mod cli;
pub mod client;
pub mod clock;
pub mod compile;
pub mod diagnostic;
pub mod embedded;
pub mod env;
pub mod fs;
pub mod git;
pub mod glob;
pub mod guard;
pub mod hook;
pub mod install;
pub mod interrupt;
pub mod lines;
pub mod liveness;
pub mod package;
pub mod patch;
pub mod plain;
pub mod process;
pub mod rel_path;
pub mod report;
pub mod session;
pub mod store;
pub mod suggest;
pub mod ui;
pub mod yaml;
