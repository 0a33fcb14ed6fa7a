//! The words the compiler needs from the rest of the program: `so …` lines and names of checks.

use std::cell::RefCell;
use std::collections::BTreeMap;

use clap::error::ErrorKind;

use super::who::{Who, who};
use crate::compile::model::SoLine;

/// The `so …` lines met so far: a tree repeats the same few on every platform, and parsing one builds the whole
/// command line.
#[derive(Default)]
pub(super) struct Lines(RefCell<BTreeMap<String, Result<SoLine, String>>>);

impl Lines {
    /// What [`so_line`] says, asked once for each line.
    pub(super) fn so_line(&self, line: &str) -> Result<SoLine, String> {
        self.0.borrow_mut().entry(line.to_owned()).or_insert_with(|| so_line(line)).clone()
    }
}

/// Parses a `so …` line of a body with the real command line. Placeholders (`NAME`, `<id>`, `…`) stand for arguments.
fn so_line(line: &str) -> Result<SoLine, String> {
    let tokens: Vec<&str> = line.split_whitespace().collect();
    let mut command = super::command();
    command.build();
    let mut words = Vec::new();
    let mut rest = tokens.iter().skip(1).peekable();
    while let Some(sub) = rest.peek().and_then(|word| command.find_subcommand(word)).cloned() {
        words.push(sub.get_name().to_owned());
        command = sub;
        rest.next();
    }
    let given = rest.count() > 0;
    if let Err(error) = super::command().try_get_matches_from(&tokens) {
        match error.kind() {
            ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument | ErrorKind::MissingSubcommand => {
                let text = error.render().to_string();
                return Err(text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned());
            }
            _ => {}
        }
    }
    let words = words.join(" ");
    Ok(SoLine {
        by_agent: matches!(who(&words), Who::Anyone | Who::Agent) && !words.is_empty(),
        takes_args: given,
        words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_lines() {
        assert_eq!(
            so_line("so check").unwrap(),
            SoLine { words: "check".into(), by_agent: true, takes_args: false }
        );
        assert!(so_line("so new skill NAME").unwrap().takes_args);
        assert!(so_line("so chekc").is_err());
        assert!(so_line("so check --nonsense").is_err());
    }
}
