//! `so` is killed from outside, whenever it comes, and so is the run that takes that back: no file is ever half-written,
//! and afterwards everything is as it was or as it was to be.
//!
//! `SO_KILLS=200` kills more often.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::install_cli::{Machine, Node, Snapshot, write};
use crate::support::{root, stderr, tree};

/// What is killed, after what. All of it is about one tree in two scopes, and a person has edited some of it.
const COURSES: [(&str, &[&str]); 4] = [
    ("install", &[]),
    ("upgrade", &["install", "edit", "2.0.0"]),
    ("uninstall", &["install", "edit"]),
    ("rollback", &["install", "edit", "2.0.0", "upgrade"]),
];

/// A machine that is brought back to where a course begins.
struct Course {
    machine: Machine,
    name: &'static str,
    kept: tempfile::TempDir,
    start: Snapshot,
    end: Snapshot,
    /// How long it takes when nobody kills it.
    lasts: Duration,
}

/// How often what was killed.
#[derive(Debug, Default)]
struct Count {
    runs: usize,
    in_the_middle: usize,
    recoveries: usize,
    /// Before or in its own work of taking back.
    in_a_recovery: usize,
}

fn put_tree(machine: &Machine, version: &str) {
    let hall = machine.root().join("hall");
    let _ = fs::remove_dir_all(&hall);
    for (file, bytes) in tree(&root().join("tests/releases/tree").join(version)) {
        write(&hall.join(file), std::str::from_utf8(&bytes).unwrap());
    }
}

/// One step on the way to where a course begins.
fn step(machine: &Machine, step: &str) {
    match step {
        "edit" => {
            let vote = machine.project().join(".claude/commands/vote.md");
            let text = fs::read_to_string(&vote).unwrap();
            fs::write(vote, text.replace("State", "Close the door.\n\nState")).unwrap();
        }
        "install" | "upgrade" => {
            let output = command(machine, step).output().unwrap();
            assert!(output.status.success(), "{}", stderr(&output));
        }
        version => put_tree(machine, version),
    }
}

fn command(machine: &Machine, name: &str) -> Command {
    match name {
        "install" => {
            let hall = machine.root().join("hall");
            let source = ["--scope", "project", "--no-verify", "--source", hall.to_str().unwrap()];
            machine.command(name, &["claude", "codex", "cursor", "pi"], &source)
        }
        "uninstall" => machine.command(name, &[], &["--plugin", "hall"]),
        "upgrade" => machine.command(name, &[], &["--no-verify"]),
        _ => machine.command(name, &[], &[]),
    }
}

/// Everything but what a rollback needs, which tells when it was.
fn snapshot(machine: &Machine) -> Snapshot {
    let mut all = machine.snapshot();
    all.retain(|path, _| {
        !path.ends_with("last-install.json") && !path.starts_with(machine.root().join("hall"))
    });
    all
}

impl Course {
    fn new(name: &'static str, before: &[&str]) -> Self {
        let machine = Machine::new(false);
        put_tree(&machine, "1.0.0");
        for one in before {
            step(&machine, one);
        }
        let (kept, start) = (tempfile::tempdir().unwrap(), snapshot(&machine));
        copy(&machine.root(), kept.path());
        let begun = Instant::now();
        let output = command(&machine, name).output().unwrap();
        let lasts = begun.elapsed();
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        let end = snapshot(&machine);
        assert_ne!(start, end, "{name}");
        Self { machine, name, kept, start, end, lasts }
    }

    fn begin(&self) {
        for dir in [self.machine.home(), self.machine.project()] {
            fs::remove_dir_all(dir).unwrap();
        }
        copy(self.kept.path(), &self.machine.root());
    }

    fn journals(&self) -> [PathBuf; 2] {
        [self.machine.home(), self.machine.project()].map(|dir| dir.join(".so-install.journal"))
    }

    fn is_pending(&self) -> bool {
        self.journals().iter().any(|journal| journal.exists())
    }

    /// Starts it and kills it after `wait`, counted from when it begins to write if `writing`.
    fn kill(&self, wait: Duration, writing: bool) {
        let mut child = command(&self.machine, self.name)
            .args(["--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while writing && !self.is_pending() && child.try_wait().unwrap().is_none() {}
        std::thread::sleep(wait);
        let _ = child.kill(); // SIGKILL
        child.wait().unwrap();
    }

    /// Each file is as it was, or as it is to be.
    fn assert_whole(&self, what: &str) {
        for (path, node) in snapshot(&self.machine) {
            let is_temporary = path.file_name().unwrap().to_string_lossy().starts_with(".so-");
            let known = [self.start.get(&path), self.end.get(&path)].contains(&Some(&node));
            assert!(
                known || is_temporary || matches!(node, Node::Directory { .. }),
                "{what}: {path:?} is {node:?}"
            );
        }
    }

    /// The next run takes back what did not end, and does its own work.
    fn end(&self, what: &str) {
        let output = command(&self.machine, "uninstall").arg("--dry-run").output().unwrap();
        assert!(output.status.success(), "{what}: {}", stderr(&output));
        assert!(!stderr(&output).contains("has changed since"), "{what}: {}", stderr(&output));
        assert!(!self.is_pending(), "{what}");
        let now = snapshot(&self.machine);
        if now == self.start {
            let output = command(&self.machine, self.name).output().unwrap();
            assert!(output.status.success(), "{what}: {}", stderr(&output));
        }
        crate::install_cli::assert_same(&self.end, &snapshot(&self.machine), what);
    }
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap().success());
}

/// Whole numbers below 100 that look random.
fn numbers() -> impl FnMut() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let mut state = since.subsec_nanos() | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % 100
    }
}

/// Killed while it writes down the way back: nothing was begun, and the beginning of that file goes.
#[test]
fn half_a_journal_is_removed() {
    let machine = Machine::new(true);
    let halves = [machine.home(), machine.project()].map(|dir| dir.join(".so-install.journal.new"));
    for half in &halves {
        write(half, "{\"schema\": 1, \"tok");
    }
    let output = command(&machine, "uninstall").arg("--dry-run").output().unwrap();
    assert!(output.status.success() && stderr(&output).is_empty(), "{}", stderr(&output));
    assert!(halves.iter().all(|half| !half.exists()));
}

#[test]
#[expect(clippy::print_stderr, reason = "how often a kill came in the middle is chance")]
fn a_kill_from_outside_leaves_nothing_half_done() {
    let kills = std::env::var("SO_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(3);
    let mut random = numbers();
    let mut counts = BTreeMap::new();
    for (name, before) in COURSES {
        let course = Course::new(name, before);
        let mut count = Count::default();
        for at in 0..kills {
            course.begin();
            // Half of them once it writes: before that there is not much to break.
            let writing = at % 2 == 1;
            let wait = course.lasts * random() / if writing { 200 } else { 90 };
            course.kill(wait, writing);
            let what = format!("{name}, killed after {wait:?}, writing {writing}");
            course.assert_whole(&what);
            count.runs += 1;
            if course.is_pending() {
                count.in_the_middle += 1;
                let wait = course.lasts * random() / 150;
                let what = format!("{what}, and again after {wait:?}");
                course.kill(wait, false);
                course.assert_whole(&what);
                count.recoveries += 1;
                count.in_a_recovery += usize::from(course.is_pending());
            }
            course.end(&what);
        }
        counts.insert(name, count);
    }
    eprintln!("{counts:#?}");
    let middle = counts.values().filter(|count| count.in_the_middle > 0).count();
    assert!(kills < 20 || middle == COURSES.len(), "no kill came in the middle: {counts:?}");
}
