//! The words the compiler needs from the rest of the program: `so …` lines and names of checks.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use clap::error::ErrorKind;

use super::who::{Who, who};
use crate::compile::model::SoLine;

/// The `so …` lines met so far: a tree repeats the same few on every platform.
#[derive(Default)]
pub(super) struct Lines {
    known: RefCell<BTreeMap<String, Result<SoLine, String>>>,
    /// The whole command line, which takes longer to build than all lines to read.
    command: OnceCell<clap::Command>,
    /// The tree was checked when this program was built: its lines are right.
    is_checked: bool,
}

impl Lines {
    /// The lines of a tree; of the one inside this program nothing has to be found out again.
    pub(super) fn new(is_checked: bool) -> Self {
        Self { is_checked, ..Self::default() }
    }

    /// What the real command line says of a `so …` line of a body. Placeholders (`NAME`, `<id>`, `…`) stand for
    /// arguments.
    pub(super) fn so_line(&self, line: &str) -> Result<SoLine, String> {
        self.known.borrow_mut().entry(line.to_owned()).or_insert_with(|| self.read(line)).clone()
    }

    fn read(&self, line: &str) -> Result<SoLine, String> {
        let mut command = self.command.get_or_init(|| {
            let mut command = super::command();
            command.build();
            command
        });
        let tokens: Vec<&str> = line.split_whitespace().collect();
        let mut words = Vec::new();
        let mut rest = tokens.iter().skip(1).peekable();
        while let Some(sub) = rest.peek().and_then(|word| command.find_subcommand(word)) {
            words.push(sub.get_name().to_owned());
            command = sub;
            rest.next();
        }
        let given = rest.count() > 0;
        if !self.is_checked {
            check(&tokens)?;
        }
        let words = words.join(" ");
        Ok(SoLine {
            by_agent: matches!(who(&words), Who::Anyone | Who::Agent) && !words.is_empty(),
            takes_args: given,
            words,
        })
    }
}

fn check(tokens: &[&str]) -> Result<(), String> {
    let Err(error) = super::command().try_get_matches_from(tokens) else { return Ok(()) };
    match error.kind() {
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument | ErrorKind::MissingSubcommand => {
            let text = error.render().to_string();
            Err(text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_lines() {
        let lines = Lines::new(false);
        let so_line = |line| lines.so_line(line);
        assert_eq!(
            so_line("so check").unwrap(),
            SoLine { words: "check".into(), by_agent: true, takes_args: false }
        );
        assert!(so_line("so new skill NAME").unwrap().takes_args);
        assert!(so_line("so chekc").is_err());
        assert!(so_line("so check --nonsense").is_err());
    }
}
