//! Where things are on this machine: the project, the person's directories, the program itself.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::error::hinted;
use crate::compile::platform::Platform;
use crate::env;
use crate::install::target::Roots;

/// The project: the given directory, or the top of the git repository around the working directory, or that directory.
pub(super) fn project(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let start = match given {
        Some(dir) => dir.to_path_buf(),
        None => std::env::current_dir().context("failed to find the working directory")?,
    };
    let start =
        start.canonicalize().with_context(|| format!("failed to open the project `{}`", start.display()))?;
    if given.is_some() {
        return Ok(start);
    }
    let top = start.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(&start);
    Ok(top.to_path_buf())
}

/// Where installs write.
pub(super) fn roots(project: PathBuf, platforms: &[Platform]) -> anyhow::Result<Roots> {
    let no_home = || hinted("there is no home directory", "set HOME");
    let home = env::home().ok_or_else(no_home)?;
    let packages = env::data_dir().ok_or_else(no_home)?;
    if home.is_relative() {
        return Err(hinted(format!("HOME is not an absolute path: `{}`", home.display()), "set HOME"));
    }
    for dir in [&project, &home, &packages] {
        if dir.to_str().is_none() {
            let message =
                format!("the path `{}` is not UTF-8: files that name it cannot be written", dir.display());
            return Err(hinted(message, "rename the directory"));
        }
    }
    let moved = platforms.iter().filter_map(|platform| {
        let to = env::var_os(platform.home.env.as_deref()?)?;
        Some((platform.home.dir.clone(), PathBuf::from(to)))
    });
    let is_home = home.canonicalize().is_ok_and(|home| project == home); // HOME may be a link
    let project = (!is_home).then_some(project);
    Ok(Roots { project, home, packages, moved: moved.collect() })
}

/// This program, as hooks call it.
pub(super) fn program() -> anyhow::Result<String> {
    let path = std::env::current_exe().context("failed to find this program's own file")?;
    path.into_os_string().into_string().map_err(|path| {
        hinted(
            format!("the path of this program is not UTF-8: {}", path.display()),
            "move it to a plain directory such as ~/.local/bin",
        )
    })
}

/// What shows that the person uses a client: a program, a directory of theirs, or one of the project.
pub(super) fn signs(platform: &Platform, roots: &Roots) -> Vec<String> {
    let programs = platform.detect.programs.iter().filter(|program| env::which(program).is_some());
    let home = platform.detect.home.iter().filter(|path| roots.home.join(path).exists());
    let in_project =
        |path: &&String| roots.project.as_ref().is_some_and(|project| project.join(path).exists());
    let project = platform.detect.project.iter().filter(in_project);
    let found = programs.map(|program| format!("`{program}` on PATH"));
    found.chain(home.map(|path| format!("~/{path}"))).chain(project.cloned()).collect()
}
