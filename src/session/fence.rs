//! The outer fence: which places outside a project an edit may reach.
//!
//! A place that the client or the person gave is free. Secrets, what a shell runs when it starts, and the system are
//! never an agent's; everything else is the person's to decide. Pure but for following links.

use std::path::{Path, PathBuf};

use crate::glob::{Case, Glob};
use crate::guard::{self, Decision};

/// Below the home directory: files that hold secrets, or that let someone in.
const CREDENTIALS: &[&str] = &[
    ".ssh",
    ".aws",
    ".azure",
    ".gnupg",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".npmrc",
    ".pypirc",
    ".kube",
    ".vault-token",
    ".password-store",
    ".docker/config.json",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".terraform.d/credentials.tfrc.json",
    ".config/gcloud",
    ".config/gh/hosts.yml",
    ".config/glab-cli",
    ".config/op",
    ".config/sops",
    ".local/share/keyrings",
    "Library/Keychains",
    ".claude/.credentials.json",
    ".codex/auth.json",
    ".pi/agent/auth.json",
];

/// Lists of machines that were met before: no secret, and written by many harmless commands.
const HARMLESS: &[&str] = &[".ssh/known_hosts", ".ssh/known_hosts.old"];

/// Below the home directory: what runs when a shell or a desktop starts.
const START_UP: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".zlogout",
    ".cshrc",
    ".tcshrc",
    ".login",
    ".kshrc",
    ".mkshrc",
    ".pam_environment",
    ".xinitrc",
    ".xprofile",
    ".xsession",
    ".xsessionrc",
    ".oh-my-zsh/custom",
    ".config/fish/conf.d",
    ".config/fish/config.fish",
    ".config/fish/functions",
    ".config/nushell/config.nu",
    ".config/nushell/env.nu",
    ".config/autostart",
    ".config/environment.d",
    ".config/systemd/user",
    "Library/LaunchAgents",
];

/// Top-level directories that belong to the system.
const SYSTEM: &[&str] = &[
    "Applications",
    "Library",
    "System",
    "bin",
    "boot",
    "cores",
    "dev",
    "etc",
    "lib",
    "lib32",
    "lib64",
    "nix",
    "private",
    "proc",
    "root",
    "run",
    "sbin",
    "sys",
    "usr",
    "var",
];

/// What is inside.
#[derive(Debug, Clone, Default)]
pub struct Fence {
    /// The person's home.
    pub home: Option<PathBuf>,
    /// The project, its other working trees, the temp directories.
    pub inside: Vec<PathBuf>,
}

/// What a place outside is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Secrets.
    Credentials,
    /// What runs by itself.
    StartUp,
    /// The system's.
    System,
    /// Another repository.
    Repository,
    /// Any other file.
    Elsewhere,
}

impl Ground {
    /// What becomes of an edit there.
    pub fn decision(self) -> Decision {
        match self {
            Self::Credentials | Self::StartUp | Self::System => Decision::Deny,
            Self::Repository | Self::Elsewhere => Decision::Ask,
        }
    }

    /// In the middle of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Credentials => "holds credentials of the person",
            Self::StartUp => "runs whenever a shell or a desktop starts",
            Self::System => "belongs to the system",
            Self::Repository => "belongs to another repository",
            Self::Elsewhere => "lies outside the project",
        }
    }
}

impl Fence {
    /// What kind of place `path`, which is absolute, is; `None` where everybody may write. `given` is asked for what
    /// else the client was given only when it matters.
    pub fn ground(&self, path: &Path, given: impl FnOnce() -> Vec<PathBuf>) -> Option<Ground> {
        let Some(real) = guard::real(path, false) else { return Some(Ground::Elsewhere) };
        if let Some(private @ Ground::Credentials) = self.private(&real) {
            return Some(private);
        }
        if within(&real, self.inside.iter().filter(|dir| !self.is_wide(dir))) {
            return None;
        }
        let given = given();
        if within(&real, given.iter().filter(|dir| !self.is_wide(dir))) {
            return None;
        }
        if let Some(private) = self.private(&real) {
            return Some(private);
        }
        let in_home = self.homes().any(|home| real.starts_with(home));
        let top = real.components().nth(1).and_then(|part| part.as_os_str().to_str());
        if !in_home && top.is_some_and(|top| SYSTEM.contains(&top)) {
            return Some(Ground::System);
        }
        if within(&real, self.inside.iter().chain(&given)) {
            return None;
        }
        let in_repository = |dir: &Path| dir.join(".git").symlink_metadata().is_ok();
        let repository = real.ancestors().skip(1).take_while(|dir| !self.is_wide(dir)).any(in_repository);
        Some(if repository { Ground::Repository } else { Ground::Elsewhere })
    }

    /// Credentials and what runs by itself, for commands of a shell too.
    pub fn private(&self, path: &Path) -> Option<Ground> {
        let inner: Vec<PathBuf> =
            self.homes().filter_map(|home| path.strip_prefix(home).ok().map(Path::to_path_buf)).collect();
        let below =
            |names: &[&str]| inner.iter().any(|inner| names.iter().any(|name| inner.starts_with(name)));
        if below(CREDENTIALS) && !below(HARMLESS) {
            return Some(Ground::Credentials);
        }
        below(START_UP).then_some(Ground::StartUp)
    }

    /// The home as it is called and as it is.
    fn homes(&self) -> impl Iterator<Item = PathBuf> {
        let home = self.home.clone();
        let real = home
            .as_ref()
            .and_then(|home| home.canonicalize().ok())
            .filter(|real| Some(real) != home.as_ref());
        home.into_iter().chain(real)
    }

    /// A directory that holds the home: being inside it says nothing.
    fn is_wide(&self, dir: &Path) -> bool {
        dir.parent().is_none() || self.homes().any(|home| home.starts_with(dir))
    }
}

fn within<'d>(path: &Path, mut dirs: impl Iterator<Item = &'d PathBuf>) -> bool {
    dirs.any(|dir| {
        let real = guard::real(dir, false);
        real.is_some_and(|real| path.starts_with(&real) && path != real)
            || path.starts_with(dir) && path != dir
    })
}

/// The folders of the home that a client keeps for what its model writes; patterns of `own-writes` in
/// `platforms/<id>.toml`.
pub fn is_own_write(path: &Path, home: &Path, patterns: &[String]) -> bool {
    let real = |path: &Path| guard::real(path, false).unwrap_or_else(|| path.to_path_buf());
    let path = real(path);
    let Ok(inner) = path.strip_prefix(real(home)) else { return false };
    let inner = inner.to_string_lossy();
    patterns.iter().any(|pattern| Glob::new(pattern, Case::Sensitive).is_ok_and(|glob| glob.matches(&inner)))
}

/// The working trees of the repository whose working tree is at `project`, read from its files.
pub fn worktrees(project: &Path) -> Vec<PathBuf> {
    let read = |path: PathBuf| std::fs::read_to_string(path).ok();
    let entry = project.join(".git");
    let common = if entry.is_dir() {
        entry
    } else {
        let text = read(entry).unwrap_or_default();
        let Some(dir) = text.trim().strip_prefix("gitdir:").map(|dir| project.join(dir.trim())) else {
            return Vec::new();
        };
        let common =
            read(dir.join("commondir")).map_or_else(|| dir.clone(), |common| dir.join(common.trim()));
        guard::real(&common, false).unwrap_or(common)
    };
    let main = common.parent().filter(|_| common.file_name().is_some_and(|name| name == ".git"));
    let linked = std::fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten().take(256);
    let linked = linked.filter_map(|entry| {
        let file = read(entry.path().join("gitdir"))?;
        Path::new(file.trim()).parent().map(Path::to_path_buf)
    });
    main.map(Path::to_path_buf).into_iter().chain(linked).collect()
}
