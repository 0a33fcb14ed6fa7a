//! From a tree of Markdown files to the files each client reads.

pub mod artifact;
