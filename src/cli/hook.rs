//! `so hook`: the same answer as the fast path in `main`, and its place in help, completions and man pages.

use super::Exit;

/// Answer one hook of a client
///
/// Reads the client's payload on stdin and answers in its own form on stdout and by exit code. Clients call this;
/// it is wired by `so install`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The client: claude, codex, cursor or pi
    #[arg(value_name = "PLATFORM")]
    platform: String,
    /// The client's own name of the event
    #[arg(value_name = "EVENT")]
    event: String,
    /// Which wiring calls: user or project
    #[arg(long, value_name = "SCOPE")]
    wiring: Option<String>,
}

/// Answers on stdout itself: what a client reads must not pass through the terminal.
pub(super) fn run(args: &Args) -> Exit {
    let words = [&args.platform, &args.event].map(std::ffi::OsString::from);
    let wiring = args.wiring.iter().map(std::ffi::OsString::from);
    let code = crate::hook::main(words.into_iter().chain(wiring));
    if code == std::process::ExitCode::SUCCESS { Exit::Done } else { Exit::Failure }
}
