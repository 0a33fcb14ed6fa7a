//! Who works in a working tree, and on what. The wing knows no client's protocol; hooks and commands tell it.

pub mod binding;
pub mod brief;
pub mod close;
pub mod config;
pub mod edits;
pub mod fence;
pub mod gate;
pub mod init;
pub mod judged;
pub mod lease;
pub mod mode;
pub mod open;
pub mod person;
pub mod plan;
pub mod presence;
pub mod profile;
pub mod receipt;
pub mod records;
pub mod scope;
pub mod start;
pub mod state;
pub mod templates;
pub mod tree;
pub mod wave;
