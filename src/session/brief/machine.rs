//! What this machine has to spare for a session, where it tells.

use std::path::Path;

use serde::Serialize;

use crate::session::plan::sizes::{Burden, Host};

/// What this machine has.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Machine {
    /// Processors.
    pub cores: usize,
    /// The load for each of them.
    pub load: Option<f64>,
    /// Memory that programs could still take, in MB.
    pub memory: Option<u64>,
    /// Room on the disk of the project, in MB.
    pub disk: Option<u64>,
    /// Why fewer agents than usual should be sent; empty where nothing speaks against them.
    pub busy: Vec<String>,
}

/// Less room than that is told, in MB.
const LITTLE: u64 = 2_048;

/// Looks at this machine.
pub fn look(project: &Path) -> Machine {
    let host = Host::here(0);
    let (burden, mut busy) = host.burden();
    if burden == Burden::Light {
        busy.clear();
    }
    let disk = disk(project);
    busy.extend(disk.filter(|disk| *disk < LITTLE).map(|disk| format!("{disk} MB of disk are left")));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Machine { cores, load: host.load, memory: host.memory, disk, busy }
}

#[cfg(unix)]
fn disk(project: &Path) -> Option<u64> {
    let room = rustix::fs::statvfs(project).ok()?;
    room.f_bavail.checked_mul(room.f_frsize).map(|bytes| bytes >> 20)
}

#[cfg(not(unix))]
fn disk(_project: &Path) -> Option<u64> {
    None
}
