//! Whether the person is at the terminal: for commands that only the person may give.
//!
//! `--yes` and piped answers count for nothing here: what is asked is read from the terminal itself.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use crate::guard::consent::Code;
use crate::session::person::{Proof, Why, outside};

/// Takes the caller for the person, or says why not. Where agents are at work, a phrase has to be typed.
pub(crate) fn agrees(project: &Path, what: &str) -> Result<(), Why> {
    match outside(project)? {
        Proof::None => Ok(()),
        Proof::Phrase => typed(what),
    }
}

/// What the person is told who asks from inside a session.
pub(crate) fn refusal(why: &Why, instead: &str) -> String {
    format!("only the person does this: {why}. {instead}")
}

fn typed(what: &str) -> Result<(), Why> {
    let open = |write: bool| File::options().read(!write).write(write).open("/dev/tty");
    let (Ok(mut out), Ok(input), Some(phrase)) = (open(true), open(false), Code::new()) else {
        return Err(Why::NoTerminal);
    };
    write!(out, "{what}\nTo confirm, type: yes {phrase}\n> ").map_err(|_| Why::NoTerminal)?;
    let mut line = String::new();
    BufReader::new(input).read_line(&mut line).map_err(|_| Why::NoTerminal)?;
    let typed = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if typed.eq_ignore_ascii_case(&format!("yes {phrase}")) { Ok(()) } else { Err(Why::Declined) }
}
