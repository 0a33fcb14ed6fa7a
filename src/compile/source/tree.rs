//! A tree of files, from a directory or from the binary itself. Reads, and judges nothing but readability.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use walkdir::WalkDir;

use crate::compile::model::Kind;
use crate::diagnostic::{Finding, Findings};
use crate::fs::is_executable;
use crate::rel_path::RelPath;

/// A larger file is a mistake, not a skill.
const MAX_FILE: u64 = 4 << 20;

/// One file of a tree.
#[derive(Debug, Clone)]
pub struct TreeFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it may be run.
    pub executable: bool,
}

/// A tree of canonical files.
#[derive(Debug, Default)]
pub struct Tree {
    /// The name to use when no `so.toml` gives one.
    pub name: String,
    /// Where it came from, for people: a directory, or `built in`.
    pub origin: String,
    /// By path.
    pub files: BTreeMap<RelPath, TreeFile>,
}

impl Tree {
    /// The tree inside the binary.
    pub fn embedded(files: &[(&str, &[u8])]) -> Self {
        let files = files
            .iter()
            .filter_map(|(path, bytes)| {
                let file = TreeFile { bytes: bytes.to_vec(), executable: false };
                RelPath::new(*path).ok().filter(is_ours).map(|path| (path, file))
            })
            .collect();
        Self { name: "so".into(), origin: "built in".into(), files }
    }

    /// The tree below `dir`: one with `so.toml` or the known folders, a folder of skills, or one skill.
    ///
    /// # Errors
    /// `dir` is not a directory, or holds none of these.
    pub fn load(dir: &Path, findings: &mut Findings) -> anyhow::Result<Self> {
        let dir =
            dir.canonicalize().with_context(|| format!("failed to open the source `{}`", dir.display()))?;
        anyhow::ensure!(dir.is_dir(), "the source `{}` is not a directory", dir.display());
        let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut tree = Self { origin: dir.display().to_string(), name, files: BTreeMap::new() };
        for (from, prefix) in tree.roots(&dir, findings)? {
            tree.add(&from, &prefix, findings);
        }
        Ok(tree)
    }

    /// The directories and files to read, with the prefix each gets in the tree. A single skill may have folders called
    /// `rules` or `agents` of its own, so it is recognised before a tree that has no skills.
    fn roots(&self, dir: &Path, findings: &mut Findings) -> anyhow::Result<Vec<(PathBuf, String)>> {
        let folders = || Kind::ALL.iter().map(|kind| kind.folder());
        let tree = || {
            let files = std::iter::once("so.toml").chain(folders()).chain(["schemas"]);
            files.map(|file| (dir.join(file), file.to_owned())).collect()
        };
        if dir.join("so.toml").exists() || dir.join(Kind::Skill.folder()).is_dir() {
            return Ok(tree());
        }
        let skills = skills_in(dir)?;
        let skill = dir.join("SKILL.md");
        if skill.is_file() && (skills.is_empty() || has_frontmatter(&skill)) {
            return Ok(vec![(dir.to_path_buf(), format!("skills/{}", self.name))]);
        }
        if folders().any(|folder| dir.join(folder).is_dir()) {
            return Ok(tree());
        }
        if skill.is_file() {
            let finding = Finding::warning("stray-file", "SKILL.md", "the file belongs to no item");
            findings
                .push(finding.help("it has no frontmatter and stands beside folders of skills: an index?"));
        }
        anyhow::ensure!(
            !skills.is_empty(),
            "nothing to compile in `{}`: no so.toml, no skills/, commands/, agents/, rules/ or styles/, and no SKILL.md",
            dir.display()
        );
        Ok(skills)
    }

    fn add(&mut self, from: &Path, prefix: &str, findings: &mut Findings) {
        for entry in WalkDir::new(from).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.io_error().is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound) => {
                    continue;
                }
                Err(error) => {
                    findings.push(Finding::error("unreadable-file", prefix, error.to_string()));
                    continue;
                }
            };
            let below = entry.path().strip_prefix(from).unwrap_or(entry.path()).to_string_lossy();
            let text = join(prefix, &below.replace('\\', "/"));
            if entry.file_type().is_symlink() {
                let finding = Finding::warning("symlink", text, "symbolic links are not followed");
                findings.push(finding.help("put the file itself into the tree"));
            } else if entry.file_type().is_file() && !is_litter(&text) {
                self.add_file(entry.path(), text, findings);
            }
        }
    }

    fn add_file(&mut self, file: &Path, text: String, findings: &mut Findings) {
        let path = match RelPath::new(text.clone()) {
            Ok(path) => path,
            Err(error) => return findings.push(Finding::error("bad-path", text, error.to_string())),
        };
        let size = file.metadata().map_or(0, |meta| meta.len());
        if size > MAX_FILE {
            let message = format!("the file has {size} bytes; at most {MAX_FILE} are taken");
            return findings.push(Finding::error("file-too-big", text, message));
        }
        match std::fs::read(file) {
            Ok(bytes) => {
                self.files.insert(path, TreeFile { bytes, executable: is_executable(file) });
            }
            Err(error) => findings.push(Finding::error("unreadable-file", text, error.to_string())),
        }
    }

    /// The text of one file, if it is there and UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        let path = RelPath::new(path).ok()?;
        self.files.get(&path).and_then(|file| std::str::from_utf8(&file.bytes).ok())
    }

    /// All files below `folder/`, with the rest of their path.
    pub fn below<'a>(
        &'a self,
        folder: &'a str,
    ) -> impl Iterator<Item = (&'a RelPath, &'a str, &'a TreeFile)> {
        self.files.iter().filter_map(move |(path, file)| {
            let rest = path.as_str().strip_prefix(folder)?.strip_prefix('/')?;
            Some((path, rest, file))
        })
    }
}

/// The folders of `dir` that are skills, with their prefixes.
fn skills_in(dir: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut skills: Vec<_> = std::fs::read_dir(dir)
        .with_context(|| format!("failed to list `{}`", dir.display()))?
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("SKILL.md").is_file())
        .map(|entry| (entry.path(), format!("skills/{}", entry.file_name().to_string_lossy())))
        .collect();
    skills.sort();
    Ok(skills)
}

fn has_frontmatter(file: &Path) -> bool {
    std::fs::read(file)
        .is_ok_and(|bytes| bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).starts_with(b"---"))
}

fn join(prefix: &str, below: &str) -> String {
    if below.is_empty() { prefix.to_owned() } else { format!("{prefix}/{below}") }
}

/// Files that file managers leave behind, and the one that keeps an empty folder in git.
fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini" | ".gitkeep")
}

fn is_ours(path: &RelPath) -> bool {
    let top = path.as_str().split('/').next().unwrap_or_default();
    top == "so.toml" || top == "schemas" || Kind::ALL.iter().any(|kind| kind.folder() == top)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKILL: &str = "---\ndescription: x\n---\nx\n";

    /// The paths of a tree made of `files`, and how many findings it has.
    fn load(files: &[(&str, &str)]) -> (Vec<String>, usize) {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in files {
            crate::fs::atomic_write(&home.path().join("top").join(path), text.as_bytes(), false).unwrap();
        }
        let mut findings = Findings::default();
        let tree = Tree::load(&home.path().join("top"), &mut findings).unwrap();
        (tree.files.keys().map(ToString::to_string).collect(), findings.sorted().len())
    }

    #[test]
    fn a_skill_may_have_folders_named_like_ours() {
        let (files, findings) =
            load(&[("SKILL.md", SKILL), ("rules/a.md", "x"), ("agents/openai.yaml", "x")]);
        assert_eq!(files, ["skills/top/SKILL.md", "skills/top/agents/openai.yaml", "skills/top/rules/a.md"]);
        assert_eq!(findings, 0);
    }

    #[test]
    fn a_skill_may_hold_skills() {
        let (files, findings) = load(&[("SKILL.md", SKILL), ("part/SKILL.md", SKILL)]);
        assert_eq!(files, ["skills/top/SKILL.md", "skills/top/part/SKILL.md"]);
        assert_eq!(findings, 0);
    }

    #[test]
    fn an_index_beside_folders_of_skills_is_none() {
        let (files, findings) =
            load(&[("SKILL.md", "# Index\n"), ("a/SKILL.md", SKILL), ("b/SKILL.md", SKILL)]);
        assert_eq!(files, ["skills/a/SKILL.md", "skills/b/SKILL.md"]);
        assert_eq!(findings, 1);
    }

    #[test]
    fn the_folders_of_a_tree_need_no_manifest() {
        assert_eq!(load(&[("rules/a.md", "x"), ("notes.md", "x")]).0, ["rules/a.md"]);
        assert_eq!(load(&[("skills/a/SKILL.md", SKILL), ("SKILL.md", SKILL)]).0, ["skills/a/SKILL.md"]);
    }
}
