//! How many agents a wave is worth: by the kind of session, how much there is to do, and what this machine bears.

use std::collections::BTreeSet;

use super::check::literal;
use super::{Mode, Plan, Role, Wave};

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// A few files in one place.
    Simple,
    /// Between the two.
    Moderate,
    /// Many files, places and issues.
    Complex,
}

impl Tier {
    /// Of a plan: its globs, their directories and its issues are counted.
    pub fn of(plan: &Plan) -> Self {
        let files: BTreeSet<&str> =
            plan.tasks.iter().flat_map(|task| &task.files).map(String::as_str).collect();
        let dirs: BTreeSet<&str> = files.iter().map(|file| directory(file)).collect();
        let issues: BTreeSet<u64> = plan.tasks.iter().filter_map(|task| task.issue).collect();
        let grade = |count: usize, few: usize, some: usize| match count {
            _ if count <= few => 0,
            _ if count <= some => 1,
            _ => 2,
        };
        match grade(files.len(), 5, 15) + grade(dirs.len(), 1, 3) + grade(issues.len(), 1, 3) {
            0 | 1 => Self::Simple,
            2 | 3 => Self::Moderate,
            _ => Self::Complex,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Moderate => "moderate",
            Self::Complex => "complex",
        }
    }
}

fn directory(glob: &str) -> &str {
    let plain = literal(glob);
    if plain.len() == glob.len() { plain.rsplit_once('/').map_or("", |(dir, _)| dir) } else { plain }
}

/// The most agents for the tasks of one role.
fn most(mode: Mode, tier: Tier, role: Role) -> u32 {
    let row: [u32; 5] = match (mode, tier) {
        (Mode::Feature, Tier::Simple) => [3, 4, 3, 2, 1],
        (Mode::Feature, Tier::Moderate) => [5, 6, 5, 4, 2],
        (Mode::Feature, Tier::Complex) => [6, 6, 6, 4, 2],
        (Mode::Deep, Tier::Simple) => [4, 6, 4, 3, 2],
        (Mode::Deep, Tier::Moderate) => [6, 8, 6, 5, 3],
        (Mode::Deep, Tier::Complex) => [8, 10, 8, 6, 4],
        (Mode::Housekeeping, _) => [1, 2, 1, 1, 1],
    };
    Role::ALL.iter().zip(row).find(|(one, _)| **one == role).map_or(1, |(_, most)| most)
}

/// How many agents at once: no more than tasks, than the project allows (`cap`), than the machine bears. None: the
/// session does the tasks itself, one after the other.
pub fn agents(plan: &Plan, wave: &Wave, cap: u32, burden: Burden) -> u32 {
    let tier = Tier::of(plan);
    let wanted: u32 = wave.roles.iter().map(|role| most(plan.mode, tier, *role)).sum();
    let tasks = u32::try_from(wave.tasks.len()).unwrap_or(u32::MAX);
    let agents = wanted.min(tasks).min(cap);
    match burden {
        Burden::Light => agents,
        Burden::Heavy => (agents / 2).max(1),
        Burden::TooMuch => 0,
    }
}

/// What a machine has to spare; what cannot be told is `None` and speaks against nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Host {
    /// Memory that programs could still take, in MB.
    pub memory: Option<u64>,
    /// Swap in use, in MB.
    pub swap: Option<u64>,
    /// The lower of the loads of 1 and 5 minutes, for each processor.
    pub load: Option<f64>,
    /// Other live sessions in this project.
    pub peers: usize,
}

/// What that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Burden {
    /// All can work.
    Light,
    /// Half as many.
    Heavy,
    /// No agents beside the session.
    TooMuch,
}

impl Host {
    /// How much it bears, and why.
    pub fn burden(&self) -> (Burden, Vec<String>) {
        let memory = self.memory.unwrap_or(u64::MAX);
        let swap = self.swap.filter(|_| memory < 4096).unwrap_or(0);
        let mut why = Vec::new();
        let mut note = |is_so: bool, text: String| {
            if is_so {
                why.push(text);
            }
            is_so
        };
        let hard = [
            note(memory < 2048, format!("{memory} MB of memory are left")),
            note(swap > 3072, format!("{swap} MB are swapped out")),
        ];
        let soft = [
            note((2048..4096).contains(&memory), format!("{memory} MB of memory are left")),
            note((1025..=3072).contains(&swap), format!("{swap} MB are swapped out")),
            note(self.load.unwrap_or(0.0) > 0.9, "the processors are busy".to_owned()),
            note(self.peers >= 5, format!("{} sessions are at work here", self.peers)),
        ];
        let soft = soft.into_iter().filter(|is_so| *is_so).count();
        let burden = match soft {
            _ if hard.contains(&true) => Burden::TooMuch,
            0 | 1 => Burden::Light,
            _ => Burden::Heavy,
        };
        (burden, why)
    }

    /// This machine, where it tells (Linux).
    pub fn here(peers: usize) -> Self {
        let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(&text("/proc/meminfo"), &text("/proc/loadavg"), processors, peers)
    }

    /// From the texts of `/proc/meminfo` and `/proc/loadavg`.
    pub fn of(meminfo: &str, loadavg: &str, processors: usize, peers: usize) -> Self {
        let field = |name: &str| -> Option<u64> {
            let rest = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            rest.split_whitespace().next()?.parse::<u64>().ok().map(|kb| kb / 1024)
        };
        let loads: Vec<f64> = loadavg.split_whitespace().take(2).filter_map(|one| one.parse().ok()).collect();
        let swap = field("SwapTotal").zip(field("SwapFree")).map(|(all, free)| all.saturating_sub(free));
        let load = match loads.as_slice() {
            [one, five] => Some(one.min(*five) / f64::from(u32::try_from(processors.max(1)).unwrap_or(1))),
            _ => None,
        };
        Self { memory: field("MemAvailable"), swap, load, peers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_halves_and_a_full_one_takes_none() {
        let host = |memory: u64, load: f64, peers: usize| Host {
            memory: Some(memory),
            load: Some(load),
            peers,
            swap: None,
        };
        for (host, expected) in [
            (Host::default(), Burden::Light),
            (host(8000, 0.1, 0), Burden::Light),
            (host(8000, 3.0, 0), Burden::Light),
            (host(3000, 0.1, 0), Burden::Light),
            (host(3000, 3.0, 0), Burden::Heavy),
            (host(8000, 3.0, 5), Burden::Heavy),
            (host(1000, 0.1, 0), Burden::TooMuch),
            (Host { swap: Some(5000), ..host(8000, 0.1, 0) }, Burden::Light),
            (Host { swap: Some(5000), ..host(3000, 0.1, 0) }, Burden::TooMuch),
        ] {
            assert_eq!(host.burden().0, expected, "{host:?}");
        }
    }

    #[test]
    fn the_kernels_texts_are_read() {
        let meminfo =
            "MemTotal: 16384000 kB\nMemAvailable:    8192000 kB\nSwapTotal: 2048 kB\nSwapFree: 1024 kB\n";
        let host = Host::of(meminfo, "1.00 3.00 9.00 1/200 77\n", 2, 1);
        assert_eq!(host, Host { memory: Some(8000), swap: Some(1), load: Some(0.5), peers: 1 });
        assert_eq!(Host::of("", "", 2, 0), Host::default());
    }
}
