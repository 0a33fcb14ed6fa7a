//! Opt-in packs: policy files inside the program, in the same form as a person's own.
//!
//! A pack is read when a command names one of its programs, so that packs that are switched on cost nothing elsewhere.

use std::sync::OnceLock;

use super::file::{self, File};
use crate::embedded;

/// A pack that is switched on.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Its name.
    pub name: String,
    /// The file that switches it on.
    pub by: String,
    text: &'static str,
    file: OnceLock<File>,
}

/// The names of all packs, sorted.
pub fn names() -> Vec<&'static str> {
    let files = embedded::files().iter();
    files.filter_map(|(path, _)| path.strip_prefix("packs/")?.strip_suffix(".yaml")).collect()
}

/// The text of a pack.
pub(super) fn text(name: &str) -> Option<&'static str> {
    embedded::text(&path(name))
}

/// Where a pack stands in this repository.
pub(super) fn path(name: &str) -> String {
    format!("packs/{name}.yaml")
}

impl Pack {
    pub(super) fn new(name: &str, by: &str) -> Option<Self> {
        Some(Self { name: name.to_owned(), by: by.to_owned(), text: text(name)?, file: OnceLock::new() })
    }

    /// Its rules.
    pub fn file(&self) -> &File {
        self.file.get_or_init(|| file::parse(&path(&self.name), self.text).0)
    }

    /// Whether rules of it may be about a program; found in its head, without reading the rest.
    pub(super) fn is_about(&self, program: &str) -> bool {
        let list = self.text.lines().find_map(|line| line.strip_prefix("programs: [")?.strip_suffix(']'));
        list.is_some_and(|list| list.split(", ").any(|known| known.eq_ignore_ascii_case(program)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn packs_are_right_and_name_the_programs_of_their_rules() {
        assert!(names().len() >= 6);
        for name in names() {
            let (file, findings) = file::parse(&path(name), text(name).unwrap());
            assert!(findings.is_empty(), "{findings:?}");
            assert!(!file.description.is_empty());
            let used: BTreeSet<_> = file
                .rules
                .iter()
                .flat_map(|rule| &rule.matches)
                .flat_map(super::super::pattern::Pattern::programs)
                .cloned()
                .collect();
            assert_eq!(used, file.programs.iter().cloned().collect(), "{name}");
            let pack = Pack::new(name, "test").unwrap();
            for program in used {
                assert!(pack.is_about(&program), "{name}: {program}");
            }
            for rule in &file.rules {
                assert!(
                    rule.reason.starts_with("it ") && rule.instead.ends_with('.'),
                    "{name}: {}",
                    rule.name
                );
                assert_eq!(
                    rule.level,
                    file::Level::Ask,
                    "{name}: {}: a project tightens it further",
                    rule.name
                );
            }
        }
    }
}
