//! `so build`: the files of each platform, in a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Exit;
use super::error::hinted;
use super::package::{self, Packaging};
use super::source::{Source, choose, plural};
use crate::compile::platform::{Scope, Target};
use crate::install::dist::{self, DistError, File, Made};
use crate::ui::Ui;

/// Compile a source tree into the files of each platform
///
/// Writes DIR/PLATFORM/…; files that belong below the home directory stand in DIR/PLATFORM/home/. The same tree
/// gives the same bytes on every machine. Nothing is written when a finding is an error. What earlier builds made is
/// listed in DIR/.so-build.json; only that is replaced or removed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The tree [default: the one inside this program]
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// Only these platforms
    #[arg(long, value_name = "PLATFORM")]
    platform: Vec<String>,
    /// For one person or for everybody who clones the project [default: each platform's own way]
    #[arg(long, value_enum)]
    scope: Option<ScopeArg>,
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// Write nothing; exit 1 and show the difference when DIR is not what would be written
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    packaging: Packaging,
}

/// A scope that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ScopeArg {
    /// One person, in all projects
    User,
    /// Everybody who clones the project
    Project,
}

impl From<ScopeArg> for Scope {
    fn from(arg: ScopeArg) -> Self {
        match arg {
            ScopeArg::User => Self::User,
            ScopeArg::Project => Self::Project,
        }
    }
}

pub(super) fn run(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    if args.packaging.package {
        return packages(ui, args);
    }
    let mut source = Source::load(args.source.as_deref())?;
    let all = source.platforms;
    let chosen = choose(all, &args.platform)?;
    let mut files = BTreeMap::new();
    for platform in &chosen {
        let scope = args.scope.map_or_else(|| platform.default_scope(), Scope::from);
        let set = source.emit(&[Target { platform, scope }], "so", None, BTreeSet::new());
        files.extend(dist::lay_out(&platform.id, &set)?);
    }
    source.show_findings(ui);
    if source.findings.has_errors() {
        if ui.json {
            ui.result(false, json!({"findings": source.findings_json()}));
        }
        ui.note(&format!("{}; nothing was written", source.count()));
        return Ok(Exit::Findings);
    }
    let ids: Vec<&str> = chosen.iter().map(|platform| platform.id.as_str()).collect();
    let made = Made::load(&args.out).map_err(advise)?;
    let stale = dist::stale_files(&args.out, &ids, &files)?;
    if args.check {
        return check(ui, &args.out, &files, &stale);
    }
    dist::refuse_foreign(&args.out, &files, &made).map_err(advise)?;
    let (stale, foreign): (Vec<_>, Vec<_>) = stale.into_iter().partition(|path| made.has(path));
    let written = dist::write(&args.out, &files, &stale, made)?;
    for path in &foreign {
        ui.note(&format!("{}/{path} stays: no build made it", args.out.display()));
    }
    if ui.json {
        let list: Vec<_> = files.keys().collect();
        ui.result(
            true,
            json!({"out": args.out, "files": list, "written": written, "findings": source.findings_json()}),
        );
    } else {
        let platforms = chosen.iter().map(|platform| platform.title.as_str()).collect::<Vec<_>>().join(", ");
        let total = plural(files.len(), "file");
        ui.say(&format!("{total} for {platforms} in {}, {written} changed", args.out.display()));
    }
    Ok(Exit::Done)
}

/// The packages of a release instead of a tree.
fn packages(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    let files = package::files(&args.packaging)?;
    let made = Made::load(&args.out).map_err(advise)?;
    let stale = dist::stale_files(&args.out, &package::ROOMS, &files)?;
    if args.check {
        return check(ui, &args.out, &files, &stale);
    }
    dist::refuse_foreign(&args.out, &files, &made).map_err(advise)?;
    let stale: Vec<_> = stale.into_iter().filter(|path| made.has(path)).collect();
    let written = dist::write(&args.out, &files, &stale, made)?;
    if ui.json {
        let list: Vec<_> = files.keys().collect();
        ui.result(true, json!({"out": args.out, "files": list, "written": written}));
        return Ok(Exit::Done);
    }
    for path in files.keys().filter(|path| path.starts_with("release/")) {
        ui.say(path);
    }
    let total = plural(files.len(), "file");
    ui.say(&format!("{total} in {}, {written} changed; see docs/packages.md", args.out.display()));
    Ok(Exit::Done)
}

/// The wing's error with its advice.
fn advise(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<DistError>() {
        Ok(error) => hinted(error.to_string(), error.hint()),
        Err(error) => error,
    }
}

fn check(ui: &Ui, out: &Path, files: &BTreeMap<String, File>, stale: &[String]) -> anyhow::Result<Exit> {
    let (changed, text) = dist::differences(out, files, stale)?;
    if ui.json {
        ui.result(changed.is_empty(), json!({"out": out, "stale": changed}));
    } else if changed.is_empty() {
        ui.say(&format!("{} is what this tree compiles to", out.display()));
    } else {
        ui.print(&text);
        ui.note(&format!(
            "{} in {} differ; `so build` writes them",
            plural(changed.len(), "file"),
            out.display()
        ));
    }
    Ok(if changed.is_empty() { Exit::Done } else { Exit::Findings })
}
