//! The types of learnings: how long each lives unconfirmed, and whether one may become a rule.

use crate::suggest::nearest;

/// One type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// Days after which one that nobody has confirmed is over.
    pub days: u64,
    /// Whether one may become a rule for some files.
    pub is_rule: bool,
}

const fn kind(name: &'static str, days: u64, is_rule: bool) -> Kind {
    Kind { name, days, is_rule }
}

/// All types; the names and the times are those of the original, `note` is what has no type.
pub const ALL: &[Kind] = &[
    kind("anti-pattern", 90, true),
    kind("architecture-pattern", 90, true),
    kind("autopilot-effectiveness", 90, false),
    kind("convention", 90, true),
    kind("design-pattern", 90, true),
    kind("deviation-pattern", 60, false),
    kind("domain-regression", 60, false),
    kind("effective-sizing", 45, false),
    kind("fragile-file", 45, true),
    kind("fragile-pattern", 45, true),
    kind("hardware-pattern", 60, false),
    kind("mode-selector-accuracy", 30, false),
    kind("note", 60, false),
    kind("proven-pattern", 90, true),
    kind("recurring-issue", 45, true),
    kind("scope-guidance", 60, false),
    kind("stagnation-class-frequency", 60, true),
    kind("workflow-pattern", 90, true),
];

/// Other names.
const ALIASES: &[(&str, &str)] = &[("gotcha", "anti-pattern"), ("pattern", "proven-pattern")];

/// Where a type that nobody knows stands: in files of others.
const OTHER: Kind = kind("note", 60, false);

/// The name that counts for `name`.
pub fn named(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name)
}

/// What is known of the type `name`; a strange one is like a note.
pub fn of(name: &str) -> Kind {
    find(name).unwrap_or(OTHER)
}

fn find(name: &str) -> Option<Kind> {
    let name = named(name);
    ALL.iter().find(|kind| kind.name == name).copied()
}

/// The type that a proposal names.
///
/// # Errors
/// There is none of that name; the text says which one may be meant.
pub fn parse(name: &str) -> Result<Kind, String> {
    find(name).ok_or_else(|| {
        let meant = nearest(name, ALL.iter().map(|kind| kind.name));
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        format!("there is no type `{name}`{meant}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_aliases_lead_to_one() {
        assert!(ALL.is_sorted_by_key(|kind| kind.name));
        for (alias, name) in ALIASES {
            assert_eq!(of(alias).name, *name);
        }
        assert_eq!((of("of-somebody").name, of("of-somebody").days), ("note", 60));
        assert!(parse("conventoin").unwrap_err().contains("did you mean `convention`"));
    }
}
