//! `so build`: the files of each platform, in a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::Exit;
use super::error::hinted;
use super::source::{Source, choose, plural};
use crate::compile::artifact::{ArtifactSet, Content, Place, Root};
use crate::compile::platform::{Scope, Target};
use crate::fs::{read_optional, replace};
use crate::install::merge;
use crate::rel_path::RelPath;
use crate::ui::Ui;

/// Compile a source tree into the files of each platform
///
/// Writes DIR/<platform>/…; files that belong below the home directory stand in DIR/<platform>/home/. The same tree
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

/// A file of a build: its bytes and whether it may be run.
type File = (Vec<u8>, bool);

pub(super) fn run(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    let mut source = Source::load(args.source.as_deref())?;
    let all = source.platforms.clone();
    let chosen = choose(&all, &args.platform)?;
    let mut files = BTreeMap::new();
    for platform in &chosen {
        let scope = args.scope.map_or_else(|| platform.default_scope(), Scope::from);
        let set = source.emit(&[Target { platform, scope }], "so", None);
        files.extend(lay_out(&platform.id, &set)?);
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
    let made = Made::load(&args.out)?;
    let stale = stale_files(&args.out, &ids, &files)?;
    if args.check {
        return check(ui, &args.out, &files, &stale);
    }
    refuse_foreign(&args.out, &files, &made)?;
    let (stale, foreign): (Vec<_>, Vec<_>) = stale.into_iter().partition(|path| made.has(path));
    let written = write(&args.out, &files, &stale, made)?;
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

/// The artifacts as files below the output directory; edits show what they make of an empty file.
fn lay_out(platform: &str, set: &ArtifactSet) -> anyhow::Result<BTreeMap<String, File>> {
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
fn stale_files(
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
struct Made {
    schema: u32,
    files: BTreeSet<String>,
}

impl Made {
    fn load(out: &Path) -> anyhow::Result<Self> {
        let path = out.join(MADE);
        let Some(bytes) = read_optional(&path)? else {
            return Ok(Self { schema: 1, files: BTreeSet::new() });
        };
        let unreadable = || {
            let message =
                format!("`{}` is not the list of a build that this version can read", path.display());
            hinted(message, "delete it; files that a build made before then have to be deleted by you")
        };
        let made: Self = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
        let safe = made.files.iter().all(|file| RelPath::new(file.as_str()).is_ok());
        if made.schema == 1 && safe { Ok(made) } else { Err(unreadable()) }
    }

    fn has(&self, path: &str) -> bool {
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
fn refuse_foreign(out: &Path, files: &BTreeMap<String, File>, made: &Made) -> anyhow::Result<()> {
    for (path, (bytes, _)) in files.iter().filter(|(path, _)| !made.has(path)) {
        let file = out.join(path);
        if read_optional(&file)?.is_some_and(|there| there != *bytes) {
            let message = format!("`{}` is there, and no build made it; nothing was written", file.display());
            return Err(hinted(message, "write elsewhere with --out, or move the file away"));
        }
    }
    Ok(())
}

/// Writes and removes; what is recorded is at every moment at least what was made.
fn write(
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
        if read_optional(&file)?.as_deref() != Some(bytes) {
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

fn check(ui: &Ui, out: &Path, files: &BTreeMap<String, File>, stale: &[String]) -> anyhow::Result<Exit> {
    let mut text = String::new();
    let mut changed: Vec<String> = Vec::new();
    for (path, (bytes, _)) in files {
        let there = read_optional(&out.join(path))?;
        if there.as_deref() != Some(bytes) {
            changed.push(path.clone());
            let old = String::from_utf8_lossy(there.as_deref().unwrap_or_default()).into_owned();
            let new = String::from_utf8_lossy(bytes);
            let from =
                if there.is_some() { format!("{}/{path}", out.display()) } else { "/dev/null".to_owned() };
            let diff = similar::TextDiff::from_lines(old.as_str(), new.as_ref());
            let _ = write!(text, "{}", diff.unified_diff().header(&from, path));
        }
    }
    for path in stale {
        let _ = writeln!(text, "{}/{path} is not part of the build", out.display());
    }
    changed.extend(stale.iter().cloned());
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
