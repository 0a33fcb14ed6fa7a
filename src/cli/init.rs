//! `so init`: what a project begins with.

use std::path::{Path, PathBuf};

use super::carry::Job;
use super::{Exit, place};
use crate::fs::read_optional;
use crate::install::disk::RealDisk;
use crate::install::fresh::{self, Fresh};
use crate::rel_path::RelPath;
use crate::session::config::{FILES, block, detect};
use crate::session::init::{self, Archetype, Tier, Wanted};
use crate::ui::Ui;

/// Begin a project: an instruction file that says how it is checked, and a skeleton where there is no code yet
///
/// Shows every file first and asks once. What stands there already stays; the block `## Session Config` is put behind the
/// instructions that are there. The files are yours from then on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How much: `standard` adds checks on every push, `deep` templates and decisions
    #[arg(long, value_enum, default_value_t)]
    tier: Tier,
    /// A skeleton of this kind [default: seen in the project, else none]
    #[arg(long, value_enum)]
    archetype: Option<Archetype>,
    /// Show the plan and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let roots = place::roots(project.clone(), &[])?;
    let wanted = wanted(&project, args);
    let plan = fresh::plan(files(&project, &wanted)?, &roots, &RealDisk)?;
    let mut after = Vec::new();
    if !project.join(".git").exists() {
        after.push("git init".to_owned());
    }
    if wanted.archetype.is_none() {
        after.push(
            "so init --archetype rust|python-uv|node|go|static-html, if you want a skeleton".to_owned(),
        );
    }
    after.push("next: so session start".to_owned());
    Job { dry_run: args.dry_run, after: &after, ..Job::new(&roots) }.carry_out_plan(ui, &plan)
}

fn wanted(project: &Path, args: &Args) -> Wanted {
    let seen = Archetype::ALL.into_iter().find(|archetype| project.join(archetype.sign()).exists());
    let config = std::fs::read_to_string(project.join(".git/config")).unwrap_or_default();
    let name = project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Wanted {
        name: init::plain_name(&name),
        tier: args.tier,
        // Code that is there is no place for a skeleton.
        skeleton: args.archetype.filter(|_| seen.is_none()),
        archetype: seen.or(args.archetype),
        elsewhere: config.contains("gitlab") || project.join(".gitlab-ci.yml").exists(),
    }
}

fn files(project: &Path, wanted: &Wanted) -> anyhow::Result<Vec<Fresh>> {
    let fresh =
        |path: &str, text: String, append| anyhow::Ok(Fresh { path: RelPath::new(path)?, text, append });
    let mut files = init::files(wanted)
        .into_iter()
        .map(|file| fresh(&file.path, file.text, None))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut texts = Vec::new();
    for file in FILES {
        texts.push((file, read_optional(&project.join(file))?));
    }
    let is_block = |text: &Vec<u8>| block::read(&String::from_utf8_lossy(text)).is_some();
    let block = init::block(&init::commands(wanted.skeleton, &detect::commands(project)));
    let there = texts.iter().find(|(_, text)| text.as_ref().is_some_and(is_block));
    // One that only points to the other is no place for it.
    let points = |text: &[u8]| String::from_utf8_lossy(text).trim() == init::pointer().trim();
    let own = texts.iter().find(|(_, text)| text.as_ref().is_some_and(|text| !points(text)));
    match (there, own) {
        (Some((file, _)), _) => files.push(fresh(file, String::new(), None)?),
        (None, Some((file, _))) => files.push(fresh(file, String::new(), Some(block))?),
        (None, None) => {
            files.push(fresh("AGENTS.md", init::instructions(wanted, &block), None)?);
            files.push(fresh("CLAUDE.md", init::pointer().to_owned(), None)?);
        }
    }
    Ok(files)
}
