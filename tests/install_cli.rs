//! `so install` beside files that people already have: what is theirs keeps every byte, a second run has nothing
//! to do, and taking it back leaves the home and the project as they were, modes and links included.
//!
//! `tests/existing/` holds what they have, with the quirks of files that people write by hand: mixed indentation,
//! comments, carriage returns, no newline at the end, keys that we know nothing of.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{root, so, stderr, stdout, tree};

const PLATFORMS: [&str; 4] = ["claude", "codex", "cursor", "pi"];
const SCOPES: [&[&str]; 2] = [&[], &["--scope", "project"]];

pub(crate) struct Machine {
    dir: tempfile::TempDir,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Directory { mode: u32 },
    File { mode: u32, text: String },
    Link(PathBuf),
}

pub(crate) type Snapshot = BTreeMap<PathBuf, Node>;

impl Machine {
    /// A home and a project with everything in them, or, when `bare`, with nothing.
    pub(crate) fn new(bare: bool) -> Self {
        let machine = Self { dir: tempfile::tempdir().unwrap() };
        for dir in [machine.home(), machine.project().join(".git")] {
            fs::create_dir_all(dir).unwrap();
        }
        if !bare {
            machine.furnish();
        }
        machine
    }

    fn furnish(&self) {
        let existing = root().join("tests/existing");
        for (file, bytes) in tree(&existing) {
            write(&self.root().join(file), std::str::from_utf8(&bytes).unwrap());
        }
        // Many keep their settings elsewhere, and one file for two clients.
        link("../dotfiles/codex.toml", &self.home().join(".codex/config.toml"));
        link("CLAUDE.md", &self.project().join("AGENTS.md"));
        for (file, mode) in
            [("dotfiles/codex.toml", 0o600), (".pi/agent/settings.json", 0o640), (".codex", 0o700)]
        {
            fs::set_permissions(self.home().join(file), fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.root().join("project")
    }

    pub(crate) fn command(&self, command: &str, platforms: &[&str], options: &[&str]) -> Command {
        let mut so = so(&self.home());
        so.current_dir(self.project()).args([command, "--yes"]).args(options);
        for platform in platforms {
            so.args(["--platform", platform]);
        }
        so
    }

    pub(crate) fn run(&self, command: &str, platforms: &[&str], options: &[&str]) -> Output {
        let output = self.command(command, platforms, options).output().unwrap();
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        output
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let walk = walkdir::WalkDir::new(self.root()).into_iter().map(Result::unwrap);
        walk.map(|entry| (entry.path().to_owned(), node(entry.path()))).collect()
    }
}

fn node(path: &Path) -> Node {
    let meta = fs::symlink_metadata(path).unwrap();
    let mode = meta.permissions().mode() & 0o7777;
    if meta.is_symlink() {
        Node::Link(fs::read_link(path).unwrap())
    } else if meta.is_dir() {
        Node::Directory { mode }
    } else {
        Node::File { mode, text: String::from_utf8(fs::read(path).unwrap()).unwrap() }
    }
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn link(to: &str, at: &Path) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

/// Says first which paths differ, then how.
pub(crate) fn assert_same(before: &Snapshot, after: &Snapshot, what: &str) {
    let paths: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ: Vec<_> = paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| (path, before.get(path), after.get(path)))
        .collect();
    assert!(differ.is_empty(), "{what}: {differ:#?}");
}

/// Whatever a person had is still there: every word of each file, in its order, and its mode.
fn assert_kept(before: &Snapshot, after: &Snapshot) {
    for (path, old) in before {
        let new = after.get(path).unwrap_or_else(|| panic!("{} is gone", path.display()));
        let (Node::File { mode: was, text: old }, Node::File { mode, text: new }) = (old, new) else {
            assert_eq!(old, new, "{}", path.display());
            continue;
        };
        assert_eq!(was, mode, "the mode of {}", path.display());
        let mut words = new.split_whitespace();
        for word in old.split_whitespace() {
            let bare = word.trim_end_matches([',', '}', ']']).trim_start_matches(['{', '[']);
            assert!(words.any(|new| new.contains(bare)), "{}: {word} is lost in\n{new}", path.display());
        }
    }
}

fn round_trip(machine: &Machine, platforms: &[&str], scope: &[&str]) {
    let what = format!("{platforms:?} {scope:?}");
    let before = machine.snapshot();
    machine.run("install", platforms, scope);
    let installed = machine.snapshot();
    assert_ne!(before, installed, "{what}");
    assert_kept(&before, &installed);
    let again = machine.run("install", platforms, scope);
    assert!(stdout(&again).contains("nothing to do"), "{what}: {}", stdout(&again));
    assert_same(&installed, &machine.snapshot(), &what);
    machine.run("uninstall", platforms, &[]);
    assert_same(&before, &machine.snapshot(), &what);
}

#[test]
fn each_platform_comes_and_goes_without_a_trace() {
    for scope in SCOPES {
        for platform in PLATFORMS {
            for bare in [false, true] {
                round_trip(&Machine::new(bare), &[platform], scope);
            }
        }
    }
}

#[test]
fn all_platforms_come_and_go_without_a_trace() {
    for scope in SCOPES {
        for bare in [false, true] {
            round_trip(&Machine::new(bare), &PLATFORMS, scope);
        }
    }
}

/// What goes in any other order than it came leaves no trace either, and never takes what the others need.
#[test]
fn platforms_go_one_by_one() {
    for scope in SCOPES {
        let machine = Machine::new(false);
        let before = machine.snapshot();
        for platform in PLATFORMS {
            machine.run("install", &[platform], scope);
        }
        for platform in ["codex", "pi", "claude", "cursor"] {
            machine.run("uninstall", &[platform], &[]);
        }
        assert_same(&before, &machine.snapshot(), &format!("{scope:?}"));
    }
}

#[test]
fn both_scopes_come_and_go_together() {
    let machine = Machine::new(false);
    let before = machine.snapshot();
    machine.run("install", &PLATFORMS, &[]);
    machine.run("install", &PLATFORMS, &["--scope", "project"]);
    machine.run("uninstall", &[], &[]);
    assert_same(&before, &machine.snapshot(), "both scopes");
}

/// A team commits these files: they say nothing of the machine they were made on.
#[test]
fn files_of_a_project_hold_no_path_of_this_machine() {
    let machine = Machine::new(true);
    machine.run("install", &PLATFORMS, &["--scope", "project"]);
    let program = Path::new(env!("CARGO_BIN_EXE_so")).parent().unwrap();
    for (path, node) in machine.snapshot().iter().filter(|(path, _)| path.starts_with(machine.project())) {
        let Node::File { text, .. } = node else { continue };
        for private in [machine.root().as_path(), program] {
            assert!(
                !text.contains(private.to_str().unwrap()),
                "{} names {}",
                path.display(),
                private.display()
            );
        }
    }
}

#[test]
fn an_install_for_a_project_leaves_the_home_alone() {
    let machine = Machine::new(false);
    let home = |snapshot: Snapshot| -> Snapshot {
        snapshot.into_iter().filter(|(path, _)| path.starts_with(machine.home())).collect()
    };
    let before = home(machine.snapshot());
    machine.run("install", &PLATFORMS, &["--scope", "project"]);
    assert_same(&before, &home(machine.snapshot()), "the home");
}

#[test]
fn a_file_that_cannot_be_parsed_stops_everything() {
    for (file, text, named) in [
        ("home/.claude/settings.json", "{ \"hooks\": ", "settings.json"),
        ("home/.codex/hooks.json", "[]", "hooks.json"),
        ("home/dotfiles/codex.toml", "[features\n", "codex.toml"),
    ] {
        let machine = Machine::new(false);
        write(&machine.root().join(file), text);
        let before = machine.snapshot();
        let output = machine.command("install", &PLATFORMS, &[]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{file}: {}", stdout(&output));
        assert!(stderr(&output).contains(named), "{file}: {}", stderr(&output));
        assert_same(&before, &machine.snapshot(), file);
    }
}

/// A place that holds something of another kind is the person's: the rest is installed, and that is said.
#[test]
fn a_key_of_another_kind_is_left_alone() {
    let machine = Machine::new(false);
    let settings = machine.home().join(".pi/agent/settings.json");
    write(&settings, "{\"packages\": \"npm:theirs\"}");
    let before = machine.snapshot();
    let output = machine.command("install", &["pi"], &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("conflict ~/.pi/agent/settings.json"), "{}", stdout(&output));
    assert_eq!(before.get(&settings), machine.snapshot().get(&settings));
    machine.run("uninstall", &["pi"], &[]);
    assert_same(&before, &machine.snapshot(), "a conflict");
}

/// A lock that came with a clone names only what a clone brings.
#[test]
fn a_projects_lock_reaches_nothing_of_git() {
    let hash = so::install::lock::sha256(b"[core]\n");
    for entry in [
        format!(r#""files": {{".git/config": {{"sha256": "{hash}", "platforms": ["cursor"]}}}}"#),
        r#""edits": {".GIT/config": {"format": "toml", "done": [{"op": "set", "at": ["core"], "value": {}}],
            "made": [{"made": "root", "before": "[core]\nfsmonitor = \"evil\"\n"}], "platforms": ["cursor"]}}"#
            .to_owned(),
    ] {
        let machine = Machine::new(true);
        write(&machine.project().join(".git/config"), "[core]\n");
        let lock = format!(
            r#"{{"schema": 1, "sources": {{"so": {{"version": "1", "origin": "built in",
                "platforms": {{"cursor": {{"scope": "project"}}}}, {entry}}}}}}}"#
        );
        write(&machine.project().join(".orchestrator/install.lock"), &lock);
        let before = machine.snapshot();
        let output = machine.command("uninstall", &[], &[]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        assert!(stderr(&output).contains("does not belong in this lock"), "{}", stderr(&output));
        assert_same(&before, &machine.snapshot(), "a hostile lock");
    }
}

/// Whenever Ctrl-C comes, all of it is there or nothing.
#[test]
fn an_interruption_leaves_all_or_nothing() {
    let mut interrupted = 0;
    for wait in (1..60).map(|step| std::time::Duration::from_millis(10 * step)) {
        let machine = Machine::new(true);
        let before = machine.snapshot();
        let mut child = machine
            .command("install", &PLATFORMS, &["-q"])
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(wait);
        Command::new("kill").args(["-INT", &child.id().to_string()]).output().unwrap();
        let status = child.wait().unwrap();
        if status.success() {
            machine.run("uninstall", &PLATFORMS, &[]);
        }
        assert_same(&before, &machine.snapshot(), &format!("{status} after {wait:?}"));
        interrupted += usize::from(status.code() == Some(130));
        if interrupted == 3 {
            return;
        }
    }
    assert!(interrupted > 0, "no signal came in the middle");
}

/// What the home links to is the person's own doing; what a clone links to is not.
#[test]
fn a_clients_directory_may_be_kept_outside_the_home() {
    let machine = Machine::new(true);
    for dir in [".claude", ".codex", ".cursor"] {
        fs::create_dir_all(machine.root().join("elsewhere").join(dir)).unwrap();
        link(&format!("../elsewhere/{dir}"), &machine.home().join(dir));
    }
    write(&machine.root().join("elsewhere/.claude/settings.json"), "{\"a\": 1}");
    let before = machine.snapshot();
    machine.run("install", &PLATFORMS, &[]);
    assert!(machine.root().join("elsewhere/.codex/hooks.json").is_file());
    machine.run("uninstall", &PLATFORMS, &[]);
    assert_same(&before, &machine.snapshot(), "links out of the home");
}

#[test]
fn the_home_is_no_project_whatever_it_is_called() {
    let machine = Machine::new(true);
    let other = machine.root().join("link-to-home");
    link("home", &other);
    let before = machine.snapshot();
    let run = |command: &str, platform: &str| {
        let mut so = so(&other);
        so.current_dir(&other).args([command, "--yes", "--platform", platform]).output().unwrap()
    };
    let output = run("install", "cursor");
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("the home directory is none"), "{}", stderr(&output));
    assert!(run("install", "claude").status.success());
    assert!(!machine.home().join(".orchestrator").exists());
    assert!(run("uninstall", "claude").status.success());
    assert_same(&before, &machine.snapshot(), "a home that is a link");
}

/// A path that cannot be written into a client's file is refused before it is written in another spelling.
#[test]
fn a_home_that_no_file_can_name_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let machine = Machine::new(true);
    let odd = machine.root().join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    fs::create_dir_all(&odd).unwrap();
    for (home, named) in [(odd, "not UTF-8"), (PathBuf::from("home"), "not an absolute path")] {
        let mut so = so(&home);
        so.current_dir(machine.project()).args(["install", "--yes", "--platform", "claude"]);
        let output = so.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        assert!(stderr(&output).contains(named), "{}", stderr(&output));
    }
}

#[test]
fn a_file_where_a_directory_should_be_stays() {
    let machine = Machine::new(true);
    write(&machine.project().join(".cursor/rules"), "mine\n");
    write(&machine.home().join(".claude"), "mine too\n");
    let before = machine.snapshot();
    let output = machine.command("install", &PLATFORMS, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("a file stands where its directory should be"), "{}", stdout(&output));
    machine.run("uninstall", &PLATFORMS, &[]);
    assert_same(&before, &machine.snapshot(), "files in the way");
}

/// Of a project nothing is written outside it, the lock included.
#[test]
fn a_link_of_a_project_takes_nothing_outside() {
    let machine = Machine::new(true);
    fs::create_dir_all(machine.root().join("outside")).unwrap();
    link("../outside", &machine.project().join(".orchestrator"));
    let before = machine.snapshot();
    let output = machine.command("install", &["cursor"], &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("leads out of"), "{}", stderr(&output));
    assert_same(&before, &machine.snapshot(), "a link out of the project");
}

#[test]
fn each_answer_is_one_object() {
    let machine = Machine::new(true);
    for line in [
        "uninstall --yes",
        "uninstall --plugin nobody",
        "completions bash",
        "man",
        "man install",
        "help",
        "help install",
        "help --who",
        "help nothing",
        "platforms",
        "guard rules",
        "guard",
        "install",
        "nothing",
    ] {
        let mut so = so(&machine.home());
        let output = so.current_dir(machine.project()).args(line.split(' ')).arg("--json").output().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(value["ok"].is_boolean(), "{line}: {}", stdout(&output));
    }
}

/// Of installs at the same time one writes; the others say that the disk changed, and take nothing of it away.
#[test]
fn installs_at_once_do_not_mix() {
    let machine = Machine::new(true);
    let before = machine.snapshot();
    let start =
        |_| machine.command("install", &PLATFORMS, &["-q"]).stderr(std::process::Stdio::piped()).spawn();
    let children: Vec<_> = (0..4).map(|n| start(n).unwrap()).collect();
    let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(outputs.iter().any(|output| output.status.success()));
    for output in outputs.iter().filter(|output| !output.status.success()) {
        assert!(stderr(output).contains("has changed since the plan was made"), "{}", stderr(output));
        assert!(!stderr(output).contains("taken back"), "it had begun to write: {}", stderr(output));
    }
    assert!(stdout(&machine.run("install", &PLATFORMS, &[])).contains("nothing to do"));
    machine.run("uninstall", &PLATFORMS, &[]);
    assert_same(&before, &machine.snapshot(), "four at once");
}

/// One event that a version does not know switches off the file that it stands in.
#[test]
fn a_client_that_is_too_old_is_refused_with_the_reason() {
    let machine = Machine::new(true);
    let bin = machine.root().join("bin");
    let claude = bin.join("claude");
    for (said, scope, code) in [
        ("echo '2.0.10 (Claude Code)'", &[][..], 2),
        ("echo '2.0.10 (Claude Code)'", &["--scope", "project"], 0),
        ("echo '2.1.197 (Claude Code)'", &[], 0),
        ("echo what", &[], 0),
        ("exit 1", &[], 0),
        ("sleep 60", &[], 0),
    ] {
        write(&claude, &format!("#!/bin/sh\n{said}\n"));
        fs::set_permissions(&claude, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = so(&machine.home());
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        command.args(["--project", machine.project().to_str().unwrap(), "install", "--platform", "claude"]);
        let output = command.args(["--dry-run"]).args(scope).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}: {}", stderr(&output));
        let told = stderr(&output);
        assert_eq!(told.contains("2.0.10 is older than 2.1.197"), code == 2, "{said}: {told}");
    }
}
