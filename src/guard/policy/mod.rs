//! Policies: what a person or a project adds to the rules of the program, and what they make stricter.
//!
//! Three layers, each only adding to the one before: the rules in this program, the person's overlays, the project's.
//! Overlays are read on every call; nothing compiled is kept where an agent could write. A broken overlay takes nothing
//! away: what is right in it and everything else stays in force, and its findings say what is wrong.

mod disk;
mod file;
mod original;
mod packs;
mod pattern;
pub mod proposal;

use std::path::Path;

pub use disk::is_overlay;
pub use file::{File, Level, Rule, Tighten};
pub use packs::{Pack, names as pack_names};

use super::rules as floor;
use super::see_through;
use super::verdict::{About, Origin};
use super::{Call, Decision};
use crate::diagnostic::Finding;
use crate::suggest::nearest;

/// Who has written an overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The person, for all projects.
    User,
    /// The team, for this project.
    Project,
}

/// One overlay.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// As people know it.
    pub path: String,
    /// Whose it is.
    pub layer: Layer,
    /// What is right in it.
    pub file: File,
    /// What is wrong in it.
    pub findings: Vec<Finding>,
    /// Its text, kept to show findings with.
    pub text: String,
}

impl Overlay {
    /// A finding in one line: `guard.yaml:4: unknown key …`.
    pub fn told(&self, finding: &Finding) -> String {
        let (line, _) = crate::diagnostic::line_column(&self.text, finding.span.start);
        format!("{}:{line}: {}", self.path, finding.message)
    }
}

/// Everything beside the rules of the program.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The person's, then the project's, each by name.
    pub overlays: Vec<Overlay>,
    /// The packs that are switched on.
    pub packs: Vec<Pack>,
}

impl Policy {
    /// Reads the overlays in `policy/` of the person's configuration directory and in `.orchestrator/policy/` of the
    /// project.
    pub fn load(config: Option<&Path>, project: Option<&Path>) -> Self {
        let mut overlays = Vec::new();
        if let Some(config) = config {
            let dir = config.join("policy");
            disk::read(&dir, &dir.display().to_string(), Layer::User, &mut overlays);
        }
        if let Some(project) = project {
            disk::read(&project.join(PROJECT), PROJECT, Layer::Project, &mut overlays);
        }
        Self::of(overlays)
    }

    fn of(overlays: Vec<Overlay>) -> Self {
        let mut packs: Vec<Pack> = Vec::new();
        for overlay in &overlays {
            for name in &overlay.file.packs {
                if packs.iter().all(|pack| pack.name != *name) {
                    packs.extend(Pack::new(name, &overlay.path));
                }
            }
        }
        Self { overlays, packs }
    }

    /// One overlay that is not on the disk.
    pub fn of_text(path: &str, layer: Layer, text: &str) -> Self {
        Self::of(vec![disk::overlay(path, layer, text.to_owned())])
    }

    /// `new` as it is beside the others, with what is wrong in it.
    pub fn with(self, new: Overlay) -> Overlay {
        let path = new.path.clone();
        let all: Vec<_> = self.overlays.into_iter().chain([new.clone()]).collect();
        let checked = Self::of(all).checked().overlays.into_iter().find(|overlay| overlay.path == path);
        checked.unwrap_or(new)
    }

    /// Everything that is wrong in the overlays.
    pub fn findings(&self) -> impl Iterator<Item = (&Overlay, &Finding)> {
        self.overlays
            .iter()
            .flat_map(|overlay| overlay.findings.iter().map(move |finding| (overlay, finding)))
    }

    /// Also finds what takes all files together to see: rules made stricter that do not exist.
    #[must_use]
    pub fn checked(mut self) -> Self {
        let own = self.overlays.iter().flat_map(|overlay| &overlay.file.rules);
        let packed = self.packs.iter().flat_map(|pack| &pack.file().rules);
        let mut known: Vec<String> = own.chain(packed).map(|rule| rule.name.clone()).collect();
        known.extend(floor::ALL.iter().map(|rule| rule.name.to_owned()));
        for overlay in &mut self.overlays {
            for tighten in overlay.file.tighten.iter().filter(|tighten| !known.contains(&tighten.rule)) {
                let line =
                    overlay.text.split_inclusive('\n').take(tighten.line - 1).map(str::len).sum::<usize>();
                let at =
                    overlay.text.get(line..).and_then(|rest| rest.find(&tighten.rule)).unwrap_or_default();
                let message = format!("there is no rule `{}` in force", tighten.rule);
                let help = match nearest(&tighten.rule, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`so guard rules` lists them; a pack must be switched on first".to_owned(),
                };
                let span = line + at..line + at + tighten.rule.len();
                overlay
                    .findings
                    .push(Finding::error("unknown-rule", &overlay.path, message).at(span).help(help));
            }
        }
        self
    }

    /// All rules of overlays and packs.
    pub fn rules(&self) -> Vec<About> {
        let own = self.overlays.iter().flat_map(|overlay| {
            let origin = |rule: &Rule| Origin::Overlay { path: overlay.path.clone(), line: rule.line };
            overlay.file.rules.iter().map(move |rule| rule.about(origin(rule)))
        });
        let packed = self.packs.iter().flat_map(|pack| {
            let origin = Origin::Pack { name: pack.name.clone(), by: pack.by.clone() };
            pack.file().rules.iter().map(move |rule| rule.about(origin.clone()))
        });
        own.chain(packed).collect()
    }

    /// Rules of overlays and packs that have something against a command.
    pub(super) fn judge(&self, call: &Call<'_>) -> Vec<(About, Level)> {
        let mut found = Vec::new();
        if self.overlays.is_empty() {
            return found;
        }
        self.against(call.name, call.args, &mut found);
        // `bash deploy.sh prod` is `deploy.sh prod`.
        if see_through::runs_files(call.name)
            && let Some((at, script)) =
                call.args.iter().enumerate().find(|(_, arg)| !arg.text.starts_with('-'))
        {
            let args = call.args.get(at + 1..).unwrap_or_default();
            self.against(super::program(&script.text), args, &mut found);
        }
        found
    }

    fn against(&self, name: &str, args: &[super::Arg], found: &mut Vec<(About, Level)>) {
        for overlay in &self.overlays {
            for rule in overlay.file.rules.iter().filter(|rule| rule.is_against(name, args)) {
                let origin = Origin::Overlay { path: overlay.path.clone(), line: rule.line };
                found.push((rule.about(origin), rule.level));
            }
        }
        for pack in self.packs.iter().filter(|pack| pack.is_about(name)) {
            for rule in pack.file().rules.iter().filter(|rule| rule.is_against(name, args)) {
                let origin = Origin::Pack { name: pack.name.clone(), by: pack.by.clone() };
                found.push((rule.about(origin), rule.level));
            }
        }
    }

    /// The strictest level that an overlay sets for a rule, and where.
    pub(super) fn tightened(&self, rule: &str) -> Option<(Decision, String)> {
        let of = |overlay: &Overlay, tighten: &Tighten| {
            (tighten.to.decision(), format!("{}:{}", overlay.path, tighten.line))
        };
        let fits = self.overlays.iter().flat_map(|overlay| {
            overlay
                .file
                .tighten
                .iter()
                .filter(|tighten| tighten.rule == rule)
                .map(move |tighten| of(overlay, tighten))
        });
        fits.max_by_key(|(decision, _)| *decision)
    }
}

/// The project's overlays, below its root.
pub const PROJECT: &str = ".orchestrator/policy";

impl Level {
    /// What becomes of the command.
    pub fn decision(self) -> Decision {
        match self {
            Self::Warn => Decision::Allow,
            Self::Ask => Decision::Ask,
            Self::Deny => Decision::Deny,
        }
    }
}

impl Rule {
    fn is_against(&self, name: &str, args: &[super::Arg]) -> bool {
        self.matches.iter().any(|pattern| pattern.matches(name, args))
            && !self.except.iter().any(|pattern| pattern.excepts(args))
    }

    fn about(&self, origin: Origin) -> About {
        About {
            name: self.name.clone().into(),
            reason: self.reason.clone().into(),
            instead: self.instead.clone().into(),
            origin,
        }
    }

    /// The commands that it is about, as they are written in the file.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.matches.iter().map(|pattern| pattern.text.as_str())
    }
}
