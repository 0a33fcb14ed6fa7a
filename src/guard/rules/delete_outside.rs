//! Removing or overwriting what does not belong to the project: other directories, the home, the system.

use std::path::Path;

use super::{Rule, found};
use crate::guard::deletion::{self, Deletion, Kind};
use crate::guard::loss::regenerable;
use crate::guard::place::{Place, absolute};
use crate::guard::{Arg, Call, Decision, Names, UNKNOWN};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "delete-outside",
    reason: "it destroys files that do not belong to this project",
    instead: "Name a path inside the project, or make scratch files with mktemp -d.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if call.name == "crontab" && call.args.iter().any(|arg| arg.text == "-r") {
        return found(Decision::Deny, "all that the person has scheduled");
    }
    deletion::of(call).iter().flat_map(|deletion| weigh(deletion, call)).collect()
}

fn weigh(deletion: &Deletion, call: &Call<'_>) -> Vec<(Decision, String)> {
    let shown = deletion.arg.shown();
    let there = || deletion.kind != Kind::Overwritten || is_file(deletion, call);
    match deletion.place(call) {
        Place::Protected(_)
            if made_by_text(deletion, call) || is_setting(deletion) || is_renamed(deletion, call) =>
        {
            Vec::new()
        }
        Place::Protected(what) if there() => found(Decision::Deny, format!("`{shown}` is or holds {what}")),
        Place::Repository if of_fresh_clone(deletion, call) => Vec::new(),
        Place::Repository if there() => {
            found(Decision::Deny, format!("`{shown}` is part of the repository itself"))
        }
        Place::Outside(path) if is_made(path, call) || is_cache(path, call) => Vec::new(),
        Place::Outside(_) if there() && deletion.kind != Kind::Moved => {
            found(Decision::Deny, format!("`{shown}`"))
        }
        Place::Project { path, children } => project_root(deletion, call, path, *children),
        // What cannot be known is the business of `delete-unknown`.
        _ => Vec::new(),
    }
}

/// Entries of the project root, the repository among them.
fn project_root(
    deletion: &Deletion,
    call: &Call<'_>,
    path: &Path,
    children: bool,
) -> Vec<(Decision, String)> {
    let root = children && call.context.project.as_deref().is_some_and(|project| project == path);
    if !root || !matches!(deletion.kind, Kind::Removed | Kind::Moved) {
        return Vec::new();
    }
    let reaches = if let Some(names) = &deletion.arg.named {
        names.reaches_repository()
    } else {
        // A shell's pattern passes over hidden entries unless it begins with a dot itself.
        let first = deletion.arg.text.split('/').find(|part| part.contains(['*', '?', '[']));
        deletion.arg.glob
            && first.is_some_and(|part| part.starts_with('.') && Names::of(part).reaches_entry())
    };
    if reaches { found(Decision::Deny, "the repository itself is below this path") } else { Vec::new() }
}

/// `git clone TEMPLATE new && rm -rf new/.git`: the text itself has made the directory, so nobody's commits are in there.
fn of_fresh_clone(deletion: &Deletion, call: &Call<'_>) -> bool {
    let path = absolute(&deletion.arg.text, call.cwd.as_deref());
    path.as_deref().and_then(Path::parent).is_some_and(|dir| {
        call.earlier.makes(dir) && call.earlier.moved_to(dir).next().is_none() && !deletion.arg.glob
    })
}

/// Whether the text itself has made what stands at `path`, and has moved nothing there.
fn is_made(path: &Path, call: &Call<'_>) -> bool {
    call.earlier.makes(path) && call.earlier.moved_to(path).next().is_none()
}

/// Whether `path` lies in a cache, into which the text has moved nothing.
fn is_cache(path: &Path, call: &Call<'_>) -> bool {
    regenerable::cache(path, call.context) && call.earlier.moved_to(path).next().is_none()
}

/// `tee /etc/x.new` and then `mv /etc/x.new /etc/x`: one file with a name that is known to the end.
fn made_by_text(deletion: &Deletion, call: &Call<'_>) -> bool {
    let known = !deletion.arg.glob && !deletion.arg.text.contains(UNKNOWN);
    let path = absolute(&deletion.arg.text, call.cwd.as_deref()).filter(|_| known);
    path.is_some_and(|path| is_made(&path, call))
}

/// `mv /usr/local/bin/node /usr/local/bin/node.bak`: what someone has put into the system gets another name beside its
/// own. Nothing is gone; what it is moved over is asked about apart.
fn is_renamed(deletion: &Deletion, call: &Call<'_>) -> bool {
    let mut paths = call.args.iter().filter(|arg| !arg.text.starts_with('-'));
    let (Some(from), Some(to), None) = (paths.next(), paths.next(), paths.next()) else { return false };
    let known = |arg: &Arg| !arg.glob && !arg.text.contains(UNKNOWN) && !arg.text.ends_with('/');
    let path = |arg: &Arg| absolute(&arg.text, call.cwd.as_deref()).filter(|_| known(arg));
    let (Some(from), Some(to)) = (path(from), path(to)) else { return false };
    let depth = if from.starts_with("/usr/local") { 5 } else { 4 };
    let own = from.starts_with("/usr/local") || from.starts_with("/etc");
    deletion.kind == Kind::Moved
        && call.name == "mv"
        && own
        && from.components().count() >= depth
        && from.parent() == to.parent()
        && !to.is_dir()
}

/// Settings of the running kernel: `echo 1 > /sys/…/rescan`. There are no bytes of anybody behind these names; what lies
/// in the firmware, and what would have a program run, is no setting.
fn is_setting(deletion: &Deletion) -> bool {
    const SETTINGS: &[&str] = &[
        "/sys/block/",
        "/sys/bus/",
        "/sys/class/",
        "/sys/devices/",
        "/sys/fs/cgroup/",
        "/sys/kernel/mm/",
        "/sys/module/",
        "/sys/power/",
    ];
    let text = deletion.arg.text.as_str();
    deletion.kind == Kind::Overwritten
        && SETTINGS.iter().any(|dir| text.starts_with(dir))
        && !text.contains("..")
        && !text.contains(UNKNOWN)
}

/// Whether there is something to overwrite.
fn is_file(deletion: &Deletion, call: &Call<'_>) -> bool {
    let Some(path) = absolute(&deletion.arg.text, call.cwd.as_deref()) else { return false };
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() > 0)
}
