//! What several commands share: loading a tree, the platforms, and showing findings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::vocabulary::Lines;
use super::who::UNASKED;
use crate::compile::artifact::ArtifactSet;
use crate::compile::loss::{self, Loss};
use crate::compile::model::{Plugin, Vocabulary};
use crate::compile::platform::emit::{self, Options, Unasked};
use crate::compile::platform::{Platform, Scope, Target};
use crate::compile::source::{self, tree::Tree};
use crate::diagnostic::{self, Findings, Severity};
use crate::embedded;
use crate::hook::checks;
use crate::ui::Ui;

/// A finding as JSON, with line and column.
pub(super) fn finding_json(finding: &diagnostic::Finding, text: Option<&str>) -> Value {
    let place = text.map(|text| diagnostic::line_column(text, finding.span.start));
    json!({
        "code": finding.code, "severity": finding.severity, "message": finding.message, "path": finding.path,
        "line": place.map(|(line, _)| line), "column": place.map(|(_, column)| column), "help": finding.help,
    })
}

/// A parsed tree with what is needed to compile and to explain it.
pub(super) struct Source {
    pub(super) tree: Tree,
    pub(super) plugin: Plugin,
    pub(super) findings: Findings,
    pub(super) platforms: &'static [Platform],
    lines: Lines,
}

impl Source {
    /// Loads and parses the tree in `dir`, or the one inside the binary.
    pub(super) fn load(dir: Option<&Path>) -> anyhow::Result<Self> {
        Self::load_on(dir, None)
    }

    /// As [`Source::load`]; with `today`, what is out of date is found too.
    pub(super) fn load_on(dir: Option<&Path>, today: Option<String>) -> anyhow::Result<Self> {
        let platforms = platforms()?;
        let mut findings = Findings::default();
        let tree = match dir {
            Some(dir) if !dir.exists() => {
                let message = format!("there is no source `{}`", dir.display());
                return Err(super::error::hinted(
                    message,
                    "name a directory with so.toml, skills/ or a SKILL.md",
                ));
            }
            Some(dir) => Tree::load(dir, &mut findings)?,
            None => Tree::embedded(embedded::files()),
        };
        let lines = Lines::new(dir.is_none());
        let parse = |vocabulary: &Vocabulary<'_>| source::parse(&tree, vocabulary, &mut findings);
        let plugin = with_vocabulary(&lines, today, parse);
        Ok(Self { tree, plugin, findings, platforms, lines })
    }

    /// Compiles for some targets at once.
    pub(super) fn emit(
        &mut self,
        targets: &[Target<'_>],
        bin: &str,
        packages: Option<PathBuf>,
        unasked: BTreeSet<String>,
    ) -> ArtifactSet {
        self.refuse_unprotected(targets);
        let templates = embedded::texts("templates");
        let unasked = Unasked { words: UNASKED, platforms: unasked };
        let options = Options { bin, packages, known: self.platforms, templates: &templates, unasked };
        with_vocabulary(&self.lines, None, |vocabulary| {
            emit::emit(&self.plugin, targets, &options, vocabulary, &mut self.findings)
        })
    }

    /// What some platforms do not get of the tree.
    pub(super) fn losses(&self, targets: &[(&Platform, Vec<Scope>)]) -> Vec<Loss> {
        loss::losses(&self.plugin, targets, self.platforms)
    }

    /// What protects and would be lost is an error, unless the tree has agreed to it.
    fn refuse_unprotected(&mut self, targets: &[Target<'_>]) {
        let everywhere: Vec<_> =
            targets.iter().map(|target| (target.platform, target.platform.scopes.clone())).collect();
        let mut losses = self.losses(&everywhere);
        losses.retain(|loss| {
            let here = |target: &Target<'_>| loss.scopes.is_empty() || loss.scopes.contains(&target.scope);
            targets.iter().any(|target| target.platform.id == loss.platform && here(target))
        });
        for finding in loss::unprotected(&losses, &self.plugin) {
            self.findings.push(finding);
        }
    }

    /// The text a finding is about.
    fn text(&self, path: &str) -> Option<&str> {
        self.tree.text(path)
    }

    /// Prints all findings to stderr; with `--json` they are part of the result instead.
    pub(super) fn show_findings(&self, ui: &Ui) {
        if ui.json {
            return;
        }
        for finding in self.findings.sorted() {
            ui.complain(&diagnostic::render(finding, self.text(&finding.path), ui.color_err()));
        }
    }

    /// All findings as JSON, with lines and columns.
    pub(super) fn findings_json(&self) -> Value {
        self.findings
            .sorted()
            .into_iter()
            .map(|finding| finding_json(finding, self.text(&finding.path)))
            .collect()
    }

    /// “2 errors, 1 warning”.
    pub(super) fn count(&self) -> String {
        let sorted = self.findings.sorted();
        let count = |severity| sorted.iter().filter(|finding| finding.severity == severity).count();
        format!(
            "{}, {}",
            plural(count(Severity::Error), "error"),
            plural(count(Severity::Warning), "warning")
        )
    }
}

/// “1 file”, “2 files”.
pub(super) fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// The platforms inside the binary, sorted by id.
pub(super) fn platforms() -> anyhow::Result<&'static [Platform]> {
    static PLATFORMS: OnceLock<anyhow::Result<Vec<Platform>>> = OnceLock::new();
    let parse = || {
        let files = embedded::texts("platforms");
        let of =
            |(name, text): (&str, &str)| name.strip_suffix(".json").map(|id| Platform::embedded(id, text));
        files.into_iter().filter_map(of).collect()
    };
    let platforms = PLATFORMS.get_or_init(parse);
    platforms.as_deref().map_err(|error| anyhow::anyhow!("{error:#}"))
}

/// The platforms called `ids`, or all of them.
pub(super) fn choose<'a>(platforms: &'a [Platform], ids: &[String]) -> anyhow::Result<Vec<&'a Platform>> {
    if ids.is_empty() {
        return Ok(platforms.iter().collect());
    }
    let known = || platforms.iter().map(|platform| platform.id.as_str()).collect::<Vec<_>>().join(", ");
    let find = |id: &String| {
        let found = platforms.iter().find(|platform| platform.id == *id);
        found.ok_or_else(|| {
            super::error::hinted(format!("there is no platform `{id}`"), format!("platforms: {}", known()))
        })
    };
    let mut chosen: Vec<&Platform> = ids.iter().map(find).collect::<anyhow::Result<_>>()?;
    chosen.sort_by(|a, b| a.id.cmp(&b.id));
    chosen.dedup_by(|a, b| a.id == b.id);
    Ok(chosen)
}

/// Work that compiles trees of its own.
pub(super) fn with_words<T>(work: impl FnOnce(&Vocabulary<'_>) -> T) -> T {
    with_vocabulary(&Lines::default(), None, work)
}

fn with_vocabulary<T>(lines: &Lines, today: Option<String>, work: impl FnOnce(&Vocabulary<'_>) -> T) -> T {
    work(&Vocabulary { checks: &checks::names(), today, so_line: &|line| lines.so_line(line) })
}
