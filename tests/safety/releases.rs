//! Upgrades over three releases of one tree. `tests/releases/tree/` holds the tree, `installed/` what each release left
//! in a project: the first has no bases yet, as the first version of `so` wrote it.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::install_cli::{Machine, write};
use crate::support::{root, stderr, stdout, tree};

const WEIGH: &str = ".claude/commands/weigh/SKILL.md";
const RECALL: &str = ".claude/commands/recall/SKILL.md";
const REMEMBER: &str = ".claude/commands/remember/SKILL.md";

/// A clone of a project in which a team has installed `version`.
fn project(version: &str) -> Machine {
    let machine = Machine::new(true);
    for (file, bytes) in tree(&root().join("tests/releases/installed").join(version)) {
        write(&machine.project().join(file), std::str::from_utf8(&bytes).unwrap());
    }
    put_tree(&machine, version);
    machine
}

/// The tree stands in the project itself, as teams have it.
fn put_tree(machine: &Machine, version: &str) {
    let hall = machine.project().join("hall");
    let _ = fs::remove_dir_all(&hall);
    for (file, bytes) in tree(&root().join("tests/releases/tree").join(version)) {
        write(&hall.join(file), std::str::from_utf8(&bytes).unwrap());
    }
}

fn upgrade(machine: &Machine, version: &str, code: i32) -> Output {
    put_tree(machine, version);
    // The first release recorded the directory of the machine that it was installed on.
    let lock = fs::read_to_string(machine.project().join(".orchestrator/install.lock")).unwrap_or_default();
    let elsewhere = lock.contains("/home/dev/");
    so(machine, if elsewhere { &["upgrade", "--source", "hall"] } else { &["upgrade"] }, code)
}

fn so(machine: &Machine, words: &[&str], code: i32) -> Output {
    let output = machine.command(words[0], &[], &words[1..]).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{words:?}\n{}{}", stdout(&output), stderr(&output));
    output
}

fn read(machine: &Machine, file: &str) -> String {
    fs::read_to_string(machine.project().join(file)).unwrap()
}

fn edit(machine: &Machine, file: &str, from: &str, to: &str) -> String {
    let text = read(machine, file);
    assert!(text.contains(from), "{text}");
    let text = text.replace(from, to);
    fs::write(machine.project().join(file), &text).unwrap();
    text
}

/// What a new install of `version` writes.
fn fresh(version: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let machine = Machine::new(true);
    put_tree(&machine, version);
    machine.run("install", &["claude", "codex", "cursor", "pi"], &["--scope", "project", "--source", "hall"]);
    files(&machine)
}

fn files(machine: &Machine) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = tree(&machine.project());
    files.retain(|file, _| !file.starts_with("hall/") && !file.contains("/runtime/"));
    files
}

/// The lines of a text, whatever their order.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches(',')).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_release_that_nobody_edited_becomes_the_next_one() {
    let last = fresh("3.0.0");
    for path in
        [&["1.0.0", "2.0.0", "3.0.0"][..], &["1.0.0", "3.0.0"], &["2.0.0", "3.0.0"], &["3.0.0", "3.0.0"]]
    {
        let machine = project(path[0]);
        for version in &path[1..] {
            upgrade(&machine, version, 0);
        }
        let now = files(&machine);
        assert_eq!(now.keys().collect::<Vec<_>>(), last.keys().collect::<Vec<_>>(), "{path:?}");
        for (file, bytes) in &last {
            // In files of others what comes later stands later, and the lock says so.
            let is_shared = file.ends_with(".json") || file.ends_with("install.lock");
            let (last, now) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&now[file]));
            let same = if is_shared { sorted(&last) == sorted(&now) } else { last == now };
            assert!(same, "{path:?} {file}\n{last}\n{now}");
        }
        let output = so(&machine, &["upgrade"], 0);
        assert!(stdout(&output).contains("nothing to do"), "{}", stdout(&output));
        so(&machine, &["diff", "--check"], 0);
        so(&machine, &["uninstall", "--plugin", "hall"], 0);
        assert_eq!(files(&machine).len(), 0, "{path:?}");
    }
}

#[test]
fn edits_at_other_places_are_merged() {
    let machine = project("2.0.0");
    edit(&machine, WEIGH, "- what each costs\n", "- what each costs us\n- what it costs others\n");
    edit(&machine, WEIGH, "description: Use", "description: Ours. Use");
    edit(&machine, ".claude/commands/vote.md", "State the question", "Close the door.\n\nState the question");
    let output = upgrade(&machine, "3.0.0", 0);
    assert!(
        stdout(&output).contains(&format!("merge {WEIGH}: yours and the new version, both")),
        "{}",
        stdout(&output)
    );
    let text = read(&machine, WEIGH);
    for line in [
        "- what each costs us",
        "- what it costs others",
        "description: Ours. Use",
        "and say why",
        "Put all ways",
    ] {
        assert!(text.contains(line), "{line} is lost: {text}");
    }
    so(&machine, &["upgrade"], 0);
    assert_eq!(read(&machine, WEIGH), text);
}

#[test]
fn edits_at_the_same_place_are_the_persons_to_decide() {
    let machine = project("2.0.0");
    let mine = edit(&machine, WEIGH, "easier to take back.", "ours.");
    let other = read(&machine, ".claude/commands/vote.md");
    let output = upgrade(&machine, "3.0.0", 3);
    assert!(
        stdout(&output).contains(&format!("so resolve {WEIGH} --mine|--new|--edit")),
        "{}",
        stdout(&output)
    );
    assert_eq!(read(&machine, WEIGH), mine);
    assert_ne!(read(&machine, ".claude/commands/vote.md"), other, "the rest is upgraded");
    let aside: Vec<_> =
        files(&machine).into_iter().filter(|(file, _)| file.contains("/conflicts/")).collect();
    assert_eq!(aside.len(), 1);
    assert!(String::from_utf8_lossy(&aside[0].1).contains("and say why"));
    assert!(
        Path::new(&aside[0].0).extension().is_none_or(|end| end != "md"),
        "no client loads {}",
        aside[0].0
    );
    so(&machine, &["upgrade"], 3);
    so(&machine, &["diff", "--check"], 1);
    let listed = so(&machine, &["resolve"], 0);
    assert!(stdout(&listed).contains(WEIGH), "{}", stdout(&listed));
    so(&machine, &["resolve", WEIGH, "--mine"], 0);
    assert_eq!(read(&machine, WEIGH), mine);
    so(&machine, &["upgrade"], 0);
    assert!(!files(&machine).keys().any(|file| file.contains("/conflicts/")));
}

#[test]
fn the_new_text_can_be_taken_and_rolled_back() {
    let machine = project("2.0.0");
    let mine = edit(&machine, WEIGH, "easier to take back.", "ours.");
    upgrade(&machine, "3.0.0", 3);
    so(&machine, &["resolve", WEIGH, "--new"], 0);
    assert!(read(&machine, WEIGH).contains("and say why"));
    so(&machine, &["rollback"], 0);
    assert_eq!(read(&machine, WEIGH), mine);
    so(&machine, &["upgrade", "--conflict", "fail"], 3);
    so(&machine, &["upgrade", "--conflict", "new"], 0);
    assert!(read(&machine, WEIGH).contains("and say why"));
}

#[test]
fn both_texts_can_be_edited() {
    let machine = project("2.0.0");
    edit(&machine, WEIGH, "easier to take back.", "ours.");
    upgrade(&machine, "3.0.0", 3);
    let editor = machine.root().join("editor");
    write(&editor, "#!/bin/sh\nsed -i -e '/^[<|=>]\\{7\\}/d' \"$1\"\n");
    let mut command = machine.command("resolve", &[], &[WEIGH, "--edit"]);
    command.env("EDITOR", format!("sh {}", editor.display()));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let text = read(&machine, WEIGH);
    assert!(text.contains("ours.") && text.contains("and say why"), "{text}");
    so(&machine, &["upgrade"], 0);
    assert_eq!(read(&machine, WEIGH), text);
}

/// The first release knows no bases: an edited file is not guessed about.
#[test]
fn without_a_base_an_edited_file_is_left_and_the_others_are_upgraded() {
    let machine = project("1.0.0");
    let mine = edit(&machine, WEIGH, "# Weigh", "# Weigh it");
    let output = upgrade(&machine, "2.0.0", 3);
    assert!(
        stdout(&output).contains("what we wrote is not known any more: yours stays"),
        "{}",
        stdout(&output)
    );
    assert_eq!(read(&machine, WEIGH), mine);
    assert!(read(&machine, ".agents/skills/weigh/SKILL.md").contains("what it rules out"));
    // From the decision on there is a base, and the next release is merged.
    so(&machine, &["resolve", WEIGH, "--mine"], 0);
    upgrade(&machine, "3.0.0", 0);
    let text = read(&machine, WEIGH);
    assert!(text.contains("# Weigh it") && text.contains("and say why"), "{text}");
}

#[test]
fn a_declared_rename_takes_the_edit_along() {
    let machine = project("1.0.0");
    upgrade(&machine, "1.0.0", 0); // the bases come
    edit(&machine, RECALL, "Then ask who was there.", "Then ask who was there, and why.");
    fs::remove_file(machine.project().join(".agents/skills/recall/SKILL.md")).unwrap();
    let output = upgrade(&machine, "2.0.0", 0);
    assert!(stdout(&output).contains(&format!("renamed from `{RECALL}`")), "{}", stdout(&output));
    assert!(!machine.project().join(RECALL).exists());
    let text = read(&machine, REMEMBER);
    assert!(text.contains("name: remember") && text.contains("and why."), "{text}");
    assert!(
        !machine.project().join(".agents/skills/remember/SKILL.md").exists(),
        "what was deleted stays deleted"
    );
    so(&machine, &["upgrade"], 0);
}

#[test]
fn what_is_retired_goes_unless_it_was_edited() {
    let machine = project("2.0.0");
    let mine =
        edit(&machine, ".claude/commands/adjourn.md", "Say until when.", "Say until when, and to whom.");
    let output = upgrade(&machine, "3.0.0", 0);
    assert!(
        stdout(&output).contains("leave .claude/commands/adjourn.md: you edited it"),
        "{}",
        stdout(&output)
    );
    assert_eq!(read(&machine, ".claude/commands/adjourn.md"), mine);
    assert!(!machine.project().join(".pi/prompts/adjourn.md").exists());
}

#[test]
fn an_older_version_does_not_replace_a_newer_one() {
    let machine = project("3.0.0");
    let before = files(&machine);
    let output = upgrade(&machine, "2.0.0", 1);
    assert!(
        stderr(&output).contains("3.0.0 is installed, and this is 2.0.0, which is older"),
        "{}",
        stderr(&output)
    );
    so(&machine, &["install", "--source", "hall", "--platform", "claude", "--scope", "project"], 1);
    assert_eq!(files(&machine), before);
    so(&machine, &["upgrade", "--force"], 0);
    so(&machine, &["diff", "--check"], 0);
}

#[test]
fn an_adopted_edit_is_laid_over_every_later_version() {
    let machine = project("2.0.0");
    upgrade(&machine, "2.0.0", 0); // what this program emits may differ from what that one did
    edit(&machine, WEIGH, "# Weigh", "# Weigh it well");
    so(&machine, &["diff", "--check"], 1);
    so(&machine, &["adopt", WEIGH], 0);
    so(&machine, &["diff", "--check"], 0);
    upgrade(&machine, "3.0.0", 0);
    let text = read(&machine, WEIGH);
    assert!(text.contains("# Weigh it well") && text.contains("and say why"), "{text}");
    so(&machine, &["diff", "--check"], 0);
    // The overlay outlives an uninstall, and counts again after the next install.
    so(&machine, &["uninstall", "--plugin", "hall"], 0);
    assert!(!machine.project().join(WEIGH).exists());
    machine.run("install", &["claude", "codex", "cursor", "pi"], &["--scope", "project", "--source", "hall"]);
    assert!(read(&machine, WEIGH).contains("# Weigh it well"));
    // Without it the plain version is back.
    fs::remove_dir_all(machine.project().join(".orchestrator/overlays")).unwrap();
    so(&machine, &["upgrade"], 0);
    assert!(!read(&machine, WEIGH).contains("well"));
}

/// Codex trusts the text of a user's hook: it does not change from release to release.
#[test]
fn codex_need_not_trust_again() {
    let machine = Machine::new(true);
    put_tree(&machine, "1.0.0");
    machine.run("install", &["codex"], &["--source", "hall"]);
    let hooks = || -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(machine.home().join(".codex/hooks.json")).unwrap()).unwrap()
    };
    let first = hooks();
    let handlers = first["hooks"].as_object().unwrap();
    assert!(!handlers.is_empty());
    for version in ["2.0.0", "3.0.0"] {
        upgrade(&machine, version, 0);
        let now = hooks();
        for (event, list) in handlers {
            assert_eq!(&now["hooks"][event], list, "{version} {event}");
        }
    }
}

/// A file that the person edited is never taken for one of ours because an install saw it.
#[test]
fn what_the_person_wrote_is_never_recorded_as_ours() {
    let machine = project("2.0.0");
    let mine = edit(&machine, WEIGH, "# Weigh", "# Weigh it");
    for version in ["2.0.0", "3.0.0"] {
        upgrade(&machine, version, 0);
        let hash = so::install::lock::sha256(read(&machine, WEIGH).as_bytes());
        assert!(!read(&machine, ".orchestrator/install.lock").contains(&hash));
    }
    assert!(
        !read(&machine, ".orchestrator/install.lock").contains(&so::install::lock::sha256(mine.as_bytes()))
    );
}

/// A key of the person's own is replaced by no decision, and that is said.
#[test]
fn a_key_of_the_persons_is_not_replaced_by_a_decision() {
    let machine = Machine::new(true);
    let hooks = machine.home().join(".cursor/hooks.json");
    write(&hooks, "{\"version\": 2}\n");
    so(&machine, &["install", "--platform", "cursor"], 3);
    let output = so(&machine, &["resolve", "~/.cursor/hooks.json", "--new"], 3);
    let said = stderr(&output);
    assert!(said.contains("`version` in ~/.cursor/hooks.json is yours") && said.contains("--mine"), "{said}");
    assert!(fs::read_to_string(&hooks).unwrap().contains("\"version\": 2"));
    so(&machine, &["resolve", "~/.cursor/hooks.json", "--mine"], 0);
    assert!(stdout(&so(&machine, &["resolve"], 0)).contains("no conflicts"));
}

/// Agents run nothing by `--yes` alone; a yes is kept over upgrades, and taken back to the byte.
#[test]
fn a_yes_for_agents_is_kept_and_taken_back() {
    const CLIENTS: [&str; 6] = ["--platform", "claude", "--platform", "codex", "--platform", "cursor"];
    let machine = Machine::new(false);
    put_tree(&machine, "1.0.0");
    let before = machine.snapshot();
    let ours = ["install", "--no-verify", "--source", "hall"];
    let rules = |machine: &Machine| {
        let read = |file: &str| fs::read_to_string(machine.home().join(file)).unwrap_or_default();
        [
            read(".claude/settings.json").contains("Bash(so task start *)"),
            read(".codex/rules/hall.rules").contains("\"task\", \"start\""),
            read(".cursor/cli-config.json").contains("Shell(so:task start*)"),
        ]
    };
    so(&machine, &[&ours[..], &CLIENTS].concat(), 0);
    assert_eq!(rules(&machine), [false; 3], "--yes is no yes to that");
    for scope in [&[][..], &["--scope", "project"]] {
        so(&machine, &[&ours[..], &CLIENTS, &["--agents", "run"], scope].concat(), 0);
        assert_eq!(rules(&machine), [true; 3]);
        so(&machine, &[&ours[..], &CLIENTS, scope].concat(), 0);
        upgrade(&machine, "2.0.0", 0);
        so(&machine, &["diff", "--check"], 0);
        assert_eq!(rules(&machine), [true; 3], "it is kept");
        so(&machine, &["uninstall", "--plugin", "hall"], 0);
        put_tree(&machine, "1.0.0");
        crate::install_cli::assert_same(&before, &machine.snapshot(), "taken back");
    }
    so(&machine, &[&ours[..], &CLIENTS, &["--agents", "run"]].concat(), 0);
    so(&machine, &[&ours[..], &CLIENTS, &["--agents", "ask"]].concat(), 0);
    assert_eq!(rules(&machine), [false; 3], "it is taken back alone");
}
