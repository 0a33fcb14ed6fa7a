//! What differs between clients, as data, and the one backend that reads it.

mod context;
pub mod descriptor;
pub mod emit;
mod fate;
mod incoming;
pub mod readers;
mod render;
mod text;
mod voice;

pub use descriptor::{Off, Platform, Scope, Support, Trust};
pub use fate::{Fate, FieldFate, Row};
pub use incoming::{Holds, Incoming, Placeholders};
pub use readers::Target;
pub(crate) use render::{environment, render};
