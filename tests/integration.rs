//! One test binary: less linking than many.

mod guard;
