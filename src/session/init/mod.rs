//! What a project begins with: the files of an archetype in three tiers, and the block that says how it is checked.
//!
//! Pure: files come as texts; whoever writes them never replaces a file of the person's.

mod files;

pub use files::{File, files};

use super::config::block::HEADING;
use super::config::detect::Detected;

/// How much a project begins with; each holds what the one before it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Tier {
    /// The instruction file with its block, and a skeleton that runs.
    #[default]
    Fast,
    /// Checks on every push, and one way of writing.
    Standard,
    /// Templates for issues and pull requests, how to contribute, where decisions stand.
    Deep,
}

/// What kind of project it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Archetype {
    /// A crate with a library and a program.
    Rust,
    /// A package with `uv`.
    PythonUv,
    /// A program for Node, without dependencies.
    Node,
    /// A Go module with one command.
    Go,
    /// One page and its style.
    StaticHtml,
}

impl Archetype {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rust, Self::PythonUv, Self::Node, Self::Go, Self::StaticHtml];

    /// The file that shows that a project is of this kind already.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::PythonUv => "pyproject.toml",
            Self::Node => "package.json",
            Self::Go => "go.mod",
            Self::StaticHtml => "index.html",
        }
    }

    /// The commands that test, check types and lint; empty for none.
    fn commands(self) -> [&'static str; 3] {
        match self {
            Self::Rust => ["cargo test", "cargo check --all-targets", "cargo clippy --all-targets"],
            Self::PythonUv => ["uv run pytest", "uv run mypy src", "uv run ruff check"],
            Self::Node => ["npm test", "", ""],
            Self::Go => ["go test ./...", "go build ./...", "go vet ./..."],
            Self::StaticHtml => ["", "", ""],
        }
    }
}

/// What is known of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is called: the name of its directory.
    pub name: String,
    /// How much it gets.
    pub tier: Tier,
    /// A skeleton of this kind; none where there is code already.
    pub skeleton: Option<Archetype>,
    /// The kind, if it is one of ours.
    pub archetype: Option<Archetype>,
    /// It has a forge other than GitHub: nothing goes below `.github`.
    pub elsewhere: bool,
}

const KEYS: [&str; 3] = ["test-command", "typecheck-command", "lint-command"];

/// The commands of the block: those of the skeleton, or those found in the project.
pub fn commands(skeleton: Option<Archetype>, found: &[Detected]) -> Vec<(&'static str, String)> {
    let known = |at: usize, key: &str| match skeleton {
        Some(archetype) => archetype.commands().get(at).map(|command| (*command).to_owned()),
        None => found.iter().find(|(name, ..)| *name == key).map(|(_, command, _)| command.clone()),
    };
    KEYS.iter().enumerate().filter_map(|(at, key)| Some((*key, known(at, key)?))).collect()
}

/// The block, ending in a newline. A command that is not known is left out: it is detected when there is one.
pub fn block(commands: &[(&str, String)]) -> String {
    let command = |(key, command): &(&str, String)| {
        format!("- **{key}:** {}\n", if command.is_empty() { "none" } else { command })
    };
    let commands: String = commands.iter().map(command).collect();
    format!(
        "{HEADING}\n\n{commands}- **agents-per-wave:** 6\n- **waves:** 5\n- **persistence:** true\n\
         - **enforcement:** warn\n"
    )
}

/// An instruction file that is not there yet, with its block.
pub fn instructions(wanted: &Wanted, block: &str) -> String {
    files::filled(files::INSTRUCTIONS, wanted) + block
}

/// What CLAUDE.md says where the instructions stand in AGENTS.md.
pub fn pointer() -> &'static str {
    files::POINTER
}

/// A name that every package registry takes: small letters, digits and hyphens, a letter first.
pub fn plain_name(directory: &str) -> String {
    let lower = directory.to_lowercase();
    let parts = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join("-");
    if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name
    } else {
        format!("project-{name}").trim_end_matches('-').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::config::{Config, Value};

    #[test]
    fn the_block_is_one_that_is_read_without_a_finding() {
        for archetype in Archetype::ALL {
            let text = block(&commands(Some(archetype), &[]));
            let config = Config::of(&[("AGENTS.md", &text)], &|_, _| false);
            assert!(config.findings.is_empty(), "{text}");
            assert_eq!(config.int("waves", ""), Some(5));
        }
        let text = block(&commands(Some(Archetype::Rust), &[]));
        let config = Config::of(&[("AGENTS.md", &text)], &|_, _| false);
        assert_eq!(config.get("test-command").value, Value::Text("cargo test".to_owned()));
    }

    #[test]
    fn names_are_plain() {
        for (directory, name) in [
            ("My App", "my-app"),
            ("2048", "project-2048"),
            ("ä", "project"),
            ("a_b.c", "a-b-c"),
            ("", "project"),
        ] {
            assert_eq!(plain_name(directory), name);
        }
    }

    #[test]
    fn each_tier_holds_the_one_before_it_and_no_mark_is_left() {
        for archetype in Archetype::ALL {
            let of = |tier| {
                let skeleton = Some(archetype);
                files(&Wanted {
                    name: "my-app".into(),
                    tier,
                    skeleton,
                    archetype: skeleton,
                    elsewhere: false,
                })
            };
            let (fast, standard, deep) = (of(Tier::Fast), of(Tier::Standard), of(Tier::Deep));
            assert!(fast.iter().all(|file| standard.contains(file)) && standard.len() > fast.len());
            assert!(standard.iter().all(|file| deep.contains(file)) && deep.len() > standard.len());
            assert!(fast.iter().any(|file| file.path == archetype.sign()));
            for file in deep {
                assert!(!file.text.contains("{{"), "{}", file.path);
                assert!(crate::rel_path::RelPath::new(file.path.as_str()).is_ok());
            }
        }
    }
}
