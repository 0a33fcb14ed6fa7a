//! What an install waits for: hooks that a client runs only once the person has trusted them.

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::Context as _;

use super::Exit;
use super::liveness::Here;
use crate::compile::platform::Platform;
use crate::env;
use crate::install::target::Roots;
use crate::interrupt::Interrupts;
use crate::liveness::{self, Cause};
use crate::ui::{GOOD, Ui, WARN};

/// What the person has to accept in the client itself.
const TRUST: [&str; 3] = ["project-trust", "untrusted", "trust-changed"];
/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(500);

/// Waits at a terminal until the person has trusted our hooks in each of the clients that are here, or puts it off.
pub(super) fn wait(
    ui: &Ui,
    roots: &Roots,
    exit: Exit,
    dry_run: bool,
    chosen: &[&Platform],
) -> anyhow::Result<()> {
    let attended = !ui.yes && !ui.quiet && ui.can_ask();
    if dry_run || !attended || !matches!(exit, Exit::Done | Exit::Conflicts) {
        return Ok(());
    }
    let is_here = |platform: &&&Platform| {
        platform.hooks.trust.is_some() && platform.detect.programs.iter().any(|one| env::which(one).is_some())
    };
    let project = roots.project.as_deref().unwrap_or(&roots.home);
    chosen.iter().filter(is_here).try_for_each(|platform| wait_for(ui, project, platform))
}

fn wait_for(ui: &Ui, project: &Path, platform: &Platform) -> anyhow::Result<()> {
    let Some(cause) = lacking(project, platform)? else { return Ok(()) };
    let title = &platform.title;
    ui.say(&format!("\n{} {}", ui.paint(WARN, &format!("{title} runs no hook yet:")), cause.why));
    ui.say(&format!("  {}; this waits for it. Enter puts it off.", cause.press));
    let interrupts = Interrupts::watch().context("failed to watch for an interruption")?;
    let (send, enter) = channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        let _ = send.send(());
    });
    while let Some(cause) = lacking(project, platform)? {
        interrupts.check()?;
        if enter.recv_timeout(LOOK).is_ok() {
            ui.say(&format!("put off; until then nothing is guarded in {title}: {}", cause.press));
            return Ok(());
        }
    }
    ui.say(&ui.paint(GOOD, &format!("{title} trusts them")));
    Ok(())
}

/// What is still to be accepted.
fn lacking(project: &Path, platform: &Platform) -> anyhow::Result<Option<Cause>> {
    let here = Here::new(Some(project))?;
    let causes = liveness::causes(&here.machine(), platform);
    Ok(causes.into_iter().find(|cause| TRUST.contains(&cause.name.as_str())))
}
