//! Fence, scope, staging and dispatch: tables of acts and answers, as a client would see them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};
use so::guard::{Context, Reach, check};
use so::hook::world::World;
use so::hook::{Call, answer};
use so::session::binding::{Bindings, Worker};
use so::session::presence::Presence;
use so::session::scope::Scope;

use crate::support::root;

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The cells of each row of a table, backquotes and padding taken off.
fn rows(file: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("tests/scope").join(file)).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let line = line.replace("\\|", "\u{1}");
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().replace('\u{1}', "|").replace('⏎', "\n")).collect()
        })
        .collect()
}

/// A project with a scope, and the world around it.
struct Place {
    dir: tempfile::TempDir,
    world: World,
}

const SESSION: &str = "one";

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let real = dir.path().canonicalize().unwrap();
        let world = World {
            state: Some(real.join("state")),
            home: Some(real.join("home")),
            now: 1_000,
            ..World::default()
        };
        let place = Self { dir, world };
        std::fs::create_dir_all(place.project().join(".git")).unwrap();
        for file in ["src/a/x.rs", "src/b/x.rs", "Cargo.toml"] {
            write(&place.project().join(file), ""); // nothing is lost with it
        }
        std::os::unix::fs::symlink("b", place.project().join("src/link")).unwrap();
        place
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn project(&self) -> PathBuf {
        self.root().join("project")
    }

    fn open(&self, scope: &Value) -> Scope {
        write(&self.project().join(so::session::scope::FILE), &scope.to_string());
        Scope::open(&self.project()).unwrap().unwrap()
    }

    fn wave(&self, enforcement: &str) -> Scope {
        self.open(&json!({
            "wave": 2, "role": "Impl-Core", "enforcement": enforcement, "allowed": ["src/**", "docs/*.md"],
            "tasks": {"T1": ["src/a/**"], "T2": ["src/b/**", "docs/*.md"]}, "commands": {"deny": ["make release"]},
        }))
    }

    fn bind(&self, agent: &str, task: &str) {
        let scope = Scope::open(&self.project()).unwrap().unwrap();
        let worker = Worker {
            platform: "claude",
            session: SESSION,
            agent: Some(agent).filter(|agent| !agent.is_empty()),
        };
        let store = self.world.store(&self.project()).unwrap();
        Bindings::bind(&store, worker, &scope, task).unwrap();
    }

    fn at_work(&self, session: &str, agents: &[&str]) {
        let store = self.world.store(&self.project()).unwrap();
        let change = |presence: &mut Presence| {
            presence.agents = agents.iter().map(|agent| ((*agent).to_owned(), String::new())).collect();
        };
        Presence::update(&store, "claude", session, change).unwrap();
    }

    /// The answer to one call of Claude Code by `agent`: `allow`, `warn: …`, `ask: …` or `deny: …`.
    fn call(&self, agent: &str, tool: &str, input: &Value) -> String {
        let mut payload = json!({"session_id": SESSION, "cwd": self.project(), "tool_name": tool, "tool_input": input,
            "permission_mode": "default"});
        if !agent.is_empty() {
            payload["agent_id"] = json!(agent);
        }
        let call = Call { platform: "claude".into(), event: "PreToolUse".into(), from_project: false };
        let reply = answer(&call, payload.to_string().as_bytes(), &self.world);
        let value: Value = serde_json::from_str(&reply.stdout).unwrap_or_default();
        let text = |key: &str| value["hookSpecificOutput"][key].as_str().map(str::to_owned);
        match (text("permissionDecision"), text("additionalContext")) {
            (Some(decision), _) => format!("{decision}: {}", text("permissionDecisionReason").unwrap()),
            (None, Some(warning)) => format!("warn: {warning}"),
            (None, None) => "allow".to_owned(),
        }
    }

    /// `edit PATH` or `shell COMMAND`.
    fn act(&self, agent: &str, act: &str) -> String {
        let (kind, what) = act.split_once(' ').unwrap();
        let what = what.trim_matches('`').trim();
        match kind {
            "edit" => self.call(agent, "Write", &json!({"file_path": what, "content": "x"})),
            "shell" => self.call(agent, "Bash", &json!({"command": what})),
            other => panic!("{other}"),
        }
    }
}

/// Whether `found` begins with the word of `expected` and holds the rest of it.
fn fits(found: &str, expected: &str) -> bool {
    let (word, part) = expected.split_once(": ").unwrap_or((expected, ""));
    found.split(':').next() == Some(word) && found.contains(part)
}

#[test]
fn commands_name_what_they_write() {
    let place = Place::new();
    for file in ["src/a.rs", "src/b.rs", "docs/x.md", "lib/.keep"] {
        write(&place.project().join(file), "");
    }
    std::fs::remove_dir_all(place.project().join("src/a")).unwrap();
    let context = Context { notes: true, ..Context::at(&place.project()) };
    let mut wrong = Vec::new();
    for row in rows("writes.md") {
        let [command, expected] = row.as_slice() else { panic!("{row:?}") };
        let command = command.trim_matches('`').trim();
        let mut found: Vec<String> = check(command, &context)
            .writes
            .iter()
            .map(|write| {
                let shown = write.path.as_ref().map(|path| match path.strip_prefix(place.project()) {
                    Ok(inner) => inner.display().to_string(),
                    Err(_) => path.display().to_string().replace(place.root().to_str().unwrap(), ".."),
                });
                match (shown, write.reach) {
                    (None, _) => "`?`".to_owned(),
                    (Some(path), Reach::File) => format!("`{path}`"),
                    (Some(path), Reach::Tree) => format!("`{path}/**`"),
                    (Some(path), Reach::Somewhere) if path.is_empty() => "`…`".to_owned(),
                    (Some(path), Reach::Somewhere) => format!("`{path}/…`"),
                }
            })
            .collect();
        found.sort();
        if found.join(" ") != *expected {
            wrong.push(format!("{command:?} writes {}, not {expected}", found.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_writes_what_its_task_may_touch() {
    let mut wrong = Vec::new();
    for row in rows("scope.md") {
        let [task, enforcement, act, expected] = row.as_slice() else { panic!("{row:?}") };
        for agent in ["agent-1", ""] {
            if agent.is_empty() && expected.contains("does not change") {
                continue; // the session itself takes one task after the other
            }
            let place = Place::new();
            place.wave(enforcement);
            if !task.is_empty() {
                place.bind(agent, task);
            }
            let found = place.act(agent, act);
            if !fits(&found, expected) {
                wrong.push(format!("{task} {enforcement} {act} by {agent:?}: {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_a_wave_nobody_is_held_to_a_scope() {
    for row in rows("scope.md") {
        let [_, _, act, expected] = row.as_slice() else { panic!("{row:?}") };
        if !expected.contains("change-hooks") {
            let found = Place::new().act("agent-1", act);
            assert!(!found.contains("scope:") && !found.contains("task:"), "{act}: {found}");
        }
    }
}

#[test]
fn a_role_that_reads_writes_its_report_only() {
    let place = Place::new();
    place.open(&json!({"wave": 1, "role": "Discovery", "enforcement": "strict", "allowed": ["src/**"],
        "tasks": {"D1": ["src/**"]}, "report": ["reports/**"]}));
    assert!(fits(&place.act("a", "edit src/a/x.rs"), "deny: may touch reports/**"));
    assert_eq!(place.act("a", "edit reports/d1.md"), "allow");
    place.bind("a", "D1");
    assert!(fits(&place.act("a", "edit src/a/x.rs"), "deny: reports/**"));
}

#[test]
fn a_scope_that_cannot_be_read_holds_writes_back_and_nothing_else() {
    let place = Place::new();
    for broken in ["{", "[]", r#"{"wave": "two"}"#, r#"{"tasks": {"T1": ["[a"]}, "allowed": ["[a"]}"#] {
        write(&place.project().join(so::session::scope::FILE), broken);
        assert!(fits(&place.act("", "edit src/a/x.rs"), "deny: scope.json"), "{broken}");
        assert!(fits(&place.act("", "shell echo x > src/a/x.rs"), "deny: scope.json"), "{broken}");
        assert!(
            broken.contains("[a") || fits(&place.act("a", "shell git commit -m x"), "deny: staging"),
            "{broken}"
        );
        assert_eq!(place.act("", "shell ls -la"), "allow", "{broken}");
    }
}

#[test]
fn git_is_the_sessions_own() {
    let mut wrong = Vec::new();
    for row in rows("staging.md") {
        let [who, command, expected] = row.as_slice() else { panic!("{row:?}") };
        let place = Place::new();
        if who.contains("session only") {
            write(&place.project().join(".orchestrator/STATE.md"), "---\nstatus: active\n---\n");
        } else if !who.contains("no wave") {
            place.wave("off");
        }
        place.at_work(SESSION, if who.ends_with("peers") { &["a", "b"] } else { &[] });
        let agent = if who.ends_with("agent") { "a" } else { "" };
        let found = place.act(agent, &format!("shell {command}"));
        let fits = fits(&found, expected) && (expected == "allow" || found.contains("staging:"));
        if !fits {
            wrong.push(format!("{who}: {command}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Beside the project: a linked worktree, another repository, and a directory from the client's settings.
fn with_neighbours() -> Place {
    let place = Place::new();
    let (root, project) = (place.root(), place.project());
    for dir in ["home/.ssh", "W", "R/.git", "G", "project/src"] {
        std::fs::create_dir_all(root.join(dir)).unwrap();
    }
    let link = project.join(".git/worktrees/w/gitdir");
    write(&link, &format!("{}\n", root.join("W/.git").display()));
    write(&root.join("W/.git"), &format!("gitdir: {}\n", link.parent().unwrap().display()));
    write(
        &root.join("home/.claude/settings.json"),
        &json!({"permissions": {"additionalDirectories": [root.join("G")]}}).to_string(),
    );
    std::os::unix::fs::symlink(root.join("home"), project.join("link-out")).unwrap();
    std::os::unix::fs::symlink(root.join("home/.ssh"), project.join("link-ssh")).unwrap();
    place
}

#[test]
fn edits_stay_inside_the_fence() {
    let place = with_neighbours();
    let home = place.root().join("home");
    let mut wrong = Vec::new();
    for row in rows("fence.md") {
        let [act, expected] = row.as_slice() else { panic!("{row:?}") };
        let there = |name: &str| place.root().join(name).display().to_string();
        let spelled = match act.strip_prefix("edit `") {
            Some(path) => {
                let path = path.trim_end_matches('`');
                let path = match path.split_once('/') {
                    Some(("~", rest)) => format!("{}/{rest}", home.display()),
                    Some((name @ ("P" | "W" | "R" | "G"), rest)) => {
                        let dir = there(if name == "P" { "project" } else { name });
                        format!("{dir}/{}", rest.replace("../P/", "../project/"))
                    }
                    _ => path.to_owned(),
                };
                format!("edit {path}")
            }
            None => act
                .replace("File: R/", &format!("File: {}/", there("R")))
                .replace('~', home.to_str().unwrap())
                .replace("$HOME", home.to_str().unwrap()),
        };
        // A headless run has nobody to ask.
        let expected = expected.replace("ask", "deny");
        let found = place.act("", &spelled);
        if !fits(&found, &expected) {
            wrong.push(format!("{act}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn where_a_person_can_be_asked_plain_files_outside_ask_and_private_ones_do_not() {
    let mut place = with_neighbours();
    place.world.entrypoint = "cli".into();
    let home = place.root().join("home");
    assert!(fits(&place.act("", &format!("edit {}/notes.txt", home.display())), "ask: outside the project"));
    assert!(fits(&place.act("", &format!("edit {}/.bashrc", home.display())), "deny: fence"));
}

#[test]
fn what_the_command_line_of_a_client_adds_is_given() {
    let mut place = with_neighbours();
    place.world.arguments = Some(|| ["claude", "--add-dir", "../R", "-p", "x"].map(str::to_owned).to_vec());
    assert_eq!(place.act("", &format!("edit {}/R/x.rs", place.root().display())), "allow");
    place.world.arguments = Some(|| ["claude", "--add-dir", "~"].map(str::to_owned).to_vec());
    let home = place.root().join("home");
    assert_eq!(place.act("", &format!("edit {}/notes.txt", home.display())), "allow");
    assert!(fits(&place.act("", &format!("edit {}/.ssh/id", home.display())), "deny: credentials"));
}

#[test]
fn no_agent_is_sent_where_another_is_at_work() {
    let place = Place::new();
    place.open(&json!({"wave": 1, "tasks": {"T1": ["src/a/**"], "T2": ["src/*/x.rs"], "T3": ["docs/**"]}}));
    let send = |task: &str| {
        let prompt = format!("Run `so task start {task}` first.");
        place.call("", "Agent", &json!({"description": "x", "prompt": prompt, "subagent_type": "worker"}))
    };
    place.at_work(SESSION, &["first"]);
    place.bind("first", "T1");
    let refused = send("T2");
    assert!(fits(&refused, "deny: task T1 is at work just now and may touch `src/a/x.rs`"), "{refused}");
    assert!(fits(&send("T1"), "deny: another agent is at work on task T1"));
    assert_eq!(send("T3"), "allow");
    assert!(fits(&send("T3"), "deny: T3"), "one was just sent for it");
    assert_eq!(send("nothing of ours"), "allow");
    assert!(fits(&place.act("second", "shell so task start T2"), "deny: T1"), "whoever sent it");
    place.at_work(SESSION, &[]);
    assert_eq!(send("T2"), "allow", "the first agent has ended");
}

#[test]
fn another_wave_knows_no_old_bindings() {
    let place = Place::new();
    place.wave("strict");
    place.bind("a", "T1");
    assert_eq!(place.act("a", "edit src/a/x.rs"), "allow");
    place.open(&json!({"wave": 3, "enforcement": "strict", "tasks": {"T1": ["src/a/**"]}}));
    assert!(fits(&place.act("a", "edit src/a/x.rs"), "deny: so task start ID"));
}

/// What Claude Code's model is told after a shell command.
fn told_after(place: &Place, agent: &str) -> String {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let command = format!("make {}", CALLS.fetch_add(1, Ordering::Relaxed)); // the same one again would be a loop
    let mut payload = json!({"session_id": SESSION, "cwd": place.project(), "tool_name": "Bash",
        "tool_input": {"command": command}, "tool_response": {"stdout": ""}});
    if !agent.is_empty() {
        payload["agent_id"] = json!(agent);
    }
    let call = Call { platform: "claude".into(), event: "PostToolUse".into(), from_project: false };
    let reply = answer(&call, payload.to_string().as_bytes(), &place.world);
    let value: Value = serde_json::from_str(&reply.stdout).unwrap_or_default();
    value["hookSpecificOutput"]["additionalContext"].as_str().unwrap_or_default().to_owned()
}

fn in_a_repository() -> Place {
    let place = Place::new();
    std::fs::remove_dir(place.project().join(".git")).unwrap();
    git2::Repository::init(place.project()).unwrap();
    place
}

#[test]
fn what_a_command_changed_without_naming_it_is_told_once() {
    let place = in_a_repository();
    place.wave("strict");
    place.bind("a", "T1");
    place.at_work(SESSION, &["a"]);
    let change = |path: &str| write(&place.project().join(path), "changed by a script\n");
    assert_eq!(told_after(&place, "a"), "", "what was there before the wave is not news");
    change("src/a/x.rs");
    assert_eq!(told_after(&place, "a"), "");
    change("src/b/x.rs");
    change("new.txt");
    let told = told_after(&place, "a");
    assert!(told.contains("`new.txt`, `src/b/x.rs` changed, outside task T1"), "{told}");
    assert_eq!(told_after(&place, "a"), "");
    place.at_work(SESSION, &["a", "b"]);
    change("src/b/y.rs");
    assert_eq!(told_after(&place, "a"), "", "with others at work it speaks for the wave");
    change("other.txt");
    assert!(told_after(&place, "a").contains("`other.txt` changed, outside wave 2"));
    place.wave("off");
    change("third.txt");
    assert_eq!(told_after(&place, "a"), "");
}

#[test]
fn the_first_look_of_a_wave_tells_what_came_after_its_beginning() {
    let place = in_a_repository();
    write(&place.project().join("before.txt"), "x");
    std::thread::sleep(std::time::Duration::from_millis(20));
    place.wave("warn");
    std::thread::sleep(std::time::Duration::from_millis(20));
    write(&place.project().join("after.txt"), "x");
    let told = told_after(&place, "");
    assert!(told.contains("`after.txt`") && !told.contains("before.txt"), "{told}");
}

#[test]
fn a_changed_control_plane_is_told_in_a_session() {
    let place = Place::new();
    write(&place.project().join(".orchestrator/STATE.md"), "---\nstatus: active\n---\n");
    let settings = place.project().join(".claude/settings.json");
    write(&settings, "{\n\"permissions\": {}\n}");
    assert_eq!(told_after(&place, ""), "");
    write(&settings, "{\n\"permissions\": {\"allow\": []}\n}");
    assert_eq!(told_after(&place, ""), "", "that decides nothing about hooks");
    write(&settings, "{\n\"disableAllHooks\": true\n}");
    assert!(told_after(&place, "").contains("settings.json` changed: what guards this session"));
    assert_eq!(told_after(&place, ""), "");
    write(&place.project().join(".codex/hooks.json"), "{}");
    assert!(told_after(&place, "").contains(".codex/hooks.json"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a path is spelled, it is the file that counts.
    #[test]
    fn every_spelling_of_a_path_is_judged_alike(parts in prop::collection::vec(prop::sample::select(vec!["src", "a", "b", "link", "..", ".", "x.rs", "docs"]), 1..7)) {
        let place = Place::new();
        place.wave("strict");
        place.bind("a", "T1");
        let spelled = place.project().join(parts.join("/"));
        let Some(real) = so::guard::real(&spelled, false) else { return Ok(()) };
        let allowed = place.act("a", &format!("edit {}", spelled.display())) == "allow";
        let expected = real.starts_with(place.project().join("src/a")) && real != place.project().join("src/a");
        let by_shell = place.act("a", &format!("shell echo x >> {}", spelled.display()));
        if real.starts_with(place.project()) {
            prop_assert_eq!(allowed, expected, "{}", spelled.display());
            prop_assert_eq!(by_shell == "allow", expected, "{}: {}", spelled.display(), by_shell);
        } else {
            prop_assert!(!allowed);
        }
    }

    #[test]
    fn no_command_is_too_strange_to_be_noted(text in "[a-z <>|&;$'\"{}*/.=-]{0,60}", program in prop::sample::select(vec!["", "cp ", "mv -t", "sed -i ", "patch -p", "git apply ", "dd of=", "apply_patch "])) {
        let context = Context { notes: true, ..Context::at(Path::new("/nowhere/project")) };
        check(&format!("{program}{text}"), &context);
    }
}
