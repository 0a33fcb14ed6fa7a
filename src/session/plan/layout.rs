//! Waves from roles and dependencies, or the express path. Pure.
//!
//! The roles are put into as many groups as the project wants waves; inside a group a task comes behind what it depends
//! on, behind tasks of earlier roles that it shares files with, and roles never go back. So a group may take more
//! waves than one. Discovery is always alone; Quality makes production files simpler first, then looks at tests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::overlap::{Overlap, Overlaps};
use super::{Mode, Plan, Role, Task};

/// What a wave of Quality does first and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// Production files are made simpler.
    Simplify,
    /// Tests.
    Tests,
}

/// One wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// From 1.
    pub number: u32,
    /// The roles of its tasks, in their order.
    pub roles: Vec<Role>,
    /// Which of the two passes of Quality it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
    /// Ids, in the order of the plan.
    pub tasks: Vec<String>,
    /// How many agents are advised.
    #[serde(default)]
    pub agents: u32,
}

/// How a plan is worked through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// One after the other; on the express path one, with all tasks.
    pub waves: Vec<Wave>,
    /// No waves, no subagents, no review round: the session does the tasks itself, one gate, the same close.
    pub express: bool,
}

/// What a project and the person want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// How many waves, 3 to 12.
    pub waves: u32,
    /// Small plans go without waves.
    pub express: bool,
}

/// The most tasks and files of the express path.
const EXPRESS: (usize, usize) = (3, 5);

/// Puts the tasks into waves. `files` says how many files a glob stands for. `plan` has no cycle and no dependency on a
/// later role.
///
/// # Errors
/// Tasks that would share a wave and a file.
pub fn layout(plan: &Plan, wanted: Wanted, files: &dyn Fn(&str) -> usize) -> Result<Layout, Vec<Overlap>> {
    if wanted.express && is_express(plan, files) {
        return Ok(Layout { waves: vec![wave(1, &plan.tasks.iter().collect::<Vec<_>>())], express: true });
    }
    let overlaps = Overlaps::of(&plan.tasks)?;
    let mut waves: Vec<Wave> = Vec::new();
    for group in groups(plan.mode, wanted.waves) {
        for tasks in layers(plan, &group, &overlaps) {
            waves.push(wave(u32::try_from(waves.len()).unwrap_or_default() + 1, &tasks));
        }
    }
    let met = overlaps.in_one_of(&waves);
    if met.is_empty() { Ok(Layout { waves, express: false }) } else { Err(met) }
}

/// One task, or up to three with at most five files and no dependency.
fn is_express(plan: &Plan, files: &dyn Fn(&str) -> usize) -> bool {
    let (tasks, most) = EXPRESS;
    if plan.tasks.len() > tasks || plan.tasks.iter().any(|task| !task.depends.is_empty()) {
        return false;
    }
    let count = || plan.tasks.iter().flat_map(|task| &task.files).map(|file| files(file)).sum::<usize>();
    plan.tasks.len() == 1 || count() <= most
}

/// Roles that may share waves, and over how many their tasks are spread.
struct Group {
    roles: Vec<Role>,
    spread: usize,
}

fn groups(mode: Mode, waves: u32) -> Vec<Group> {
    use Role::{Discovery, Finalization, ImplCore, ImplPolish, Quality};
    let group = |roles: &[Role], spread: usize| Group { roles: roles.to_vec(), spread };
    let alone = group(&[Discovery], 1);
    if mode == Mode::Housekeeping {
        return vec![alone, group(&[ImplCore, ImplPolish, Quality, Finalization], 1)];
    }
    let (both, last) = ([ImplCore, ImplPolish], [Quality, Finalization]);
    match waves {
        0..=3 => vec![alone, group(&both, 1), group(&last, 1)],
        4 => vec![alone, group(&both, 1), group(&[Quality], 1), group(&[Finalization], 1)],
        5 => Role::ALL.iter().map(|role| group(&[*role], 1)).collect(),
        6 => vec![alone, group(&[ImplCore], 2), group(&[ImplPolish], 2), group(&last, 1)],
        // Discovery, Quality and Finalization have one each; the core gets the odd one.
        _ => {
            let spread = (waves as usize).saturating_sub(3);
            let core = group(&[ImplCore], spread.div_ceil(2));
            let polish = group(&[ImplPolish], spread / 2);
            vec![alone, core, polish, group(&[Quality], 1), group(&[Finalization], 1)]
        }
    }
}

/// The waves of one group, each with its tasks in the order of the plan.
fn layers<'p>(plan: &'p Plan, group: &Group, overlaps: &Overlaps) -> Vec<Vec<&'p Task>> {
    let mut layer: BTreeMap<&str, usize> = BTreeMap::new();
    let mut base = 0;
    for role in &group.roles {
        let tasks: Vec<&Task> = plan.tasks.iter().filter(|task| task.role == *role).collect();
        let earlier: Vec<(&str, usize)> = layer.iter().map(|(id, at)| (*id, *at)).collect();
        let start = |at: usize, task: &Task| {
            let behind = earlier.iter().filter(|(id, _)| overlaps.meet(id, &task.id));
            let own = base + step(group, &tasks, at);
            behind.map(|(_, layer)| layer + 1).fold(own, usize::max)
        };
        let mut own: BTreeMap<&str, usize> =
            tasks.iter().enumerate().map(|(at, task)| (task.id.as_str(), start(at, task))).collect();
        settle(&tasks, &layer, &mut own);
        base = own.values().copied().fold(base, usize::max);
        layer.extend(own);
    }
    let mut waves: BTreeMap<usize, Vec<&Task>> = BTreeMap::new();
    for task in &plan.tasks {
        if let Some(at) = layer.get(task.id.as_str()) {
            waves.entry(*at).or_default().push(task);
        }
    }
    waves.into_values().collect()
}

/// Moves each task behind all that it depends on. As many rounds as tasks are enough where there is no cycle.
fn settle<'p>(tasks: &[&'p Task], before: &BTreeMap<&str, usize>, own: &mut BTreeMap<&'p str, usize>) {
    for _ in tasks {
        let mut moved = false;
        for task in tasks {
            let behind =
                task.depends.iter().filter_map(|id| own.get(id.as_str()).or(before.get(id.as_str())));
            let least = behind.map(|at| at + 1).max().unwrap_or(0);
            if let Some(at) = own.get_mut(task.id.as_str()).filter(|at| **at < least) {
                *at = least;
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}

/// Where a task begins among those of its role: spread over the waves of the group, Quality in two passes.
fn step(group: &Group, tasks: &[&Task], at: usize) -> usize {
    let Some(task) = tasks.get(at) else { return 0 };
    if task.role == Role::Quality && group.roles.len() < 3 {
        let simplifies = tasks.iter().any(|task| pass(task) == Pass::Simplify);
        return usize::from(simplifies && pass(task) == Pass::Tests);
    }
    if group.spread > 1 { at * group.spread / tasks.len().max(1) } else { 0 }
}

/// Tasks that touch tests only are the second pass of Quality.
fn pass(task: &Task) -> Pass {
    if task.files.iter().all(|file| is_test(file)) { Pass::Tests } else { Pass::Simplify }
}

/// Whether a glob names tests by a directory or by the usual names of test files.
fn is_test(glob: &str) -> bool {
    const DIRS: &[&str] = &["test", "tests", "spec", "specs", "__tests__", "e2e", "testdata", "fixtures"];
    let glob = glob.to_lowercase();
    let (dirs, name) = glob.rsplit_once('/').unwrap_or(("", &glob));
    let marks = ["_test.", ".test.", "_spec.", ".spec.", "_tests."];
    dirs.split('/').any(|dir| DIRS.contains(&dir))
        || name.starts_with("test_")
        || marks.iter().any(|mark| name.contains(mark))
}

fn wave(number: u32, tasks: &[&Task]) -> Wave {
    let mut roles: Vec<Role> = tasks.iter().map(|task| task.role).collect();
    roles.sort_unstable();
    roles.dedup();
    let quality = tasks.iter().filter(|task| task.role == Role::Quality);
    let pass = quality.map(|task| pass(task)).min_by_key(|pass| *pass == Pass::Tests);
    Wave { number, roles, pass, tasks: tasks.iter().map(|task| task.id.clone()).collect(), agents: 0 }
}
