//! Policy files: what is right, what is wrong and how it is said, and the schema that says the same to editors.

use std::path::PathBuf;

use serde_json::Value;
use so::diagnostic;
use so::guard::policy::{Layer, Policy};
use so::guard::{Context, Decision, check};
use so::hook::world::World as HookWorld;
use so::hook::{Call, answer};
use so::session::presence::Presence;

use crate::support::{assert_file, root, so};

/// The files of one side, with their texts.
fn files(side: &str) -> Vec<(PathBuf, String)> {
    let dir = root().join("tests/policy").join(side);
    let paths =
        walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

fn read(text: &str) -> Policy {
    Policy::of_text("guard.yaml", Layer::Project, text).checked()
}

/// All findings of a text, as they are shown.
fn told(text: &str) -> String {
    let policy = read(text);
    policy
        .findings()
        .map(|(overlay, finding)| diagnostic::render(finding, Some(&overlay.text), false))
        .collect()
}

#[test]
fn what_is_right_has_no_findings() {
    for (path, text) in files("right") {
        assert_eq!(told(&text), "", "{}", path.display());
    }
    assert_eq!(read(&files("right")[0].1).overlays[0].file.rules.len(), 2);
}

#[test]
fn each_mistake_is_said_with_its_place_and_what_to_do() {
    for (path, text) in files("wrong") {
        let told = told(&text);
        let code = path.file_stem().unwrap().to_string_lossy();
        assert!(told.starts_with(&format!("error[{code}]: ")), "{code}:\n{told}");
        assert_eq!(told.matches("error[").count(), 1, "{code} gives more than its one finding:\n{told}");
        assert!(told.contains("help: "), "{code} says no way out");
        assert_file(&path.with_extension("txt"), &told);
    }
}

#[test]
fn the_schema_says_the_same_as_the_reader() {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("schemas/policy.json")).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let fits = |text: &str| {
        let value: Option<Value> = serde_yaml::from_str(text).unwrap();
        schema.is_valid(&value.unwrap_or_else(|| Value::Object(serde_json::Map::new())))
    };
    for (path, text) in files("right") {
        assert!(fits(&text), "{}", path.display());
    }
    // What takes more than the form to see: other names, the inside of a pattern, the text itself.
    let deeper = ["taken-name", "bad-pattern", "unknown-pack", "unknown-rule", "no-yaml"];
    for (path, text) in files("wrong") {
        let code = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !deeper.contains(&code.as_str()) {
            assert!(!fits(&text), "{code}");
        }
    }
    for name in so::guard::policy::pack_names() {
        assert!(fits(&std::fs::read_to_string(root().join(format!("packs/{name}.yaml"))).unwrap()), "{name}");
    }
}

#[test]
fn what_is_right_in_a_broken_file_stays_in_force() {
    let text = "rules:\n  - {name: a, match: make a, reason: it is a, decision: deny}\n  - {name: b, match: make b}\n";
    let context = Context { policy: read(text), ..Context::at(&root()) };
    assert_eq!(check("make a", &context).decision(), Decision::Deny);
    assert_eq!(check("make b", &context).decision(), Decision::Allow);
    assert_eq!(check("git push --force", &context).decision(), Decision::Deny);
}

/// A project with overlays, and the person's configuration directory.
struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(world.dir.path().join("project/.git")).unwrap();
        world
    }

    fn write(&self, path: &str, text: &[u8]) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn policy(&self) -> Policy {
        Policy::load(Some(&self.dir.path().join("config")), Some(&self.dir.path().join("project"))).checked()
    }

    fn decide(&self, command: &str) -> Decision {
        check(command, &Context { policy: self.policy(), ..Context::at(&self.dir.path().join("project")) })
            .decision()
    }
}

const RULE: &str = "rules:\n  - {name: NAME, match: make NAME, reason: it is NAME, decision: deny}\n";

#[test]
fn the_person_and_the_project_both_add() {
    let world = World::new();
    assert_eq!(world.policy().overlays.len(), 0);
    world.write("config/policy/guard.yaml", RULE.replace("NAME", "mine").as_bytes());
    world.write("project/.orchestrator/policy/guard.yaml", RULE.replace("NAME", "ours").as_bytes());
    world.write("project/.orchestrator/policy/guard-more.yaml", RULE.replace("NAME", "more").as_bytes());
    world.write("project/.orchestrator/policy/gates.yaml", b"rules: 1");
    world.write("project/.orchestrator/policy/guard.yaml.bak", b"rules: 1");
    for name in ["mine", "ours", "more"] {
        assert_eq!(world.decide(&format!("make {name}")), Decision::Deny, "{name}");
    }
    assert_eq!(world.policy().findings().count(), 0);
}

#[test]
fn a_file_that_cannot_be_read_takes_nothing_else_away() {
    let world = World::new();
    world.write("project/.orchestrator/policy/guard.yaml", RULE.replace("NAME", "ours").as_bytes());
    world.write("project/.orchestrator/policy/guard-a.yaml", b"\xff\xfe");
    world.write("project/.orchestrator/policy/guard-b.yaml", &vec![b'#'; 300 << 10]);
    std::fs::create_dir(world.dir.path().join("project/.orchestrator/policy/guard-c.yaml")).unwrap();
    world.write("project/.orchestrator/policy/guard-d.yaml", b"rules: [");
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        "/dev/zero",
        world.dir.path().join("project/.orchestrator/policy/guard-e.yaml"),
    )
    .unwrap();
    let policy = world.policy();
    let broken: Vec<_> =
        policy.findings().map(|(overlay, finding)| (overlay.path.as_str(), finding.code)).collect();
    let path = |name: &str| format!(".orchestrator/policy/guard-{name}.yaml");
    let mut expected = vec![
        (path("a"), "unreadable"),
        (path("b"), "unreadable"),
        (path("c"), "unreadable"),
        (path("d"), "no-yaml"),
    ];
    if cfg!(unix) {
        expected.push((path("e"), "unreadable"));
    }
    assert_eq!(broken, expected.iter().map(|(path, code)| (path.as_str(), *code)).collect::<Vec<_>>());
    assert_eq!(world.decide("make ours"), Decision::Deny);
    assert_eq!(world.decide("git push --force"), Decision::Deny);
}

#[test]
fn the_originals_file_is_read_as_one_that_tightens() {
    let world = World::new();
    world.write(
        "project/.orchestrator/policy/blocked-commands.json",
        br#"{"version": 1, "rationale": "x", "rules": [
            {"id": "git-push-force", "pattern": "git push --force", "severity": "block"},
            {"id": "git-reset-hard", "pattern": "git reset --hard", "severity": "block", "rationale": "r"},
            {"id": "git-stash-any", "pattern": "git stash", "severity": "warn"},
            {"id": "sql-drop-table-upper", "pattern": "DROP TABLE", "severity": "block"},
            {"id": "no-prod", "pattern": "make deploy-prod", "severity": "block", "rationale": "Production is ours."},
            {"id": "slow", "pattern": "npm run e2e", "severity": "warn", "rationale": "slow"},
            {"id": "sql", "pattern": "DROP INDEX", "severity": "block"}
        ]}"#,
    );
    let policy = world.policy();
    let findings: Vec<_> = policy.findings().map(|(_, finding)| finding.message.as_str()).collect();
    assert_eq!(findings, ["the rule `sql` is not in force: its pattern does not begin with a program"]);
    let context = Context { policy, assume_dirty: true, ..Context::at(&world.dir.path().join("project")) };
    for (command, expected) in [
        ("git reset --hard", Decision::Deny),
        ("psql -c 'drop table x'", Decision::Deny),
        ("git stash", Decision::Allow),
        ("make -j2 deploy-prod", Decision::Deny),
        ("npm run e2e", Decision::Allow),
        ("git status", Decision::Allow),
    ] {
        assert_eq!(check(command, &context).decision(), expected, "{command}");
    }
    let verdict = check("make deploy-prod", &context);
    let message = verdict.strictest().unwrap().message();
    assert!(
        message.starts_with("no-prod: Production is ours (.orchestrator/policy/blocked-commands.json:6). "),
        "{message}"
    );
    assert_eq!(check("npm run e2e", &context).warnings.len(), 1);
}

#[test]
fn a_file_where_policies_belong_is_told_and_none_at_all_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join(".orchestrator/policy");
    let told = || {
        let policy = Policy::load(None, Some(dir.path())).checked();
        policy.findings().map(|(_, finding)| finding.message.clone()).collect::<Vec<_>>()
    };
    assert!(told().is_empty());
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    assert!(told().is_empty());
    std::fs::write(&place, "rules: []\n").unwrap();
    assert_eq!(told(), ["it is not in force: it is a file"]);
    std::fs::remove_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place.parent().unwrap(), "").unwrap();
    assert!(told().is_empty(), "nobody has policies below a file");
}

#[test]
fn a_session_hears_about_a_broken_policy() {
    let world = World::new();
    let project = world.dir.path().join("project");
    let start = |text: &str| {
        world.write("project/.orchestrator/policy/guard.yaml", text.as_bytes());
        let payload = serde_json::json!({"session_id": "s", "cwd": project}).to_string();
        let call = Call { platform: "claude".into(), event: "SessionStart".into(), from_project: false };
        answer(&call, payload.as_bytes(), &HookWorld::default()).stdout
    };
    assert!(!start("packs: [cloud]\n").contains("NOT in force"));
    let told = start("packs: [cloud]\nrule: x\n");
    let part = ".orchestrator/policy/guard.yaml:2: unknown key `rule`";
    assert!(told.contains("NOT in force") && told.contains(part), "{told}");
}

#[test]
fn a_hook_passes_warnings_on_and_refuses_what_a_policy_refuses() {
    let world = World::new();
    let project = world.dir.path().join("project");
    world.write("config/policy/guard.yaml", b"rules:\n  - {name: slow, match: make e2e, reason: it takes an hour, decision: warn}\n  - {name: prod, match: make prod, reason: it deploys, decision: deny}\n");
    let here = HookWorld { config: Some(world.dir.path().join("config")), ..HookWorld::default() };
    let run = |tool: &str, command: &str| {
        let input = serde_json::json!({"command": command});
        let payload = serde_json::json!({"cwd": project, "tool_name": tool, "tool_input": input}).to_string();
        let call = Call { platform: "claude".into(), event: "PreToolUse".into(), from_project: false };
        let reply = answer(&call, payload.as_bytes(), &here).stdout;
        serde_json::from_str::<Value>(&reply)
            .map(|value| value["hookSpecificOutput"].clone())
            .unwrap_or_default()
    };
    let warned = run("Bash", "make e2e");
    assert!(
        warned["additionalContext"].as_str().unwrap().starts_with("so warns: slow: it takes an hour ("),
        "{warned}"
    );
    assert!(warned["permissionDecision"].is_null());
    assert_eq!(run("Bash", "make prod")["permissionDecision"], "deny");
    assert_eq!(run("Bash", "make all"), Value::Null);
    assert_eq!(run("PowerShell", "git push --force; 'it''s'")["permissionDecision"], "deny");
    assert_eq!(run("PowerShell", "Get-ChildItem 'a b'"), Value::Null);
}

#[test]
fn beside_another_session_nobody_is_asked_and_moved_commits_are_told() {
    let world = World::new();
    let project = world.dir.path().join("project");
    git2::Repository::init(&project).unwrap();
    world.write("project/new.txt", b"unsaved");
    let state = world.dir.path().join("state");
    let here = HookWorld { state: Some(state.clone()), entrypoint: "cli".into(), ..HookWorld::default() };
    let run = |command: &str| {
        let payload = serde_json::json!({"session_id": "me", "cwd": project, "tool_name": "Bash",
            "permission_mode": "default", "tool_input": {"command": command}});
        let call = Call { platform: "claude".into(), event: "PreToolUse".into(), from_project: false };
        answer(&call, payload.to_string().as_bytes(), &here).stdout
    };
    // The project of a test stands in a temp root, where files may go; a stash is everybody's.
    assert_eq!(run("git stash"), "");
    let store = so::store::Store::of(&state, &project);
    Presence::update(&store, "codex", "other", |_| {}).unwrap();
    assert!(run("git stash").contains("share-stash"));
    assert_eq!(run("git status"), "");
    let lost = run("git clean -fd");
    assert!(lost.contains("deny") && lost.contains("another agent works in this tree"), "{lost}");
    Presence::end(&store, "codex", "other");
    assert!(run("git clean -fd").contains("\"ask\""));
}

#[test]
fn the_rule_book_names_the_place_of_every_rule() {
    let world = World::new();
    let project = world.dir.path().join("project");
    let text = format!("packs: [cmd]\n{}", RULE.replace("NAME", "ours"));
    world.write("project/.orchestrator/policy/guard.yaml", text.as_bytes());
    let output =
        so(world.dir.path()).args(["guard", "rules", "--json"]).current_dir(&project).output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let origin = |name: &str| {
        let rules = value["rules"].as_array().unwrap();
        rules.iter().find(|rule| rule["name"] == name).map(|rule| rule["origin"].clone()).unwrap_or_default()
    };
    assert_eq!(origin("force-push"), "so");
    assert_eq!(origin("ours"), ".orchestrator/policy/guard.yaml:3");
    assert_eq!(origin("delete-directory"), "pack cmd");
}
