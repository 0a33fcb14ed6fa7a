//! The command line: one file per command, each with its arguments and a `run` that calls the wings.

mod ack;
mod adopt;
mod agents;
mod allow;
mod brief;
mod build;
mod carry;
mod check;
mod ci;
mod close;
mod completions;
mod config;
mod diff;
mod doctor;
mod error;
mod forge;
mod gate;
mod guard;
mod handoff;
mod hook;
mod import;
mod init;
mod install;
mod installed;
mod issue;
mod learn;
mod learned;
mod liveness;
mod log;
mod mode;
mod new;
mod package;
mod person;
mod place;
mod plan;
mod platforms;
mod policy;
mod pr;
mod propose;
mod report;
mod resolve;
mod rollback;
mod rules;
mod session;
mod snapshot;
mod source;
mod state;
mod status;
mod statusline;
mod task;
mod trust;
mod trusted;
mod undo;
mod uninstall;
mod upgrade;
mod usage;
mod verify;
mod version;
mod vocabulary;
mod waiting;
mod wave;
mod who;
mod worktree;

use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::ui::{ColorChoice, Ui};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Findings, drift, refused, blocked or declined.
    Findings = 1,
    /// Wrong usage or a failure.
    Failure = 2,
    /// Conflicts left for the person.
    Conflicts = 3,
    /// The person interrupted it.
    Interrupted = 130,
}

const ABOUT: &str =
    "One source of skills, commands and agents for four coding agents, and the hooks that guard their work";

const LONG_ABOUT: &str = "\
Compiles one tree of skills, commands, agents and rules into the native files of Claude Code, Codex CLI, Cursor and \
Pi, installs them without touching what is yours, and answers the hooks of these clients.

Start with `so install`: it finds the clients you use, shows every change as a diff, and asks.";

#[derive(Debug, Parser)]
#[command(name = "so", version, about = ABOUT, long_about = LONG_ABOUT, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// The project [default: the top of the git repository around the working directory, else that directory]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    project: Option<PathBuf>,
    /// Print one JSON object on stdout
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// Answer yes to every question
    #[arg(long, short, global = true, help_heading = "Global options")]
    yes: bool,
    /// Print results and errors only
    #[arg(long, short, global = true, help_heading = "Global options")]
    quiet: bool,
    /// Print more detail
    #[arg(long, short, global = true, help_heading = "Global options")]
    verbose: bool,
    /// Colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Install(install::Args),
    Diff(diff::Args),
    Upgrade(upgrade::Args),
    Resolve(resolve::Args),
    Adopt(adopt::Args),
    Rollback(rollback::Args),
    Uninstall(uninstall::Args),
    Verify(verify::Args),
    Check(check::Args),
    Build(build::Args),
    New(new::Args),
    Import(import::Args),
    Gate(gate::Args),
    Guard(guard::Args),
    Allow(allow::Args),
    Trust(trust::Args),
    Ack(ack::Args),
    Config(config::Args),
    Brief(brief::Args),
    Mode(mode::Args),
    Session(session::Args),
    Close(close::Args),
    Issue(issue::Args),
    Pr(pr::Args),
    Ci(ci::Args),
    State(state::Args),
    Usage(usage::Args),
    Handoff(handoff::Args),
    Statusline(statusline::Args),
    Worktree(worktree::Args),
    Log(log::Args),
    Learn(learn::Args),
    Rules(rules::Args),
    Report(report::Args),
    Undo(undo::Args),
    Snapshot(snapshot::Args),
    Task(task::Args),
    Wave(wave::Args),
    Hook(hook::Args),
    Plan(plan::Args),
    Policy(policy::Args),
    Platforms(platforms::Args),
    Status(status::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
    Man(completions::ManArgs),
    Help(who::Args),
}

impl Command {
    /// Whether it says first that nothing guards the session; texts that are piped elsewhere do not.
    fn is_announced(&self) -> bool {
        // A client calls for its status line by itself: no hook sees that.
        let by_client = matches!(self, Self::Hook(_) | Self::Statusline(_));
        !by_client && !matches!(self, Self::Completions(_) | Self::Man(_) | Self::Help(_))
    }
}

/// Runs the command line of this process; gives the exit code.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return error::usage(&error),
    };
    let global = &cli.global;
    let mut ui = Ui::new(global.color, global.json, global.yes, global.quiet, global.verbose);
    if cli.command.is_announced() {
        ui.unguarded = liveness::announce(&ui, global.project.as_deref());
    }
    match run(&ui, &cli) {
        Ok(exit) => exit as u8,
        Err(failure) => error::report(&ui, &failure),
    }
}

fn run(ui: &Ui, cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Init(args) => init::run(ui, cli.global.project.as_ref(), args),
        Command::Install(args) => install::run(ui, cli.global.project.as_ref(), args),
        Command::Diff(args) => diff::run(ui, cli.global.project.as_ref(), args),
        Command::Upgrade(args) => upgrade::run(ui, cli.global.project.as_ref(), args),
        Command::Resolve(args) => resolve::run(ui, cli.global.project.as_ref(), args),
        Command::Adopt(args) => adopt::run(ui, cli.global.project.as_ref(), args),
        Command::Rollback(args) => rollback::run(ui, cli.global.project.as_ref(), args),
        Command::Uninstall(args) => uninstall::run(ui, cli.global.project.as_ref(), args),
        Command::Verify(args) => verify::run(ui, cli.global.project.as_deref(), args),
        Command::Check(args) => check::run(ui, args),
        Command::Build(args) => build::run(ui, args),
        Command::New(args) => new::run(ui, args),
        Command::Import(args) => import::run(ui, args),
        Command::Gate(args) => gate::run(ui, cli.global.project.as_ref(), args),
        Command::Guard(args) => guard::run(ui, cli.global.project.as_ref(), args),
        Command::Allow(args) => allow::run(ui, cli.global.project.as_ref(), args),
        Command::Trust(args) => trust::run(ui, cli.global.project.as_ref(), args),
        Command::Ack(args) => ack::run(ui, cli.global.project.as_ref(), args),
        Command::Config(args) => config::run(ui, cli.global.project.as_ref(), args),
        Command::Brief(args) => brief::run(ui, cli.global.project.as_ref(), args),
        Command::Mode(args) => mode::run(ui, cli.global.project.as_ref(), args),
        Command::Session(args) => session::run(ui, cli.global.project.as_ref(), args),
        Command::Close(args) => close::run(ui, cli.global.project.as_ref(), args),
        Command::Issue(args) => issue::run(ui, cli.global.project.as_ref(), args),
        Command::Pr(args) => pr::run(ui, cli.global.project.as_ref(), args),
        Command::Ci(args) => ci::run(ui, cli.global.project.as_ref(), args),
        Command::State(args) => state::run(ui, cli.global.project.as_ref(), args),
        Command::Usage(args) => usage::run(ui, cli.global.project.as_ref(), args),
        Command::Handoff(args) => handoff::run(ui, cli.global.project.as_ref(), args),
        Command::Statusline(args) => statusline::run(ui, cli.global.project.as_ref(), args),
        Command::Worktree(args) => worktree::run(ui, cli.global.project.as_ref(), args),
        Command::Report(args) => report::run(ui, cli.global.project.as_ref(), args),
        Command::Log(args) => log::run(ui, cli.global.project.as_ref(), args),
        Command::Learn(args) => learn::run(ui, cli.global.project.as_ref(), args),
        Command::Rules(args) => rules::run(ui, cli.global.project.as_ref(), args),
        Command::Undo(args) => undo::run(ui, cli.global.project.as_ref(), args),
        Command::Snapshot(args) => snapshot::run(ui, cli.global.project.as_ref(), args),
        Command::Task(args) => task::run(ui, cli.global.project.as_ref(), args),
        Command::Wave(args) => wave::run(ui, cli.global.project.as_ref(), args),
        Command::Hook(args) => hook::run(ui, args),
        Command::Plan(args) => plan::run(ui, cli.global.project.as_ref(), args),
        Command::Policy(args) => policy::run(ui, cli.global.project.as_ref(), args),
        Command::Platforms(args) => platforms::run(ui, args),
        Command::Status(args) => status::run(ui, cli.global.project.as_deref(), args),
        Command::Doctor(args) => doctor::run(ui, cli.global.project.as_deref(), args),
        Command::Completions(args) => completions::run(ui, args),
        Command::Man(args) => completions::man(ui, args),
        Command::Help(args) => who::run(ui, args),
    }
}

/// The whole command line, for help, completions, man pages and the lines that bodies hold.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// The subcommand at the end of `words`, built with its global flags; the program itself without words.
pub(crate) fn subcommand(words: &[String]) -> anyhow::Result<clap::Command> {
    let mut command = command();
    command.build();
    for word in words {
        let found = command.find_subcommand(word).cloned();
        command =
            found.ok_or_else(|| error::hinted(format!("there is no command `{word}`"), "see `so --help`"))?;
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
