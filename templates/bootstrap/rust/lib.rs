//! What this crate does, in one sentence.

/// A greeting for `name`.
pub fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_names_whom_it_greets() {
        assert_eq!(greeting("world"), "Hello, world!");
    }
}
