//! What an answer may know of this machine beside the payload. Values, so that tests can make worlds of their own.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::guard::{Verdict, project_of};
use crate::session::person;
use crate::session::presence::{self, Process};
use crate::session::profile::Profile;
use crate::session::scope::Scope;
use crate::store::Store;
use crate::{clock, env};

/// Whether a person typed what the hook of this platform has in hand, and into which process.
pub type Typed = fn(&str) -> Result<Option<Process>, person::Why>;

/// The surroundings of one call.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The person's home directory.
    pub home: Option<PathBuf>,
    /// Where packages of user-scope installs stand.
    pub data: Option<PathBuf>,
    /// The person's own settings: `~/.config/so`.
    pub config: Option<PathBuf>,
    /// Where each project is remembered outside it: `~/.local/state/so`; `None` remembers nothing.
    pub state: Option<PathBuf>,
    /// Milliseconds since 1970.
    pub now: u64,
    /// Looks for the client's process; asked when a session begins.
    pub client: Option<fn() -> Option<Process>>,
    /// Whether a person typed what a client's hook has in hand; without it nobody asks.
    pub typed: Option<Typed>,
    /// How Claude Code was started, as it tells its children (`CLAUDE_CODE_ENTRYPOINT`; `cli` in a terminal).
    pub entrypoint: String,
    /// How much of the hooks runs.
    pub profile: Profile,
    /// Where Claude Code was started, as it tells its children (`CLAUDE_PROJECT_DIR`).
    pub started_in: Option<PathBuf>,
    /// The words that the client was started with, where they can be read; asked only when it matters.
    pub arguments: Option<fn() -> Vec<String>>,
    /// What the checks of one call have already found out.
    pub memo: Memo,
}

/// What several checks of one call want to know, found out once.
#[derive(Debug, Clone, Default)]
pub struct Memo {
    pub(super) project: OnceCell<(PathBuf, Option<PathBuf>)>,
    pub(super) store: OnceCell<(PathBuf, Option<Store>)>,
    pub(super) verdict: OnceCell<Option<Rc<Verdict>>>,
    pub(super) scope: OnceCell<Rc<Result<Option<Scope>, String>>>,
}

impl World {
    /// This process's own.
    pub fn here() -> Self {
        let config = env::config_dir();
        Self {
            home: env::home(),
            data: env::data_dir(),
            profile: Profile::read(config.as_deref(), env::var("SO_HOOKS").as_deref()),
            config,
            state: env::state_dir(),
            now: clock::now_ms(),
            client: Some(presence::client),
            typed: Some(person::typed_here),
            entrypoint: env::var("CLAUDE_CODE_ENTRYPOINT").unwrap_or_default(),
            started_in: env::var_os("CLAUDE_PROJECT_DIR").map(PathBuf::from),
            arguments: Some(presence::client_arguments),
            memo: Memo::default(),
        }
    }

    /// The project around `cwd`.
    pub fn project(&self, cwd: &Path) -> Option<PathBuf> {
        let find = || project_of(cwd, self.home.as_deref());
        let (known, project) = self.memo.project.get_or_init(|| (cwd.to_path_buf(), find()));
        if known == cwd { project.clone() } else { find() }
    }

    /// What is remembered of the project around `cwd`.
    pub fn store(&self, cwd: &Path) -> Option<Store> {
        let find = || Some(Store::of(self.state.as_deref()?, &self.project(cwd)?));
        let (known, store) = self.memo.store.get_or_init(|| (cwd.to_path_buf(), find()));
        if known == cwd { store.clone() } else { find() }
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
