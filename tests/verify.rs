//! `so verify`: each fault of `verify/faults.toml` is named with what mends it, and a client that is asked gets a home of
//! its own, no key, and no project that the person has not opened in it. The real clients: `clients/so/verify.rs`.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use toml_edit::{Item, Table};

use crate::support::{root, stderr, stdout, tree};

/// Where a fault is made.
pub(crate) struct World<'a> {
    pub(crate) root: &'a Path,
    pub(crate) home: PathBuf,
    pub(crate) project: PathBuf,
    pub(crate) package: PathBuf,
}

/// The faults of the table.
pub(crate) fn faults() -> Vec<Table> {
    let text = fs::read_to_string(root().join("tests/verify/faults.toml")).unwrap();
    let table: toml_edit::DocumentMut = text.parse().unwrap();
    table["fault"].as_array_of_tables().unwrap().iter().cloned().collect()
}

pub(crate) fn text<'a>(fault: &'a Table, key: &str) -> &'a str {
    fault[key].as_str().unwrap()
}

impl World<'_> {
    fn path(&self, name: &str) -> PathBuf {
        match (name.strip_prefix("~/"), name.strip_prefix("package/"), name.strip_prefix("$ROOT/")) {
            (Some(rest), ..) => self.home.join(rest),
            (_, Some(rest), _) => self.package.join(rest),
            (.., Some(rest)) => self.root.join(rest),
            _ => self.project.join(name),
        }
    }

    fn list(&self, fault: &Table, key: &str) -> Vec<String> {
        let items = fault.get(key).and_then(Item::as_array).into_iter().flatten();
        items.map(|item| item.as_str().unwrap().replace("$ROOT", self.root.to_str().unwrap())).collect()
    }

    /// Makes one fault.
    pub(crate) fn make(&self, fault: &Table) {
        if let [dir, count] = self.list(fault, "many").as_slice() {
            for at in 0..count.parse().unwrap() {
                let about = "some words of what it is for, ".repeat(10);
                let text = format!("---\nname: many-{at}\ndescription: \"Use it: {about}\"\n---\n");
                write(&self.path(dir).join(format!("many-{at}/SKILL.md")), &text);
            }
        }
        for pair in self.list(fault, "write").chunks(2) {
            write(&self.path(&pair[0]), &pair[1]);
        }
        if let [file, more] = self.list(fault, "append").as_slice() {
            let old = fs::read_to_string(self.path(file)).unwrap_or_default();
            write(&self.path(file), &(old + more));
        }
        if let [file, from, to] = self.list(fault, "replace").as_slice() {
            let old = fs::read_to_string(self.path(file)).unwrap();
            assert!(old.contains(from), "{file}: {old}");
            write(&self.path(file), &old.replacen(from, to, 1));
        }
        if let [file, bytes] = self.list(fault, "fill").as_slice() {
            let (bytes, mut text, mut part) = (bytes.parse().unwrap(), String::from("# Top\n"), 0);
            while text.len() < bytes {
                part += 1;
                text.extend(["## Part ", &part.to_string(), "\n", &"words of it ".repeat(84), "\n"]);
            }
            write(&self.path(file), &text);
        }
        for file in self.list(fault, "remove") {
            let path = self.path(&file);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        for file in self.list(fault, "chmod") {
            // A copy: the file may be a link to the program under test.
            let (path, copy) = (self.path(&file), self.root.join("copy"));
            fs::copy(&path, &copy).unwrap();
            fs::rename(&copy, &path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        if let [name, text] = self.list(fault, "program").as_slice() {
            program(&self.root.join("path").join(name), text);
        }
    }

    /// What is wrong in the output of `so verify`: no finding has all the words.
    pub(crate) fn lacks(&self, fault: &Table, output: &str) -> Option<String> {
        let says = self.list(fault, "says");
        let answer: Value = serde_json::from_str(output).unwrap_or_default();
        let findings = answer["clients"].as_array().into_iter().flatten();
        let found: Vec<String> = findings
            .flat_map(|client| client["findings"].as_array().unwrap())
            .map(|finding| {
                ["code", "what", "mend"].map(|key| finding[key].as_str().unwrap().to_owned()).join(": ")
            })
            .collect();
        let fits = found.iter().any(|finding| says.iter().all(|words| finding.contains(words)));
        (!fits).then(|| format!("{}: {says:?}\n  {}\n", text(fault, "name"), found.join("\n  ")))
    }
}

/// How a machine was before a fault.
pub(crate) struct Kept<'a> {
    root: &'a Path,
}

impl<'a> Kept<'a> {
    const PARTS: [&'static str; 3] = ["home", "project", "bin"];

    pub(crate) fn new(root: &'a Path) -> Self {
        for part in Self::PARTS {
            copy(&root.join(part), &root.join("kept").join(part));
        }
        Self { root }
    }

    pub(crate) fn restore(&self) {
        let _ = fs::remove_dir_all(self.root.join("path"));
        for part in Self::PARTS {
            fs::remove_dir_all(self.root.join(part)).unwrap();
            copy(&self.root.join("kept").join(part), &self.root.join(part));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn program(path: &Path, text: &str) {
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A home, a project and a `so` of its own; no client is on PATH but those that a test writes.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { dir: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() };
        for below in ["home", "bin", "path", "project/.git"] {
            fs::create_dir_all(machine.root().join(below)).unwrap();
        }
        fs::hard_link(env!("CARGO_BIN_EXE_so"), machine.root().join("bin/so")).unwrap();
        machine
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn world(&self, platform: &str) -> World<'_> {
        let home = self.root().join("home");
        let package = home.join(".local/share/so/so").join(platform);
        World { root: self.root(), home, project: self.root().join("project"), package }
    }

    fn so(&self, arguments: &[&str]) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.root().join("path").display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_so"));
        command.env_clear().env("PATH", path).env("HOME", self.root().join("home")).env("NO_COLOR", "1");
        command.env("ANTHROPIC_API_KEY", "a-real-key").env("CLAUDE_CODE_USE_BEDROCK", "1");
        command.current_dir(self.root().join("project")).args(arguments).output().unwrap()
    }

    fn install(&self, platform: &str) {
        let mut so = Command::new(self.root().join("bin/so"));
        so.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.root().join("home"));
        so.current_dir(self.root().join("project"));
        let output = so.args(["install", "--yes", "--platform", platform]).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }

    fn verify(&self, platform: &str) -> Output {
        self.so(&["verify", "--json", "--platform", platform])
    }
}

/// Codex's trust is a hash that `liveness` proves; here it is taken as given by taking that finding away.
fn is_clean(output: &Output) -> bool {
    let answer: Value = serde_json::from_str(&stdout(output)).unwrap();
    let findings = answer["clients"][0]["findings"].as_array().unwrap();
    findings.iter().all(|finding| finding["code"] == "untrusted")
}

#[test]
fn each_fault_is_named_with_what_mends_it() {
    let faults = faults();
    let mut wrong = Vec::new();
    for platform in ["claude", "codex", "cursor", "pi"] {
        let machine = Machine::new();
        machine.install(platform);
        let before = machine.verify(platform);
        assert!(is_clean(&before), "{platform}: {}", stdout(&before));
        let kept = Kept::new(machine.root());
        let here = faults.iter().filter(|fault| text(fault, "platform") == platform);
        for fault in here.filter(|fault| !fault.contains_key("client")) {
            machine.world(platform).make(fault);
            let output = machine.verify(platform);
            wrong.extend(machine.world(platform).lacks(fault, &stdout(&output)));
            assert_eq!(output.status.code(), Some(1), "{}", text(fault, "name"));
            kept.restore();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(faults.len() >= 20);
}

/// Answers as Claude Code does, and writes down how it was started.
const CLAUDE: &str = r#"#!/bin/sh
{ echo "$@"; pwd; env; find "$HOME"; cat "$HOME/.claude/settings.json"; } >> "$(dirname "$0")/../seen-$$"
echo x > "$HOME/written"
case "$*" in
--version) echo '2.1.197 (Claude Code)' ;;
*"plugin list"*) echo '[]' ;;
*"-p hello"*) echo '{"subtype": "init", "skills": [], "slash_commands": [], "agents": []}' ;;
esac
"#;

fn seen(machine: &Machine) -> String {
    let files = fs::read_dir(machine.root()).unwrap().map(|entry| entry.unwrap().path());
    let seen = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("seen-"));
    seen.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn a_client_is_asked_without_keys_and_away_from_a_project_that_nobody_opened() {
    let machine = Machine::new();
    let world = machine.world("claude");
    program(&machine.root().join("path/claude"), CLAUDE);
    write(
        &world.home.join(".claude/settings.json"),
        r#"{"apiKeyHelper": "touch /tmp/no", "env": {"X_SECRET": "1"}, "outputStyle": "plain"}"#,
    );
    write(&world.home.join(".claude/.credentials.json"), "{}");
    write(&world.project.join(".claude/skills/mine/SKILL.md"), "---\ndescription: Mine.\n---\n");
    let before = tree(machine.root().join("home").as_path());
    let output = machine.verify("claude");
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["clients"][0]["asked"]["where"], "home", "{answer:#}");
    assert_eq!(answer["clients"][0]["version"], "2.1.197");
    let seen = seen(&machine);
    for word in [
        "a-real-key",
        "BEDROCK",
        "X_SECRET",
        "apiKeyHelper",
        ".credentials",
        world.home.to_str().unwrap(),
        world.project.to_str().unwrap(),
    ] {
        let lines = seen.lines().filter(|line| line.contains(word) && !line.starts_with("PATH="));
        assert_eq!(lines.count(), 0, "{word} in\n{seen}");
    }
    for word in [
        "-p hello",
        "ANTHROPIC_BASE_URL=http://127.0.0.1:",
        "ANTHROPIC_API_KEY=none",
        "disableAllHooks",
        "outputStyle",
    ] {
        assert!(seen.contains(word), "{word} in\n{seen}");
    }
    assert_eq!(tree(machine.root().join("home").as_path()), before);

    write(
        &world.home.join(".claude.json"),
        &format!(r#"{{"projects": {{"{}": {{"hasTrustDialogAccepted": true}}}}}}"#, world.project.display()),
    );
    let output = machine.verify("claude");
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["clients"][0]["asked"]["where"], "project", "{answer:#}");
    // It said that it loaded nothing.
    let findings = answer["clients"][0]["findings"].to_string();
    assert!(
        findings.contains("not-loaded") && findings.contains("`mine` stands in .claude/skills"),
        "{findings}"
    );
}

/// One event that the client does not know switches off every hook of that file: it says itself which were not loaded.
#[test]
fn hooks_that_the_client_did_not_load_are_named() {
    let machine = Machine::new();
    let details = "*\"plugin details\"*) printf 'Component inventory\\n  Hooks (2)  Stop, SessionStart  (harness-only)\\n\\n  Always-on:   ~757 tok   added\\n' ;;\n*\"-p hello\"*";
    program(&machine.root().join("path/claude"), &CLAUDE.replace("*\"-p hello\"*", details));
    machine.install("claude");
    let answer: Value = serde_json::from_str(&stdout(&machine.verify("claude"))).unwrap();
    let client = &answer["clients"][0];
    let lost = client["findings"].as_array().unwrap().iter().find(|one| one["code"] == "hooks-not-loaded");
    let what = lost.unwrap_or_else(|| panic!("{client:#}"))["what"].as_str().unwrap();
    assert!(what.contains("of the plugin `so` for ") && what.contains("`PreToolUse`"), "{what}");
    assert!(!what.contains("`Stop`"), "{what}");
    assert!(client["notes"].to_string().contains("costs ~757 tokens in every session"), "{client:#}");
}

/// A project could have a program run for a key, or the request sent elsewhere.
#[test]
fn a_project_that_would_start_a_program_is_not_started() {
    let machine = Machine::new();
    let world = machine.world("claude");
    program(&machine.root().join("path/claude"), CLAUDE);
    write(
        &world.home.join(".claude.json"),
        &format!(r#"{{"projects": {{"{}": {{"hasTrustDialogAccepted": true}}}}}}"#, world.project.display()),
    );
    for settings in
        [r#"{"apiKeyHelper": "touch pwned"}"#, r#"{"env": {"ANTHROPIC_BASE_URL": "http://192.0.2.1"}}"#]
    {
        write(&world.project.join(".claude/settings.local.json"), settings);
        let answer = stdout(&machine.verify("claude"));
        assert!(answer.contains("it was not started"), "{answer}");
    }
    assert!(!seen(&machine).contains("-p hello"));
}

#[test]
fn a_client_that_does_not_answer_is_left_with_all_that_it_started() {
    let machine = Machine::new();
    let mark = machine.root().join("alive");
    let text = format!("#!/bin/sh\n(sleep 3; touch '{}') &\nsleep 60\n", mark.display());
    program(&machine.root().join("path/pi"), &text);
    let started = Instant::now();
    let output = machine.so(&["verify", "--platform", "pi", "--limit", "1"]);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert!(stdout(&output).contains("no-answer: Pi does not say what it loaded"), "{}", stdout(&output));
    std::thread::sleep(Duration::from_millis(3500).saturating_sub(started.elapsed()));
    assert!(!mark.exists(), "what it started lives on");
}

#[test]
fn who_interrupts_waits_for_nobody_and_leaves_nothing() {
    let machine = Machine::new();
    program(&machine.root().join("path/pi"), "#!/bin/sh\nsleep 60\n");
    let temporary = machine.root().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_so"));
    let path = format!("{}:/usr/bin:/bin", machine.root().join("path").display());
    command.env_clear().env("PATH", path).env("HOME", machine.root().join("home")).env("TMPDIR", &temporary);
    command.current_dir(machine.root().join("project")).args(["verify", "--platform", "pi", "--limit", "50"]);
    let mut child = command.spawn().unwrap();
    while fs::read_dir(&temporary).unwrap().next().is_none() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let started = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn verify_works_where_nothing_was_installed_and_writes_nothing() {
    let machine = Machine::new();
    let world = machine.world("codex");
    world.make(faults().iter().find(|fault| text(fault, "name").contains("too long")).unwrap());
    let before = tree(machine.root());
    let output = machine.so(&["verify", "--platform", "codex"]);
    assert!(stdout(&output).contains("truncated: AGENTS.md has"), "{}", stdout(&output));
    assert_eq!(tree(machine.root()), before);
    let none = Machine::new().so(&["verify"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("none of the clients was found here"), "{}", stderr(&none));
}

#[test]
fn doctor_names_other_managers_and_switches_the_original_off() {
    let machine = Machine::new();
    machine.install("claude");
    let world = machine.world("claude");
    let settings = world.home.join(".claude/settings.json");
    let old = fs::read_to_string(&settings).unwrap();
    let both = old.replace("\"so@so\": true", "\"session-orchestrator@k\": true, \"so@so\": true");
    write(&settings, &both);
    write(&world.project.join("rulesync.jsonc"), "{}");
    write(&world.project.join("CLAUDE.md"), "## Session Config\n\n- **test-comand:** make test\n");
    let said = stdout(&machine.so(&["doctor"]));
    for words in [
        "ok    rulesync: is used here too (rulesync.jsonc)",
        "wrong settings: CLAUDE.md: ",
        "`session-orchestrator@k` is on as well: two guards",
        "so doctor --fix switches it off, or: claude plugin disable session-orchestrator@k",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    assert_eq!(fs::read_to_string(&settings).unwrap(), both);
    let said = stdout(&machine.so(&["doctor", "--fix", "--yes"]));
    assert!(!said.contains("two guards"), "{said}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), both.replacen("@k\": true", "@k\": false", 1));
}

/// The chain from the top down has one budget; git knows where such files stand.
#[test]
fn instructions_further_down_are_cut_too() {
    let machine = Machine::new();
    let project = machine.root().join("project");
    fs::remove_dir_all(project.join(".git")).unwrap();
    let git = |arguments: &[&str]| {
        assert!(Command::new("git").current_dir(&project).args(arguments).output().unwrap().status.success());
    };
    git(&["init", "-q"]);
    let text = |part: &str| format!("# {part}\n{}\n## The end of {part}\n", "words\n".repeat(3_000));
    write(&project.join("AGENTS.md"), &text("top"));
    write(&project.join("api/AGENTS.md"), &text("api"));
    let said = || stdout(&machine.so(&["verify", "--platform", "codex"]));
    assert!(!said().contains("truncated"), "{}", said());
    git(&["add", "."]);
    let said = said();
    assert!(said.contains("truncated: api/AGENTS.md, with those above it, has 36"), "{said}");
    assert!(said.contains("in “api”; “The end of api” is not read"), "{said}");
}

/// The page explains every finding that the code can make.
#[test]
fn the_page_names_every_finding() {
    let page = fs::read_to_string(root().join("docs/verify.md")).unwrap();
    let mut codes = std::collections::BTreeSet::new();
    for entry in fs::read_dir(root().join("src/install/verify")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let made = text.split("Finding::new(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        codes.extend(made.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    }
    assert!(codes.len() > 15, "{codes:?}");
    for code in codes {
        assert!(page.contains(&format!("`{code}`")), "docs/verify.md does not explain `{code}`");
    }
}
