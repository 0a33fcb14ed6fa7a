//! What differs between clients, as data, and the one backend that reads it.

mod context;
pub mod descriptor;
pub mod emit;
mod fate;
mod incoming;
pub mod loads;
pub mod readers;
mod render;
mod text;
mod voice;
mod wiring;

pub use descriptor::{Platform, Scope, Support};
pub use fate::{Fate, FieldFate, Row};
pub use incoming::{Holds, Incoming, Placeholders};
pub use readers::Target;
pub(crate) use render::{environment, render};
pub use wiring::{Off, Trust};
