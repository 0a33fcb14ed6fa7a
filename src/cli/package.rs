//! `so build --package`: the packages of a release.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context as _;

use super::error::hinted;
use super::source::{Source, platforms};
use crate::compile::artifact::{Content, Root};
use crate::compile::platform::{Scope, Target};
use crate::embedded;
use crate::install::dist;
use crate::package::{self, Parts};

/// The directories below the output that packages have for themselves.
pub(super) const ROOMS: [&str; 4] = ["action", "marketplace", "npm", "release"];
/// The largest program that is taken.
const MAX_PROGRAM: u64 = 256 << 20;

/// What the person says about packages.
#[derive(Debug, clap::Args)]
pub(super) struct Packaging {
    /// Make the packages of a release instead: archives with their sums, an installer, npm packages, marketplaces
    /// for Claude Code and Codex, a GitHub Action, completions, manual pages and a list of what is inside
    #[arg(long, conflicts_with_all = ["source", "platform", "scope"])]
    pub(super) package: bool,
    /// A static program to package; can be repeated, each with its --target [default: this one]
    #[arg(long, value_name = "PATH", requires = "package", requires = "target")]
    binary: Vec<PathBuf>,
    /// The target that a --binary was built for
    #[arg(long, value_name = "TRIPLE", requires = "package", requires = "binary")]
    target: Vec<String>,
    /// Where the archives will be fetched from
    #[arg(long, value_name = "URL", requires = "package", default_value = "")]
    base_url: String,
}

/// All packages by path below the output directory.
pub(super) fn files(args: &Packaging) -> anyhow::Result<BTreeMap<String, dist::File>> {
    if args.base_url.contains(['\'', '"', '\\', '`', '$', '\n'])
        || args.base_url.contains(char::is_whitespace)
    {
        return Err(hinted(
            format!("`{}` is not an address", args.base_url),
            "for example --base-url https://…",
        ));
    }
    let source = Source::load(None)?;
    let description = source.plugin.manifest.description.clone();
    let parts = Parts {
        name: env!("CARGO_PKG_NAME"),
        bin: "so",
        version: env!("CARGO_PKG_VERSION"),
        description: &description,
        license: env!("CARGO_PKG_LICENSE"),
        base_url: args.base_url.trim_end_matches('/'),
        binaries: binaries(args)?,
        extras: extras()?,
        text: embedded::text,
    };
    let mut files = package::assemble(&parts)?;
    files.extend(marketplaces(source)?);
    Ok(files)
}

fn binaries(args: &Packaging) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    if args.binary.len() != args.target.len() {
        return Err(hinted(
            "each --binary has one --target",
            "so build --package --binary PATH --target TRIPLE",
        ));
    }
    let own = (
        std::env::current_exe().context("this program does not know where it is")?,
        env!("SO_TARGET").to_owned(),
    );
    let given: Vec<_> = args.binary.iter().cloned().zip(args.target.iter().cloned()).collect();
    let mut binaries = BTreeMap::new();
    let table = embedded::text("templates/package/files.toml").unwrap_or_default();
    let known = package::known_targets(table)?;
    for (path, triple) in if given.is_empty() { vec![own] } else { given } {
        if !known.contains(&triple) {
            return Err(hinted(
                format!("there is no target `{triple}`"),
                format!("known: {}", known.join(", ")),
            ));
        }
        let size = path.metadata().with_context(|| format!("failed to read `{}`", path.display()))?.len();
        anyhow::ensure!(
            size <= MAX_PROGRAM,
            "`{}` has {size} bytes; at most {MAX_PROGRAM} are taken",
            path.display()
        );
        let bytes = std::fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        if binaries.insert(triple.clone(), bytes).is_some() {
            return Err(hinted(format!("there are two programs for `{triple}`"), "name each target once"));
        }
    }
    Ok(binaries)
}

/// Completions and manual pages, out of the command line itself.
fn extras() -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    use clap_complete::Generator as _;
    use clap_complete::Shell::{Bash, Elvish, Fish, PowerShell, Zsh};
    let mut files = BTreeMap::new();
    for shell in [Bash, Elvish, Fish, PowerShell, Zsh] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut super::command(), "so", &mut text);
        files.insert(format!("completions/{}", shell.file_name("so")), text);
    }
    let mut command = super::command();
    command.build();
    manuals(&command, &mut files)?;
    Ok(files)
}

fn manuals(command: &clap::Command, files: &mut BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    files.insert(format!("man/{name}.1"), text);
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        manuals(below, files)?;
    }
    Ok(())
}

/// One directory for each client that takes plugins out of a clone.
fn marketplaces(mut source: Source) -> anyhow::Result<BTreeMap<String, dist::File>> {
    let mut files = BTreeMap::new();
    for platform in platforms()? {
        let Some(platform) = platform.in_marketplace() else { continue };
        let set =
            source.emit(&[Target { platform: &platform, scope: Scope::User }], "so", None, BTreeSet::new());
        anyhow::ensure!(!source.findings.has_errors(), "the built-in tree has errors on {}", platform.title);
        for (place, artifact) in set.iter().filter(|(place, _)| place.root == Root::Package) {
            if let Content::File { bytes, executable } = &artifact.content {
                let path = format!("marketplace/{}/{}", platform.id, place.path);
                files.insert(path, (bytes.clone(), *executable));
            }
        }
    }
    Ok(files)
}
