//! How much of the hooks runs: the profile that the person set in `~/.config/so/config.yaml`.

use std::path::Path;

/// How much runs; the order is from the strictest to the loosest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every check.
    #[default]
    Full,
    /// Only checks that can refuse.
    Guards,
    /// None: nothing is guarded.
    Off,
}

/// The level, and what was left out of account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// How much runs.
    pub level: Level,
    /// What a person wrote and does not count, as a sentence.
    pub ignored: Option<String>,
}

impl Level {
    /// The level called `word`.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "full" => Some(Self::Full),
            "guards" => Some(Self::Guards),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Guards => "guards",
            Self::Off => "off",
        }
    }
}

impl Profile {
    /// What `config.yaml` in `config` says, tightened by the value of `SO_HOOKS`.
    pub fn read(config: Option<&Path>, variable: Option<&str>) -> Self {
        let text = config.and_then(|dir| std::fs::read_to_string(dir.join("config.yaml")).ok());
        Self::of(&text.unwrap_or_default(), variable)
    }

    /// A variable reaches hooks from a project's settings too, so it can only tighten what the file says.
    fn of(text: &str, variable: Option<&str>) -> Self {
        let mut profile = Self::default();
        if let Some(word) = text.lines().find_map(value) {
            match Level::named(word) {
                Some(level) => profile.level = level,
                None => {
                    profile.ignored =
                        Some(format!("`hooks: {word}` in config.yaml is none of full, guards, off"));
                }
            }
        }
        match variable.map(|word| (word, Level::named(word))) {
            Some((_, Some(level))) if level <= profile.level => profile.level = level,
            Some((word, _)) => {
                profile.ignored = Some(format!("SO_HOOKS={word} is ignored: it can only tighten"));
            }
            None => {}
        }
        profile
    }
}

/// The value of a line `hooks: VALUE` at the left margin.
fn value(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("hooks:")?;
    let rest = rest.split_once(" #").map_or(rest, |(value, _)| value);
    Some(rest.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_only_tightens() {
        for (text, variable, level, ignored) in [
            ("", None, Level::Full, false),
            ("hooks: guards\n", None, Level::Guards, false),
            ("# mine\nhooks: \"off\" # for now\n", None, Level::Off, false),
            ("policy:\n  hooks: off\n", None, Level::Full, false),
            ("hooks: sometimes", None, Level::Full, true),
            ("hooks: guards", Some("full"), Level::Full, false),
            ("hooks: off", Some("guards"), Level::Guards, false),
            ("", Some("off"), Level::Full, true),
            ("hooks: guards", Some("off"), Level::Guards, true),
            ("", Some("nonsense"), Level::Full, true),
        ] {
            let profile = Profile::of(text, variable);
            assert_eq!((profile.level, profile.ignored.is_some()), (level, ignored), "{text} {variable:?}");
        }
    }
}
