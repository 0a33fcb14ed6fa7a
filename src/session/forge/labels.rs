//! The labels that a session sets and takes away: three families, `type`, `priority` and `status`, one of each at most.
//!
//! Projects write them `type:bug`, `type::bug` or plain `bug`; what a project has is used, whichever way it spells it.

use crate::session::plan::Priority;

use super::place::Kind;

/// A label that can be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its colour, six hexadecimal digits.
    pub color: &'static str,
    /// What it says.
    pub about: &'static str,
}

/// Every label of ours: family, name, colour, meaning.
pub const TAXONOMY: &[(&str, &str, &str, &str)] = &[
    ("priority", "critical", "b60205", "Before everything else"),
    ("priority", "high", "d93f0b", "Next"),
    ("priority", "medium", "fbca04", "In its turn"),
    ("priority", "low", "c2e0c6", "When there is time"),
    ("status", "ready", "0e8a16", "It can be begun"),
    ("status", "in-progress", "1d76db", "Somebody works on it"),
    ("status", "review", "5319e7", "It waits for a reviewer"),
    ("status", "blocked", "e99695", "It waits for something else"),
    ("type", "bug", "d73a4a", "Something is wrong"),
    ("type", "feature", "a2eeef", "Something new"),
    ("type", "chore", "ededed", "Upkeep"),
    ("type", "docs", "0075ca", "Documents only"),
    ("type", "discovery", "bfd4f2", "Found by looking through the code"),
    ("type", "carryover", "f9d0c4", "Left over from a session"),
];

/// The family and the name of a label as any project may write it: `type:carryover` of `Type::Carryover`.
pub fn folded(label: &str) -> String {
    let parts: Vec<String> = label
        .split([':', '/'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_lowercase)
        .collect();
    parts.join(":")
}

/// Whether it says how far an issue is; a closed issue has none.
pub fn is_status(label: &str) -> bool {
    folded(label).starts_with("status:")
}

/// How the label `family:name` is written where `there` are the labels of the project; `Err` with the label that has
/// to be created.
///
/// # Errors
/// The project has none that means this.
pub fn spelled(kind: Kind, family: &str, name: &str, there: &[String]) -> Result<String, Label> {
    let wanted = format!("{family}:{name}");
    let same = there.iter().find(|label| folded(label) == wanted);
    if let Some(label) = same {
        return Ok(label.clone());
    }
    let row = TAXONOMY.iter().find(|(of, known, ..)| (*of, *known) == (family, name));
    // The double colon makes one label of a family replace another there.
    let double = kind == Kind::GitLab || there.iter().any(|label| label.contains("::"));
    let separator = if double { "::" } else { ":" };
    Err(Label {
        name: format!("{family}{separator}{name}"),
        color: row.map_or("ededed", |(.., color, _)| color),
        about: row.map_or("", |(.., about)| about),
    })
}

/// The name of a priority in the taxonomy.
pub fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "critical",
        Priority::High => "high",
        Priority::Medium => "medium",
        Priority::Low => "low",
    }
}

/// How urgent an issue with these labels is.
pub fn priority_of(labels: &[String]) -> Priority {
    let is =
        |one: Priority| labels.iter().any(|label| folded(label) == format!("priority:{}", priority(one)));
    Priority::ALL.into_iter().find(|one| is(*one)).unwrap_or_default()
}

/// Whether a session left it over.
pub fn is_left_over(labels: &[String]) -> bool {
    labels.iter().any(|label| matches!(folded(label).as_str(), "type:carryover" | "carryover"))
}

/// The place of an issue with these labels among others, what has to come first first: critical, high, left over by a
/// session, the rest.
pub fn rank(labels: &[String]) -> u8 {
    match priority_of(labels) {
        Priority::Critical => 0,
        Priority::High => 1,
        _ if is_left_over(labels) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_own_spelling_counts() {
        for (label, expected) in [
            ("type::carryover", "type:carryover"),
            ("Type: Carryover", "type:carryover"),
            ("status/ready", "status:ready"),
            ("bug", "bug"),
        ] {
            assert_eq!(folded(label), expected);
        }
        let there = ["Priority::High".to_owned(), "bug".to_owned()];
        assert_eq!(spelled(Kind::GitHub, "priority", "high", &there), Ok("Priority::High".into()));
        let made = |kind, there: &[String]| spelled(kind, "type", "carryover", there).unwrap_err().name;
        assert_eq!(made(Kind::GitHub, &there), "type::carryover");
        assert_eq!(made(Kind::GitHub, &[]), "type:carryover");
        assert_eq!(made(Kind::GitLab, &[]), "type::carryover");
        assert!(is_status("status::in-progress") && !is_status("statusquo"));
    }

    #[test]
    fn colours_are_six_digits_and_every_priority_has_one() {
        for (family, name, color, about) in TAXONOMY {
            assert!(
                color.len() == 6 && color.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{family}:{name}"
            );
            assert!(!about.is_empty(), "{family}:{name}");
        }
    }
}
