//! Whether a client that is here is old enough to drop what it would be given.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::error::hinted;
use crate::compile::platform::{Platform, Scope};
use crate::{env, process};

/// A client that does not say its version within so long is not asked further.
const PATIENCE: Duration = Duration::from_secs(3);

/// Refuses a client that is older than the events it would be wired to: one name that it does not know switches off
/// the hook file of a plugin that it stands in. Files of a project are read by many versions, and tolerate more.
///
/// # Errors
/// The client is here, said its version, and is older.
pub(super) fn check(platform: &Platform, scope: Scope, wired: &[String]) -> anyhow::Result<()> {
    let events = platform.hooks.events.iter().filter(|(event, _)| wired.contains(event));
    let natives = events.flat_map(|(_, support)| &support.native);
    let youngest = natives
        .filter_map(|native| Some((number(native.since.as_deref()?)?, native)))
        .max_by_key(|(n, _)| *n);
    let Some((least, native)) = youngest.filter(|_| scope != Scope::Project) else { return Ok(()) };
    let said = platform.detect.programs.iter().find_map(|program| ask(program));
    let Some((version, found)) = said.and_then(|said| Some((number(&said)?, said))) else { return Ok(()) };
    if version >= least {
        return Ok(());
    }
    let title = &platform.title;
    let since = native.since.as_deref().unwrap_or_default();
    Err(hinted(
        format!(
            "{title} {found} is older than {since}, the first version known to have the event {}",
            native.name
        ),
        format!(
            "update {title}; older versions switch off every hook file that names an event they do not know"
        ),
    ))
}

/// `1.2.3`, as something that can be compared.
fn number(text: &str) -> Option<(u64, u64, u64)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// The first word of what `PROGRAM --version` prints that looks like a version.
fn ask(program: &str) -> Option<String> {
    let mut child = Command::new(env::which(program)?)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    process::ended_by(&mut child, PATIENCE)?;
    let mut text = String::new();
    child.stdout.take()?.take(1 << 10).read_to_string(&mut text).ok()?;
    text.split_whitespace().find(|word| number(word).is_some()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(number("2.1.197") > number("2.1.83"));
        assert!(number("2.1.83").is_some());
        for text in ["(Claude", "2.1", "v2.1.3", ""] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
