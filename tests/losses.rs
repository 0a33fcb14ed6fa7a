//! What each client does with each field: every field has a row, and the rows say what the compiler does.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use so::compile::artifact::ArtifactSet;
use so::compile::loss::{self, Field};
use so::compile::model::Kind;
use so::compile::platform::{Fate, Platform, Scope, Target};

use crate::compiled::{emit, parse, platforms};
use crate::support::{root, so, stderr, stdout};

#[test]
fn every_field_has_a_fate_on_every_platform() {
    let platforms = platforms();
    let mut open = Vec::new();
    for field in loss::all(&platforms) {
        for platform in &platforms {
            for scope in &platform.scopes {
                match loss::row(platform, *scope, field.subject, &field.key) {
                    None => open.push(format!("{} {scope}: {field}", platform.id)),
                    Some(row) => assert!(
                        !row.fate.is_loss() || !row.reason.is_empty(),
                        "{} {scope}: {field} has no reason",
                        platform.id
                    ),
                }
            }
        }
    }
    assert!(open.is_empty(), "nothing says what becomes of {open:#?}");
}

#[test]
fn every_row_is_about_a_field() {
    let platforms = platforms();
    let fields: BTreeSet<String> = loss::all(&platforms).iter().map(ToString::to_string).collect();
    for platform in &platforms {
        for (subject, rows) in &platform.fields {
            for key in rows.keys() {
                let field = format!("{subject}.{key}");
                assert!(fields.contains(&field), "platforms/{}.toml has a row for `{field}`", platform.id);
            }
        }
    }
}

/// A tree with one item of each kind, changed in one field.
struct Probe {
    dir: tempfile::TempDir,
}

impl Probe {
    fn new() -> Self {
        let probe = Self { dir: tempfile::tempdir().unwrap() };
        probe.head("", "");
        for kind in Kind::ALL {
            probe.item(kind, &own(kind), "One.", "", "Text.");
        }
        probe
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.dir.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// `so.toml` with one key changed and something appended.
    fn head(&self, key: &str, more: &str) {
        let mut text = String::new();
        for (name, value) in
            [("name", "tree"), ("version", "1.0.0"), ("description", "A."), ("license", "MIT")]
        {
            let value = if name == key { if name == "version" { "1.0.1" } else { "other" } } else { value };
            let _ = writeln!(text, "{name} = {value:?}");
        }
        self.write("so.toml", &format!("{text}{more}"));
    }

    fn item(&self, kind: Kind, name: &str, description: &str, line: &str, text: &str) {
        let always = if kind == Kind::Rule && !line.starts_with("globs") { "always: true\n" } else { "" };
        let file = match kind {
            Kind::Skill => format!("skills/{name}/SKILL.md"),
            _ => format!("{}/{name}.md", kind.folder()),
        };
        let line = if line.is_empty() { String::new() } else { format!("{line}\n") };
        self.write(
            &file,
            &format!("---\nname: {name}\ndescription: {description:?}\ntemplate: true\n{always}{line}---\n\n{text}\n"),
        );
    }

    fn emit(&self, platform: &Platform, scope: Scope, known: &[Platform]) -> ArtifactSet {
        emit(&parse(self.dir.path().to_str().unwrap()), &[Target { platform, scope }], known)
    }
}

/// Whether the compiler does something else once the field says something else; `None` where the tree cannot say it
/// apart from what holds anyway.
fn changed(field: &Field, platform: &Platform) -> Option<Probe> {
    let probe = Probe::new();
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == field.subject);
    match (kind, field.subject, field.key.as_str()) {
        (Some(kind), _, "text") => probe.item(kind, &own(kind), "One.", "", "Other."),
        (Some(kind), _, "description") => probe.item(kind, &own(kind), "Other.", "", "Text."),
        (Some(kind), _, "name") => {
            let _ = std::fs::remove_dir_all(probe.dir.path().join(kind.folder()));
            probe.item(kind, "renamed", "One.", "", "Text.");
        }
        (Some(_), _, "files") => probe.write("skills/the-skill/references/more.md", "More.\n"),
        (Some(kind), _, "x") => {
            probe.item(kind, &own(kind), "One.", &format!("x-{}:\n  probe: \"yes\"", platform.id), "Text.");
        }
        (Some(kind), _, key) => probe.item(kind, &own(kind), "One.", &line(key)?, "Text."),
        (None, "tree", key) => probe.head(key, ""),
        (None, "mcp", _) => probe.head("", "[mcp.probe]\ncommand = \"probe\"\n"),
        (None, "hook", key) => probe.head("", &hooks(key)),
        _ => return None,
    }
    Some(probe)
}

/// The line of frontmatter that says something with `key`.
fn line(key: &str) -> Option<String> {
    let value = match key.split('.').next()? {
        "access" if key.ends_with("read-only") => "read-only".to_owned(),
        "model" if !key.ends_with("inherit") => key.split('.').nth(1)?.to_owned(),
        "user-only" | "disable-model-invocation" => "true".to_owned(),
        "arguments" | "globs" => "[\"one\"]".to_owned(),
        "argument-hint" | "license" | "compatibility" | "allowed-tools" => "\"one\"".to_owned(),
        "metadata" => "{a: b}".to_owned(),
        // What holds without it, what is a tree's own business, and what needs a schema beside it.
        _ => return None,
    };
    Some(format!("{}: {value}", key.split('.').next()?))
}

fn hooks(key: &str) -> String {
    let (what, name) = key.split_once('.').unwrap();
    match what {
        "check" => format!("[hooks]\n{name} = [\"banner\"]\n"),
        "command" => format!("[hooks]\n{name} = [{{ command = \"./probe\" }}]\n"),
        _ => format!("[hooks]\nPreToolUse = [{{ command = \"./probe\", tools = [{name:?}] }}]\n"),
    }
}

/// What is dropped changes nothing, and everything else changes something.
#[test]
fn the_rows_say_what_the_compiler_does() {
    let platforms = platforms();
    let mut compared = 0;
    for platform in &platforms {
        for scope in &platform.scopes {
            let base = Probe::new().emit(platform, *scope, &platforms);
            for field in loss::all(&platforms) {
                let Some(probe) = changed(&field, platform) else { continue };
                let Some(row) = loss::row(platform, *scope, field.subject, &field.key) else { continue };
                let same = probe.emit(platform, *scope, &platforms) == base;
                let foreign = field.key.starts_with("tool.") && !platform.hooks.foreign;
                let expected = match row.fate {
                    Fate::Dropped => true,
                    Fate::Native | Fate::Translated if !foreign => false,
                    // In part, or by means that the compiler does not see.
                    _ => continue,
                };
                let what = if same { "changes nothing" } else { "changes something" };
                assert!(same == expected, "{} {scope}: {field} is {}, yet it {what}", platform.id, row.fate);
                compared += 1;
            }
        }
    }
    assert!(compared > 400, "only {compared} compared");
}

fn check(dir: &Path) -> std::process::Output {
    so(dir).args(["check", "--source"]).arg(dir).output().unwrap()
}

/// A new loss is noticed only where the tree keeps a list; what protects, always.
#[test]
fn a_list_makes_new_losses_findings() {
    let probe = Probe::new();
    probe.head("", "");
    let quiet = check(probe.dir.path());
    assert!(quiet.status.success(), "{}", stderr(&quiet));
    assert!(stdout(&quiet).contains("not carried to pi: agent (1 item)"), "{}", stdout(&quiet));
    probe.head("", "[losses]\naccept = []\n");
    let loud = check(probe.dir.path());
    assert_eq!(loud.status.code(), Some(1));
    assert!(stderr(&loud).contains("error[new-loss]: `agent` is dropped on pi"), "{}", stderr(&loud));
}

/// What protects is refused where it would be lost, and only there.
#[test]
fn nothing_is_built_for_a_client_that_would_lose_a_guard() {
    let probe = Probe::new();
    probe.head("", "[hooks]\nPreToolUse = [{ command = \"./probe\" }]\n");
    let build = |platform: &str| {
        let mut command = so(probe.dir.path());
        command.current_dir(probe.dir.path()).args(["build", "--source", ".", "--platform", platform]);
        command.output().unwrap()
    };
    assert!(build("claude").status.success());
    let refused = build("pi");
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("lost-protection"), "{}", stderr(&refused));
    assert!(!probe.dir.path().join("dist/pi").exists());
    probe.head(
        "",
        "[losses]\naccept = [\"pi:hook.command.PreToolUse:./probe\"]\n\
         [hooks]\nPreToolUse = [{ command = \"./probe\" }]\n",
    );
    assert!(build("pi").status.success(), "{}", stderr(&build("pi")));
}

/// The line that a person would have to write is printed.
#[test]
fn the_list_to_agree_to_is_printed() {
    let probe = Probe::new();
    let shown =
        so(probe.dir.path()).args(["check", "--losses", "--source"]).arg(probe.dir.path()).output().unwrap();
    let text = stdout(&shown);
    let list = text.split("[losses]\n").nth(1).unwrap().split("]\n").next().unwrap();
    probe.head("", &format!("[losses]\n{list}]\n"));
    let agreed = check(probe.dir.path());
    assert!(agreed.status.success() && stderr(&agreed).is_empty(), "{}", stderr(&agreed));
    assert!(stdout(&agreed).contains("agreed in so.toml"));
}

/// The built-in tree has agreed to what it loses.
#[test]
fn our_own_tree_loses_what_it_has_agreed_to() {
    let output = so(&root()).args(["check", "--json", "--source"]).arg(root()).output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let losses = value["losses"].as_array().unwrap();
    assert!(losses.len() > 5 && losses.iter().all(|loss| loss["accepted"] == true), "{losses:#?}");
    assert!(losses.iter().all(|loss| loss["protects"] == false), "{losses:#?}");
}

/// What one client is told to hold an agent back with counts for that client only.
#[test]
fn a_restriction_for_one_client_is_missed_on_the_others() {
    let probe = Probe::new();
    let agent = |more: &str| probe.item(Kind::Agent, "the-agent", "One.", more, "Text.");
    agent("x-claude:\n  tools: \"Read, Bash(git log *)\"");
    let refused = check(probe.dir.path());
    for client in ["codex", "cursor"] {
        let line = format!("`agent.x-claude.tools` of `the-agent` protects, and is dropped on {client}");
        assert!(stderr(&refused).contains(&line), "{}", stderr(&refused));
    }
    assert!(!stderr(&refused).contains("on pi"), "an agent that does not arrive does no harm");
    agent("access: read-only\nx-claude:\n  disallowedTools: \"Grep\"");
    assert!(check(probe.dir.path()).status.success());
    agent("x-claude:\n  tools: Read\nx-codex:\n  sandbox_mode: read-only\nx-cursor:\n  readonly: true");
    let held = check(probe.dir.path());
    assert!(!stderr(&held).contains("lost-protection"), "{}", stderr(&held));
}

/// A key that only `so` knows, in a skill that goes out byte for byte, holds nobody back.
#[test]
fn a_plain_skill_is_closed_in_words_that_clients_know() {
    let probe = Probe::new();
    let skill = |key: &str| {
        let text = format!("---\nname: plain\ndescription: \"One.\"\n{key}: true\n---\n\nText.\n");
        probe.write("skills/plain/SKILL.md", &text);
    };
    skill("user-only");
    assert!(stderr(&check(probe.dir.path())).contains("`plain.user-only` of `plain` protects"));
    skill("disable-model-invocation");
    assert!(check(probe.dir.path()).status.success());
}

fn own(kind: Kind) -> String {
    format!("the-{}", kind.word())
}
