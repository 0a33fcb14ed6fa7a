//! The arrows between the rooms: each wing uses what ARCHITECTURE.md says, and nothing else.

use crate::support::root;

/// A wing and the wings it may use; the foundation is open to all.
const ARROWS: &[(&str, &[&str])] = &[
    ("compile", &["compile"]),
    ("install", &["install", "compile"]),
    ("guard", &["guard"]),
    ("session", &["session", "guard"]),
    ("hook", &["hook", "session", "guard"]),
    ("package", &["package", "compile"]),
    ("liveness", &["liveness", "compile", "guard", "install", "session"]),
    ("cli", &["cli", "compile", "liveness", "install", "guard", "hook", "package", "session"]),
];
const WINGS: &[&str] = &["cli", "compile", "guard", "hook", "install", "liveness", "package", "session"];

#[test]
fn no_wing_reaches_where_it_must_not() {
    for (wing, allowed) in ARROWS {
        for entry in walkdir::WalkDir::new(root().join("src").join(wing)).into_iter().filter_map(Result::ok) {
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            for used in WINGS.iter().filter(|used| !allowed.contains(used)) {
                let word = format!("crate::{used}");
                let uses = text.match_indices(&word).any(|(at, _)| {
                    !text[at + word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                });
                assert!(!uses, "{} uses {word}", entry.path().display());
            }
        }
    }
}

#[test]
fn the_foundation_uses_no_wing() {
    for entry in std::fs::read_dir(root().join("src")).unwrap().filter_map(Result::ok) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_file() && !["lib.rs", "main.rs"].contains(&name.as_str()) {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            for wing in WINGS {
                assert!(!text.contains(&format!("crate::{wing}")), "{name} uses {wing}");
            }
        }
    }
}

#[test]
fn only_the_command_line_talks_to_the_terminal() {
    for wing in ["compile", "install", "guard", "liveness", "package", "session"] {
        for entry in walkdir::WalkDir::new(root().join("src").join(wing)).into_iter().filter_map(Result::ok) {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            assert!(!text.contains("crate::ui"), "{}", entry.path().display());
        }
    }
}

#[test]
fn one_version_everywhere() {
    let manifest = std::fs::read_to_string(root().join("so.toml")).unwrap();
    assert!(manifest.contains(&format!("version = \"{}\"", env!("CARGO_PKG_VERSION"))));
    let changes = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(changes.contains(&format!("## {}", env!("CARGO_PKG_VERSION"))));
}
