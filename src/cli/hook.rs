//! `so hook`: its help. The call itself never comes here: `main` answers it before arguments are parsed.

use super::Exit;
use crate::ui::Ui;

/// Answer one hook of a client; clients call this by themselves
///
/// The client's payload is read from stdin; its native reply goes to stdout, stderr and the exit code. A call that is
/// not understood is refused; events that cannot stop anything are answered with silence.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// claude, codex, cursor or pi
    platform: String,
    /// The client's own name of the event, such as `PreToolUse` or `beforeShellExecution`
    event: String,
    /// Where the call is wired: `project` for wiring that is committed with a project
    #[arg(long, value_name = "WHERE")]
    wiring: Option<String>,
}

pub(super) fn run(_ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    // Reached only with global flags before `hook`, which no wiring of ours writes.
    let Args { platform, event, wiring } = args;
    anyhow::bail!(
        "write `so hook {platform} {event}{}` without flags before it",
        wiring.as_ref().map_or("", |_| " --wiring project")
    )
}
