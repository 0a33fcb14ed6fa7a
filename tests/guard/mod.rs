//! The guard: tables of cases, and properties of the shell reader.

mod corpus;
mod shell;
