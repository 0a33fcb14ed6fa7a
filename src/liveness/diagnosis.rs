//! Why a client's hooks are silent: everything that is found wrong, the likeliest first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::handler::{Handler, handlers};
use super::program::{Program, look};
use super::wiring::{State, Wiring, wirings};
use super::{Cause, Machine, switch, trust};
use crate::compile::platform::Platform;
use crate::install::settings;
use crate::session::profile::Level;

/// Everything that keeps the hooks of `platform` from running.
pub fn causes(machine: &Machine<'_>, platform: &Platform) -> Vec<Cause> {
    if machine.profile.level == Level::Off {
        let why = "`hooks: off` stands in so's own config.yaml";
        return vec![Cause::new("profile-off", why, "write `hooks: full` there")];
    }
    if let Err(error) = &machine.locks {
        return vec![Cause::new(
            "lock-unreadable",
            error.clone(),
            "mend or restore the lock, then run so doctor",
        )];
    }
    let wirings = wirings(machine, platform);
    if wirings.is_empty() {
        return vec![not_installed(machine, platform)];
    }
    let handlers: Vec<Handler> =
        wirings.iter().flat_map(|wiring| handlers(machine, platform, wiring)).collect();
    let mut found = programs(platform, &wirings, &handlers);
    found.extend(broken(machine, &wirings));
    found.extend(switch::causes(machine, platform, &wirings, false));
    if let Some(cause) = moved(machine, platform, &wirings) {
        found.push(cause);
    } else {
        found.extend(changed(machine, platform, &wirings));
    }
    found.extend(switch::causes(machine, platform, &wirings, true));
    found.extend(trust::cause(machine, platform, &handlers));
    found.extend(old_client(machine, platform));
    found
}

fn install(platform: &Platform) -> String {
    format!("the person runs: so install --platform {}", platform.id)
}

fn not_installed(machine: &Machine<'_>, platform: &Platform) -> Cause {
    let home = machine.roots.home.display();
    let why = format!("so is not installed for {} in the home {home}", platform.title);
    Cause::new("not-installed", why, install(platform))
}

/// What is wrong with the programs that the hooks call.
fn programs(platform: &Platform, wirings: &[Wiring], handlers: &[Handler]) -> Vec<Cause> {
    let paths: BTreeSet<PathBuf> =
        handlers.iter().filter_map(|handler| handler.program(&platform.id)).collect();
    let cause = |path: &PathBuf| {
        let shown = path.display();
        let cause = |name: &str, what: String, press: &str| Some(Cause::new(name, what, press));
        let again = install(platform);
        match look(path) {
            Program::Missing => {
                cause("program-missing", format!("the hooks call {shown}, which is not there"), &again)
            }
            Program::NotExecutable => {
                cause("program-not-executable", format!("{shown} may not be run"), "so doctor --fix")
            }
            Program::Foreign => {
                cause("program-foreign", format!("the hooks call {shown}, which is not this so"), &again)
            }
            Program::Ours(version) => other_version(wirings, path, &version, &again),
        }
    };
    paths.iter().filter_map(cause).collect()
}

fn other_version(wirings: &[Wiring], path: &Path, version: &str, press: &str) -> Option<Cause> {
    let own = env!("CARGO_PKG_VERSION");
    let wrote = wirings.iter().any(|wiring| wiring.version == version);
    let why = format!("the hooks call {}, which is version {version}; this is {own}", path.display());
    (version != own && !wrote).then(|| Cause::new("program-version", why, press))
}

/// Files that cannot be read any more: the client drops all that stands in them.
fn broken(machine: &Machine<'_>, wirings: &[Wiring]) -> Vec<Cause> {
    let edits = wirings.iter().flat_map(|wiring| &wiring.edits);
    let cause = |path: &Path, state: &State| match state {
        State::Broken(why) => {
            let shown = settings::shown(machine.roots, path);
            Some(Cause::new("unreadable", format!("{shown} cannot be read: {why}"), "mend that file"))
        }
        _ => None,
    };
    edits.filter(|piece| piece.calls_us()).filter_map(|piece| cause(&piece.path, &piece.state)).collect()
}

/// A variable points the client at a directory where nothing was installed.
fn moved(machine: &Machine<'_>, platform: &Platform, wirings: &[Wiring]) -> Option<Cause> {
    let variable = platform.home.env.as_ref()?;
    let to = (machine.var)(variable)?;
    let elsewhere = |wiring: &Wiring| {
        wiring.edits.iter().any(|piece| piece.path.starts_with(&to) && piece.state == State::Missing)
    };
    let why = format!("{variable} is {to}, where so is not installed");
    let press = format!("unset it, or {} with it set", install(platform));
    wirings.iter().any(elsewhere).then(|| Cause::new("moved", why, press))
}

/// What the person, or somebody, changed in what we wrote.
fn changed(machine: &Machine<'_>, platform: &Platform, wirings: &[Wiring]) -> Vec<Cause> {
    let mut found = Vec::new();
    for wiring in wirings {
        let files = wiring.files.iter().filter(|piece| Wiring::calls_us(platform, piece));
        for piece in files {
            if cfg!(unix)
                && piece.entry.executable
                && piece.state == State::Same
                && !crate::fs::is_executable(&piece.path)
            {
                let why = format!("{} may not be run", settings::shown(machine.roots, &piece.path));
                found.push(Cause::new("program-not-executable", why, "so doctor --fix"));
            }
            found.extend(change(machine, platform, &piece.path, &piece.state, "is not as it was written"));
        }
        for piece in wiring.edits.iter().filter(|piece| piece.calls_us()) {
            found.extend(change(
                machine,
                platform,
                &piece.path,
                &piece.state,
                "has lost or changed what so wrote",
            ));
        }
    }
    found.dedup();
    found
}

fn change(
    machine: &Machine<'_>,
    platform: &Platform,
    path: &Path,
    state: &State,
    edited: &str,
) -> Option<Cause> {
    let shown = settings::shown(machine.roots, path);
    let again = format!("{} --force", install(platform));
    match state {
        State::Missing => Some(Cause::new("file-missing", format!("{shown} is not there"), again)),
        State::Edited => Some(Cause::new(
            "file-edited",
            format!("{shown} {edited}"),
            format!("undo that edit, or {again}"),
        )),
        State::Same | State::Broken(_) => None,
    }
}

/// Clients older than the tested one may not know the hooks at all.
fn old_client(machine: &Machine<'_>, platform: &Platform) -> Option<Cause> {
    let tested = platform.tested.as_ref()?;
    let version = (machine.version)(&platform.detect.programs)?;
    let why = format!("{} is version {version}; hooks were proven with {tested}", platform.title);
    (numbers(&version) < numbers(tested)).then(|| Cause::new("old-client", why, "update the client"))
}

fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}
