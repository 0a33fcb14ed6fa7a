//! What an answer may know of this machine beside the payload. Values, so that tests can make worlds of their own.

use std::path::{Path, PathBuf};

use crate::env;

/// The surroundings of one call.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The person's home directory.
    pub home: Option<PathBuf>,
    /// Where packages of user-scope installs stand.
    pub data: Option<PathBuf>,
    /// How Claude Code was started, as it tells its children (`CLAUDE_CODE_ENTRYPOINT`; `cli` in a terminal).
    pub entrypoint: String,
}

impl World {
    /// This process's own.
    pub fn here() -> Self {
        Self {
            home: env::home(),
            data: env::data_dir(),
            entrypoint: env::var("CLAUDE_CODE_ENTRYPOINT").unwrap_or_default(),
        }
    }

    /// Whether the person has wired the client for all projects.
    pub fn is_wired_by_person(&self, platform: &str) -> bool {
        let package = self.data.as_ref().is_some_and(|data| match platform {
            "claude" => data.join("so/claude/plugins/so/hooks/hooks.json").is_file(),
            "pi" => data.join("so/pi/extensions").is_dir(),
            _ => false,
        });
        let file = format!(".{platform}/hooks.json");
        package || self.home.as_ref().is_some_and(|home| mentions(&home.join(file), platform))
    }
}

fn mentions(file: &Path, platform: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.contains(&format!(" hook {platform} ")) || text.contains(&format!("so-hook {platform} "))
}
