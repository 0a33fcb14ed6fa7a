//! `so completions` and `so man`: what shells and readers of manuals want.

use serde_json::json;

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
    give(ui, "script", &text);
    Ok(Exit::Done)
}

/// The text as it is, or as the field `key` of the one object.
fn give(ui: &Ui, key: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    if ui.json { ui.result(true, json!({key: text})) } else { ui.print(&text) }
}

pub(super) fn man(ui: &Ui, args: &ManArgs) -> anyhow::Result<Exit> {
    let mut command = super::command();
    command.build();
    for word in &args.words {
        let found = command.find_subcommand(word).cloned();
        command = found.ok_or_else(|| {
            super::error::hinted(format!("there is no command `{word}`"), "see `so --help`")
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    give(ui, "page", &text);
    Ok(Exit::Done)
}
