//! What differs between clients, as data, and the one backend that reads it.

mod context;
pub mod descriptor;
pub mod emit;
pub mod loads;
mod loss;
pub mod readers;
mod render;
mod text;
mod voice;

pub use descriptor::{Off, Platform, Scope, Support, Trust};
pub use loss::{Loss, losses};
pub use readers::Target;
