//! The twelve scenarios that were run against other tools, by their numbers; `so` loses in none of them.

use std::fs;

use crate::install_cli::{Machine, assert_same, write};
use crate::support::{stderr, stdout};

const PLATFORMS: [&str; 4] = ["claude", "codex", "cursor", "pi"];
const PROJECT: &[&str] = &["--scope", "project"];

fn install(machine: &Machine) {
    machine.run("install", &PLATFORMS, PROJECT);
}

/// A machine whose project holds one file before the first install, and what stands there afterwards.
fn after_install(file: &str, text: &str) -> (Machine, String) {
    let machine = Machine::new(true);
    write(&machine.project().join(file), text);
    install(&machine);
    let after = fs::read_to_string(machine.project().join(file)).unwrap();
    (machine, after)
}

#[test]
fn s1_an_edit_of_a_generated_file_outlives_every_command() {
    let machine = Machine::new(true);
    install(&machine);
    let file = machine.project().join(".claude/agents/analyst.md");
    let edited = fs::read_to_string(&file).unwrap() + "USER EDIT\n";
    fs::write(&file, &edited).unwrap();
    install(&machine);
    machine.run("upgrade", &[], &["--force"]);
    let output = machine.run("diff", &[], &[]);
    assert!(stdout(&output).contains("keep .claude/agents/analyst.md: you edited it"), "{}", stdout(&output));
    let output = machine.run("uninstall", &[], &[]);
    assert!(
        stdout(&output).contains("leave .claude/agents/analyst.md: you edited it"),
        "{}",
        stdout(&output)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), edited);
}

#[test]
fn s2_instructions_that_were_there_keep_every_line() {
    for file in ["CLAUDE.md", "AGENTS.md"] {
        let text = "# Ours\r\n\r\n- never push to main";
        let (_machine, after) = after_install(file, text);
        assert!(after.starts_with(text), "{after}");
    }
}

#[test]
fn s3_commands_skills_and_agents_of_the_persons_stay_beside_ours() {
    let machine = Machine::new(true);
    let theirs = [
        ".claude/commands/mine.md",
        ".claude/skills/mine/SKILL.md",
        ".claude/agents/mine.md",
        ".cursor/rules/mine.mdc",
    ];
    for file in theirs {
        write(&machine.project().join(file), "mine\n");
    }
    let before = machine.snapshot();
    install(&machine);
    for file in theirs {
        assert_eq!(fs::read_to_string(machine.project().join(file)).unwrap(), "mine\n");
    }
    machine.run("uninstall", &[], &[]);
    assert_same(&before, &machine.snapshot(), "theirs beside ours");
}

#[test]
fn s4_a_hook_of_the_persons_runs_beside_ours() {
    let text = "{\n  \"hooks\": {\"PreToolUse\": [{\"matcher\": \"Bash\", \"hooks\": [{\"type\": \"command\", \"command\": \"theirs\"}]}]}\n}\n";
    let (machine, after) = after_install(".claude/settings.json", text);
    assert!(after.contains("\"command\": \"theirs\"") && after.contains("so-hook"), "{after}");
    machine.run("uninstall", &[], &[]);
    assert_eq!(fs::read_to_string(machine.project().join(".claude/settings.json")).unwrap(), text);
}

#[test]
fn s5_permissions_stay() {
    let (_machine, after) = after_install(
        ".claude/settings.json",
        "{\"permissions\": {\"allow\": [\"Bash(npm test)\"], \"deny\": [\"Read(.env)\"]}}\n",
    );
    assert!(after.contains("\"allow\": [\"Bash(npm test)\"], \"deny\": [\"Read(.env)\"]"), "{after}");
}

#[test]
fn s6_servers_of_the_persons_stay() {
    let text = "{\"mcpServers\": {\"mine\": {\"command\": \"mine\"}}}";
    let (_machine, after) = after_install(".mcp.json", text);
    assert!(after.contains("\"mine\": {\"command\": \"mine\"}"), "{after}");
}

#[test]
fn s7_s8_tables_and_comments_of_codex_stay() {
    let machine = Machine::new(true);
    let file = machine.home().join(".codex/config.toml");
    let text =
        "# how we work\nmodel = \"x\" # the small one\n\n[mcp_servers.mine]\ncommand = \"mine\" # ours\n";
    write(&file, text);
    machine.run("install", &["codex"], &[]);
    let after = fs::read_to_string(&file).unwrap();
    assert!(after.starts_with(text) && after != text, "{after}");
    machine.run("uninstall", &[], &[]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn s9_one_file_that_cannot_be_read_stops_everything() {
    let machine = Machine::new(true);
    write(&machine.project().join(".claude/settings.json"), "{\"model\": \"opus\",,}\n");
    let before = machine.snapshot();
    let output = machine.command("install", &PLATFORMS, PROJECT).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("settings.json") && stderr(&output).contains("line 1"),
        "{}",
        stderr(&output)
    );
    assert_same(&before, &machine.snapshot(), "an unparsable file");
}

#[test]
fn s10_the_preview_is_what_happens() {
    let machine = Machine::new(true);
    write(&machine.project().join(".claude/agents/analyst.md"), "mine\n");
    let steps = |options: &[&str]| {
        let output = machine
            .command("install", &PLATFORMS, &[PROJECT, &["--json"], options].concat())
            .output()
            .unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (answer["steps"].clone(), answer["applied"].clone())
    };
    let before = machine.snapshot();
    let (preview, applied) = steps(&["--dry-run"]);
    assert_eq!(applied, false);
    assert_same(&before, &machine.snapshot(), "a preview");
    assert!(
        preview.as_array().unwrap().iter().any(|step| step["kind"] == "conflict"),
        "the loss that does not happen is named"
    );
    assert_eq!(steps(&[]), (preview, true.into()));
}

#[test]
fn s11_s12_nothing_is_left_and_everything_is_as_it_was() {
    let machine = Machine::new(false);
    let before = machine.snapshot();
    machine.run("install", &PLATFORMS, &[]);
    machine.run("install", &PLATFORMS, PROJECT);
    machine.run("upgrade", &[], &["--force"]);
    machine.run("uninstall", &[], &[]);
    assert_same(&before, &machine.snapshot(), "installed twice, upgraded, taken back");
}

/// Beside the files of other tools: their manifests, and the directories that they fill.
#[test]
fn other_tools_files_are_not_ours() {
    let machine = Machine::new(true);
    for file in [
        "rulesync.jsonc",
        ".rulesync/rules/a.md",
        ".ruler/ruler.toml",
        "apm.yml",
        "apm.lock.yaml",
        "skills-lock.json",
        ".specify/init-options.json",
        ".claude/commands/speckit.plan.md",
        ".claude/get-shit-done/VERSION",
        ".agents/skills/theirs/SKILL.md",
    ] {
        write(&machine.project().join(file), "{}\n");
    }
    let before = machine.snapshot();
    install(&machine);
    let during = machine.snapshot();
    assert!(before.iter().all(|(path, node)| during.get(path) == Some(node)));
    machine.run("uninstall", &[], &[]);
    assert_same(&before, &machine.snapshot(), "other tools");
}

/// Two people have installed on two branches: git could not merge the lock.
#[test]
fn a_lock_with_markers_of_git_stops_everything() {
    let machine = Machine::new(true);
    install(&machine);
    let lock = machine.project().join(".orchestrator/install.lock");
    let text = fs::read_to_string(&lock).unwrap();
    fs::write(&lock, format!("<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> theirs\n")).unwrap();
    let before = machine.snapshot();
    for command in ["install", "upgrade", "uninstall", "diff"] {
        let output = machine.command(command, &[], &[]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(stderr(&output).contains("install.lock"), "{}", stderr(&output));
    }
    assert_same(&before, &machine.snapshot(), "a lock in conflict");
}

/// What protects and would be lost on some client is an error, and nothing is written.
#[test]
fn what_protects_is_not_lost_by_an_install() {
    let machine = Machine::new(true);
    let tree = crate::support::root().join("tests/broken/lost-protection");
    let before = machine.snapshot();
    for platforms in [&["pi"][..], &["claude", "pi"]] {
        let options = ["--source", tree.to_str().unwrap()];
        let output = machine.command("install", platforms, &options).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        assert!(said.contains("lost-protection") && said.contains("nothing was written"), "{said}");
        assert_same(&before, &machine.snapshot(), "an install that would lose what protects");
    }
    machine.run("install", &["claude"], &["--source", tree.to_str().unwrap()]);
}
