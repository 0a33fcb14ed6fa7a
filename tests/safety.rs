//! What a person must never lose: twelve ways in which installers of agents' files have lost it, each against ours,
//! upgrades over recorded releases, and a program that is killed from outside.

#![cfg(unix)]

pub(crate) mod asked;
mod kills;
mod releases;
mod scenarios;
