//! The home in which a client is asked: what it reads is there, what it writes is thrown away, no key goes along.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::compile::platform::Platform;
use crate::compile::platform::loads::Copy;
use crate::install::settings;
use crate::install::target::Roots;

/// A scratch home.
pub(super) struct Scratch {
    dir: TempDir,
    /// The home.
    pub(super) home: PathBuf,
    /// A directory in which there is nothing.
    pub(super) empty: PathBuf,
}

impl Scratch {
    /// Makes one for a client.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn new(platform: &Platform, roots: &Roots) -> io::Result<Self> {
        let dir = TempDir::with_prefix("so-verify-")?;
        let root = dir.path().canonicalize()?;
        let scratch = Self { home: root.join("home"), empty: root.join("empty"), dir };
        fs::create_dir_all(&scratch.home)?;
        fs::create_dir_all(&scratch.empty)?;
        for copy in &platform.loads.mirror {
            scratch.mirror(platform, roots, copy)?;
        }
        Ok(scratch)
    }

    /// The same below the scratch home.
    pub(super) fn below(&self, path: &str) -> PathBuf {
        self.home.join(path)
    }

    /// A file of the scratch home.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let to = self.below(path);
        fs::create_dir_all(to.parent().unwrap_or(self.dir.path()))?;
        fs::File::create(&to).and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
    }

    fn mirror(&self, platform: &Platform, roots: &Roots, copy: &Copy) -> io::Result<()> {
        let from = settings::in_home(roots, &copy.path);
        let to = self.below(&copy.path);
        if from.is_dir() {
            fs::create_dir_all(&to)?;
            for entry in fs::read_dir(&from)?.flatten() {
                if !copy.without.iter().any(|name| entry.file_name() == name.as_str()) {
                    link(&entry.path(), &to.join(entry.file_name()))?;
                }
            }
        } else if from.is_file() {
            let text = fs::read_to_string(&from).unwrap_or_default();
            let text = if copy.keep.is_empty() { text } else { kept(platform, roots, self, copy, &from) };
            self.write(&copy.path, &text)?;
        }
        Ok(())
    }
}

/// The keys of a settings file that go along.
fn kept(platform: &Platform, roots: &Roots, scratch: &Scratch, copy: &Copy, from: &Path) -> String {
    let Some(Value::Object(all)) = settings::read(from) else {
        return fs::read_to_string(from).unwrap_or_default(); // the client is to say itself that it is broken
    };
    let real = format!("{}/", settings::in_home(roots, &platform.home.dir).display());
    let moved = format!("{}/", scratch.below(&platform.home.dir).display());
    let place = Rebase { real: &real, moved: &moved, dir: from.parent().unwrap_or(Path::new("/")) };
    let stays = all.into_iter().filter(|(key, _)| copy.keep.contains(key));
    let kept: Map<String, Value> = stays.map(|(key, value)| (key, place.value(value))).collect();
    if from.extension().is_some_and(|extension| extension == "toml") {
        return toml_edit::ser::to_string(&Value::Object(kept)).unwrap_or_default();
    }
    Value::Object(kept).to_string()
}

/// Settings read in another place mean the same there.
struct Rebase<'a> {
    real: &'a str,
    moved: &'a str,
    dir: &'a Path,
}

impl Rebase<'_> {
    fn value(&self, value: Value) -> Value {
        match value {
            Value::Object(object) => {
                object.into_iter().map(|(key, value)| (self.key(&key), self.value(value))).collect()
            }
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::String(text) if text.starts_with("./") || text.starts_with("../") => {
                self.dir.join(text).display().to_string().into()
            }
            other => other,
        }
    }

    /// A key that begins with the real directory begins with the scratch one.
    fn key(&self, key: &str) -> String {
        key.strip_prefix(self.real).map_or(key.to_owned(), |rest| format!("{}{rest}", self.moved))
    }
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(windows)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::windows::fs::{symlink_dir, symlink_file};
    if from.is_dir() { symlink_dir(from, to) } else { symlink_file(from, to) }
}
