//! A plan carried out: file by file, the index last.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use git2::Oid;

use super::decide::Work;
use super::index;
use super::restore::{Act, Kept, Step};
use super::write::{Content, Writer};
use crate::git;

impl Work<'_> {
    /// Deletions first, because they make way; the index last. What fails is named and the rest is done.
    pub(super) fn carry_out(self) -> anyhow::Result<Vec<Kept>> {
        let temporary = self.store.repo.path().join("so").join("undo");
        let writer =
            Writer::new(&self.store.root, temporary).context("failed to write beside the repository")?;
        let mut failed = Vec::new();
        let mut written = BTreeMap::new();
        for step in &self.plan.steps {
            let done = match step.act {
                Act::Delete => writer.take(&step.raw),
                Act::Permit => {
                    writer.permit(&step.raw, self.then.notes.modes.get(&step.raw).copied().unwrap_or(0o644))
                }
                Act::Create | Act::Overwrite => self.put(&writer, step).map(|meta| {
                    written.insert(step.raw.clone(), meta);
                }),
            };
            if let Err(error) = done {
                failed.push(Kept { path: step.path.clone(), why: error.to_string() });
            }
        }
        index::restore(&self.store.repo, &self.store.root, &self.then, &self.index, &written)?;
        Ok(failed)
    }

    fn put(&self, writer: &Writer, step: &Step) -> std::io::Result<std::fs::Metadata> {
        let Some((id, mode)) = step.entry else {
            return Err(std::io::Error::other("the snapshot is broken"));
        };
        let bytes = if self.then.notes.filtered.contains(&step.raw) {
            smudged(&self.store.root, id, &step.raw)?
        } else {
            let blob = self.store.repo.find_blob(id).map_err(std::io::Error::other)?;
            blob.content().to_vec()
        };
        let permissions = self.then.notes.modes.get(&step.raw).copied();
        writer.put(&step.raw, &Content { bytes: &bytes, mode, permissions })
    }
}

/// A file as git would check it out: with the line ends and large files that the person's settings say.
fn smudged(root: &Path, id: Oid, path: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut name = std::ffi::OsString::from("--path=");
    name.push(git::path(path));
    let output = git::command(root).args(["cat-file", "--filters"]).arg(name).arg(id.to_string()).output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(std::io::Error::other(format!("git cannot make it: {}", said.lines().next().unwrap_or_default())))
}
