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
    /// The working directory of this process.
    pub cwd: PathBuf,
    /// How Claude Code was started, as it tells its children (`CLAUDE_CODE_ENTRYPOINT`; `cli` in a terminal).
    pub entrypoint: String,
}

impl World {
    /// This process's own.
    pub fn here() -> Self {
        Self {
            home: env::home(),
            data: env::data_dir(),
            cwd: std::env::current_dir().unwrap_or_default(),
            entrypoint: env::var("CLAUDE_CODE_ENTRYPOINT").unwrap_or_default(),
        }
    }

    /// Whether a hook of ours stands in the client's own hook file, the person's or the project's.
    pub fn is_wired(&self, platform: &str) -> bool {
        let file = format!(".{platform}/hooks.json");
        let projects = self.cwd.ancestors().map(|dir| dir.join(&file));
        let all = self.home.iter().map(|home| home.join(&file)).chain(projects);
        all.into_iter().any(|file| mentions(&file, platform))
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
