//! The program that hooks call: is it there, is it ours, and which version?

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::process;

/// What ours answers when it is asked who it is.
pub const PROBE_ANSWER: &str = "sessionwright";
/// A program that does not answer is not waited for.
const LIMIT: Duration = Duration::from_secs(2);

/// Set for what is asked here. A person's own wrapper of a client may call `so` before it answers, and that `so` asks
/// nobody: else it would never end.
const ASKED: &str = "SO_ASKED";

/// What stands where a hook expects `so`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Ours, of this version.
    Ours(String),
    /// Nothing.
    Missing,
    /// A file that may not be run.
    NotExecutable,
    /// Another program.
    Foreign,
}

/// Looks at the program at `path`.
pub fn look(path: &Path) -> Program {
    if !path.exists() {
        return Program::Missing;
    }
    if cfg!(unix) && !crate::fs::is_executable(path) {
        return Program::NotExecutable;
    }
    if !answers(path) {
        return Program::Foreign;
    }
    Program::Ours(version_of(path).unwrap_or_default())
}

/// Whether the program says that it is ours.
pub fn answers(path: &Path) -> bool {
    said(Command::new(path).args(["hook", "--probe"])).is_some_and(|text| text.trim() == PROBE_ANSWER)
}

/// The first version number in what the program says of itself.
pub fn version_of(path: &Path) -> Option<String> {
    let text = said(Command::new(path).arg("--version"))?;
    let is_version = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    text.split_whitespace().find(is_version).map(str::to_owned)
}

/// What a program prints, if it ends in time.
fn said(command: &mut Command) -> Option<String> {
    if crate::env::var_os(ASKED).is_some() {
        return None;
    }
    command.env(ASKED, "1");
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    process::ended_by(&mut child, LIMIT)?;
    let mut text = String::new();
    child.stdout.take()?.take(4096).read_to_string(&mut text).ok()?;
    if text.trim().is_empty() {
        child.stderr.take()?.take(4096).read_to_string(&mut text).ok()?; // there Pi says its version
    }
    Some(text)
}
