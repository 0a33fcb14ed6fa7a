//! Never off in silence: each way to be unguarded in `liveness/ways.toml` is named by the first `so` of an agent.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{root, stderr, stdout};

const PLATFORMS: [&str; 4] = ["claude", "codex", "cursor", "pi"];

/// A home and a project, with a `so` of its own that hooks may lose.
struct Machine {
    dir: tempfile::TempDir,
    platform: &'static str,
}

impl Machine {
    fn new(platform: &'static str) -> Self {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let machine = Self { dir, platform };
        for below in ["home", "elsewhere", "bin", "path", "project/.git"] {
            fs::create_dir_all(machine.root().join(below)).unwrap();
        }
        fs::hard_link(env!("CARGO_BIN_EXE_so"), machine.root().join("bin/so")).unwrap();
        machine
    }

    fn installed(platform: &'static str, project: bool) -> Self {
        let machine = Self::untrusted(platform, project);
        if platform == "codex" && !project {
            machine.trust();
        }
        machine
    }

    fn untrusted(platform: &'static str, project: bool) -> Self {
        let machine = Self::new(platform);
        let scope: &[&str] = if project { &["--scope", "project"] } else { &[] };
        let mut so = machine.command(&machine.root().join("bin/so"));
        let output = so.args(["install", "--yes", "--platform", platform]).args(scope).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        machine
    }

    /// Remembers how it is now.
    fn keep(&self) {
        for below in ["home", "project"] {
            let copy = Command::new("cp")
                .arg("-a")
                .args([self.root().join(below), self.root().join(format!("kept-{below}"))])
                .status();
            assert!(copy.unwrap().success());
        }
    }

    /// Brings back what was remembered.
    fn restore(&self) {
        for below in ["home", "project"] {
            fs::remove_dir_all(self.root().join(below)).unwrap();
            let copy = Command::new("cp")
                .arg("-a")
                .args([self.root().join(format!("kept-{below}")), self.root().join(below)])
                .status();
            assert!(copy.unwrap().success());
        }
        for below in ["bin", "path"] {
            fs::remove_dir_all(self.root().join(below)).unwrap();
            fs::create_dir(self.root().join(below)).unwrap();
        }
        fs::hard_link(env!("CARGO_BIN_EXE_so"), self.root().join("bin/so")).unwrap();
    }

    /// What the client writes when the person trusts the hooks on its `/hooks` screen.
    fn trust(&self) {
        let file = self.root().join("home/.codex/hooks.json");
        let hooks: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let mut text = fs::read_to_string(self.root().join("home/.codex/config.toml")).unwrap_or_default();
        for (event, groups) in hooks["hooks"].as_object().unwrap() {
            let event = snake(event);
            for (at, group) in groups.as_array().unwrap().iter().enumerate() {
                let mut group = group.clone();
                group["event_name"] = json!(event);
                group["hooks"][0]["async"] = json!(false);
                group.sort_all_objects();
                let hash = Sha256::digest(group.to_string().as_bytes());
                let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                let key = format!("{}:{event}:{at}:0", file.display());
                text.push_str(
                    &["\n[hooks.state.\"", &key, "\"]\ntrusted_hash = \"sha256:", &hash, "\"\n"].concat(),
                );
            }
        }
        fs::write(self.root().join("home/.codex/config.toml"), text).unwrap();
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn package(&self) -> PathBuf {
        self.root().join("home/.local/share/so/so").join(self.platform)
    }

    fn path(&self, name: &str) -> PathBuf {
        let filled = self.fill(name);
        match (filled.strip_prefix("~/"), filled.strip_prefix("package")) {
            (Some(rest), _) => self.root().join("home").join(rest),
            (_, Some(rest)) => self.package().join(rest.trim_start_matches('/')),
            _ => self.root().join("project").join(filled),
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("$ROOT", self.root().to_str().unwrap())
            .replace("$PACKAGE", self.package().to_str().unwrap())
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:/usr/bin:/bin", self.root().join("path").display());
        command
            .env_clear()
            .current_dir(self.root().join("project"))
            .env("PATH", path)
            .env("HOME", self.root().join("home"))
            .env("NO_COLOR", "1");
        command
    }

    /// `so` as the agent of the client calls it: not the one that the hooks name, which may be gone.
    fn agent(&self, words: &str) -> Command {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_so")));
        command.args(words.split(' '));
        self.in_session(&mut command);
        command
    }

    fn in_session(&self, command: &mut Command) {
        let variables: &[(&str, &str)] = match self.platform {
            "claude" => &[("CLAUDECODE", "1"), ("CLAUDE_CODE_SESSION_ID", "session-1")],
            "codex" => &[("CODEX_SESSION_ID", "session-1")],
            "cursor" => &[("CURSOR_AGENT", "1")],
            _ => &[("PI_CODING_AGENT", "true")],
        };
        command.envs(variables.iter().copied());
    }

    /// What the client's hook does for a shell command.
    fn hook(&self, command: &str) {
        let cwd = self.root().join("project");
        let (event, payload) = match self.platform {
            "cursor" => (
                "beforeShellExecution",
                json!({"cwd": cwd, "command": command, "conversation_id": "session-1"}),
            ),
            "pi" => (
                "tool_call",
                json!({"toolName": "bash", "input": {"command": command}, "cwd": cwd, "session_id": "session-1"}),
            ),
            _ => (
                "PreToolUse",
                json!({"cwd": cwd, "tool_name": "Bash", "tool_input": {"command": command},
                       "session_id": "session-1"}),
            ),
        };
        let payload_file = self.root().join("payload.json");
        fs::write(&payload_file, payload.to_string()).unwrap();
        let mut so = self.command(&self.root().join("bin/so"));
        so.args(["hook", self.platform, event]).stdin(fs::File::open(payload_file).unwrap());
        let output = so.output().unwrap();
        assert_eq!((stdout(&output), output.status.code()), (String::new(), Some(0)));
    }

    /// Does what one cell of the table says; the command that runs then.
    fn sabotage(&self, cell: &toml_edit::Table) -> Command {
        let list = |key: &str| -> Vec<String> {
            let items = cell.get(key).and_then(toml_edit::Item::as_array);
            items.into_iter().flatten().map(|item| self.fill(item.as_str().unwrap())).collect()
        };
        if cell.contains_key("uninstall") {
            let mut so = self.command(&self.root().join("bin/so"));
            assert!(so.args(["uninstall", "--yes"]).output().unwrap().status.success());
        }
        if let [file, text] = list("write").as_slice() {
            write(&self.path(file), text);
        }
        if let [file, text] = list("append").as_slice() {
            let old = fs::read_to_string(self.path(file)).unwrap_or_default();
            write(&self.path(file), &(old + text));
        }
        if let [file, from, to] = list("replace").as_slice() {
            let old = fs::read_to_string(self.path(file)).unwrap();
            assert!(old.contains(from), "{file}: {old}");
            write(&self.path(file), &old.replacen(from, to, 1));
        }
        for file in list("remove") {
            let path = self.path(&file);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        for file in list("chmod") {
            fs::set_permissions(self.path(&file), fs::Permissions::from_mode(0o644)).unwrap();
        }
        let mode = cell.get("mode").and_then(toml_edit::Item::as_integer).unwrap_or(0o755);
        if let Some(text) = cell.get("program").and_then(toml_edit::Item::as_str) {
            program(&self.root().join("bin/so"), text, u32::try_from(mode).unwrap());
        }
        if let [name, text] = list("client").as_slice() {
            program(&self.root().join("path").join(name), text, 0o755);
        }
        let mut so = match cell.get("flags").and_then(toml_edit::Item::as_str) {
            Some(flags) => self.started_with(flags),
            None => self.agent("status"),
        };
        let variables = cell.get("env").and_then(toml_edit::Item::as_table_like);
        for (name, value) in variables.into_iter().flat_map(toml_edit::TableLike::iter) {
            so.env(name, self.fill(value.as_str().unwrap()));
        }
        so
    }

    /// `so status` below a process that is called as the client and was started with these flags.
    fn started_with(&self, flags: &str) -> Command {
        let client = self.root().join("path").join(self.platform);
        program(
            &client,
            &format!(
                "#!/bin/sh\n[ \"$1\" = --version ] && exit 1\n'{}' status\nexit $?\n",
                env!("CARGO_BIN_EXE_so")
            ),
            0o755,
        );
        let mut command = self.command(&client);
        command.args(flags.split(' '));
        self.in_session(&mut command);
        command
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A new file: the old one may be a hard link to the program under test.
fn program(path: &Path, text: &str, mode: u32) {
    let _ = fs::remove_file(path);
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn snake(event: &str) -> String {
    event.chars().enumerate().fold(String::new(), |mut text, (at, c)| {
        if c.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
        text
    })
}

fn ways() -> toml_edit::ArrayOfTables {
    let text = fs::read_to_string(root().join("tests/liveness/ways.toml")).unwrap();
    let table: toml_edit::DocumentMut = text.parse().unwrap();
    table["way"].as_array_of_tables().unwrap().clone()
}

fn every_way(platform: &'static str) {
    let mut wrong = Vec::new();
    let mut driven = 0;
    let machines = [Machine::installed(platform, false), Machine::installed(platform, true)];
    let untrusted = Machine::untrusted(platform, false);
    machines.iter().chain([&untrusted]).for_each(Machine::keep);
    for way in &ways() {
        let name = way["name"].as_str().unwrap();
        let cell = way.get(platform).unwrap_or_else(|| panic!("{name} says nothing about {platform}"));
        let Some(cell) = cell.as_inline_table().map(|cell| cell.clone().into_table()) else {
            assert!(cell.is_str(), "{name}: {platform}");
            continue;
        };
        driven += 1;
        let installed = &machines[usize::from(cell.contains_key("project"))];
        let machine = if cell.contains_key("untrusted") { &untrusted } else { installed };
        machine.restore();
        let output = machine.sabotage(&cell).output().unwrap();
        let said = stderr(&output);
        let expected = machine.fill(cell["says"].as_str().unwrap());
        let first = said.lines().next().unwrap_or_default();
        if !first.starts_with("GUARD NOT ACTIVE in ") || !first.contains(&expected) {
            wrong.push(format!("{name}: {expected}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{platform}:\n{}", wrong.join("\n"));
    assert!(driven >= 10, "{driven}");
}

#[test]
fn every_way_on_claude() {
    every_way("claude");
}

#[test]
fn every_way_on_codex() {
    every_way("codex");
}

#[test]
fn every_way_on_cursor() {
    every_way("cursor");
}

#[test]
fn every_way_on_pi() {
    every_way("pi");
}

#[test]
fn the_table_has_twenty_ways_and_more() {
    assert!(ways().len() >= 20);
    let documents: Vec<_> = ways().iter().map(|way| way["name"].as_str().unwrap().to_owned()).collect();
    let mut once = documents.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), documents.len());
}

/// Nothing is said where a hook saw the call, by whatever it was called; nor to a person.
#[test]
fn a_guarded_call_and_a_person_hear_nothing() {
    for platform in PLATFORMS {
        for project in [false, true] {
            let machine = Machine::installed(platform, project);
            machine.hook("cd src; so status --json");
            let output = machine.agent("status --json").output().unwrap();
            assert_eq!(stderr(&output), "", "{platform}");
            let value: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert!(value.get("guard").is_none(), "{platform}: {value}");
            let mut person = machine.command(Path::new(env!("CARGO_BIN_EXE_so")));
            assert_eq!(stderr(&person.arg("status").output().unwrap()), "", "{platform}");
        }
    }
}

/// The receipt of one call is not another's: a guard that goes off in the middle is seen at the next call.
#[test]
fn a_receipt_is_for_one_call() {
    let machine = Machine::installed("claude", false);
    let both =
        format!("'{so}' platforms >/dev/null; '{so}' platforms > /dev/null", so = env!("CARGO_BIN_EXE_so"));
    machine.hook(&both);
    let shell = |text: &str| {
        let mut command = machine.command(Path::new("/bin/sh"));
        command.args(["-c", text]);
        machine.in_session(&mut command);
        stderr(&command.output().unwrap())
    };
    assert_eq!(shell(&both), "");
    assert!(shell(&both).starts_with("GUARD NOT ACTIVE in Claude Code: "));
}

/// However a text calls `so`, and whatever frame a client puts around the text, it finds its own receipt; and receipts
/// of other texts, which nobody has used, are of no help when the hooks are off.
#[test]
fn each_text_finds_its_own_receipt_and_no_other() {
    let machine = Machine::installed("claude", false);
    let so = format!("'{}'", env!("CARGO_BIN_EXE_so"));
    let framed = |text: &str| {
        let quoted = text.replace('\'', "'\\''");
        format!("shopt -u extglob 2>/dev/null || true && eval '{quoted}' \\< /dev/null && pwd -P >| pwd.txt")
    };
    let run = |line: &str| {
        let mut command = machine.command(Path::new("/bin/bash"));
        command.args(["-c", line]);
        machine.in_session(&mut command);
        stderr(&command.output().unwrap())
    };
    for text in [
        "cd . && SO platforms > /dev/null; true",
        "for i in 1 2 3; do SO platforms; done > /dev/null; true",
        "x=$(SO platforms); true",
        "bash -c \"SO platforms > /dev/null; true\"; true",
        "SO platforms > /dev/null & wait; true",
        "( cd /tmp; SO platforms | cat ) > /dev/null; true",
        "SO platforms <<< \"it's\" > /dev/null; true",
    ] {
        let text = text.replace("SO", if text.contains("\"SO") { env!("CARGO_BIN_EXE_so") } else { &so });
        for line in [text.clone(), framed(&text)] {
            assert!(run(&line).contains("GUARD NOT ACTIVE in Claude Code"), "{line}");
            machine.hook(&text);
            assert_eq!(run(&line), "", "{line}");
        }
    }
    for at in 0..5 {
        machine.hook(&format!("true || {so} guard rules {at}"));
    }
    for at in 0..5 {
        let line = format!("{so} guard rules > /dev/null; true {at}");
        assert!(run(&line).contains("GUARD NOT ACTIVE in Claude Code"), "{line}");
    }
}

/// A script that the agent runs has no receipt of its own; that hooks answer here is enough.
#[test]
fn what_a_script_calls_is_guarded_with_it() {
    let machine = Machine::installed("codex", false);
    let script = machine.root().join("project/check.sh");
    program(
        &script,
        &format!("#!/bin/sh\n'{}' platforms >/dev/null\nexit 0\n", env!("CARGO_BIN_EXE_so")),
        0o755,
    );
    let run = || {
        let mut command = machine.command(Path::new("/bin/bash"));
        command.args(["-c", "./check.sh; exit 0"]);
        machine.in_session(&mut command);
        stderr(&command.output().unwrap())
    };
    assert!(run().starts_with("GUARD NOT ACTIVE in Codex CLI: "));
    machine.hook("./check.sh; exit 0");
    assert_eq!(run(), "");
}

/// A person's wrapper of a client may call `so` for whatever it is asked; that must come to an end.
#[test]
fn a_wrapper_that_calls_so_is_asked_once() {
    let machine = Machine::installed("claude", false);
    let (wrapper, log) = (machine.root().join("path/claude"), machine.root().join("calls"));
    let text =
        format!("#!/bin/sh\necho x >> '{}'\nexec '{}' status\n", log.display(), env!("CARGO_BIN_EXE_so"));
    program(&wrapper, &text, 0o755);
    assert!(stdout(&machine.agent("status").output().unwrap()).contains("Claude Code"));
    let calls = fs::read_to_string(log).unwrap().lines().count();
    assert!(calls <= 4, "{calls}");
}

#[test]
fn json_says_so_in_a_field() {
    let machine = Machine::installed("pi", false);
    for words in ["status --json", "platforms --json", "guard check --json -- ls", "check --json"] {
        let output = machine.agent(words).output().unwrap();
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(value["guard"], "not-active", "{words}");
        assert!(stderr(&output).starts_with("GUARD NOT ACTIVE in Pi: "), "{words}");
    }
}

#[test]
fn help_and_completions_are_quiet() {
    let machine = Machine::installed("claude", false);
    for words in ["--help", "--version", "help", "completions bash", "man"] {
        assert_eq!(stderr(&machine.agent(words).output().unwrap()), "", "{words}");
    }
}

/// What `so doctor` finds, as (about, what, ok).
fn examined(machine: &Machine) -> Vec<(String, String, bool)> {
    let mut so = machine.command(&machine.root().join("bin/so"));
    let path = format!("{}:/usr/bin:/bin", machine.root().join("bin").display());
    let output = so.env("PATH", path).args(["doctor", "--json"]).output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = value["findings"].as_array().unwrap().iter();
    let all: Vec<_> = findings
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            (text("about"), text("what"), finding["ok"] == true)
        })
        .collect();
    assert_eq!(output.status.code(), Some(i32::from(all.iter().any(|(_, _, ok)| !ok))));
    all
}

/// Every handler that was installed answers as its client would run it, and nothing of that is remembered.
#[test]
fn the_doctor_tries_every_handler() {
    for platform in PLATFORMS {
        let machine = Machine::installed(platform, false);
        let found = examined(&machine);
        assert!(found.iter().all(|(_, _, ok)| *ok), "{platform}: {found:?}");
        let refusing = found.iter().filter(|(_, what, _)| what.contains("refuses as it should")).count();
        assert_eq!(refusing, 2, "{platform}, with the PATH of a desktop too: {found:?}");
        assert!(!machine.root().join("home/.local/state").exists(), "{platform}");
    }
}

#[test]
fn the_doctor_names_what_is_wrong_and_mends_modes() {
    let machine = Machine::installed("claude", true);
    let launcher = machine.root().join("project/.orchestrator/so-hook");
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o644)).unwrap();
    machine.hook("so status");
    let state = machine.root().join("home/.local/state/so");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let found = examined(&machine);
    for wrong in ["may not be run", "can be read by others", "does not let"] {
        assert!(found.iter().any(|(_, what, ok)| !ok && what.contains(wrong)), "{wrong}: {found:?}");
    }
    let mut so = machine.command(&machine.root().join("bin/so"));
    so.args(["doctor", "--fix", "--yes"]).output().unwrap();
    let found = examined(&machine);
    for wrong in ["may not be run", "can be read by others"] {
        assert!(!found.iter().any(|(_, what, _)| what.contains(wrong)), "{wrong}: {found:?}");
    }
}

#[test]
fn a_handler_that_is_not_as_we_wrote_it_is_not_run() {
    let machine = Machine::installed("claude", false);
    let hooks = machine.path("package/plugins/so/hooks/hooks.json");
    let witness = machine.root().join("ran");
    let text = fs::read_to_string(&hooks).unwrap();
    let bin = machine.root().join("bin/so");
    let edited = text.replace(bin.to_str().unwrap(), &format!("touch {}; true", witness.display()));
    assert_ne!(text, edited);
    fs::write(&hooks, edited).unwrap();
    assert!(examined(&machine).iter().any(|(_, what, ok)| !ok && what.contains("is not as it was written")));
    assert!(!witness.exists());
}

#[test]
fn another_so_on_path_is_reported() {
    let machine = Machine::installed("pi", false);
    program(&machine.root().join("path/so"), "#!/bin/sh\necho 'and so on'\n", 0o755);
    let mut so = machine.command(&machine.root().join("bin/so"));
    let output = so.arg("doctor").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("comes first on PATH and is another program"), "{}", stdout(&output));
}
