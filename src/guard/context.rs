//! Where a command would run: the values that judging needs from outside.

use std::path::{Path, PathBuf};

use super::policy::Policy;

/// The surroundings of a command.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where the command starts.
    pub cwd: PathBuf,
    /// The working tree around it, if there is one.
    pub project: Option<PathBuf>,
    /// The person's home.
    pub home: Option<PathBuf>,
    /// `TMPDIR`, where it is set.
    pub tmpdir: Option<PathBuf>,
    /// Where files may be thrown away: the system's temp directories and `TMPDIR`.
    pub temp: Vec<PathBuf>,
    /// Judge as if every file held unsaved work, without looking.
    pub assume_dirty: bool,
    /// What the person and the project add to the rules of the program.
    pub policy: Policy,
    /// Other live sessions and agents in this working tree.
    pub peers: u32,
    /// Note what is run and written too, not only what is wrong with it.
    pub notes: bool,
}

impl Context {
    /// The surroundings of `cwd` in this process: `HOME`, `TMPDIR`, and the working tree found by looking for `.git`;
    /// no overlays and no peers.
    pub fn at(cwd: &Path) -> Self {
        Self::within(cwd, project_of(cwd, crate::env::home().as_deref()))
    }

    /// As [`Self::at`], where the working tree is known.
    pub fn within(cwd: &Path, project: Option<PathBuf>) -> Self {
        let home = crate::env::home();
        let mut temp: Vec<PathBuf> =
            ["/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp"].iter().map(PathBuf::from).collect();
        let tmpdir = crate::env::var_os("TMPDIR").map(PathBuf::from);
        temp.extend(tmpdir.clone().filter(|dir| usable_temp(dir, home.as_deref())));
        Self {
            tmpdir,
            cwd: cwd.to_path_buf(),
            project,
            home,
            temp,
            assume_dirty: false,
            policy: Policy::default(),
            peers: 0,
            notes: false,
        }
    }

    /// The same with the overlays of the person, from their configuration directory, and of the project.
    #[must_use]
    pub fn with_policy(self, config: Option<&Path>) -> Self {
        let policy = Policy::load(config, self.project.as_deref());
        Self { policy, ..self }
    }
}

/// A `TMPDIR` that is `/`, the home or the parent of one is no place to throw things away in.
fn usable_temp(dir: &Path, home: Option<&Path>) -> bool {
    dir.is_absolute() && dir.components().count() > 2 && home.is_none_or(|home| !home.starts_with(dir))
}

/// The nearest directory at or above `cwd` that holds `.git`. Without one `cwd` itself counts as the project,
/// unless it is the home, a parent of it or the root. Nothing is opened.
pub fn project_of(cwd: &Path, home: Option<&Path>) -> Option<PathBuf> {
    if let Some(root) = cwd.ancestors().find(|dir| dir.join(".git").symlink_metadata().is_ok()) {
        return Some(root.to_path_buf());
    }
    let too_wide = cwd.components().count() < 2 || home.is_some_and(|home| home.starts_with(cwd));
    (!too_wide && cwd.is_absolute()).then(|| cwd.to_path_buf())
}
