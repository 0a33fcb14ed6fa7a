//! What every command says first when no hook saw the call that started it.

use std::path::Path;

use serde_json::json;

use super::{place, source};
use crate::client::{self, Process};
use crate::compile::platform::Platform;
use crate::install::disk::RealDisk;
use crate::install::lock::Locks;
use crate::install::target::Roots;
use crate::liveness::{self, Cause, Machine, Unguarded};
use crate::session::profile::Profile;
use crate::ui::Ui;
use crate::{clock, env};

/// What a [`Machine`] borrows from, of this process.
pub(super) struct Here {
    pub(super) platforms: &'static [Platform],
    pub(super) roots: Roots,
    locks: anyhow::Result<Locks>,
    ancestors: Vec<Process>,
    profile: Profile,
    cwd: std::path::PathBuf,
}

impl Here {
    pub(super) fn new(project: Option<&Path>) -> anyhow::Result<Self> {
        let platforms = source::platforms()?;
        let roots = place::roots(place::project(project)?, platforms)?;
        let variable = env::var("SO_HOOKS");
        Ok(Self {
            locks: Locks::load(&roots, &RealDisk),
            ancestors: client::ancestors(),
            profile: Profile::read(env::config_dir().as_deref(), variable.as_deref()),
            cwd: std::env::current_dir().unwrap_or_default(),
            platforms,
            roots,
        })
    }

    /// The values themselves.
    pub(super) fn machine(&self) -> Machine<'_> {
        Machine {
            roots: &self.roots,
            locks: self.locks.as_ref().map_err(|error| format!("{error:#}")),
            var: &env::var,
            ancestors: &self.ancestors,
            profile: &self.profile,
            version: &version,
            state: env::state_dir(),
            cwd: self.cwd.clone(),
            now: clock::now_ms(),
        }
    }
}

/// The version of the first of the programs that is on `PATH`.
pub(super) fn version(programs: &[String]) -> Option<String> {
    programs.iter().find_map(|program| liveness::version_of(&env::which(program)?))
}

/// Says first that nothing guards the session around this process, if so; whether it did.
pub(super) fn announce(ui: &Ui, project: Option<&Path>) -> bool {
    if client::here().is_none() {
        return false;
    }
    let Ok(here) = Here::new(project) else { return false };
    let machine = here.machine();
    let Some(Unguarded { inside }) = liveness::unguarded(&machine) else { return false };
    let platform = here.platforms.iter().find(|platform| platform.id == inside.platform);
    let causes = platform.map(|platform| liveness::causes(&machine, platform)).unwrap_or_default();
    let silent = platform.map(|platform| platform.silent.as_str()).unwrap_or_default();
    ui.complain(&format!("GUARD NOT ACTIVE in {}: {}\n", inside.title, sentence(&causes, silent)));
    for cause in causes.iter().skip(1) {
        ui.complain(&format!("  also: {}; {}\n", cause.why, cause.press));
    }
    record(&machine, &inside, &causes);
    true
}

/// The first cause and what to do about it.
pub(super) fn sentence(causes: &[Cause], silent: &str) -> String {
    causes.first().map_or_else(|| silent.to_owned(), |cause| format!("{}; {}", cause.why, cause.press))
}

/// Kept once for each session and reason.
fn record(machine: &Machine<'_>, inside: &client::Inside, causes: &[Cause]) {
    let Some(store) = machine.store() else { return };
    let names: Vec<&str> = causes.iter().map(|cause| cause.name.as_str()).collect();
    let line = |at: Option<u64>| {
        let mut line = json!({"client": inside.platform, "session": inside.session, "causes": names});
        line.as_object_mut().zip(at).map(|(line, at)| line.insert("at".to_owned(), json!(at)));
        line
    };
    let known = store.lines("unguarded.jsonl").into_iter().any(|mut old| {
        old.as_object_mut().map(|old| old.remove("at"));
        old == line(None)
    });
    if !known {
        let _ = store.append("unguarded.jsonl", &line(Some(machine.now)));
    }
}
