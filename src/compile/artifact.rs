//! What a build produces: files to be, and edits to be made in files that somebody else owns. Pure data.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rel_path::{RelPath, RelPathError};

/// The directory that an artifact's path starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Root {
    /// A directory of our own that the client is pointed at: `~/.local/share/so/<plugin>/<platform>`.
    Package,
    /// The top of the project.
    Project,
    /// The person's home directory.
    Home,
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Package => "package",
            Self::Project => "project",
            Self::Home => "home",
        })
    }
}

/// Where an artifact goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// What the path starts from.
    pub root: Root,
    /// The platform whose package directory it is, when `root` is [`Root::Package`]; `None` otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The path below the root.
    pub path: RelPath,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root {
            Root::Project => write!(f, "{}", self.path),
            Root::Home => write!(f, "~/{}", self.path),
            Root::Package => write!(f, "{}:{}", self.platform.as_deref().unwrap_or("package"), self.path),
        }
    }
}

/// The notation of a file that we only edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON, with comments and trailing commas tolerated.
    Json,
    /// TOML.
    Toml,
    /// Text in which we own the lines between two marker comments.
    Markdown,
}

/// One edit in a file that somebody else owns. Keys and elements that no edit names are never touched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Edit {
    /// The key at `at` (object keys from the root) holds `value`. Containers on the way are made when missing.
    Set {
        /// Object keys from the root.
        at: Vec<String>,
        /// What the last key holds.
        value: Value,
        /// The key is ours by its name, whatever the client has written under it since: it is taken back all the
        /// same. Without this a value that is not the one we wrote is the person's.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ours: bool,
    },
    /// The array at `at` has `value` as one of its elements, appended at the end when it is not there yet.
    /// An element is known by its content, never by its position.
    Append {
        /// Object keys from the root to the array, which is made when missing.
        at: Vec<String>,
        /// The element.
        value: Value,
    },
    /// A block of lines between the markers `<!-- so:NAME -->` and `<!-- /so:NAME -->`.
    Block {
        /// Which block, when a file holds several.
        name: String,
        /// The lines between the markers, ending in a newline.
        text: String,
    },
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A whole file of ours.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it may be run.
        executable: bool,
    },
    /// Edits in a file that somebody else owns.
    Edits {
        /// How to read the file.
        format: Format,
        /// What must hold in it.
        edits: Vec<Edit>,
    },
}

/// One result of a build.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// What stands there.
    pub content: Content,
    /// The platforms that need it, sorted.
    pub platforms: Vec<String>,
}

/// All results of a build, by place.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct ArtifactSet {
    artifacts: BTreeMap<Place, Artifact>,
    /// What a file system that ignores case would hold, to find collisions.
    folded: BTreeMap<(Root, Option<String>, String), Place>,
}

/// Why an artifact cannot join a set.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArtifactError {
    /// A path that leaves its root or cannot be written everywhere.
    #[error(transparent)]
    Path(#[from] RelPathError),
    /// Inside `.git`.
    #[error("`{0}` is inside the repository's own data")]
    InsideGit(Place),
    /// Two artifacts for one place, or two that only case tells apart.
    #[error("`{new}` and `{old}` would be one file")]
    Collision {
        /// The one that was there.
        old: Place,
        /// The one that came.
        new: Place,
    },
}

impl ArtifactSet {
    /// Adds a whole file. The same bytes for the same place from another platform are shared.
    ///
    /// # Errors
    /// See [`ArtifactError`].
    pub fn add_file(
        &mut self,
        platform: &str,
        place: Place,
        bytes: Vec<u8>,
        executable: bool,
    ) -> Result<(), ArtifactError> {
        self.check_path(&place)?;
        let content = Content::File { bytes, executable };
        match self.artifacts.get_mut(&place) {
            Some(old) if old.content == content => old.join(platform),
            Some(_) => return Err(ArtifactError::Collision { old: place.clone(), new: place }),
            None => {
                self.artifacts.insert(place, Artifact { content, platforms: vec![platform.to_owned()] });
            }
        }
        Ok(())
    }

    /// Adds edits; edits of several platforms in one file join.
    ///
    /// # Errors
    /// See [`ArtifactError`].
    pub fn add_edits(
        &mut self,
        platform: &str,
        place: Place,
        format: Format,
        new: Vec<Edit>,
    ) -> Result<(), ArtifactError> {
        self.check_path(&place)?;
        let Some(old) = self.artifacts.get_mut(&place) else {
            let content = Content::Edits { format, edits: new };
            self.artifacts.insert(place, Artifact { content, platforms: vec![platform.to_owned()] });
            return Ok(());
        };
        match &mut old.content {
            Content::Edits { format: known, edits } if *known == format => {
                for edit in new {
                    if !edits.contains(&edit) {
                        edits.push(edit);
                    }
                }
            }
            _ => return Err(ArtifactError::Collision { old: place.clone(), new: place }),
        }
        old.join(platform);
        Ok(())
    }

    /// Everything, by place.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, &Artifact)> {
        self.artifacts.iter()
    }

    /// What stands at one place.
    pub fn get(&self, place: &Place) -> Option<&Artifact> {
        self.artifacts.get(place)
    }

    /// The whole files below `dir` in a platform's package: the rest of their path, bytes, and whether they may be run.
    pub fn files_of<'a>(
        &'a self,
        platform: &'a str,
        dir: &'a str,
    ) -> impl Iterator<Item = (&'a str, Vec<u8>, bool)> {
        self.artifacts.iter().filter_map(move |(place, artifact)| {
            let ours = place.root == Root::Package && place.platform.as_deref() == Some(platform);
            let rest = place.path.as_str().strip_prefix(dir)?.strip_prefix('/')?;
            match &artifact.content {
                Content::File { bytes, executable } if ours => Some((rest, bytes.clone(), *executable)),
                _ => None,
            }
        })
    }

    /// How many places are written.
    pub fn len(&self) -> usize {
        self.artifacts.len()
    }

    /// Whether nothing was built.
    pub fn is_empty(&self) -> bool {
        self.artifacts.is_empty()
    }

    fn check_path(&mut self, place: &Place) -> Result<(), ArtifactError> {
        if place.path.as_str().split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
            return Err(ArtifactError::InsideGit(place.clone()));
        }
        let key = (place.root, place.platform.clone(), place.path.case_key());
        match self.folded.entry(key).or_insert_with(|| place.clone()) {
            old if old == place => Ok(()),
            old => Err(ArtifactError::Collision { old: old.clone(), new: place.clone() }),
        }
    }
}

impl Artifact {
    fn join(&mut self, platform: &str) {
        if let Err(at) = self.platforms.binary_search_by(|known| known.as_str().cmp(platform)) {
            self.platforms.insert(at, platform.to_owned());
        }
    }
}
