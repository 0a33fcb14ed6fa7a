//! What every command that writes an install shares: take back what did not end, show, ask, write.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::json;

use super::Exit;
use crate::compile::artifact::Place;
use crate::install::disk::RealDisk;
use crate::install::lock::Locks;
use crate::install::plan::{self, Kind, Plan, Request, Source};
use crate::install::target::Roots;
use crate::install::{apply, diff, journal, version};
use crate::interrupt::Interrupts;
use crate::ui::{GOOD, HEAD, Ui, WARN};

/// One plan on its way to the disk.
pub(super) struct Job<'a> {
    pub(super) roots: &'a Roots,
    pub(super) question: &'a str,
    pub(super) dry_run: bool,
    /// Write nothing when something is left for the person to decide.
    pub(super) fail: bool,
    /// No further question: what was asked for says it all.
    pub(super) sure: bool,
    /// What is left for the person afterwards.
    pub(super) after: &'a [String],
    /// Says what else there is to say of the plan.
    pub(super) note: &'a dyn Fn(&Plan),
}

/// What the person says to a plan.
enum Say {
    Yes,
    /// All but these.
    Without(BTreeSet<Place>),
    No,
    Nobody,
}

impl<'a> Job<'a> {
    pub(super) fn new(roots: &'a Roots) -> Self {
        let question = "Write this?";
        Self { roots, question, dry_run: false, fail: false, sure: false, after: &[], note: &|_| {} }
    }

    /// Plans, shows, asks, and writes all of it or nothing.
    pub(super) fn carry_out(&self, ui: &Ui, mut request: Request<'_>) -> anyhow::Result<Exit> {
        loop {
            let locks = Locks::load(self.roots, &RealDisk)?;
            let plan = plan::plan(&request, &locks, self.roots, &RealDisk)?;
            (self.note)(&plan);
            match self.present(ui, &plan, true)? {
                Ok(exit) => return Ok(exit),
                Err(Say::Without(places)) => request.skip.extend(places),
                Err(_) => return self.write(ui, &plan),
            }
        }
    }

    /// The same for a plan that no request stands behind.
    pub(super) fn carry_out_plan(&self, ui: &Ui, plan: &Plan) -> anyhow::Result<Exit> {
        match self.present(ui, plan, false)? {
            Ok(exit) => Ok(exit),
            Err(_) => self.write(ui, plan),
        }
    }

    /// Shows a plan and asks: how it ended, or what is to be done.
    fn present(&self, ui: &Ui, plan: &Plan, picks: bool) -> anyhow::Result<Result<Exit, Say>> {
        let conflicts = plan.conflicts().count() > 0;
        if plan.is_empty() {
            report(ui, plan, false, self.after);
            show(ui, plan, false);
            return Ok(Ok(if conflicts { Exit::Conflicts } else { Exit::Done }));
        }
        let asks = !self.dry_run && !self.sure && !ui.yes && ui.can_ask();
        show(ui, plan, asks);
        if self.dry_run {
            report(ui, plan, false, self.after);
            return Ok(Ok(Exit::Done));
        }
        if conflicts && self.fail {
            report(ui, plan, false, self.after);
            ui.note("nothing was written: there are conflicts");
            return Ok(Ok(Exit::Conflicts));
        }
        let say = if self.sure { Say::Yes } else { ask(ui, plan, self.question, picks)? };
        match say {
            Say::No => {
                ui.note("nothing was written");
                Ok(Ok(Exit::Findings))
            }
            Say::Nobody => nobody_to_ask(ui, self.question).map(Ok),
            say => Ok(Err(say)),
        }
    }

    fn write(&self, ui: &Ui, plan: &Plan) -> anyhow::Result<Exit> {
        {
            let _alone = apply::alone(self.roots); // before the signals are ours: who waits here can still be interrupted
            let interrupts = Interrupts::watch().context("failed to watch for an interruption")?;
            apply::apply_with(plan, &mut |_| Ok(interrupts.check()?))?;
        }
        report(ui, plan, true, self.after);
        ui.say(&ui.paint(GOOD, "done"));
        let conflicts: Vec<_> = plan.conflicts().collect();
        if !conflicts.is_empty() {
            ui.say(&ui.paint(WARN, "yours stayed where it says conflict; to decide:"));
            for step in &conflicts {
                ui.say(&format!("  so resolve {} --mine|--new|--edit", step.place));
            }
        }
        if !self.after.is_empty() {
            ui.say(&ui.paint(HEAD, "What is left for you:"));
            for step in self.after {
                ui.say(&format!("  {step}"));
            }
        }
        Ok(if conflicts.is_empty() { Exit::Done } else { Exit::Conflicts })
    }
}

/// Takes back an install that was killed, before anything looks at what it left.
pub(super) fn recover(ui: &Ui, roots: &Roots) -> anyhow::Result<()> {
    if !journal::is_left(roots) {
        return Ok(());
    }
    let _alone = apply::alone(roots);
    if let Some(undone) = journal::recover(roots)? {
        ui.note("an install that was ended in the middle was taken back");
        for path in undone.kept {
            ui.note(&format!("  `{}` has changed since: it stays", path.display()));
        }
    }
    Ok(())
}

/// Says so when what is installed is newer than `source`, and that is not wanted.
pub(super) fn is_refused(ui: &Ui, locks: &Locks, source: &Source) -> bool {
    let mut sections = locks.both().filter_map(|lock| lock.sources.get(&source.name));
    let Some(newer) = sections.find(|section| version::is_older(&source.version, &section.version)) else {
        return false;
    };
    let message = format!(
        "`{}` {} is installed, and this is {}, which is older",
        source.name, newer.version, source.version
    );
    let hint = "with --force the older one is installed all the same";
    if ui.json {
        ui.result(false, json!({"error": {"code": "older", "message": message, "hint": hint}}));
    } else {
        ui.note(&format!("refused: {message}; {hint}"));
    }
    true
}

pub(super) fn report(ui: &Ui, plan: &Plan, applied: bool, after: &[String]) {
    if ui.json {
        let steps = if ui.quiet { json!(null) } else { json!(plan.steps) };
        let summary = diff::summary(plan);
        ui.result(true, json!({"applied": applied, "summary": summary, "steps": steps, "after": after}));
    }
}

/// The plan as text; a long one through a pager when a question follows on the terminal.
pub(super) fn show(ui: &Ui, plan: &Plan, pages: bool) {
    if ui.json || ui.quiet {
        return;
    }
    let quiet = |step: &plan::Step| matches!(step.kind, Kind::Unchanged | Kind::Adopt) && !step.conflicts();
    let nothing = plan.is_empty() && plan.steps.iter().all(quiet) && !ui.verbose;
    if nothing {
        ui.say("nothing to do");
        return;
    }
    let text = diff::render(plan, &diff::Style { color: ui.color(), verbose: ui.verbose });
    if pages { ui.page(&text) } else { ui.print(&text) }
}

fn ask(ui: &Ui, plan: &Plan, question: &str, picks: bool) -> anyhow::Result<Say> {
    if ui.yes {
        return Ok(Say::Yes);
    }
    let changes: Vec<_> = plan.steps.iter().filter(|step| step.changes()).collect();
    if !picks || changes.len() < 2 {
        return Ok(match ui.confirm(question, true)? {
            None => Say::Nobody,
            Some(true) => Say::Yes,
            Some(false) => Say::No,
        });
    }
    match ui.choose(question, &["yes, all of it", "choose the files", "no"])? {
        None => Ok(Say::Nobody),
        Some(0) => Ok(Say::Yes),
        Some(1) => {
            let options: Vec<_> = changes.iter().map(|step| (diff::line(step), true)).collect();
            let picked = ui.pick("Space takes a file out or in", &options)?.unwrap_or_default();
            let left = changes.iter().enumerate().filter(|(at, _)| !picked.contains(at));
            let left: BTreeSet<Place> = left.map(|(_, step)| step.place.clone()).collect();
            Ok(if left.is_empty() { Say::Yes } else { Say::Without(left) })
        }
        Some(_) => Ok(Say::No),
    }
}

/// There is a plan and nobody who could agree to it.
pub(super) fn nobody_to_ask(ui: &Ui, question: &str) -> anyhow::Result<Exit> {
    if ui.json {
        ui.result(false, json!({"ask": {"question": question, "options": ["yes", "no"], "answer": "--yes"}}));
    } else {
        ui.note("nothing was written: there is no terminal to ask; with --yes the plan above is carried out");
    }
    Ok(Exit::Findings)
}
