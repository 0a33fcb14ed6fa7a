//! One binary for all tests: it links once.
#![allow(clippy::disallowed_methods, reason = "tests set up worlds of their own")]

#[cfg(test)]
mod broken;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod compiled;
#[cfg(test)]
mod config;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod fifth_platform;
#[cfg(test)]
#[cfg(unix)]
mod forge;
#[cfg(test)]
mod glob;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod hook;
#[cfg(test)]
mod house;
#[cfg(test)]
mod import;
#[cfg(test)]
mod install_cli;
#[cfg(test)]
mod install_wing;
#[cfg(test)]
mod liveness;
#[cfg(test)]
mod losses;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod public_skills;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod reports;
#[cfg(test)]
#[cfg(unix)]
mod safety;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod scope;
#[cfg(test)]
mod session_checks;
#[cfg(test)]
mod support;
#[cfg(test)]
#[cfg(unix)]
mod undo;
#[cfg(test)]
#[cfg(unix)]
mod verify;
#[cfg(test)]
mod yaml;
