//! `so import`: a canonical tree out of the files that a client reads in a project.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::Exit;
use super::error::hinted;
use super::source::{Source, choose, platforms, plural};
use crate::compile::import::{self, Compiler, Imported};
use crate::embedded;
use crate::fs::atomic_write;
use crate::ui::{DIM, GOOD, Ui, WARN};

/// Turn the files that a client reads in a project into a tree that passes `so check`
///
/// Skills go over byte for byte; commands, prompts, agents, rules, styles, hooks and MCP servers become items of the
/// tree. What does not come back, or not the same, is listed with the reason. Nothing is changed in DIR, nothing of it
/// is run, links are not followed, and the tree is written into a directory that is new or empty.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose files to read
    #[arg(long, value_name = "PLATFORM")]
    from: String,
    /// The project
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where to write the tree
    #[arg(long, value_name = "DIR", default_value = "imported")]
    out: PathBuf,
}

pub(super) fn run(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    let known = platforms()?;
    let platform =
        choose(known, std::slice::from_ref(&args.from))?.into_iter().next().context("no platform")?;
    if !args.dir.is_dir() {
        return Err(hinted(
            format!("`{}` is not a directory", args.dir.display()),
            "name the project to read",
        ));
    }
    refuse_what_is_there(&args.out)?;
    let found = import::read(&args.dir, &platform.import)?;
    let name = args
        .dir
        .canonicalize()?
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let sketch = import::sketch(found, platform);
    let templates = embedded::texts("templates");
    let imported = super::source::with_words(|vocabulary| {
        import::settle(sketch, &name, platform, &Compiler { known, templates: &templates, vocabulary })
    });
    if imported.files.len() < 2 && !says_more_than_its_head(&imported) {
        show_notes(ui, &imported);
        let message = format!("no file of {} in `{}` can become an item", platform.title, args.dir.display());
        return Err(hinted(message, format!("so import reads {}", sources(&platform.import).join(", "))));
    }
    if let Some(error) = imported.errors.first() {
        let message = format!("the tree would have errors, so nothing was written: {error}");
        return Err(hinted(message, "mend that file, or move it away"));
    }
    write(&args.out, &imported)?;
    let source = Source::load(Some(&args.out))?;
    if ui.json {
        let files: Vec<_> = imported.files.keys().collect();
        ui.result(
            true,
            json!({"out": args.out, "files": files, "origins": origins(&imported), "notes": imported.notes, "items": source.plugin.items.len()}),
        );
        return Ok(Exit::Done);
    }
    for (path, origin) in &imported.origins {
        ui.say(&format!("{} {path} {}", ui.paint(GOOD, "created"), ui.paint(DIM, &format!("from {origin}"))));
    }
    ui.say(&format!("{} so.toml", ui.paint(GOOD, "created")));
    show_notes(ui, &imported);
    let items = plural(source.plugin.items.len(), "item");
    ui.say(&format!(
        "{items} in {}; next: so check --source {0}, then so build --source {0}",
        args.out.display()
    ));
    Ok(Exit::Done)
}

fn says_more_than_its_head(imported: &Imported) -> bool {
    let head = imported.files.iter().find(|(path, _)| path.as_str() == "so.toml");
    let text = head.map(|(_, file)| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default();
    text.contains("[hooks]") || text.contains("[mcp.")
}

fn sources(rows: &[crate::compile::platform::Incoming]) -> Vec<&str> {
    rows.iter().filter(|row| row.why.is_empty()).map(|row| row.from.as_str()).collect()
}

fn origins(imported: &Imported) -> serde_json::Map<String, serde_json::Value> {
    imported.origins.iter().map(|(path, origin)| (path.as_str().to_owned(), json!(origin))).collect()
}

fn show_notes(ui: &Ui, imported: &Imported) {
    if imported.notes.is_empty() {
        return;
    }
    ui.say("");
    for note in &imported.notes {
        let place = crate::plain::line(&note.path, 120);
        let what = crate::plain::line(&note.what, 120);
        ui.say(&format!(
            "{} {place}: {what}: {}",
            ui.paint(WARN, "note"),
            crate::plain::line(&note.why, 300)
        ));
    }
    ui.say("");
}

/// A directory that holds something is somebody's.
fn refuse_what_is_there(out: &Path) -> anyhow::Result<()> {
    let there = match std::fs::symlink_metadata(out) {
        Ok(meta) if meta.is_dir() => std::fs::read_dir(out)?.next().is_some(),
        Ok(_) => true,
        Err(_) => false,
    };
    if there {
        return Err(hinted(
            format!("`{}` is there already", out.display()),
            "name another directory with --out",
        ));
    }
    Ok(())
}

/// All of it, or nothing: written beside the place and renamed into it.
fn write(out: &Path, imported: &Imported) -> anyhow::Result<()> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("failed to create `{}`", parent.display()))?;
    let beside = tempfile::Builder::new()
        .prefix(".so-import-")
        .tempdir_in(parent)
        .with_context(|| format!("failed to write into `{}`", parent.display()))?;
    let staged = beside.path().join("tree");
    for (path, file) in &imported.files {
        atomic_write(&path.below(&staged), &file.bytes, file.executable)?;
    }
    let _ = std::fs::remove_dir(out); // An empty directory; any other stops the rename.
    std::fs::rename(&staged, out).with_context(|| format!("failed to create `{}`", out.display()))
}
