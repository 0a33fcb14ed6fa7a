//! The process environment, read in one place.
//!
//! Everything else gets values: a function that looks at the environment cannot be tested side by side with another.

use std::ffi::OsString;
use std::path::PathBuf;

/// One environment variable; an empty one counts as not set.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn var_os(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// One environment variable as text; one that is not Unicode counts as not set.
pub fn var(name: &str) -> Option<String> {
    var_os(name).and_then(|value| value.into_string().ok())
}

/// The words that this program was started with, its own name left out.
pub fn args() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The person's home directory (`HOME`, on Windows `USERPROFILE`).
pub fn home() -> Option<PathBuf> {
    var_os("HOME").or_else(|| var_os("USERPROFILE")).map(PathBuf::from)
}

/// `~/.local/share/so`: packages of user-scope installs, their lock and their bases.
/// `XDG_DATA_HOME` moves it.
pub fn data_dir() -> Option<PathBuf> {
    xdg("XDG_DATA_HOME", ".local/share/so")
}

/// `~/.config/so`: the person's own settings, policy and trust. `XDG_CONFIG_HOME` moves it.
pub fn config_dir() -> Option<PathBuf> {
    xdg("XDG_CONFIG_HOME", ".config/so")
}

/// `~/.local/state/so`: what is remembered of each project outside it. `XDG_STATE_HOME` moves it.
pub fn state_dir() -> Option<PathBuf> {
    xdg("XDG_STATE_HOME", ".local/state/so")
}

fn xdg(name: &str, default: &str) -> Option<PathBuf> {
    let set = var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set.map(|base| base.join("so")).or_else(|| home().map(|home| home.join(default)))
}

/// The first file called `program` in the directories of `PATH`.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &std::path::Path) -> bool {
    crate::fs::is_executable(file)
}

#[cfg(not(unix))]
fn is_program(file: &std::path::Path) -> bool {
    file.is_file() || file.with_extension("exe").is_file() || file.with_extension("cmd").is_file()
}
