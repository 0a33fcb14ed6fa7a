//! One binary for all tests: it links once.

mod broken;
mod golden;
mod house;
mod support;
