//! `so completions` and `so man`: what shells and readers of manuals want.

use super::Exit;
use crate::ui::Ui;

/// Print a completion script for a shell
///
/// bash: so completions bash > ~/.local/share/bash-completion/completions/so
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

/// Print the manual page, in the format of man(1)
#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// The command the page is about [default: so itself]
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
}

pub(super) fn run(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "so", &mut text);
    ui.text(&String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}

pub(super) fn man(ui: &Ui, args: &ManArgs) -> anyhow::Result<Exit> {
    let command = super::subcommand(&args.words)?;
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    ui.text(&String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}
