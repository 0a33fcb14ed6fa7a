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
    /// Where Claude Code keeps the person's settings (`CLAUDE_CONFIG_DIR`, else `~/.claude`).
    pub claude: Option<PathBuf>,
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
            claude: env::var_os("CLAUDE_CONFIG_DIR")
                .map(PathBuf::from)
                .or_else(|| env::home().map(|home| home.join(".claude"))),
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
            "claude" => data.join("so/claude/plugins/so/hooks/hooks.json").is_file() && self.plugin_is_on(),
            "pi" => data.join("so/pi/extensions").is_dir(),
            _ => false,
        });
        let file = format!(".{platform}/hooks.json");
        package || self.home.as_ref().is_some_and(|home| mentions(&home.join(file), platform))
    }

    /// Whether Claude Code runs our plugin: the person has switched it on, and no settings of the project switch it off.
    /// In doubt it does not, and the call is answered twice rather than never.
    fn plugin_is_on(&self) -> bool {
        let person = self.claude.iter().map(|dir| dir.join("settings.json"));
        let files = ["settings.json", "settings.local.json"];
        let above = self.cwd.ancestors().flat_map(|dir| files.map(|file| dir.join(".claude").join(file)));
        let said = |file: PathBuf| plugin_switch(&file);
        person.filter_map(said).any(|on| on) && above.filter_map(said).all(|on| on)
    }
}

/// What a settings file of Claude Code says of our plugin, if anything. Other forms than true and false switch it off
/// as far as we can tell, and so does a file that cannot be read as JSON.
fn plugin_switch(file: &Path) -> Option<bool> {
    let text = std::fs::read_to_string(file).ok()?;
    let Ok(settings) = serde_json::from_str::<serde_json::Value>(&text) else { return Some(false) };
    settings.pointer("/enabledPlugins/so@so").map(|value| value == &serde_json::Value::Bool(true))
}

fn mentions(file: &Path, platform: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.contains(&format!(" hook {platform} ")) || text.contains(&format!("so-hook {platform} "))
}
