//! The lock file: what we wrote, so that only that is ever changed or removed.
//!
//! Responsible for: the shape, its checks, and which of the two locks an entry stands in. The project's lock is
//! committed and holds entries of the project only; the person's lock holds packages and edits in the home.
//! Must not: decide anything, or trust a project's lock with a path outside the project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::disk::Disk;
use super::merge::Record;
use super::target::Roots;
use crate::compile::artifact::{Format, Place, Root};
use crate::rel_path::RelPath;

/// The shape that this version writes.
const SCHEMA: u32 = 1;

/// How far an installation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The platform's own way of packaging.
    Default,
    /// Files of the project that a team commits.
    Project,
    /// The person, in every project.
    User,
}

/// What every schema of a lock has.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    schema: serde_json::Value,
}

/// One lock file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    schema: u32,
    /// Directories that we created: below the project, or absolute in the person's lock.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub dirs: BTreeSet<String>,
    /// By the name of the source.
    pub sources: BTreeMap<String, SourceLock>,
}

/// What one source has installed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceLock {
    /// The version that wrote last.
    pub version: String,
    /// Where the source came from: `embedded`, or a directory.
    pub origin: String,
    /// Who uses it, by platform.
    pub platforms: BTreeMap<String, Use>,
    /// Whole files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_place")]
    pub files: BTreeMap<Place, FileEntry>,
    /// Edits in files of others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_place")]
    pub edits: BTreeMap<Place, EditsEntry>,
}

/// For whom a platform is installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// What was asked for.
    pub scope: Scope,
    /// It is wanted whatever the project (the person's lock only).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everywhere: bool,
    /// The projects that need it (the person's lock only).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub projects: BTreeSet<String>,
    /// The person lets agents run what of `so` is harmless without a question (the person's lock only).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unasked: bool,
}

/// A file of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Of the bytes that we wrote last.
    pub sha256: String,
    /// Whether it may be run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// It stood there with our bytes before we came: it is never changed or removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// Who needs it, sorted.
    pub platforms: BTreeSet<String>,
}

/// Our edits in one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditsEntry {
    /// How the file is read.
    pub format: Format,
    /// What we did.
    #[serde(flatten)]
    pub record: Record,
    /// Who needs it, sorted.
    pub platforms: BTreeSet<String>,
}

/// Both lock files, as they are on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Locks {
    /// The project's, with its path, when there is a project.
    pub project: Option<(PathBuf, Lock)>,
    /// The person's, with its path.
    pub user: (PathBuf, Lock),
}

impl Default for Lock {
    fn default() -> Self {
        Self { schema: SCHEMA, dirs: BTreeSet::new(), sources: BTreeMap::new() }
    }
}

impl Lock {
    /// Reads a lock; `project` says that only places of the project may stand in it.
    ///
    /// # Errors
    /// Not a lock, a newer schema, or an entry that has no business in it.
    pub fn parse(text: &str, project: bool) -> anyhow::Result<Self> {
        let schema = serde_json::from_str::<Head>(text).context("it is not JSON")?.schema;
        let schema = schema.as_u64().context("it has no `schema` number")?;
        if schema != u64::from(SCHEMA) {
            bail!("it has schema {schema}; this version of `so` reads schema {SCHEMA}");
        }
        let lock: Self = serde_json::from_str(text)?;
        for place in lock.places() {
            if (place.root == Root::Project) != project || in_git(place) {
                bail!("the entry `{place}` does not belong in this lock");
            }
        }
        if project && let Some(dir) = lock.dirs.iter().find(|dir| RelPath::new(dir.as_str()).is_err()) {
            bail!("the directory `{dir}` does not belong in this lock");
        }
        Ok(lock)
    }

    /// Reads the lock at `path`; an empty one when there is none.
    ///
    /// # Errors
    /// As [`Lock::parse`], with the path.
    pub fn load(path: &Path, project: bool, disk: &dyn Disk) -> anyhow::Result<Self> {
        let Some(bytes) = disk.read(path)? else { return Ok(Self::default()) };
        String::from_utf8(bytes)
            .map_err(anyhow::Error::from)
            .and_then(|text| Self::parse(&text, project))
            .with_context(|| format!("cannot use the lock file `{}`; nothing was changed", path.display()))
    }

    /// The bytes of the file: pretty, sorted, ending in a newline.
    ///
    /// # Errors
    /// None that can be met: every key is text.
    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Whether nothing is installed.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.sources.values().flat_map(|source| source.files.keys().chain(source.edits.keys()))
    }
}

impl Locks {
    /// Both, the project's first.
    pub fn both(&self) -> impl Iterator<Item = &Lock> {
        self.project.iter().map(|(_, lock)| lock).chain([&self.user.1])
    }

    /// Reads both.
    ///
    /// # Errors
    /// As [`Lock::load`].
    pub fn load(roots: &Roots, disk: &dyn Disk) -> anyhow::Result<Self> {
        let (project, user) = roots.lock_paths();
        let project = match project {
            Some(path) => Some((path.clone(), Lock::load(&path, true, disk)?)),
            None => None,
        };
        let lock = Lock::load(&user, false, disk)?;
        Ok(Self { project, user: (user, lock) })
    }
}

/// A project's lock comes with a clone, what git keeps for itself does not: a commit must not reach it through us.
fn in_git(place: &Place) -> bool {
    place.path.as_str().split('/').any(|part| part.eq_ignore_ascii_case(".git"))
}

/// The hash that a lock holds, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The place that [`Place`]'s `Display` shows as `text`.
pub(super) fn place(text: &str) -> anyhow::Result<Place> {
    let (root, platform, path) = match (text.strip_prefix("~/"), text.split_once(':')) {
        (Some(path), _) => (Root::Home, None, path),
        (None, Some((platform, path))) => (Root::Package, Some(platform.to_owned()), path),
        (None, None) => (Root::Project, None, text),
    };
    Ok(Place { root, platform, path: RelPath::new(path)? })
}

/// Maps whose keys are places, as text.
mod by_place {
    use std::collections::BTreeMap;

    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::{Serialize, Serializer};

    use crate::compile::artifact::Place;

    pub(super) fn serialize<S: Serializer, V: Serialize>(
        map: &BTreeMap<Place, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let texts: BTreeMap<String, &V> =
            map.iter().map(|(place, value)| (place.to_string(), value)).collect();
        texts.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Place, V>, D::Error> {
        BTreeMap::<String, V>::deserialize(deserializer)?
            .into_iter()
            .map(|(text, value)| Ok((super::place(&text).map_err(D::Error::custom)?, value)))
            .collect()
    }
}
