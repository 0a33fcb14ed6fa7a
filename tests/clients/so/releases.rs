//! Three releases, one after the other, in the real clients: what Codex was told to trust stays trusted, what a person
//! edited stays, and every client loads what the lock says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::codex::Codex;
use super::super::process::Ran;
use super::super::sandbox::{Sandbox, write};
use super::verify::{assert_findings, opened, verify};
use crate::support::{root, tree};

/// The tree of one release, where it was installed from.
fn release(sandbox: &Sandbox, version: &str) -> String {
    let hall = sandbox.root.join("hall");
    let _ = fs::remove_dir_all(&hall);
    copy(&root().join("tests/releases/tree").join(version), &hall);
    hall.display().to_string()
}

fn copy(from: &Path, to: &Path) {
    for (file, bytes) in tree(from) {
        write(&to.join(file), std::str::from_utf8(&bytes).unwrap());
    }
}

fn so(sandbox: &Sandbox, words: &[&str]) -> Ran {
    let project = sandbox.project.to_str().unwrap();
    sandbox.so(&[&["--project", project, "--yes"], words].concat()).success()
}

/// What a person wrote, where, and that it is still there.
struct Edits(Vec<(PathBuf, &'static str)>);

impl Edits {
    fn make(&mut self, file: PathBuf, after: &str, line: &'static str) {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(text.contains(after), "{}: {text}", file.display());
        fs::write(&file, text.replacen(after, &format!("{after}{line}"), 1)).unwrap();
        self.0.push((file, line));
    }

    fn assert_kept(&self, version: &str) {
        for (file, line) in &self.0 {
            let text = fs::read_to_string(file).unwrap_or_default();
            assert!(text.contains(line), "{version}: {line:?} is lost in {}:\n{text}", file.display());
        }
    }
}

/// The events of the hooks that Codex lists with this status.
fn with_status(sandbox: &Sandbox, status: &str) -> Vec<String> {
    let listed = Codex::offline(sandbox).hooks();
    let hooks = listed["hooks"].as_array().unwrap();
    let hooks = hooks.iter().filter(|hook| hook["trustStatus"] == status);
    let mut events: Vec<_> = hooks.map(|hook| hook["eventName"].as_str().unwrap().to_owned()).collect();
    events.sort();
    events
}

fn findings(ran: &Ran) -> Vec<Value> {
    let clients = ran.json()["clients"].as_array().unwrap().clone();
    clients.iter().flat_map(|client| client["findings"].as_array().unwrap().clone()).collect()
}

/// A release brings a handler for an event that none before it had: the person is asked for that one and for no other.
fn trust_what_is_new(sandbox: &Sandbox) {
    assert_eq!(with_status(sandbox, "trusted"), ["preToolUse"]);
    assert_eq!(with_status(sandbox, "untrusted"), ["sessionStart"]);
    let named = findings(&verify(sandbox, None));
    let [only] = named.as_slice() else { panic!("{named:#?}") };
    assert_eq!(only["code"], "untrusted", "{named:#?}");
    assert!(!only["what"].as_str().unwrap().contains("preToolUse"), "{named:#?}");
    Codex::offline(sandbox).trust_hooks();
}

/// Other text is another hook: what was trusted does not count for it.
fn assert_other_text_is_asked_for(sandbox: &Sandbox, hooks: &Path) {
    let text = fs::read_to_string(hooks).unwrap();
    let changed = text.replace("codex PreToolUse", "codex  PreToolUse");
    assert_ne!(text, changed);
    fs::write(hooks, changed).unwrap();
    assert_eq!(with_status(sandbox, "modified"), ["preToolUse"]);
    let named = findings(&verify(sandbox, None));
    assert!(named.iter().any(|finding| finding["code"] == "untrusted"), "{named:#?}");
    fs::write(hooks, text).unwrap();
    assert_findings(sandbox, &[]);
}

/// Upgrades through the releases after the first; nobody trusts anything but what is new.
fn through(sandbox: &Sandbox, edits: &Edits) {
    for version in ["2.0.0", "3.0.0"] {
        release(sandbox, version);
        let ran = so(sandbox, &["upgrade", "--no-verify"]);
        edits.assert_kept(version);
        if version == "2.0.0" {
            trust_what_is_new(sandbox);
        }
        assert_eq!(with_status(sandbox, "trusted"), ["preToolUse", "sessionStart"], "{version}: {ran}");
        assert_findings(sandbox, &[]);
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn three_releases_of_a_persons_own_install() {
    let sandbox = Sandbox::new("so-releases");
    let hall = release(&sandbox, "1.0.0");
    let mut words = vec!["install", "--no-verify", "--scope", "user", "--source", &hall];
    words.extend(["--platform", "claude", "--platform", "codex", "--platform", "pi"]);
    so(&sandbox, &words);
    opened(&sandbox);
    assert_eq!(with_status(&sandbox, "trusted"), ["preToolUse"]);
    assert_findings(&sandbox, &[]);

    let home = |path: &str| sandbox.home.join(path);
    let package = |path: &str| home(".local/share/so/hall").join(path);
    let cache = |path: &str| home(".codex/plugins/cache/hall/hall/local/skills").join(path);
    let mut edits = Edits(Vec::new());
    let cost = "- what each costs\n";
    edits.make(package("claude/plugins/hall/skills/weigh/SKILL.md"), cost, "- what it costs others\n");
    edits.make(package("claude/plugins/hall/commands/vote.md"), "---\n\n", "Close the door.\n\n");
    edits.make(cache("weigh/SKILL.md"), cost, "- what it costs on Codex\n");
    edits.make(package("pi/prompts/vote.md"), "---\n\n", "Open the window.\n\n");
    edits.make(home(".claude/settings.json"), "{", "\n  \"theirs\": 1,");
    edits.make(home(".codex/config.toml"), "", "# theirs\n");
    through(&sandbox, &edits);
    assert_other_text_is_asked_for(&sandbox, &home(".codex/hooks.json"));
}

/// What the first program left in the project of a team, as a clone has it.
fn clone(sandbox: &Sandbox) {
    copy(&root().join("tests/releases/installed/1.0.0"), &sandbox.project);
    let launcher = sandbox.project.join(".orchestrator/so-hook");
    fs::set_permissions(launcher, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn three_releases_in_a_project_of_a_team() {
    let sandbox = Sandbox::new("so-releases-project");
    clone(&sandbox);
    let hall = release(&sandbox, "1.0.0");
    opened(&sandbox);
    assert_eq!(with_status(&sandbox, "trusted"), ["preToolUse"]);
    // The first program kept no bases: they come with the first run of this one.
    so(&sandbox, &["upgrade", "--no-verify", "--source", &hall]);
    assert_eq!(with_status(&sandbox, "trusted"), ["preToolUse"]);
    assert_findings(&sandbox, &[]);

    let project = |path: &str| sandbox.project.join(path);
    let mut edits = Edits(Vec::new());
    let cost = "- what each costs\n";
    edits.make(project(".claude/commands/weigh/SKILL.md"), cost, "- what it costs others\n");
    edits.make(project(".codex/skills/vote/SKILL.md"), "---\n\n", "Close the door.\n\n");
    edits.make(project(".pi/prompts/vote.md"), "---\n\n", "Open the window.\n\n");
    edits.make(project(".claude/settings.json"), "{", "\n  \"theirs\": 1,");
    through(&sandbox, &edits);
    assert_other_text_is_asked_for(&sandbox, &project(".codex/hooks.json"));
}
