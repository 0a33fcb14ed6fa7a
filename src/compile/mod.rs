//! From a tree of Markdown files to the files each client reads.
//!
//! `source` parses a tree into a `model::Plugin`; `platform` turns a plugin into an `artifact::ArtifactSet`.
//! Nothing here writes, asks the clock or looks at the environment.

pub mod artifact;
pub mod import;
pub mod loss;
pub mod model;
pub mod platform;
pub mod source;
