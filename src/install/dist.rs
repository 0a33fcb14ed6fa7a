//! A build directory: artifacts as files below `OUT/PLATFORM/`, and what earlier builds made there.
//!
//! Responsible for: replacing and removing only what a build made, which `OUT/.so-build.json` lists.
//! Must not: print, or touch anything that no build made.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::merge;
use crate::compile::artifact::{ArtifactSet, Content, Place, Root};
use crate::fs::{is_executable, read_optional, replace};
use crate::rel_path::RelPath;

/// A file of a build: its bytes and whether it may be run.
pub type File = (Vec<u8>, bool);

/// Why a build directory is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum DistError {
    /// Somebody else's file stands where the build writes.
    #[error("`{0}` is there, and no build made it; nothing was written")]
    Foreign(PathBuf),
    /// The list of what builds made cannot be read.
    #[error("`{0}` is not the list of a build that this version can read")]
    List(PathBuf),
}

impl DistError {
    /// What the person can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Foreign(_) => "write elsewhere with --out, or move the file away",
            Self::List(_) => "delete it; files that a build made before then have to be deleted by you",
        }
    }
}

/// The artifacts as files below the output directory; edits show what they make of an empty file.
///
/// # Errors
/// An edit that cannot be made in an empty file.
pub fn lay_out(platform: &str, set: &ArtifactSet) -> anyhow::Result<BTreeMap<String, File>> {
    let path = |place: &Place| match place.root {
        Root::Home => format!("{platform}/home/{}", place.path),
        Root::Package | Root::Project => format!("{platform}/{}", place.path),
    };
    set.iter()
        .map(|(place, artifact)| {
            let file = match &artifact.content {
                Content::File { bytes, executable } => (bytes.clone(), *executable),
                Content::Edits { format, edits } => {
                    let applied = merge::apply(*format, None, edits)
                        .with_context(|| format!("failed to make `{place}`"))?;
                    (applied.text.unwrap_or_default().into_bytes(), false)
                }
            };
            Ok((path(place), file))
        })
        .collect()
}

/// Files below the platforms' directories that the build does not make.
///
/// # Errors
/// A directory that cannot be listed.
pub fn stale_files(
    out: &Path,
    platforms: &[&str],
    files: &BTreeMap<String, File>,
) -> anyhow::Result<Vec<String>> {
    let mut stale = Vec::new();
    for dir in platforms.iter().map(|id| out.join(id)).filter(|dir| dir.exists()) {
        for entry in walkdir::WalkDir::new(&dir).follow_root_links(false).sort_by_file_name() {
            let entry = entry.with_context(|| format!("failed to list `{}`", dir.display()))?;
            if entry.file_type().is_dir() {
                continue;
            }
            let below =
                entry.path().strip_prefix(out).unwrap_or(entry.path()).to_string_lossy().replace('\\', "/");
            if !files.contains_key(&below) {
                stale.push(below);
            }
        }
    }
    Ok(stale)
}

/// The list of what builds made, beside the platforms' directories.
const MADE: &str = ".so-build.json";

/// What earlier builds made: only that is ever replaced or removed.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    schema: u32,
    files: BTreeSet<String>,
}

impl Made {
    /// What `OUT/.so-build.json` says; nothing when it is not there.
    ///
    /// # Errors
    /// [`DistError::List`], or a file that cannot be read.
    pub fn load(out: &Path) -> anyhow::Result<Self> {
        let path = out.join(MADE);
        let Some(bytes) = read_optional(&path)? else {
            return Ok(Self { schema: 1, files: BTreeSet::new() });
        };
        let unreadable = || DistError::List(path.clone());
        let made: Self = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
        let safe = made.files.iter().all(|file| RelPath::new(file.as_str()).is_ok());
        if made.schema == 1 && safe { Ok(made) } else { Err(unreadable().into()) }
    }

    /// Whether a build made the file.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    fn save(&self, out: &Path) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        let path = out.join(MADE);
        if read_optional(&path)?.as_ref() == Some(&bytes) { Ok(()) } else { replace(&path, &bytes, false) }
    }
}

/// A file that stands where the build writes, and that no build made, is somebody's own.
///
/// # Errors
/// [`DistError::Foreign`].
pub fn refuse_foreign(out: &Path, files: &BTreeMap<String, File>, made: &Made) -> anyhow::Result<()> {
    for (path, (bytes, _)) in files.iter().filter(|(path, _)| !made.has(path)) {
        let file = out.join(path);
        if read_optional(&file)?.is_some_and(|there| there != *bytes) {
            return Err(DistError::Foreign(file).into());
        }
    }
    Ok(())
}

/// Writes and removes; what is recorded is at every moment at least what was made.
///
/// # Errors
/// Any step that failed, with the path.
pub fn write(
    out: &Path,
    files: &BTreeMap<String, File>,
    stale: &[String],
    mut made: Made,
) -> anyhow::Result<usize> {
    made.files.extend(files.keys().cloned());
    made.save(out)?;
    let mut written = 0;
    for (path, (bytes, executable)) in files {
        let file = out.join(path);
        if !is_there(&file, bytes, *executable)? {
            if is_executable(&file) != *executable && file.exists() {
                std::fs::remove_file(&file)
                    .with_context(|| format!("failed to replace `{}`", file.display()))?;
            }
            replace(&file, bytes, *executable)?;
            written += 1;
        }
    }
    for path in stale {
        let file = out.join(path);
        std::fs::remove_file(&file).with_context(|| format!("failed to remove `{}`", file.display()))?;
        made.files.remove(path);
        written += 1;
    }
    // What the person deleted of a platform that this build is not about is no longer there to be replaced.
    made.files.retain(|path| files.contains_key(path) || out.join(path).exists());
    made.save(out)?;
    Ok(written)
}

/// Whether the file holds these bytes and can be run if it should.
///
/// # Errors
/// It cannot be read.
pub fn is_there(file: &Path, bytes: &[u8], executable: bool) -> anyhow::Result<bool> {
    Ok(read_optional(file)?.as_deref() == Some(bytes) && is_executable(file) == executable)
}

/// What differs between the directory and the build: the paths, and the differences as unified diffs.
///
/// # Errors
/// A file that cannot be read.
pub fn differences(
    out: &Path,
    files: &BTreeMap<String, File>,
    stale: &[String],
) -> anyhow::Result<(Vec<String>, String)> {
    let (mut text, mut changed) = (String::new(), Vec::new());
    for (path, (bytes, executable)) in files {
        let there = read_optional(&out.join(path))?;
        if !is_there(&out.join(path), bytes, *executable)? {
            changed.push(path.clone());
            let old = String::from_utf8_lossy(there.as_deref().unwrap_or_default()).into_owned();
            let new = String::from_utf8_lossy(bytes);
            let from = there.as_ref().map_or("/dev/null".to_owned(), |_| format!("{}/{path}", out.display()));
            let diff = similar::TextDiff::from_lines(old.as_str(), new.as_ref());
            let _ = write!(text, "{}", diff.unified_diff().header(&from, path));
        }
    }
    for path in stale {
        let _ = writeln!(text, "{}/{path} is not part of the build", out.display());
    }
    changed.extend(stale.iter().cloned());
    Ok((changed, text))
}
