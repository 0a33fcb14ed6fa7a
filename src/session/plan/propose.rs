//! A text on its way to becoming the plan: everything that can be found about it, and the waves it would have.

use std::path::Path;

use super::agreed::{escapes, usual_mode};
use super::draft::{Draft, Spanned};
use super::layout::{Wanted, layout};
use super::overlap::Overlap;
use super::sizes::{Burden, Host, agents};
use super::{Layout, Parsed, Plan, World, import, parse, source, write};
use crate::diagnostic::{Finding, Findings};
use crate::env;
use crate::glob::{Case, Glob};
use crate::session::config::Config;
use crate::session::judged;
use crate::session::presence::Presence;
use crate::store::Store;

/// What was made of a text.
#[derive(Debug, Default)]
pub struct Proposal {
    /// The text that findings point into.
    pub text: String,
    /// The plan's own text, where it is another one.
    pub own: Option<String>,
    /// A list of tasks as far as it could be read, as a plan to complete.
    pub started: Option<String>,
    /// The plan and its waves, if nothing is wrong.
    pub plan: Option<(Plan, Layout)>,
    /// What is wrong.
    pub findings: Findings,
    /// Why fewer agents are advised than there could be.
    pub burden: Vec<String>,
}

/// Reads `bytes` of `path` as a plan for `project`; with `full` in waves, however small it is.
pub fn propose(project: &Path, config: &Config, path: &str, bytes: Vec<u8>, full: bool) -> Proposal {
    let mut proposal = Proposal::default();
    match source::text(path, bytes) {
        Ok(text) => proposal.text = text,
        Err(finding) => {
            proposal.findings.push(finding);
            return proposal;
        }
    }
    let world = World {
        escapes: &escapes(project),
        refuses: &|command| judged::check(project, command).err().map(|refusal| refusal.reason),
        mode: usual_mode(project),
    };
    let Parsed { draft, plan, findings, own } = parse(path, &proposal.text, world);
    (proposal.findings, proposal.own) = (findings, own);
    if import::is_list(&proposal.text) {
        proposal.started = draft.plan(world.mode).map(|plan| write::yaml(&plan));
    }
    let Some(plan) = plan else { return proposal };
    let wanted =
        Wanted { waves: number(config, "waves", &plan), express: !full && config.is("express-path") };
    match layout(&plan, wanted, &|glob| files(project, glob)) {
        Ok(mut layout) => {
            let (burden, why) = burden(project, config);
            let cap = number(config, "agents-per-wave", &plan);
            for wave in &mut layout.waves {
                wave.agents = if layout.express { 0 } else { agents(&plan, wave, cap, burden) };
            }
            proposal.burden = if burden == Burden::Light { Vec::new() } else { why };
            proposal.plan = Some((plan, layout));
        }
        Err(overlaps) => {
            for overlap in &overlaps {
                proposal.findings.push(told(path, &draft, overlap));
            }
        }
    }
    proposal
}

fn number(config: &Config, key: &str, plan: &Plan) -> u32 {
    config.int(key, plan.mode.word()).and_then(|number| u32::try_from(number).ok()).unwrap_or(5)
}

/// What the machine bears now; where the project does not want to know, anything.
fn burden(project: &Path, config: &Config) -> (Burden, Vec<String>) {
    if !config.is("resource-awareness") {
        return (Burden::Light, Vec::new());
    }
    let live = env::state_dir().map(|state| Presence::live(&Store::of(&state, project)).len());
    Host::here(live.unwrap_or_default().saturating_sub(1)).burden()
}

/// How many files of the repository a glob stands for, at least one; many where that cannot be told.
fn files(project: &Path, glob: &str) -> usize {
    if super::check::literal(glob).len() == glob.len() && !glob.ends_with('/') {
        return 1;
    }
    tracked(project, glob).map_or(usize::from(u8::MAX), |files| files.max(1))
}

/// How many files of the index a glob matches; `None` outside of a repository.
fn tracked(project: &Path, glob: &str) -> Option<usize> {
    let glob = Glob::new(glob, Case::Sensitive).ok()?;
    let index = git2::Repository::open(project).ok()?.index().ok()?;
    Some(index.iter().filter(|entry| glob.matches(&String::from_utf8_lossy(&entry.path))).count())
}

fn told(path: &str, draft: &Draft, overlap: &Overlap) -> Finding {
    let Overlap { first: (one, own), second: (other, its), witness } = overlap;
    let task = draft.tasks.iter().find(|task| task.id.as_ref().is_some_and(|id| id.value == *other));
    let place = |file: &&Spanned<String>| file.value == *its;
    let span = task.and_then(|task| task.files.iter().find(place)).map_or(0..0, |file| file.span.clone());
    if witness.is_empty() {
        let message = format!("there are too many long globs to compare `{one}` with `{other}`");
        return Finding::error("too-many", path, message)
            .at(span)
            .help("write directories: `src/billing/**`");
    }
    let message =
        format!("`{one}` and `{other}` share a wave and both may touch `{witness}` (`{own}`, `{its}`)");
    let help =
        format!("divide the files, or add `depends: [{one}]` to `{other}`: then it comes a wave later");
    Finding::error("overlap", path, message).at(span).help(help)
}
