//! `so snapshot`: saves what git does not hold yet.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::{Exit, place};
use crate::clock;
use crate::guard::undo::{self, LeftOut, Request, Saved, Snapshot};
use crate::ui::{GOOD, Ui, WARN};

/// Save the files as they are now, so that `so undo` can bring them back
///
/// Saves changed, staged and untracked files, and ignored ones that no build makes again (.env, local databases), at
/// most 200 MB, beside the repository's own objects. The working tree, the index, branches and the stash are not
/// touched. The last 50 are kept, for 14 days. If nothing changed since the last one, that one counts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What it is for, shown by `so undo`
    #[arg(long, short, value_name = "TEXT", default_value = "by hand")]
    message: String,
    /// A name to find it by: `so undo NAME`
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    if args.label.as_ref().is_some_and(|label| label.parse::<u64>().is_ok()) {
        return Err(hinted(
            "a label that is a number would be taken for a snapshot's number",
            "add a letter",
        ));
    }
    let label = args.label.as_deref();
    let request =
        Request { project: &project, why: &args.message, label, when: clock::seconds(), limit: None };
    match undo::save(&request).map_err(|error| advised(error, &project))? {
        Saved::Nothing(why) => {
            Err(hinted(format!("nothing can be saved: {why}"), "`git init` makes a repository"))
        }
        Saved::Snapshot { snapshot, fresh, left_out } => {
            show(ui, &snapshot, fresh, &left_out);
            Ok(Exit::Done)
        }
    }
}

fn show(ui: &Ui, snapshot: &Snapshot, fresh: bool, left_out: &[LeftOut]) {
    if ui.json {
        return ui.result(true, json!({"snapshot": snapshot, "fresh": fresh, "left_out": left_out}));
    }
    let number = snapshot.number;
    if fresh {
        ui.say(&format!("{} as snapshot {number}: {}", ui.paint(GOOD, "saved"), amount(snapshot)));
    } else {
        ui.say(&format!("nothing has changed since snapshot {number}: {}", amount(snapshot)));
    }
    missing(ui, left_out, ui.verbose);
    ui.say(&format!("so undo {number} brings it back"));
}

/// What is not in a snapshot; submodules and other working trees only when asked for everything.
pub(super) fn missing(ui: &Ui, left_out: &[LeftOut], all: bool) {
    const SHOWN: usize = 20;
    let told: Vec<&LeftOut> = left_out.iter().filter(|left| all || left.why.is_loss()).collect();
    for left in told.iter().take(SHOWN) {
        let size = if left.bytes > 0 { format!(", {}", bytes(left.bytes)) } else { String::new() };
        ui.say(&format!("{} {}: {}{size}", ui.paint(WARN, "not saved"), left.path, left.why.words()));
    }
    if told.len() > SHOWN {
        ui.say(&format!("{} {} more", ui.paint(WARN, "not saved"), told.len() - SHOWN));
    }
}

/// `3 files, 1.2 KB`.
pub(super) fn amount(snapshot: &Snapshot) -> String {
    match snapshot.about.files {
        0 => "as committed or staged".to_owned(),
        1 => format!("1 file, {}", bytes(snapshot.about.bytes)),
        files => format!("{files} files, {}", bytes(snapshot.about.bytes)),
    }
}

/// A size for people.
pub(super) fn bytes(bytes: u64) -> String {
    let mut unit = 1024;
    for name in ["KB", "MB"] {
        if bytes >= unit && bytes < unit * 1024 {
            return format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit);
        }
        unit *= 1024;
    }
    if bytes < 1024 {
        format!("{bytes} B")
    } else {
        format!("{}.{} GB", bytes >> 30, (bytes >> 20) % 1024 * 10 / 1024)
    }
}

/// The step that mends a failure to save.
pub(super) fn advised(error: anyhow::Error, project: &Path) -> anyhow::Error {
    if error.is::<undo::ReadOnly>() {
        let hint = "a client's sandbox keeps it read-only: ask for approval to run this command outside the sandbox; \
                    nothing has been changed";
        return hinted(format!("nothing can be saved: {error}"), hint);
    }
    if error.is::<undo::Busy>() {
        return hinted(
            format!("nothing was saved: {error}"),
            format!("run it again in `{}`", project.display()),
        );
    }
    error
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_short() {
        for (size, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KB"),
            (1536, "1.5 KB"),
            (200 << 20, "200.0 MB"),
            (3 << 30, "3.0 GB"),
        ] {
            assert_eq!(super::bytes(size), text);
        }
    }
}
