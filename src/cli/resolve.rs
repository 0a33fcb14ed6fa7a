//! `so resolve`: the person decides a conflict that an install or an upgrade left to them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::carry::{self, Job};
use super::error::hinted;
use super::installed::{self, Compiled};
use super::{Exit, place, source};
use crate::compile::artifact::{Content, Place};
use crate::install::base::{self, Store};
use crate::install::disk::RealDisk;
use crate::install::lock::Locks;
use crate::install::merge::Fate;
use crate::install::plan::{self, Answer, Request, Step};
use crate::install::target::Roots;
use crate::install::three_way;
use crate::ui::{Ui, WARN};

/// Decide a conflict: your text, the new one, or one that you make of both
///
/// Without FILE: lists what is left to decide.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file, as `so upgrade` names it, or its path
    #[arg(value_name = "FILE")]
    file: Option<String>,
    /// Yours stays; later versions are merged into it
    #[arg(long, group = "side", requires = "file")]
    mine: bool,
    /// The new text replaces yours; `so rollback` brings yours back
    #[arg(long, group = "side", requires = "file")]
    new: bool,
    /// Opens both in $VISUAL or $EDITOR, with markers where they differ
    #[arg(long, group = "side", requires = "file")]
    edit: bool,
}

/// A conflict, with the source that it is about.
struct Open<'a> {
    compiled: &'a Compiled,
    step: Step,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let platforms = source::platforms()?;
    let roots = place::roots(place::project(project.map(PathBuf::as_path))?, platforms)?;
    carry::recover(ui, &roots)?;
    let locks = Locks::load(&roots, &RealDisk)?;
    let installed = installed::all(&locks, &roots, platforms);
    let compiled: Vec<Compiled> =
        installed.iter().map(|one| one.compile(None, platforms, &roots)).collect::<anyhow::Result<_>>()?;
    let mut open = Vec::new();
    for compiled in &compiled {
        let plan = plan::plan(&compiled.request(), &locks, &roots, &RealDisk)?;
        open.extend(plan.conflicts().cloned().map(|step| Open { compiled, step }));
    }
    let Some(file) = &args.file else { return Ok(list(ui, &open)) };
    let Some(found) = open.iter().find(|open| is_named(&open.step, file)) else {
        list(ui, &open);
        return Err(hinted(format!("there is no conflict at `{file}`"), "so resolve lists what is left"));
    };
    let Some(answer) = found.answer(ui, args, &roots, &locks)? else { return Ok(Exit::Conflicts) };
    let (sure, is_new) = (answer == Answer::Mine || args.edit, answer == Answer::New);
    let request = Request {
        answers: [(found.step.place.clone(), answer)].into(),
        only: Some([found.step.place.clone()].into()),
        ..found.compiled.request_for_none()
    };
    let left = plan::plan(&request, &locks, &roots, &RealDisk)?;
    let exit = Job { question: "Write this?", sure, ..Job::new(&roots) }.carry_out(ui, request)?;
    if is_new {
        left.conflicts().for_each(|step| foreign(ui, step));
    }
    Ok(exit)
}

/// What the person wrote, and we never did, is not replaced whatever they say here: an uninstall could not bring it back.
fn foreign(ui: &Ui, step: &Step) {
    for note in step.notes.iter().filter(|note| note.fate == Fate::Conflict) {
        let at = format!("`{}` in {}", note.what, step.place);
        ui.note(&format!("{at} is yours, and so never replaces it: change it by hand, or take --mine"));
    }
}

fn list(ui: &Ui, open: &[Open<'_>]) -> Exit {
    if ui.json {
        let steps: Vec<_> = open.iter().map(|open| &open.step).collect();
        ui.result(true, json!({"conflicts": steps}));
    } else if open.is_empty() {
        ui.say("no conflicts");
    }
    for Open { step, .. } in open {
        ui.say(&format!("{} {}: {}", ui.paint(WARN, "conflict"), step.place, step.reason));
        for note in &step.notes {
            if let Some(why) = &note.why {
                ui.say(&format!("  {}: {why}", note.what));
            }
        }
    }
    Exit::Done
}

/// Whether the person means this one: by its place, or by its path.
pub(super) fn is_named(step: &Step, file: &str) -> bool {
    step.place.to_string() == file || Path::new(file).canonicalize().is_ok_and(|path| path == step.path)
}

impl Open<'_> {
    /// What the person says; `None` when they have not said it yet.
    fn answer(&self, ui: &Ui, args: &Args, roots: &Roots, locks: &Locks) -> anyhow::Result<Option<Answer>> {
        let side = match (args.mine, args.new, args.edit) {
            (true, ..) => 0,
            (_, true, _) => 1,
            (.., true) => 2,
            _ => match ui.choose("Which text?", &["mine", "new", "edit both", "decide later"])? {
                Some(side) => side,
                None => return Err(hinted("which text?", "name one: --mine, --new or --edit")),
            },
        };
        match side {
            0 => Ok(Some(Answer::Mine)),
            1 => Ok(Some(Answer::New)),
            2 => self.edit(ui, roots, locks),
            _ => Ok(None),
        }
    }

    /// Both texts in the person's editor.
    fn edit(&self, ui: &Ui, roots: &Roots, locks: &Locks) -> anyhow::Result<Option<Answer>> {
        let place = &self.step.place;
        let (Some(Content::File { bytes: new, .. }), Some(mine)) =
            (self.compiled.want.get(place).map(|artifact| &artifact.content), &self.step.before)
        else {
            return Err(hinted(
                format!("only keys of `{place}` are in conflict"),
                "edit it by hand, or take --mine",
            ));
        };
        let base = written(place, &self.compiled.lock_source().name, roots, locks)?.unwrap_or_default();
        let text =
            three_way::with_markers(&base, mine, new).context("it is not text: take --mine or --new")?;
        let name = place.path.file_name();
        let file = tempfile::Builder::new().suffix(&format!("-{name}")).tempfile()?;
        crate::fs::replace(file.path(), text.as_bytes(), false)?;
        open_editor(file.path())?;
        let text = crate::fs::read_text(file.path())?;
        if text
            .lines()
            .any(|line| ["<<<<<<< ", "||||||| ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)))
        {
            let (_, path) = file.keep()?;
            ui.note(&format!(
                "markers are left; nothing was written. What you have stands in {}",
                path.display()
            ));
            return Ok(None);
        }
        Ok(Some(Answer::Text(text.into_bytes())))
    }
}

/// What was written last at `place`, if it is known.
pub(super) fn written(
    place: &Place,
    source: &str,
    roots: &Roots,
    locks: &Locks,
) -> anyhow::Result<Option<Vec<u8>>> {
    let entry = locks.both().find_map(|lock| lock.sources.get(source)?.files.get(place));
    let (Some(entry), Some(dir)) = (entry, roots.own_dir(place.root)) else { return Ok(None) };
    Store::open(dir.join(base::DIR), &RealDisk)?.read(&entry.sha256, &RealDisk)
}

fn open_editor(file: &Path) -> anyhow::Result<()> {
    let editor =
        crate::env::var("VISUAL").or_else(|| crate::env::var("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = std::process::Command::new(program)
        .args(words)
        .arg(file)
        .status()
        .with_context(|| format!("failed to start the editor `{editor}`"))?;
    anyhow::ensure!(status.success(), "the editor `{editor}` ended with {status}; nothing was written");
    Ok(())
}
