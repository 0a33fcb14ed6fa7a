//! From a place to a path on this machine.
//!
//! Responsible for: where each root stands, and that nothing is written outside it through a link.
//! Must not: read the environment (the roots come in as values) or write.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::disk::{Disk, Entry};
use super::lock::sha256;
use crate::compile::artifact::{Place, Root};
use crate::rel_path::RelPath;

/// Our own directory in a project.
const OWN: &str = ".orchestrator";

/// Where the roots stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// The top of the project, when the request has one.
    pub project: Option<PathBuf>,
    /// The person's home directory.
    pub home: PathBuf,
    /// Our data directory; a package stands in `<packages>/<source>/<platform>`.
    pub packages: PathBuf,
    /// Directories of the home that a variable moved, as (`.codex`, `$CODEX_HOME`).
    pub moved: Vec<(String, PathBuf)>,
}

/// What is kept for one place beside a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// The new text of a conflict that waits for the person.
    Conflict,
    /// The text that the person has adopted.
    Overlay,
    /// What they made it from.
    OverlayBase,
}

/// A path to read and write, links followed, and the directory it must not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file itself.
    pub path: PathBuf,
    /// What it stands below.
    pub root: PathBuf,
}

impl Roots {
    /// The path of `place` for the source called `source`.
    ///
    /// # Errors
    /// A project place without a project; a source or platform name that is not one plain directory name; a link on
    /// the way that leaves the project.
    pub fn resolve(&self, place: &Place, source: &str, disk: &dyn Disk) -> anyhow::Result<Target> {
        let (root, rest) = self.locate(place, source)?;
        // What comes with a clone must not write elsewhere; what the home links to is the person's own doing.
        let confined = place.root == Root::Project;
        follow(&root, &rest, confined, disk).with_context(|| format!("`{place}` cannot be written"))
    }

    fn locate(&self, place: &Place, source: &str) -> anyhow::Result<(PathBuf, String)> {
        let rest = place.path.as_str().to_owned();
        match place.root {
            Root::Project => {
                let root = self.project.clone().with_context(|| {
                    format!(
                        "`{place}` needs a project, and the home directory is none: name one with --project"
                    )
                })?;
                Ok((root, rest))
            }
            Root::Package => {
                let platform = place.platform.as_deref().unwrap_or_default();
                Ok((self.packages.join(plain(source)?).join(plain(platform)?), rest))
            }
            Root::Home => {
                for (from, to) in &self.moved {
                    if let Some(below) =
                        rest.strip_prefix(from.as_str()).and_then(|rest| rest.strip_prefix('/'))
                    {
                        return Ok((to.clone(), below.to_owned()));
                    }
                }
                Ok((self.home.clone(), rest))
            }
        }
    }

    /// The lock of the project, and the lock of the person.
    pub fn lock_paths(&self) -> (Option<PathBuf>, PathBuf) {
        let project = self.project.as_ref().map(|project| project.join(OWN).join("install.lock"));
        (project, self.packages.join("install.lock"))
    }
}

impl Roots {
    /// The directory that holds the lock and our own records of places below `root`; none for a project without one.
    pub fn own_dir(&self, root: Root) -> Option<PathBuf> {
        match root {
            Root::Project => self.project.as_ref().map(|project| project.join(OWN)),
            Root::Package | Root::Home => Some(self.packages.clone()),
        }
    }

    /// Where something is kept for one place. The name is flat and ends in no extension that a client reads: clients
    /// load directories of skills wherever they stand.
    pub fn aside(&self, aside: Aside, source: &str, place: &Place) -> Option<PathBuf> {
        let (dir, end) = match aside {
            Aside::Conflict => ("conflicts", "new"),
            Aside::Overlay => ("overlays", "mine"),
            Aside::OverlayBase => ("overlays", "base"),
        };
        let name = place.to_string();
        let plain =
            |sign: char| if sign.is_ascii_alphanumeric() || "._-".contains(sign) { sign } else { '-' };
        let readable: String = name.trim_start_matches(['~', '/', '.']).chars().map(plain).collect();
        let hash = sha256(format!("{source}\n{name}").as_bytes());
        let hash = hash.get(..8).unwrap_or_default();
        Some(self.own_dir(place.root)?.join(dir).join(format!("{source}.{readable}.{hash}.{end}")))
    }

    /// Refuses a project whose own directory is a link to somewhere else: a clone must not reach out of itself.
    ///
    /// # Errors
    /// A link that leads out, with its path.
    pub fn check_own(&self, disk: &dyn Disk) -> anyhow::Result<()> {
        let Some(project) = &self.project else { return Ok(()) };
        for dir in ["base", "conflicts", "overlays", "runtime", "install.lock"] {
            follow(project, &format!("{OWN}/{dir}"), true, disk)?;
        }
        Ok(())
    }
}

fn plain(name: &str) -> anyhow::Result<&str> {
    let fits = RelPath::new(name).is_ok() && !name.contains('/');
    if !fits {
        bail!("`{name}` is not one plain directory name");
    }
    Ok(name)
}

fn follow(root: &Path, rest: &str, confined: bool, disk: &dyn Disk) -> anyhow::Result<Target> {
    let mut path = root.to_path_buf();
    for part in rest.split('/') {
        path.push(part);
        if disk.entry(&path)? == Entry::Link {
            let real = disk.real(&path)?;
            let real_root = disk.real(root)?;
            path = match real.strip_prefix(&real_root) {
                Ok(below) => root.join(below),
                Err(_) if confined => {
                    bail!("`{}` is a link that leads out of `{}`", path.display(), root.display())
                }
                Err(_) => real,
            };
        }
    }
    Ok(Target { path, root: root.to_path_buf() })
}
